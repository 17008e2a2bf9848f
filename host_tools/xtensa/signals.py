"""What the rows are run on: sounds and packets, the same on every machine."""

import math
import random
from array import array
from collections.abc import Iterator

FRAME = 160
_PEAK = 22828  # of a sine of 0 dBm0


def noise(n: int = FRAME, peak: int = 8000, seed: int = 1) -> array:
    """White noise."""
    source = random.Random(seed)
    return array("h", [source.randint(-peak, peak) for _ in range(n)])


def tones(n: int, *parts: tuple[float, float]) -> array:
    """A sum of sines, (Hz, dBm0) each."""
    return array("h", [round(sum(_sine(hz, level, k) for hz, level in parts)) for k in range(n)])


def _sine(hz: float, dbm0: float, k: int) -> float:
    return _PEAK * 10 ** (dbm0 / 20) * math.sin(math.tau * hz * k / 8000)


def voice(n: int) -> array:
    """A vowel of 120 Hz with some noise, about −15 dBm0, that swells twice a second."""
    breath = noise(n, 300, 7)
    harmonics = [(120 * h, -24 - 3 * abs(h - 5)) for h in range(1, 25)]
    vowel = tones(n, *harmonics)
    loud = [0.55 - 0.45 * math.cos(math.tau * k / 4000) for k in range(n)]
    return array("h", [round(loud[k] * vowel[k]) + breath[k] for k in range(n)])


def frames(signal: array) -> Iterator[array]:
    for at in range(0, len(signal) - FRAME + 1, FRAME):
        yield signal[at : at + FRAME]


def datagram(packet: int, size: int = FRAME) -> bytearray:
    """Packet number `packet` of a stream of `size` bytes each."""
    stamps = (packet & 0xFFFF).to_bytes(2, "big") + (packet * size).to_bytes(4, "big")
    payload = bytes((0x20 + packet * 7 + k * 11) & 0xFF for k in range(size))
    return bytearray(b"\x80\x00" + stamps + b"ssrc" + payload)
