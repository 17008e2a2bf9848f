"""Voice, pauses and noise as a telephone has them; recorded speech is in tests/property/test_noise.py."""

import math
from array import array

from ata.dsp.level import level_dbm0
from ata.dsp.vad import Vad


def noise(frames, level, seed=1):
    """Frames of white noise of `level` dBm0."""
    peak = 22828 / math.sqrt(2) * 10 ** (level / 20) * math.sqrt(3)
    state = seed
    found = []
    for _ in range(frames):
        frame = array("h", bytes(320))
        for i in range(160):
            state = (state * 16807) % 2147483647
            frame[i] = round(peak * (state / 1073741823.5 - 1))
        found.append(frame)
    return found


def tone(frames, hz, level):
    peak = 22828 * 10 ** (level / 20)
    return [
        array("h", [round(peak * math.sin(2 * math.pi * hz * (k * 160 + i) / 8000)) for i in range(160)])
        for k in range(frames)
    ]


def heard(vad, frames):
    return [vad.process(frame, 160) for frame in frames]


def test_silence_and_room_noise_are_not_voice():
    assert heard(Vad(), [array("h", bytes(320))] * 50) == [0] * 50
    for level in (-75, -65, -55, -45):
        vad = Vad()
        heard(vad, noise(150, level))  # it learns a floor in two to three seconds
        assert sum(heard(vad, noise(500, level, 7))) == 0, level


def test_voice_begins_at_once_and_is_held_for_a_quarter_of_a_second():
    vad = Vad()
    heard(vad, noise(150, -55))
    assert heard(vad, tone(25, 300, -30)) == [1] * 25
    after = heard(vad, noise(30, -55, 9))
    assert after == [1] * 12 + [0] * 18


def test_a_click_is_held_for_80_ms_only():
    vad = Vad()
    heard(vad, noise(150, -60))
    click = array("h", bytes(320))
    click[80] = 8000
    assert heard(vad, [click]) == [1]
    assert heard(vad, noise(10, -60, 3)) == [1] * 4 + [0] * 6


def test_a_weak_fricative_in_hum_is_voice():
    vad = Vad()
    hum = tone(400, 100, -45)
    heard(vad, hum[:300])
    assert sum(heard(vad, hum[300:350])) == 0
    for frame, hiss in zip(hum[350:], noise(50, -45, 5)):
        for i in range(160):
            frame[i] += hiss[i]
    assert heard(vad, hum[350:353]) == [1, 1, 1]


def test_steady_tones_and_modems_stay_voice():
    vad = Vad()
    assert heard(vad, tone(500, 440, -13)) == [1] * 500
    assert heard(vad, noise(500, -20)) == [1] * 500


def test_noise_that_gets_louder_is_learnt_and_a_quieter_one_at_once():
    vad = Vad()
    heard(vad, noise(200, -70))
    heard(vad, noise(150, -45))
    assert sum(heard(vad, noise(100, -45, 3))) == 0
    heard(vad, noise(20, -62, 4))
    assert sum(heard(vad, noise(20, -50, 5))) == 20


def test_extremes_do_not_overflow():
    vad = Vad()
    square = array("h", [-32768, 32767] * 80)
    assert heard(vad, [square] * 3) == [1] * 3
    assert heard(vad, [array("h", [-32768] * 160)] * 3) == [1] * 3
    vad.reset()
    assert heard(vad, [array("h", bytes(320))] * 3) == [0] * 3


def test_the_level_is_that_of_the_frame():
    vad = Vad()
    for level in (-65, -60, -41, -33.3, -20, -7, 0):
        frame = tone(1, 1037, level)[0]
        vad.process(frame, 160)
        assert abs(vad.level() - level_dbm0(frame, 160)) <= 5, level
