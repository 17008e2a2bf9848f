"""Speech for the tests and its comparison: WAV files of 16 bit mono 8 kHz as NumPy arrays."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000
Samples = NDArray[np.int16]
SPEECH = Path("/usr/share/asterisk/sounds/en_US_f_Allison")  # asterisk-core-sounds-en-wav


def read(path: Path) -> Samples:
    """Samples of a mono 8 kHz 16 bit WAV. A file that is still being written is read as far as it goes."""
    with wave.open(str(path)) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
            raise ValueError(f"{path.name} is not 8 kHz mono 16 bit")
        return np.frombuffer(file.readframes(1 << 30), "<i2").astype(np.int16)


def write(path: Path, samples: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def join(parts: list[Samples]) -> Samples:
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)


def speech(name: str, seconds: float, start_s: float = 0) -> Samples:
    """Human speech from the Debian sounds, without the name's ".wav"; repeated if it is too short."""
    whole = read(SPEECH / f"{name}.wav")
    first, count = int(start_s * RATE), int(seconds * RATE)
    return np.resize(np.roll(whole, -first), count)


def rms_dbm0(samples: NDArray) -> float:
    """Level in dBm0 (0 dBm0 = a sine of peak 22828); -100 for silence."""
    power = float(np.mean(np.square(samples.astype(np.float64)))) if len(samples) else 0.0
    return max(-100.0, 10 * np.log10(max(power, 1e-9) / (22828.0**2 / 2)))


def correlation(heard: Samples, source: Samples, shift_s: float | None = None) -> tuple[float, float]:
    """(coefficient −1…1, delay in s) of `source`, taken whole, at the place in `heard` where it fits best.

    The delay is where the beginning of `source` lies in `heard`. The pieces of `heard` that go before the
    beginning or past the end count as silence. shift_s bounds the search to delays up to it.
    """
    if not len(source) or not len(heard):
        return 0.0, 0.0
    source_f = source.astype(np.float64) - float(np.mean(source))
    heard_f = np.concatenate([heard.astype(np.float64), np.zeros(len(source))])
    size = 1 << (len(heard_f) + len(source_f) - 1).bit_length()
    spectrum = np.fft.rfft(heard_f, size) * np.conj(np.fft.rfft(source_f, size))
    product = np.fft.irfft(spectrum, size)[: len(heard)]
    energy = np.concatenate([[0.0], np.cumsum(np.square(heard_f))])
    window = energy[len(source_f) : len(source_f) + len(heard)] - energy[: len(heard)]
    score = product / np.sqrt(np.maximum(window, 1.0) * np.sum(np.square(source_f)))
    if shift_s is not None:
        score = score[: int(shift_s * RATE) + 1]
    best = int(np.argmax(score))
    return float(score[best]), best / RATE


def likeness(heard: Samples, source: Samples, piece_s: float = 0.2) -> tuple[float, float]:
    """(0…1, delay in s): how like `source` is what was heard, allowing a jitter buffer to move by 10 ms.

    The mean of the correlations of short pieces, each found near the delay of the whole, weighted by energy.
    """
    _whole, delay_s = correlation(heard, source)
    step, reach = int(piece_s * RATE), RATE // 10
    padded = np.concatenate([np.zeros(reach, np.int16), heard, np.zeros(len(source) + reach, np.int16)])
    total = weight = 0.0
    for first in range(0, len(source) - step + 1, step):
        piece = source[first : first + step]
        energy = float(np.sum(np.square(piece.astype(np.float64))))
        if not energy:
            continue
        begin = first + int(delay_s * RATE)  # already `reach` earlier, by the padding
        score, _ = correlation(padded[begin : begin + step + 2 * reach], piece, 2 * reach / RATE)
        total += max(score, 0.0) * energy
        weight += energy
    return (total / weight if weight else 0.0), delay_s


def pieces(heard: Samples, source: Samples, piece_s: float = 0.25) -> str:
    """For the message of a failure: where each loud piece of `source` lies in `heard`, score@delay in ms."""
    step, found = int(piece_s * RATE), []
    for first in range(0, len(source) - step + 1, step):
        piece = source[first : first + step]
        if rms_dbm0(piece) > -35:
            score, at_s = correlation(heard[first : first + step + RATE // 2], piece)
            found.append(f"{score:.2f}@{1000 * at_s:.0f}")
    return "pieces " + " ".join(found)
