"""A script performed on a fresh board, and `make demo`: time line, figures, both earpieces, one picture."""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from host_tools.virtual_board import scenario, speech, story
from host_tools.virtual_board.child import FirmwareEnded
from host_tools.virtual_board.history import PORTS, Entry
from host_tools.virtual_board.play import GENEROUS, Figure, NotReady, Player, Unmet
from host_tools.virtual_board.session import Session
from host_tools.virtual_board.traces import PortTrace

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "tests/scenarios/demo.call"
OUTPUT = ROOT / "build/demo"
_LEAD_IN = 0.3  # seconds told before the first statement
_SETTLE = (
    0.4  # seconds of idle line before it: the chips' state-change masks are over, the picture begins well
)
_RUN_OUT = 0.4  # seconds that the board goes on after the last one
_HOLD = 0.35  # seconds by which the time line lags, to be in order: the end of speech is known that late


@dataclass
class Result:
    """How a script went and what it left behind. Times are board seconds."""

    script: scenario.Scenario
    failure: Exception | None = None
    figures: list[Figure] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    traces: dict[int, PortTrace] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    console: list[str] = field(default_factory=list)  # all that the firmware wrote
    runtime: str = ""
    start_seconds: float = 0.0  # from the start of the firmware to both ports in service
    begin: float = 0.0
    end: float = 0.0


async def perform(
    script: scenario.Scenario,
    console: Console,
    *,
    quiet: bool = False,
    slack: float = GENEROUS,
    **options: Any,
) -> Result:
    """Start a session for the script, perform it, end the session. Failures are in the result.

    `options` are those of Session; `quiet` leaves out the time line and the progress bar.
    """
    result = Result(script)
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", style="dim"),
        BarColumn(24),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=quiet,
    )
    bar = progress.add_task("starting the firmware: DC-DC, leak test, calibration of both chips", total=None)

    def tell(entry: Entry) -> None:
        started = result.begin and entry.time >= result.begin - _LEAD_IN
        titled = entry.kind == "note" and entry.detail["text"] == script.title
        if story.worth_telling(entry) and not titled and (started or entry.kind == "log"):
            zero = result.begin if started else 0.0
            progress.console.print(story.line(entry, zero), soft_wrap=True)

    with progress:
        try:
            async with AsyncExitStack() as stack:
                session = await stack.enter_async_context(
                    Session(script.config, **board_options(script), **options)
                )
                result.console = session.console_lines
                if not quiet:
                    await stack.enter_async_context(story.Teller(session.history, session.now, tell, _HOLD))
                await session.ready()
                result.start_seconds = session.now()
                await asyncio.sleep(_SETTLE)
                result.runtime, result.begin = session.runtime_name, session.now()
                player = Player(session, script.folder, slack)
                try:
                    for done, statement in enumerate(script.steps):
                        words = statement.place.text.strip()
                        progress.update(bar, description=words, total=len(script.steps), completed=done)
                        await player.step(statement)
                    await asyncio.sleep(_RUN_OUT)
                    result.status = await session.status()
                finally:
                    result.end = session.now()
                    result.figures = player.figures
                    result.entries = list(session.history.entries)
                    result.traces = {port: session.trace(port) for port in PORTS}
        except (Unmet, FirmwareEnded, NotReady) as error:
            result.failure = error
    return result


def keep(result: Result, folder: Path) -> list[Path]:
    """Write both earpieces, the picture and figures.json into `folder`. The files written."""
    from host_tools.virtual_board import plot  # a second of imports that only this needs

    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for port, trace in result.traces.items():
        first = max(0, int((result.begin - trace.sound_start) * speech.RATE))
        paths.append(folder / f"earpiece{port}.wav")
        speech.write_wav(paths[-1], speech.to_int16(trace.ear[first:]))
    if result.traces:
        paths.append(folder / f"{Path(result.script.name).stem}.png")
        numbers = {str(port.get("number")): port["port"] for port in result.status.get("ports", [])}
        plot.draw(
            paths[-1],
            result.script.title,
            result.entries,
            result.traces,
            result.figures,
            numbers or {"101": 1, "102": 2},
            result.begin,
            result.end,
        )
    paths.append(folder / "figures.json")
    paths[-1].write_text(json.dumps(as_json(result), indent=1) + "\n")
    return paths


def as_json(result: Result) -> dict[str, Any]:
    return {
        "script": result.script.name,
        "runtime": result.runtime,
        "ok": result.failure is None,
        "failure": None if result.failure is None else str(result.failure),
        "start_seconds": round(result.start_seconds, 3),
        "seconds": round(result.end - result.begin, 3),
        "heap_free": result.status.get("heap_free"),
        "figures": [
            {
                "name": figure.name,
                "value": round(figure.value, 4 if not figure.unit else 1),
                "unit": figure.unit,
                "bound": figure.bound,
                "at": "most" if figure.at_most else "least",
                "within": figure.within,
            }
            for figure in result.figures
        ],
    }


async def demo(console: Console, output: Path = OUTPUT, **options: Any) -> int:
    """`make demo`. The exit code."""
    began = time.monotonic()
    script = scenario.load(DEMO)
    console.print(Text(script.title, "bold"), Text("(times in seconds from the first action)", "dim"))
    result = await perform(script, console, **options)
    paths = await asyncio.to_thread(keep, result, output)
    console.print()
    console.print(story.figures_table(result.figures))
    console.print()
    for path in paths:
        console.print(Text(f"  {_short(path)}", "cyan"))
    seconds = time.monotonic() - began
    if result.failure is not None:
        console.print(Text(f"\n✗ {result.failure}", "bold red"), soft_wrap=True)
        return 1
    over = [figure for figure in result.figures if not figure.within]
    if over:
        names = ", ".join(figure.name for figure in over)
        console.print(Text(f"\n! all that was expected happened, but beyond its bound: {names}", "yellow"))
    else:
        console.print(Text("\n✓ all that was expected happened, every figure within its bound", "bold green"))
    console.print(Text(f"  {result.runtime}, {seconds:.0f} s", "dim"))
    return 0


async def play_files(paths: Sequence[Path], console: Console, output: Path | None, **options: Any) -> int:
    """`python -m host_tools scenario FILE…`: each on a fresh board. The exit code: 1 if any failed."""
    failures = 0
    for path in paths:
        script = scenario.load(path)
        console.print(Text(f"{path}: {script.title}", "bold"))
        result = await perform(script, console, **options)
        if result.figures:
            console.print(story.figures_table(result.figures))
        if output is not None:
            await asyncio.to_thread(keep, result, output / path.stem)
        if result.failure is None:
            console.print(Text("✓ all that was expected happened\n", "green"))
        else:
            failures += 1
            console.print(Text(f"✗ {result.failure}\n", "bold red"), soft_wrap=True)
    return 1 if failures else 0


def board_options(script: scenario.Scenario) -> dict[str, Any]:
    """The `board` lines of a script as options of Session. Raises ScenarioError."""
    options: dict[str, Any] = {}
    if "parts" in script.board:
        options["parts"] = script.board["parts"]
    if "absent" in script.board:
        options["absent"] = [int(port) for port in script.board["absent"]]
    return options


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
