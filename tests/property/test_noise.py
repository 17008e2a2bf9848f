"""Voice activity on recorded speech in noise, and comfort noise against SciPy's filters."""

import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from ata.dsp.cng import Noise, NoiseSender
from ata.dsp.level import level_dbm0
from support.runtimes import micropythons

FIRMWARE = Path(__file__).parents[2] / "firmware"
RMS_0_DBM0 = 22828 / np.sqrt(2)
SPEECH = Path("/usr/share/asterisk/sounds")  # Debian asterisk-core-sounds-en-wav
LISTEN = """
import sys
from array import array
from ata.dsp.vad import Vad
vad, pcm, out = Vad(), array("h", bytes(320)), bytearray()
while sys.stdin.buffer.readinto(pcm):
    out.append(vad.process(pcm, 160))
sys.stdout.buffer.write(out)
"""


def voice(pcm: np.ndarray, runtime: str) -> np.ndarray:
    """For each frame what the detector says."""
    done = subprocess.run(
        [micropythons()[runtime], "-c", LISTEN],
        input=np.clip(np.round(pcm), -32768, 32767).astype("<i2").tobytes(),
        capture_output=True, env={"MICROPYPATH": str(FIRMWARE)}, timeout=60, check=True,
    )  # fmt: skip
    return np.frombuffer(done.stdout, np.uint8)


def talk(seconds: float) -> np.ndarray:
    """Recorded sentences with pauses of 0.5 … 3 s."""
    rng = np.random.default_rng(3)
    parts = []
    for path in sorted(SPEECH.rglob("*.wav")):
        with wave.open(str(path)) as file:
            parts.append(np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float))
        parts.append(np.zeros(round(rng.uniform(0.5, 3) * 8000)))
        seconds -= (len(parts[-1]) + len(parts[-2])) / 8000
        if seconds < 0:
            break
    pcm = np.concatenate(parts)
    return pcm[: len(pcm) // 160 * 160]


@pytest.mark.skipif(not SPEECH.exists(), reason="Debian asterisk-core-sounds-en-wav is not installed")
@pytest.mark.parametrize("room", [-70, -60, -50, -42])
def test_speech_is_kept_and_pauses_are_not(room):
    speech = talk(300)
    power = (speech.reshape(-1, 160) ** 2).mean(1)
    level = 10 * np.log10(power + 1e-9) - 20 * np.log10(RMS_0_DBM0)
    pause = np.convolve(level > -70, np.ones(41), "same") == 0  # 400 ms from any speech
    noisy = speech + np.random.default_rng(1).normal(size=len(speech)) * RMS_0_DBM0 * 10 ** (room / 20)
    runtime = "mp32" if "mp32" in micropythons() else "mp64"
    heard = voice(noisy, runtime)
    assert (heard * power).sum() / power.sum() > 0.999
    assert heard[(level > -45) & (level > room + 10)].mean() > 0.995
    assert heard[pause][100:].mean() < 0.02
    for other in micropythons():
        assert (voice(noisy[:800000], other) == heard[:5000]).all(), other


def made(noise: Noise, frames: int) -> np.ndarray:
    pcm = np.zeros((frames, 160), np.int16)
    for frame in pcm:
        noise.make(frame, 160)
    return pcm.ravel().astype(float)


@pytest.mark.parametrize(("k1", "k2"), [(127, 127), (40, 127), (127, 220), (60, 180), (200, 100), (20, 60)])
def test_the_spectrum_is_that_of_the_all_pole_model(k1, k2):
    noise = Noise(77)
    noise.update(bytes([40, k1, k2]), 0, 3)
    made(noise, 20)
    hz, found = signal.welch(made(noise, 1500), 8000, nperseg=128)
    r1, r2 = ((k - 127) * 258 / 32768 for k in (k1, k2))
    z = np.exp(-2j * np.pi * np.asarray(hz) / 8000)
    error = 10 * np.log10(found * abs(1 + r1 * (1 + r2) * z + r2 * z * z) ** 2)[2:-2]
    assert np.ptp(error) < 2.0  # dB


def test_the_noise_has_no_period_and_no_offset():
    noise = Noise()
    noise.update(b"\x1e", 0, 1)
    pcm = made(noise, 500)
    assert abs(pcm.mean()) < 0.05 * pcm.std()
    spectrum = abs(np.fft.rfft(pcm)) ** 2
    peak = np.correlate(pcm[:8000], pcm[:8000], "full")[8000:] / (pcm[:8000] ** 2).sum()
    assert abs(peak).max() < 0.06
    assert spectrum[1:].max() / spectrum[1:].mean() < 20


@given(st.binary(min_size=1, max_size=12), st.integers(0, 65535))
def test_any_payload_makes_bounded_noise(payload, seed):
    noise = Noise(seed | 1)
    noise.update(payload, 0, len(payload))
    pcm = made(noise, 12)
    assert abs(pcm).max() < 10000


@given(st.binary(min_size=320, max_size=320))
def test_any_frame_can_be_described(samples):
    out = bytearray(4)
    pcm = np.frombuffer(samples, np.int16)
    level = level_dbm0(pcm, 160)
    assert NoiseSender().step(0, level, pcm, 160, out, 1) == 3
    assert out[0] == 0 and abs(out[1] - max(0, min(127, 6.15 - level / 10))) <= 0.6
    assert 3 <= out[2] <= 251 and 3 <= out[3] <= 251


def test_coefficients_are_those_of_levinson_and_durbin():
    rng = np.random.default_rng(2)
    for a1, a2 in ((-0.9, 0.2), (0.5, 0.3), (0.0, -0.6), (-1.2, 0.7)):
        pcm = np.round(np.asarray(signal.lfilter([1], [1, a1, a2], rng.normal(size=400) * 700))[240:])
        r0, r1, r2 = (np.dot(pcm[k:], pcm[: 160 - k]) for k in range(3))
        k1 = -r1 / r0
        k2 = -(r2 + k1 * r1) / (r0 * (1 - k1 * k1))
        out = bytearray(3)
        NoiseSender().step(0, -300, pcm.astype(np.int16), 160, out, 0)
        assert abs((out[1] - 127) / 127 - k1) < 0.012
        assert abs((out[2] - 127) / 127 - k2) < 0.02
