from ata.base import clock
from ata.base.errors import LocalError
from ata.line.ringer import Ringer


def run(ringer, start, ms):
    """What the ticks of `ms` milliseconds gave, as (ms since start, output)."""
    found = []
    for passed in range(ms):
        output = ringer.tick(clock.add(start, passed))
        if output is not None:
            found.append((passed, output))
    return found


def test_a_cadence_begins_with_ringing_and_repeats():
    ringer = Ringer()
    ringer.start((400, 200, 400, 2000), 5000)
    assert run(ringer, 5000, 6500) == [
        (400, "ring_off"),
        (600, "ring_on"),
        (1000, "ring_off"),
        (3000, "ring_on"),
        (3400, "ring_off"),
        (3600, "ring_on"),
        (4000, "ring_off"),
        (6000, "ring_on"),
        (6400, "ring_off"),
    ]


def test_a_late_tick_does_not_stretch_the_cadence():
    ringer = Ringer()
    ringer.start((2000, 4000), 0)
    ringer.tick(2060)
    assert ringer.deadline() == 6000
    ringer.tick(6031)
    assert ringer.deadline() == 8000


def test_it_stops_at_once_and_silently():
    ringer = Ringer()
    ringer.start((2000, 4000), 0)
    ringer.stop()
    assert ringer.deadline() is None
    assert ringer.tick(100000) is None


def test_a_restart_begins_anew():
    ringer = Ringer()
    ringer.start((2000, 4000), 0)
    ringer.start((1000, 500), 1500)
    assert run(ringer, 1500, 1600) == [(1000, "ring_off"), (1500, "ring_on")]


def test_the_tick_may_wrap():
    ringer = Ringer()
    start = clock.PERIOD - 1000
    ringer.start((2000, 4000), start)
    assert run(ringer, start, 7000) == [(2000, "ring_off"), (6000, "ring_on")]


def test_a_cadence_that_is_none_is_our_own_mistake():
    for cadence in ((), (1000,), (1000, 0), (0, 100), (1000, -1), (100, 200, 300)):
        try:
            Ringer().start(cadence, 0)
        except LocalError:
            continue
        raise AssertionError(cadence)
