"""Interns the long strings of a .mpy file when it is loaded.

Why: a string constant of more than 10 letters is an object of its own, 16 bytes and a block of letters
rounded up to 16; an interned one is its letters and 7 to 9 bytes in a table. The loader looks there before it
makes an object, and it reads the file's table of names before its constants. So the strings are written to
the end of that table.

The format is that of py/persistentcode.c, version 6.3: four bytes, two counts, names, constants, code.
"""

from dataclasses import dataclass

_VERSION = (ord("M"), 6)
_LONGEST = 255  # of an interned string: its length is one byte
_STRING, _TUPLE = 5, 10
_WITHOUT_TEXT = (0, 1, 2, 3, 4)
_BYTES = 6


def intern_strings(data: bytes) -> bytes:
    """The file `data`, with every string constant in its table of names too. ValueError: not such a file."""
    if tuple(data[:2]) != _VERSION:
        raise ValueError("not a .mpy file of version 6")
    reader = Reader(data, 4)
    names, constants = reader.number(), reader.number()
    begin = reader.at
    known = {reader.name() for _ in range(names)}
    end = reader.at
    found = [text for _ in range(constants) for text in reader.strings()]
    new = [text for text in dict.fromkeys(found) if text not in known and len(text) <= _LONGEST]
    table = b"".join(number(len(text) << 1) + text + b"\0" for text in new)
    return data[:4] + number(names + len(new)) + number(constants) + data[begin:end] + table + data[end:]


def names_of(data: bytes) -> set[str]:
    """What the file `data` interns when it is loaded."""
    reader = Reader(data, 4)
    names, _constants = reader.number(), reader.number()
    return {reader.name().decode() for _ in range(names)}


@dataclass
class Reader:
    data: bytes
    at: int

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def take(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self) -> int:
        value = 0
        while True:
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value

    def name(self) -> bytes:
        length = self.number()
        if length & 1:  # the number of one in every ROM
            return b""
        return self.take((length >> 1) + 1)[:-1]

    def strings(self) -> list[bytes]:
        """The strings in a constant, which may be a tuple."""
        kind = self.byte()
        if kind in _WITHOUT_TEXT:
            return []
        length = self.number()
        if kind == _TUPLE:
            return [text for _ in range(length) for text in self.strings()]
        text = self.take(length)
        if kind in (_STRING, _BYTES):
            self.byte()  # the zero that ends it
        return [text] if kind == _STRING else []


def text_constant(text: str) -> bytes:
    """A string as it is written among the constants."""
    letters = text.encode()
    return bytes([_STRING]) + number(len(letters)) + letters + b"\0"


def number(value: int, width: int = 1) -> bytes:
    """7 bits a byte, the most significant first; `width`: bytes at least."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    digits += [0x80] * (width - len(digits))
    return bytes(reversed(digits))
