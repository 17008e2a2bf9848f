"""The figures of ITU-T Q.24 (accept ±1.5 %, reject ±3.5 %, 40 ms, 23 ms, twist) at a few points; the sweeps
over all of them are in tests/property/test_dsp.py."""

import math
from array import array

from ata.dsp.dtmf import BEGAN, ENDED, DtmfDetector
from ata.dsp.tone_script import compile_tone
from ata.dsp.tones import ToneGenerator

PEAK_0_DBM0 = 22828
ROWS = (697, 770, 852, 941)
COLUMNS = (1209, 1336, 1477, 1633)
KEYPAD = "123A456B789C*0#D"
DIGITS = "0123456789*#ABCD"  # by RFC 4733 event code


def sines(ms, *pairs):
    """ms of the sum of sines (Hz, dBm0)."""
    n = int(ms * 8)
    pcm = [0] * n
    for hz, level in pairs:
        peak = PEAK_0_DBM0 * 10 ** (level / 20)
        w = 2 * math.pi * hz / 8000
        for i in range(n):
            pcm[i] += peak * math.sin(w * i + hz)
    return [max(-32768, min(32767, round(x))) for x in pcm]


def press(digit, ms, low=-10, high=-10, low_error=0.0, high_error=0.0):
    place = KEYPAD.index(digit)
    row, column = ROWS[place // 4] * (1 + low_error / 100), COLUMNS[place % 4] * (1 + high_error / 100)
    return sines(ms, (row, low), (column, high))


def silence(ms):
    return [0] * int(ms * 8)


def events(pcm, frame=160):
    """[(ms at the end of the frame, event, digit), …]"""
    detector = DtmfDetector()
    found = []
    i = 0
    while i < len(pcm):
        part = array("h", pcm[i : i + frame])
        i += len(part)
        event = detector.process(part, len(part))
        if event:
            found.append((i / 8, event, DIGITS[detector.code]))
    return found


def digits(pcm, frame=160):
    """The digits that began, each having ended before the next, as text."""
    found = events(pcm + silence(60), frame)
    assert [event for _, event, _ in found] == [BEGAN, ENDED] * (len(found) // 2)
    for i in range(0, len(found), 2):
        assert found[i][2] == found[i + 1][2]
    return "".join([digit for _, event, digit in found if event == BEGAN])


def test_all_digits_of_40_ms_with_pauses_of_40_ms():
    pcm = silence(31)
    for digit in DIGITS:
        pcm += press(digit, 40) + silence(40)
    assert digits(pcm) == DIGITS


def test_bursts_of_23_ms_are_no_digits():
    pcm = []
    for digit in DIGITS:
        pcm += press(digit, 23) + silence(41.7)
    assert digits(pcm) == ""


def test_a_digit_is_told_within_50_ms_and_its_end_within_50_ms():
    for late in range(0, 20, 3):
        heard = events(silence(100 + late) + press("5", 100) + silence(100))
        assert [event for _, event, _ in heard] == [BEGAN, ENDED]
        assert 25 < heard[0][0] - 100 - late <= 50
        assert 25 < heard[1][0] - 200 - late <= 50


def test_a_digit_is_suspected_from_its_first_window_on():
    detector = DtmfDetector()
    pcm = silence(20) + press("5", 60) + silence(60)
    told = []
    for i in range(0, len(pcm), 160):
        told.append((detector.process(array("h", pcm[i : i + 160]), 160), detector.suspect))
    assert told == [(0, False), (0, True), (BEGAN, True), (0, True), (0, True), (ENDED, False), (0, False)]


def test_a_burst_too_short_is_suspected_in_vain():
    detector = DtmfDetector()
    pcm = press("5", 23) + silence(57)
    told = []
    for i in range(0, len(pcm), 80):
        assert detector.process(array("h", pcm[i : i + 80]), 80) == 0
        told.append(detector.suspect)
    assert True in told and not told[-1]


def test_the_frame_size_does_not_matter():
    pcm = silence(13) + press("7", 45) + silence(40) + press("#", 45)
    for frame in (1, 7, 80, 160):
        assert digits(pcm, frame) == "7#"


def test_frequencies_off_by_1_5_percent_are_accepted():
    for digit in "1590D":
        for low in (-1.5, 1.5):
            for high in (-1.5, 1.5):
                pcm = silence(50) + press(digit, 40, low_error=low, high_error=high)
                assert digits(pcm) == digit, (digit, low, high)


def test_frequencies_off_by_3_5_percent_are_rejected():
    for digit in "1590D":
        for error in (-3.5, 3.5):
            assert digits(press(digit, 200, low_error=error)) == ""
            assert digits(press(digit, 200, high_error=error)) == ""


def test_twist():
    for digit in "1590D":
        assert digits(silence(50) + press(digit, 40, low=-12, high=-8)) == digit
        assert digits(silence(50) + press(digit, 40, low=-8, high=-16)) == digit
        assert digits(press(digit, 100, low=-20, high=-8)) == ""
        assert digits(press(digit, 100, low=-8, high=-22)) == ""


def test_levels_from_0_to_minus_36_dbm0():
    for level in (0, -5, -25, -36):
        assert digits(silence(50) + press("8", 40, level, level)) == "8", level
    assert digits(press("8", 200, -42, -42)) == ""


def test_a_clipped_digit_is_still_one():
    assert digits(silence(50) + press("8", 50, 6, 6)) == "8"


def test_dial_tone_as_loud_as_the_digits():
    for dial in (((350, -10), (440, -10)), ((425, -8),)):
        pcm = silence(50)
        for digit in "2469":
            pcm += silence(300) + press(digit, 50)
        pcm += silence(100)
        tone = sines(len(pcm) / 8, *dial)
        assert digits([a + b for a, b in zip(pcm, tone)]) == "2469"
        assert digits(tone) == ""


def test_dial_tone_may_stop_during_the_digit():
    pcm = silence(300) + press("3", 80)
    tone = sines(330, (350, -13), (440, -13)) + silence(50)
    assert digits([a + b for a, b in zip(pcm, tone)]) == "3"


def test_a_gap_of_40_ms_separates_and_one_of_10_ms_does_not():
    assert digits(press("4", 60) + silence(40) + press("4", 60)) == "44"
    assert digits(press("4", 60) + silence(10) + press("4", 60)) == "4"


def test_a_digit_right_after_another():
    assert digits(press("4", 60) + press("9", 60)) == "49"
    heard = events(press("4", 60) + press("9", 60) + silence(60), 160)
    assert [digit for _, _, digit in heard] == ["4", "4", "9", "9"]


def test_other_tones_are_no_digits():
    for name, pairs in (
        ("row alone", ((697, -5),)),
        ("column alone", ((1336, -5),)),
        ("two rows", ((697, -10), (852, -10))),
        ("two columns", ((1209, -10), (1477, -10))),
        ("three tones", ((697, -10), (1209, -10), (1477, -10))),
        ("a third tone elsewhere", ((697, -10), (1209, -10), (2000, -10))),
        ("busy", ((480, -13), (620, -13))),
        ("special information tone", ((950, -10),)),
        ("CAS", ((2130, -13), (2750, -13))),
        ("calling tone of a fax", ((1100, -10),)),
        ("second harmonics", ((770, -10), (1336, -10), (1540, -12), (2672, -12))),
    ):
        assert digits(sines(1000, *pairs)) == "", name


def test_reset_forgets_the_digit():
    detector = DtmfDetector()
    tone = press("6", 80)
    frames = [array("h", tone[i : i + 160]) for i in range(0, 640, 160)]
    assert [detector.process(frame, 160) for frame in frames].count(BEGAN) == 1
    detector.reset()
    assert not detector.suspect
    zeros = array("h", silence(20))
    for _ in range(5):
        assert detector.process(zeros, 160) == 0
    assert [detector.process(frame, 160) for frame in frames].count(BEGAN) == 1


def state_after(detector, pcm, n):
    detector.process(pcm, n)
    words = 0
    for part in (detector._bins, detector._work):
        for value in part:
            words = (words * 31 + value) & 0xFFFFFF
    return words


def test_the_arithmetic_is_the_same_to_the_bit_everywhere():
    # Noise and tones of integers only, at the extremes too; the sums were found on the 32-bit build.
    detector = DtmfDetector()
    generator = ToneGenerator()
    pcm = array("h", bytes(320))
    seed = 12345
    sums = []
    for frame in range(12):
        for i in range(160):
            seed = (seed * 1103515 + 12345) & 0xFFFFFF
            pcm[i] = ((seed >> 8) - 32768) >> (frame & 7)
            if frame == 8:
                pcm[i] = 32767 if i * 697 * 2 // 8000 & 1 else -32768
        if frame == 9:
            generator.start(compile_tone("697@0+1633@0;0/0"))
        generator.mix(pcm, 160)
        sums.append(state_after(detector, pcm, 160))
    assert sums == SUMS, sums


SUMS = [14678035, 11706991, 8378005, 7927268, 4733007, 6017582]
SUMS += [13133995, 927108, 14950316, 7841864, 9666629, 7207255]
