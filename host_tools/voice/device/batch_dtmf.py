"""Runs on MicroPython: many pieces of PCM on standard input, each after its number of samples (32 bit); a
line for each on output: the digits in it. A new detector hears each, in frames of 20 ms as in a call."""

import sys
from array import array

from ata.dsp.dtmf import BEGAN, DtmfDetector

FRAME = 160
stdin = sys.stdin.buffer  # type: ignore[attr-defined]
pcm = array("h", bytes(2 * FRAME))
size = array("I", [0])
while stdin.readinto(size):
    detector = DtmfDetector()
    digits = ""
    left = size[0]
    while left:
        n = min(left, FRAME)
        part = pcm if n == FRAME else array("h", bytes(2 * n))
        stdin.readinto(part)
        if detector.process(part, n) == BEGAN:
            digits += "0123456789*#ABCD"[detector.code]
        left -= n
    print(digits)
