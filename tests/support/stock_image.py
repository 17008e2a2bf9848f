"""A stand-in for the official MicroPython image: real bootloader header, partition table, application with
descriptor, banner, checksum and SHA-256, and no program in it. Written from ESP-IDF's description of the
formats, not from host_tools/image/stock.py."""

import hashlib
import struct
from collections.abc import Sequence

# ports/esp32/partitions-4MiB*.csv of MicroPython: (name, type, subtype, offset, size)
NVS = ("nvs", 1, 2, 0x9000, 0x6000)
PHY = ("phy_init", 1, 1, 0xF000, 0x1000)
BEFORE_1_26 = (NVS, PHY, ("factory", 0, 0, 0x10000, 0x1F0000), ("vfs", 1, 0x81, 0x200000, 0x200000))
SINCE_1_26 = (NVS, PHY, ("factory", 0, 0, 0x10000, 0x1F0000))
OTA = (
    ("nvs", 1, 2, 0x9000, 0x4000),
    ("otadata", 1, 0, 0xD000, 0x2000),
    PHY,
    ("ota_0", 0, 0x10, 0x10000, 0x180000),
    ("ota_1", 0, 0x11, 0x190000, 0x180000),
)
WROVER = "Generic ESP32 module with SPIRAM with ESP32"


def table(rows: Sequence[tuple[str, int, int, int, int]], md5: bool = True) -> bytes:
    data = b"".join(
        b"\xaa\x50" + struct.pack("<BBII16sI", kind, subtype, offset, size, name.encode(), 0)
        for name, kind, subtype, offset, size in rows
    )
    if md5:
        data += b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(data).digest()
    return data.ljust(0xC00, b"\xff")


def firmware(segments: Sequence[tuple[int, bytes]], chip: int = 0) -> bytes:
    head = struct.pack("<BBBBI", 0xE9, len(segments), 2, 0x2F, 0x40080000)
    head += struct.pack("<B3xHBHH4xB", 0xEE, chip, 0, 0, 0xFFFF, 1)
    data, check = head, 0xEF
    for address, body in segments:
        data += struct.pack("<II", address, len(body)) + body
        for byte in body:
            check ^= byte
    data += bytes(15 - len(data) % 16) + bytes([check])
    return data + hashlib.sha256(data).digest()


def stock_image(
    version: str = "1.27.0",
    machine: str = WROVER,
    rows: Sequence[tuple[str, int, int, int, int]] = SINCE_1_26,
    chip: int = 0,
    banner: str | None = None,
) -> bytes:
    """The bytes of a download, from flash address 0x1000 on."""
    descriptor = struct.pack(
        "<II8x32s32s16s16s32s32s", 0xABCD5432, 0, b"", b"", b"", b"", b"v5.5.1", bytes(32)
    )
    words = f"MicroPython v{version} on 2025-12-09" if banner is None else banner
    strings = f"\0{words}; {machine}\0MPY: soft reboot\r\n\0{machine}\x003.4.0; {words}\0".encode()
    rodata = descriptor.ljust(256, b"\0") + strings
    rodata += bytes(-len(rodata) % 4 + 4096)
    image = firmware([(0x3FFF0018, bytes(64))], chip).ljust(0x7000, b"\xff") + table(rows)
    return image.ljust(0xF000, b"\xff") + firmware([(0x3F400020, rodata), (0x40080000, bytes(256))], chip)
