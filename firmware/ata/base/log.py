"""The log: the last lines in RAM, each also given to an optional sink (the serial console).

Nothing is written to flash: an erase stalls everything for about 80 ms. Callers never pass a
secret; addresses, users and numbers may appear.
"""

from ata.base.clock import diff

DEBUG = "D"
INFO = "I"
WARNING = "W"
ERROR = "E"


class Log:
    """Keeps the last lines, in `size` bytes that are taken at once: lines of their own would come to lie
    between what stays, and leave gaps there.

    A line is "12.345 I sip: text": seconds since start, level, part. `now()` gives the milliseconds since
    start. `sink(level, line)`, if set, sees every line at once; `shown` is for its use: the levels it prints,
    as one string.
    """

    def __init__(self, now, size=1024, sink=None):
        self.now = now
        self.sink = sink
        self.shown = ""
        self._ring = bytearray(size)  # lines, each with a newline behind it; zeros where none was yet
        self._next = 0
        self.counts = {}

    def write(self, level, part, text):
        ms = self.now()
        line = "%d.%03d %s %s: %s" % (ms // 1000, ms % 1000, level, part, text)
        ring = self._ring
        data = (line.encode() + b"\n")[-len(ring) :]
        at = self._next
        end = min(at + len(data), len(ring))
        left = at + len(data) - end  # of it goes to the front
        ring[at:end] = data[: end - at]
        ring[:left] = data[end - at :]
        self._next = left or end % len(ring)
        if self.sink is not None:
            self.sink(level, line)

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
        at = self._next
        kept = bytes(self._ring[at:]) + bytes(self._ring[:at])
        if self._ring[at]:  # it has been all around: a line was cut
            kept = kept[kept.find(b"\n") + 1 :]
        return kept.replace(b"\0", b"").decode().split("\n")[:-1]


# What the composition root gives to others. Made here, since a function keeps the whole module it is from.


def uptime(ticks):
    """A function that gives the ms since now, for longer than the ticks last. Ask it now and then."""
    state = [ticks(), 0]

    def passed():
        now = ticks()
        state[1] += diff(now, state[0])
        state[0] = now
        return state[1]

    return passed


def printer(log, write):
    """A sink for `log` that writes the lines of the levels that are shown."""

    def show(level, line):
        if level in log.shown:
            write(line)

    return show


def tracer(log):
    """What sees each SIP message (ata.sip.ua) and writes it into `log`."""

    def trace(sent, start_line, host, port, call_id, cseq):
        log.write(
            DEBUG, "sip",
            "%s %s %s %s:%d call=%s cseq=%s"
            % (">" if sent else "<", start_line, "to" if sent else "from", host, port, call_id, cseq),
        )  # fmt: skip

    return trace


def surprise(log, part):
    """What a state machine (ata.base.fsm) tells an event that its state does not know: counted and logged."""

    def unexpected(machine, event):
        log.count("unexpected event")
        log.warning(part, "%s: event %s in state %s" % (machine.name, event, machine.state))

    return unexpected
