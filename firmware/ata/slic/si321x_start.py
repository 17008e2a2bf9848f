"""How an Si3210 or Si3215 is made ready. Needed at start and after a fault only: ata.slic.si321x imports this
when it is asked for, and it can be forgotten afterwards.

The order is the one the vendor recommends: load the indirect registers, start the battery, look for leakage,
calibrate, restore, verify.
"""

import math

from micropython import const

from ata.slic.si321x_tables import DIRECT, INDIRECT, RING_TRIP_ROWS

_PCM_MODE = const(1)
_TXS_LOW = const(2)
_TWO_WIRE = const(10)
_POWER_DOWN = const(14)
_IRQ_1 = const(18)
_IRQ_2 = const(19)
_IRQ_ENABLE_1 = const(21)
_DATA_LOW = const(28)
_ADDRESS = const(30)
_BUSY = const(31)
_LINEFEED = const(64)
_RTDI = const(70)
_ILIM = const(71)
_VBATH = const(74)
_BATTERY_V = const(82)
_DCDC_PERIOD = const(92)
_DCDC_OFF_TIME = const(93)
_CALIBRATE_1 = const(96)
_CALIBRATE_2 = const(97)
_DCDC_PEAK = const(107)
_RCO = const(20)
_RNGX = const(21)
_RNGY = const(22)
_RX_GAIN = const(26)
_TX_GAIN = const(27)
_NCLR = const(35)
_NRTP = const(36)
_DCDC_OFF = const(0x10)  # register 14
_PCM_LINEAR = const(0x3C)  # register 1: 16-bit linear, enabled


def bring_up(chip, settings):
    """The generator behind Slic.start."""
    return _Start(chip).bring_up(settings)


def change_ring(chip, hz, volts):
    """What is behind Slic.set_ring."""
    _Start(chip).change_ring(hz, volts)


class _Start:
    def __init__(self, chip):
        self._chip = chip
        self._own = {}  # values that replace those of the indirect table: address -> value
        self._direct = {}  # and of the direct table

    def bring_up(self, settings):
        get = settings.get
        self._plan_ring(get("ring_hz", 20), get("ring_volts", 45))
        for row, name in (_RX_GAIN, "rx_gain"), (_TX_GAIN, "tx_gain"):
            self._own[row] = min(int(16384 * 10 ** (get(name, 0) / 20) + 0.5), 0x7FF0)
        self._direct[_TWO_WIRE] = 0x08 | get("impedance", 0) & 7
        self._direct[_ILIM] = min(max(get("loop_current", 20) - 20, 0) // 3, 7)  # 20 mA + 3 mA a step

        # Everything off: this may not be the first start since the reset.
        for register in (_LINEFEED, _IRQ_ENABLE_1, _IRQ_ENABLE_1 + 1, _IRQ_ENABLE_1 + 2, _ADDRESS):
            self._chip.write(register, 0)
        self._chip.write(_POWER_DOWN, _DCDC_OFF)
        yield 0

        for row, value in self._rows():
            # Calibration wants the five filters open (8000h: none).
            self._write_indirect(row, 0x8000 if _NCLR <= row < _NCLR + 5 else value)
            yield 0
        self._write_indirect(97, 0)
        for i in range(0, len(DIRECT), 2):
            self._chip.write(DIRECT[i], self._direct.get(DIRECT[i], DIRECT[i + 1]))

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
                self._chip.fail(
                    "indirect register %d reads %04Xh instead of %04Xh" % (self._address(row), found, value)
                )
            yield 0

        for register in range(3):
            self._chip.write(_IRQ_1 + register, 0xFF)
        self._chip.write(_IRQ_2 - _IRQ_1 + _IRQ_ENABLE_1, 0xFF)  # loop closure, ring trip, power alarms
        for offset in (0, 2):  # transmit and receive slot
            self._chip.write(_TXS_LOW + offset, self._chip.slot & 0xFF)
            self._chip.write(_TXS_LOW + offset + 1, self._chip.slot >> 8)
        self._chip.write(_PCM_MODE, _PCM_LINEAR)
        if self._chip.read(_PCM_MODE) & 0x3F != _PCM_LINEAR:
            self._chip.fail(
                "register 1 reads %02Xh instead of %02Xh" % (self._chip.read(_PCM_MODE), _PCM_LINEAR)
            )

    def _rows(self):
        """Every indirect register this chip has, as (row, value)."""
        for i in range(0, len(INDIRECT), 3):
            row = INDIRECT[i]
            if self._address(row) >= 0:
                yield row, self._own.get(row, INDIRECT[i + 1] << 8 | INDIRECT[i + 2])

    def _start_battery(self):
        """The DC-DC converter, and whether the line leaks."""
        polarity = self._chip.read(_DCDC_OFF_TIME) & 0x20  # of the switch: the M parts drive a MOSFET
        self._chip.write(_DCDC_PERIOD, 0xFF)
        self._chip.write(_DCDC_OFF_TIME, 0x19 | polarity)
        self._chip.write(_POWER_DOWN, 0)
        for _ in range(50):
            yield 10
            if self._chip.read(_BATTERY_V) >= 0xC0:  # 72 V
                break
        else:
            self._chip.fail(
                "line battery at %d V after 0.5 s, not 72 V: DC-DC converter, supply?" % self._battery()
            )
        # Switched off, only the line can empty the converter's capacitor.
        self._chip.write(_POWER_DOWN, _DCDC_OFF)
        for _ in range(10):
            yield 50
            if self._chip.read(_BATTERY_V) <= 0x06:  # 2.3 V
                self._chip.fail("line battery down to %d V in 0.5 s: leakage or a short?" % self._battery())
        self._chip.write(_POWER_DOWN, 0)
        yield 100

    def _calibrate(self):
        self._chip.write(_CALIBRATE_2, 0x1F)
        self._chip.write(_CALIBRATE_1, 0x5F)
        for _ in range(200):  # the datasheet allows 600 ms
            yield 10
            if self._chip.read(_CALIBRATE_1) == 0:
                break
        else:
            self._chip.fail(
                "calibration did not end (register 96 reads %02Xh)" % self._chip.read(_CALIBRATE_1)
            )
        self._chip.write(_DCDC_OFF_TIME, self._chip.read(_DCDC_OFF_TIME) | 0x80)
        yield 50
        if not 2 <= self._chip.read(_DCDC_PEAK) <= 13:  # implausible: the middle will do
            self._chip.write(_DCDC_PEAK, 8)

    # Indirect registers

    def _address(self, row):
        """The address of an indirect register given in the Si3210's numbering; −1 if the Si3215 has none."""
        if not self._chip.is_3215 or 88 <= row < 98 or row > 104:
            return row
        if row >= 99:
            return row - 30
        if row > 40:
            return row + 23
        return row - 13 if row >= 26 or 13 <= row < 23 else -1

    def _idle(self):
        # The chip serves an indirect access within 62.5 µs, less than a few turns of this loop.
        for _ in range(50):
            if not self._chip.read(_BUSY) & 1:
                return
        self._chip.fail("the indirect registers stay busy")

    def _write_indirect(self, row, value):
        self._idle()
        self._chip.write(_DATA_LOW, value & 0xFF)
        self._chip.write(_DATA_LOW + 1, value >> 8)
        self._chip.write(_ADDRESS, self._address(row))

    def _read_indirect(self, row):
        self._idle()
        self._chip.write(_ADDRESS, self._address(row))
        self._idle()
        return self._chip.read(_DATA_LOW) | self._chip.read(_DATA_LOW + 1) << 8

    # Ringing

    def _plan_ring(self, hz, volts):
        """Ringing is a recursive oscillator at 1 kHz: coefficient cos w, first value by the amplitude."""
        # The battery (94.5 V at most) must exceed the peak by 7.5 V.
        peak = min(volts * math.sqrt(2), 94.5 - 7.5)
        self._chip.ring_volts = peak / math.sqrt(2)
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

    def change_ring(self, hz, volts):
        self._plan_ring(hz, volts)
        for row in (_RCO, _RNGX, _RNGY, _NRTP):
            self._write_indirect(row, self._own[row])
        self._chip.write(_RTDI, self._direct[_RTDI])
        self._chip.write(_VBATH, self._direct[_VBATH])

    def _battery(self):
        return self._chip.read(_BATTERY_V) * 376 // 1000
