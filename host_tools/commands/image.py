"""`ata image`: one file for a board, from the sources and a stock MicroPython image."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from host_tools import boards
from host_tools.commands.console import errors_told
from host_tools.image import build, sizes


def image(
    board: Annotated[str, typer.Argument(help="a name of `boards`")],
    stock: Annotated[Path, typer.Argument(help="the official MicroPython image, a .bin file")],
    config: Annotated[Path | None, typer.Option(help="settings to begin with (config.json)")] = None,
    save: Annotated[bool, typer.Option("--save", help="record the sizes as those of a release")] = False,
) -> None:
    """Compile, pack and join: build/image/BOARD.bin and a manifest. Each image holds a secret of its own."""
    with errors_told():
        wanted = boards.load(board)
        made = build.build(wanted, stock, config)
        if save:
            sizes.record(board, made.manifest["packages"])
    console = Console(highlight=False)
    console.print(sizes.table(board, made.manifest["packages"]))
    base = made.manifest["stock"]
    console.print(
        f"{made.path}: {made.manifest['bytes']:,} bytes, {base['build']} {base['micropython']} with "
        f"{len(made.manifest['files'])} files; manifest {made.manifest_path.name}\n"
        f"next: make flash BOARD={board} PORT=/dev/ttyUSB0",
        markup=False,
        soft_wrap=True,
    )
