# runs on: micropython
"""The caller ID modem in the media step: mix() under a locked heap."""

from array import array

import micropython

from ata.dsp.fsk import FskModulator


def test_sending_does_not_allocate():
    modulator = FskModulator()
    pcm = array("h", [30000] * 160)
    for standard in ("bell202", "v23"):
        modulator.start(bytes(range(256)), 300, 180, standard)
        modulator.mix(pcm, 160)
        frames = 1
        micropython.heap_lock()
        try:
            while modulator.active:
                modulator.mix(pcm, 160)
                frames += 1
            modulator.mix(pcm, 160)
        finally:
            micropython.heap_unlock()
        assert frames == (20 * (300 + 180 + 2560 + 5) + 479) // 480
