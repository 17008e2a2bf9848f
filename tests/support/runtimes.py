"""The MicroPython interpreters that the tests run on."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def micropythons() -> dict[str, Path]:
    """Name → program: mp64 (the PyPI wheel) and, where it exists, mp32 (Debian's, the truth)."""
    found = {}
    i386 = ROOT / "build/runtime/i386/micropython"
    if i386.exists():
        found["mp32"] = i386
    wheel = Path(sys.executable).parent / "micropython"
    program = wheel if wheel.exists() else shutil.which("micropython")
    if program:
        found["mp64"] = Path(program)
    return found
