"""The state of one line: what the chip is to feed it, and what the phone on it does.

Between the chip driver (levels and ring trips in, linefeed commands out) and the call machine (ringing and
transmissions in, hook events and pulse digits out). It decides nothing about calls.

A transmission is a CallerIdSequence (ata.line.callerid), given by whoever made it: the caller before or after
the first ring or in a call, or the lamp of waiting messages. The line keeps its time and carries its outputs.
"""

from ata.base.clock import sooner
from ata.base.fsm import Fsm, rows
from ata.line.hook import HookDecoder
from ata.line.ringer import Ringer

_IGNORE = (None, None)

LINE_TABLE = rows(
    {
        # state: (timeout, {event: (next state, action)})
        "down": (
            None,
            {  # the chip is not working (yet)
                "in_service": ("idle", "_reset"),
                "out_of_service": _IGNORE,
                "start_ringing": _IGNORE,
                "stop_ringing": _IGNORE,
            },
        ),
        "idle": (
            None,
            {
                "off_hook": ("off_hook", "_report"),
                "start_ringing": ("ringing", "_ring"),
                "transmit": ("transmitting", "_transmit"),
                "out_of_service": ("down", None),
                "in_service": _IGNORE,
                "stop_ringing": _IGNORE,
            },
        ),
        "transmitting": (
            None,
            {  # with the handset on-hook and no ringing: before the first ring, or to the lamp
                "ring_now": ("ringing", "_ring"),
                "transmitted": ("idle", None),
                "off_hook": ("off_hook", "_report"),
                "start_ringing": ("ringing", "_ring"),
                "stop_ringing": ("idle", None),
                "out_of_service": ("down", None),
                "in_service": _IGNORE,
            },
        ),
        "ringing": (
            None,
            {
                "ring_off": ("ring_pause", None),
                "off_hook": ("off_hook", "_report"),
                "start_ringing": ("ringing", "_ring"),  # with another cadence
                "stop_ringing": ("idle", None),
                "out_of_service": ("down", None),
                "in_service": _IGNORE,
            },
        ),
        "ring_pause": (
            None,
            {
                "ring_on": ("ringing", None),
                "off_hook": ("off_hook", "_report"),
                "start_ringing": ("ringing", "_ring"),
                "stop_ringing": ("idle", None),
                "out_of_service": ("down", None),
                "in_service": _IGNORE,
            },
        ),
        "off_hook": (
            None,
            {
                "on_hook": ("idle", "_report"),
                "flash": (None, "_report"),
                "digit": (None, "_report"),
                "out_of_service": ("down", "_lost"),
                # The phone was lifted while the call machine meant to ring it: off_hook is on the way.
                "start_ringing": _IGNORE,
                "stop_ringing": _IGNORE,
                "in_service": _IGNORE,
            },
        ),
    }
)

# What each state wants from the chip. The pause is on-hook transmission for the sake of caller ID.
# A transmission orders the feed itself.
_FEEDS = {
    "down": "open", "idle": "forward", "transmitting": None, "ringing": "ringing", "ring_pause": "oht",
    "off_hook": "forward",
}  # fmt: skip
_RINGING = ("ringing", "ring_pause")


class Line:
    """The line of `port`, out of service until in_service(). `windows`: see HookDecoder.

    Outputs of poll():
      ("linefeed", name)   for the chip: "forward" "oht" (on-hook transmission) "reverse_oht" "ringing" "open"
      ("signal", output)   for the port's audio: what CallerIdSequence.poll gives but "linefeed"
      ("transmitted",)     a transmission in a call has ended
      ("off_hook",) ("on_hook",) ("flash",) ("digit", "0"…"9")   for the call machine
    """

    def __init__(self, port, windows, unexpected=None):
        self.hook = HookDecoder(windows)
        self._ringer = Ringer()
        self._out = []
        self._feed = "open"
        self._sequence = None  # type: Any
        self._cadence = ()  # to ring with after the transmission
        self._fsm = Fsm("line %d" % port, LINE_TABLE, self, "down", None, unexpected)

    @property
    def state(self):
        """down, idle, transmitting, ringing (ringing voltage on the line), ring_pause or off_hook."""
        return self._fsm.state

    # What comes in

    def sample(self, off_hook, now):
        """The chip's debounced loop level."""
        if self._fsm.state != "down":
            self.hook.sample(off_hook, now)
            self._hooked(now)

    def ring_trip(self, now):
        """The chip saw the phone lifted while ringing, and has stopped ringing by itself. Too late a trip is
        nothing: when ringing was stopped at the same moment, the loop will tell."""
        if self._ringer.deadline() is not None:
            self.hook.seize(now)
            self._hooked(now)

    def start_ringing(self, cadence, now, sequence=None):
        """Ring with `cadence`, (on, off, …) in ms, until stop_ringing() or until the phone is lifted.
        `sequence`: who calls, sent before the first burst of ringing or after it, as its method is."""
        if sequence is None or sequence.in_pause or self._fsm.state != "idle":
            self._handle("start_ringing", now, cadence)
            if sequence is not None and sequence.in_pause and self._fsm.state in _RINGING:
                self._sequence = sequence
        else:
            self._cadence = cadence
            self._handle("transmit", now, sequence)

    def transmit(self, sequence, now):
        """Send what is neither before nor during ringing: to an idle phone, or to one that is lifted. Nothing
        happens in other states, or while another transmission goes on."""
        if self._sequence is None:
            if self._fsm.state == "idle":
                self._cadence = ()
                self._handle("transmit", now, sequence)
            elif self._fsm.state == "off_hook":
                self._transmit(now, sequence)
                self._signal(now)

    def heard(self, code, now):
        """A DTMF digit (RFC 4733 code) from the phone. True if it was for the transmission in a call, and for
        nobody else."""
        if self._sequence is None:
            return False
        self._sequence.heard(code, now)
        self._signal(now)
        return True

    def stop_ringing(self, now):
        self._handle("stop_ringing", now)

    def in_service(self, now):
        """The chip has started and feeds nothing yet."""
        self._handle("in_service", now)

    def out_of_service(self, now):
        """The chip failed. A phone that was off-hook is reported on-hook, so that its calls end."""
        self._handle("out_of_service", now)

    def expect_digits(self, dialling):
        """False in a conversation: a short break is then a flash and not a dialled pulse (HookDecoder).
        It is True again each time the phone is lifted."""
        self.hook.dialling = dialling

    def deadline(self):
        first = sooner(self.hook.deadline(), self._ringer.deadline())
        return first if self._sequence is None else sooner(first, self._sequence.deadline())

    def tick(self, now):
        if self._fsm.state != "down":
            self.hook.tick(now)
            self._hooked(now)  # before the cadence: a lifted phone must not get another burst
            event = self._ringer.tick(now)
            if event is not None:
                self._handle(event, now)
                if event == "ring_off" and self._sequence is not None:
                    self._sequence.ring_off(self._ringer.left(now), now)
            if self._sequence is not None:
                self._sequence.tick(now)
                self._signal(now)

    def poll(self):
        return self._out.pop(0) if self._out else None

    def _hooked(self, now):
        """Let the table see what the decoder found."""
        while True:
            event = self.hook.poll()
            if event is None:
                return
            self._handle(event[0], now, event)

    def _handle(self, event, now, *args):
        was = self._fsm.state
        told = len(self._out)
        self._fsm.handle(event, now, *args)
        state = self._fsm.state
        if self._sequence is not None:
            rings = state in _RINGING and was not in _RINGING
            if rings or state in ("idle", "down") or event in ("off_hook", "flash", "stop_ringing"):
                self._cut(told, now)
        feed = _FEEDS[state]
        if feed is not None:
            self._feeding(feed)
        elif self._sequence is not None:
            self._signal(now)
        if feed == "forward" or feed == "open":
            self._ringer.stop()

    def _cut(self, at, now):
        """What the transmission was made for is over. Its end is told at place `at` of the outputs, before
        the reason: a dial tone that follows must not be stopped by it."""
        sequence = self._sequence
        self._sequence = None
        sequence.stop(now)
        output = sequence.poll()
        while output is not None:
            if output[0] == "done":
                self._out.insert(at, ("signal", output))
            output = sequence.poll()

    def _feeding(self, feed):
        if feed != self._feed:
            self._feed = feed
            self._out.append(("linefeed", feed))

    def _signal(self, now):
        """Carry the outputs of the transmission."""
        while self._sequence is not None:
            output = self._sequence.poll()
            if output is None:
                return
            if output[0] == "linefeed":
                if self._fsm.state == "transmitting":
                    self._feeding(output[1])
                continue
            self._out.append(("signal", output))
            if output[0] == "done":
                self._sequence = None
                if self._fsm.state == "off_hook":
                    self._out.append(("transmitted",))
                elif self._fsm.state == "transmitting":
                    if self._cadence:
                        self._handle("ring_now", now, self._cadence)
                    else:
                        self._handle("transmitted", now)

    # Actions of the table

    def _reset(self, now):
        self.hook.reset()

    def _ring(self, now, cadence):
        self._ringer.start(cadence, now)

    def _transmit(self, now, sequence):
        self._sequence = sequence
        sequence.begin(now)

    def _report(self, now, event):
        self._out.append(event)

    def _lost(self, now):
        self._out.append(("on_hook",))
