"""The heap of the whole firmware, compiled as for a device: after start, in calls and after calls."""

from collections.abc import Callable
from dataclasses import dataclass

from host_tools.mpy import device_tree
from host_tools.virtual_board.play import Player
from host_tools.virtual_board.scenario import parse
from host_tools.virtual_board.session import Session

HEAP = "148K"  # what the official image leaves on an ESP32 without PSRAM once Wi-Fi is up
# Hanging up is known after flash_max: a short one makes a hundred calls take a minute.
SETTINGS = {"log": {"level": "info"}, "hook": {"flash_min": 80, "flash_max": 120}}
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
    """Bytes after a collection, as the firmware's own `status` tells them."""

    when: str
    used: int
    free: int


async def measure(
    heap: str,
    calls: int,
    tell: Callable[[Heap], None] = lambda row: None,
    step: Callable[[], None] = lambda: None,
) -> list[Heap]:
    """Start the firmware with `heap` ("112K"), make `calls` calls between its ports; a row for each moment.

    `tell` gets each row as it is measured; `step` is called twice a call. Raises FirmwareEnded if the heap
    is too small.
    """
    rows: list[Heap] = []

    async def note(session: Session, when: str) -> None:
        status = await session.status()
        rows.append(Heap(when, status["heap_used"], status["heap_free"]))
        tell(rows[-1])

    async with Session(SETTINGS, runtime="mp32", heap=heap, tree=device_tree("x86")) as session:
        player = Player(session)
        await session.ready()
        await note(session, "after start")
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
