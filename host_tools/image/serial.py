"""The board on a serial port: esptool writes the image, mpremote shows the console and updates files.

esptool is run as a program of its own; so is mpremote's console.
"""

import hashlib
import io
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from serial.tools import list_ports

BAUD = 460800
_SILENCE = 3  # s after which nobody is taken to be there
# Run on the device: name, SHA-256 of every file in the root.
_HASHES = """
import os, hashlib, binascii
b = bytearray(512)
for n in os.listdir('/'):
    try:
        if os.stat('/' + n)[0] & 0x4000: continue
    except OSError: continue
    h = hashlib.sha256()
    with open('/' + n, 'rb') as f:
        while True:
            k = f.readinto(b)
            if not k: break
            h.update(memoryview(b)[:k])
    print(n, binascii.hexlify(h.digest()).decode())
"""


class PortError(ValueError):
    """No board can be reached at the port; the text says what there is."""


def ports() -> list[str]:
    """The serial ports of this machine, with what calls itself so."""
    return [f"{port.device} ({port.description})" for port in sorted(list_ports.comports())]


def check_port(port: str | None) -> str:
    """The port if it exists; PortError names those that do."""
    there = ports()
    found = "ports here: " + ", ".join(there) if there else "no serial port is here: is the board plugged in?"
    if not port:
        raise PortError(f"which port? PORT=/dev/ttyUSB0 or the like; {found}")
    if not port.upper().startswith("COM") and not Path(port).exists():
        raise PortError(f"port {port}: it does not exist; {found}")
    return port


def flash_commands(port: str, image: Path, address: int) -> list[list[str]]:
    """esptool's command lines: erase nothing but what is written, write (which compares a hash of each part),
    then read back the whole by its hash."""
    esptool = [sys.executable, "-m", "esptool", "--chip", "esp32", "--port", port, "--baud", str(BAUD)]
    keep = ["--flash-mode", "keep", "--flash-freq", "keep", "--flash-size", "keep"]
    return [
        [*esptool, "--after", "no-reset", "write-flash", *keep, hex(address), str(image)],
        [*esptool, "--after", "hard-reset", "verify-flash", *keep, hex(address), str(image)],
    ]


def console_command(port: str) -> list[str]:
    return [sys.executable, "-m", "mpremote", "connect", port, "resume", "repl"]


def flash(port: str, image: Path, address: int, run: Callable[..., Any] = subprocess.run) -> None:
    """Write and verify; esptool shows its progress. PortError if it fails."""
    for command in flash_commands(port, image, address):
        done = run(command, check=False)
        if done.returncode:
            what = command[command.index("--after") + 2]
            raise PortError(
                f"esptool {what} failed at {port}: hold the board's BOOT button (GPIO 0) while it starts, "
                "close other programs that use the port, and try again"
            )


def changed(wanted: Mapping[str, bytes], there: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """(files to write, .mpy files to remove) to get from what is there (name → SHA-256) to what is wanted;
    main.py comes last, since it starts the others."""
    new = [name for name, data in wanted.items() if there.get(name) != hashlib.sha256(data).hexdigest()]
    new.sort(key=lambda name: (name == "main.py", name))
    gone = [name for name in there if name.endswith(".mpy") and name not in wanted]
    return new, sorted(gone)


def update(port: str, wanted: Mapping[str, bytes], told: Callable[[str, int, int], None]) -> list[str]:
    """Write the files that differ, through mpremote; `told(name, number, of)` before each. Names of what was
    written or removed. PortError if no MicroPython answers."""
    from mpremote.transport import TransportError
    from mpremote.transport_serial import SerialTransport

    try:
        board = SerialTransport(port, baudrate=115200, timeout=_SILENCE)
    except (TransportError, OSError) as error:
        raise PortError(f"port {port}: {error}") from None
    try:
        with redirect_stdout(io.StringIO()):  # mpremote prints what it cannot understand
            board.enter_raw_repl(soft_reset=False, timeout_overall=_SILENCE)
        lines = board.exec(_HASHES).decode().splitlines()
        there = dict(line.split() for line in lines if len(line.split()) == 2)
        new, gone = changed(wanted, there)
        for number, name in enumerate(new):
            told(name, number + 1, len(new))
            # A second file first: after a power cut there is the old or the new one.
            board.fs_writefile(f"/{name}.new", wanted[name])
            board.exec(f"import os\nos.rename({'/' + name + '.new'!r}, {'/' + name!r})")
        for name in gone:
            board.fs_rmfile(f"/{name}")
        if new:
            after = dict(line.split() for line in board.exec(_HASHES).decode().splitlines())
            bad = [name for name in new if after.get(name) != hashlib.sha256(wanted[name]).hexdigest()]
            if bad:
                raise PortError(f"port {port}: {', '.join(bad)} did not arrive whole; run it again")
        board.exit_raw_repl()
        return new + gone
    except (TransportError, OSError) as error:
        raise PortError(
            f"port {port}: no MicroPython answers ({error}); flash the board first (ata flash)"
        ) from None
    finally:
        board.close()
