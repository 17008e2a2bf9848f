"""The memory that the model and the firmware share: 1 MB from 0x3FF00000, the ESP32's peripherals and its
internal RAM, as a file that both map. The 32-bit MicroPython maps it at the true address."""

import mmap
import struct
from pathlib import Path

FIRST = 0x3FF00000
SIZE = 0x100000
RAM_FROM = 0x3FFAE000  # what a DMA reaches (TRM, "Embedded Memory")
RAM_TO = 0x40000000


class Window:
    """Words by their address on the chip. A path: of the file to make."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(SIZE))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), SIZE)
        self._words = memoryview(self._map).cast("I")

    def load(self, address: int) -> int:
        return self._words[self._index(address)]

    def store(self, address: int, value: int) -> None:
        self._words[self._index(address)] = value & 0xFFFFFFFF

    def close(self) -> None:
        self._words.release()
        self._map.close()

    @staticmethod
    def _index(address: int) -> int:
        if address & 3 or not FIRST <= address < FIRST + SIZE:
            raise ValueError(f"no word at {address:#x}")
        return (address - FIRST) >> 2

    @staticmethod
    def is_ram(address: int, size: int = 4) -> bool:
        """Can a DMA reach all of it?"""
        return RAM_FROM <= address and address + size <= RAM_TO and address & 3 == 0

    @staticmethod
    def words(data: bytes) -> tuple[int, ...]:
        return struct.unpack(f"<{len(data) // 4}I", data)
