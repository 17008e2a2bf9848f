"""The ESP32's start files: those of the firmware, or, as long as there are none, two that start nothing."""

from pathlib import Path

from host_tools.mpy import FIRMWARE

_BOOT = "# nothing to do\n"
_MAIN = "import json\n\nfrom ata.app import start\n\nboard = json.load(open('/board.json'))\nstart\n"


def start_files(folder: Path) -> Path:
    """A folder with boot.py and main.py."""
    if (FIRMWARE / "main.py").exists() and (FIRMWARE / "boot.py").exists():
        return FIRMWARE
    made = folder / "start_files"
    made.mkdir(exist_ok=True)
    (made / "boot.py").write_text(_BOOT)
    (made / "main.py").write_text(_MAIN)
    return made
