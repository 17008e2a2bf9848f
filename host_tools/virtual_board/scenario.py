"""The scenario language: what people do with the phones and what must follow, one statement a line.

    1 lift
    expect 1 hears dial within 0.3
    1 dial 102
    expect sip > INVITE
    measure "INVITE to ringing" from sip > INVITE to 2 rings at most 100 ms

The shell, the demo and tests/scenarios/*.call speak it. reference.py is the page of it that
`help` shows. This file turns text into statements and complains; play.py performs them.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_tools.virtual_board.history import Entry, History, sip_word, tone_names
from host_tools.virtual_board.words import Place, ScenarioError, Word, Words

DIGITS = "0123456789*#ABCD"
LINEFEEDS = ("open", "forward", "oht", "ringing", "reverse", "reverse_oht", "tip_open", "ring_open")
TONES = (
    *("dial", "ringback", "busy", "congestion", "stutter", "call_waiting", "howler", "confirm"),
    *("speech", "silence"),
)
PARTS = ("Si3210", "Si3215")
FAULTS = ("chip_reset", "silent", "short", "power", "leak", "supply", "clock")
EXPECT_WITHIN = 2.0  # seconds, if the line does not say


# ---- statements ----


@dataclass(frozen=True)
class Happening:
    """Something that an entry of the history can be: "2 rings", "1 hears dial", "sip > INVITE"."""

    text: str
    kind: str
    port: int = 0
    detail: dict[str, Any] = field(default_factory=dict)  # must be equal
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)  # must lie within
    word: str = ""  # sip: method or status; "" for any
    contains: str = ""  # sip start line or log text

    def matches(self, entry: Entry) -> bool:
        if entry.kind != self.kind or entry.port != self.port:
            return False
        if self.kind == "tone" and self.detail["name"] in tone_names(entry):
            return (self.detail["on"] and entry.detail["on"]) or self.detail == {
                "on": entry.detail["on"],
                "name": entry.detail["name"],
            }
        if any(entry.detail.get(key) != value for key, value in self.detail.items()):
            return False
        for key, (low, high) in self.ranges.items():
            if not low <= entry.detail.get(key, float("nan")) <= high:
                return False
        if self.word and sip_word(entry.detail["start"]) != self.word:
            return False
        return self.contains in entry.detail.get("start", entry.detail.get("text", ""))

    def holds(self, history: History) -> float | None:
        """The time since which it is so, if it is a state and is so now."""
        if self.port not in history.ports or self.ranges:
            return None
        state = history.ports[self.port]
        if self.kind == "linefeed" and state.linefeed == self.detail["state"]:
            return state.linefeed_since
        if self.kind == "ring" and state.ringing == self.detail["on"]:
            return state.ring_since
        if self.kind == "tone":
            name = self.detail["name"]
            if self.detail["on"]:
                return state.tones.get(name)
            return 0.0 if name not in state.tones else None
        return None


@dataclass(frozen=True)
class Statement:
    place: Place


@dataclass(frozen=True)
class Act(Statement):
    """A hand on phone `port`."""

    port: int
    verb: str
    argument: str = ""
    options: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Wait(Statement):
    seconds: float
    port: int = 0  # not 0: until that phone has done all it was told


@dataclass(frozen=True)
class Expect(Statement):
    what: Happening
    seconds: float
    never: bool = False


@dataclass(frozen=True)
class ExpectStatus(Statement):
    path: str
    value: str
    seconds: float


@dataclass(frozen=True)
class Measure(Statement):
    """The time from one happening to another, a figure in milliseconds."""

    name: str
    start: Happening
    end: Happening
    bound: float | None  # seconds


@dataclass(frozen=True)
class MeasureSpeech(Statement):
    """How much of what `talker` said last is found in what `listener` heard, a correlation."""

    name: str
    talker: int
    listener: int
    bound: float | None


@dataclass(frozen=True)
class Setting(Statement):
    key: str
    value: Any


@dataclass(frozen=True)
class BoardSetting(Statement):
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Note(Statement):
    text: str


@dataclass(frozen=True)
class ConsoleCommand(Statement):
    text: str


@dataclass(frozen=True)
class Fault(Statement):
    """A fault of `port` begins, or ends; "clock" is the whole board's (port 0)."""

    port: int
    name: str
    on: bool = True


@dataclass(frozen=True)
class Scenario:
    name: str
    statements: tuple[Statement, ...]
    folder: Path = Path(".")  # where its WAV files are

    @property
    def title(self) -> str:
        first = self.statements[0] if self.statements else None
        return first.text if isinstance(first, Note) else self.name

    @property
    def config(self) -> dict[str, Any]:
        """The `config` lines as nested objects, as the firmware's config.json wants them."""
        tree: dict[str, Any] = {}
        for setting in self.statements:
            if isinstance(setting, Setting):
                *parents, leaf = setting.key.split(".")
                branch = tree
                for parent in parents:
                    branch = branch.setdefault(parent, {})
                branch[leaf] = setting.value
        return tree

    @property
    def board(self) -> dict[str, tuple[str, ...]]:
        return {s.key: s.values for s in self.statements if isinstance(s, BoardSetting)}

    @property
    def steps(self) -> list[Statement]:
        return [s for s in self.statements if not isinstance(s, Setting | BoardSetting)]


# ---- statements from words ----

DIAL_OPTIONS = {
    "on": (10.0, 5000.0),
    "off": (10.0, 5000.0),
    "level": (-50.0, 3.0),
    "twist": (-12.0, 12.0),
    "error": (-10.0, 10.0),
}
PULSE_OPTIONS = {"pps": (5.0, 25.0), "break": (20.0, 80.0), "gap": (100.0, 3000.0)}
ACTIONS = ("lift", "hang", "flash", "dial", "pulse", "say", "quiet", "save", "ren", "ohms", "waiting")
NOUNS = (
    "rings",
    "hears",
    "stops",
    "linefeed",
    "shows",
    "lamp",
    "lifts",
    "hangs",
    "flashes",
    "dialled",
    "said",
)
STARTS = ("1", "2", "wait", "expect", "measure", "note", "config", "board", "fault", "console")


def parse_line(place: Place) -> Statement | None:
    """One line as a statement; None for an empty one. Raises ScenarioError."""
    words = Words(place)
    if not words:
        return None
    if words.peek() in ("1", "2"):
        return _act(words)
    first = words.choice(STARTS)
    statement = _PARSERS[first](words)
    words.end()
    return statement


def parse(text: str, name: str = "", folder: Path | None = None) -> Scenario:
    """A whole script. `config` and `board` lines come before the first action."""
    statements: list[Statement] = []
    for number, line in enumerate(text.splitlines(), 1):
        place = Place(name, number, line)
        statement = parse_line(place)
        if statement is None:
            continue
        if isinstance(statement, Setting | BoardSetting) and any(
            not isinstance(s, Setting | BoardSetting | Note) for s in statements
        ):
            Words(place).fail(f"{place.text.split()[0]} stands before the first action: the board runs now")
        statements.append(statement)
    return Scenario(name, tuple(statements), folder or Path("."))


def load(path: Path | str) -> Scenario:
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(str(path), 0, "", 0, 0, str(error.strerror)) from None
    return parse(text, path.name, path.parent)


def _act(words: Words) -> Act:
    port = words.port()
    verb = words.choice(ACTIONS, "action")
    argument, options = "", {}
    if verb == "hang":
        words.accept("up")
    elif verb == "flash":
        if words:
            options = {"ms": round(1000 * words.duration("the length of the flash", "ms", 5.0), 3)}
    elif verb in ("dial", "pulse"):
        word = words.take("the digits")
        argument = word.text.upper()
        allowed = DIGITS if verb == "dial" else "0123456789"
        wrong = [c for c in argument if c not in allowed]
        if wrong or not argument:
            words.fail(f'"{word.text}" has no digits to {verb}: {allowed} are allowed', word)
        options = words.options(DIAL_OPTIONS if verb == "dial" else PULSE_OPTIONS)
    elif verb in ("say", "save"):
        argument = words.take("the name of a WAV file").text
    elif verb == "ren":
        options = {"ren": words.number("the ringer load in REN", 0, 10)}
    elif verb == "waiting":
        options = {"on": float(words.choice(("on", "off")) == "on")}
    elif verb == "ohms":
        options = {"ohms": words.number("the off-hook resistance in Ω", 50, 5000)}
    names = {"dial": DIAL_OPTIONS, "pulse": PULSE_OPTIONS}.get(verb)
    words.end(", ".join(f"{name}=…" for name in names) if names else "")
    return Act(words.place, port, verb, argument, options)


def _wait(words: Words) -> Wait:
    if len(words.rest) == 2 and words.rest[1].text == "done":
        port = words.port()
        words.accept("done")
        return Wait(words.place, 0.0, port)
    return Wait(words.place, words.duration("how long to wait"))


def _expect(words: Words) -> Expect | ExpectStatus:
    never = bool(words.accept("not"))
    if words.accept("status"):
        path = words.take("a path in the status, for example ports.1.state").text
        value = words.take("the value").text
        return ExpectStatus(words.place, path, value, _within(words))
    what, negated = _happening(words, negatable=True)
    if never or negated:
        words.choice(("for",))
        return Expect(words.place, what, words.duration("for how long"), True)
    return Expect(words.place, what, _within(words))


def _within(words: Words) -> float:
    return words.duration("within what time") if words.accept("within") else EXPECT_WITHIN


def _measure(words: Words) -> Measure | MeasureSpeech:
    name = words.take('the name of the figure, for example "ring trip"').text
    if words.choice(("from", "speech")) == "speech":
        talker = words.port()
        words.choice(("to",))
        listener = words.port()
        least = None
        if words.accept("at"):
            words.choice(("least",))
            least = words.number("the least correlation", -1, 1)
        return MeasureSpeech(words.place, name, talker, listener, least)
    start, _ = _happening(words)
    words.choice(("to",))
    end, _ = _happening(words)
    most = None
    if words.accept("at"):
        words.choice(("most",))
        most = words.duration("the longest time")
    return Measure(words.place, name, start, end, most)


def _happening(words: Words, negatable: bool = False) -> tuple[Happening, bool]:
    begin = list(words.rest)
    negated = False
    subject = words.choice(("1", "2", "sip", "log"), "happening")
    if subject == "log":
        text = words.take("a part of the log line").text
        return Happening(f'log "{text}"', "log", contains=text), False
    if subject == "sip":
        return _sip_happening(words), False
    port = int(subject)
    if negatable and words.accept("not"):
        negated = True
    word = words.take(f"one of {', '.join(NOUNS)}")
    noun = next((n for n in NOUNS if word.text.lower() in (n, n.removesuffix("s"), n.removesuffix("es"))), "")
    kind, detail, ranges = "", {}, {}
    if noun == "rings":
        kind, detail = "ring", {"on": True}
        ranges = _ranges(words, ("volts", "hz"))
    elif noun == "stops":
        if words.choice(("ringing", "hearing")) == "ringing":
            kind, detail = "ring", {"on": False}
        else:
            kind, detail = "tone", {"on": False, "name": words.choice(TONES, "tone")}
    elif noun == "hears":
        if words.accept("digit"):
            kind, detail = "digit", {"digit": words.choice(DIGITS, "digit")}
        else:
            kind, detail = "tone", {"on": True, "name": words.choice((*TONES, "digit"), "tone")}
    elif noun == "shows":
        kind, shown = (
            "shows",
            words.take('a number, "private" or "unavailable", and a name if one is expected').text,
        )
        number, _, name = shown.partition(" ")
        detail = {"number": number} | ({"name": name} if name else {})
    elif noun == "lamp":
        kind, detail = "lamp", {"on": words.choice(("on", "off")) == "on"}
    elif noun == "linefeed":
        kind, detail = "linefeed", {"state": words.choice(LINEFEEDS, "linefeed state")}
    elif noun:
        kind = {"lifts": "lift", "hangs": "hang", "flashes": "flash"}.get(noun, noun)
        words.accept("up")
    else:
        words.unknown(word, NOUNS, "happening")
    used = begin[: len(begin) - len(words.rest)]
    text = " ".join(w.text for w in used if w.text.lower() != "not")
    return Happening(text, kind, port, detail, ranges), negated


def _sip_happening(words: Words) -> Happening:
    arrow = words.choice((">", "<"), "direction (> sent, < received)")
    word = words.take("a method or a status")
    what = word.text.upper()
    if not re.fullmatch(r"[A-Z]+|[1-6]\d\d", what):
        words.fail(f'"{word.text}" is neither a method (INVITE) nor a status (180)', word)
    contains = words.rest.pop(0).text if words.rest and words.rest[0].quoted else ""
    text = f"sip {arrow} {what} {contains}".rstrip()
    return Happening(text, "sip", 0, {"sent": arrow == ">"}, {}, what, contains)


def _ranges(words: Words, allowed: Sequence[str]) -> dict[str, tuple[float, float]]:
    """`volts=40..60` and the like."""
    found: dict[str, tuple[float, float]] = {}
    while words.rest and "=" in words.rest[0].text:
        word = words.rest.pop(0)
        name, _, text = word.text.partition("=")
        if name not in allowed:
            words.unknown(Word(name, word.column), allowed, "property")
        low, dots, high = text.partition("..")
        try:
            found[name] = (float(low), float(high if dots else low))
        except ValueError:
            words.fail(f'"{text}" is not a range: {name}=40..60', word)
    return found


def _config(words: Words) -> Setting:
    word = words.take("the name of a setting, for example sip.port")
    if not re.fullmatch(r"\w+(\.[^\s.]+)*", word.text):
        words.fail(f'"{word.text}" is not the name of a setting (sip.port, port.1.user)', word)
    if not words:
        words.fail("the line ends too early: the value is missing")
    first = words.rest[0]
    if first.quoted:
        words.rest.pop(0)
        return Setting(words.place, word.text, first.text)
    text = re.sub(r"\s#\s.*$", "", words.place.text[first.column :]).strip()
    words.rest.clear()
    try:
        return Setting(words.place, word.text, json.loads(text))
    except json.JSONDecodeError:
        if text[0] in "[{":
            words.fail(f"{text} is not JSON", first)
        return Setting(words.place, word.text, text)


def _board(words: Words) -> BoardSetting:
    key = words.choice(("parts", "absent"), "board setting")
    if key == "absent":
        return BoardSetting(words.place, key, (str(words.port()),))
    return BoardSetting(words.place, key, (words.choice(PARTS, "chip"), words.choice(PARTS, "chip")))


def _fault(words: Words) -> Fault:
    if words.accept("clock"):
        return Fault(words.place, 0, "clock", not words.accept("off"))
    port = words.port()
    name = words.choice(FAULTS[:-1], "fault")
    return Fault(words.place, port, name, not words.accept("off"))


def _text(words: Words) -> str:
    words.take("a text")
    text = words.place.text.split(None, 1)[1].strip()
    words.rest.clear()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


_PARSERS = {
    "wait": _wait,
    "expect": _expect,
    "measure": _measure,
    "note": lambda words: Note(words.place, _text(words)),
    "config": _config,
    "board": _board,
    "fault": _fault,
    "console": lambda words: ConsoleCommand(words.place, _text(words)),
}
