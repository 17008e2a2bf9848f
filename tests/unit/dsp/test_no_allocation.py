# runs on: micropython
"""The DSP part of the media step under a locked heap."""

from array import array

import micropython

from ata.dsp import level, mix
from ata.dsp.dtmf import BEGAN, ENDED, DtmfDetector
from ata.dsp.g711 import G711
from ata.dsp.gain import gain
from ata.dsp.tone_script import compile_tone
from ata.dsp.tones import ToneGenerator


def locked(step, times):
    step(0)  # the first call may load a name into a cache
    micropython.heap_lock()
    try:
        for frame in range(times):
            step(frame)
    finally:
        micropython.heap_unlock()


def test_g711_does_not_allocate():
    pcm = array("h", range(-160 * 100, 160 * 100, 200))
    packet = bytearray(172)
    ulaw, alaw = G711(0), G711(8)

    def step(frame):
        ulaw.encode(pcm, packet, 12, 160)
        ulaw.decode(packet, 12, pcm, 160)
        alaw.encode(pcm, packet, 12, 160)
        alaw.decode(packet, 12, pcm, 160)

    locked(step, 20)


def test_mix_and_level_do_not_allocate():
    stereo = array("h", range(-160, 160))
    mono = array("h", [-32768] * 160)
    other = array("h", [32767] * 160)

    def step(frame):
        mix.interleave(mono, stereo, 1, 160)
        mix.deinterleave(stereo, 0, other, 160)
        mix.add(mono, 0, other, 160)
        gain(other, 0, 160, 30000)
        mix.copy(mono, other, 160)
        level.level_dbm0(mono, 160)
        level.peak(mono, 160)
        mix.clear(other, 160)
        level.level_dbm0(other, 160)

    locked(step, 20)


def test_tones_do_not_allocate():
    generator = ToneGenerator()
    script = compile_tone("350@-13+440@-13;0.033/0.021|480*20@-9;0.0071/0.0013")
    pcm = array("h", [30000] * 160)

    def step(frame):
        if frame % 40 == 0:
            generator.start(script)
        if frame % 40 == 20:
            generator.digit(frame // 20 % 16, 0 if frame % 80 == 60 else 150)
        if frame % 80 == 79:
            generator.stop()
        generator.mix(pcm, 160)

    locked(step, 640)


class DtmfLoop:
    """(A closure over so many variables would allocate when it is called.)"""

    def __init__(self):
        self.detector = DtmfDetector()
        self.generator = ToneGenerator()
        self.pcm = array("h", [0] * 160)
        self.counts = bytearray(3)
        self.seen = bytearray(16)

    def step(self, frame):
        if frame % 7 == 0:
            self.generator.digit(frame // 7 % 16, 60)
        mix.clear(self.pcm, 160)
        self.generator.mix(self.pcm, 160)
        event = self.detector.process(self.pcm, 160)
        self.counts[event] += 1
        if event:
            self.seen[self.detector.code] += 1


def test_dtmf_does_not_allocate():
    loop = DtmfLoop()
    locked(loop.step, 16 * 7)
    assert loop.counts[BEGAN] == loop.counts[ENDED] == 16
    assert loop.seen == bytes([2] * 16)
