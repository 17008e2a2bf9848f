"""The Xtensa instructions that MicroPython's emitter and gcc -O2 use, each as a line of Python.

`decode` gives what an instruction does as Python text, for machine.py to compile. In it R is the list of the
sixteen address registers (unsigned 32-bit numbers), M the mask of 32 bits, S = 1 << 31 (x ^ S compares signed
numbers), X the machine; l8 … s32 load and store. An instruction that may go elsewhere begins with `return`,
or with `if …: return`, and ends the block.

Source: Xtensa Instruction Set Architecture Reference Manual, chapters 3 (options) and 7 (formats), little
endian.
"""

from dataclasses import dataclass

_B4CONST = (-1, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256)
_B4CONSTU = (32768, 65536, *_B4CONST[2:])


class UnknownInstruction(Exception):
    """Not in the subset."""


@dataclass(frozen=True)
class Instruction:
    address: int
    size: int
    name: str
    text: str
    ends: bool  # the block: execution may go on elsewhere


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) & 1 else value


def decode(address: int, data: bytes) -> Instruction:
    """The instruction at `address`, whose (up to) three bytes are `data`. Raises UnknownInstruction."""
    size = 2 if data[0] & 15 >= 8 else 3
    word = int.from_bytes(data[:size], "little")
    fields = _Fields(address, size, word)
    found = _OPCODES[word & 15](fields)
    if found is None:
        raise UnknownInstruction(f"{address:#x}: {data[:size][::-1].hex()}")
    name, text = found
    return Instruction(address, size, name, text, "return" in text)


class _Fields:
    def __init__(self, address: int, size: int, word: int) -> None:
        self.pc = address
        self.next = address + size
        self.word = word
        self.t, self.s, self.r, self.op1, self.op2 = (word >> shift & 15 for shift in (4, 8, 12, 16, 20))
        self.n, self.m = self.t & 3, self.t >> 2
        self.imm8 = word >> 16
        self.imm12 = word >> 12
        self.offset18 = _signed(word >> 6, 18)

    def branch(self, condition: str, offset: int) -> str:
        return f"if {condition}: return {self.pc + 4 + offset}"


Found = tuple[str, str] | None
_SIMPLE = {  # op2 of RST0
    1: ("and", "R[{s}] & R[{t}]"),
    2: ("or", "R[{s}] | R[{t}]"),
    3: ("xor", "R[{s}] ^ R[{t}]"),
    8: ("add", "R[{s}] + R[{t}] & M"),
    9: ("addx2", "(R[{s}] << 1) + R[{t}] & M"),
    10: ("addx4", "(R[{s}] << 2) + R[{t}] & M"),
    11: ("addx8", "(R[{s}] << 3) + R[{t}] & M"),
    12: ("sub", "R[{s}] - R[{t}] & M"),
    13: ("subx2", "(R[{s}] << 1) - R[{t}] & M"),
    14: ("subx4", "(R[{s}] << 2) - R[{t}] & M"),
    15: ("subx8", "(R[{s}] << 3) - R[{t}] & M"),
}
_SHIFTS = {  # op2 of RST1
    8: ("src", "((R[{s}] << 32 | R[{t}]) >> X.sar) & M"),
    9: ("srl", "R[{t}] >> X.sar"),
    10: ("sll", "(R[{s}] << 32 >> X.sar) & M"),
    11: ("sra", "((R[{t}] ^ S) - S >> X.sar) & M"),
    12: ("mul16u", "(R[{s}] & 0xFFFF) * (R[{t}] & 0xFFFF)"),
    13: ("mul16s", "((R[{s}] & 0xFFFF ^ 0x8000) - 0x8000) * ((R[{t}] & 0xFFFF ^ 0x8000) - 0x8000) & M"),
}
_MULTIPLY = {  # op2 of RST2
    8: ("mull", "R[{s}] * R[{t}] & M"),
    10: ("muluh", "R[{s}] * R[{t}] >> 32"),
    11: ("mulsh", "((R[{s}] ^ S) - S) * ((R[{t}] ^ S) - S) >> 32 & M"),
}
_CHOOSE = {  # op2 of RST3
    4: ("min", "min(R[{s}] ^ S, R[{t}] ^ S) ^ S"),
    5: ("max", "max(R[{s}] ^ S, R[{t}] ^ S) ^ S"),
    6: ("minu", "min(R[{s}], R[{t}])"),
    7: ("maxu", "max(R[{s}], R[{t}])"),
    8: ("moveqz", "R[{s}] if R[{t}] == 0 else R[{r}]"),
    9: ("movnez", "R[{s}] if R[{t}] else R[{r}]"),
    10: ("movltz", "R[{s}] if R[{t}] & S else R[{r}]"),
    11: ("movgez", "R[{r}] if R[{t}] & S else R[{s}]"),
}
_SAR = {  # r of ST1
    0: ("ssr", "R[{s}] & 31"),
    1: ("ssl", "32 - (R[{s}] & 31)"),
    2: ("ssa8l", "(R[{s}] & 3) << 3"),
    3: ("ssa8b", "32 - ((R[{s}] & 3) << 3)"),
}


def _put(f: _Fields, pair: tuple[str, str]) -> Found:
    return pair[0], f"R[{f.r}] = " + pair[1].format(t=f.t, s=f.s, r=f.r)


def _qrst(f: _Fields) -> Found:
    if f.op1 in (4, 5):
        low = f.s | (f.op1 & 1) << 4
        return "extui", f"R[{f.r}] = R[{f.t}] >> {low} & {(2 << f.op2) - 1}"
    if f.op1 == 0:
        return _rst0(f)
    if f.op1 == 1:
        if f.op2 in (0, 1):
            left = 32 - (f.t | (f.op2 & 1) << 4)
            return "slli", f"R[{f.r}] = R[{f.s}] << {left} & M"
        if f.op2 in (2, 3):
            return "srai", f"R[{f.r}] = ((R[{f.t}] ^ S) - S >> {f.s | (f.op2 & 1) << 4}) & M"
        if f.op2 == 4:
            return "srli", f"R[{f.r}] = R[{f.t}] >> {f.s}"
        return _put(f, _SHIFTS[f.op2]) if f.op2 in _SHIFTS else None
    if f.op1 == 2:
        if f.op2 >= 12:
            name = ("quou", "quos", "remu", "rems")[f.op2 - 12]
            return name, f"R[{f.r}] = X.divide({name!r}, R[{f.s}], R[{f.t}])"
        return _put(f, _MULTIPLY[f.op2]) if f.op2 in _MULTIPLY else None
    if f.op1 == 3:
        if f.op2 == 2:
            sign = 1 << (f.t + 7)
            return "sext", f"R[{f.r}] = ((R[{f.s}] & {2 * sign - 1} ^ {sign}) - {sign}) & M"
        return _put(f, _CHOOSE[f.op2]) if f.op2 in _CHOOSE else None
    return None


def _rst0(f: _Fields) -> Found:
    if f.op2 in _SIMPLE:
        return _put(f, _SIMPLE[f.op2])
    if f.op2 == 6 and f.s in (0, 1):
        value = f"-R[{f.t}] & M" if f.s == 0 else f"abs((R[{f.t}] ^ S) - S)"
        return ("neg", "abs")[f.s], f"R[{f.r}] = {value}"
    if f.op2 == 4:
        if f.r in _SAR and f.t == 0:
            name, value = _SAR[f.r]
            return name, "X.sar = " + value.format(s=f.s)
        if f.r == 4:
            return "ssai", f"X.sar = {f.s | (f.t & 1) << 4}"
        if f.r == 15:
            return "nsau", f"R[{f.t}] = 32 - R[{f.s}].bit_length()"
    if f.op2 == 0 and f.r == 0 and f.m == 2:
        return {
            0: ("ret", "return R[0]"),
            1: ("retw", f"return X.return_window(R, {f.pc})"),
            2: ("jx", f"return R[{f.s}]"),
        }.get(f.n)
    if f.op2 == 0 and f.r == 0 and f.m == 3:
        return _call(f, "callx", f"R[{f.s}]")
    if f.op2 == 0 and f.r == 2 and f.t in (0, 1, 2, 3, 12, 13, 15):
        return "sync", "pass"
    if f.op2 == 0 and f.r == 5 and f.s == 0 and f.t == 0:
        return "syscall", f"return X.system_call(R, {f.next})"
    return None


def _call(f: _Fields, name: str, target: str) -> Found:
    if f.n == 0:
        return f"{name}0", f"target = {target}; R[0] = {f.next}; return X.call(target, R)"
    if f.n == 2:
        return f"{name}8", f"return X.call_window({target}, {f.next}, R)"
    return None


def _l32r(f: _Fields) -> Found:
    address = (f.pc + 3 & ~3) + ((f.word >> 8) - 0x10000) * 4
    return "l32r", f"R[{f.t}] = l32({address})"


def _lsai(f: _Fields) -> Found:
    signed = _signed(f.imm8, 8)
    if f.r == 10:
        return "movi", f"R[{f.t}] = {_signed(f.s << 8 | f.imm8, 12) & 0xFFFFFFFF}"
    if f.r in (12, 13):
        return ("addi", "addmi")[f.r - 12], f"R[{f.t}] = R[{f.s}] + {signed << 8 * (f.r - 12)} & M"
    if f.r == 9:
        return "l16si", f"R[{f.t}] = ((l16(R[{f.s}] + {f.imm8 << 1} & M) ^ 0x8000) - 0x8000) & M"
    if f.r > 6 or f.r == 3:
        return None
    bits = 8 << (f.r & 3)
    address = f"R[{f.s}] + {f.imm8 << (f.r & 3)} & M"
    if f.r & 4:
        return f"s{bits}i", f"s{bits}({address}, R[{f.t}] & {(1 << bits) - 1})"
    return f"l{bits}{'i' if bits == 32 else 'ui'}", f"R[{f.t}] = l{bits}({address})"


def _calln(f: _Fields) -> Found:
    return _call(f, "call", str((f.pc & ~3) + (f.offset18 << 2) + 4))


def _si(f: _Fields) -> Found:
    if f.n == 0:
        return "j", f"return {f.pc + 4 + f.offset18}"
    s = f"R[{f.s}]"
    if f.n == 1:
        condition = (f"{s} == 0", s, f"{s} & S", f"not {s} & S")[f.m]
        return ("beqz", "bnez", "bltz", "bgez")[f.m], f.branch(condition, _signed(f.imm12, 12))
    near = _signed(f.imm8, 8)
    if f.n == 2:
        value = _B4CONST[f.r] & 0xFFFFFFFF
        if f.m < 2:
            return ("beqi", "bnei")[f.m], f.branch(f"{s} {'=!'[f.m]}= {value}", near)
        return ("blti", "bgei")[f.m - 2], f.branch(f"{s} ^ S {('<', '>=')[f.m - 2]} {value ^ 1 << 31}", near)
    if f.m == 0:
        return "entry", f"X.entry(R, {f.s}, {f.imm12 << 3})"
    if f.m in (2, 3):
        return ("bltui", "bgeui")[f.m - 2], f.branch(f"{s} {('<', '>=')[f.m - 2]} {_B4CONSTU[f.r]}", near)
    return None


def _branch(f: _Fields) -> Found:
    s, t = f"R[{f.s}]", f"R[{f.t}]"
    bit = f"{s} >> {f.t | (f.r & 1) << 4} & 1"
    conditions = (
        ("bnone", f"not {s} & {t}"),
        ("beq", f"{s} == {t}"),
        ("blt", f"{s} ^ S < {t} ^ S"),
        ("bltu", f"{s} < {t}"),
        ("ball", f"not ~{s} & {t}"),
        ("bbc", f"not {s} >> ({t} & 31) & 1"),
        ("bbci", f"not {bit}"),
        ("bbci", f"not {bit}"),
        ("bany", f"{s} & {t}"),
        ("bne", f"{s} != {t}"),
        ("bge", f"{s} ^ S >= {t} ^ S"),
        ("bgeu", f"{s} >= {t}"),
        ("bnall", f"~{s} & {t}"),
        ("bbs", f"{s} >> ({t} & 31) & 1"),
        ("bbsi", bit),
        ("bbsi", bit),
    )
    name, condition = conditions[f.r]
    return name, f.branch(condition, _signed(f.imm8, 8))


def _st2(f: _Fields) -> Found:
    if f.t < 8:
        value = (f.t & 7) << 4 | f.r
        return "movi.n", f"R[{f.s}] = {(value - 128 if value >= 96 else value) & 0xFFFFFFFF}"
    condition = f"R[{f.s}]" if f.t & 4 else f"R[{f.s}] == 0"
    return ("bnez.n" if f.t & 4 else "beqz.n"), f.branch(condition, (f.t & 3) << 4 | f.r)


def _st3(f: _Fields) -> Found:
    if f.r == 0:
        return "mov.n", f"R[{f.t}] = R[{f.s}]"
    if f.r == 15 and f.s == 0:
        return {
            0: ("ret.n", "return R[0]"),
            1: ("retw.n", f"return X.return_window(R, {f.pc})"),
            3: ("nop.n", "pass"),
        }.get(f.t)
    return None


_OPCODES = {
    0: _qrst,
    1: _l32r,
    2: _lsai,
    5: _calln,
    6: _si,
    7: _branch,
    8: lambda f: ("l32i.n", f"R[{f.t}] = l32(R[{f.s}] + {f.r << 2} & M)"),
    9: lambda f: ("s32i.n", f"s32(R[{f.s}] + {f.r << 2} & M, R[{f.t}])"),
    10: lambda f: ("add.n", f"R[{f.r}] = R[{f.s}] + R[{f.t}] & M"),
    11: lambda f: ("addi.n", f"R[{f.r}] = R[{f.s}] + {f.t or -1} & M"),
    12: _st2,
    13: _st3,
    **dict.fromkeys((3, 4, 14, 15), lambda f: None),
}
