"""The ringing cadence: when ringing voltage is on the line and when it pauses."""

from ata.base.clock import add, diff, due
from ata.base.errors import LocalError


class Ringer:
    def __init__(self):
        self._next = None  # when the present burst or pause ends; None while not ringing
        self._cadence = ()
        self._step = 0

    def start(self, cadence, now):
        """Ring with `cadence`: (on, off, on, off, …) in ms, each > 0, repeated until stop(). The first burst
        begins at once, without an output."""
        if not cadence or len(cadence) & 1 or min(cadence) <= 0:
            raise LocalError("ring cadence %s" % (cadence,))
        self._cadence = cadence
        self._step = 0
        self._next = add(now, cadence[0])

    def stop(self):
        """Stop at once, without an output: who stops the ringing knows what the line does next."""
        self._next = None

    def deadline(self):
        return self._next

    def left(self, now):
        """The ms that the present burst or pause still lasts; 0 while not ringing."""
        return 0 if self._next is None else max(0, diff(self._next, now))

    def tick(self, now):
        """ "ring_on" as a burst begins, "ring_off" as it ends, otherwise None."""
        if not due(self._next, now):
            return None
        self._step = (self._step + 1) % len(self._cadence)
        # From the planned time, so that a late tick does not stretch the cadence.
        self._next = add(self._next, self._cadence[self._step])
        return "ring_off" if self._step & 1 else "ring_on"
