# runs on: micropython
# What is called every few milliseconds allocates nothing.
import micropython

from ata.line.machine import Line
from ata.slic.si321x import Si321x

_LOCK = micropython.heap_lock
_UNLOCK = micropython.heap_unlock


class Bus:
    """A started chip, idle."""

    def __init__(self):
        self.direct = bytearray(128)
        self.direct[1] = 0x3C
        self.fail = False

    def transfer(self, tx, rx):
        if tx[0] & 0x80:
            rx[1] = self.direct[tx[0] & 0x7F]
        else:
            self.direct[tx[0]] = tx[1] * 0x11 if tx[0] == 64 else tx[1]


def test_service_allocates_nothing_with_and_without_events():
    bus = Bus()
    chip = Si321x(bus, 1)
    chip.linefeed("forward")
    chip.service(0)
    total = 0
    _LOCK()
    try:
        for now in range(200, 3000, 5):
            bus.direct[68] = now >> 6 & 1
            total |= chip.service(now, now & 1 == 1)
    finally:
        _UNLOCK()
    assert total == 1


def test_an_alarm_and_a_ring_trip_allocate_nothing():
    bus = Bus()
    chip = Si321x(bus, 1)
    chip.linefeed("ringing")
    chip.service(0)
    _LOCK()
    try:
        bus.direct[64] = 0x00
        alarm = chip.service(1000)
        chip.service(1300)
        bus.direct[64] = 0x11
        trip = chip.service(1500)
    finally:
        _UNLOCK()
    assert alarm == 4 and trip == 3


def test_an_idle_line_and_a_line_in_a_call_allocate_nothing():
    windows = {
        "debounce": 12,
        "flash_min": 300,
        "flash_max": 535,
        "pulse_break_min": 30,
        "pulse_break_max": 100,
        "interdigit": 200,
    }
    line = Line(1, windows)
    line.in_service(0)
    for off_hook in False, True:
        for now in range(0, 100, 5):
            line.sample(off_hook, now)
            line.tick(now)
        while line.poll():
            pass
        _LOCK()
        try:
            for now in range(100, 2000, 5):
                line.sample(off_hook, now)
                line.tick(now)
                line.deadline()
                line.poll()
        finally:
            _UNLOCK()
