"""`ata boards`: the boards and their pins."""

import typer
from rich.console import Console

from host_tools import boards as known
from host_tools.boards.wiring import table
from host_tools.commands.console import errors_told


def boards(name: str = typer.Argument("", help="only this one")) -> None:
    """The boards, and what hangs on which pin (* strapping pin)."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    with errors_told():
        for each in [name] if name else known.names():
            board = known.load(each)
            if board.virtual:
                console.print(f"{board.name}: {board.title}\n", style="bold", highlight=False)
            else:
                console.print(table(board))
                console.print(f"stock images: {', '.join(board.data['stock'])}\n", highlight=False)
