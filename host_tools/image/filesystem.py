"""A littlefs image as MicroPython's VfsLfs2 makes and mounts it."""

from collections.abc import Mapping
from typing import Any

from littlefs import LittleFS, LittleFSError

BLOCK = 4096  # of esp32.Partition
# As extmod/vfs_lfsx.c has them: read and prog 32, a cache of four times that. disk_version 2.0 is what every
# MicroPython reads; newer ones take it over when they write.
_OPTIONS: dict[str, Any] = {
    "block_size": BLOCK,
    "read_size": 32,
    "prog_size": 32,
    "cache_size": 128,
    "lookahead_size": 32,
    "block_cycles": 100,
    "disk_version": 0x00020000,
}
FREE = 64 * 1024  # bytes that the device must have left to write settings, twice over


def pack(files: Mapping[str, bytes], size: int) -> bytes:
    """An image of `size` bytes with `files` (name → content, all in the root). ValueError: no room."""
    volume = LittleFS(block_count=size // BLOCK, **_OPTIONS)
    need = sum(len(data) for data in files.values()) + FREE
    try:
        for name, data in sorted(files.items()):
            with volume.open(f"/{name}", "wb") as file:
                file.write(data)
    except LittleFSError:
        raise ValueError(f"the file system of {size} bytes is full: {need} are wanted") from None
    if (size // BLOCK - volume.used_block_count) * BLOCK < FREE:
        raise ValueError(f"the file system of {size} bytes is too small: {need} are wanted")
    return bytes(volume.context.buffer)


def unpack(image: bytes) -> dict[str, bytes]:
    """The files in the root of an image."""
    volume = LittleFS(block_count=len(image) // BLOCK, mount=False, **_OPTIONS)
    volume.context.buffer[:] = image
    volume.mount()
    found = {}
    for name in volume.listdir("/"):
        with volume.open(f"/{name}", "rb") as file:
            found[name] = file.read()
    return found
