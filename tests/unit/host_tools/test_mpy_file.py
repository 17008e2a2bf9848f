# runs on: cpython
"""Long strings in the table of names of a .mpy file, and what MicroPython makes of it."""

import subprocess
from pathlib import Path

import pytest

from host_tools.mpy import compile_module
from host_tools.shrink.mpy_file import intern_strings
from support.runtimes import micropythons

LONG = "a string of more than ten letters"
SOURCE = f'''
NUMBERS = (1, 2.5, None, True, -70000000000, b"bytes, not text", ("{LONG}", ("short", "another long string")))
TEXT = "{LONG}"
def tell():
    return NUMBERS, TEXT, "{"x" * 300}"
'''


def test_every_string_constant_is_a_name_too() -> None:
    plain = compile_module("words", SOURCE, "x86")
    interned = intern_strings(plain)
    for text in (LONG, "short", "another long string"):
        assert interned.count(text.encode() + b"\0") == plain.count(text.encode() + b"\0") + 1
    for text in (
        b"bytes, not text",
        b"x" * 300,
    ):  # too long for the byte that holds an interned one's length
        assert interned.count(text) == plain.count(text)


def test_a_second_time_changes_nothing() -> None:
    interned = intern_strings(compile_module("words", SOURCE, "x86"))
    assert intern_strings(interned) == interned


def test_what_is_no_mpy_file_is_refused() -> None:
    with pytest.raises(ValueError, match="version 6"):
        intern_strings(b"C\x06\x00\x1f")


@pytest.mark.parametrize("runtime", micropythons())
def test_the_program_is_the_same_and_makes_no_string_objects(runtime: str, tmp_path: Path) -> None:
    told = []
    for name, change in ("plain", bytes), ("interned", intern_strings):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "words.mpy").write_bytes(
            change(compile_module("words", SOURCE, "x64" if "64" in runtime else "x86"))
        )
        (folder / "main.py").write_text(
            "import gc, words\n"
            "print(words.tell())\n"
            "text = words.TEXT\n"
            "print(text is words.NUMBERS[6][0])\n"
        )  # fmt: skip
        command = [micropythons()[runtime], folder / "main.py"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
        told.append(done.stdout.splitlines())
    assert told[0][0] == told[1][0]
    assert told[1][1] == "True"
