"""Time on this computer: our kernels on the 64-bit MicroPython beside spandsp (Debian: libspandsp2).

Other than the counts this differs from run to run and from machine to machine; the ratio says what a
language with types and a C compiler make of the same work on a processor that is fast at either.
"""

import ctypes
import ctypes.util
import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools.xtensa.signals import FRAME, noise, voice
from host_tools.xtensa.sources import FIRMWARE, ROOT

MICROPYTHON = ROOT / ".venv/bin/micropython"
_REPEATS = 2000
_SCRIPT = Path(__file__).parent / "x86_ours.py"


@dataclass(frozen=True)
class Pair:
    """µs for 20 ms."""

    name: str
    ours: float | None
    spandsp: float | None


def measure() -> list[Pair]:
    """Rows that spandsp has, too; None where MicroPython or spandsp is missing."""
    ours, theirs = _ours(), _spandsp()
    return [Pair(name, ours.get(name), theirs.get(name)) for name in sorted({*ours, *theirs})]


def _ours() -> dict[str, float]:
    if not MICROPYTHON.exists():
        return {}
    signal = json.dumps({"noise": noise(peak=32000).tolist(), "voice": voice(10 * FRAME).tolist()})
    done = subprocess.run(
        [MICROPYTHON, _SCRIPT, str(_REPEATS)],
        input=signal,
        capture_output=True,
        text=True,
        env={"MICROPYPATH": f"{FIRMWARE}:.frozen"},
        check=True,
    )
    return json.loads(done.stdout)


def _spandsp() -> dict[str, float]:
    name = ctypes.util.find_library("spandsp")
    if name is None:
        return {}
    library = ctypes.CDLL(name)
    for function in ("g711_init", "dtmf_rx_init", "plc_init"):
        getattr(library, function).restype = ctypes.c_void_p
    samples = (ctypes.c_int16 * FRAME)(*noise(peak=32000))
    spoken = [
        (ctypes.c_int16 * FRAME)(*voice(10 * FRAME)[at : at + FRAME]) for at in range(0, 10 * FRAME, FRAME)
    ]
    codes = (ctypes.c_uint8 * FRAME)()
    codec = ctypes.c_void_p(library.g711_init(None, 1))
    detector = ctypes.c_void_p(library.dtmf_rx_init(None, None, None))
    concealer = ctypes.c_void_p(library.plc_init(None))
    filled = (ctypes.c_int16 * FRAME)()

    def conceal() -> None:
        library.plc_rx(concealer, spoken[0], FRAME)
        library.plc_fillin(concealer, filled, FRAME)

    return {
        "g711 encode µ-law": _time(lambda: library.g711_encode(codec, codes, samples, FRAME)),
        "g711 decode": _time(lambda: library.g711_decode(codec, samples, codes, FRAME)),
        "dtmf voice": _time(*[lambda s=s: library.dtmf_rx(detector, s, FRAME) for s in spoken]),
        "plc good and lost": _time(conceal),
    }


def _time(*works: Callable[[], object]) -> float:
    """µs of one of them, the call from Python taken off."""
    return max(_loop(*works) - _loop(lambda: None), 0.0)


def _loop(*works: Callable[[], object]) -> float:
    begin = time.perf_counter()
    for _ in range(_REPEATS // len(works)):
        for work in works:
            work()
    return (time.perf_counter() - begin) * 1e6 / (_REPEATS // len(works) * len(works))
