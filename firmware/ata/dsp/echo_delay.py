"""Finds the delay of the PCM rings for the echo canceller, where nobody knows it. See echo.py."""

from micropython import const

from ata.dsp.echo_control import loudness

_CHUNK = const(80)
FARTHEST = 640  # samples
_LEARN = const(10)  # chunks for each delay tried,
_TEST = const(18)  # and this much later it is known how good it is
_GOOD = const(40)  # of 64: what is left of the echo then, −4 dB


class DelaySearch:
    """The filter learns with each delay 0, 80, … 640 for 100 ms and is tested on the 80 ms after (a voiced
    sound can be matched with any delay, but not for long). The best one is taken if it is good a second time.
    """

    def __init__(self):
        self.active = False
        self.begin()

    def begin(self):
        """Search from the start. `delay` is what to use now, while `active`."""
        self.active = True
        self._best = _GOOD
        self._found = -1
        self._confirm = False
        self._try(0)

    def _try(self, delay):
        self.delay = delay
        self.chunks = 0
        self._left = 0
        self._heard = 0

    def learning(self):
        """True if the filter may learn in the next chunk."""
        return self.chunks < _LEARN

    def note(self, e, near, at):
        """A chunk of loud far sound was filtered with this delay: errors e of near[at:]. True if the next one
        is to be filtered with another delay, or the search is over: the filter must forget."""
        self.chunks += 1
        if self.chunks <= _LEARN:
            return False
        self._left += loudness(e, near, at, 0)
        self._heard += loudness(e, near, at, 1)
        if self.chunks < _TEST:
            return False
        ratio = self._left * 64 // (self._heard + 1)
        if self._confirm:
            if ratio < _GOOD:
                self.active = False
            else:
                self.begin()
        else:
            if ratio < self._best:
                self._best = ratio
                self._found = self.delay
            if self.delay < FARTHEST:
                self._try(self.delay + _CHUNK)
            elif self._found < 0:
                self._try(0)
            else:
                self._confirm = True
                self._try(self._found)
        return True
