"""The front of the case: the lamps and the button. Decisions only; a board without them shows nothing.

status lamp   blinks slowly while the lines start, or no network is there; lit in service; dark if every port
              is out of service; blinks fast while the button is held, lit from when it may be let go
port lamps    lit while the port has a call
button        pressed shortly: the status goes to the serial line; held for eight seconds: factory settings
"""

from micropython import const

from ata.base.clock import diff

_BOUNCE_MS = const(30)
_SHORT_MS = const(1500)
_HELD_MS = const(8000)
_SLOW_MS = const(512)  # a half period each, powers of two: a bit of the clock
_FAST_MS = const(128)

STARTING = 0
IN_SERVICE = 1
OUT_OF_SERVICE = 2


class Button:
    """step() → "" or what was meant: "status" when it is let go, "factory" when it is let go after eight
    seconds. A longer press that ends before that means nothing: somebody has thought better of it."""

    def __init__(self):
        self._since = None  # the tick at which it was pressed

    def step(self, pressed, now):
        if pressed:
            if self._since is None:
                self._since = now
            return ""
        held = self.held(now)
        self._since = None
        if held >= _HELD_MS:
            return "factory"
        return "status" if _BOUNCE_MS <= held < _SHORT_MS else ""

    def held(self, now):
        """For how many ms it is pressed; 0 if it is not."""
        return 0 if self._since is None else diff(now, self._since)


def lamp(state, held, now):
    """True if the status lamp is to be lit. `state`: of the service; `held`: ms for which the button is."""
    if held >= _HELD_MS:
        return True
    if held >= _SHORT_MS:
        return now & _FAST_MS != 0
    return now & _SLOW_MS != 0 if state == STARTING else state == IN_SERVICE
