"""Tests of the ESP32's HAL on the models of machine, network and esp32, on MicroPython: on_models/*.py."""

import ast
import json
import subprocess
from pathlib import Path

import pytest

from host_tools import boards
from host_tools.esp32_model.session import DEVICE
from support.runtimes import ROOT, micropythons

FILES = sorted(Path(__file__).with_name("on_models").glob("*.py"))
pytestmark = [
    pytest.mark.skipif(
        "mp32" not in micropythons(), reason="32-bit MicroPython is not here (make setup says why)"
    )
]


def names(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    return [
        node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file(path: Path, tmp_path: Path) -> None:
    (tmp_path / "board.json").write_text(json.dumps(boards.load("esp32-wroom").data))
    (tmp_path / "faults").write_bytes(bytes(8))
    done = subprocess.run(
        [micropythons()["mp32"], "-X", "heapsize=4M", ROOT / "tests/support/on_micropython.py", path],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        cwd=tmp_path,
        env={"MICROPYPATH": f"{DEVICE}:{ROOT}/firmware:.frozen", "HOME": str(tmp_path)},
    )
    passed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("\x01ok")]
    assert sorted(passed) == sorted(names(path)), done.stdout + done.stderr
