"""What a part of the bench found: grids of numbers, shown beside those recorded in the repository."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "tests/vectors/bench/voice.json"
PLOTS = ROOT / "build/bench-voice"

Row = dict[str, float | None]
Record = dict[str, dict[str, Row]]  # title → row → column → value


@dataclass
class Grid:
    """Rows of numbers. `digits`: decimals shown and recorded. `total`: the number that a row could reach.
    `drawn`: too long to be read by people, who have the plot; shown only if something has changed."""

    title: str
    heading: str
    rows: dict[str, Row] = field(default_factory=dict)
    decimals: int = 0
    total: dict[str, int] = field(default_factory=dict)
    note: str = ""
    drawn: bool = False

    def put(self, row: str, column: str, value: float | None) -> None:
        if value is not None:
            value = round(value, self.decimals or None) + 0  # and no −0
        self.rows.setdefault(row, {})[column] = value

    def columns(self) -> list[str]:
        return list(dict.fromkeys(column for row in self.rows.values() for column in row))

    def changed(self, last: Mapping[str, Row]) -> bool:
        """Since `last`, if that knows any of it."""
        return any(
            before is not None and round((value or 0) - before, self.decimals)
            for name, row in self.rows.items()
            for column, value in row.items()
            for before in (last.get(name, {}).get(column),)
        )

    def table(self, last: Mapping[str, Row]) -> Table:
        """With the change since `last` behind a number that has changed."""
        shown = Table(title=self.title, caption=self.note or None, title_justify="left")
        shown.add_column(self.heading)
        for column in self.columns():
            shown.add_column(column, justify="right")
        for name, row in self.rows.items():
            label = f"{name} (of {self.total[name]})" if name in self.total else name
            shown.add_row(
                Text(label), *[self._cell(row.get(c), last.get(name, {}).get(c)) for c in self.columns()]
            )
        return shown

    def _cell(self, value: float | None, before: float | None) -> Text:
        if value is None:
            return Text("–", "dim")
        text = Text(f"{value:.{self.decimals}f}")
        if before is not None and round(value - before, self.decimals):
            text.append(f" ({value - before:+.{self.decimals}f})", "yellow")
        return text


@dataclass(frozen=True)
class Figure:
    """A figure that is wanted, and what came out."""

    name: str
    wanted: str
    found: str
    reached: bool


@dataclass
class Part:
    """One part of the bench. `plots`: file name → a function that draws into a Matplotlib figure."""

    name: str
    grids: list[Grid] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    plots: dict[str, Any] = field(default_factory=dict)

    def record(self) -> Record:
        return {grid.title: grid.rows for grid in self.grids}


def figures(found: Sequence[Figure]) -> Table:
    shown = Table(title="Figures wanted", title_justify="left")
    for column in ("figure", "wanted", "found", ""):
        shown.add_column(column)
    for figure in found:
        verdict = Text("reached", "green") if figure.reached else Text("not reached", "bold red")
        shown.add_row(Text(figure.name), Text(figure.wanted), Text(figure.found), verdict)
    return shown


def recorded(mode: str, path: Path = RECORD) -> Record:
    """What was recorded of `mode` ("full" or "quick"); {} if there is nothing."""
    return json.loads(path.read_text()).get(mode, {}) if path.exists() else {}


def record(mode: str, parts: Sequence[Part], path: Path = RECORD) -> None:
    """Put in place of what was recorded of that mode; what was not measured this time stays."""
    everything = json.loads(path.read_text()) if path.exists() else {}
    kept = everything.setdefault(mode, {})
    for part in parts:
        kept.update(part.record())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(everything, indent=1, ensure_ascii=False) + "\n")
