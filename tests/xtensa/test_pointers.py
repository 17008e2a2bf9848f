"""Typed pointers on CPython behave as on the device, and refuse what would be wrong there."""

from array import array

import pytest

from host_tools.xtensa.pointers import running
from support.cpython_viper import viper


def test_a_pointer_can_be_moved_and_cast() -> None:
    words = array("i", [1, -2, 3, 4])
    with running(("ptr32", ""), (words, 7)) as (p, other):
        assert other == 7
        assert p[1] == 2**32 - 2
        q = ptr32(int(p) + 8)  # type: ignore[name-defined]
        assert (q[0], q[-1]) == (3, 2**32 - 2)
        q[1] = -1
        b = ptr8(q)  # type: ignore[name-defined]
        assert (b[0], b[4]) == (3, 255)
    assert words.tolist() == [1, -2, 3, -1]


def test_the_same_buffer_is_at_the_same_address() -> None:
    data = bytearray(4)
    with running(("ptr8", "ptr16"), (data, data)) as (p, q):
        assert int(p) == int(q)


@pytest.mark.parametrize("index", (-1, 4))
def test_what_is_beside_the_buffer_cannot_be_reached(index: int) -> None:
    with running(("ptr8",), (bytearray(4),)) as (p,):
        with pytest.raises(IndexError):
            p[index]
        with pytest.raises(IndexError):
            p[index] = 0


def test_a_kernel_that_moves_pointers_runs_on_cpython_and_one_that_leaves_its_buffer_does_not() -> None:
    words = array("h", [1, -2, 3, 4])

    def move(p: "ptr16", n: int) -> int:  # type: ignore[name-defined]
        p = ptr16(uint(p) + (n << 1))  # type: ignore[name-defined]
        p[0] = -7
        return p[-1]

    assert viper(move)(words, 2) == 0xFFFE
    assert words.tolist() == [1, -2, -7, 4]
    with pytest.raises(IndexError):
        viper(move)(words, 4)


def test_a_pointer_must_be_aligned() -> None:
    with running(("ptr8",), (bytearray(8),)) as (p,), pytest.raises(IndexError, match="not aligned"):
        ptr32(int(p) + 2)  # type: ignore[name-defined]
