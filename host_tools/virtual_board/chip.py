"""Register-level model of one Si3210 or Si3215 subscriber line interface chip: bus, registers, clocking.

Bus side: transfer(), reset(), pclk(), interrupt, and the PCM words (`codec`). Line side: a Wire. Between
the two nothing is short-circuited: a register changes what line_side.py drives onto the wire, the wire's
currents go through the chip's filters, thresholds and debouncers back into registers.

Where the datasheet is silent the model had to choose: see the comments marked "assumed".
"""

import random
from collections.abc import Callable
from typing import Any

from host_tools.virtual_board import chip_registers as reg
from host_tools.virtual_board.calibration import BUSY, Calibration
from host_tools.virtual_board.chip_timers import GateTimer
from host_tools.virtual_board.codec import Codec
from host_tools.virtual_board.line_side import LineSide
from host_tools.virtual_board.wire import STEP, Wire

_FLOATING = 0xFF  # what the controller reads while no chip drives the bus (pull-up)
_INDIRECT_SECONDS = 62.5e-6  # the indirect port is served at 16 kHz
_BIT_SECONDS = 1e-6  # bus clock of 1 MHz
_GAP_SECONDS = 1e-6  # chip select high between frames


def _nothing(kind: str, detail: dict[str, Any]) -> None:
    pass


class Si321xChip:
    """One chip on one wire. It powers up held in reset and without clock.

    part: "Si3210", "Si3210M", "Si3215", "Si3215M". revision: "A" … "E". seed: of the rubbish in the indirect
    registers and of this specimen's calibration. on_event(kind, detail): "linefeed" and "fault" as in
    events.Event.
    """

    def __init__(
        self,
        part: str = "Si3215",
        revision: str = "E",
        seed: int = 0,
        wire: Wire | None = None,
        on_event: Callable[[str, dict[str, Any]], None] = _nothing,
    ):
        self.part = part
        self.registers = bytearray(128)
        self.indirect = [0] * 256
        self.indirect_map = reg.indirect_map(part)
        self.on_event = on_event
        self.silent = False  # fault: the chip does not answer on the bus
        self.seconds = 0.0  # of modelled time, for the indirect port
        self._reset_values = reg.reset_values(part, revision)
        self._writable = reg.writable_bits(part)
        self._addresses = reg.indirect_addresses(part)
        self._random = random.Random(seed)
        self.calibration = Calibration(self.registers, seed)
        self.timers = {"o1": GateTimer(), "o2": GateTimer(), "meter": GateTimer()}
        self.line = LineSide(self, wire or Wire())
        self.codec = Codec(self, seed=seed)
        self._in_reset = True
        self._clocked = False
        self._undefined = True
        self._loss_told = False
        self._fraction = 0.0
        self._clear()

    # ---- pins ---------------------------------------------------------------------------------------

    def reset(self, asserted: bool) -> None:
        """The RESET pin. Released without PCLK the chip is in no defined state until the next reset."""
        if asserted and not self._in_reset:
            self._in_reset = True
            self._clear()
        elif not asserted and self._in_reset:
            self._in_reset = False
            self._undefined = not self._clocked

    def pclk(self, on: bool) -> None:
        """The PCM clock. If it stops the chip needs a reset (its PLL has lost its ratio)."""
        if self._clocked and not on and not self._in_reset and not self._undefined:
            self._undefined = True
            self.registers[reg.LINEFEED] = 0
            self.on_event("fault", {"what": "PCM clock lost"})
        self._clocked = on

    @property
    def running(self) -> bool:
        """Out of reset, with a clock that has been there since."""
        return not (self._in_reset or self._undefined)

    @property
    def interrupt(self) -> bool:
        """True while the INT pin is pulled low: any enabled bit of registers 18-20 is set."""
        r = self.registers
        return bool(r[18] & r[21] or r[19] & r[22] or r[20] & r[23]) and not (self._in_reset or self.silent)

    def glitch(self) -> None:
        """Fault: the chip resets itself (brown-out, static) while everything around it goes on."""
        self._clear()
        self._undefined = not self._clocked
        self.on_event("fault", {"what": "chip reset"})

    # ---- time ---------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Let time pass, in whole steps of 1.25 ms (a remainder is kept for the next call)."""
        self._fraction += seconds
        while self._fraction >= STEP - 1e-9:
            self._fraction -= STEP
            self.step()

    def step(self) -> None:
        """1.25 ms: converter, calibration, timers, feed, wire, detectors."""
        self.seconds += STEP
        if not self.running:
            self.line.step_dead()
            self.codec.gate()
            return
        self._serve_indirect()
        self.line.step()
        self.codec.gate()
        r = self.registers
        if r[reg.OSC1] & 0x04 or r[reg.OSC2] & 0x04 or r[reg.PULSE_METERING] & 0x04:
            self._step_timers()

    def _step_timers(self) -> None:
        for name, control, first, bits in (
            ("o1", reg.OSC1, reg.OSC1_ACTIVE, (0x01, 0x02)),
            ("o2", reg.OSC2, reg.OSC2_ACTIVE, (0x04, 0x08)),
            ("meter", reg.PULSE_METERING, reg.METER_ACTIVE, (0x40, 0x80)),
        ):
            mode, timer = self.registers[control], self.timers[name]
            if not mode & 0x04:
                continue
            ran_out = timer.step(self.word(first), self.word(first + 2), bool(mode & 0x10), bool(mode & 0x08))
            if ran_out:
                self.registers[reg.IRQ_1] |= bits[0] if ran_out == "active" else bits[1]

    # ---- bus ----------------------------------------------------------------------------------------

    def transfer(self, tx: bytes) -> bytes:
        """One chip-select frame: what the chip shifts out while `tx` is shifted in (same length).

        An access is a control byte (bit 7 read, register in bits 6-0) and a data byte, in one frame or in
        two. Chip select synchronises bytes, not accesses: a lost byte shifts all that follow, until a reset.
        """
        self.seconds += len(tx) * 8 * _BIT_SECONDS + _GAP_SECONDS
        if self.silent or self._in_reset:
            return bytes([_FLOATING]) * len(tx)
        self._serve_indirect()
        return bytes(self._byte(value) for value in tx)

    def _byte(self, value: int) -> int:
        if self._select_pending:  # daisy chain: every access starts with a byte that selects devices
            self._select_pending = False
            self._selected = bool(value & 1)
            return value >> 1
        if self._control is None:
            self._control = value
            return _FLOATING
        control, self._control = self._control, None
        self._select_pending = bool(self.registers[reg.SPI_MODE] & 0x80)
        if not self._selected:
            return _FLOATING
        if control & 0x80:
            return self._read(control & 0x7F)
        self._write(control & 0x7F, value)
        self._select_pending = bool(self.registers[reg.SPI_MODE] & 0x80)
        self._selected = not self._select_pending
        return _FLOATING

    # ---- registers ----------------------------------------------------------------------------------

    def named(self, mnemonic: str) -> int:
        """Content of an indirect register by its datasheet name."""
        return self.indirect[self.indirect_map[mnemonic]]

    def word(self, low: int) -> int:
        """A 16-bit value in two direct registers."""
        return self.registers[low] | self.registers[low + 1] << 8

    def _clear(self) -> None:
        """What reset does to registers and state machines. The indirect registers come up as rubbish."""
        self.registers[:] = bytes(128)
        for number, value in self._reset_values.items():
            self.registers[number] = value
        for address in range(256):
            self.indirect[address] = self._random.getrandbits(16) if address in self._addresses else 0
        self._control: int | None = None
        self._select_pending = False
        self._selected = True
        self._data_written = False
        self._request: tuple[bool, int] | None = None  # (write, address) of the indirect port
        self._request_until = 0.0
        self.calibration.reset()
        for timer in self.timers.values():
            timer.stop()
        self.codec.reset()
        self.line.reset()

    def _read(self, number: int) -> int:
        if number == reg.INDIRECT_STATUS:
            return 1 if self._request is not None else 0
        if reg.POWER_VALUE <= number <= reg.CURRENT_Q1 + 5 or number in (
            reg.LINEFEED, reg.DETECT, reg.RING_OSC, reg.DCDC_WIDTH
        ):  # fmt: skip
            return self.line.read(number)
        return self.registers[number]

    def _write(self, number: int, value: int) -> None:
        r = self.registers
        if reg.IRQ_1 <= number <= reg.IRQ_3:
            r[number] &= ~value
            return
        bits = self._writable.get(number, 0)
        old = r[number]
        r[number] = old & ~bits | value & bits
        if number == reg.LINEFEED:
            if self.running:
                self.line.command(value & 7)
            else:
                r[number] = 0
        elif number in (reg.DATA_LOW, reg.DATA_HIGH):
            self._data_written = True
        elif number == reg.ADDRESS:
            self._start_indirect(value)
        elif number == reg.CALIBRATE_1 and value & BUSY:
            self.calibration.start()
        elif number == reg.DCDC_OFF_TIME and value & ~old & 0x80:
            self.calibration.start_dcdc()
        elif number in (reg.OSC1, reg.OSC2) and value & ~old & 0x04:
            index = number - reg.OSC1
            self.timers[("o1", "o2")[index]].start(self.word(reg.OSC1_ACTIVE + 4 * index))
            self.codec.oscillators[index].restart()
        elif number == reg.PULSE_METERING and bits & value & ~old & 0x04:
            self.timers["meter"].start(self.word(reg.METER_ACTIVE))

    # ---- indirect registers -------------------------------------------------------------------------

    def _start_indirect(self, address: int) -> None:
        """Register 30 was written: a write if 28/29 were written since the last access, else a read.

        While the port is busy a further access is lost, which is why drivers must poll register 31.
        """
        if self._request is not None:
            return
        self._request = (self._data_written, address)
        self._data_written = False
        self._request_until = self.seconds + _INDIRECT_SECONDS

    def _serve_indirect(self) -> None:
        if self._request is None or self.seconds < self._request_until or not self.running:
            return
        write, address = self._request
        self._request = None
        r = self.registers
        if write:
            if address in self._addresses:
                self.indirect[address] = self.word(reg.DATA_LOW)
        else:
            r[reg.DATA_LOW] = self.indirect[address] & 0xFF
            r[reg.DATA_HIGH] = self.indirect[address] >> 8
        r[reg.IRQ_3] |= 0x02
