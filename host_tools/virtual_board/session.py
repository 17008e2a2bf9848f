"""One running adapter: the virtual board in this process, the unchanged firmware in a child process."""

import asyncio
import copy
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from host_tools.virtual_board import speech
from host_tools.virtual_board.board import Board
from host_tools.virtual_board.child import FirmwareEnded, FirmwareProcess
from host_tools.virtual_board.events import Event
from host_tools.virtual_board.history import PORTS, Entry, History, parse_console_line
from host_tools.virtual_board.play import CannotDo, NotReady, Utterance
from host_tools.virtual_board.scenario import Act
from host_tools.virtual_board.server import BoardServer
from host_tools.virtual_board.traces import PortTrace
from host_tools.virtual_board.wire import STEP

ROOT = Path(__file__).resolve().parents[2]
DEVICE = ROOT / "host_tools/virtual_board/device"
FIRMWARE = ROOT / "firmware"
# Free ports, and the SIP trace on the console: what every session wants unless its configuration says else.
DEFAULTS: dict[str, Any] = {"sip": {"port": 0}, "rtp": {"port": 0}, "log": {"level": "debug"}}
PHONES = {1: (118.0, 1.0), 2: (196.0, 1.16)}  # pitch and vocal tract of who is at the phone
_STATUS_WITHIN = 3.0
_READY_WITHIN = 30.0  # it takes two, but not on a PC with other things to do
_ECHO_WAY = 0.1  # seconds, there and back


def runtimes() -> dict[str, Path]:
    """The MicroPython programs that `make setup` installed: mp32 (Debian's 32-bit, the truth), mp64."""
    found = {
        "mp32": ROOT / "build/runtime/i386/micropython",
        "mp64": Path(sys.executable).parent / "micropython",
    }
    return {name: path for name, path in found.items() if path.exists()}


def find_runtime(name: str) -> tuple[str, Path]:
    """(name, program) for "auto", "mp32", "mp64" or a path. Raises NotReady."""
    found = runtimes()
    if name == "auto" and found:
        return next(iter(found.items()))
    if name in found:
        return name, found[name]
    if Path(name).is_file():
        return Path(name).name, Path(name).resolve()
    raise NotReady(f"no MicroPython {name!r} here: {', '.join(found) or 'none'} (make setup installs them)")


class Session:
    """`async with Session(config) as session: await session.ready()`.

    config: nested settings over DEFAULTS; config_file: a JSON file under it; config_text: config.json as it
    is, for a firmware that must cope with anything. parts: the chips of ports 1 and
    2; absent: ports whose chip does not answer. heap: "112K" or "" for the interpreter's own; tree: the
    folder that holds the package ata (default firmware/, may be one of .mpy files).
    """

    def __init__(
        self,
        config: dict[str, Any] | None = None,
        *,
        config_file: Path | None = None,
        config_text: str | None = None,
        parts: Sequence[str] = ("Si3215", "Si3210"),
        absent: Sequence[int] = (),
        runtime: str = "auto",
        heap: str = "",
        tree: Path | None = None,
        folder: Path | None = None,
    ):
        self.runtime_name, self._program = find_runtime(runtime)
        self.config = merged(merged(DEFAULTS, _read(config_file)), config or {})
        self._config_text = config_text
        self.history = History()
        self.board = Board((parts[0], parts[1]), region=self.config.get("region", "us"))
        self.console_lines: list[str] = []
        self._absent = tuple(absent)
        self._heap = heap
        self._tree = (tree or FIRMWARE).resolve()
        self._folder = folder
        self._own_folder: tempfile.TemporaryDirectory[str] | None = None
        self._server: BoardServer | None = None
        self._firmware: FirmwareProcess | None = None
        self._status: asyncio.Future[dict[str, Any]] | None = None
        self._console_zero: float | None = None  # board time of the firmware's second 0
        self._said: dict[int, Utterance] = {}
        self._saying: list[asyncio.Task[None]] = []

    # ---- start and end ----

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def _start(self) -> None:
        if self._folder is None:
            self._own_folder = tempfile.TemporaryDirectory(prefix="ata-")
            self._folder = Path(self._own_folder.name)
        text = json.dumps(self.config) if self._config_text is None else self._config_text
        (self._folder / "config.json").write_text(text)
        self.board.listeners.append(self._board_event)
        for port in self._absent:
            self.board.silent(port)
        server = self._server = BoardServer(self.board)
        await server.start()
        options = ["-X", f"heapsize={self._heap}"] if self._heap else []
        # A compiled tree has the board's modules too: nothing is compiled on its heap.
        compiled = (self._tree / "start.mpy").exists()
        start = ["-m", "start"] if compiled else [DEVICE / "start.py"]
        # As on a device, where modules are found in the root: MicroPython keeps the name of each one's file.
        path, folder = (
            (".frozen", self._tree) if compiled else (f"{self._tree}:{DEVICE}:.frozen", self._folder)
        )
        self._firmware = FirmwareProcess(
            [self._program, *options, *start, *map(str, self.ports), self._folder],
            {"MICROPYPATH": path, "HOME": str(self._folder)},
            self._console_line,
            self._ended,
            folder,
        )
        await self._firmware.start()

    async def _stop(self) -> None:
        for task in self._saying:
            task.cancel()
        if self._firmware is not None:
            await self._firmware.stop()
        if self._server is not None:
            await self._server.close()
        if self._own_folder is not None:
            self._own_folder.cleanup()

    async def ready(self, within: float = _READY_WITHIN) -> None:
        """Wait until each port is in service, or out of it with a reason. Raises NotReady, FirmwareEnded."""

        def settled(port: int):
            return lambda entry: (
                entry.kind == "log"
                and (
                    f"port {port} in service" in entry.detail["text"]
                    or f"port {port} out of service" in entry.detail["text"]
                )
            )

        for port in PORTS:
            enabled = self.config.get("port", {}).get(str(port), {}).get("enabled", True)
            if enabled and await self.history.wait(settled(port), within, 0) is None:
                lines = "".join(f"\n    {line}" for line in self.console_lines[-12:]) or "\n    (nothing)"
                raise NotReady(f"port {port} is not in service after {within:g} s; the firmware said:{lines}")

    @property
    def pid(self) -> int | None:
        """The firmware's process."""
        return self._firmware.pid if self._firmware else None

    @property
    def ports(self) -> tuple[int, int, int]:
        """The board's TCP ports (SPI, interrupt) and its UDP port (PCM)."""
        server = self._server
        return (server.spi_port, server.irq_port, server.pcm_port) if server else (0, 0, 0)

    async def lose_board(self) -> None:
        """Close the board's links under the running firmware."""
        if self._server is not None:
            await self._server.close()

    # ---- what a script does (play.Bench) ----

    def now(self) -> float:
        return self._server.board_time() if self._server is not None else 0.0

    async def act(self, act: Act, folder: Path) -> None:
        """Carry out an action, return at its end; speech goes on meanwhile. Raises CannotDo, WavError."""
        if self._server is not None:
            self._server.advance()  # hands act at the present, not at the board's last step
        phone = self.board.phone(act.port)
        options = act.options
        detail: dict[str, Any] = {}
        began = self.now()
        try:
            if act.verb == "lift":
                end = phone.lift()
            elif act.verb == "hang":
                end = phone.hang_up()
            elif act.verb == "flash":
                end = phone.flash(options.get("ms", 300.0))
            elif act.verb == "dial":
                on, off = options.get("on", 80.0), options.get("off", 80.0)
                end = phone.dial(
                    act.argument,
                    on_ms=on,
                    off_ms=off,
                    level_dbm0=options.get("level", -8.0),
                    twist_db=options.get("twist", 0.0),
                    error_percent=options.get("error", 0.0),
                )
                detail = {"digits": act.argument, "how": "tone", "first": began}
                began = end - on / 1000
            elif act.verb == "pulse":
                pps = options.get("pps", 10.0)
                end = phone.pulse(act.argument, pps, options.get("break", 60.0), options.get("gap", 700.0))
                detail = {"digits": act.argument, "how": "pulse", "first": began}
                began = end - (int(act.argument[-1]) or 10) / pps
            else:
                await self._instrument(act, folder)
                return
        except ValueError as error:
            raise CannotDo(f"phone {act.port}: {error}") from None
        await self._until(end)
        kind = "dialled" if detail else act.verb
        self.history.add(Entry(end, kind, act.port, detail, began if end > began else None))

    async def _instrument(self, act: Act, folder: Path) -> None:
        phone = self.board.phone(act.port)
        if act.verb == "say":
            samples = await asyncio.to_thread(self._speech, act.port, act.argument, folder)
            end = phone.say(samples)
            begin = end - len(samples) / speech.RATE
            name = Path(act.argument).stem
            self._said[act.port] = Utterance(samples, begin, name)
            text = speech.PHRASES[name][0] if name in speech.PHRASES else name
            self.history.add(Entry(begin, "says", act.port, {"what": name, "text": text}))
            self._saying.append(asyncio.create_task(self._tell_said(act.port, name, begin, end)))
        elif act.verb == "quiet":
            phone.hush()
        elif act.verb == "save":
            await asyncio.to_thread(speech.write_wav, folder / act.argument, phone.earpiece())
        elif act.verb == "ren":
            phone.ren = act.options["ren"]
        elif act.verb == "waiting":
            phone.display.waiting = bool(act.options["on"])
        elif act.verb == "ohms":
            phone.off_hook_ohms = act.options["ohms"]

    @staticmethod
    def _speech(port: int, name: str, folder: Path) -> speech.Samples:
        """A WAV file of the script's folder or the present one, else a phrase of the synthetic voice."""
        for path in (folder / name, Path(name)):
            if path.is_file():
                return speech.read_wav(path)
        phrase = name.removesuffix(".wav")
        if phrase in speech.PHRASES:
            return speech.say(phrase, *PHONES[port])
        raise speech.WavError(f"{name}: no such file, and none of the phrases {', '.join(speech.PHRASES)}")

    async def _tell_said(self, port: int, name: str, begin: float, end: float) -> None:
        await self._until(end)
        self.history.add(Entry(end, "said", port, {"what": name}, begin))

    async def quiet(self, port: int) -> None:
        """Wait until the phone has done and said all it was told."""
        end = self.board.phone(port).busy_until
        said = self._said.get(port)
        if said is not None:
            end = max(end, said.time + len(said.samples) / speech.RATE)
        await self._until(end)
        await asyncio.sleep(0)

    async def _until(self, end: float) -> None:
        while (left := end - self.now()) > 0:
            await asyncio.sleep(left)

    def fault(self, port: int, name: str, on: bool = True) -> None:
        """Begin or end a fault of the board: scenario.FAULTS."""
        board = self.board
        if name == "clock":
            board.pclk_loss(on)
        elif name == "chip_reset":
            if on:
                board.chip_reset(port)
        elif name == "silent":
            board.silent(port, on)
        elif name == "short":
            board.short(port, on)
        elif name == "power":
            board.power(port, 80.0 if on else None)
        elif name == "leak":
            board.leak(port, 1500.0 if on else None)
        elif name == "supply":
            board.supply(port, 0.0 if on else 12.0)

    def said(self, port: int) -> Utterance | None:
        return self._said.get(port)

    def heard(self, port: int, start: float, end: float) -> speech.Samples:
        """What the earpiece gave from board time `start` to `end`."""
        heard = self.board.phone(port).earpiece(start)
        return heard[: round((end - start) * speech.RATE)]

    def trace(self, port: int) -> PortTrace:
        """The wire and the handset of a port so far, for the picture."""
        phone, wire = self.board.phone(port), self.board.wire(port)
        ear, mic = phone.earpiece(), phone.microphone()
        return PortTrace(
            wire_start=wire.trace_start * STEP,
            tip=np.array(wire.tip_trace),
            ring=np.array(wire.ring_trace),
            wire_rate=1 / STEP,
            sound_start=max(0.0, self.board.now - len(ear) / speech.RATE),
            mic=mic,
            ear=ear,
        )

    # ---- the firmware's console ----

    async def console(self, text: str) -> None:
        """Type a line."""
        if self._firmware is not None:
            await self._firmware.write_line(text)

    async def status(self) -> dict[str, Any]:
        """The answer to `status json`. Raises NotReady if there is none."""
        if self._status is None or self._status.done():
            self._status = asyncio.get_running_loop().create_future()
            await self.console("status json")
        try:
            return await asyncio.wait_for(asyncio.shield(self._status), _STATUS_WITHIN)
        except TimeoutError:
            raise NotReady(f"the firmware did not answer `status json` within {_STATUS_WITHIN:g} s") from None

    def _console_line(self, text: str) -> None:
        self.console_lines.append(text)
        if text.startswith("{") and self._status is not None and not self._status.done():
            try:
                self._status.set_result(json.loads(text))
                return
            except json.JSONDecodeError:
                pass
        line = parse_console_line(text)
        self.history.add(Entry(self._time_of(line.seconds), line.kind, 0, line.detail))

    def _time_of(self, seconds: float | None) -> float:
        """Board time of the firmware's `seconds`. The smallest delay of a line so far is taken for none."""
        arrived = self.now()
        if seconds is None:
            return arrived
        zero = arrived - seconds
        if self._console_zero is None or zero < self._console_zero:
            self._console_zero = zero
        return self._console_zero + seconds

    def _ended(self, error: FirmwareEnded) -> None:
        if self._status is not None and not self._status.done():
            self._status.set_exception(error)
        self.history.fail(error)

    # ---- the board ----

    def _speaks(self, port: int, at: float) -> bool:
        said = self._said.get(port)
        return said is not None and said.time <= at <= said.time + len(said.samples) / speech.RATE

    def _echoes(self, port: int, at: float) -> bool:
        """Is what phone `port` hears at `at` its own speech, come back from the far end's hybrid?"""
        return self._speaks(port, at - _ECHO_WAY) and not self._speaks(3 - port, at - _ECHO_WAY / 2)

    def _board_event(self, event: Event) -> None:
        if event.kind != "hook":  # the hand has told already
            detail = dict(event.detail)
            if event.kind in ("pcm", "fault"):
                detail["text"] = " ".join(str(value) for value in detail.values())
            elif event.kind == "tone" and detail["name"] == "speech":
                detail["echo"] = self._echoes(event.port, event.time_s)
            self.history.add(Entry(event.time_s, event.kind, event.port, detail))


def _read(path: Path | None) -> dict[str, Any]:
    """A configuration file of the user. Raises NotReady."""
    if path is None:
        return {}
    try:
        return json.loads(path.read_text())
    except (OSError, json.JSONDecodeError) as error:
        raise NotReady(f"{path}: {error}") from None


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`base` with `over` laid over it, objects member by member. Neither is changed."""
    result = copy.deepcopy(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result
