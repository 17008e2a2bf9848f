"""What happened, in one list: on the wires of the board, on the SIP trace, in the log, by a person's hand.

Times are seconds of board time (the sample clock of the PCM blocks). The list is in order of arrival; an
entry from the firmware's console may arrive a little after board events of a later time.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PORTS = (1, 2)
CADENCED = ("ringback", "busy", "congestion", "call_waiting", "howler")  # tones with pauses
LONGEST_PAUSE = 11.0  # seconds from one burst of a tone to the next (call waiting: 10 s)


@dataclass(frozen=True)
class Entry:
    """One happening.

    kind      port   detail
    lift hang flash  1, 2  {}                            a hand on the phone; flash at its end
    dialled   1, 2   {"digits", "how"}             at the end of the last digit; `began`: its start
    says      1, 2   {"what", "text"}              at the start of speech
    said      1, 2   {"what"}                      at its end; `began`: its start
    linefeed  1, 2   {"state"}                     of the line chip
    ring      1, 2   {"on", "volts", "hz"}         alternating voltage on the wire, volts r.m.s.
    tone      1, 2   {"on", "name", "names"}       recognised at the earpiece, one at a time; "echo": True
                                                   for speech that is the echo of what this phone says
    digit     1, 2   {"digit"}                     a DTMF digit heard at the earpiece
    shows     1, 2   {"number", "name", "time"}    on the phone's display; the number may be "private"
    lamp      1, 2   {"on"}                        of waiting messages
    sip       0      {"sent", "start", "peer", "call", "cseq"}
    log       0      {"level", "part", "text"}     any other console line; level "" if it has no form
    fault pcm 0…2    {"text"}                      on the board
    note      0      {"text"}                      by the scenario
    """

    time: float
    kind: str
    port: int = 0
    detail: dict[str, Any] = field(default_factory=dict)
    began: float | None = None

    @property
    def start(self) -> float:
        """When it began: `time` for what has no duration."""
        return self.time if self.began is None else self.began


@dataclass
class PortState:
    """What is so at one port now, and since when."""

    linefeed: str = "open"
    linefeed_since: float = 0.0
    ringing: bool = False
    ring_since: float = 0.0
    tones: dict[str, float] = field(default_factory=dict)  # name → since


class History:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.ports = {port: PortState() for port in PORTS}
        self.listeners: list[Callable[[Entry], None]] = []
        self._waiting: list[tuple[Callable[[Entry], bool], asyncio.Future[Entry]]] = []
        self._failure: BaseException | None = None

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._follow(entry)
        for item in list(self._waiting):
            match, future = item
            if not future.done() and match(entry):
                future.set_result(entry)
        for listener in list(self.listeners):
            listener(entry)

    def fail(self, error: BaseException) -> None:
        """Nothing more will come (the firmware died): everyone who waits gets `error`."""
        self._failure = error
        for _, future in self._waiting:
            if not future.done():
                future.set_exception(error)

    async def wait(
        self, match: Callable[[Entry], bool], within: float, since: int | None = None
    ) -> Entry | None:
        """The first entry that matches, among those from index `since` on and those to come within `within`
        seconds; None if there is none. Raises what `fail` was given."""
        for entry in self.entries[len(self.entries) if since is None else since :]:
            if match(entry):
                return entry
        if self._failure is not None:
            raise self._failure
        item = (match, asyncio.get_running_loop().create_future())
        self._waiting.append(item)
        try:
            return await asyncio.wait_for(item[1], max(within, 0))
        except TimeoutError:
            return None
        finally:
            self._waiting.remove(item)

    def last(self, match: Callable[[Entry], bool]) -> Entry | None:
        return next((entry for entry in reversed(self.entries) if match(entry)), None)

    def _follow(self, entry: Entry) -> None:
        if entry.port not in self.ports:
            return
        state = self.ports[entry.port]
        if entry.kind == "linefeed":
            state.linefeed, state.linefeed_since = entry.detail["state"], entry.time
        elif entry.kind == "ring":
            state.ringing, state.ring_since = entry.detail["on"], entry.time
        elif entry.kind == "tone":
            if entry.detail["on"]:
                state.tones = dict.fromkeys(tone_names(entry), entry.time)
            else:
                state.tones = {}


def tone_names(entry: Entry) -> list[str]:
    """All tones that a "tone" entry may be: its cadence decides only after a while."""
    return [entry.detail["name"], *entry.detail.get("names", ())]


# ---- the firmware's serial console ----

_LOG = re.compile(r"(\d+)\.(\d{3}) ([DIWE]) (\w+): (.*)")
_SIP = re.compile(r"([<>]) (.+?) (?:to|from) (\S+)(?: call=(\S+))?(?: cseq=(.+))?$")


@dataclass(frozen=True)
class ConsoleLine:
    seconds: float | None  # since the firmware's start, if the line is a log line
    kind: str  # "log" or "sip"
    detail: dict[str, Any]


def parse_console_line(text: str) -> ConsoleLine:
    """A line as ata.base.log.render makes it ("12.345 I sip: text"), or anything else as it is."""
    found = _LOG.fullmatch(text)
    if not found:
        return ConsoleLine(None, "log", {"level": "", "part": "", "text": text})
    whole, thousandths, level, part, rest = found.groups()
    seconds = int(whole) + int(thousandths) / 1000
    message = _SIP.fullmatch(rest) if part == "sip" else None
    if message:
        arrow, start, peer, call, cseq = message.groups()
        detail = {"sent": arrow == ">", "start": start, "peer": peer, "call": call or "", "cseq": cseq or ""}
        return ConsoleLine(seconds, "sip", detail)
    return ConsoleLine(seconds, "log", {"level": level, "part": part, "text": rest})


def sip_word(start_line: str) -> str:
    """The method of a request line or the status of a response line: "INVITE", "180"."""
    words = start_line.split()
    return words[1] if start_line.startswith("SIP/2.0 ") else words[0]


def sip_user(start_line: str) -> str:
    """The user of a request's URI: "102" of "INVITE sip:102@host SIP/2.0"; "" if there is none."""
    found = re.match(r"\S+ sips?:([^@;>\s]+)@", start_line)
    return found.group(1) if found else ""
