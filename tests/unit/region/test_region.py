from ata import region
from ata.base.errors import ConfigError
from ata.dsp.tone_script import compile_tone
from ata.line.machine import Line
from ata.line.ringer import Ringer

TONES = ("dial", "ringback", "busy", "congestion", "stutter", "call_waiting", "howler", "confirm")
KEYS = ("name", "law", "tones", "ring", "ring_hz", "impedance", "caller_id", "hook")
WINDOWS = ("debounce", "flash_min", "flash_max", "pulse_break_min", "pulse_break_max", "interdigit")


def test_every_region_has_the_same_shape():
    for code in region.REGIONS:
        data = region.load(code)
        assert sorted(data) == sorted(KEYS), code
        assert sorted(data["tones"]) == sorted(TONES), code
        assert sorted(data["hook"]) == sorted(WINDOWS), code
        assert data["law"] in (0, 8)
        assert 0 <= data["impedance"] <= 7
        assert 16 <= data["ring_hz"] <= 60
        assert data["caller_id"] in ("bellcore", "etsi", "sin227")


def test_every_tone_is_a_script_the_generator_takes():
    for code in region.REGIONS:
        for name, text in region.load(code)["tones"].items():
            assert compile_tone(text), (code, name)


def test_no_tone_is_louder_than_the_codec():
    # Full scale is a sine of +3.14 dBm0 (G.711): together the sines of a section stay below it.
    for code in region.REGIONS:
        for name, text in region.load(code)["tones"].items():
            for section in text.split("|"):
                peak = 0
                for tone in section.split(";")[0].split("+"):
                    level = float(tone.split("@")[1]) if "@" in tone else -13.0
                    peak += 10 ** ((level - 3.14) / 20)
                assert peak <= 1, (code, name)


def test_a_ringing_cadence_is_one_the_ringer_takes():
    for code in region.REGIONS:
        Ringer().start(region.load(code)["ring"], 0)


def test_the_hook_windows_are_in_order_and_a_pulse_fits():
    for code in region.REGIONS:
        windows = region.load(code)["hook"]
        assert windows["debounce"] < 25 - 10  # shortest make (12 pulses/s, 70 % break) less the jitter
        # 12 pulses/s with 55 % break, and 8 pulses/s with 70 %, each with 10 ms of jitter
        assert windows["pulse_break_min"] <= 35 and windows["pulse_break_max"] >= 98
        assert windows["pulse_break_min"] < windows["flash_min"] < windows["flash_max"]
        assert windows["pulse_break_max"] < windows["flash_max"]
        # more than a slow pulse's make and jitter, less than the shortest gap between digits
        assert 66 <= windows["interdigit"] <= 240
        # On-hook → BYE within 700 ms: the chip's own 12.5 ms and the polling come on top.
        assert windows["flash_max"] + windows["debounce"] <= 560
        Line(1, windows)


def test_dialling_100_ms_recalls_work_where_they_are_used():
    for code in region.REGIONS:
        windows = region.load(code)["hook"]
        short = windows["flash_min"] <= 90 and windows["flash_max"] >= 310
        assert short == (code != "us"), code


def test_figures_that_everybody_knows():
    us, de, fr, uk = [region.load(code) for code in ("us", "de", "fr", "uk")]
    assert us["tones"]["dial"] == "350@-13+440@-13;0/0" and us["ring"] == (2000, 4000) and us["law"] == 0
    assert de["tones"]["busy"] == "425;.48/.48" and de["impedance"] == 6
    assert fr["tones"]["ringback"] == "440;1.5/3.5" and fr["ring_hz"] == 50
    assert uk["ring"] == (400, 200, 400, 2000) and uk["tones"]["busy"] == "400;.375/.375"


def test_an_unknown_region_is_named_with_what_there_is():
    try:
        region.load("xx")
        raise AssertionError("no error")
    except ConfigError as error:
        assert error.key == "region" and "xx" in str(error) and "us, de, fr, uk, eu" in str(error)
