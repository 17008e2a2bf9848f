"""An Xtensa processor: registers, register windows, memory, and a count of retired instructions.

Code is translated to Python one basic block at a time (instructions.py) and kept; a block knows how many
instructions it has, so counting costs nothing. Memory is one arena in which every allocation has its exact
bounds: an access beside them, to read-only bytes or not aligned to its size raises MemoryFault, as the last
would on an ESP32.

Register windows: only call8/callx8, as MicroPython and windowed C code use them. There are as many windows as
there are calls, so what the window exceptions of real hardware cost (when calls are nested more than about
seven deep) is not counted; nor are cache misses and pipeline stalls: the measure is instructions.
"""

from collections.abc import Callable
from traceback import walk_tb
from typing import Any

from host_tools.xtensa.instructions import Instruction, UnknownInstruction, decode

BASE = 0x10000000  # of the arena, below 0x40000000 so that the same image can be run by qemu-xtensa
EXIT = 0x3FFFFFF0  # the return address of the outermost call
HOOKS = 0x3F000000  # addresses of functions that are Python
_MASK = 0xFFFFFFFF
_GUARD = 16  # bytes that belong to nobody between two allocations
_READ, _WRITE = 1, 2
_BLOCK_LIMIT = 200  # instructions
_WINDOW_MASK = 0x3FFFFFFF
_NAME = "xtensa_block"  # of the translations

Hook = Callable[[list[int]], int]


class MemoryFault(Exception):
    """An access outside of every allocation, a write to constants, or a misaligned one."""


class MachineFault(Exception):
    """The program did what this machine does not do. `pc`: the instruction, if it is known."""

    pc = 0


def _refuse(address: int, size: int) -> None:
    why = "not aligned" if address & (size - 1) else "beside every allocation, or a write to constants"
    raise MemoryFault(f"{size} bytes at {address:#x}: {why}")


class Machine:
    """count: instructions retired so far. Registers in calls are lists of sixteen unsigned 32-bit numbers."""

    def __init__(self, size: int = 1 << 20, limit: int = 100_000_000) -> None:
        self.sar = 0
        self.count = 0
        self._limit = limit
        self._data = bytearray(size)
        self._rights = bytearray(size)
        self._used = 0
        self._windows: list[list[int]] = []
        self._registers = [0] * 16
        self._hooks: list[Hook] = []
        self._blocks: dict[int, tuple[int, Callable[[list[int]], int]]] = {}
        self._stack = self.allocate(bytes(16384)) + 16384 - 64
        self._names: dict[str, Any] = {"M": _MASK, "S": 1 << 31, "X": self, **self._accessors()}

    # memory

    def allocate(self, content: bytes, writable: bool = True, align: int = 16) -> int:
        """A new allocation with this content; its address."""
        start = -(-self._used // align) * align
        end = start + len(content)
        if end + _GUARD > len(self._data):
            raise MemoryError(f"the arena of {len(self._data)} bytes is full")
        self._data[start:end] = content
        self._rights[start:end] = bytes([_READ | _WRITE if writable else _READ]) * len(content)
        self._used = end + _GUARD
        return BASE + start

    def place(self, address: int, content: bytes) -> None:
        """An allocation at a certain address, behind all others: a program."""
        if address - BASE < self._used:
            raise MemoryError(f"{address:#x} is taken")
        self._used = address - BASE
        self.allocate(content, align=1)

    def read(self, address: int, size: int) -> bytes:
        return bytes(self._data[address - BASE : address - BASE + size])

    def write(self, address: int, content: bytes) -> None:
        self._data[address - BASE : address - BASE + len(content)] = content

    def word(self, address: int) -> int:
        return int.from_bytes(self.read(address, 4), "little")

    def mark(self) -> int:
        """A place to which `release` can go back: allocations made since are gone then."""
        return self._used

    def release(self, mark: int) -> None:
        self._rights[mark : self._used] = bytes(self._used - mark)
        self._used = mark

    def image(self) -> bytes:
        """Everything allocated so far, from BASE on."""
        return bytes(self._data[: self._used])

    def _accessors(self) -> dict[str, Callable]:
        data, rights = self._data, self._rights
        halves, words = memoryview(data).cast("H"), memoryview(data).cast("I")

        # Addresses outside of the arena raise IndexError: see _run.
        def l8(a: int) -> int:
            o = a - BASE & _MASK
            if not rights[o] & _READ:
                _refuse(a, 1)
            return data[o]

        def l16(a: int) -> int:
            o = a - BASE & _MASK
            if o & 1 or not rights[o] & rights[o + 1] & _READ:
                _refuse(a, 2)
            return halves[o >> 1]

        def l32(a: int) -> int:
            o = a - BASE & _MASK
            if o & 3 or not rights[o] & rights[o + 3] & _READ:
                _refuse(a, 4)
            return words[o >> 2]

        def s8(a: int, v: int) -> None:
            o = a - BASE & _MASK
            if not rights[o] & _WRITE:
                _refuse(a, 1)
            data[o] = v

        def s16(a: int, v: int) -> None:
            o = a - BASE & _MASK
            if o & 1 or not rights[o] & rights[o + 1] & _WRITE:
                _refuse(a, 2)
            halves[o >> 1] = v

        def s32(a: int, v: int) -> None:
            o = a - BASE & _MASK
            if o & 3 or not rights[o] & rights[o + 3] & _WRITE:
                _refuse(a, 4)
            words[o >> 2] = v

        return {"l8": l8, "l16": l16, "l32": l32, "s8": s8, "s16": s16, "s32": s32}

    # calls

    def hook(self, function: Hook) -> int:
        """The address of a Python function: of the registers as the callee sees them it gives the result."""
        self._hooks.append(function)
        return HOOKS + 4 * (len(self._hooks) - 1)

    def call8(self, address: int, *arguments: int) -> int:
        """Call a function of the windowed ABI with at most six arguments; its first result."""
        registers = [0] * 16
        # called by a hook: below the frame of its caller
        registers[1] = self._registers[1] - 64 if self._windows else self._stack
        registers[10 : 10 + len(arguments)] = [value & _MASK for value in arguments]
        outer, self._registers = self._registers, registers
        depth = len(self._windows)
        self._run(self.call_window(address, EXIT, registers), depth)
        self._registers = outer
        return registers[10]

    def call0(self, address: int, *arguments: int) -> int:
        """Call a function of the call0 ABI: six arguments in registers, the others on the stack."""
        outer, registers = self._registers, [0] * 16
        stack = self._stack - 256
        for place, value in enumerate(arguments[6:]):
            self.write(stack + 4 * place, (value & _MASK).to_bytes(4, "little"))
        registers[0:2] = EXIT, stack
        registers[2 : 2 + len(arguments[:6])] = [value & _MASK for value in arguments[:6]]
        self._registers = registers
        self._run(address, len(self._windows))
        self._registers = outer
        return registers[2]

    def _run(self, pc: int, depth: int) -> None:
        while pc != EXIT:
            found = self._blocks.get(pc)
            if found is None:
                found = self._blocks[pc] = self._translate(pc)
            size, block = found
            self.count += size
            if self.count > self._limit:
                raise MachineFault(f"more than {self._limit} instructions")
            try:
                pc = block(self._registers)
            except (MemoryFault, MachineFault, IndexError) as error:
                raise self._fault(pc, error) from error
        if len(self._windows) != depth:
            raise MachineFault("returned with register windows open")

    # what instructions need (see instructions.py)

    def call(self, target: int, registers: list[int]) -> int:
        if HOOKS <= target < EXIT:
            registers[2] = self._hooks[(target - HOOKS) >> 2](registers) & _MASK
            return registers[0]
        return target

    def call_window(self, target: int, back: int, registers: list[int]) -> int:
        registers[8] = back & _WINDOW_MASK | 2 << 30
        callee = [*registers[8:16], *[0] * 8]
        callee[1] = registers[1]  # until `entry`
        if HOOKS <= target < EXIT:
            registers[10] = self._hooks[(target - HOOKS) >> 2](callee) & _MASK
            return back
        self._windows.append(registers)
        self._registers = callee
        return target

    def entry(self, registers: list[int], register: int, size: int) -> None:
        registers[register] = registers[register] - size & _MASK
        if register != 1:
            raise MachineFault("entry of another register than a1")

    def return_window(self, registers: list[int], pc: int) -> int:
        caller = self._windows.pop()
        if registers[0] >> 30 != 2:
            raise MachineFault(f"retw to {registers[0]:#x}: not called by call8")
        caller[8:16] = registers[0:8]
        self._registers = caller
        return registers[0] & _WINDOW_MASK | pc & ~_WINDOW_MASK

    def divide(self, name: str, a: int, b: int) -> int:
        if b == 0:
            raise MachineFault(f"{name} by zero")
        if name == "quou":
            return a // b
        if name == "remu":
            return a % b
        a, b = (a ^ 1 << 31) - (1 << 31), (b ^ 1 << 31) - (1 << 31)
        quotient = abs(a) // abs(b) * (-1 if (a < 0) != (b < 0) else 1)
        return (quotient if name == "quos" else a - quotient * b) & _MASK

    def system_call(self, registers: list[int], back: int) -> int:
        raise MachineFault(f"system call {registers[2]}")

    # translation

    def _block(self, pc: int) -> list[Instruction]:
        block: list[Instruction] = []
        while len(block) < _BLOCK_LIMIT and not (block and block[-1].ends):
            o = pc - BASE
            if not 0 <= o < len(self._data) or not self._rights[o]:
                raise MachineFault(f"execution at {pc:#x}")
            block.append(decode(pc, bytes(self._data[o : o + 3])))
            pc += block[-1].size
        return block

    def _translate(self, pc: int) -> tuple[int, Callable[[list[int]], int]]:
        try:
            block = self._block(pc)
        except UnknownInstruction as error:
            raise MachineFault(f"unknown instruction {error}") from error
        lines = [f"def {_NAME}(R):", *(f"    {instruction.text}" for instruction in block)]
        lines.append(f"    return {block[-1].address + block[-1].size}")
        names = dict(self._names)
        exec("\n".join(lines), names)
        return len(block), names[_NAME]

    def _fault(self, pc: int, error: Exception) -> MachineFault:
        """What says which instruction of the block at pc it was: the line of the translation tells."""
        if isinstance(error, MachineFault) and error.pc:
            return error
        lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_name == _NAME]
        instruction = self._block(pc)[lines[0] - 2] if lines else self._block(pc)[0]
        what = "outside of the memory" if isinstance(error, IndexError) else str(error)
        fault = MachineFault(f"{instruction.name} at {instruction.address:#x}: {what}")
        fault.pc = instruction.address
        return fault
