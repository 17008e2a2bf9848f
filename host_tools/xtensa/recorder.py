"""Runs the firmware's own objects on CPython and keeps what its kernels are called with and what they do.

So no row of the table needs made-up arguments, and what a kernel must give on the ESP32 is known: that what
it gave on CPython, which the unit tests in turn hold against both MicroPythons.
"""

import importlib
import sys
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from host_tools.xtensa.pointers import running
from host_tools.xtensa.sources import FIRMWARE, ROOT, Kernel, kernels

Step = Callable[[], object]
Argument = int | bytearray | None


class Mismatch(AssertionError):
    """Code for the ESP32 does not do what the same kernel does on CPython."""


@dataclass
class Call:
    """One call from Python. Buffers are kept as bytes; `same` has for each argument the place of the first
    one that is the same object."""

    key: str
    before: list[int | bytes | None]
    same: list[int]
    after: list[int | bytes | None]
    result: int | None

    def arguments(self) -> list[Argument]:
        """As they were before the call; buffers that were the same are the same again."""
        arguments: list[Argument] = []
        for place, value in enumerate(self.before):
            if not isinstance(value, bytes):
                arguments.append(value)
            elif self.same[place] == place:
                arguments.append(bytearray(value))
            else:
                arguments.append(arguments[self.same[place]])
        return arguments

    def check(self, arguments: list[Argument], result: int | None, what: str) -> None:
        """Raises Mismatch unless the buffers in `arguments` and `result` are what this call gave."""
        if result != self.result:
            raise Mismatch(f"{self.key} ({what}) gives {result!r}, on CPython {self.result!r}")
        for place, (argument, expected) in enumerate(zip(arguments, self.after, strict=True)):
            if isinstance(argument, bytearray) and isinstance(expected, bytes) and argument != expected:
                at = next(i for i, byte in enumerate(argument) if byte != expected[i])
                raise Mismatch(f"{self.key} ({what}): argument {place} differs from byte {at} on")


@dataclass
class Recording:
    """What happened in one step (20 ms): calls of kernels, and how many calls of other functions of ours."""

    calls: list[Call] = field(default_factory=list)
    python_calls: int = 0


def load() -> None:
    """Make the firmware importable with its kernels in Python."""
    for folder in (ROOT / "tests", FIRMWARE):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    importlib.import_module("support.cpython_viper").install()


def record(step: Step) -> Recording:
    """What one step does: every call of a kernel from Python is kept, whatever module calls it."""
    recorder = _Recorder()
    with recorder.in_place():
        sys.setprofile(recorder.profile)
        try:
            step()
        finally:
            sys.setprofile(None)
    return recorder.kept


class _Recorder:
    def __init__(self) -> None:
        self.kept = Recording()
        self._inside = False  # a kernel, whose calls of others the simulator makes as well

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """While it lasts, the kernels of all loaded modules of the firmware are replaced."""
        keepers: dict[int, Callable] = {}
        for kernel in kernels().values():
            if kernel.module in sys.modules:
                function = getattr(sys.modules[kernel.module], kernel.name)
                keepers[id(function)] = self._keeper(kernel, function.__wrapped__)
        places = [
            (vars(module), name, value)
            for key, module in list(sys.modules.items())
            if key.startswith("ata.")
            for name, value in vars(module).items()
            if id(value) in keepers
        ]
        for variables, name, value in places:
            variables[name] = keepers[id(value)]
        try:
            yield
        finally:
            for variables, name, value in places:
                variables[name] = value

    def profile(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and not self._inside and frame.f_code.co_filename.startswith(str(FIRMWARE)):
            self.kept.python_calls += 1

    def _keeper(self, kernel: Kernel, body: Callable) -> Callable:
        def call(*arguments: Any) -> Any:
            if self._inside:
                return _perform(kernel, body, arguments)
            before = [_content(argument) for argument in arguments]
            self._inside = True
            try:
                result = _perform(kernel, body, arguments)
            finally:
                self._inside = False
            first: dict[int, int] = {}
            same = [first.setdefault(id(argument), place) for place, argument in enumerate(arguments)]
            after = [_content(argument) for argument in arguments]
            self.kept.calls.append(Call(kernel.key, before, same, after, result))
            return result

        return call


def _perform(kernel: Kernel, body: Callable, arguments: tuple) -> Any:
    with running(kernel.kinds, arguments) as seen:
        return body(*seen)


def _content(argument: Any) -> int | bytes | None:
    if isinstance(argument, bytes | bytearray):
        return bytes(argument)
    if isinstance(argument, array):
        return argument.tobytes()
    if argument is None or isinstance(argument, int):
        return argument
    raise TypeError(f"a kernel is called with a {type(argument).__name__}: {argument!r}")
