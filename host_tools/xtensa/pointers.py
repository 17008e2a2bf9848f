"""The typed pointers of viper on CPython, with addresses: `ptr32(uint(p) + 16)` works, what is stored is cut
to its width, and a word beside the buffer or not aligned raises.

tests/support/cpython_viper.py is faster but knows no addresses; kernels that count pointers up need these.
"""

import builtins
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

_SHIFT = 20  # each buffer has a megabyte of addresses for itself,
_MIDDLE = 1 << (_SHIFT - 1)  # and begins in the middle of it
_CODES: dict[int, Literal["B", "H", "I"]] = {1: "B", 2: "H", 4: "I"}


class Space:
    """The address space of one kernel call."""

    def __init__(self) -> None:
        self._views: list[memoryview] = []
        self._addresses: dict[int, int] = {}

    def address(self, buffer: bytes | bytearray | array) -> int:
        if id(buffer) not in self._addresses:
            self._addresses[id(buffer)] = (len(self._views) << _SHIFT) + _MIDDLE
            self._views.append(memoryview(buffer).cast("B"))
        return self._addresses[id(buffer)]

    def pointer(self, width: int, target: Any) -> "Pointer":
        """To a buffer, to an address, or to where another pointer points."""
        address = int(target) if isinstance(target, int | Pointer) else self.address(target)
        owner = address >> _SHIFT
        if not 0 <= owner < len(self._views):
            raise IndexError(f"a pointer to {address:#x}, where no buffer is")
        return Pointer(self._views[owner], address, width)


class Pointer:
    """ptr8, ptr16 or ptr32: unsigned elements, as a 64-bit MicroPython loads them."""

    __slots__ = ("_address", "_first", "_items", "_mask")

    def __init__(self, view: memoryview, address: int, width: int) -> None:
        self._address = address
        self._mask = (1 << 8 * width) - 1
        offset = (address & ((1 << _SHIFT) - 1)) - _MIDDLE
        if offset % width:
            raise IndexError(f"a ptr{8 * width} to an address that is not aligned")
        self._first = offset // width
        whole = len(view) - len(view) % width
        self._items = view[:whole].cast(_CODES[width])

    def __int__(self) -> int:
        return self._address

    def __getitem__(self, index: int) -> int:
        place = self._first + index
        if place < 0:
            raise IndexError("a load from before the buffer")
        return self._items[place]

    def __setitem__(self, index: int, value: int) -> None:
        place = self._first + index
        if place < 0:
            raise IndexError("a store before the buffer")
        self._items[place] = value & self._mask


@contextmanager
def running(kinds: Sequence[str], arguments: Sequence[Any]) -> Iterator[list[Any]]:
    """The arguments as the body of a kernel with these annotations sees them; inside, its casts are ours."""
    space = Space()
    casts: dict[str, Callable[[Any], Pointer]] = {
        f"ptr{8 * width}": lambda target, width=width: space.pointer(width, target) for width in _CODES
    }
    kept = {name: getattr(builtins, name, None) for name in casts}
    for name, cast in casts.items():
        setattr(builtins, name, cast)
    try:
        yield [
            casts[kind](argument) if kind in casts else argument
            for kind, argument in zip(kinds, arguments, strict=True)
        ]
    finally:
        for name, value in kept.items():
            setattr(builtins, name, value)
