"""`ata flash` and `ata files`: a board on a serial port."""

import json
import subprocess
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from host_tools import boards
from host_tools.commands.console import errors_told
from host_tools.image import build, serial
from host_tools.image.files import firmware_files, settings

_Board = Annotated[str, typer.Argument(help="a name of `boards`")]
_Port = Annotated[str, typer.Argument(help="such as /dev/ttyUSB0")]


def flash(
    board: _Board,
    port: _Port = "",
    again: Annotated[bool, typer.Option("--again", help="the same device as before")] = False,
    console: Annotated[bool, typer.Option(help="show the board's console afterwards")] = True,
) -> None:
    """Write the image of `ata image` to a board, verify it, and open the console (Ctrl-] ends it)."""
    with errors_told():
        made = build.load(boards.load(board))
        if made.manifest.get("flashed") and not again:
            raise ValueError(
                f"{made.path} was flashed already, and its secret is that of one device: make image again "
                "for another one, or say --again for the same"
            )
        port = serial.check_port(port)
        serial.flash(port, made.path, made.manifest["flash_address"])
        made.manifest_path.write_text(json.dumps(made.manifest | {"flashed": True}, indent=1) + "\n")
    Console(highlight=False).print("written and verified", style="green")
    if console:
        raise typer.Exit(subprocess.run(serial.console_command(port), check=False).returncode)


def files(
    board: _Board,
    port: _Port = "",
    config: Annotated[Path | None, typer.Option(help="settings (config.json) to put there too")] = None,
) -> None:
    """Update a board that runs already: only modules that differ, over serial. Its settings and its secret
    stay, unless --config is given."""
    out = Console(highlight=False)
    with errors_told():
        wanted = boards.load(board)
        new = firmware_files(wanted) | {"board.json": wanted.device_json()}
        if config is not None:
            new["config.json"] = settings(config)
        port = serial.check_port(port)
        done = serial.update(port, new, lambda name, number, of: out.print(f"{number}/{of} {name}"))
    out.print(f"{len(done)} of {len(new)} files changed" + ("; restart the board" if done else ""))
