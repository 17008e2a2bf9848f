"""Clock arithmetic on wrapping milliseconds.

A *tick* is milliseconds modulo 2**30 (12.4 days), the range of MicroPython's ticks_ms() on a
32-bit port, so that every tick is a small integer there and never a heap object. Every core
takes `now` as such a tick and gives deadlines as such; none of them asks a clock.
"""

from micropython import const

PERIOD = 1 << 30
_HALF = const(1 << 29)
_MASK = const((1 << 30) - 1)


def add(tick, ms):
    """The tick `ms` milliseconds (−2**29 < ms < 2**29) after `tick`."""
    # tick + ms could exceed the small integers of a 32-bit port, which end at 2**30 − 1: no heap object here.
    return ((tick - _HALF + ms) & _MASK) ^ _HALF


def diff(a, b):
    """Milliseconds from tick `b` to tick `a`, −2**29 … 2**29−1: positive if `a` is later."""
    return (((a - b) & _MASK) ^ _HALF) - _HALF


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
