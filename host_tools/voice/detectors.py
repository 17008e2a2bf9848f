"""DTMF detectors, ours and others, behind one contract: pieces of sound in, the digits of each out."""

import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from host_tools.virtual_board.speech import RATE, Samples, to_int16
from host_tools.voice import spandsp
from host_tools.voice.kernels import run

Detector = Callable[[Sequence[Samples]], list[str]]

_MULTIMON_RATE = 22050


def firmware(pieces: Sequence[Samples]) -> list[str]:
    def feed() -> Iterator[bytes]:
        for piece in pieces:
            yield struct.pack("<I", len(piece)) + piece.astype("<i2").tobytes()

    return run("batch_dtmf", feed=feed()).decode().split("\n")[:-1]


def with_spandsp(pieces: Sequence[Samples]) -> list[str]:
    return [spandsp.digits(piece) for piece in pieces]


def multimon(pieces: Sequence[Samples]) -> list[str]:
    """multimon-ng tells a digit when it has ended or changed, so silence is put behind each piece."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "piece.raw"
        for piece in pieces:
            padded = np.concatenate([piece, np.zeros(RATE // 5)])
            path.write_bytes(to_int16(resample_poly(padded, _MULTIMON_RATE // 50, RATE // 50)).tobytes())
            told = subprocess.run(
                ["multimon-ng", "-q", "-a", "DTMF", "-t", "raw", path],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            found.append("".join(line[6:] for line in told.splitlines() if line.startswith("DTMF: ")))
    return found


def present() -> tuple[dict[str, Detector], list[str]]:
    """Name → detector of those that are here, ours first; and a word on each that is not."""
    found: dict[str, Detector] = {"firmware": firmware}
    missing = []
    if spandsp.library():
        found["spandsp"] = with_spandsp
    else:
        missing.append("spandsp is left out (Debian: libspandsp2)")
    if shutil.which("multimon-ng"):
        found["multimon-ng"] = multimon
    else:
        missing.append("multimon-ng is left out (Debian: multimon-ng)")
    return found, missing
