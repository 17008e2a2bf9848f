"""Reads a stock MicroPython image for the ESP32, as downloaded, and says what is wrong with it.

The file begins at flash address 0x1000 (second-stage bootloader); the partition table is at 0x8000, the
application at 0x10000 (MicroPython ports/esp32/makeimg.py). An official image has no version in its
application descriptor (CONFIG_APP_EXCLUDE_PROJECT_VER_VAR), so version and board are taken from the banner
in its constants.

Partition table (ESP-IDF "Partition Tables"): rows of 32 bytes, magic AA 50; a row with magic EB EB holds
the MD5 of those before it. Image (ESP-IDF "App Image Format"): header of 24 bytes, segments, checksum,
SHA-256.
"""

import hashlib
import re
import struct
from dataclasses import dataclass
from functools import reduce
from operator import xor
from pathlib import Path

from host_tools.boards import Board

BEGIN = 0x1000  # flash address of the file's first byte
_TABLE, _TABLE_SIZE = 0x8000, 0xC00
OLDEST = (1, 25)
CHIPS = {0: "ESP32", 2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2", 13: "ESP32-C6", 16:
"ESP32-H2",
         18: "ESP32-P4", 23: "ESP32-C5"}  # fmt: skip
# What the banner calls the board → the name of the download.
BUILDS = {
    "Generic ESP32 module": "ESP32_GENERIC",
    "Generic ESP32 module with SPIRAM": "ESP32_GENERIC-SPIRAM",
    "Generic ESP32 module with OTA": "ESP32_GENERIC-OTA",
}
_OTHER_MCU = {"ESP32-UNICORE": "ESP32_GENERIC-UNICORE", "ESP32-D2WD": "ESP32_GENERIC-D2WD"}
DOWNLOAD = "https://micropython.org/download/ESP32_GENERIC/"
_APP, _DATA = 0, 1
_FACTORY, _OTA_0 = 0x00, 0x10
_DESCRIPTOR_MAGIC = 0xABCD5432
_VERSION = re.compile(rb"MicroPython v(\d+)\.(\d+)(?:\.(\d+))?(-[\w.-]+)? on \d{4}-\d\d-\d\d")
_MACHINE = re.compile(rb"([ -~]{1,60}?) with (ESP32[\w-]*)(?=[\0\r])")


class StockError(ValueError):
    """The file cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Partition:
    name: str
    kind: int  # 0 application, 1 data
    subtype: int
    offset: int
    size: int

    @property
    def end(self) -> int:
        return self.offset + self.size


@dataclass(frozen=True)
class Stock:
    """A stock image that was found whole. `build`: the download's name; `vfs`: where its file system lies."""

    data: bytes
    version: str
    build: str
    idf: str
    partitions: tuple[Partition, ...]
    vfs: Partition

    @property
    def end(self) -> int:
        """The flash address behind the image's last byte."""
        return BEGIN + len(self.data)


def read(path: Path, board: Board) -> Stock:
    """The stock image for `board`. Raises StockError."""
    data = path.read_bytes()
    try:
        return _read(data, board)
    except StockError as error:
        hint = f"a stock image for {board.name} is {' or '.join(board.data['stock'])}, from {DOWNLOAD}"
        raise StockError(f"{path}: {error}; {hint}") from None


def _read(data: bytes, board: Board) -> Stock:
    if data[:2] == b"MZ" or data[:4] == b"\x7fELF" or data[:2] in (b"PK", b"UF"):
        raise StockError("this is a program or an archive, not the .bin file")
    if data[:1] != b"\xe9":
        if data[BEGIN : BEGIN + 1] == b"\xe9" and data[:1] == b"\xff":
            raise StockError("this image begins at flash address 0, an official one for the ESP32 at 0x1000")
        raise StockError("this is no image for an ESP32 (it does not begin with E9)")
    _check_image(data, 0, "the bootloader")
    partitions = parse_table(data[_TABLE - BEGIN :][:_TABLE_SIZE])
    app = _application(partitions)
    at = app.offset - BEGIN
    size = _check_image(data, at, "the application")
    if size > app.size:
        raise StockError(f"the application, {size} bytes, does not fit its partition of {app.size}")
    code = data[at : at + size]
    version, build = _banner(code)
    (magic,) = struct.unpack_from("<I", code, 32)
    if magic != _DESCRIPTOR_MAGIC:
        raise StockError("the application has no descriptor, so it was not made by ESP-IDF 4 or newer")
    idf = code[32 + 112 : 32 + 144].split(b"\0")[0].decode("ascii", "replace")
    if build not in board.data["stock"]:
        raise StockError(f"it is {build}")
    return Stock(data, version, build, idf, partitions, vfs_of(partitions, board.flash_bytes))


def _check_image(data: bytes, at: int, what: str) -> int:
    """The size of the image that begins at `at`, after its checks: chip, segments, checksum, SHA-256."""
    if len(data) < at + 24:
        raise StockError(f"cut off: {len(data)} bytes, and {what} begins at {at}")
    magic, segments = data[at], data[at + 1]
    (chip,) = struct.unpack_from("<H", data, at + 12)
    if magic != 0xE9:
        raise StockError(f"{what} is missing")
    if chip != 0:
        raise StockError(
            f"it is for another chip, {CHIPS.get(chip, f'number {chip}')}, and the board has an ESP32"
        )
    end, check = at + 24, 0xEF
    for _ in range(segments):
        if len(data) < end + 8:
            raise StockError(f"cut off within {what}: download it again")
        _, size = struct.unpack_from("<II", data, end)
        body = data[end + 8 : end + 8 + size]
        if len(body) < size:
            raise StockError(f"cut off within {what}: download it again")
        check = reduce(xor, body, check)
        end += 8 + size
    end = at + (end - at) // 16 * 16 + 16  # the checksum is the last byte of 16
    if len(data) < end or data[end - 1] != check:
        raise StockError(f"damaged: the checksum of {what} is wrong; download it again")
    if data[at + 23] == 1:
        if data[end : end + 32] != hashlib.sha256(data[at:end]).digest():
            raise StockError(f"damaged: the SHA-256 of {what} is wrong; download it again")
        end += 32
    return end - at


def parse_table(data: bytes) -> tuple[Partition, ...]:
    """The rows of a partition table."""
    found = []
    for at in range(0, len(data) - 31, 32):
        row = data[at : at + 32]
        if row[:2] == b"\xaa\x50":
            kind, subtype, offset, size = struct.unpack_from("<BBII", row, 2)
            name = row[12:28].split(b"\0")[0].decode("ascii", "replace")
            found.append(Partition(name, kind, subtype, offset, size))
            continue
        if row[:2] == b"\xeb\xeb":
            if row[16:] != hashlib.md5(data[:at], usedforsecurity=False).digest():
                raise StockError("damaged: the MD5 of the partition table is wrong; download it again")
            return tuple(found)
        break
    if not found:
        raise StockError("there is no partition table at flash address 0x8000")
    raise StockError("the partition table has no MD5 row: damaged, or not an official image")


def _application(partitions: tuple[Partition, ...]) -> Partition:
    for part in partitions:
        if part.kind == _APP and part.subtype in (_FACTORY, _OTA_0):
            return part
    raise StockError("the partition table has no application")


def vfs_of(partitions: tuple[Partition, ...], flash: int) -> Partition:
    """Where MicroPython looks for its file system: the row "vfs", or, from 1.26 on, where there is neither
    "vfs" nor "ffat", all that is left of the flash chip (ports/esp32/main.c, boardctrl_startup)."""
    for part in partitions:
        if part.kind == _DATA and part.name == "vfs":
            found = part
            break
        if part.kind == _DATA and part.name == "ffat":
            raise StockError("its file system is FAT (partition ffat); littlefs (vfs) is wanted")
    else:
        offset = max(part.end for part in partitions)
        found = Partition("vfs", _DATA, 0x81, offset, flash - offset)
    if found.size <= 0 or found.end > flash:
        raise StockError(
            f"its file system would end at {found.end:#x}, and the board's flash chip at {flash:#x}"
        )
    if found.offset % 4096:
        raise StockError(f"its file system begins at {found.offset:#x}, not at a multiple of 4096")
    return found


def _banner(code: bytes) -> tuple[str, str]:
    """Version and build from the strings of sys.version and sys.implementation."""
    version = _VERSION.search(code)
    if not version:
        raise StockError("it is not MicroPython (no version text)")
    numbers = tuple(int(part or 0) for part in version.groups()[:3])
    text = ".".join(str(number) for number in numbers) + (version[4] or b"").decode()
    if numbers[:2] < OLDEST:
        raise StockError(f"it is MicroPython {text}; {OLDEST[0]}.{OLDEST[1]} or newer is wanted")
    builds = []
    for name, mcu in _MACHINE.findall(code):
        words = name.decode().split("; ")[-1]
        other = _OTHER_MCU.get(mcu.decode())
        if other or words in BUILDS:
            builds.append(other or BUILDS[words])
        elif not builds and words[0].isupper():
            builds.append(f"for {words} with {mcu.decode()}")
    known = [build for build in builds if not build.startswith("for ")]
    if not builds:
        raise StockError(f"it is MicroPython {text}, but for which board cannot be seen")
    return text, (known or builds)[0]
