"""Runs on MicroPython: what a phone hears of an RTP stream, through the jitter buffer, G.711 and concealment,
step by step as ata.call.media does it.

On standard input, for each stream: seven words (32 bit): payload type; 1 to conceal, 0 for silence; least and
most depth in ms; steps of 20 ms; packets; arrivals. Then the packets (160 bytes each), then the arrivals in
order, each two words: ms, number of the packet. On output, for each: the PCM of all steps, and six words:
depth in ms (mean over the steps), steps not heard, packets late and lost, pieces stretched and skipped.
"""

import sys
from array import array

from ata.dsp.g711 import G711
from ata.dsp.plc import Plc
from ata.rtp.jitter import JitterBuffer

FRAME = 160
SILENCE = bytes(2 * FRAME)
stdin = sys.stdin.buffer  # type: ignore[attr-defined]
stdout = sys.stdout.buffer  # type: ignore[attr-defined]
codecs = {0: G711(0), 8: G711(8)}
head = array("I", [0] * 7)
encoded = bytearray(FRAME)
pcm = array("h", SILENCE)
while stdin.readinto(head):
    law, conceal, least, most, steps, count, arrivals = head
    packets = bytearray(FRAME * count)
    stdin.readinto(packets)
    arrived = array("I", bytes(8 * arrivals))
    if arrivals:
        stdin.readinto(arrived)
    buffer, plc = JitterBuffer(least, most), Plc()
    buffer.open(0x7F if law == 0 else 0x55)
    next_one = depth = unheard = 0
    for step in range(steps):
        now = 20 * step
        while next_one < arrivals and arrived[2 * next_one] <= now:
            ms, number = arrived[2 * next_one], arrived[2 * next_one + 1]
            buffer.put(packets, FRAME * number, FRAME, number & 0xFFFF, FRAME * number, ms)
            next_one += 1
        if buffer.take(encoded, 0, FRAME):
            codecs[law].decode(encoded, 0, pcm, FRAME)
            plc.good(pcm, FRAME)
        else:
            unheard += 1
            plc.lost(pcm, FRAME)
        if not conceal and plc.erased:
            stdout.write(SILENCE)
        elif not conceal:
            codecs[law].decode(encoded, 0, pcm, FRAME)  # without the cross-fade
            stdout.write(pcm)
        else:
            stdout.write(pcm)
        depth += buffer.statistics()["depth_ms"]
    found = buffer.statistics()
    names = ("late", "lost", "stretched", "skipped")
    stdout.write(array("i", [depth // max(steps, 1), unheard] + [found[name] for name in names]))
