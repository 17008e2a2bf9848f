"""Single instructions: encodings as xtensa-lx106-elf-as writes them, results by the ISA manual."""

import pytest

from host_tools.xtensa.instructions import UnknownInstruction, decode
from host_tools.xtensa.machine import Machine, MachineFault

A, B = 0x89ABCDEF, 0x00012345  # in a4 and a5
MINUS = A - (1 << 32)  # a4, signed
M = 0xFFFFFFFF
RET = bytes.fromhex("0df0")

# (word, name, what a3 is then)
OPERATIONS = (
    (0x103450, "and", A & B),
    (0x203450, "or", A | B),
    (0x303450, "xor", A ^ B),
    (0x803450, "add", A + B),
    (0x903450, "addx2", 2 * A + B),
    (0xA03450, "addx4", 4 * A + B),
    (0xB03450, "addx8", 8 * A + B),
    (0xC03450, "sub", A - B),
    (0xD03450, "subx2", 2 * A - B),
    (0xE03450, "subx4", 4 * A - B),
    (0xF03450, "subx8", 8 * A - B),
    (0x603040, "neg", -A),
    (0x603140, "abs", -A),
    (0x113490, "slli", A << 7),
    (0x013480, "slli", A << 24),
    (0x213540, "srai", MINUS >> 5),
    (0x313540, "srai", MINUS >> 21),
    (0x413940, "srli", A >> 9),
    (0x643540, "extui", A >> 5 & 127),
    (0x353540, "extui", A >> 21 & 15),
    (0x823450, "mull", A * B),
    (0xC13450, "mul16u", 0xCDEF * 0x2345),
    (0xD13450, "mul16s", (0xCDEF - 0x10000) * 0x2345),
    (0x833450, "moveqz", 3),
    (0x933450, "movnez", A),
    (0xA33450, "movltz", 3),
    (0xB33450, "movgez", A),
    (0x40F430, "nsau", 0),
    (0xD4AE32, "movi", -300),
    (0xF35C, "movi.n", 95),
    (0x036C, "movi.n", -32),
    (0x043D, "mov.n", A),
    (0x9CC432, "addi", A - 100),
    (0xFED432, "addmi", A - 512),
    (0x345A, "add.n", A + B),
    (0x340B, "addi.n", A - 1),
    (0x34FB, "addi.n", A + 15),
)
# (words, what a3 is then); the amount of shift is 0x2345 & 31 = 5
SHIFTS = (
    ((0x401500, 0xA13400), A << 5),  # ssl, sll
    ((0x400500, 0x913040), A >> 5),  # ssr, srl
    ((0x400500, 0xB13040), MINUS >> 5),  # ssr, sra
    ((0x404510, 0x813450), (A << 32 | B) >> 21),  # ssai 21, src
)


def _bytes(word: int) -> bytes:
    return word.to_bytes(2 if word & 15 >= 8 else 3, "little")


def _a3_after(*words: int) -> int:
    """Of code that has a4 and a5 as given and 3 in a3."""
    machine = Machine()
    code = machine.allocate(b"".join(_bytes(word) for word in (*words, 0x032D)) + RET)  # mov.n a2, a3
    return machine.call0(code, 0, 3, A, B)


@pytest.mark.parametrize(
    ("word", "name", "expected"), OPERATIONS, ids=[f"{o[1]} {o[0]:x}" for o in OPERATIONS]
)
def test_an_operation(word: int, name: str, expected: int) -> None:
    assert decode(0, _bytes(word)).name == name
    assert _a3_after(word) == expected & M


@pytest.mark.parametrize(("words", "expected"), SHIFTS)
def test_a_shift_by_the_amount_in_sar(words: tuple[int, ...], expected: int) -> None:
    assert _a3_after(*words) == expected & M


def test_an_unknown_instruction_is_told_with_its_address() -> None:
    with pytest.raises(UnknownInstruction, match="0x1000: 0000f3"):
        decode(0x1000, bytes.fromhex("f30000"))
    machine = Machine()
    with pytest.raises(MachineFault, match="unknown instruction 0x"):
        machine.call0(machine.allocate(bytes.fromhex("f30000")))


def test_retired_instructions_are_counted() -> None:
    machine = Machine()
    loop = machine.allocate(
        _bytes(0x220B) + bytes.fromhex("56a2ff") + RET
    )  # addi.n a2, a2, -1; bnez a2; ret.n
    assert decode(loop + 2, bytes.fromhex("56a2ff")).text.endswith(f"return {loop}")
    assert machine.call0(loop, 10) == 0
    assert machine.count == 21
