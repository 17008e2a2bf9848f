"""Driver of the Si3210 and Si3215 line chips (one line each), with their DC-DC converter.

Register numbers and values: Si3215 datasheet, register map and application sections. See ata.slic.contract
for what the methods mean; the start-up is in ata.slic.si321x_start.
"""

from micropython import const

from ata.base.clock import add, diff, due
from ata.base.errors import HardwareFault, LocalError
from ata.slic.contract import ALARM, HOOK, RESET, RING_TRIP

_READ = const(0x80)  # bit 7 of the first SPI byte

_SPI_MODE = const(0)
_PCM_MODE = const(1)
_LOOPBACK = const(8)
_HYBRID = const(11)
_POWER_DOWN = const(14)
_IRQ_2 = const(19)
_LINEFEED = const(64)
_DETECT = const(68)
_LOOP_V = const(78)
_LOOP_MA = const(79)
_TIP_V = const(80)
_RING_V = const(81)
_BATTERY_V = const(82)

_DCDC_OFF = const(0x10)  # register 14
_PCM_LINEAR = const(0x3C)  # register 1: 16-bit linear, enabled
_LOOPBACK_RESET = const(0x02)  # register 8 after a reset; start() writes 0
_HYBRID_RESET = const(0x33)
_OHT = const(2)
_REVERSE_OHT = const(6)
_RINGING = const(4)
_STATES = {"open": 0, "forward": 1, "oht": 2, "ringing": 4, "reverse": 5, "reverse_oht": 6}

# The loop detector is not to be believed for so long after the linefeed changed.
_SETTLE_MS = const(100)
_COOL_MS = const(300)  # the feed stays off after a power alarm; the chip's thermal filters are slow
_MAX_ALARMS = const(10)
_ALARM_DECAY_MS = const(10000)  # one alarm is forgiven each


class Si321x:
    """`bus`, `pcm_slot`, `clock_hz`: see ata.slic.contract.Slic. Only the start of the slot within the frame
    is checked: LocalError."""

    start_only = ("ata.slic.si321x_start", "ata.slic.si321x_tables")

    def __init__(self, bus, pcm_slot, clock_hz=512000):
        if not 0 <= pcm_slot < clock_hz // 8000:
            raise LocalError("PCM slot %d with a clock of %d Hz" % (pcm_slot, clock_hz))
        self.name = ""
        self.off_hook = False
        self.ring_volts = 0  # Vrms as set: what was asked, or as much as the chip can give
        self._bus = bus
        self._tx = bytearray(2)
        self._rx = bytearray(2)
        self.slot = pcm_slot
        self.is_3215 = False
        self._state = 0  # the linefeed that the chip is to have (register 64)
        self._changed = False  # it was ordered since the last service()
        self._settled = None  # the tick from which the loop detector counts again
        self._cooling = False  # the feed is off since the last alarm
        self._alarms = 0
        self._alarm_at = 0
        self._transistors = 0  # alarm bits of register 19 seen

    # The bus

    def read(self, register):
        """The value of a direct register."""
        self._tx[0] = _READ | register
        self._tx[1] = 0xFF
        self._bus.transfer(self._tx, self._rx)
        return self._rx[1]

    def write(self, register, value):
        """Write a direct register."""
        self._tx[0] = register
        self._tx[1] = value
        self._bus.transfer(self._tx, self._rx)

    def fail(self, reason):
        """Leave the line dead and tell why."""
        self._state = 0
        self.write(_LINEFEED, 0)
        self.write(_POWER_DOWN, _DCDC_OFF)
        raise HardwareFault(reason)

    # Start

    def probe(self):
        mode = self.read(_SPI_MODE)
        part = self.read(_PCM_MODE)
        if mode in (0x00, 0xFF) and part == mode:
            raise HardwareFault(
                "no answer (reads only %02Xh): chip select, SPI wiring, supply, reset, PCM clock?" % mode
            )
        revision = mode & 15
        # Both are as after reset, or as start() leaves them.
        for register, fine in (_LOOPBACK, (_LOOPBACK_RESET, 0)), (_HYBRID, (_HYBRID_RESET,)):
            value = self.read(register)
            if value not in fine or not 2 <= revision < 8:
                raise HardwareFault(
                    "unknown chip: register 0 reads %02Xh, %d reads %02Xh" % (mode, register, value)
                )
        self.is_3215 = part & 0x80 != 0
        self.name = "Si321%s%s rev %s" % (
            "5" if self.is_3215 else "0", "M" if mode & 0x30 == 0x30 else "", "ABCDEFG"[revision - 1],
        )  # fmt: skip

    def start(self, settings):
        from ata.slic.si321x_start import bring_up

        self._state = 0
        self.off_hook = False
        self._cooling = False
        self._alarms = self._transistors = 0
        return bring_up(self, settings)

    def set_ring(self, hz, volts):
        from ata.slic.si321x_start import change_ring

        change_ring(self, hz, volts)

    # Service

    def linefeed(self, name):
        state = _STATES[name]
        if state != self._state:
            self._state = state
            self._changed = True
            if not self._cooling:
                self.write(_LINEFEED, state)

    def service(self, now, interrupted=True):
        events = 0
        if interrupted:
            status = self.read(_IRQ_2)
            if status:
                self.write(_IRQ_2, status)
                self._transistors |= status & 0xFC
        actual = self.read(_LINEFEED)
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
            off_hook = self.read(_DETECT) & 1 == 1
            if off_hook != self.off_hook:
                self.off_hook = off_hook
                events |= HOOK
        return events

    def _not_as_ordered(self, state, now):
        """The chip is in another linefeed state than the one ordered last: find out why."""
        mode = self.read(_PCM_MODE)
        if mode & 0x3F != _PCM_LINEAR:
            if self.read(_LOOPBACK) == _LOOPBACK_RESET:
                self._state = 0
                self.off_hook = False
                return RESET
            self.fail("no longer answers as it did (register 1 reads %02Xh)" % mode)
        if self._cooling:
            if diff(now, self._alarm_at) >= _COOL_MS:
                self._cooling = False
                self._changed = True
                self.write(_LINEFEED, self._state)
            return 0
        self._changed = True
        was = self._state
        if (state == 1 or state == 5) and (was == _RINGING or was == _OHT or was == _REVERSE_OHT):
            self._state = state  # feed, by itself: the phone was lifted
            if was != _RINGING:
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
            if not which:
                self.fail("the feed goes off again and again without a power alarm: PCM clock, supply?")
            self.fail("power alarm again and again (transistors%s): a short on the line?" % which)
        self._cooling = True
        self.write(_LINEFEED, 0)
        return ALARM

    # Meters

    def measure(self):
        found = {}
        for name, register, unit in (
            ("loop_v", _LOOP_V, 1.5), ("loop_ma", _LOOP_MA, 1.25),
            ("tip_v", _TIP_V, -0.376), ("ring_v", _RING_V, -0.376), ("battery_v", _BATTERY_V, -0.376),
        ):  # fmt: skip
            value = self.read(register)
            if unit > 0:  # sign and magnitude
                value = (value & 0x3F) * (-1 if value & 0x40 else 1)
            found[name] = value * unit
        return found
