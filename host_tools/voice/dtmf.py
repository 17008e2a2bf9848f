"""DTMF and tones by the firmware's kernels, for the commands."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from host_tools.virtual_board.speech import Samples
from host_tools.voice.kernels import run


@dataclass(frozen=True)
class Digit:
    """One digit that was heard; the level is that of both tones together."""

    digit: str
    start_ms: int
    duration_ms: int
    level_dbm0: float


def decode(blocks: Iterable[bytes]) -> list[Digit]:
    """The digits that the firmware's detector finds in 16-bit PCM at 8 kHz. Errors as of kernels.run()."""
    found = []
    for line in run("decode_dtmf", feed=blocks).decode().splitlines():
        digit, start, duration, level = line.split()
        found.append(Digit(digit, int(start), int(duration), int(level) / 10))
    return found


def make_tone(region: str, tone: str, seconds: float) -> Samples:
    """`tone`: a name of the region's ("busy") or a script ("350+440;.5/.5"). Refused if it is neither."""
    return _samples(run("make_tone", region, tone, seconds))


def make_digits(digits: str, on: int, off: int) -> Samples:
    """`on`, `off`: ms of each digit and of the pause after it."""
    return _samples(run("make_dtmf", digits, on, off))


def make_dtmf_callerid(form: str, number: str, on: int = 70, off: int = 70) -> Samples:
    """The digits of DTMF caller ID between the start and end digits `form` ("AC", "DC", …)."""
    return _samples(run("make_dtmf", "callerid", form, number, on, off))


def _samples(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, "<i2").astype(np.int16)
