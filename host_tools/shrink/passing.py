"""Makes the short strings of a module that will be forgotten objects of it.

Why: mpy-cross interns every string constant of up to 10 letters, and what is interned stays for ever: its
letters, 7 to 9 bytes in a table, and a table that doubles when it is full. In a module that is loaded for a
moment most strings are not names of anything. As constants of the module they go when it goes.

`LOAD_CONST_STRING name` becomes `LOAD_CONST_OBJ constant` (py/bc0.h), in place; the unused name becomes one
that every ROM has. What a call names its arguments with has to stay interned: it is compared by identity.
"""

from collections.abc import Collection

from host_tools.shrink.mpy_file import Reader, number, text_constant
from host_tools.xtensa import mpy_file

_LOAD_CONST_STRING = 0x10
_LOAD_CONST_OBJ = 0x23
_OF_NAMES = range(0x10, 0x20)  # opcodes whose operand is a place in the table of names
_EMPTY = b"\x03"  # the second static name: ""


def loosen_strings(data: bytes, interned: Collection[str]) -> bytes:
    """The .mpy file `data` with its strings as constants, but for names and what is in `interned`: names that
    are there anyway, and those of keyword arguments. A file with native code stays as it is."""
    parsed = mpy_file.parse(data, data[2] >> 2)
    pieces = list(parsed.code.all())
    if any(piece.kind != "bytecode" for piece in pieces):
        return data
    uses: dict[int, list[int]] = {}  # place in the table of names → positions of the opcodes
    kept = {
        place for place, text in enumerate(parsed.qstrs) if text in interned or text.startswith("<static")
    }
    kept.add(0)  # the file's name
    for piece in pieces:
        kept.update(mpy_file.names(piece.data))
        for at, opcode, operand in mpy_file.operations(piece.data):
            if opcode == _LOAD_CONST_STRING:
                uses.setdefault(operand, []).append(piece.at + at)
            elif opcode in _OF_NAMES:
                kept.add(operand)
    code = bytearray(data)
    loose: list[str] = []
    for place in sorted(uses.keys() - kept):
        width = len(number(place))
        constant = number(len(parsed.objects) + len(loose), width)
        if len(constant) == width:
            for at in uses[place]:
                code[at : at + 1 + width] = bytes([_LOAD_CONST_OBJ]) + constant
            loose.append(parsed.qstrs[place])
            kept.add(-place)
    reader = Reader(data, 4)
    count, constants = reader.number(), reader.number()
    table = b""
    for place in range(count):
        begin = reader.at
        reader.name()
        table += _EMPTY if -place in kept and place else data[begin : reader.at]
    begin = reader.at
    for _ in range(constants):
        reader.strings()
    new = b"".join(text_constant(text) for text in loose)
    head = data[:4] + number(count) + number(constants + len(loose))
    return head + table + data[begin : reader.at] + new + bytes(code[reader.at :])
