"""`python -m host_tools` (`ata` for short): the virtual board for people, and the firmware's kernels for
sound files. `make run`, `make demo` and `make ata` call it."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from host_tools import bench as benches
from host_tools import countries as tables
from host_tools import memory as heap
from host_tools.commands import decode, make
from host_tools.commands.boards import boards
from host_tools.commands.flash import files, flash
from host_tools.commands.image import image
from host_tools.virtual_board import demo as demos
from host_tools.virtual_board.child import FirmwareEnded
from host_tools.virtual_board.play import NotReady
from host_tools.virtual_board.session import Session
from host_tools.virtual_board.shell import Shell
from host_tools.virtual_board.words import ScenarioError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="An analog telephone adapter with two phones, all in software.",
)

app.add_typer(decode.app, name="decode")
app.add_typer(make.app, name="make")
for command in (boards, image, flash, files):
    app.command()(command)

RUN_FOLDER = Path(__file__).resolve().parents[1] / "build/run"

Runtime = Annotated[
    str, typer.Option(help="mp32, mp64 or the path of a MicroPython; auto: mp32 where it exists")
]
Heap = Annotated[
    str, typer.Option(help="heap of the firmware, for example 112K; empty: the interpreter's own")
]
Tree = Annotated[Path | None, typer.Option(help="another firmware tree, for example one of .mpy files")]
Config = Annotated[Path | None, typer.Option(help="a config.json for the firmware")]
Output = Annotated[Path | None, typer.Option(help="folder for WAV files, picture and figures")]
Strict = Annotated[bool, typer.Option(help="fail as soon as a figure is beyond its bound")]


@app.command()
def run(runtime: Runtime = "auto", heap: Heap = "", tree: Tree = None, config: Config = None) -> None:
    """Two phones on a virtual two-port board, with a small shell."""
    console = Console(highlight=False)

    async def shell() -> int:
        options: dict[str, Any] = {"runtime": runtime, "heap": heap, "tree": tree}
        if config is not None:
            # A lasting folder, so that the firmware can keep the last good settings beside these.
            RUN_FOLDER.mkdir(parents=True, exist_ok=True)
            options |= {"folder": RUN_FOLDER, **_settings(config)}
        async with Session(**options) as session:
            with console.status("starting the firmware: DC-DC, leak test, calibration of both chips"):
                await session.ready()
            return await Shell(session, console).run()

    _run(console, shell())


@app.command()
def demo(
    runtime: Runtime = "auto",
    heap: Heap = "",
    tree: Tree = None,
    output: Output = None,
    strict: Strict = False,
) -> None:
    """A scripted call: time line, figures, WAV of both earpieces, one PNG."""
    console = Console(highlight=False)
    slack = 1.0 if strict else demos.GENEROUS
    options = {"runtime": runtime, "heap": heap, "tree": tree, "slack": slack}
    _run(console, demos.demo(console, output or demos.OUTPUT, **options))


@app.command()
def scenario(
    files: Annotated[list[Path], typer.Argument(help="scripts (tests/scenarios/*.call)")],
    runtime: Runtime = "auto",
    heap: Heap = "",
    tree: Tree = None,
    output: Output = None,
    strict: Strict = False,
) -> None:
    """Perform scripts, each on a fresh board."""
    console = Console(highlight=False)
    slack = 1.0 if strict else demos.GENEROUS
    options = {"runtime": runtime, "heap": heap, "tree": tree, "slack": slack}
    _run(console, demos.play_files(files, console, output, **options))


@app.command()
def bench(save: Annotated[bool, typer.Option(help="record the figures in the repository")] = False) -> None:
    """Figures of a call and of the heap (100 calls), beside the recorded ones."""
    console = Console(highlight=False)
    _run(console, benches.bench(console, save))


@app.command()
def memory(save: Annotated[bool, typer.Option(help="record the figures in the repository")] = False) -> None:
    """Heap after start, registered, in and after calls, and what takes it, beside the recorded."""
    console = Console(highlight=False)
    _run(console, heap.memory(console, save))


@app.command()
def countries() -> None:
    """Tones, ringing and caller ID of every country that the firmware knows."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)  # a file or a pipe has room for the whole table
    console.print(tables.table())


def _settings(path: Path) -> dict[str, Any]:
    """Options of Session for a user's file. What is not JSON goes to the firmware as it is: it says why."""
    text = path.read_text()
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    return {"config_file": path} if isinstance(given, dict) else {"config_text": text}


def _run(console: Console, work: Coroutine[Any, Any, int]) -> None:
    try:
        code = asyncio.run(work)
    except (ScenarioError, NotReady, FirmwareEnded, OSError) as error:
        console.print(Text(str(error), "red"), soft_wrap=True)
        code = 1
    except KeyboardInterrupt:
        console.print(Text("interrupted", "dim"))
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    app(prog_name="ata")
