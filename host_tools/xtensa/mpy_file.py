"""Reads .mpy files, version 6.3, as the pinned mpy-cross writes them (MicroPython py/persistentcode.c).

Only what is needed to get at native functions: the tables of strings and objects, the tree of raw code, and
in the bytecode of a module or class which child got which name.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

VERSION = 6
SUB_VERSION = 3
XTENSAWIN = 10  # enum MP_NATIVE_ARCH of py/persistentcode.h
FUN_TABLE = "mp_fun_table"  # the object that stands for the table of helpers

# Strings that every MicroPython knows are written as numbers. Those that kernels are named after:
_STATIC_NAMES = {70: "clear", 73: "copy"}

_KINDS = ("bytecode", "native", "viper", "asm")
_RODATA, _BSS, _RELOC = 0x20, 0x40, 0x10  # MP_SCOPE_FLAG_VIPER…

# Opcodes of py/bc0.h; the format of the operand follows from the opcode's upper half.
_FORMATS = {1: "uint", 2: "uint", 3: "uint", 4: "offset"}
_EXTRA_BYTE_MASK = 0x9E
_LOAD_CONST_STRING = 0x10
_STORE_NAME = 0x16
_MAKE_FUNCTION = 0x32
_MAKE_FUNCTION_DEFARGS = 0x33


class MpyError(ValueError):
    """The file is not what this reader understands."""


@dataclass
class RawCode:
    """One function, class body or module body."""

    kind: str
    data: bytes
    children: list["RawCode"] = field(default_factory=list)
    at: int = 0  # of `data` in the file

    def all(self) -> Iterator["RawCode"]:
        """This one and those inside."""
        yield self
        for child in self.children:
            yield from child.all()


@dataclass
class MpyFile:
    qstrs: list[str]
    objects: list[object]
    code: RawCode

    def function(self, name: str) -> RawCode:
        """The native function of that name: `f`, or `Class.f`. KeyError, with the names there are."""
        found = dict(self.functions())
        if name not in found:
            raise KeyError(f"{name}: not among the native functions {', '.join(found) or '(none)'}")
        return found[name]

    def functions(self) -> Iterator[tuple[str, RawCode]]:
        """Name and code of each viper function."""
        yield from self._named(self.code, "")

    def _named(self, code: RawCode, prefix: str) -> Iterator[tuple[str, RawCode]]:
        made: RawCode | None = None
        for _, opcode, operand in operations(code.data):
            if opcode in (_MAKE_FUNCTION, _MAKE_FUNCTION_DEFARGS):
                made = code.children[operand]
                continue
            if made and opcode == _STORE_NAME and made.kind == "viper":
                yield prefix + self.qstrs[operand], made
            elif made and opcode == _LOAD_CONST_STRING and made.kind == "bytecode":  # class NAME
                yield from self._named(made, f"{self.qstrs[operand]}.")
            made = None


def parse(data: bytes, architecture: int = XTENSAWIN) -> MpyFile:
    """Raises MpyError if `data` is no .mpy of this version for `architecture` (enum MP_NATIVE_ARCH)."""
    return _Reader(data).file(architecture)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def file(self, architecture: int) -> MpyFile:
        magic, version, feature, _small_int_bits = self._bytes(4)
        # Without native code there is neither a sub-version nor an architecture.
        if magic != ord("M") or version != VERSION or (feature and feature & 3 != SUB_VERSION):
            raise MpyError(f"not an .mpy of version {VERSION}.{SUB_VERSION}: {self._data[:4].hex()}")
        if feature >> 2 not in (0, architecture):
            raise MpyError(f"native code of architecture {feature >> 2}, not {architecture}")
        strings, objects = self._uint(), self._uint()
        return MpyFile(
            [self._string() for _ in range(strings)], [self._object() for _ in range(objects)], self._code()
        )

    def _bytes(self, size: int) -> bytes:
        piece = self._data[self._at : self._at + size]
        if len(piece) < size:
            raise MpyError(f"the file ends at {len(self._data)}, within something")
        self._at += size
        return piece

    def _uint(self) -> int:
        value, self._at = _uint(self._data, self._at)
        return value

    def _string(self) -> str:
        size = self._uint()
        if size & 1:
            return _STATIC_NAMES.get(size >> 1, f"<static {size >> 1}>")
        return self._bytes((size >> 1) + 1)[:-1].decode()

    def _object(self) -> object:
        kind = self._bytes(1)[0]
        if kind <= 4:
            return (FUN_TABLE, None, False, True, ...)[kind]
        size = self._uint()
        if kind == 10:
            return tuple(self._object() for _ in range(size))
        if kind > 10:
            raise MpyError(f"object of kind {kind}")
        text = self._bytes(size)
        if kind in (5, 6):
            self._bytes(1)  # NUL
        return text

    def _code(self) -> RawCode:
        head = self._uint()
        kind = _KINDS[head & 3]
        at = self._at
        data = self._bytes(head >> 3)
        if kind == "native":
            self._uint()  # where its prelude is
        elif kind != "bytecode":
            flags = self._uint()
            if kind == "asm":
                self._uint()  # number and types of the arguments
                self._uint()
            if flags & (_RODATA | _BSS | _RELOC):
                raise MpyError("viper code with its own data or relocations: not made by mpy-cross")
        children = [self._code() for _ in range(self._uint())] if head & 4 else []
        return RawCode(kind, data, children, at)


def _uint(data: bytes, at: int) -> tuple[int, int]:
    """A number of 7 bits a byte, the most significant first; and the place behind."""
    value = 0
    while True:
        value = value << 7 | data[at] & 0x7F
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def _prelude(data: bytes) -> tuple[int, int, int]:
    """Of bytecode (py/bc.h): the number of the arguments' names, where the names are, where the code is."""
    sign = data[0]
    arguments, at, shift = sign & 3, 1, 0
    while sign & 0x80:
        sign = data[at]
        arguments += ((sign & 4) + ((sign & 8) >> 3)) << shift  # by place, by keyword only
        at += 1
        shift += 1
    info = cells = shift = 0
    while True:  # sizes: xIIIIIIC …
        info |= (data[at] & 0x7E) >> 1 << 6 * shift
        cells |= (data[at] & 1) << shift
        shift += 1
        at += 1
        if not data[at - 1] & 0x80:
            return arguments, at, at + info + cells


def names(data: bytes) -> list[int]:
    """The places in the table of strings of a bytecode function's own name and of its arguments' names."""
    arguments, at, _ = _prelude(data)
    found = []
    for _ in range(arguments + 1):
        number, at = _uint(data, at)
        found.append(number)
    return found


def operations(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Position, opcode and operand (0 if none) of each bytecode behind the prelude."""
    at = _prelude(data)[2]
    while at < len(data):
        begin = at
        opcode = data[at]
        at += 1
        operand = 0
        form = _FORMATS.get(opcode >> 4)
        if form == "uint":
            operand, at = _uint(data, at)
        elif form == "offset":
            at += 2 if data[at] & 0x80 else 1
        if opcode & _EXTRA_BYTE_MASK == 0:
            at += 1
        yield begin, opcode, operand
