"""`make bench-voice`: how well the kernels do their work, beside other software and beside what was recorded.

`python -m host_tools.voice.bench [--quick] [--save] [PART …]`. Tables to the console, plots to
build/bench-voice, the last tables in tests/vectors/bench/voice.json.
"""

import importlib.util
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import matplotlib
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from host_tools.virtual_board.play import NotReady
from host_tools.voice import bench_callerid, bench_dtmf, bench_loss, report, speech_files
from host_tools.voice.report import Part

matplotlib.use("Agg")
from matplotlib import pyplot

Step = Callable[[str], None]


class Name(StrEnum):
    """The parts, in the order in which they are measured."""

    dtmf = "dtmf"
    loss = "loss"
    callerid = "callerid"
    echo = "echo"


_STEPS = {Name.dtmf: 3, Name.loss: 2, Name.callerid: 2, Name.echo: 3}  # as often as a part calls `step`


def measure(name: Name, quick: bool, step: Step, speech: Path = speech_files.FOLDER) -> Part:
    if name == Name.dtmf:
        return bench_dtmf.measure(quick, step, speech)
    if name == Name.loss:
        return bench_loss.measure(quick, step, speech)
    if name == Name.callerid:
        return bench_callerid.measure(quick, step)
    if importlib.util.find_spec("host_tools.voice.echo_bench") is None:
        return Part("echo", notes=["echo is left out: there is no echo_bench yet"])
    from host_tools.voice import bench_echo

    return bench_echo.measure(quick, step, speech)


def plot(part: Part, folder: Path = report.PLOTS) -> list[Path]:
    """Draw the part's plots; the files."""
    made = []
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in part.plots.items():
        figure = pyplot.figure(figsize=(10, 4 if name in ("loss", "delay") else 8), constrained_layout=True)
        draw(figure)
        made.append(folder / f"{name}.png")
        figure.savefig(made[-1], dpi=120)
        pyplot.close(figure)
    return made


def show(part: Part, last: report.Record, console: Console) -> None:
    for grid in part.grids:
        before = last.get(grid.title, {})
        if not grid.drawn or grid.changed(before):
            console.print(grid.table(before))
    for note in part.notes:
        console.print(Text(note, "yellow"), soft_wrap=True)


@contextmanager
def _steps(parts: list[Name], console: Console):
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=sum(_STEPS[name] for name in parts))

        def step(what: str) -> None:
            bar.update(task, description=what, advance=1)

        yield step


def main(
    parts: Annotated[list[Name] | None, typer.Argument(help="all unless given")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="few cases: a quarter of a minute")] = False,
    save: Annotated[bool, typer.Option("--save", help="record the tables in the repository")] = False,
    speech: Annotated[
        Path, typer.Option(help="8 kHz WAV files, a folder for each voice")
    ] = speech_files.FOLDER,
) -> None:
    """Measure the voice quality, show it, draw it."""
    console = Console(highlight=False)
    begin = time.monotonic()
    mode = "quick" if quick else "full"
    if speech != speech_files.FOLDER and save:
        console.print(Text(f"only figures of {speech_files.FOLDER} are recorded", "red"), soft_wrap=True)
        sys.exit(2)
    last = report.recorded(mode) if speech == speech_files.FOLDER else {}
    names = [name for name in Name if not parts or name in parts]
    try:
        with _steps(names, console) as step:
            found = [measure(name, quick, step, speech) for name in names]
    except (NotReady, RuntimeError, OSError, ValueError) as error:
        console.print(Text(str(error), "red"), soft_wrap=True)
        sys.exit(1)
    drawn = []
    for part in found:
        show(part, last, console)
        drawn += plot(part)
    console.print(report.figures([figure for part in found for figure in part.figures]))
    plots = ", ".join(_short(path) for path in drawn)
    console.print(f"{time.monotonic() - begin:.0f} s. Plots: {plots}", style="dim")
    if save:
        report.record(mode, found)
        console.print(f"recorded in {_short(report.RECORD)}")


def _short(path: Path) -> str:
    return str(path.relative_to(report.ROOT)) if path.is_relative_to(report.ROOT) else str(path)


if __name__ == "__main__":
    typer.run(main)
