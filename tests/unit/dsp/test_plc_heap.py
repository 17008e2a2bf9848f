# runs on: micropython
"""Concealment is part of the media step: it allocates nothing."""

from array import array

import micropython

from ata.dsp.plc import Plc


def test_500_frames_under_a_locked_heap():
    plc = Plc()
    pcm = array("h", [0] * 160)
    loud = 0
    step = 0
    micropython.heap_lock()
    while step < 500:
        i = 0
        while i < 160:
            pcm[i] = ((step * 160 + i) % 97 - 48) * 600
            i += 1
        if step % 7 == 3 or step % 50 > 43:
            plc.lost(pcm, 160)
            if pcm[40] > 5000 or pcm[40] < -5000:
                loud += 1
        else:
            plc.good(pcm, 160)
        step += 1
    micropython.heap_unlock()
    assert loud > 40, loud
