"""The adapter under test beside the bench. Its board lives in a thread with an event loop of its own, so that
a test may wait for a peer without stopping the board's clock."""

import asyncio
import json
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from host_tools.virtual_board.history import sip_word
from host_tools.virtual_board.play import Player
from host_tools.virtual_board.scenario import parse
from host_tools.virtual_board.session import Session

from . import wav
from .ports import HOST, free_port

START_WITHIN = 15.0
Value = TypeVar("Value")


class _Player(Player):
    def mark(self) -> None:
        """What happened so far no longer meets an expectation (a phone's action does the same)."""
        self._cursor = len(self.bench.history.entries)


class Device:
    """Context manager: the firmware on the virtual board, both ports in service.

    settings: by the names of the schema with dots ("port.1.server"). Unless they say otherwise the ports of
        SIP and RTP are free ones, a three-digit number is complete at its last digit, and SIP is traced.
    options: for Session.
    """

    def __init__(self, settings: dict[str, object] | None = None, **options: Any):
        self.sip_port, self.rtp_port = free_port(), free_port(8)
        self.settings: dict[str, object] = {
            "sip.port": self.sip_port,
            "rtp.port": self.rtp_port,
            "log.level": "debug",
            "dial.plan": "xxx",
            **(settings or {}),
        }
        self.spoiled = False  # a test failed on it: the next one had better have another
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="board", daemon=True)

    @property
    def address(self) -> str:
        return f"{HOST}:{self.sip_port}"

    def __enter__(self):
        self._thread.start()
        try:
            self.wait(self._start(), START_WITHIN)
        except BaseException:
            self._end()
            raise
        return self

    async def _start(self) -> None:
        self.session = await Session(tree(self.settings), **self._options).__aenter__()
        try:
            self._player = _Player(self.session)
            await self.session.ready()
        except BaseException:
            await self.session.__aexit__(None, None, None)
            raise

    def __exit__(self, kind, error, trace):
        if error is not None:
            error.add_note(self.tail())
        try:
            self.wait(self.session.__aexit__(None, None, None), 10)
        finally:
            self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def wait(self, work: Coroutine[Any, Any, Value], within_s: float = 20) -> Value:
        """Run a coroutine in the board's thread and wait for it here."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within_s)

    def do(self, script: str, within_s: float = 20) -> None:
        """Perform lines of the scenario language (host_tools/virtual_board/reference.py)."""
        self.wait(self._player.perform(parse(script, "script")), within_s)

    def mark(self) -> None:
        """What happened so far no longer meets an expectation."""
        self._player.mark()

    def number_of(self, peer: str) -> str:
        """The number in its directory that leads to "host:port"."""
        directory = self.settings.get("directory")
        assert isinstance(directory, dict)
        return next(number for number, target in directory.items() if target.endswith("@" + peer))

    # what is known about it

    def status(self) -> dict[str, Any]:
        return self.wait(self.session.status())

    def port(self, number: int) -> dict[str, Any]:
        return next(port for port in self.status()["ports"] if port["port"] == number)

    def counted(self, part: str) -> int:
        """The sum of the counters of the status with `part` in their name."""
        return sum(value for name, value in self.status()["counts"].items() if part in name)

    def until_status(self, path: str, value: str, within_s: float = 5) -> None:
        self.do(f'expect status {path} "{value}" within {within_s}', within_s + 10)

    def sip_times(self, word: str, sent: bool) -> list[float]:
        """Board times at which a method ("INVITE") or a status ("200") was sent, or received."""
        return [
            entry.time
            for entry in list(self.session.history.entries)
            if entry.kind == "sip" and (entry.detail["sent"], sip_word(entry.detail["start"])) == (sent, word)
        ]

    def console(self) -> list[str]:
        """The lines of its serial console so far, those of the SIP trace left out."""
        entries = list(self.session.history.entries)
        return [entry.detail["text"] for entry in entries if entry.kind == "log"]

    def tail(self, count: int = 60) -> str:
        """The last things that happened, for the message of a failed test."""
        entries = [entry for entry in list(self.session.history.entries) if entry.kind != "pcm"]
        lines = [f"{e.time:8.3f} {e.port or ' '} {e.kind:8} {json.dumps(e.detail)}" for e in entries[-count:]]
        return "--- last events of the device ---\n" + "\n".join(lines)

    # voices

    def now(self) -> float:
        """Board time in seconds."""
        return self.session.now()

    def say(self, port: int, samples: wav.Samples, folder: Path) -> float:
        """Phone `port` begins to speak; `folder` keeps the file. Returns the board time."""
        path = wav.write(folder / f"say-{port}-{time.monotonic_ns()}.wav", samples)
        began = self.now()
        self.do(f'{port} say "{path}"')
        return began

    def ear(self, port: int, start: float, end: float) -> wav.Samples:
        """What the earpiece of a phone gave between two board times."""
        return self.session.heard(port, start, end)

    def rest(self) -> None:
        """Both handsets down and both phones idle; forget what happened."""
        self.do("1 quiet\n2 quiet\n1 hang\n2 hang")
        for number in (1, 2):
            self.until_status(f"ports.{number}.phone", "idle", 4)
        self.mark()


class Lender:
    """One running device for the tests of a module; a test that breaks it costs only a new start."""

    def __init__(self, settings: dict[str, object] | None = None, **options: Any):
        self._settings, self._options = settings, options
        self._device: Device | None = None

    def lend(self) -> Device:
        if self._device is None:
            self._device = Device(self._settings, **self._options).__enter__()
        self._device.mark()
        return self._device

    def take_back(self) -> None:
        """After each test: bring the phones to rest, or give the device up."""
        if self._device is not None and self._device.spoiled:
            self.close()
        elif self._device is not None:
            try:
                self._device.rest()
            except Exception:
                self.close()
                raise

    def close(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            device.__exit__(None, None, None)


def tree(settings: dict[str, object]) -> dict[str, Any]:
    """Dotted names as nested objects."""
    root: dict[str, Any] = {}
    for name, value in settings.items():
        *parents, leaf = name.split(".")
        branch = root
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[leaf] = value
    return root
