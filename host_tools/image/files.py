"""What a device's file system holds, all of it in the root:

ata.mpy, ata_*.mpy   the firmware (host_tools.mpy); of other countries too: they cost flash, which there is
enough of start.mpy            firmware/main.py compiled with the rest, because its names must be those of
the bundle main.py              one line that imports it: MicroPython starts main.py only, not main.mpy
boot.py              firmware/boot.py as it is
board.json           the board, minified
config.json          the settings to begin with
secret               16 letters and digits of this device alone: 79 bits
"""

import json
import secrets
import sys
from pathlib import Path

from host_tools.boards import Board
from host_tools.mpy import FIRMWARE, device_tree

SECRET = "secret"
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that are taken for one another; 31 of them
_MAIN = b"import start\n"
# Modules that a board without the field does not get.
_ONLY_WITH = {"lan": ("ata_hal_esp32_lan",), "led": ("ata_hal_esp32_led",)}


def firmware_files(
    board: Board, architecture: str = "xtensawin", firmware: Path = FIRMWARE
) -> dict[str, bytes]:
    """Name → content of the firmware and its start files. ValueError if a start file is missing."""
    boot, main = firmware / "boot.py", firmware / "main.py"
    for path in (boot, main):
        if not path.exists():
            raise ValueError(f"{path}: the start file of the ESP32 is missing")
    tree = device_tree(architecture, firmware, "main")
    left_out = {name for field, names in _ONLY_WITH.items() if not board.data.get(field) for name in names}
    found = {path.name: path.read_bytes() for path in tree.glob("*.mpy") if path.stem not in left_out}
    found["start.mpy"] = found.pop("main.mpy")
    found["main.py"] = _MAIN
    found["boot.py"] = boot.read_bytes()
    return found


def settings(path: Path | None) -> bytes:
    """config.json: the user's, checked by the firmware's own schema, or one without settings. ValueError."""
    if path is None:
        return b"{}\n"
    if str(FIRMWARE) not in sys.path:
        sys.path.append(str(FIRMWARE))
    from ata.base.errors import ConfigError
    from ata.call.dialplan import DialPlan
    from ata.config import snapshot

    data = path.read_bytes()
    try:
        DialPlan(snapshot.load(data).get("dial.plan"))
    except ConfigError as error:
        raise ValueError(f"{path}: {error}; put that right and try again") from None
    return json.dumps(json.loads(data), separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def device_files(board: Board, config: Path | None, firmware: Path = FIRMWARE) -> dict[str, bytes]:
    """Everything that one device gets; a new secret each time."""
    files = firmware_files(board, firmware=firmware)
    files["board.json"] = board.device_json()
    files["config.json"] = settings(config)
    files[SECRET] = "".join(secrets.choice(_LETTERS) for _ in range(16)).encode()
    return files
