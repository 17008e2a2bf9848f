# runs on: cpython
"""What the ear recognises, how soon, and how exactly it knows when."""

import numpy as np
import pytest

from host_tools.virtual_board.ear import Ear
from host_tools.virtual_board.phone import dtmf
from host_tools.virtual_board.session import PHONES
from host_tools.virtual_board.speech import PHRASES, say
from host_tools.virtual_board.tone_table import parse_script, region_tones

US = {
    "dial": "350@-13+440@-13;0/0",
    "ringback": "440@-19+480@-19;2/4",
    "busy": "480@-24+620@-24;.5/.5",
    "congestion": "480@-24+620@-24;.25/.25",
    "stutter": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|350+440;0/0",
    "call_waiting": "440;.3/10",
    "howler": "1400@-10+2060@-10+2450@-10+2600@-10;.1/.1",
}
DE = {
    "dial": "425;0/0",
    "ringback": "425;1/4",
    "busy": "425;.48/.48",
    "congestion": "425;.24/.24",
    "stutter": "425+400;0/0",
}
BLOCK = 80


def play(script: str, seconds: float, level: float = -13.0) -> np.ndarray:
    """A tone script as samples."""
    out, position = [], 0
    total = round(seconds * 8000)
    while position < total:
        for section in parse_script(script):
            length = total if section.on == float("inf") else round(section.on * 8000)
            times = np.arange(position, position + length) / 8000
            peak = 22828 * 10 ** (level / 20)
            out.append(
                sum((peak * np.sin(2 * np.pi * hz * times) for hz in sorted(section.hz)), np.zeros(length))
            )
            out.append(np.zeros(round(section.off * 8000)))
            position += length + round(section.off * 8000)
    return np.concatenate(out)[:total]


def pause(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * 8000))


def listen(tones, *parts: np.ndarray, lifted=lambda at: True):
    """(time known, time, kind, detail) of everything that the ear tells."""
    ear = Ear(tones)
    signal = np.concatenate(parts)
    signal = np.clip(np.rint(signal[: len(signal) // BLOCK * BLOCK]), -32768, 32767).astype(np.int16)
    told = []
    for at in range(0, len(signal), BLOCK):
        for event in ear.block(signal[at : at + BLOCK], at / 8000, lifted(at / 8000)):
            told.append(((at + BLOCK) / 8000, *event))
    return told


def named(told, name):
    return [
        (round(at, 3), detail["on"])
        for _, at, kind, detail in told
        if kind == "tone" and detail["name"] == name
    ]


@pytest.mark.parametrize("tones", [US, DE])
@pytest.mark.parametrize("offset", [0.0, 0.0031, 0.0067])
def test_dial_tone_is_known_within_40_ms_and_its_start_within_3_ms(tones, offset):
    told = listen(tones, pause(0.3 + offset), play(tones["dial"], 1.0), pause(0.3))
    known, at, _, _ = next(t for t in told if t[3].get("name") == "dial")
    assert at == pytest.approx(0.3 + offset, abs=0.003)
    assert known - (0.3 + offset) <= 0.0401
    off = next(t for t in told if t[3].get("name") == "dial" and not t[3]["on"])
    assert off[1] == pytest.approx(1.3 + offset, abs=0.005)
    assert off[3]["ms"] == pytest.approx(1000, abs=8)


@pytest.mark.parametrize("level", [-40.0, -24.0, -3.0])
def test_tones_are_known_at_any_level(level):
    told = listen(US, pause(0.2), play(US["busy"], 0.4, level))
    assert named(told, "busy") == [(pytest.approx(0.2, abs=0.004), True)]


def test_each_us_tone_gets_its_own_name_at_once_or_at_its_second_burst():
    for name in ("dial", "ringback", "busy", "call_waiting", "howler"):
        told = listen(US, pause(0.2), play(US[name], 5.0), pause(0.2))
        assert {d["name"] for _, _, kind, d in told if kind == "tone"} - {"silence"} == {name}
    told = listen(US, pause(0.2), play(US["congestion"], 5.0))
    names = [d["name"] for _, _, kind, d in told if kind == "tone" and d["on"] and d["name"] != "silence"]
    assert names[0] == "busy"  # as long as it can be
    assert set(names[1:]) == {"congestion"}
    assert told[2][3]["names"] == ["busy", "congestion"]


def test_bursts_are_told_one_by_one_with_their_times():
    told = listen(US, pause(0.2), play(US["ringback"], 9.0))
    assert named(told, "ringback") == [
        (pytest.approx(0.2, abs=0.01), True), (pytest.approx(2.2, abs=0.01), False),
        (pytest.approx(6.2, abs=0.01), True), (pytest.approx(8.2, abs=0.01), False),
    ]  # fmt: skip


def test_tones_of_one_frequency_are_told_apart_by_their_cadence():
    for name in ("ringback", "busy", "congestion"):
        told = listen(DE, pause(0.2), play(DE[name], 16.0))
        names = [d["name"] for _, _, kind, d in told if kind == "tone" and d["on"] and d["name"] != "silence"]
        assert names[0] == "dial"
        assert set(names[1:]) == {name}
    told = listen(DE, pause(0.2), play(DE["stutter"], 2.0))
    assert [d["name"] for _, _, kind, d in told if kind == "tone" and d["on"]] == ["silence", "stutter"]


def test_stutter_becomes_known_and_ends_in_a_steady_tone():
    told = listen(US, pause(0.2), play(US["stutter"], 2.0))
    names = [d["name"] for _, _, kind, d in told if kind == "tone" and d["on"] and d["name"] != "silence"]
    assert names[-1] == "stutter" and named(told, "stutter")[-1] == (pytest.approx(0.8, abs=0.01), True)


def test_a_name_that_turns_out_wrong_is_taken_back():
    told = listen({"short": "425;.2/.2", "long": "425;0/0"}, pause(0.2), play("425;0/0", 1.0))
    assert [(d["name"], d["on"]) for _, _, kind, d in told if kind == "tone"][2:] == [
        ("short", True), ("short", False), ("long", True),
    ]  # fmt: skip


def test_dtmf_digits_are_heard_once_each():
    digits = "1590*#AD7"
    told = listen(US, pause(0.2), *(np.concatenate((dtmf(d, 70), pause(0.06))) for d in digits))
    heard = [(at, detail["digit"]) for _, at, kind, detail in told if kind == "digit"]
    assert "".join(d for _, d in heard) == digits
    assert heard[3][0] == pytest.approx(0.2 + 3 * 0.13, abs=0.005)


def test_a_digit_cut_out_of_another_without_a_pause_is_a_new_digit():
    told = listen(US, pause(0.2), dtmf("1", 100), dtmf("2", 100), pause(0.2))
    assert [d["digit"] for _, _, kind, d in told if kind == "digit"] == ["1", "2"]


def test_one_tone_right_after_another_is_told_with_the_time_of_the_change():
    told = listen(US, pause(0.2), play(US["dial"], 1.0), play(US["ringback"], 1.0))
    assert named(told, "dial")[-1] == (pytest.approx(1.2, abs=0.02), False)
    assert named(told, "ringback")[0] == (pytest.approx(1.2, abs=0.02), True)


def voice(seconds: float) -> np.ndarray:
    """Vowels: harmonics of a gliding pitch under two formants."""
    times = np.arange(round(seconds * 8000)) / 8000
    phase = 2 * np.pi * np.cumsum(120 + 30 * np.sin(2 * np.pi * 1.3 * times)) / 8000
    total = np.zeros(len(times))
    for n in range(1, 25):
        hz = 120 * n
        total += np.sin(n * phase) * (
            1 / (1 + ((hz - 500) / 150) ** 2) + 0.5 / (1 + ((hz - 1500) / 200) ** 2)
        )
    return 3000 * total * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * times))


def test_speech_is_speech_and_no_tone():
    told = listen(US, pause(0.3), voice(3.0), pause(0.5))
    sounds = [(d["name"], d["on"]) for _, _, kind, d in told if kind == "tone" and d["name"] != "silence"]
    assert sounds == [("speech", True), ("speech", False)]
    assert not [t for t in told if t[2] == "digit"]
    assert named(told, "speech")[0][0] == pytest.approx(0.3, abs=0.01)
    assert named(told, "speech")[1][0] == pytest.approx(3.3, abs=0.01)


def test_the_voices_of_the_demo_are_never_taken_for_tones():
    for pitch, tract in PHONES.values():
        for phrase in PHRASES:
            told = listen(US, pause(0.3), say(phrase, pitch, tract).astype(float), pause(0.5))
            assert {d["name"] for _, _, kind, d in told if kind == "tone"} == {"silence", "speech"}
            assert not [t for t in told if t[2] == "digit"]


def test_a_tone_right_after_speech_is_still_known():
    told = listen(US, pause(0.2), voice(1.0), play(US["busy"], 0.4), pause(0.2))
    assert named(told, "busy")[0] == (pytest.approx(1.2, abs=0.03), True)


def test_noise_is_not_taken_for_a_tone():
    noise = np.random.default_rng(1).normal(0, 2000, 16000)
    told = listen(US, pause(0.2), noise)
    assert {d["name"] for _, _, kind, d in told if kind == "tone"} == {"silence", "speech"}


def test_tones_are_known_through_a_noisy_line():
    noise = np.random.default_rng(2).normal(0, 120, 8000 * 3)
    signal = np.concatenate((pause(0.2), play(US["dial"], 2.8))) + noise
    told = listen(US, signal)
    assert named(told, "dial") and not named(told, "busy")


def test_silence_is_told_after_a_tenth_of_a_second_with_the_time_of_its_start():
    told = listen(US, play(US["dial"], 0.5), pause(0.5))
    assert named(told, "silence") == [(pytest.approx(0.5, abs=0.004), True)]


def test_with_the_handset_down_nothing_is_heard():
    told = listen(US, play(US["dial"], 1.0), lifted=lambda at: 0.3 <= at < 0.6)
    assert named(told, "dial") == [
        (pytest.approx(0.3, abs=0.01), True),
        (pytest.approx(0.6, abs=0.01), False),
    ]


def test_region_tables_come_from_the_firmware():
    for code in ("us", "de", "fr", "uk", "eu"):
        tones = region_tones(code)
        assert {"dial", "ringback", "busy"} <= set(tones)
        Ear(tones)
    assert region_tones({"tones": US}) == US and region_tones(US) == US
    with pytest.raises(ValueError, match="us"):
        region_tones("xx")
    with pytest.raises(ValueError, match="350@"):
        parse_script("350@;;x/1")
    assert parse_script("400*25@-10;1/2")[0].hz == {375.0, 400.0, 425.0}
