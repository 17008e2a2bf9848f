"""Streams of speech through networks, heard by way of the firmware's jitter buffer and concealment."""

import importlib
import importlib.util
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.virtual_board.speech import RATE, Samples
from host_tools.voice.kernels import run
from host_tools.voice.wav import g711_values

_FRAME = 160
_EXTRA = 12  # steps after the last packet was sent


@dataclass
class Stream:
    """`speech` (whole frames), µ-law, whose packets arrive at `times` (ms, NaN: never). `heard` and the
    figures are filled in by receive(); `heard` begins when the first packet is sent."""

    speech: Samples
    times: NDArray
    conceal: bool = True
    least: int = 20  # ms of the jitter buffer
    most: int = 200
    heard: Samples = field(default_factory=lambda: np.zeros(0, np.int16))
    depth: int = 0  # ms, mean
    unheard: int = 0  # frames that were not there when they were to be played
    late: int = 0
    lost: int = 0
    stretched: int = 0
    skipped: int = 0

    def steps(self) -> int:
        return len(self.speech) // _FRAME + _EXTRA


def receive(streams: Sequence[Stream]) -> None:
    """In one run of MicroPython. Errors as of kernels.run()."""
    out = run("receive", feed=_orders(streams))
    at = 0
    for stream in streams:
        size = 2 * _FRAME * stream.steps()
        stream.heard = np.frombuffer(out[at : at + size], "<i2").astype(np.int16)
        figures = struct.unpack("<6i", out[at + size : at + size + 24])
        stream.depth, stream.unheard, stream.late, stream.lost, stream.stretched, stream.skipped = figures
        at += size + 24


def _orders(streams: Sequence[Stream]) -> Iterator[bytes]:
    for stream in streams:
        count = len(stream.speech) // _FRAME
        came = np.flatnonzero(~np.isnan(stream.times))
        came = came[np.argsort(stream.times[came], kind="stable")]
        words = (0, stream.conceal, stream.least, stream.most, stream.steps(), count, len(came))
        pairs = np.column_stack([np.ceil(stream.times[came]), came]).astype("<u4")
        yield struct.pack("<7I", *words) + encode(stream.speech[: _FRAME * count]) + pairs.tobytes()


def encode(pcm: Samples) -> bytes:
    """µ-law, the nearest value."""
    values = g711_values(0)
    order = np.argsort(values, kind="stable")
    middles = (values[order][1:] + values[order][:-1]) / 2
    return order[np.searchsorted(middles, pcm)].astype(np.uint8).tobytes()


def decode(codes: bytes) -> Samples:
    return g711_values(0)[np.frombuffer(codes, np.uint8)].astype(np.int16)


def can_score() -> bool:
    return importlib.util.find_spec("pesq") is not None


def score(pair: tuple[Samples, Samples]) -> float:
    """MOS-LQO of (speech, what was heard) by PESQ, narrow band (ITU-T P.862, P.862.1)."""
    speech, heard = pair
    pesq: Any = importlib.import_module("pesq")  # needs a C compiler to install, so not everybody has it
    return float(pesq.pesq(RATE, speech, heard, "nb"))
