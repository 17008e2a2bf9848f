"""The chip's high-voltage side: battery feed, ringing, loop closure, ring trip, power alarms, meters."""

from typing import TYPE_CHECKING

from host_tools.virtual_board import calibration as cal
from host_tools.virtual_board import chip_registers as reg
from host_tools.virtual_board.battery import Battery
from host_tools.virtual_board.chip_timers import GateTimer
from host_tools.virtual_board.monitor import (
    POWER_UNIT,
    Debounce,
    LowPass,
    PowerAlarm,
    threshold_milliamperes,
    transistor_currents,
    transistor_powers,
)
from host_tools.virtual_board.oscillator import RingOscillator
from host_tools.virtual_board.wire import STEP, Feed, Wire

if TYPE_CHECKING:
    from host_tools.virtual_board.chip import Si321xChip

_TALKING = (reg.FORWARD, reg.FORWARD_OHT, reg.REVERSE, reg.REVERSE_OHT)
_RINGING_LIMIT = 0.08  # A; assumed: the pass transistors' limit while ringing
_RING_HEADROOM = 7.5  # V of the battery that the ringing voltage cannot use
_POWER_FILTERS = ("NQ12", "NQ12", "NQ34", "NQ34", "NQ56", "NQ56")
_POWER_LIMITS = ("PPT12", "PPT12", "PPT34", "PPT34", "PPT56", "PPT56")
_IDLE_POWER = 1e-4  # W


class LineSide:
    """What the chip does to its wire. Stepped each 1.25 ms by the chip."""

    def __init__(self, chip: "Si321xChip", wire: Wire):
        self.wire = wire
        self.battery = Battery()
        self._chip = chip
        self._registers = chip.registers
        self._feed = Feed()
        self._burst = GateTimer()  # ringing on and off by the hardware timers
        self._load = 0.0  # A out of the battery in the last step
        self.shadow = reg.OPEN  # what the chip really does, which is not always what register 64 commands
        self.reset()

    def reset(self) -> None:
        """Back to the state after the chip's reset; the battery's capacitor keeps its charge."""
        self._enter(reg.OPEN, reg.OPEN)
        self._closure = Debounce()
        self._closure_filter = LowPass()
        self._trip = Debounce()
        self._trip_filter = LowPass()
        self._raw = False
        self._alarms = tuple(PowerAlarm(index) for index in range(6))
        self._currents = (0.0,) * 6
        self._ring_seconds = 0.0
        self._ring_key: tuple | None = None
        self._oscillator: RingOscillator | None = None
        self._burst.stop()

    # ---- linefeed -----------------------------------------------------------------------------------

    @property
    def commanded(self) -> int:
        return self._registers[reg.LINEFEED] & 7

    @property
    def talking(self) -> bool:
        """True if the voice path is connected to the line (active and on-hook transmission states)."""
        return self.shadow in _TALKING and not self._registers[reg.POWER_DOWN_1] & 0x03

    @property
    def loop_current(self) -> float:
        """A, positive in the forward direction."""
        return (self.wire.i_tip - self.wire.i_ring) / 2

    def command(self, state: int) -> None:
        """Register 64 was written."""
        if state == reg.RINGING:
            if self.shadow != reg.RINGING:
                self._burst.start(self._chip.word(reg.RING_ACTIVE))
        else:
            self._burst.stop()
        self._enter(state, state)

    def _enter(self, commanded: int, shadow: int) -> None:
        self._registers[reg.LINEFEED] = commanded
        if shadow == self.shadow:
            return
        self.shadow = shadow
        if shadow == reg.RINGING:
            self._ring_seconds = 0.0
        self._chip.on_event("linefeed", {"state": reg.STATE_NAMES[shadow]})

    # ---- time ---------------------------------------------------------------------------------------

    def step_dead(self) -> None:
        """1.25 ms in reset or without a defined clock: nothing drives the line."""
        self._enter(reg.OPEN, reg.OPEN)
        self._feed.tip_open = self._feed.ring_open = True
        self.battery.step(False, 0.0, 0.0)
        self.wire.solve(self._feed)

    def step(self) -> None:
        """1.25 ms of the running chip."""
        if self.commanded == reg.RINGING:
            self._step_ring_timer()
        self._step_battery()
        if self._registers[reg.CALIBRATE_1] & cal.BUSY or self._registers[reg.DCDC_OFF_TIME] & 0x80:
            self._chip.calibration.step(self.shadow == reg.OPEN, self.battery.volts, self.wire.closed)
        if self.shadow == reg.RINGING:
            self._drive_ringing()
        else:
            self._drive_battery_feed()
        self.wire.solve(self._feed)
        self._measure()

    def _step_ring_timer(self) -> None:
        mode = self._registers[reg.RING_OSC]
        ran_out = self._burst.step(
            self._chip.word(reg.RING_ACTIVE),
            self._chip.word(reg.RING_ACTIVE + 2),
            bool(mode & 0x10),
            bool(mode & 0x08),
        )
        if ran_out == "active":
            self._registers[reg.IRQ_1] |= 0x10
            self._enter(reg.RINGING, reg.FORWARD_OHT)
        elif ran_out == "inactive":
            self._registers[reg.IRQ_1] |= 0x20
            self._enter(reg.RINGING, reg.RINGING)

    # ---- battery ------------------------------------------------------------------------------------

    def _overhead(self) -> float:
        """VOV in volts: VMIND (D12:9), at most 6 units, 9 with the wide range."""
        units = self._chip.named("VMIND") >> 9 & 0x0F
        return min(units, 9 if self._registers[reg.BATTERY] & 0x10 else 6) * 1.5

    def _step_battery(self) -> None:
        r = self._registers
        external_mosfet = r[reg.SPI_MODE] & 0x30 == 0x30
        # Both top bits of the period must be set, and the polarity must be that of the part's driver stage.
        sound = r[reg.DCDC_PERIOD] & 0xC0 == 0xC0 and bool(r[reg.DCDC_OFF_TIME] & 0x20) == external_mosfet
        high, low = r[reg.VBATH] * 1.5, r[reg.VBATL] * 1.5
        target = high
        if r[reg.BATTERY] & 0x01 and self.shadow in _TALKING and not r[reg.BATTERY] & 0x08:
            needed = abs(self.wire.v_tip - self.wire.v_ring) + r[reg.VCM] * 1.5 + self._overhead()
            if abs(self.loop_current) * 1000 < 5:
                needed = max(needed, (r[reg.VOC] & 0x3F) * 1.5 + r[reg.VCM] * 1.5 + self._overhead())
            target = min(max(needed, low), high)
        self.battery.step(sound and not r[reg.POWER_DOWN_1] & 0x10, target, self._load)

    # ---- driving ------------------------------------------------------------------------------------

    def _drive_battery_feed(self) -> None:
        r, feed, state = self._registers, self._feed, self.shadow
        off = bool(r[reg.POWER_DOWN_1] & 0x03)
        feed.tip_open = off or state in (reg.OPEN, reg.TIP_OPEN)
        feed.ring_open = off or state in (reg.OPEN, reg.RING_OPEN)
        if feed.tip_open and feed.ring_open:
            return
        calibration = self._chip.calibration
        open_circuit = (r[reg.VOC] & 0x3F) * 1.5
        if calibration.lacks(0, cal.DIFFERENTIAL_DAC):
            open_circuit *= 0.85  # assumed size of what calibration removes; so below
        limit = 0.020 + 0.003 * (r[reg.ILIM] & 0x07)
        if calibration.lacks(0, cal.CURRENT_LIMIT):
            limit *= 0.7
        battery = self.battery.volts
        near = min(r[reg.VCM] * 1.5, battery)
        far = max(near, min(near + open_circuit, battery - 1.5))
        reverse = state in (reg.REVERSE, reg.REVERSE_OHT, reg.RING_OPEN) or bool(r[reg.VOC] & 0x40)
        feed.tip_emf, feed.ring_emf = (-far, -near) if reverse else (-near, -far)
        feed.limit = limit

    def _drive_ringing(self) -> None:
        feed = self._feed
        self._ring_seconds += STEP
        volts = self._ring_oscillator().volts(self._ring_seconds)
        battery = self.battery.volts
        room = max(0.0, battery - _RING_HEADROOM)
        volts = min(max(volts, -room), room)
        bias = (self._chip.named("VCMR") >> 9 & 0x0F) * 1.5
        middle = -max(0.0, battery - bias) / 2
        off = bool(self._registers[reg.POWER_DOWN_1] & 0x03)
        feed.tip_open = feed.ring_open = off
        feed.tip_emf, feed.ring_emf = middle + volts / 2, middle - volts / 2
        feed.limit = _RINGING_LIMIT

    def _ring_oscillator(self) -> RingOscillator:
        chip, mode = self._chip, self._registers[reg.RING_OSC]
        offset = chip.named("ROFF") if mode & 0x02 else 0
        key = (chip.named("RCO"), chip.named("RNGX"), chip.named("RNGY"), offset, bool(mode & 0x01))
        if self._registers[reg.OSC2] & 0x04:
            key = (0, 0, 0, 0, True)  # OSC2 has the hardware that ringing needs
        if key != self._ring_key or self._oscillator is None:
            self._ring_key = key
            self._oscillator = RingOscillator(*key)
        return self._oscillator

    # ---- detecting ----------------------------------------------------------------------------------

    def _measure(self) -> None:
        r, wire, shadow = self._registers, self.wire, self.shadow
        quiescent = 0.0
        if shadow in _TALKING:
            shift = 2 if shadow in (reg.FORWARD_OHT, reg.REVERSE_OHT) else 0
            # Assumed: an eighth of the class-AB bias of register 65 flows in each output transistor.
            quiescent = 0.0005 * ((r[reg.BIAS] >> shift & 0x03) + 1)
        self._currents = currents = transistor_currents(wire.i_tip, wire.i_ring, quiescent)
        self._load = currents[4] + currents[5]
        self._check_power(currents)
        milliamperes = abs(wire.i_tip - wire.i_ring) * 500
        self._check_ring_trip(milliamperes if shadow == reg.RINGING else 0.0)
        if self.shadow != reg.RINGING:
            self._check_loop_closure(milliamperes)

    def _check_power(self, currents: tuple[float, ...]) -> None:
        powers = transistor_powers(currents, self.wire.v_tip, self.wire.v_ring, self.battery.volts)
        chip = self._chip
        for index, alarm in enumerate(self._alarms):
            watts = powers[index]
            if watts < _IDLE_POWER and alarm.watts < _IDLE_POWER:
                continue
            if not alarm.step(watts, chip.named(_POWER_FILTERS[index]), chip.named(_POWER_LIMITS[index])):
                continue
            self._registers[reg.IRQ_2] |= 0x04 << index
            chip.on_event("fault", {"what": f"power alarm Q{index + 1}"})
            if self._registers[reg.AUTOMATIC] & 0x01:
                self._burst.stop()
                self._enter(reg.OPEN, reg.OPEN)

    def _check_ring_trip(self, milliamperes: float) -> None:
        """The rectified loop current while ringing, low-passed, against RPTP for RTDI.

        Assumed: rectified, since drivers ring without any DC offset and still get their ring trip.
        """
        value = self._trip_filter.step(milliamperes, self._chip.named("NRTP"))
        over = value > threshold_milliamperes(self._chip.named("RPTP"))
        if self.shadow == reg.RINGING:
            self._raw = over
        if not self._trip.step(over, self._registers[reg.RTDI]):
            return
        if self._trip.state:
            self._registers[reg.IRQ_2] |= 0x01
            if self._registers[reg.AUTOMATIC] & 0x04:
                self._burst.stop()
                self._enter(reg.FORWARD, reg.FORWARD)

    def _check_loop_closure(self, milliamperes: float) -> None:
        chip, r = self._chip, self._registers
        closed = self._closure.state
        limit = threshold_milliamperes(chip.named("LCRTL" if closed and r[reg.ENHANCE] & 0x01 else "LCRT"))
        if r[reg.ENHANCE] & 0x04:  # by loop voltage, in units of 1.5 V
            volts = abs(self.wire.v_tip - self.wire.v_ring)
            threshold = (chip.named("LCRT") >> 9 & 0x3F) * 1.5
            raw = self.shadow in _TALKING and volts < threshold
        else:
            raw = self._closure_filter.step(milliamperes, chip.named("NCLR")) > limit
        self._raw = raw
        silence = self.commanded == reg.RINGING
        interval = r[reg.RING_SILENCE_DEBOUNCE] if silence else r[reg.LCDI]
        if not self._closure.step(raw, interval):
            return
        r[reg.IRQ_2] |= 0x02
        if not self._closure.state or not r[reg.AUTOMATIC] & 0x02:
            return
        if silence or self.shadow == reg.FORWARD_OHT:
            self._burst.stop()
            self._enter(reg.FORWARD, reg.FORWARD)
        elif self.shadow == reg.REVERSE_OHT:
            self._enter(reg.REVERSE, reg.REVERSE)

    # ---- read-only registers ------------------------------------------------------------------------

    def read(self, number: int) -> int:
        """A register of the line side, as the monitor ADC last saw it."""
        wire, chip = self.wire, self._chip
        if number == reg.LINEFEED:
            return self._registers[reg.LINEFEED] | self.shadow << 4
        if number == reg.DETECT:
            return (0 if self._raw else 0x04) | self._trip.state << 1 | int(self._closure.state)
        if number == reg.RING_OSC:
            on = self.shadow == reg.RINGING
            return self._registers[number] & 0x1B | (0xA4 if on else 0)
        if number == reg.DCDC_WIDTH:
            return 0 if self._registers[reg.POWER_DOWN_1] & 0x10 else min(255, int(self.battery.volts))
        if number == reg.POWER_VALUE:
            pointer = self._registers[reg.POWER_POINTER]
            return _count(self._alarms[pointer].watts, POWER_UNIT[pointer], 255) if pointer < 6 else 0
        gain = 1.0
        if chip.calibration.lacks(0, cal.TIP_GAIN) or chip.calibration.lacks(0, cal.RING_GAIN):
            gain = 0.92
        stray = 0.004 if chip.calibration.lacks(1, cal.MONITOR_1) and self.shadow != reg.OPEN else 0.0
        if number == reg.LOOP_VOLTAGE:
            return _signed_count((wire.v_tip - wire.v_ring) * gain, 1.5)
        if number == reg.LOOP_CURRENT:
            return _signed_count(self.loop_current + stray, 0.00125)
        if number == reg.TIP_VOLTAGE:
            return _count(-wire.v_tip * gain, 0.376, 255)
        if number == reg.RING_VOLTAGE:
            return _count(-wire.v_ring * gain, 0.376, 255)
        if number in (reg.BATTERY_SENSE_1, reg.BATTERY_SENSE_2):
            return _count(self.battery.volts, 0.376, 255)
        index = number - reg.CURRENT_Q1
        amperes = self._currents[index] + stray
        if index >= 4 and self.shadow == reg.OPEN and self.battery.volts > 20:
            amperes += chip.calibration.stray_current(reg.TRIM_RING if index == 4 else reg.TRIM_TIP)
        return _count(amperes, (319e-6, 319e-6, 37.6e-6, 37.6e-6, 316e-6, 316e-6)[index], 255)


def _count(value: float, unit: float, most: int) -> int:
    return min(max(int(value / unit + 0.5), 0), most)


def _signed_count(value: float, unit: float) -> int:
    """Sign in bit 6, magnitude in bits 5-0."""
    return (0x40 if value < 0 else 0) | _count(abs(value), unit, 0x3F)
