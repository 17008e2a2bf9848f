"""Unit tests run from the same file on CPython and on each MicroPython.

A file tests/unit/**/test_*.py holds plain functions `def test_…():` with bare asserts (no pytest, no
fixtures), so that MicroPython can run it as it is. Its first lines may say

    # runs on: micropython          (viper under a locked heap, sockets, …)
    # runs on: cpython              (NumPy references, hypothesis, …: prefer tests/property for these)

A file without that line runs on all of them.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "firmware"), str(ROOT / "tests"), str(ROOT / "host_tools/virtual_board/device")]

from support import cpython_viper  # noqa: E402
from support.runtimes import micropythons  # noqa: E402

cpython_viper.install()
UNIT = ROOT / "tests/unit"
FIRMWARE_PATH = f"{ROOT}/firmware:{ROOT}/tests:{ROOT}/host_tools/virtual_board/device:.frozen"


def runs_on(path: Path) -> str:
    for line in path.read_text().splitlines()[:10]:
        if line.startswith("# runs on:"):
            return line.split(":")[1].split()[0]
    return "all"


def pytest_collect_file(file_path: Path, parent):
    if not (UNIT in file_path.parents and file_path.name.startswith("test_") and file_path.suffix == ".py"):
        return None
    if runs_on(file_path) == "cpython":
        return None
    return MicroPythonFile.from_parent(parent, path=file_path)


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("board") or item.get_closest_marker("peer"):
            item.add_marker(pytest.mark.flaky(reruns=2))


def pytest_pycollect_makemodule(module_path: Path, parent):
    if UNIT in module_path.parents and runs_on(module_path) == "micropython":
        return EmptyFile.from_parent(parent, path=module_path)
    return None


class EmptyFile(pytest.File):
    def collect(self):
        return []


class MicroPythonFile(pytest.File):
    """One run of the file on each interpreter; each test function is an item on each."""

    def collect(self):
        tree = ast.parse(self.path.read_text())
        names = [n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]
        for runtime, program in micropythons().items():
            run = MicroPythonRun(program, self.path)
            for name in names:
                yield MicroPythonItem.from_parent(self, name=f"{name}[{runtime}]", run=run, test=name)


class MicroPythonRun:
    def __init__(self, program: Path, path: Path):
        self.program, self.path = program, path
        self.results: dict[str, tuple[str, str]] | None = None
        self.output = ""

    def result(self, function: str) -> tuple[str, str]:
        if self.results is None:
            self.results = {}
            done = subprocess.run(
                [self.program, "-X", "heapsize=4M", ROOT / "tests/support/on_micropython.py", self.path],
                capture_output=True,
                text=True,
                timeout=100,
                check=False,
                cwd=ROOT,
                env={"MICROPYPATH": FIRMWARE_PATH, "HOME": "/nonexistent"},
            )
            self.output = done.stdout + done.stderr
            lines = done.stdout.split("\n")
            for number, line in enumerate(lines):
                if line.startswith("\x01") and line != "\x01end":
                    word, name = line[1:].split()[:2]
                    end = lines.index("\x01end", number) if word == "fail" else number
                    self.results[name] = (word, "\n".join(lines[number + 1 : end]))
        return self.results.get(function, ("fail", "the interpreter stopped before it:\n" + self.output))


class MicroPythonFailure(Exception):
    pass


class MicroPythonItem(pytest.Item):
    def __init__(self, *, run: MicroPythonRun, test: str, **kwargs):
        super().__init__(**kwargs)
        self.run, self.test = run, test

    def runtest(self):
        word, text = self.run.result(self.test)
        if word != "ok":
            raise MicroPythonFailure(text)

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, MicroPythonFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, None, f"{self.path.name}::{self.name}"


def pytest_report_header(config):
    found = micropythons()
    lines = [f"MicroPython: {', '.join(found) or 'none'}"]
    if "mp32" not in found:
        lines.append("32-bit MicroPython is not here (make setup on Debian x86-64): its tests are left out")
    return lines
