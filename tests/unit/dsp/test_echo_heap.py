# runs on: micropython
"""The echo canceller is part of the media step: it allocates nothing, whatever it does."""

from array import array

import micropython

from ata.dsp.echo import EchoCanceller


def silent_and_loud(canceller, steps, delay):
    """Far noise with pauses, an echo that changes, talk at the phone; by turns. How often each filter was the
    one that is heard, and how often all was suppressed."""
    far = array("h", bytes(320))
    near = array("h", bytes(320))
    line = array("h", bytes(2 * 1024))
    at = step = seed = kept = tracked = hushed = 0
    micropython.heap_lock()
    while step < steps:
        i = 0
        while i < 160:
            seed = (seed * 389 + 12345) & 0xFFFFF
            far[i] = 0 if step % 60 > 50 else (seed >> 5) - 16384 >> 1
            line[at] = far[i]
            v = line[(at - delay - 5) & 1023] * 3 - line[(at - delay - 9) & 1023]
            v = v >> 2 if step % 400 < 200 else v >> 3
            if step % 100 > 80:
                v += ((seed * 37 & 0xFFFF) - 32768) >> 1
            near[i] = max(-32768, min(32767, v))
            at = (at + 1) & 1023
            i += 1
        canceller.process(near, far, 160)
        if canceller._work[7]:
            kept += 1
        else:
            tracked += 1
        if canceller._work[15] == 0:
            hushed += 1
        if step % 150 == 149:
            canceller.enabled = not canceller.enabled
            canceller.reset()
        step += 1
    micropython.heap_unlock()
    return kept, tracked, hushed


def test_with_a_known_delay():
    kept, tracked, hushed = silent_and_loud(EchoCanceller(64, 100), 900, 100)
    assert kept > 50 and tracked > 50 and hushed > 50, (kept, tracked, hushed)


def test_while_the_delay_is_searched():
    canceller = EchoCanceller()
    silent_and_loud(canceller, 600, 240)
    assert canceller.delay == 240
