# runs on: micropython
"""Modem tones, voice activity and comfort noise in the media step: nothing allocates."""

import math
from array import array

import micropython

from ata.dsp.cng import Noise, NoiseSender
from ata.dsp.modem import FaxModemDetector
from ata.dsp.vad import Vad

FRAMES = 400


def run_modem(detector, tones, told):
    """100 frames of 2100 Hz turned each 440 ms, and a burst of 1100 Hz of 500 ms; the tones: on, turned, …"""
    frame = 0
    while frame < FRAMES:
        part = frame % 200
        which = 3
        if part < 100:
            which = part // 22 & 1
        elif 120 <= part < 145:
            which = 2
        told[detector.process(tones[which], 160)] += 1
        if frame == 390:
            detector.reset()
        frame += 1


def test_modem_detector():
    tones = [
        array("h", [round(20000 * math.sin(2 * math.pi * hz * i / 8000)) for i in range(160)])
        for hz in (2100, 2100, 1100, 0)  # all have whole periods in a frame
    ]
    for i in range(160):
        tones[1][i] = -tones[1][i]
    detector = FaxModemDetector(1)
    told = bytearray(8)
    micropython.heap_lock()
    run_modem(detector, tones, told)
    micropython.heap_unlock()
    assert list(told[1:6]) == [2, 2, 2, 0, 2]


def run_noise(noise, vad, sender, pcm, out):
    sent = frame = 0
    while frame < FRAMES:
        noise.update(out, 12 + (frame & 3), 3 - (frame & 3))
        noise.make(pcm, 160)
        voice = vad.process(pcm, 160) & (frame >> 4)
        if sender.step(voice, vad.level(), pcm, 160, out, 12):
            sent += 1
        if frame == 300:
            noise.reset()
            vad.reset()
        frame += 1
    return sent


def test_vad_and_comfort_noise():
    out = bytearray(15)
    out[12] = 30
    out[14] = 255
    pcm = array("h", bytes(320))
    parts = Noise(), Vad(), NoiseSender()
    micropython.heap_lock()
    sent = run_noise(parts[0], parts[1], parts[2], pcm, out)
    micropython.heap_unlock()
    assert sent > 3


def run_largest(vad, sender, detector, frames, out):
    frame = 0
    while frame < 60:
        pcm = frames[frame % 3]
        vad.process(pcm, 160)
        detector.process(pcm, 160)
        sender.step(0, vad.level(), pcm, 160, out, 0)
        frame += 1


def test_the_largest_samples():
    frames = (array("h", [-32768] * 160), array("h", [32767, -32768] * 80), array("h", [0] * 159 + [-32768]))
    vad, sender, detector = Vad(), NoiseSender(), FaxModemDetector()
    out = bytearray(3)
    micropython.heap_lock()
    run_largest(vad, sender, detector, frames, out)
    micropython.heap_unlock()
    assert out[0] < 128
