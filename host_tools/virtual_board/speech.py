"""Something to say: WAV files at 8 kHz, and a small synthetic voice so that none is needed.

The voice is a formant synthesizer in the manner of D. H. Klatt (JASA 67, 1980): a glottal pulse train and
noise through five resonators in cascade, steered by a short list of phonemes. It is deterministic: the
same phrase gives the same samples on every machine, so that a test can compare what was heard with it.

Samples are int16 at 8 kHz everywhere. 0 dBm0 is a sine with a peak of 22828 (r.m.s. 16142).
"""

import wave
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

RATE = 8000
DBM0_RMS = 22828 / np.sqrt(2)
SPEECH_DBM0 = -16.0  # active speech level of a telephone talker, ITU-T P.56 practice

Samples = NDArray[np.int16]


class WavError(ValueError):
    """A sound file that cannot be used; the text says which and why."""


# ---- files ----


def read_wav(path: Path | str) -> Samples:
    """The first channel of a PCM WAV file of any rate and 8 … 32 bit, as int16 at 8 kHz."""
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            data = file.readframes(file.getnframes())
    except FileNotFoundError:
        raise WavError(f"{path}: no such file") from None
    except (wave.Error, EOFError) as error:
        raise WavError(f"{path}: not a PCM WAV file ({error})") from None
    data = data[: len(data) // (width * channels) * width * channels]
    if width == 1:  # 8-bit WAV is unsigned
        samples = np.frombuffer(data, np.uint8).astype(float) * 256 - 32768
    elif width == 3:
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        samples = wide.view("<i4").ravel() / 65536
    else:
        samples = np.frombuffer(data, f"<i{width}") / (1 << (8 * width - 16))
    samples = samples[::channels]
    if rate != RATE:
        common = np.gcd(rate, RATE)
        samples = signal.resample_poly(samples, RATE // common, rate // common)
    return to_int16(samples)


def write_wav(path: Path | str, samples: Samples) -> None:
    """Write int16 samples as an 8 kHz mono WAV file, making its folder if need be."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.asarray(samples, "<i2").tobytes())


def to_int16(samples: NDArray) -> Samples:
    return np.clip(np.round(samples), -32768, 32767).astype(np.int16)


# ---- levels and comparison ----


def level_dbm0(samples: NDArray) -> float:
    """R.m.s. level of int16-scaled samples in dBm0; −100 for silence."""
    power = float(np.mean(np.square(samples, dtype=float))) if len(samples) else 0.0
    return max(-100.0, 10 * np.log10(power / DBM0_RMS**2)) if power > 0 else -100.0


def levels_dbm0(samples: NDArray, window: float = 0.02) -> NDArray[np.float64]:
    """The level of each `window` seconds in dBm0 (floor −70), for plots."""
    n = round(window * RATE)
    blocks = np.asarray(samples[: len(samples) // n * n], float).reshape(-1, n)
    power = np.mean(blocks**2, axis=1) / DBM0_RMS**2
    return 10 * np.log10(np.maximum(power, 1e-7))


@dataclass(frozen=True)
class Match:
    """How well `source` is found in a recording."""

    correlation: float  # of the aligned parts, −1 … 1
    delay: float  # seconds from the start of the recording to the start of the source in it
    gain_db: float  # level of what was heard against the source


def find(source: NDArray, heard: NDArray) -> Match:
    """Where and how well `source` lies in `heard` (not shorter than half of the source)."""
    a, b = np.asarray(source, float), np.asarray(heard, float)
    if not np.any(a) or not np.any(b):
        return Match(0.0, 0.0, -100.0)
    product = signal.correlate(b, a, "full", "fft")
    # Divide by the energy of that part of the recording which lies under the source at each shift.
    energy = np.concatenate([[0.0], np.cumsum(b * b)])
    shift = np.arange(len(product)) - (len(a) - 1)
    under = energy[np.clip(shift + len(a), 0, len(b))] - energy[np.clip(shift, 0, len(b))]
    floor = 1e-6 * float(a @ a) + 1e-12
    score = product / np.sqrt(float(a @ a) * np.maximum(under, floor))
    best = int(np.argmax(score))
    gain = product[best] / float(a @ a)
    return Match(
        float(np.clip(score[best], -1, 1)),
        float(shift[best]) / RATE,
        20 * float(np.log10(max(abs(gain), 1e-5))),
    )


# ---- the voice ----


@dataclass(frozen=True)
class Sound:
    """A phoneme: what drives the resonators, where the first three lie, how long it lasts."""

    voice: float  # amplitude of the glottal pulses, 0 … 1
    noise: float  # amplitude of the hiss, 0 … 1
    band: tuple[int, int]  # the hiss, Hz
    formants: tuple[int, int, int]  # Hz
    ms: int
    end: tuple[int, int, int] | None = None  # a diphthong glides to these


_H = (500, 3300)
SOUNDS = {
    "AA": Sound(1.0, 0, _H, (730, 1090, 2440), 130),
    "AE": Sound(1.0, 0, _H, (660, 1720, 2410), 130),
    "AH": Sound(0.9, 0, _H, (620, 1200, 2390), 90),
    "EH": Sound(1.0, 0, _H, (530, 1840, 2480), 110),
    "ER": Sound(0.9, 0, _H, (490, 1350, 1690), 120),
    "IH": Sound(0.9, 0, _H, (400, 1990, 2550), 85),
    "IY": Sound(0.9, 0, _H, (280, 2250, 2900), 120),
    "OW": Sound(1.0, 0, _H, (570, 900, 2400), 170, (360, 780, 2300)),
    "UH": Sound(0.9, 0, _H, (440, 1020, 2240), 90),
    "UW": Sound(0.9, 0, _H, (310, 870, 2250), 130),
    "AY": Sound(1.0, 0, _H, (730, 1100, 2440), 180, (330, 2100, 2700)),
    "EY": Sound(1.0, 0, _H, (500, 1850, 2480), 160, (320, 2150, 2700)),
    "L": Sound(0.6, 0, _H, (360, 1000, 2700), 65),
    "R": Sound(0.6, 0, _H, (340, 1120, 1600), 65),
    "W": Sound(0.5, 0, _H, (300, 650, 2200), 65),
    "Y": Sound(0.5, 0, _H, (270, 2250, 3000), 60),
    "M": Sound(0.4, 0, _H, (260, 1000, 2200), 75),
    "N": Sound(0.4, 0, _H, (260, 1500, 2500), 70),
    "NG": Sound(0.4, 0, _H, (260, 2000, 2700), 80),
    "DH": Sound(0.4, 0.1, (1500, 3400), (300, 1400, 2600), 50),
    "V": Sound(0.4, 0.1, (1000, 3400), (280, 1100, 2400), 55),
    "Z": Sound(0.3, 0.3, (2500, 3800), (300, 1700, 2600), 75),
    "F": Sound(0, 0.25, (1200, 3800), (340, 1100, 2400), 100),
    "S": Sound(0, 0.5, (2600, 3900), (320, 1700, 2600), 105),
    "SH": Sound(0, 0.5, (1800, 3600), (320, 1900, 2600), 110),
    "TH": Sound(0, 0.15, (1500, 3800), (320, 1400, 2600), 80),
    "HH": Sound(0, 0.25, (500, 2800), (500, 1500, 2500), 60),
    "P": Sound(0, 0.02, (500, 1500), (350, 1000, 2300), 80),
    "T": Sound(0, 0.12, (2200, 3800), (350, 1750, 2600), 75),
    "K": Sound(0, 0.1, (1400, 2400), (350, 1900, 2500), 80),
    "B": Sound(0.2, 0.02, (500, 1500), (250, 1000, 2300), 60),
    "D": Sound(0.2, 0.06, (2200, 3600), (250, 1700, 2600), 55),
    "G": Sound(0.2, 0.06, (1400, 2400), (250, 1900, 2500), 60),
    ".": Sound(0, 0, _H, (500, 1500, 2500), 260),
    ",": Sound(0, 0, _H, (500, 1500, 2500), 130),
}

PHRASES = {
    # name: (text, phonemes)
    "hello": (
        "Hello, this is phone one, can you hear me?",
        "HH AH L OW , DH IH S IH Z F OW N W AH N , K AE N Y UW HH IY R M IY .",
    ),
    "answer": (
        "Yes, I hear you well, here is phone two.",
        "Y EH S , AY HH IY R Y UW W EH L , HH IY R IH Z F OW N T UW .",
    ),
    "goodbye": ("Thank you, and goodbye.", "TH AE NG K Y UW , AE N D G UH D B AY ."),
    "moment": ("One moment please.", "W AH N M OW M AH N T P L IY Z ."),
}


@lru_cache(maxsize=16)
def say(phrase: str, pitch: float = 118.0, tract: float = 1.0) -> Samples:
    """A phrase of PHRASES as speech. `pitch` in Hz; `tract` scales the resonances (1.15: a shorter tract)."""
    _, phonemes = PHRASES[phrase]
    rate = 2 * RATE
    track = _track([SOUNDS[name] for name in phonemes.split()], tract)
    random = np.random.default_rng(1876)  # the same hiss each time
    step = rate // 200  # the parameters hold for 5 ms
    n = len(track) * step
    smooth = np.repeat(track, step, axis=0)
    # Pitch falls over the phrase, with a slow wave as in speech.
    at = np.arange(n) / rate
    f0 = pitch * (1.12 - 0.22 * at / at[-1] + 0.05 * np.sin(2 * np.pi * 2.3 * at))
    glottis = _glottal_pulses(np.cumsum(f0) / rate)
    hiss = random.standard_normal(n)
    excited = smooth[:, 0] * (glottis + 0.02 * hiss)
    out = np.zeros(n)
    cascade_state = [np.zeros(2) for _ in range(5)]
    noise_state: dict[tuple[float, float], NDArray] = {}
    for k, (_, noise, low, high, f1, f2, f3) in enumerate(track):
        part = slice(k * step, (k + 1) * step)
        block = excited[part]
        formants = ((f1, 70.0), (f2, 100.0), (f3, 140.0), (3500.0 * tract, 220.0), (4500.0 * tract, 300.0))
        for i, (frequency, width) in enumerate(formants):
            b, a = _resonator(frequency, width, rate)
            block, cascade_state[i] = signal.lfilter(b, a, block, zi=cascade_state[i])
        out[part] += block
        if noise > 0.001:
            sos = np.asarray(signal.butter(2, (low, high), "bandpass", fs=rate, output="sos"))
            key = (low, high)
            state = noise_state.get(key, np.zeros((len(sos), 2)))
            hissed, noise_state[key] = signal.sosfilt(sos, hiss[part], zi=state)
            out[part] += 0.7 * noise * hissed
    band = signal.butter(4, (300, 3400), "bandpass", fs=rate, output="sos")
    samples = signal.resample_poly(signal.sosfilt(band, out), 1, 2)
    loud = samples[np.abs(samples) > 0.05 * np.max(np.abs(samples))]
    scale = DBM0_RMS * 10 ** (SPEECH_DBM0 / 20) / np.sqrt(np.mean(loud**2))
    speech = to_int16(samples * scale)
    speech.flags.writeable = False  # shared by the cache
    return speech


def _track(sounds: list[Sound], tract: float) -> NDArray:
    """Rows of (voice, noise, hiss low, hiss high, F1, F2, F3), one for each 5 ms, glides smoothed."""
    rows = []
    for sound in sounds:
        count = sound.ms // 5
        end = sound.end or sound.formants
        for i in range(count):
            mix = i / count
            formants = [tract * ((1 - mix) * a + mix * b) for a, b in zip(sound.formants, end)]
            rows.append([sound.voice, sound.noise, *sound.band, *formants])
    track = np.array(rows)
    width = np.hanning(11)
    width /= width.sum()
    for column in (0, 1, 4, 5, 6):
        padded = np.pad(track[:, column], 5, mode="edge" if column > 1 else "constant")
        track[:, column] = np.convolve(padded, width, "valid")
    return track


def _glottal_pulses(cycles: NDArray) -> NDArray:
    """The derivative of Rosenberg's glottal pulse (opens 40 %, closes 16 % of a cycle)."""
    phase = cycles % 1.0
    opening = np.where(phase < 0.4, np.sin(np.pi * phase / 0.4) * 0.4, 0)
    closing = np.where((phase >= 0.4) & (phase < 0.56), -np.sin(np.pi / 2 * (phase - 0.4) / 0.16), 0)
    return opening + closing


def _resonator(frequency: float, width: float, rate: int) -> tuple[NDArray, NDArray]:
    """Klatt's digital resonator, unity gain at 0 Hz."""
    r = np.exp(-np.pi * width / rate)
    b, c = 2 * r * np.cos(2 * np.pi * frequency / rate), -r * r
    return np.array([1 - b - c]), np.array([1, -b, -c])
