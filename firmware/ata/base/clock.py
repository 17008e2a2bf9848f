"""Clock arithmetic on wrapping milliseconds.

A *tick* is milliseconds modulo 2**30 (12.4 days), the range of MicroPython's ticks_ms() on a
32-bit port, so that every tick is a small integer there and never a heap object. Every core
takes `now` as such a tick and gives deadlines as such; none of them asks a clock.
"""

PERIOD = 1 << 30
_HALF = 1 << 29


def add(tick, ms):
    """The tick `ms` milliseconds (−2**29 < ms < 2**29) after `tick`."""
    return (tick + ms) & (PERIOD - 1)


def diff(a, b):
    """Milliseconds from tick `b` to tick `a`, −2**29 … 2**29−1: positive if `a` is later."""
    d = (a - b) & (PERIOD - 1)
    return d - PERIOD if d >= _HALF else d


def due(deadline, now):
    """True if `deadline` (a tick, or None for never) has come."""
    return deadline is not None and diff(now, deadline) >= 0


def sooner(a, b):
    """The earlier of two deadlines, each a tick or None for never."""
    if a is None:
        return b
    if b is None or diff(a, b) <= 0:
        return a
    return b
