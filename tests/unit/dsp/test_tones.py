import math
from array import array

from ata.base.errors import ConfigError, LocalError
from ata.dsp.tone_script import compile_tone
from ata.dsp.tones import ToneGenerator, sine_table

PEAK = 22828  # 0 dBm0
ROWS = (697, 770, 852, 941)
COLUMNS = (1209, 1336, 1477, 1633)


def play(generator, samples, frame=160):
    heard = []
    while samples:
        n = min(frame, samples)
        pcm = array("h", [0] * n)
        generator.mix(pcm, n)
        heard.extend(pcm)
        samples -= n
    return heard


def sounding(pcm, block=80):
    """'#' for each block that has sound."""
    return "".join(["#" if any(pcm[i : i + block]) else "." for i in range(0, len(pcm), block)])


def level_at(pcm, hz):
    """dBm0 of the sine at hz in pcm, whole periods assumed."""
    re = im = 0
    for i, x in enumerate(pcm):
        re += x * math.cos(2 * math.pi * hz * i / 8000)
        im += x * math.sin(2 * math.pi * hz * i / 8000)
    return 20 * math.log10(max(math.sqrt(re * re + im * im) * 2 / len(pcm), 1e-3) / PEAK)


def started(text):
    generator = ToneGenerator()
    generator.start(compile_tone(text))
    return generator


def refusal(text):
    try:
        compile_tone(text)
    except ConfigError as error:
        return str(error)
    return ""


def test_a_dial_tone_has_two_sines_of_the_given_level():
    heard = play(started("350@-13+440@-20;0/0"), 1600)
    assert abs(level_at(heard, 350) + 13) < 0.1
    assert abs(level_at(heard, 440) + 20) < 0.1
    assert level_at(heard, 400) < -60


def test_the_level_is_minus_13_dbm0_unless_given():
    assert abs(level_at(play(started("425;0/0"), 1600), 425) + 13) < 0.1


def test_frequencies_stay_exact_after_an_hour():
    generator = started("437@-3;0/0")
    step = round(437 * 2**24 / 8000)
    assert abs(step * 8000 / 2**24 / 437 - 1) < 0.0001
    play(generator, 8000)
    generator._phases[0] = step * 8000 * 3600 % 2**24  # an hour later
    assert abs(level_at(play(generator, 8000), 437) + 3) < 0.05


def test_a_modulated_tone_is_a_carrier_and_two_sidebands():
    heard = play(started("400*25@-10;0/0"), 1600)
    for hz, level in ((400, -10), (375, -16.02), (425, -16.02)):
        assert abs(level_at(heard, hz) - level) < 0.1
    assert refusal("400*25+440;0/0") == ""
    assert "at most 4" in refusal("400*25+440+480;0/0")


def test_cadence_is_exact_and_repeats():
    heard = play(started("440@-10;0.05/0.03"), 8 * 160)
    assert sounding(heard) == "#####..." * 2
    assert heard[400:640] == [0] * 240
    assert heard[0] == 0 and heard[1] != 0 and heard[399] != 0 and heard[640:1040] == heard[:400]


def test_sections_play_in_order():
    heard = play(started("440;0.02/0.01|0;0.02/0|480;0.01/0.02"), 2 * 640)
    assert sounding(heard) == "##...#.." * 2


def test_a_last_section_can_last_for_ever():
    heard = play(started("440;0.01/0.01|440;0.01/0.01|440;0/0"), 3200)
    assert sounding(heard)[:8] == "#.#.####"
    assert "." not in sounding(heard)[4:]


def test_one_section_without_pause_never_breaks_the_phase():
    assert play(started("440@-10;0.013/0"), 640) == play(started("440@-10;0/0"), 640)


def test_the_frame_size_does_not_matter():
    text = "350@-13+440@-13;0.033/0.021|480@-9;0.0071/0.0013"
    assert play(started(text), 1600, 160) == play(started(text), 1600, 7)


def test_mix_adds_and_clips():
    heard = array("h", [1000] * 160)
    generator = started("440@-20;0/0")
    generator.mix(heard, 80)
    assert list(heard[80:]) == [1000] * 80
    assert [x + 1000 for x in play(started("440@-20;0/0"), 80)] == list(heard[:80])
    for offset in (32767, -32768):
        loud = array("h", [offset] * 160)
        started("440@3;0/0").mix(loud, 160)
        for x, tone in zip(loud, play(started("440@3;0/0"), 160)):
            assert x == max(-32768, min(32767, offset + tone))


def test_every_dtmf_digit_has_its_two_frequencies():
    keypad = "123A456B789C*0#D"
    for code in range(16):
        generator = ToneGenerator()
        generator.digit(code, 200)
        heard = play(generator, 1600)
        place = keypad.index("0123456789*#ABCD"[code])
        for row in range(4):
            level = level_at(heard, ROWS[row])
            assert abs(level + 8) < 0.3 if row == place // 4 else level < -25
        for column in range(4):
            level = level_at(heard, COLUMNS[column])
            assert abs(level + 6) < 0.3 if column == place % 4 else level < -25


def test_a_digit_lasts_its_time_and_then_the_generator_is_idle():
    generator = ToneGenerator()
    generator.digit(5, 50)
    assert generator.active
    assert sounding(play(generator, 800)) == "#####....."
    assert not generator.active


def test_a_digit_without_a_time_lasts_until_stop():
    generator = ToneGenerator()
    generator.digit(0, 0)
    assert "." not in sounding(play(generator, 8000))
    generator.stop()
    assert not generator.active
    assert play(generator, 160) == [0] * 160


def test_a_new_script_starts_from_its_beginning():
    generator = started("440;0.01/1")
    play(generator, 200)
    generator.start(compile_tone("480;0.02/1"))
    assert sounding(play(generator, 240)) == "##."


def test_two_generators_share_one_table():
    table = sine_table()
    a, b = ToneGenerator(table), ToneGenerator(table)
    a.digit(1, 20)
    b.digit(1, 20)
    assert play(a, 160) == play(b, 160)


def test_an_unknown_digit_is_our_mistake():
    for code in (-1, 16):
        try:
            ToneGenerator().digit(code, 50)
        except LocalError:
            continue
        raise AssertionError(code)


def test_bad_scripts_say_what_is_wrong():
    for text, word in (
        ("", "frequency@level"),
        ("350", "frequency@level"),
        ("350;1", "frequency@level"),
        ("350;1/1|", "frequency@level"),
        (";1/1", "a frequency in Hz"),
        ("x;1/1", "x: a frequency in Hz"),
        ("350+;1/1", "a frequency in Hz"),
        ("3901;1/1", "3901"),
        ("-1;1/1", "-1"),
        ("nan;1/1", "nan"),
        ("350@;1/1", "a level in dBm0"),
        ("350@4;1/1", "-60 to 3"),
        ("350@-61;1/1", "-61"),
        ("350;a/1", "seconds on"),
        ("350;1/-1", "seconds off"),
        ("350;1/3601", "3601"),
        ("350*0;1/1", "a modulation in Hz"),
        ("350*350;1/1", "a modulation in Hz"),
        ("350;0/0|440;1/1", "only in the last"),
        ("1+2+3+4+5;1/1", "at most 4"),
    ):
        said = refusal(text)
        assert word in said, (text, said)
