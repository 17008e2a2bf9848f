"""The whole virtual board: two line chips, two wires, two telephones, a PCM clock, and what goes wrong.

Time is the board's sample clock: `now` in seconds, 0 at the start, moved by advance_to() in steps of
1.25 ms. Nothing here knows real time; server.py ties it to a clock and to sockets.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from host_tools.virtual_board.chip import Si321xChip
from host_tools.virtual_board.codec import BLOCK
from host_tools.virtual_board.ear import Ear
from host_tools.virtual_board.events import Event, Listener
from host_tools.virtual_board.highway import SLOT_START, window
from host_tools.virtual_board.phone import Phone
from host_tools.virtual_board.tone_table import region_tones
from host_tools.virtual_board.wire import STEP, Wire

BLOCK_BYTES = BLOCK * 2 * 2  # 80 frames × (port 1 int16 LE, port 2 int16 LE)
BLOCK_SECONDS = BLOCK / 8000
_STEPS_PER_BLOCK = 8
_PREFILL = 2  # blocks in the DAC FIFO before it starts to play
_CAPACITY = 6
PORTS = (1, 2)


class Board:
    """parts: chip of port 1, port 2. region: a code ("us"), a region record, or a table tone name -> script.

    Raises ValueError for an unknown part or region.
    """

    def __init__(
        self,
        parts: tuple[str, str] = ("Si3215", "Si3210"),
        region: str | Mapping[str, Any] = "us",
        seed: int = 0,
    ):
        tones = region_tones(region)
        self.wires = (Wire(), Wire())
        self.phones = tuple(Phone(wire, seed + index) for index, wire in enumerate(self.wires))
        self.ears = (Ear(tones), Ear(tones))
        self.chips = tuple(
            Si321xChip(part, seed=seed + index, wire=self.wires[index], on_event=self._chip_events(index + 1))
            for index, part in enumerate(parts)
        )
        self.events: list[Event] = []
        self.listeners: list[Listener] = []
        self.on_block: Callable[[bytes], None] | None = None  # gets each ADC block (320 bytes)
        self.on_interrupt: Callable[[bool], None] | None = None  # gets each change of the wired-or line
        self.keep_events = 100_000
        self.underruns = 0
        self.overruns = 0
        self.clocked = False
        self._steps = 0
        self._stepping = False
        self._fifo: deque[bytes] = deque()
        self._playing = False
        self._starved = False
        self._clock_wanted = False
        self._clock_fault = False
        self._interrupt = False
        self._block_start = 0

    # ---- by port ------------------------------------------------------------------------------------

    def phone(self, port: int) -> Phone:
        return self.phones[_index(port)]

    def chip(self, port: int) -> Si321xChip:
        return self.chips[_index(port)]

    def wire(self, port: int) -> Wire:
        return self.wires[_index(port)]

    def hears(self, port: int) -> str:
        """What the person at `port` hears now: a tone's name, a digit, "speech", "silence"; "" if on-hook."""
        return self.ears[_index(port)].hears

    # ---- time ---------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Board time in seconds."""
        return self._steps * STEP

    def advance_to(self, seconds: float) -> None:
        """Let board time pass, in whole steps of 1.25 ms; PCM blocks are exchanged on the way.

        Called from within a listener it does nothing: the step that told the event is not over.
        """
        if self._stepping:
            return
        self._stepping = True
        try:
            while (self._steps + 1) * STEP <= seconds + 1e-9:
                self._step()
        finally:
            self._stepping = False

    def _step(self) -> None:
        self._steps += 1
        now = self._steps * STEP
        for index in (0, 1):
            phone = self.phones[index]
            phone.step(now)
            self.chips[index].step()
            phone.after_step()
            if phone.events:
                self._take_phone_events(index)
        if self._steps % _STEPS_PER_BLOCK == 0:
            self._exchange_block(now - BLOCK_SECONDS)
        self._check_interrupt()

    # ---- control lines and bus ----------------------------------------------------------------------

    def spi(self, select: int, tx: bytes) -> bytes:
        """One chip-select frame to the chip of port select + 1; a select that nobody has reads as FFh."""
        if select not in (0, 1):
            return b"\xff" * len(tx)
        rx = self.chips[select].transfer(tx)
        self._check_interrupt()
        return rx

    def slic_reset(self, asserted: bool) -> None:
        """The reset line of both chips."""
        for chip in self.chips:
            chip.reset(asserted)
        self._check_interrupt()

    def pclk(self, on: bool) -> None:
        """PCM clock and frame sync from the controller."""
        self._clock_wanted = on
        self._set_clock()

    def _set_clock(self) -> None:
        on = self._clock_wanted and not self._clock_fault
        if on == self.clocked:
            return
        self.clocked = on
        self._fifo.clear()
        self._playing = False
        self._starved = False
        for chip in self.chips:
            chip.pclk(on)
        self._tell(self.now, 0, "pcm", {"what": "on" if on else "off", "count": 0})

    @property
    def interrupt(self) -> bool:
        """The wired-or interrupt line: True while a chip asks for service."""
        return self._interrupt

    def _check_interrupt(self) -> None:
        level = self.chips[0].interrupt or self.chips[1].interrupt
        if level != self._interrupt:
            self._interrupt = level
            if self.on_interrupt:
                self.on_interrupt(level)

    # ---- PCM ----------------------------------------------------------------------------------------

    def pcm_write(self, block: bytes) -> None:
        """One DAC block from the controller into the FIFO. Raises ValueError unless it has 320 bytes."""
        if len(block) != BLOCK_BYTES:
            raise ValueError(f"a PCM block has {BLOCK_BYTES} bytes, not {len(block)}")
        if not self.clocked:
            return
        if len(self._fifo) >= _CAPACITY:
            self._fifo.popleft()
            self.overruns += 1
            self._tell(self.now, 0, "pcm", {"what": "overrun", "count": self.overruns})
        self._fifo.append(block)

    def _next_block(self) -> np.ndarray:
        """The DAC words of this block: shape (80, 2), uint16; zeros if there are none."""
        if not self._playing and len(self._fifo) >= _PREFILL:
            self._playing = True
        if self._playing and self._fifo:
            self._starved = False
            return np.frombuffer(self._fifo.popleft(), "<u2").reshape(BLOCK, 2)
        if self._playing:
            self.underruns += 1
            if not self._starved:
                self._starved = True
                self._tell(self.now, 0, "pcm", {"what": "underrun", "count": self.underruns})
        return np.zeros((BLOCK, 2), np.uint16)

    def _exchange_block(self, start: float) -> None:
        if self.clocked:
            dac = self._next_block()
            words = (np.ascontiguousarray(dac[:, 0]), np.ascontiguousarray(dac[:, 1]))
        else:
            words = None
        sent: list[tuple[int, np.ndarray]] = []
        for index, chip in enumerate(self.chips):
            phone = self.phones[index]
            to_line = chip.codec.receive(
                None if words is None else _captured(words, chip.codec.receive_start)
            )
            from_line = phone.speak()
            start_count = chip.codec.transmit_start
            if words is not None and start_count is not None:
                sent.append((start_count, chip.codec.transmit(from_line, self.wires[index].closed)))
            heard = phone.hear(to_line)
            for at, kind, detail in self.ears[index].block(heard, start, phone.lifted):
                self._tell(at, index + 1, kind, detail)
            if phone.events:
                self._take_phone_events(index)
        if words is not None and self.on_block:
            adc = np.zeros((BLOCK, 2), np.uint16)
            for start_count, chip_words in sent:
                for port_index, slot in enumerate(SLOT_START):
                    seen = window(chip_words, start_count, slot)
                    if seen is not None:
                        adc[:, port_index] |= seen
            self.on_block(adc.astype("<u2").tobytes())

    # ---- faults -------------------------------------------------------------------------------------

    def chip_reset(self, port: int) -> None:
        """The chip of `port` resets itself, as after a brown-out."""
        self.chip(port).glitch()

    def silent(self, port: int, on: bool = True) -> None:
        """The chip of `port` does not answer on the bus."""
        self.chip(port).silent = on
        self._tell(self.now, port, "fault", {"what": "chip silent" if on else "chip answers again"})

    def short(self, port: int, on: bool = True, ohms: float = 1.0) -> None:
        """Tip and ring of `port` touch."""
        self.wire(port).short_ohms = ohms if on else None
        self._tell(self.now, port, "fault", {"what": "short" if on else "short removed"})

    def power(self, port: int, volts: float | None = 80.0, ohms: float = 100.0) -> None:
        """A foreign voltage on the ring lead of `port` ("power cross"): with more than about 60 V it heats an
        output transistor until the chip raises its power alarm. None removes it; 0 V is a short to earth."""
        wire = self.wire(port)
        wire.ring_ground_ohms = None if volts is None else ohms
        wire.ring_ground_volts = volts or 0.0
        what = "foreign voltage removed" if volts is None else f"foreign voltage {volts:g} V"
        self._tell(self.now, port, "fault", {"what": what})

    def leak(self, port: int, ohms: float | None = 1500.0) -> None:
        """The battery of `port` leaks (a bad capacitor): the driver's leak test fails. None removes it."""
        self.chip(port).line.battery.leak_ohms = ohms
        self._tell(self.now, port, "fault", {"what": "leak" if ohms else "leak removed"})

    def supply(self, port: int, volts: float = 12.0) -> None:
        """The supply of the converter of `port`; below 4 V there is no battery voltage."""
        self.chip(port).line.battery.supply_volts = volts
        self._tell(self.now, port, "fault", {"what": f"supply {volts:g} V"})

    def pclk_loss(self, on: bool = True) -> None:
        """The PCM clock's line breaks (or is whole again)."""
        self._clock_fault = on
        self._set_clock()

    # ---- events -------------------------------------------------------------------------------------

    def _chip_events(self, port: int) -> Callable[[str, dict[str, Any]], None]:
        def tell(kind: str, detail: dict[str, Any]) -> None:
            self._tell(self.now, port, kind, detail)

        return tell

    def _take_phone_events(self, index: int) -> None:
        events = self.phones[index].events
        for at, kind, detail in events:
            self._tell(at, index + 1, kind, detail)
        events.clear()

    def _tell(self, at: float, port: int, kind: str, detail: dict[str, Any]) -> None:
        event = Event(at, port, kind, detail)
        self.events.append(event)
        if len(self.events) > self.keep_events:
            del self.events[: self.keep_events // 2]
        for listener in list(self.listeners):
            listener(event)


def _index(port: int) -> int:
    if port not in PORTS:
        raise ValueError(f"port {port}: 1 or 2")
    return port - 1


def _captured(words: tuple[np.ndarray, np.ndarray], start: int | None) -> np.ndarray | None:
    """The 16 bits per frame that a chip with RXS = start takes from the highway; None if it takes nothing."""
    if start is None:
        return None
    total = None
    for port_index, slot in enumerate(SLOT_START):
        seen = window(words[port_index], slot, start)
        if seen is not None:
            total = seen if total is None else total | seen
    return total
