"""Runs on MicroPython: PCM (16 bit, 8 kHz) on standard input; a line for each DTMF digit on output:

    digit  start ms  duration ms  tenths of a dBm0 (both tones together)

The detector is fed block by block (5 ms), finer than the frames of a call. It tells a digit 31 to 38 ms after
the first sample and its end 29 to 34 ms after the last one (measured over frequency, level, twist and noise):
the middles of these are taken off, so times are right within 5 ms.
"""

import math
import sys
from array import array

from ata.dsp.dtmf import BEGAN, ENDED, DtmfDetector
from ata.dsp.level import level_dbm0

BLOCK = 40
MS = 5
BEGINS = 35  # ms
ENDS = 31
INSIDE = 5  # blocks before BEGAN that the tone fills
OUTSIDE = 7  # blocks before ENDED that it does not
TAIL = 100  # ms of silence, so that a digit that lasts to the end of the file ends
FOR_EVER = 1 << 29

detector = DtmfDetector()
pcm = array("h", bytes(2 * BLOCK))
powers = []  # of the blocks that belong to the present digit, or may
now = tail = started = 0
end = FOR_EVER  # ms, of the file, when it is known
while tail < TAIL:
    got = (sys.stdin.buffer.readinto(pcm) or 0) if end == FOR_EVER else 0  # type: ignore[attr-defined]
    if got < 2 * BLOCK:
        for i in range(got // 2, BLOCK):
            pcm[i] = 0
        if end == FOR_EVER:
            end = now + got // 16
        tail += MS
    now += MS
    event = detector.process(pcm, BLOCK)
    powers.append(10 ** (level_dbm0(pcm, BLOCK) / 100))
    if event == BEGAN:
        started = max(0, now - BEGINS)
    if event == ENDED:
        inside = powers[: max(1, len(powers) - OUTSIDE)]
        level = round(100 * math.log10(sum(inside) / len(inside)))
        print("0123456789*#ABCD"[detector.code], started, min(now - ENDS, end) - started, level)
        started = 0
        powers = []
    if event == BEGAN or (not detector.suspect and len(powers) > INSIDE):
        powers = powers[-INSIDE:]
