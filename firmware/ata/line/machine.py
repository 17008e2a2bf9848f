"""The state of one line: what the chip is to feed it, and what the phone on it does.

Between the chip driver (levels and ring trips in, linefeed commands out) and the call machine (ringing in,
hook events and pulse digits out). It decides nothing about calls.
"""

from ata.base.clock import sooner
from ata.base.fsm import Fsm
from ata.line.hook import HookDecoder
from ata.line.ringer import Ringer

_IGNORE = (None, None)

LINE_TABLE = {
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
            "out_of_service": ("down", None),
            "in_service": _IGNORE,
            "stop_ringing": _IGNORE,
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
            # The phone was lifted while the call machine meant to ring it: its off-hook event is on the way.
            "start_ringing": _IGNORE,
            "stop_ringing": _IGNORE,
            "in_service": _IGNORE,
        },
    ),
}

# What each state wants from the chip. The pause is on-hook transmission for the sake of caller ID.
_FEEDS = {"down": "open", "idle": "forward", "ringing": "ringing", "ring_pause": "oht", "off_hook": "forward"}


class Line:
    """The line of `port`, out of service until in_service(). `windows`: see HookDecoder.

    Outputs of poll():
      ("linefeed", name)   for the chip: "forward" "oht" (on-hook transmission) "ringing" "open"
      ("off_hook",) ("on_hook",) ("flash",) ("digit", "0"…"9")   for the call machine
    """

    def __init__(self, port, windows, unexpected=None):
        self.hook = HookDecoder(windows)
        self._ringer = Ringer()
        self._out = []
        self._feed = "open"
        self._fsm = Fsm("line %d" % port, LINE_TABLE, self, "down", None, unexpected)

    @property
    def state(self):
        """down, idle, ringing (ringing voltage on the line), ring_pause or off_hook."""
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

    def start_ringing(self, cadence, now):
        """Ring with `cadence`, (on, off, …) in ms, until stop_ringing() or until the phone is lifted."""
        self._handle("start_ringing", now, cadence)

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
        return sooner(self.hook.deadline(), self._ringer.deadline())

    def tick(self, now):
        if self._fsm.state != "down":
            self.hook.tick(now)
            self._hooked(now)  # before the cadence: a lifted phone must not get another burst
            event = self._ringer.tick(now)
            if event is not None:
                self._handle(event, now)

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
        self._fsm.handle(event, now, *args)
        feed = _FEEDS[self._fsm.state]
        if feed != self._feed:
            self._feed = feed
            self._out.append(("linefeed", feed))
        if feed == "forward" or feed == "open":
            self._ringer.stop()

    # Actions of the table

    def _reset(self, now):
        self.hook.reset()

    def _ring(self, now, cadence):
        self._ringer.start(cadence, now)

    def _report(self, now, event):
        self._out.append(event)

    def _lost(self, now):
        self._out.append(("on_hook",))
