"""The fax and modem tone detector: signals made in NumPy from V.25, V.8, T.30 and G.168, and speech."""

import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from ata.dsp.g711 import G711
from ata.dsp.modem import ANSWER, CNG, DISABLE, ENDED, MODULATED, FaxModemDetector
from support.runtimes import micropythons

PEAK_0_DBM0 = 22828
RATE = 8000


def silence(seconds):
    return np.zeros(round(seconds * RATE))


def ans(hz, level, reversals=0.0, depth=0.0, seconds=3.3, phase=1.0):
    """V.25: 2100 Hz, its phase reversed each `reversals` seconds; V.8: its amplitude modulated at 15 Hz."""
    t = np.arange(round(seconds * RATE)) / RATE
    angle = 2 * np.pi * hz * t + phase
    if reversals:
        angle += np.pi * np.floor(t / reversals)
    return PEAK_0_DBM0 * 10 ** (level / 20) * (1 + depth * np.sin(2 * np.pi * 15 * t)) * np.sin(angle)


def cng(hz, level, on=0.5, off=3.0, bursts=2):
    t = np.arange(round(on * RATE)) / RATE
    burst = PEAK_0_DBM0 * 10 ** (level / 20) * np.sin(2 * np.pi * hz * t)
    return np.concatenate([np.concatenate([burst, silence(off)]) for _ in range(bursts)])


def noise(pcm, dbm0, seed):
    rms = PEAK_0_DBM0 / np.sqrt(2) * 10 ** (dbm0 / 20)
    return pcm + np.random.default_rng(seed).normal(size=len(pcm)) * rms


def events(pcm, before=0.1, bursts=2):
    pcm = np.concatenate([silence(before), pcm, silence(0.2)])
    pcm = np.clip(np.round(pcm), -32768, 32767).astype(np.int16)
    detector = FaxModemDetector(bursts)
    found = [detector.process(pcm[i : i + 160], 160) for i in range(0, len(pcm) - 159, 160)]
    return [event for event in found if event]


@pytest.mark.parametrize("level", [0, -12, -30, -43])
@pytest.mark.parametrize("hz", [2079, 2085, 2100, 2115, 2121])  # V.25: ± 15 Hz; G.168 §7: ± 21 Hz
@pytest.mark.parametrize("before", [0.1, 0.107, 0.1135])
def test_answer_tones_at_every_level_and_frequency(level, hz, before):
    assert events(ans(hz, level, seconds=1.5), before) == [ANSWER, ENDED]
    assert events(ans(hz, level, 0.45, seconds=1.5), before) == [ANSWER, DISABLE, ENDED]
    found = events(ans(hz, min(level, -1), 0.45, 0.2, seconds=2.0), before)
    assert sorted(found) == [ANSWER, DISABLE, MODULATED, ENDED]


@pytest.mark.parametrize("pace", [0.425, 0.45, 0.475])  # V.25 §4.2
@pytest.mark.parametrize("offset", np.linspace(0, 0.019, 8))
def test_reversals_wherever_they_fall_in_a_frame(pace, offset):
    assert events(ans(2108, -20, pace, seconds=2), 0.1 + offset) == [ANSWER, DISABLE, ENDED]


@pytest.mark.parametrize("hz", [1062, 1100, 1138])  # T.30 §4.1: ± 38 Hz, ± 15 %
@pytest.mark.parametrize(("on", "off"), [(0.425, 2.55), (0.5, 3.0), (0.575, 3.45)])
@pytest.mark.parametrize("level", [0, -20, -43])
def test_calling_tones_at_every_level_frequency_and_cadence(hz, on, off, level):
    for before in (0.1, 0.11):
        assert events(cng(hz, level, on, off), before) == [CNG]
    assert events(cng(hz, level, on, off), bursts=1) == [CNG, CNG]


@pytest.mark.parametrize("snr", [20, 12, 8])
@pytest.mark.parametrize("seed", range(4))
def test_tones_in_noise(snr, seed):
    def heard(pcm):
        return events(noise(np.concatenate([pcm, silence(0.2)]), -20 - snr, seed))

    assert heard(ans(2088, -20, seconds=1.5)) == [ANSWER, ENDED]
    assert heard(ans(2115, -20, 0.45, seconds=1.5)) == [ANSWER, DISABLE, ENDED]
    assert sorted(heard(ans(2100, -20, 0.45, 0.2, seconds=2))) == [ANSWER, DISABLE, MODULATED, ENDED]
    assert heard(cng((1062, 1138)[seed & 1], -20)) == [CNG]


@pytest.mark.parametrize("payload_type", [0, 8])
def test_tones_after_g711(payload_type):
    codec = G711(payload_type)
    for pcm, expected in ((ans(2115, -43, seconds=1.5), [ANSWER, ENDED]), (cng(1138, -43), [CNG])):
        coded = np.round(pcm).astype(np.int16)
        codes = bytearray(len(coded))
        codec.encode(coded, codes, 0, len(coded))
        codec.decode(codes, 0, coded, len(coded))
        assert events(coded.astype(float)) == expected


@pytest.mark.parametrize("hz", [1900, 1950, 2000, 2050, 2060, 2140, 2150, 2200, 2350])
def test_other_frequencies_are_no_answer(hz):
    assert events(ans(hz, -10, seconds=1)) == []


@pytest.mark.parametrize("hz", [950, 1000, 1040, 1050, 1150, 1160, 1209, 1300])
def test_other_frequencies_are_no_calling_tone(hz):
    assert events(cng(hz, -10), bursts=1) == []


@pytest.mark.parametrize("phase", np.linspace(0, 6, 7))
def test_a_tone_beside_another_as_strong_is_none(phase):
    """From 200 Hz on; nearer than that no signalling system has a second tone."""
    t = np.arange(RATE) / RATE
    for hz in (350, 700, 900, 1300, 1700, 1900, 2300, 2600):
        other = PEAK_0_DBM0 * 10**-0.5 * np.sin(2 * np.pi * hz * t + phase)
        assert events(ans(2100, -10, seconds=1) + other) == [], hz
        assert events(cng(1100, -10, bursts=1)[:4000] + other[:4000], bursts=1) == [], hz


def test_noise_and_fsk_and_sweeps_are_no_tones():
    rng = np.random.default_rng(5)
    assert events(rng.normal(size=20 * RATE) * 5000, bursts=1) == []
    bits = rng.integers(0, 2, 6000)
    for mark, space in ((1200, 2200), (1300, 2100)):  # Bell 202, V.23
        hz = np.where(np.repeat(bits, 7), mark, space)
        assert events(8000 * np.sin(np.cumsum(2 * np.pi * hz / RATE)), bursts=1) == []
    for seconds in (0.5, 2, 5):
        hz = np.linspace(300, 3400, round(seconds * RATE))
        assert events(8000 * np.sin(np.cumsum(2 * np.pi * hz / RATE)), bursts=1) == []


SPEECH = Path("/usr/share/asterisk/sounds")  # Debian asterisk-core-sounds-en-wav: 26 minutes of one voice
LISTEN = """
import sys
from array import array
from ata.dsp.modem import FaxModemDetector
detector, pcm, at = FaxModemDetector(1), array("h", bytes(320)), 0
while sys.stdin.buffer.readinto(pcm):
    at += 20
    event = detector.process(pcm, 160)
    if event:
        print(at, event)
"""


@pytest.mark.skipif(not SPEECH.exists(), reason="Debian asterisk-core-sounds-en-wav is not installed")
@pytest.mark.parametrize("stretch", [1.0, 0.7, 1.4])
def test_no_tone_in_recorded_speech(stretch):
    """Nor in that speech played slower and faster, although one burst would do; then one that is there."""
    parts = []
    for path in sorted(SPEECH.rglob("*.wav")):
        with wave.open(str(path)) as file:
            parts.append(np.frombuffer(file.readframes(file.getnframes()), "<i2"))
    speech = np.concatenate(parts)
    speech = np.interp(np.arange(0, len(speech) - 1, stretch), np.arange(len(speech)), speech)
    speech = np.concatenate([speech, silence(0.3), cng(1120, -20, bursts=1)[:8000]])
    runtimes = micropythons()
    done = subprocess.run(
        [runtimes.get("mp32", runtimes["mp64"]), "-c", LISTEN],
        input=np.round(speech[: len(speech) // 160 * 160]).astype("<i2").tobytes(),
        capture_output=True,
        env={"MICROPYPATH": str(Path(__file__).parents[2] / "firmware")},
        timeout=60,
        check=False,
    )
    assert done.stderr == b""
    heard = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert [event for _, event in heard] == [CNG], heard
    assert heard[0][0] > len(speech) / 8 - 600


def test_every_interpreter_hears_the_same():
    rng = np.random.default_rng(9)
    parts = []
    for turn in range(12):
        hz = rng.uniform(2070, 2130) if turn % 2 else rng.uniform(1050, 1150)
        tone = ans(hz, rng.uniform(-44, 0), 0.45 * (turn & 2), 0.2, rng.uniform(0.4, 1.5))
        parts.append(noise(tone, -45, turn))
        parts.append(noise(silence(rng.uniform(0.1, 0.4)), -45, turn))
    pcm = np.clip(np.round(np.concatenate(parts)), -32768, 32767).astype("<i2")
    pcm = pcm[: len(pcm) // 160 * 160]
    detector = FaxModemDetector(1)
    expected = []
    for i in range(0, len(pcm), 160):
        event = detector.process(pcm[i : i + 160], 160)
        if event:
            expected.append(f"{i // 8 + 20} {event}")
    assert len(expected) > 8
    for program in micropythons().values():
        done = subprocess.run(
            [program, "-c", LISTEN], input=pcm.tobytes(), capture_output=True, check=True, timeout=60,
            env={"MICROPYPATH": str(Path(__file__).parents[2] / "firmware")},
        )  # fmt: skip
        assert done.stdout.decode().splitlines() == expected
