"""The log: the last lines in RAM, each also given to an optional sink (the serial console).

Nothing is written to flash: an erase stalls everything for about 80 ms. Callers never pass a
secret; addresses, users and numbers may appear.
"""

DEBUG = "D"
INFO = "I"
WARNING = "W"
ERROR = "E"


class Log:
    """Keeps the last `capacity` lines as (tick, level, part, text)."""

    def __init__(self, clock, capacity=64, sink=None):
        self._clock = clock  # a function that gives the present tick
        self._ring = [None] * capacity
        self._next = 0
        self._sink = sink
        self.counts = {}

    def write(self, level, part, text):
        line = (self._clock(), level, part, text)
        self._ring[self._next] = line
        self._next = (self._next + 1) % len(self._ring)
        if self._sink is not None:
            self._sink(line)

    def info(self, part, text):
        self.write(INFO, part, text)

    def warning(self, part, text):
        self.write(WARNING, part, text)

    def error(self, part, text):
        self.write(ERROR, part, text)

    def count(self, name):
        """Count something that is too frequent, or too hostile, for a line of its own."""
        self.counts[name] = self.counts.get(name, 0) + 1

    def lines(self):
        """The kept lines, oldest first."""
        size = len(self._ring)
        found = []
        for i in range(size):
            line = self._ring[(self._next + i) % size]
            if line is not None:
                found.append(line)
        return found


def render(line):
    """One kept line as text: seconds since start, level, part, message."""
    tick, level, part, text = line
    return "%d.%03d %s %s: %s" % (tick // 1000, tick % 1000, level, part, text)
