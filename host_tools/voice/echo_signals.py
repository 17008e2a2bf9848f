"""Echo paths and signals for the echo bench, all at 8 kHz in 16-bit units (22828 peak = 0 dBm0).

The echo paths are our own, with the length (2 … 8 ms), the dispersion and the loss of those in ITU-T G.168
Annex D, not its coefficients; the composite source signal has the structure of that of ITU-T P.501 (voiced
sound, noise, pause), not its samples. Speech is synthetic: pulses or noise through three moving formants.
"""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import signal

RATE = 8000
_DBM0 = 22828 / np.sqrt(2)


def dbm0(samples: np.ndarray) -> float:
    """RMS level."""
    return float(10 * np.log10(np.mean(np.asarray(samples, float) ** 2) + 1e-9) - 20 * np.log10(_DBM0))


def at_level(samples: np.ndarray, level: float) -> np.ndarray:
    """The same with this RMS level (dBm0) while it is active (within 40 dB of its loudest 20 ms)."""
    power = np.mean(np.asarray(samples[: len(samples) // 160 * 160], float).reshape(-1, 160) ** 2, axis=1)
    active = power[power > power.max() * 1e-4].mean()
    return samples * (_DBM0 * 10 ** (level / 20) / np.sqrt(active))


def through_ulaw(samples: np.ndarray) -> np.ndarray:
    """As it comes from the network: coded to µ-law and decoded (ITU-T G.711)."""
    x = np.clip(np.round(samples), -32768, 32767).astype(int)
    m = np.minimum(np.abs(x), 32635) + 132
    exponent = np.floor(np.log2(m)).astype(int) - 7
    mantissa = (m >> (exponent + 3)) & 15
    return (np.sign(x) * ((((mantissa << 3) + 132) << exponent) - 132)).astype(float)


@dataclass(frozen=True)
class EchoPath:
    """An echo path: name, impulse response from its first sample on, echo return loss in dB."""

    name: str
    response: np.ndarray
    loss: float


def echo_path(number: int, milliseconds: float, loss: float) -> EchoPath:
    """Three to five decaying resonances of the telephone band. `loss`: dB, mean power over 300 … 3400 Hz."""
    random = np.random.default_rng(number)
    n = int(milliseconds * 8)
    t = np.arange(n)
    h = np.zeros(n)
    for _ in range(3 + number % 3):
        start = random.integers(0, max(2, n // 5))
        late = np.maximum(t - start, 0)
        hz, decay = random.uniform(350, 3000), random.uniform(0.08, 0.22) * n
        wave_ = np.cos(2 * np.pi * hz * late / RATE + random.uniform(0, 2 * np.pi))
        h += (t >= start) * random.uniform(0.4, 1) * np.exp(-late / decay) * wave_
    h *= np.cos(np.pi / 2 * np.clip((t - 0.8 * n) / (0.2 * n), 0, 1))
    return EchoPath(f"{number} ({milliseconds:g} ms, {loss:g} dB)", _with_loss(h, loss), loss)


def _with_loss(h: np.ndarray, loss: float) -> np.ndarray:
    power = np.abs(np.fft.rfft(h, 2048)) ** 2
    hz = np.fft.rfftfreq(2048, 1 / RATE)
    band = power[(hz > 300) & (hz < 3400)].mean()
    return np.concatenate([np.zeros(4), h / np.sqrt(band) * 10 ** (-loss / 20)])


PATHS = [
    echo_path(1, 7, 10), echo_path(2, 7, 6), echo_path(3, 2, 24), echo_path(4, 4, 18), echo_path(5, 5, 8),
    echo_path(6, 7, 14),
]  # fmt: skip


def noise(n: int, seed: int) -> np.ndarray:
    """White in the telephone band."""
    band = signal.butter(4, [200, 3600], "band", fs=RATE, output="sos")
    return np.asarray(signal.sosfilt(band, np.random.default_rng(seed).normal(size=n)))


def composite(n: int, seed: int) -> np.ndarray:
    """49 ms voiced, 200 ms of noise shaped like speech, 101 ms pause; the sign changes each time."""
    random = np.random.default_rng(seed)
    poles = np.concatenate([_pole(500, 0.95), _pole(1500, 0.9)])
    low = signal.butter(2, [250, 900], "band", fs=RATE, output="sos")
    high = signal.butter(2, [900, 3600], "band", fs=RATE, output="sos")
    parts, sign = [], 1
    for _ in range(n // 2800 + 1):
        pulses = np.zeros(789)
        pulses[::36] = 1
        voiced = np.asarray(signal.lfilter([1], np.poly(poles).real, pulses))[400:]
        white = random.normal(size=2000)
        shaped = np.asarray(signal.sosfilt(low, white)) + 0.15 * np.asarray(signal.sosfilt(high, white))
        parts += [sign * voiced / voiced.std(), sign * shaped[400:] / shaped[400:].std(), np.zeros(811)]
        sign = -sign
    return np.concatenate(parts)[:n]


def _pole(hz: float, radius: float) -> np.ndarray:
    pole = radius * np.exp(2j * np.pi * hz / RATE)
    return np.array([pole, pole.conjugate()])


_VOWELS = ((700, 1200, 2600), (300, 2200, 3000), (500, 900, 2400), (400, 1900, 2500), (600, 1700, 2500))


def speech(n: int, seed: int) -> np.ndarray:
    """Syllables: a fricative, then a vowel of changing pitch and formants; pauses between words."""
    random = np.random.default_rng(seed)
    parts: list[np.ndarray] = []
    pitch = random.uniform(90, 220)
    formants = np.array(_VOWELS[0], float)
    while sum(map(len, parts)) < n:
        if random.random() < 0.5:
            hiss = random.normal(size=int(random.uniform(0.03, 0.09) * RATE))
            edge = signal.butter(2, random.uniform(1500, 2500), "high", fs=RATE, output="sos")
            parts.append(0.08 * np.asarray(signal.sosfilt(edge, hiss)) * np.hanning(len(hiss)))
        length = int(random.uniform(0.08, 0.22) * RATE)
        towards = np.array(_VOWELS[random.integers(len(_VOWELS))], float)
        glide = pitch * np.linspace(1, random.uniform(0.85, 1.15), length)
        pulses = np.diff(np.floor(np.cumsum(glide) / RATE), prepend=0) + 0.02 * random.normal(size=length)
        vowel = np.zeros(length)
        state = np.zeros(6)
        for at in range(0, length, 80):
            now = formants + (towards - formants) * at / length
            poles = np.concatenate([_pole(hz, r) for hz, r in zip(now, (0.97, 0.95, 0.92), strict=True)])
            part = pulses[at : at + 80]
            vowel[at : at + 80], state = signal.lfilter([1], np.poly(poles).real, part, zi=state)
        formants = towards
        parts.append(vowel / (vowel.std() + 1e-9) * np.hanning(length) ** 0.5 * random.uniform(0.3, 1))
        if random.random() < 0.3:
            parts.append(np.zeros(int(random.uniform(0.05, 0.35) * RATE)))
            pitch = random.uniform(0.8, 1.2) * pitch if 90 < pitch < 220 else 140
    return np.concatenate(parts)[:n]


def recorded(folder: Path, n: int, seed: int) -> np.ndarray | None:
    """Recorded speech from the 8 kHz WAV files in `folder`; None if there are none."""
    files = sorted(folder.glob("**/*.wav"))
    random = np.random.default_rng(seed)
    parts: list[np.ndarray] = []
    while files and sum(map(len, parts)) < n:
        with wave.open(str(files[random.integers(len(files))])) as file:
            if file.getframerate() == RATE and file.getsampwidth() == 2 and file.getnchannels() == 1:
                parts.append(np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float))
    return np.concatenate(parts)[:n] if parts else None


def tone(n: int, hz: float, level: float) -> np.ndarray:
    return 22828 * 10 ** (level / 20) * np.sin(2 * np.pi * hz * np.arange(n) / RATE)


def digits(text: str, n: int, start: int, level: float) -> np.ndarray:
    """DTMF, 60 ms on, 140 ms off, from sample `start` on; each tone at `level`."""
    found = np.zeros(n)
    for place, digit in enumerate(text):
        row, column = divmod("123A456B789C*0#D".index(digit), 4)
        at = start + place * 1600
        found[at : at + 480] = tone(480, (697, 770, 852, 941)[row], level)
        found[at : at + 480] += tone(480, (1209, 1336, 1477, 1633)[column], level)
    return found
