"""`make bench`: the figures of a call and of the heap, beside those recorded in the repository."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from host_tools import memory
from host_tools.virtual_board import demo, scenario

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "tests/bench/figures.json"
CALLS = 100


async def measure(console: Console) -> dict[str, dict[str, Any]]:
    """Name → value, unit and (for a call's figures) bound."""
    found: dict[str, dict[str, Any]] = {}
    result = await demo.perform(scenario.load(demo.DEMO), console, quiet=True)
    if result.failure is not None:
        raise RuntimeError(f"the demo call failed: {result.failure}")
    for figure in result.figures:
        found[figure.name] = {"value": round(figure.value, 4), "unit": figure.unit, "bound": figure.bound}
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(f"{CALLS} calls in a heap of {memory.HEAP}", total=2 * CALLS)
        rows = await memory.measure(memory.HEAP, CALLS, lambda row: None, lambda: progress.advance(task))
    for row in rows:
        found[f"heap used {row.when}"] = {"value": row.used, "unit": "bytes", "bound": row.used + row.free}
    return found


def table(now: Mapping[str, Mapping[str, Any]], recorded: Mapping[str, Mapping[str, Any]]) -> Table:
    shown = Table("figure", "measured", "unit", "bound", "recorded", "change")
    for name, figure in now.items():
        old = recorded.get(name, {}).get("value")
        change = "" if old is None else f"{figure['value'] - old:+.4g}"
        bound = "" if figure["bound"] is None else f"{figure['bound']:g}"
        old_text = "" if old is None else f"{old:g}"
        shown.add_row(name, f"{figure['value']:g}", figure["unit"], bound, old_text, change)
    return shown


async def bench(console: Console, save: bool) -> int:
    """Measure, show, and with `save` record. The exit code."""
    recorded = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    now = await measure(console)
    console.print(table(now, recorded))
    if save:
        RECORD.parent.mkdir(parents=True, exist_ok=True)
        RECORD.write_text(json.dumps(now, indent=1) + "\n")
        console.print(f"recorded in {RECORD.relative_to(ROOT)}")
    else:
        console.print("make bench SAVE=1 records them", style="dim")
    return 0
