"""Performs statements of the scenario language on a running board, and keeps the figures they measure."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from host_tools.virtual_board import speech
from host_tools.virtual_board.history import Entry, History
from host_tools.virtual_board.scenario import (
    Act,
    ConsoleCommand,
    Expect,
    ExpectStatus,
    Fault,
    Happening,
    Measure,
    MeasureSpeech,
    Note,
    Scenario,
    Statement,
    Wait,
)
from host_tools.virtual_board.words import Place

# Figures are told against their bound; a run fails only far beyond it, for the machine may be busy.
GENEROUS = 4.0
_ARRIVAL = 0.003  # seconds by which a console line may seem to precede its cause (1 ms resolution, clocks)
_BEFORE = 0.002  # seconds: a heading precedes the action after it, which begins at the board's last step
_MEASURE_WITHIN = 5.0
_STATUS_EVERY = 0.1


@dataclass(frozen=True)
class Utterance:
    """What a phone said last: samples, and the board time at which the first one went out."""

    samples: speech.Samples
    time: float
    name: str = ""


@dataclass(frozen=True)
class Figure:
    """A measured figure: milliseconds (`unit` "ms") or a correlation (`unit` "")."""

    name: str
    value: float
    unit: str
    bound: float | None
    at_most: bool  # else: at least

    @property
    def within(self) -> bool:
        if self.bound is None:
            return True
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def tolerable(self, slack: float = GENEROUS) -> bool:
        """Not beyond the bound by the factor `slack` (for a least value: by its inverse's third root)."""
        if self.bound is None:
            return True
        if self.at_most:
            return self.value <= self.bound * slack
        return self.value >= self.bound * slack ** (-1 / 6)

    def __str__(self) -> str:
        return f"{self.name}: {self.value_text()}"

    def value_text(self) -> str:
        return f"{self.value:.0f} ms" if self.unit else f"{self.value:.4f}"

    def bound_text(self) -> str:
        if self.bound is None:
            return ""
        return f"{'≤' if self.at_most else '≥'} {self.bound:g}{' ms' if self.unit else ''}"


class NotReady(RuntimeError):
    """The firmware does not do its part (ports, console); the text says what it said instead."""


class CannotDo(ValueError):
    """A hand's action that makes no sense now (dialling on-hook); the text says why."""


class Unmet(AssertionError):
    """Something the script expected did not happen, or what it wanted done cannot be done."""

    def __init__(self, place: Place, what: str, seen: str = ""):
        where = f"{place}: {place.text.strip()}".removeprefix(": ")
        super().__init__(f"{where}\n    {what}\n{seen}".rstrip())
        self.place = place


class Bench(Protocol):
    """What a script is performed on: session.Session, or a stand-in in tests."""

    history: History

    def now(self) -> float: ...
    async def act(self, act: Act, folder: Path) -> None: ...
    async def quiet(self, port: int) -> None: ...
    async def console(self, text: str) -> None: ...
    async def status(self) -> dict[str, Any]: ...
    def fault(self, port: int, name: str, on: bool) -> None: ...
    def said(self, port: int) -> Utterance | None: ...
    def heard(self, port: int, start: float, end: float) -> speech.Samples: ...


class Player:
    def __init__(self, bench: Bench, folder: Path = Path("."), slack: float = GENEROUS):
        self.bench = bench
        self.folder = folder
        self.slack = slack
        self.figures: list[Figure] = []
        self._cursor = 0  # in the history: where the last action began

    async def perform(self, script: Scenario) -> None:
        """All statements in order. Raises Unmet at the first expectation that is not met."""
        self.folder = script.folder
        for statement in script.steps:
            await self.step(statement)

    async def step(self, statement: Statement) -> None:
        """One statement. Raises Unmet."""
        bench, history = self.bench, self.bench.history
        if isinstance(statement, Act):
            self._cursor = len(history.entries)
            try:
                await bench.act(statement, self.folder)
            except (CannotDo, speech.WavError) as error:
                raise Unmet(statement.place, str(error)) from None
        elif isinstance(statement, Wait):
            if statement.port:
                await bench.quiet(statement.port)
            else:
                await asyncio.sleep(statement.seconds)
        elif isinstance(statement, Expect):
            await (self._never if statement.never else self._expect)(statement)
        elif isinstance(statement, ExpectStatus):
            await self._expect_status(statement)
        elif isinstance(statement, Measure):
            await self._measure(statement)
        elif isinstance(statement, MeasureSpeech):
            await self._measure_speech(statement)
        elif isinstance(statement, Fault):
            self._cursor = len(history.entries)
            bench.fault(statement.port, statement.name, statement.on)
        elif isinstance(statement, ConsoleCommand):
            self._cursor = len(history.entries)
            await bench.console(statement.text)
        elif isinstance(statement, Note):
            at = bench.now() - _BEFORE
            history.add(Entry(at, "note", 0, {"text": statement.text}))

    async def _expect(self, statement: Expect) -> None:
        history, what = self.bench.history, statement.what
        if what.holds(history) is not None:
            return

        def met(entry: Entry) -> bool:
            return what.matches(entry) or (entry.port == what.port and what.holds(history) is not None)

        if await history.wait(met, statement.seconds, self._cursor) is None:
            expected = f"expected {what.text}, since the last action or within {statement.seconds:g} s"
            raise Unmet(statement.place, expected, self._seen(what))

    async def _never(self, statement: Expect) -> None:
        history, what = self.bench.history, statement.what
        expected = f"expected no {what.text} for {statement.seconds:g} s"
        if what.holds(history) is not None:
            raise Unmet(statement.place, expected, "    but it is so already")
        found = await history.wait(what.matches, statement.seconds, len(history.entries))
        if found is not None:
            raise Unmet(statement.place, expected, f"    but it happened at {found.time:.3f} s")

    async def _expect_status(self, statement: ExpectStatus) -> None:
        end = self.bench.now() + statement.seconds
        while True:
            value = look_up(await self.bench.status(), statement.path)
            if str(value).lower() == statement.value.lower():
                return
            if self.bench.now() >= end:
                expected = f"expected {statement.path} = {statement.value} within {statement.seconds:g} s"
                raise Unmet(statement.place, expected, f"    but it is {value}")
            await asyncio.sleep(_STATUS_EVERY)

    async def _measure(self, statement: Measure) -> None:
        history, end = self.bench.history, statement.end
        start = history.last(statement.start.matches)
        if start is None:
            missing = statement.start
            raise Unmet(statement.place, f"expected {missing.text} before this line", self._seen(missing))
        earliest = start.start - _ARRIVAL

        def ends(entry: Entry) -> bool:
            return end.matches(entry) and entry.time >= earliest

        found = next((entry for entry in history.entries if ends(entry)), None)
        if found is None:
            since = end.holds(history)
            if since is not None and since < earliest:
                found = start  # it was so before: no time passed
            else:
                within = max(_MEASURE_WITHIN, (statement.bound or 0) * self.slack)
                found = await history.wait(ends, within)
        if found is None:
            raise Unmet(statement.place, f"expected {end.text} after {statement.start.text}", self._seen(end))
        bound = None if statement.bound is None else 1000 * statement.bound
        value = 1000 * (found.time - start.time)
        self._keep(Figure(statement.name, value, "ms", bound, True), statement)

    async def _measure_speech(self, statement: MeasureSpeech) -> None:
        bench = self.bench
        said = bench.said(statement.talker)
        if said is None:
            raise Unmet(statement.place, f"phone {statement.talker} has said nothing")
        heard = bench.heard(statement.listener, said.time, said.time + len(said.samples) / speech.RATE + 0.5)
        match = await asyncio.to_thread(speech.find, said.samples, heard)
        if match.correlation > 0.5:
            name = f"{statement.name}, mouth to ear"
            self.figures.append(Figure(name, 1000 * match.delay, "ms", None, True))
        self._keep(Figure(statement.name, match.correlation, "", statement.bound, False), statement)

    def _keep(self, figure: Figure, statement: Statement) -> None:
        self.figures.append(figure)
        if not figure.tolerable(self.slack):
            wanted = f"expected {figure.name} {figure.bound_text()}"
            raise Unmet(statement.place, wanted, f"    but measured {figure}")

    def _seen(self, what: Happening) -> str:
        """The entries since the last action, those of the same port or kind, as the reader's first clue."""
        entries = self.bench.history.entries[self._cursor :]
        related = [e for e in entries if e.kind == what.kind or (what.port and e.port == what.port)]
        lines = [f"    {e.time:8.3f}  {in_short(e)}" for e in related[-8:]]
        if not lines:
            return "    but nothing of the kind came"
        return "\n".join(["    but since the last action came only:", *lines])


def in_short(entry: Entry) -> str:
    """An entry in plain words, for messages and transcripts."""
    detail = entry.detail
    port = f"{entry.port} " if entry.port else ""
    if entry.kind == "sip":
        arrow = "> " if detail["sent"] else "< "
        return f"sip {arrow}{detail['start'].removesuffix(' SIP/2.0')}"
    if entry.kind == "ring":
        if not detail["on"]:
            return f"{port}stops ringing"
        return f"{port}rings, {detail['volts']:.0f} V, {detail['hz']:.1f} Hz"
    if entry.kind == "tone":
        return f"{port}{'hears' if detail['on'] else 'stops hearing'} {detail['name']}"
    if entry.kind == "digit":
        return f"{port}hears digit {detail['digit']}"
    if entry.kind == "linefeed":
        return f"{port}linefeed {detail['state']}"
    if entry.kind == "dialled":
        return f"{port}dialled {detail['digits']}"
    if entry.kind == "log" and detail["level"]:
        return f"log {detail['level']} {detail['part']}: {detail['text']}"
    return f"{port}{entry.kind} {detail.get('text', detail.get('what', ''))}".rstrip()


def look_up(tree: Any, path: str) -> Any:
    """The value at a dotted path. In a list of objects with a "port" the step is that port: ports.1.state."""
    for step in path.split("."):
        if isinstance(tree, dict):
            tree = tree.get(step)
        elif isinstance(tree, list) and step.isdigit():
            by_port = [item for item in tree if isinstance(item, dict) and item.get("port") == int(step)]
            tree = by_port[0] if by_port else tree[int(step)] if int(step) < len(tree) else None
        else:
            return None
    return tree
