"""Lets the viper kernels run on CPython: a `micropython` module whose viper functions see the same
typed pointers, so that coverage, property tests and fuzzing reach them. Integers do not wrap here,
which also shows a kernel that (wrongly) relies on it: its results then differ from MicroPython's.

What is stored is cut to the pointer's width. A kernel that moves pointers, `p = ptr16(uint(p) + 16)`, runs
with the pointers of host_tools.xtensa.pointers, which have addresses; the others with faster ones.
"""

import builtins
import functools
import sys
import types
from typing import Any

from host_tools.xtensa.pointers import running


class _Pointer:
    """To the elements of a buffer."""

    __slots__ = ("items", "mask")

    def __init__(self, items, mask):
        self.items = items
        self.mask = mask

    def __getitem__(self, index):
        return self.items[index]

    def __setitem__(self, index, value):
        self.items[index] = value & self.mask


def _pointer(code, width):
    mask = (1 << 8 * width) - 1

    def cast(buffer):
        if isinstance(buffer, _Pointer):
            buffer = buffer.items
        return _Pointer(memoryview(buffer).cast("B").cast(code), mask)

    return cast


POINTERS: dict[str, Any] = {"ptr8": _pointer("B", 1), "ptr16": _pointer("H", 2), "ptr32": _pointer("I", 4)}


def viper(function):
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    kinds = [function.__annotations__.get(name) for name in names]
    if "uint" in function.__code__.co_names:
        known = {cast: name for name, cast in POINTERS.items()}  # annotations have been evaluated
        return _with_addresses(function, [known.get(kind, kind) for kind in kinds])
    casts = [
        (position, POINTERS[kind] if isinstance(kind, str) else kind)
        for position, kind in enumerate(kinds)
        if kind in (*POINTERS, *POINTERS.values())
    ]

    @functools.wraps(function)
    def call(*args):
        args = list(args)
        for position, cast in casts:
            args[position] = cast(args[position])
        return function(*args)

    return call


def _with_addresses(function, kinds):
    @functools.wraps(function)
    def call(*args):
        with running(kinds, args) as seen:
            return function(*seen)

    return call


def install() -> None:
    module = types.ModuleType("micropython")
    module.viper = viper  # type: ignore[attr-defined]
    module.native = lambda function: function  # type: ignore[attr-defined]
    module.const = lambda value: value  # type: ignore[attr-defined]
    sys.modules.setdefault("micropython", module)
    for name, cast in POINTERS.items():
        setattr(builtins, name, cast)
    builtins.uint = int  # type: ignore[attr-defined]
    builtins.const = lambda value: value  # type: ignore[attr-defined]
