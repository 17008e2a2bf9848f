"""The heap of the whole firmware, compiled as for a device: after start, in calls and after calls, and what
takes it. `ata memory` shows the table beside the recorded one.

"registered" is with both ports registered over UDP, with a registrar on the loopback.
A call of both ports is two calls to the firmware: one of each phone, each with its media.
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from host_tools.memory_parts import parts
from host_tools.mpy import device_tree
from host_tools.virtual_board.child import FirmwareEnded
from host_tools.virtual_board.play import NotReady, Player, Unmet
from host_tools.virtual_board.scenario import parse
from host_tools.virtual_board.session import Session

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "tests/bench/memory.json"
HEAP = "148K"  # what the official image leaves on an ESP32 without PSRAM once Wi-Fi is up
HEAPS = ("112K", HEAP)  # the lesser one is the least that an ESP32 has
CALLS = 100
# Hanging up is known after flash_max: a short one makes a hundred calls take a minute.
SETTINGS = {"log": {"level": "info"}, "hook": {"flash_min": 80, "flash_max": 120}}
_SETTLE = 1.3  # seconds: the firmware forgets its overlays once a second
_CALL = """
1 lift
expect 1 hears dial within 1
1 dial 102 on=50 off=50
expect 2 rings within 1
2 lift
expect status ports.1.phone talking
"""
_END = """
1 hang
2 hang
expect status ports.2.phone idle
"""


@dataclass
class Heap:
    """Bytes after a collection, without overlays and the console's commands, as the firmware tells them."""

    when: str
    used: int
    free: int


async def measure(
    heap: str,
    calls: int,
    tell: Callable[[Heap], None] = lambda row: None,
    step: Callable[[], None] = lambda: None,
    settings: Mapping[str, Any] | None = None,
    start: str = "after start",
) -> list[Heap]:
    """Start the firmware with `heap` ("112K"), make `calls` calls between its ports; a row for each moment.

    `tell` gets each row as it is measured; `step` is called twice a call. Raises FirmwareEnded, NotReady or
    Unmet if the heap is too small, and RuntimeError for a mistake of the firmware.
    """
    rows: list[Heap] = []

    async def note(session: Session, when: str) -> None:
        await asyncio.sleep(_SETTLE)
        status = await session.status()
        faults = [f"{name}: {count}" for name, count in status["counts"].items() if "fault" in name]
        if faults:
            raise RuntimeError(f"{when}: {', '.join(faults)}\n" + "\n".join(session.console_lines[-20:]))
        rows.append(Heap(when, status["heap_used"], status["heap_free"]))
        tell(rows[-1])

    config = {**SETTINGS, **(settings or {})}
    async with Session(config, runtime="mp32", heap=heap, tree=device_tree("x86")) as session:
        player = Player(session)
        await session.ready()
        await note(session, start)
        for number in range(1, calls + 1):
            await player.perform(parse(_CALL, "call"))
            step()
            if number in (1, calls):
                await note(session, f"in call {number}, both ports")
            await player.perform(parse(_END, "end"))
            step()
            if number in (1, calls):
                await note(session, f"after call {number}")
    return rows


class Registrar(asyncio.DatagramProtocol):
    """Says 200 to every REGISTER, with the Contact that it has (RFC 3261 §10.3), and nothing else."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data.startswith(b"REGISTER "):
            kept = re.findall(rb"^(?:Via|From|To|Call-ID|CSeq|Contact|Expires):.*\r\n", data, re.MULTILINE)
            answer = b"SIP/2.0 200 OK\r\n" + b"".join(kept) + b"Content-Length: 0\r\n\r\n"
            self.transport.sendto(answer, addr)


async def measure_registered(heap: str, tell: Callable[[Heap], None] = lambda row: None) -> list[Heap]:
    """The heap with both ports registered."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Registrar, local_addr=("127.0.0.1", 0))
    try:
        server = "127.0.0.1:%d" % transport.get_extra_info("sockname")[1]
        ports = {str(port): {"server": server} for port in (1, 2)}
        return await measure(heap, 0, tell, settings={"port": ports}, start="registered")
    finally:
        transport.close()


async def table_of(console: Console) -> dict[str, Any]:
    """All figures: {"heap": {size: {moment: bytes used}}, "packages": {name: Part}}. For what a heap is
    too small there is what happened."""
    found: dict[str, Any] = {"heap": {}, "packages": {}}
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("", total=2 * CALLS * len(HEAPS))
        for heap in HEAPS:
            progress.update(task, description=f"{CALLS} calls in a heap of {heap}")
            moments = found["heap"][heap] = {}
            tell = lambda row, moments=moments: moments.update({row.when: row.used})  # noqa: E731
            for what, work in (
                ("registered", measure_registered(heap, tell)),
                ("calls", measure(heap, CALLS, tell, lambda: progress.advance(task))),
            ):
                try:
                    await work
                except (FirmwareEnded, NotReady, Unmet) as error:
                    moments[what] = f"too small: {str(error).splitlines()[0]}"
    found["packages"] = {name: asdict(part) for name, part in sorted(parts().items())}
    return found


def tables(now: Mapping[str, Any], recorded: Mapping[str, Any]) -> list[Table]:
    """To show: the moments, and the packages."""
    heap = Table("heap", "moment", "bytes used", "recorded", "change")
    for size, moments in now["heap"].items():
        for when, used in moments.items():
            heap.add_row(size, when, *_compared(used, recorded.get("heap", {}).get(size, {}).get(when)))
    code = Table("package", "part", "bytes", "recorded", "change")
    for name, part in now["packages"].items():
        for kind, size in part.items():
            if size:
                code.add_row(
                    name, kind, *_compared(size, recorded.get("packages", {}).get(name, {}).get(kind))
                )
    for kind in ("kept", "native", "overlays"):
        parts = [part[kind] for name, part in now["packages"].items() if name != "hal_esp32"]
        code.add_row("all but hal_esp32", kind, str(sum(parts)), "", "")
    return [heap, code]


def _compared(value: Any, old: Any) -> tuple[str, str, str]:
    change = f"{value - old:+d}" if isinstance(value, int) and isinstance(old, int) else ""
    return str(value), "" if old is None else str(old), change


async def memory(console: Console, save: bool) -> int:
    """Measure, show, and with `save` record. The exit code."""
    recorded = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    now = await table_of(console)
    for each in tables(now, recorded):
        console.print(each)
    if save:
        RECORD.write_text(json.dumps(now, indent=1) + "\n")
        console.print(f"recorded in {RECORD.relative_to(ROOT)}")
    else:
        console.print("make memory SAVE=1 records them", style="dim")
    return 0
