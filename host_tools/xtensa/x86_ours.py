"""Runs on MicroPython, for x86.py: signals as JSON on standard input, µs for 20 ms of each row on output."""

import json
import sys
import time
from array import array

from ata.dsp.dtmf import DtmfDetector
from ata.dsp.g711 import G711
from ata.dsp.plc import Plc

FRAME = 160
signals = json.loads(sys.stdin.read())
repeats = int(sys.argv[1])
noise = array("h", signals["noise"])
voice = [array("h", signals["voice"][at : at + FRAME]) for at in range(0, 10 * FRAME, FRAME)]
codec = G711(0)
codes = bytearray(FRAME)
detector = DtmfDetector()
plc = Plc()
frame = array("h", bytes(2 * FRAME))


def conceal(k):
    plc.good(voice[0], FRAME)
    plc.lost(frame, FRAME)


def measure(work):
    begin = time.ticks_us()  # type: ignore[attr-defined]
    k = 0
    while k < repeats:
        work(k)
        k += 1
    return time.ticks_diff(time.ticks_us(), begin) / repeats  # type: ignore[attr-defined]


found = {
    "g711 encode µ-law": measure(lambda k: codec.encode(noise, codes, 0, FRAME)),
    "g711 decode": measure(lambda k: codec.decode(codes, 0, frame, FRAME)),
    "dtmf voice": measure(lambda k: detector.process(voice[k % 10], FRAME)),
    "plc good and lost": measure(conceal),
}
print(json.dumps(found))
