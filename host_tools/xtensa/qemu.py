"""Runs the same code on qemu-xtensa (Debian: qemu-user): the check of the simulator.

The machine's memory becomes an ELF file. What is a hook in the simulator is a few instructions here, and a
driver calls the kernel, writes all memory to standard output and exits. With single steps and every block
logged, the log has one line for each instruction; those with an address in the kernel's code are counted.
"""

import re
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

from host_tools.xtensa.machine import BASE, Machine
from host_tools.xtensa.recorder import Call
from host_tools.xtensa.viper_abi import Buffers, ViperProgram, machine_words

EMULATOR = "qemu-xtensa"
PACKAGES = ("qemu-user",)
_CPU = "dc233c"  # has the windowed registers and the division of an ESP32
_TRACE = re.compile(r"^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/", re.MULTILINE)
_WRITE, _EXIT = 13, 118  # system calls of Linux on Xtensa: number in a2, arguments in a6, a3, a4


def available() -> bool:
    return shutil.which(EMULATOR) is not None


def run(program: ViperProgram, call: Call) -> int:
    """Replay a call there, check what it does, and give the number of instructions of the kernel itself.
    `program` cannot be used afterwards. Raises recorder.Mismatch, and RuntimeError if qemu fails."""
    machine = program.machine
    arguments = call.arguments()
    buffers = Buffers(machine)
    words = machine_words(machine)
    objects = words([buffers.object(argument, program.none) for argument in arguments])
    for index, stub in _STUBS.items():
        address = machine.allocate(b"".join(stub), align=4)
        machine.write(program.fun_table + 4 * index, address.to_bytes(4, "little"))
    result = words([0])
    stack = machine.allocate(bytes(8192)) + 8192 - 64
    end = BASE + (len(machine.image()) + 4095 & ~4095)
    function = program.function(call.key)
    start = _driver(
        machine,
        {1: stack, 9: program.entry(call.key), 10: function, 11: len(arguments), 12: 0, 13: objects},
        result,
        end - BASE,
    )
    trace, memory = _execute(machine.image(), start)
    machine.write(BASE, memory[: len(machine.image())])
    buffers.fetch()
    call.check(arguments, program.value(machine.word(result)), "qemu")
    code = program.code[call.key]
    return sum(int(pc, 16) in code for pc in _TRACE.findall(trace))


def _execute(image: bytes, start: int) -> tuple[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        elf, log = Path(folder) / "program", Path(folder) / "log"
        elf.write_bytes(_elf(image, start))
        elf.chmod(0o755)
        done = subprocess.run(
            [EMULATOR, "-cpu", _CPU, "-singlestep", "-d", "exec,nochain", "-D", log, elf],
            capture_output=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{EMULATOR} ends with {done.returncode}: {done.stderr.decode()[-500:]}")
        return log.read_text(), done.stdout


def _elf(image: bytes, start: int) -> bytes:
    """A program of one segment at BASE that may be read, written and executed."""
    size = len(image) + 4095 & ~4095
    header = struct.pack(
        "<16sHHIIIIIHHHHHH", b"\x7fELF\x01\x01\x01", 2, 94, 1, start, 52, 0, 0, 52, 32, 1, 40, 0, 0
    )
    segment = struct.pack("<8I", 1, 4096, BASE, BASE, size, size, 7, 4096)
    return (header + segment).ljust(4096, b"\0") + image.ljust(size, b"\0")


# a few instructions, as bytes


def _op(word: int, size: int = 3) -> bytes:
    return word.to_bytes(size, "little")


def _l32i_n(t: int, s: int, offset: int) -> bytes:
    return _op(0x8 | t << 4 | s << 8 | offset >> 2 << 12, 2)


def _add_n(r: int, s: int, t: int) -> bytes:
    return _op(0xA | t << 4 | s << 8 | r << 12, 2)


def _addi_n(r: int, s: int, value: int) -> bytes:
    return _op(0xB | max(value, 0) << 4 | s << 8 | r << 12, 2)  # 0 stands for −1


def _movi_n(s: int, value: int) -> bytes:
    return _op(0xC | (value >> 4 & 7) << 4 | s << 8 | (value & 15) << 12, 2)


def _rrr(op2: int, op1: int, r: int, s: int, t: int) -> bytes:
    return _op(op2 << 20 | op1 << 16 | r << 12 | s << 8 | t << 4)


def _branch(r: int, s: int, t: int, over: bytes) -> bytes:
    """Over `over`: r 1 beq, 6 bbci (bit t)."""
    return _op(7 | t << 4 | s << 8 | r << 12 | len(over) - 1 << 16) + over


_ENTRY, _RETW = _op(0x004136), _op(0xF01D, 2)
_MINUS_ONE = _addi_n(4, 4, -1)
# Floor division: the quotient, less one if there is a remainder and the signs differ.
_FLOOR = _op(0x6 | 1 << 4 | 3 << 6 | 5 << 8 | len(_MINUS_ONE) - 1 << 12) + _MINUS_ONE  # bgez a5, over it
_STUBS: dict[int, list[bytes]] = {
    3: [_ENTRY, _branch(6, 2, 0, _rrr(2, 1, 2, 1, 2) + _RETW), _l32i_n(2, 2, 0), _RETW],
    4: [_ENTRY, _add_n(2, 2, 2), _addi_n(2, 2, 1), _RETW],
    5: [_ENTRY, _movi_n(2, 0), _RETW],
    46: [
        _ENTRY,
        _rrr(13, 2, 4, 2, 3),  # quos a4, a2, a3
        _rrr(8, 2, 5, 4, 3),  # mull a5, a4, a3
        _branch(1, 5, 2, _rrr(3, 0, 5, 2, 3) + _FLOOR),  # beq a5, a2; xor a5, a2, a3
        _op(0xD | 2 << 4 | 4 << 8, 2),  # mov.n a2, a4
        _RETW,
    ],
}


def _driver(machine: Machine, registers: dict[int, int], result: int, size: int) -> int:
    """Code that sets registers, calls what a9 points at, keeps the result, writes `size` bytes of memory and
    exits; its address."""
    literals: list[int] = []
    code: list[bytes | tuple[int, int]] = []

    def load(register: int, value: int) -> None:
        literals.append(value & 0xFFFFFFFF)
        code.append((register, len(literals) - 1))

    for register, value in registers.items():
        load(register, value)
    code.append(_op(0xE0 | 9 << 8))  # callx8 a9
    load(3, result)
    code.append(_op(0x9 | 10 << 4 | 3 << 8, 2))  # s32i.n a10, a3, 0
    for register, value in {2: _WRITE, 6: 1, 3: BASE, 4: size}.items():
        load(register, value)
    code.append(_op(0x005000))  # syscall
    for register, value in {2: _EXIT, 6: 0}.items():
        load(register, value)
    code.append(_op(0x005000))
    table = machine_words(machine)(literals)
    length = sum(3 if isinstance(part, tuple) else len(part) for part in code)
    start = pc = machine.allocate(bytes(length))
    text = b""
    for part in code:
        if isinstance(part, tuple):
            register, place = part
            distance = (table + 4 * place - (pc + 3 & ~3)) >> 2
            part = _op(1 | register << 4 | (distance & 0xFFFF) << 8)
        text += part
        pc = start + len(text)
    machine.write(start, text)
    return start
