"""The register file of the modelled ESP32: one door for every access of the firmware's set-up code.

`Registers` decides what an access does; `RegisterServer` takes the accesses of a MicroPython process over a
socket, strictly one after the other, and can let time pass by itself. Time is counted in frames of 1/8000 s.
"""

import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

from host_tools.esp32_model.gpio import GPIO, Matrix
from host_tools.esp32_model.i2s import BASES, CONF, INT_ENA, OUT_LINK, I2s
from host_tools.esp32_model.window import Window

DPORT = 0x3FF00000
PERIP_CLK_EN, PERIP_RST_EN = DPORT + 0xC0, DPORT + 0xC4
_UNIT_BIT = (1 << 4, 1 << 21)
_STOCK_MEMORY = 0x3FFD0000  # where the system allocates what machine.I2S asks for
_STOCK_FRAMES = 256


class Registers:
    """`mutate(address, value)`, if set, may change what is written (to test the tests). `problems`: what
    happened that real hardware would not tell."""

    def __init__(self, path: Path) -> None:
        self.memory = Window(path)
        self.matrix = Matrix(self.memory)
        self.problems: list[str] = []
        self.mutate: Callable[[int, int], int] | None = None
        self.frames = 0.0  # time
        self.stock_frames = _STOCK_FRAMES  # of a DMA buffer of machine.I2S; 0: it fails
        self.units = tuple(I2s(number, self.memory, self.matrix, self._tell) for number in (0, 1))
        self.memory.store(PERIP_RST_EN, sum(_UNIT_BIT))
        self._stock: dict[int, list[tuple[int, int]]] = {}
        self._lock = threading.RLock()

    def _tell(self, text: str) -> None:
        if text not in self.problems:
            self.problems.append(text)

    def read(self, address: int) -> int:
        with self._lock:
            return self.memory.load(address)

    def write(self, address: int, value: int) -> None:
        with self._lock:
            value &= 0xFFFFFFFF
            if self.mutate:
                value = self.mutate(address, value) & 0xFFFFFFFF
            for unit in self.units:
                if unit.base <= address < unit.base + 0x100:
                    unit.write(address - unit.base, value)
                    return
            if not self._gpio(address, value):
                self.memory.store(address, value)
            if address in (PERIP_CLK_EN, PERIP_RST_EN):
                self._power()

    def _gpio(self, address: int, value: int) -> bool:
        """Write one to set or to clear."""
        for register in (GPIO + 0x04, GPIO + 0x10, GPIO + 0x20, GPIO + 0x2C):
            if address in (register + 4, register + 8):
                old = self.memory.load(register)
                self.memory.store(register, old | value if address == register + 4 else old & ~value)
                return True
        return False

    def _power(self) -> None:
        clocks, resets = self.memory.load(PERIP_CLK_EN), self.memory.load(PERIP_RST_EN)
        for unit, bit in zip(self.units, _UNIT_BIT, strict=True):
            if resets & bit:
                unit.power_up()
            unit.clocked = bool(clocks & bit) and not resets & bit

    def advance(self, frames: float) -> None:
        """Let 1/8000 s pass so many times."""
        with self._lock:
            self.frames += frames
            for unit in self.units:
                unit.advance(frames)

    # ---- a stock machine.I2S object -----------------------------------------------------------------

    def stock_open(self, number: int, frame_bytes: int, ibuf: int) -> bool:
        """What the constructor of machine.I2S leaves: memory, a running sender, its interrupt."""
        with self._lock:
            if not self.stock_frames:
                return False
            unit, store = self.units[number], self.memory.store
            size = self.stock_frames * frame_bytes
            count = max(ibuf // (_STOCK_FRAMES * frame_bytes), 2)
            at = _STOCK_MEMORY + 0x8000 * number
            places = []
            for _ in range(count):
                places.append((at + 8, at + 32))
                at += size + 48  # each from an allocation of its own
            for i, (descriptor, buffer) in enumerate(places):
                store(descriptor, 1 << 31 | 1 << 30 | size << 12 | size)
                store(descriptor + 4, buffer)
                store(descriptor + 8, places[(i + 1) % count][0])
            self._stock[number] = places
            store(PERIP_CLK_EN, self.memory.load(PERIP_CLK_EN) | _UNIT_BIT[number])
            store(PERIP_RST_EN, self.memory.load(PERIP_RST_EN) & ~_UNIT_BIT[number])
            self._power()
            unit.write(0xAC, 1 << 20 | 8 << 14 | 1 << 8 | 78)
            unit.write(0xB0, 32 << 18 | 32 << 12 | 4 << 6 | 4)
            unit.write(0x20, 1 << 20 | 1 << 19 | 2 << 16 | 2 << 13 | 1 << 12 | 32 << 6 | 32)
            unit.write(INT_ENA, 1 << 12)
            unit.write(OUT_LINK, 1 << 29 | places[0][0] & 0xFFFFF)
            unit.write(CONF, 1 << 10 | 1 << 4)
            return True

    def stock_close(self, number: int) -> None:
        """Its deinit: the unit loses its clock, and somebody else gets the memory."""
        with self._lock:
            self.memory.store(PERIP_RST_EN, self.memory.load(PERIP_RST_EN) | _UNIT_BIT[number])
            self.memory.store(PERIP_CLK_EN, self.memory.load(PERIP_CLK_EN) & ~_UNIT_BIT[number])
            self._power()
            for descriptor, buffer in self._stock.pop(number, []):
                for at in range(descriptor, buffer + 64, 4):
                    self.memory.store(at, 0xDEADBEEF)

    def masked(self, number: int) -> bool:
        """Nothing that the unit does reaches the stock driver's interrupt."""
        return self.read(BASES[number] + INT_ENA) == 0


class RegisterServer:
    """Serves one MicroPython process. A request is one of

        R address -> word    W address word -> 0    A frames 0 -> 0 (time goes on)    T -> ms since the start
        I unit<<8|frame bytes, ibuf -> 1 if it could    D unit -> 0    (a stock machine.I2S object)

    each a letter and two words, the answer one word. `realtime`: time goes on by itself, 5 ms at a time."""

    REQUEST = struct.Struct("<cII")

    def __init__(self, registers: Registers, realtime: bool = False) -> None:
        self.registers = registers
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._closing = False
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        if realtime:
            self._threads.append(threading.Thread(target=self._run, daemon=True))
        for thread in self._threads:
            thread.start()

    @property
    def environment(self) -> dict[str, str]:
        """For the MicroPython process."""
        return {
            "ATA_ESP32_REGISTERS": str(self.port),
            "ATA_ESP32_WINDOW": str(self.registers.memory.path),
        }

    def close(self) -> None:
        self._closing = True
        self._socket.close()
        for thread in self._threads:
            thread.join(2)

    def _run(self) -> None:
        begin = time.monotonic()
        passed = 0
        while not self._closing:
            now = int((time.monotonic() - begin) * 8000)
            self.registers.advance(now - passed)
            passed = now
            time.sleep(0.005)

    def _serve(self) -> None:
        while not self._closing:
            try:
                link, _ = self._socket.accept()
            except OSError:
                return
            with link:
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                try:
                    self._answer(link)
                except OSError:
                    pass  # the process ended

    def _answer(self, link: socket.socket) -> None:
        while True:
            request = link.recv(self.REQUEST.size, socket.MSG_WAITALL)
            if len(request) < self.REQUEST.size:
                return
            kind, one, two = self.REQUEST.unpack(request)
            link.sendall(struct.pack("<I", self._do(kind, one, two) & 0xFFFFFFFF))

    def _do(self, kind: bytes, one: int, two: int) -> int:
        registers = self.registers
        if kind == b"R":
            return registers.read(one)
        if kind == b"W":
            registers.write(one, two)
        elif kind == b"A":
            registers.advance(one)
        elif kind == b"T":
            return int(registers.frames / 8)
        elif kind == b"I":
            return int(registers.stock_open(one >> 8, one & 0xFF, two))
        elif kind == b"D":
            registers.stock_close(one)
        return 0
