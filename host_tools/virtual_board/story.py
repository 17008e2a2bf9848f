"""The history told to a person, line by line, with Rich."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

from rich.table import Table
from rich.text import Text

from host_tools.virtual_board.history import CADENCED, LONGEST_PAUSE, Entry, History, sip_word, tone_names
from host_tools.virtual_board.play import Figure, in_short
from host_tools.virtual_board.reference import REFERENCE

PORT_STYLE = {0: "dim", 1: "cyan", 2: "yellow"}
_LEVEL_STYLE = {"E": "bold red", "W": "yellow", "I": "dim", "D": "dim", "": "dim"}


class Teller:
    """Tells the entries in order of their time: each is held back for `hold` seconds, since a recogniser
    reports later than what it reports began. Use as `async with`; the rest is told at the end."""

    def __init__(
        self, history: History, now: Callable[[], float], tell: Callable[[Entry], None], hold: float
    ):
        self._history = history
        self._now = now
        self._tell = tell
        self._hold = hold
        self._held: list[Entry] = []
        self._cadence: dict[int, tuple[list[str], float]] = {}  # port → tone with pauses told last, and when
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._history.listeners.append(self._held.append)
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._history.listeners.remove(self._held.append)
        if self._task is not None:
            self._task.cancel()
        self.flush()

    def flush(self, until: float = float("inf")) -> None:
        """Tell what is not later than board time `until`."""
        self._held.sort(key=lambda entry: entry.time)
        while self._held and self._held[0].time <= until:
            entry = self._held.pop(0)
            if not self._repeats(entry):
                self._tell(entry)

    def _repeats(self, entry: Entry) -> bool:
        """True for the pauses of a cadence, and for its bursts after the first."""
        if entry.kind in ("lift", "hang", "flash", "dialled"):
            self._cadence.pop(entry.port, None)
        if entry.kind != "tone" or entry.detail["name"] not in CADENCED:
            return False
        if not entry.detail["on"]:
            return True
        names, told = self._cadence.get(entry.port, ([], -LONGEST_PAUSE))
        now = _could_be(entry)
        self._cadence[entry.port] = (now, entry.time)
        return now == names and entry.time - told < LONGEST_PAUSE

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(0.03)
            self.flush(self._now() - self._hold)


def worth_telling(entry: Entry) -> bool:
    """False for what only repeats or explains: silence, linefeed states, debug lines."""
    detail = entry.detail
    if entry.kind == "tone":
        return detail["name"] != "silence"
    if entry.kind == "log":
        return detail["level"] in ("I", "W", "E", "") and not detail["text"].startswith("{")
    if entry.kind == "sip":
        return True
    return entry.kind not in ("said", "linefeed")


def line(entry: Entry, zero: float = 0.0) -> Text:
    """One entry as a line: time, port, sign, words."""
    detail = entry.detail
    at = f"{max(0.0, entry.time - zero):8.3f}  "
    if entry.kind == "note":
        return Text.assemble(("\n" + at, "dim"), (f"── {detail['text']} ──", "bold"))
    text = Text(at, "dim")
    text.append(f"phone {entry.port}  " if entry.port else "         ", PORT_STYLE[entry.port])
    text.append_text(_words(entry))
    return text


def _words(entry: Entry) -> Text:
    detail = entry.detail
    kind = entry.kind
    if kind == "sip":
        return _sip(entry)
    if kind == "log":
        style = _LEVEL_STYLE[detail["level"]]
        return Text(f"{detail['part']}: {detail['text']}" if detail["part"] else detail["text"], style)
    if kind == "ring":
        if not detail["on"]:
            return Text("☎ ringing stops", "magenta")
        return Text(f"☎ RINGS  {detail['volts']:.1f} Vrms, {detail['hz']:.1f} Hz on the wire", "bold magenta")
    if kind == "tone":
        name = " or ".join(_could_be(entry)).replace("_", " ")
        style = "bold green"
        if detail.get("echo"):
            name, style = "an echo of itself", "green"
        if detail["on"]:
            return Text.assemble(("♪ hears ", "green"), (name, style))
        return Text(f"♪ no longer hears {name}", "dim green")
    if kind == "digit":
        return Text.assemble(("♪ hears digit ", "green"), (detail["digit"], "bold green"))
    if kind == "shows":
        return Text.assemble(
            ("▤ shows ", "green"), (f"{detail['number']} {detail['name']}".strip(), "bold green")
        )
    if kind == "lamp":
        return Text("● message lamp on" if detail["on"] else "○ message lamp off", "bold green")
    if kind == "linefeed":
        return Text(f"linefeed {detail['state']}", "dim")
    if kind in ("lift", "hang"):
        return Text("handset lifted" if kind == "lift" else "handset put back", "bold")
    if kind == "flash":
        return Text("hook flash", "bold")
    if kind == "dialled":
        how = " by pulses" if detail.get("how") == "pulse" else ""
        return Text(f"dialled {detail['digits']}{how}", "bold")
    if kind == "says":
        return Text.assemble(("says “", "bold"), (detail["text"], "bold italic"), ("”", "bold"))
    if kind in ("fault", "pcm"):
        return Text(f"board: {detail.get('text', '')}", "bold red" if kind == "fault" else "dim")
    return Text(in_short(entry))


def _could_be(entry: Entry) -> list[str]:
    """The tone's name; of tones with pauses all that it can be so far (busy or congestion)."""
    name = entry.detail["name"]
    if not entry.detail["on"] or name not in CADENCED:
        return [name]
    return [other for other in dict.fromkeys(tone_names(entry)) if other in CADENCED]


def _sip(entry: Entry) -> Text:
    detail = entry.detail
    start = detail["start"].removesuffix(" SIP/2.0").removeprefix("SIP/2.0 ")
    word = sip_word(detail["start"])
    style = {"1": "dim", "2": "green"}.get(word[0], "red") if word[0].isdigit() else "bold blue"
    arrow = "→ sent    " if detail["sent"] else "← received"
    return Text.assemble(
        ("SIP ", "dim"), (f"{arrow} ", "dim"), (start, style), (f"  {detail['peer']}", "dim")
    )


def figures_table(figures: Iterable[Figure]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("figure")
    table.add_column("measured", justify="right")
    table.add_column("bound", justify="right")
    table.add_column("")
    for figure in figures:
        value = figure.value_text()
        if figure.bound is None:
            table.add_row(figure.name, value, "", "", style="dim")
        else:
            sign = Text("✓", "bold green") if figure.within else Text("over", "bold red")
            if not figure.within and not figure.at_most:
                sign = Text("under", "bold red")
            table.add_row(figure.name, value, figure.bound_text(), sign)
    return table


def help_table(topic: str = "", extra: Sequence[tuple[str, str]] = ()) -> Table:
    """The reference of the language; only the forms that hold `topic`, if given."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="cyan", max_width=42)
    table.add_column(ratio=1)
    for group, forms in (*REFERENCE, ("This shell", extra)):
        found = [(form, text) for form, text in forms if topic in form]
        if found:
            table.add_row(Text(f"\n{group}", "bold"), "")
        for form, text in found:
            table.add_row(Text("  " + form), text)
    return table


def status_table(status: dict[str, Any]) -> Table:
    """The firmware's `status json` as a table of the ports."""
    about = f"{status.get('product', '')} {status.get('version', '')}, up {status.get('up_s', '?')} s, "
    about += (
        f"SIP {status.get('ip', '?')}:{status.get('sip_port', '?')}, heap free {status.get('heap_free', '?')}"
    )
    table = Table(title=about, title_justify="left", title_style="dim", header_style="dim", box=None)
    for name in ("port", "number", "chip", "state", "line", "phone", "account", "calls"):
        table.add_column(name)
    for port in status.get("ports", []):
        number = port.get("port", 0)
        calls = ", ".join(
            f"{call.get('direction')} {call.get('remote')} ({call.get('state')})"
            for call in port.get("calls", [])
        )
        names = ("number", "chip", "state", "line", "phone", "registration")
        cells = [str(port.get(name, "")) for name in names]
        table.add_row(str(number), *cells, calls, style=PORT_STYLE.get(number, ""))
    counts = {name: count for name, count in status.get("counts", {}).items() if count}
    if counts:
        table.caption = "counts: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        table.caption_justify = "left"
    return table
