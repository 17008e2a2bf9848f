"""CNG of T.30, ANS of V.25, ANSam of V.8; the sweeps and speech are in tests/property/test_modem_tones.py."""

import math
from array import array

from ata.dsp.modem import ANSWER, CNG, DISABLE, ENDED, MODULATED, FaxModemDetector
from ata.dsp.tone_script import compile_tone
from ata.dsp.tones import ToneGenerator

PEAK_0_DBM0 = 22828


def silence(ms):
    return array("h", bytes(ms * 16))


def sine(ms, hz, level=-12, turn_ms=0, turn=180, depth=0.0):
    """One frequency, its phase jumping by `turn` degrees each turn_ms, modulated at 15 Hz by `depth`."""
    peak = PEAK_0_DBM0 * 10 ** (level / 20)
    pcm = array("h", bytes(ms * 16))
    for i in range(ms * 8):
        phase = 2 * math.pi * hz * i / 8000 + 1
        if turn_ms:
            phase += i // (turn_ms * 8) * turn * math.pi / 180
        pcm[i] = round(peak * (1 + depth * math.sin(2 * math.pi * 15 * i / 8000)) * math.sin(phase))
    return pcm


def heard(pcm, bursts=2):
    """[(ms at the end of the frame, event), …]"""
    detector = FaxModemDetector(bursts)
    found = []
    for at in range(0, len(pcm) - 159, 160):
        event = detector.process(pcm[at : at + 160], 160)
        if event:
            found.append((at // 8 + 20, event))
    return found


def events(pcm, bursts=2):
    return [event for _, event in heard(pcm, bursts)]


def test_a_calling_fax_is_known_by_its_second_burst_or_the_first():
    pcm = silence(115)
    for _ in range(3):
        pcm += sine(500, 1100, -30) + silence(3000)
    times = [at for at, event in heard(pcm) if event == CNG]
    assert len(times) == len(heard(pcm)) == 2
    assert 4115 < times[0] <= 4115 + 80  # the end of the second burst
    assert [event for _, event in heard(pcm, 1)] == [CNG, CNG, CNG]


def test_bursts_of_the_wrong_length_or_with_the_wrong_pause_are_no_calling_tone():
    for on, off in ((350, 3000), (660, 3000), (3000, 3000), (500, 2300), (500, 3700)):
        pcm = sine(on, 1100) + silence(off)
        pcm += pcm + sine(on, 1100) + silence(100)
        assert events(pcm) == [], (on, off)


def test_an_answer_tone_is_known_in_a_third_of_a_second_and_so_is_its_end():
    found = heard(silence(105) + sine(2600, 2100) + silence(200))
    assert [event for _, event in found] == [ANSWER, ENDED]
    assert found[0][0] - 105 <= 340
    assert 2705 < found[1][0] <= 2705 + 80


def test_phase_reversals_disable_within_a_second():
    found = heard(silence(105) + sine(3300, 2100, -25, 450) + silence(200))
    assert [event for _, event in found] == [ANSWER, DISABLE, ENDED]
    assert found[1][0] - 105 <= 1000  # G.168 §7


def test_reversals_are_found_within_25_degrees_and_not_within_110():
    for turn in (155, 180, 205):
        assert DISABLE in events(sine(2000, 2110, -12, 450, turn)), turn
    for turn in (0, 60, 110, -110):
        assert DISABLE not in events(sine(2000, 2110, -12, 450, turn)), turn


def test_reversals_at_another_pace_do_not_disable():
    for ms in (200, 300, 600, 900):
        assert DISABLE not in events(sine(3000, 2100, -12, ms)), ms


def test_amplitude_modulation_is_ansam():
    assert events(sine(2000, 2100, -12, 0, 0, 0.2) + silence(100)) == [ANSWER, MODULATED, ENDED]
    assert events(sine(3000, 2088, -40, 450, 180, 0.2) + silence(100)) == [ANSWER, MODULATED, DISABLE, ENDED]
    assert MODULATED not in events(sine(2000, 2100, -12, 0, 0, 0.05))


def test_frequencies_that_are_near_are_not_taken():
    for hz in (1900, 2040, 2160, 2350):
        assert events(sine(1000, hz)) == [], hz
    for hz in (1000, 1040, 1160, 1200):
        assert events(sine(500, hz) + silence(200), 1) == [], hz


def test_it_hears_down_to_43_dbm0_below_and_not_silence_or_hum():
    assert events(sine(600, 2100, -43) + silence(200)) == [ANSWER, ENDED]
    assert events(sine(500, 1100, -43) + silence(200), 1) == [CNG]
    assert events(sine(600, 2100, -50)) == []
    assert events(array("h", [3, -4] * 8000)) == []
    assert events(sine(1000, 50, 0)) == []


def test_a_lost_frame_does_not_end_the_tone():
    pcm = sine(2000, 2095, -12)
    pcm[8000:8320] = silence(40)
    assert events(pcm + silence(100)) == [ANSWER, ENDED]


def test_call_progress_tones_and_digits_are_no_modem():
    generator = ToneGenerator()
    scripts = (
        "350@-13+440@-13;0/0",
        "480@-10+620@-10;0.5/0.5",
        "425@0;0.5/3",
        "950@-8;0.33/0|1400@-8;0.33/0|1800@-8;0.33/1",
    )
    for text in scripts:
        generator.start(compile_tone(text))
        pcm = array("h")
        for _ in range(200):
            frame = array("h", bytes(320))
            generator.mix(frame, 160)
            pcm += frame
        assert events(pcm, 1) == [], text
    pcm = array("h")
    for code in range(16):
        generator.digit(code, 500)
        for _ in range(40):
            frame = array("h", bytes(320))
            generator.mix(frame, 160)
            pcm += frame
    assert events(pcm, 1) == []


def test_after_a_reset_a_tone_that_goes_on_is_told_anew():
    detector = FaxModemDetector()
    pcm = sine(400, 2100)
    for turn in range(2):
        told = [detector.process(pcm[at : at + 160], 160) for at in range(0, 3200, 160)]
        assert told.count(ANSWER) == 1 and told.count(0) == 19, turn
        detector.reset()
