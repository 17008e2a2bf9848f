"""Driver of the Si3210 and Si3215 line chips (one line each), with their DC-DC converter.

Register numbers and values: Si3215 datasheet, register map and application sections. The start-up follows
the order the vendor recommends: identify, load the indirect registers, start the battery, look for leakage,
calibrate, restore, verify. See ata.slic.contract for what the methods mean.
"""

import math

from micropython import const

from ata.base.clock import add, diff, due
from ata.base.errors import HardwareFault, LocalError
from ata.slic.contract import ALARM, HOOK, RESET, RING_TRIP
from ata.slic.si321x_tables import DIRECT, INDIRECT, RING_TRIP_ROWS

_READ = const(0x80)  # bit 7 of the first SPI byte

_SPI_MODE = const(0)
_PCM_MODE = const(1)
_TXS_LOW = const(2)
_LOOPBACK = const(8)
_TWO_WIRE = const(10)
_HYBRID = const(11)
_POWER_DOWN = const(14)
_IRQ_1 = const(18)
_IRQ_2 = const(19)
_IRQ_ENABLE_1 = const(21)
_DATA_LOW = const(28)
_ADDRESS = const(30)
_BUSY = const(31)
_LINEFEED = const(64)
_DETECT = const(68)
_RTDI = const(70)
_ILIM = const(71)
_VBATH = const(74)
_LOOP_V = const(78)
_LOOP_MA = const(79)
_TIP_V = const(80)
_RING_V = const(81)
_BATTERY_V = const(82)
_DCDC_PERIOD = const(92)
_DCDC_OFF_TIME = const(93)
_CALIBRATE_1 = const(96)
_CALIBRATE_2 = const(97)
_DCDC_PEAK = const(107)

# Indirect registers, in the numbering of the Si3210
_RCO = const(20)
_RNGX = const(21)
_RNGY = const(22)
_RX_GAIN = const(26)
_TX_GAIN = const(27)
_NCLR = const(35)
_NRTP = const(36)

_DCDC_OFF = const(0x10)  # register 14
_PCM_LINEAR = const(0x3C)  # register 1: 16-bit linear, enabled
_LOOPBACK_RESET = const(0x02)  # register 8 after a reset; start() writes 0
_HYBRID_RESET = const(0x33)
_OHT = const(2)
_RINGING = const(4)
_STATES = {"open": 0, "forward": 1, "oht": 2, "ringing": 4, "reverse": 5}

# The loop detector is not to be believed for so long after the linefeed changed.
_SETTLE_MS = const(100)
_COOL_MS = const(300)  # the feed stays off after a power alarm; the chip's thermal filters are slow
_MAX_ALARMS = const(10)
_ALARM_DECAY_MS = const(10000)  # one alarm is forgiven each


class Si321x:
    """`bus`, `pcm_slot`, `clock_hz`: see ata.slic.contract.Slic. Only the start of the slot within the frame
    is checked: LocalError."""

    def __init__(self, bus, pcm_slot, clock_hz=512000):
        if not 0 <= pcm_slot < clock_hz // 8000:
            raise LocalError("PCM slot %d with a clock of %d Hz" % (pcm_slot, clock_hz))
        self.name = ""
        self.off_hook = False
        self.ring_volts = 0  # Vrms as set: what was asked, or as much as the chip can give
        self._bus = bus
        self._tx = bytearray(2)
        self._rx = bytearray(2)
        self._slot = pcm_slot
        self._is_3215 = False
        self._own = {}  # values that replace those of the indirect table: address -> value
        self._direct = {}  # and of the direct table
        self._state = 0  # the linefeed that the chip is to have (register 64)
        self._changed = False  # it was ordered since the last service()
        self._settled = None  # the tick from which the loop detector counts again
        self._cooling = False  # the feed is off since the last alarm
        self._alarms = 0
        self._alarm_at = 0
        self._transistors = 0  # alarm bits of register 19 seen

    # The bus

    def _read(self, register):
        self._tx[0] = _READ | register
        self._tx[1] = 0xFF
        self._bus.transfer(self._tx, self._rx)
        return self._rx[1]

    def _write(self, register, value):
        self._tx[0] = register
        self._tx[1] = value
        self._bus.transfer(self._tx, self._rx)

    def _address(self, row):
        """The address of an indirect register given in the Si3210's numbering; −1 if the Si3215 has none."""
        if not self._is_3215 or 88 <= row < 98 or row > 104:
            return row
        if row >= 99:
            return row - 30
        if row > 40:
            return row + 23
        return row - 13 if row >= 26 or 13 <= row < 23 else -1

    def _idle(self):
        # The chip serves an indirect access within 62.5 µs, less than a few turns of this loop.
        for _ in range(50):
            if not self._read(_BUSY) & 1:
                return
        self._fail("the indirect registers stay busy")

    def _write_indirect(self, row, value):
        self._idle()
        self._write(_DATA_LOW, value & 0xFF)
        self._write(_DATA_LOW + 1, value >> 8)
        self._write(_ADDRESS, self._address(row))

    def _read_indirect(self, row):
        self._idle()
        self._write(_ADDRESS, self._address(row))
        self._idle()
        return self._read(_DATA_LOW) | self._read(_DATA_LOW + 1) << 8

    def _fail(self, reason):
        """Leave the line dead and tell why."""
        self._state = 0
        self._write(_LINEFEED, 0)
        self._write(_POWER_DOWN, _DCDC_OFF)
        raise HardwareFault(reason)

    # Start

    def probe(self):
        mode = self._read(_SPI_MODE)
        part = self._read(_PCM_MODE)
        if mode in (0x00, 0xFF) and part == mode:
            raise HardwareFault(
                "no answer (reads only %02Xh): chip select, SPI wiring, supply, reset, PCM clock?" % mode
            )
        revision = mode & 15
        # Both are as after reset, or as start() leaves them.
        for register, fine in (_LOOPBACK, (_LOOPBACK_RESET, 0)), (_HYBRID, (_HYBRID_RESET,)):
            value = self._read(register)
            if value not in fine or not 2 <= revision < 8:
                raise HardwareFault(
                    "unknown chip: register 0 reads %02Xh, %d reads %02Xh" % (mode, register, value)
                )
        self._is_3215 = part & 0x80 != 0
        self.name = "Si321%s%s rev %s" % (
            "5" if self._is_3215 else "0", "M" if mode & 0x30 == 0x30 else "", "ABCDEFG"[revision - 1],
        )  # fmt: skip

    def start(self, settings):
        get = settings.get
        self._plan_ring(get("ring_hz", 20), get("ring_volts", 45))
        for row, name in (_RX_GAIN, "rx_gain"), (_TX_GAIN, "tx_gain"):
            self._own[row] = min(int(16384 * 10 ** (get(name, 0) / 20) + 0.5), 0x7FF0)
        self._direct[_TWO_WIRE] = 0x08 | get("impedance", 0) & 7
        self._direct[_ILIM] = min(max(get("loop_current", 20) - 20, 0) // 3, 7)  # 20 mA + 3 mA a step

        # Everything off: this may not be the first start since the reset.
        for register in (_LINEFEED, _IRQ_ENABLE_1, _IRQ_ENABLE_1 + 1, _IRQ_ENABLE_1 + 2, _ADDRESS):
            self._write(register, 0)
        self._write(_POWER_DOWN, _DCDC_OFF)
        self._state = 0
        self.off_hook = False
        self._cooling = False
        self._alarms = self._transistors = 0
        yield 0

        for row, value in self._rows():
            # Calibration wants the five filters open (8000h: none).
            self._write_indirect(row, 0x8000 if _NCLR <= row < _NCLR + 5 else value)
            yield 0
        self._write_indirect(97, 0)
        for i in range(0, len(DIRECT), 2):
            self._write(DIRECT[i], self._direct.get(DIRECT[i], DIRECT[i + 1]))

        yield from self._start_battery()
        yield from self._calibrate()

        for row, value in self._rows():
            if _NRTP <= row < _NCLR + 5:
                self._write_indirect(row, value)
        for first, last in (88, 95), (97, 97), (194, 211):  # internal to the calibration
            for row in range(first, last + 1):
                self._write_indirect(row, 0)
                yield 0
        for row, value in self._rows():
            found = self._read_indirect(row)
            if found != value:
                self._fail(
                    "indirect register %d reads %04Xh instead of %04Xh" % (self._address(row), found, value)
                )
            yield 0

        for register in range(3):
            self._write(_IRQ_1 + register, 0xFF)
        self._write(_IRQ_2 - _IRQ_1 + _IRQ_ENABLE_1, 0xFF)  # loop closure, ring trip, power alarms
        for offset in (0, 2):  # transmit and receive slot
            self._write(_TXS_LOW + offset, self._slot & 0xFF)
            self._write(_TXS_LOW + offset + 1, self._slot >> 8)
        self._write(_PCM_MODE, _PCM_LINEAR)
        if self._read(_PCM_MODE) & 0x3F != _PCM_LINEAR:
            self._fail("register 1 reads %02Xh instead of %02Xh" % (self._read(_PCM_MODE), _PCM_LINEAR))

    def _rows(self):
        """Every indirect register this chip has, as (row, value)."""
        for i in range(0, len(INDIRECT), 3):
            row = INDIRECT[i]
            if self._address(row) >= 0:
                yield row, self._own.get(row, INDIRECT[i + 1] << 8 | INDIRECT[i + 2])

    def _start_battery(self):
        """The DC-DC converter, and whether the line leaks."""
        polarity = self._read(_DCDC_OFF_TIME) & 0x20  # of the switch: the M parts drive a MOSFET
        self._write(_DCDC_PERIOD, 0xFF)
        self._write(_DCDC_OFF_TIME, 0x19 | polarity)
        self._write(_POWER_DOWN, 0)
        for _ in range(50):
            yield 10
            if self._read(_BATTERY_V) >= 0xC0:  # 72 V
                break
        else:
            self._fail("line battery at %d V after 0.5 s, not 72 V: DC-DC converter, supply?" % self._volts())
        # Switched off, only the line can empty the converter's capacitor.
        self._write(_POWER_DOWN, _DCDC_OFF)
        for _ in range(10):
            yield 50
            if self._read(_BATTERY_V) <= 0x06:  # 2.3 V
                self._fail("line battery down to %d V in 0.5 s: leakage or a short?" % self._volts())
        self._write(_POWER_DOWN, 0)
        yield 100

    def _calibrate(self):
        self._write(_CALIBRATE_2, 0x1F)
        self._write(_CALIBRATE_1, 0x5F)
        for _ in range(200):  # the datasheet allows 600 ms
            yield 10
            if self._read(_CALIBRATE_1) == 0:
                break
        else:
            self._fail("calibration did not end (register 96 reads %02Xh)" % self._read(_CALIBRATE_1))
        self._write(_DCDC_OFF_TIME, self._read(_DCDC_OFF_TIME) | 0x80)
        yield 50
        if not 2 <= self._read(_DCDC_PEAK) <= 13:  # implausible: the middle will do
            self._write(_DCDC_PEAK, 8)

    # Settings

    def _plan_ring(self, hz, volts):
        """Ringing is a recursive oscillator at 1 kHz: coefficient cos w, first value by the amplitude."""
        # The battery (94.5 V at most) must exceed the peak by 7.5 V.
        peak = min(volts * math.sqrt(2), 94.5 - 7.5)
        self.ring_volts = peak / math.sqrt(2)
        # sqrt((1 - cos w) / (1 + cos w)) is tan(w / 2): no cancellation in single precision
        self._own[_RCO] = int(math.cos(2 * math.pi * hz / 1000) * 32768)
        self._own[_RNGX] = int(0.25 * math.tan(math.pi * hz / 1000) * 32768 * peak / 96)
        self._own[_RNGY] = 0
        for below, filtered, debounce in RING_TRIP_ROWS:
            if hz < below:
                self._own[_NRTP] = filtered
                self._direct[_RTDI] = debounce
                break
        # At least 75 V, so that on-hook feed and start-up are the same for every ringing voltage.
        self._direct[_VBATH] = max(50, math.ceil((peak + 7.5) / 1.5))

    def set_ring(self, hz, volts):
        self._plan_ring(hz, volts)
        for row in (_RCO, _RNGX, _RNGY, _NRTP):
            self._write_indirect(row, self._own[row])
        self._write(_RTDI, self._direct[_RTDI])
        self._write(_VBATH, self._direct[_VBATH])

    # Service

    def linefeed(self, name):
        state = _STATES[name]
        if state != self._state:
            self._state = state
            self._changed = True
            if not self._cooling:
                self._write(_LINEFEED, state)

    def service(self, now, interrupted=True):
        events = 0
        if interrupted:
            status = self._read(_IRQ_2)
            if status:
                self._write(_IRQ_2, status)
                self._transistors |= status & 0xFC
        actual = self._read(_LINEFEED)
        if actual & 7 != self._state:
            events = self._not_as_ordered(actual & 7, now)
        if self._cooling:
            return events
        if self._changed:
            self._changed = False
            self._settled = add(now, _SETTLE_MS)
        if self._settled is not None:
            if not due(self._settled, now):
                return events
            self._settled = None
        # Under ringing voltage the loop detector sees the ringing current; ring trip has its own.
        if actual >> 4 & 7 != _RINGING:
            off_hook = self._read(_DETECT) & 1 == 1
            if off_hook != self.off_hook:
                self.off_hook = off_hook
                events |= HOOK
        return events

    def _not_as_ordered(self, state, now):
        """The chip is in another linefeed state than the one ordered last: find out why."""
        mode = self._read(_PCM_MODE)
        if mode & 0x3F != _PCM_LINEAR:
            if self._read(_LOOPBACK) == _LOOPBACK_RESET:
                self._state = 0
                self.off_hook = False
                return RESET
            self._fail("no longer answers as it did (register 1 reads %02Xh)" % mode)
        if self._cooling:
            if diff(now, self._alarm_at) >= _COOL_MS:
                self._cooling = False
                self._changed = True
                self._write(_LINEFEED, self._state)
            return 0
        self._changed = True
        was = self._state
        if (state == 1 or state == 5) and (was == _RINGING or was == _OHT):
            self._state = state  # feed, by itself: the phone was lifted
            if was == _OHT:
                return 0
            self.off_hook = True
            return RING_TRIP | HOOK
        if self._alarms:
            forgiven = diff(now, self._alarm_at) // _ALARM_DECAY_MS
            self._alarms = max(0, self._alarms - forgiven) if forgiven >= 0 else 0
        self._alarm_at = now
        self._alarms += 1
        if self._alarms > _MAX_ALARMS:
            which = ""
            for number in range(1, 7):
                if self._transistors >> number + 1 & 1:
                    which += " Q%d" % number
            self._fail("power alarm again and again (transistors%s): a short on the line?" % which)
        self._cooling = True
        self._write(_LINEFEED, 0)
        return ALARM

    # Meters

    def _volts(self):
        return self._read(_BATTERY_V) * 376 // 1000

    def measure(self):
        found = {}
        for name, register, unit in (
            ("loop_v", _LOOP_V, 1.5), ("loop_ma", _LOOP_MA, 1.25),
            ("tip_v", _TIP_V, -0.376), ("ring_v", _RING_V, -0.376), ("battery_v", _BATTERY_V, -0.376),
        ):  # fmt: skip
            value = self._read(register)
            if unit > 0:  # sign and magnitude
                value = (value & 0x3F) * (-1 if value & 0x40 else 1)
            found[name] = value * unit
        return found
