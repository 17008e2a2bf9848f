"""The call machine of one port: what the person at the phone does and hears, call by call.

A phone owns up to two legs: `active` (heard) and `other` (held, or waiting to be answered). The machine
sees hook events, digits and what happens to the active leg; what happens to the other leg only changes
what a flash or hanging up will do.

Every effect goes through the `exchange` given to the constructor (ata.call.exchange): tones, ringing,
and the SIP side of a leg. Nothing here knows SIP, sockets or the chip.
"""

from ata.base.clock import add, due, sooner
from ata.base.fsm import Fsm, rows
from ata.call import dialplan

_IGNORE = (None, None)

# The person can always hang up; these rows are in every off-hook state.
_ON_HOOK = ("idle", "hang_up")
_ON_HOOK_KEEPING = ("ringing", "recall")  # a held or waiting call rings the phone again

PHONE_TABLE = rows({
    # state: (timeout, {event: (next state, action)})
    "idle": (None, {
        "off_hook": ("dial_tone", "start_dialling"),
        "incoming": ("ringing", "start_ringing"),
        "on_hook": _IGNORE, "flash": _IGNORE, "digit": _IGNORE,
    }),
    "ringing": ("ring_for", {
        "off_hook": ("talking", "answer"),
        "timeout": ("idle", "give_up"),  # nobody lifts, and a caller that died never cancels
        "ended": ("idle", "stop_ringing"),
        "on_hook": _IGNORE, "flash": _IGNORE, "digit": _IGNORE, "media": _IGNORE, "answered": _IGNORE,
    }),
    "dial_tone": ("first_digit", {
        "digit": ("dialling", "collect"),
        "timeout": ("refused", "no_digits"),
        "flash": ("dial_tone", "start_dialling"),
        "flash_back": ("talking", "swap"),
        "on_hook": _ON_HOOK, "on_hook_keeping": _ON_HOOK_KEEPING,
    }),
    "dialling": ("interdigit", {
        "digit": ("dialling", "collect"),
        "could_end": ("dialled", None),
        "complete": ("calling", "place"),
        "no_match": ("refused", "bad_number"),
        "timeout": ("refused", "bad_number"),
        "flash": ("dial_tone", "start_dialling"),
        "flash_back": ("talking", "swap"),
        "on_hook": _ON_HOOK, "on_hook_keeping": _ON_HOOK_KEEPING,
    }),
    "dialled": ("short", {  # a whole number, but a longer one could still follow
        "digit": ("dialling", "collect"),
        "timeout": ("calling", "place"),
        "flash": ("dial_tone", "start_dialling"),
        "flash_back": ("talking", "swap"),
        "on_hook": _ON_HOOK, "on_hook_keeping": _ON_HOOK_KEEPING,
    }),
    "calling": ("ring_for", {
        "timeout": ("refused", "give_up_calling"),
        "alerting": (None, "ringback"),
        "early": (None, "early_media"),
        "answered": ("talking", "talk"),
        "failed": ("refused", "call_failed"),
        "ended": ("refused", "call_failed"),
        "media": _IGNORE, "digit": _IGNORE,
        "flash": ("dial_tone", "start_dialling"),
        "flash_back": ("talking", "swap"),
        "on_hook": _ON_HOOK, "on_hook_keeping": _ON_HOOK_KEEPING,
    }),
    "talking": (None, {
        "media": (None, "new_media"),
        "answered": (None, "new_media"),
        "digit": (None, "send_digit"),
        "ended": ("refused", "far_end_gone"),
        "failed": ("refused", "far_end_gone"),
        "flash": ("dial_tone", "consult"),
        "flash_back": ("talking", "swap"),
        "on_hook": _ON_HOOK, "on_hook_keeping": _ON_HOOK_KEEPING,
    }),
    "refused": ("howl_after", {  # busy or congestion tone
        "timeout": ("howler", "howl"),
        "digit": _IGNORE,
        "flash": ("dial_tone", "start_dialling"),
        "flash_back": ("talking", "swap"),
        "on_hook": _ON_HOOK, "on_hook_keeping": _ON_HOOK_KEEPING,
    }),
    "howler": ("howl_for", {  # off-hook and forgotten
        "timeout": ("parked", "silence"),
        "digit": _IGNORE, "flash": _IGNORE,
        "flash_back": ("talking", "swap"),
        "on_hook": _ON_HOOK, "on_hook_keeping": _ON_HOOK_KEEPING,
    }),
    "parked": (None, {
        "digit": _IGNORE, "flash": _IGNORE,
        "flash_back": ("talking", "swap"),
        "on_hook": _ON_HOOK, "on_hook_keeping": _ON_HOOK_KEEPING,
    }),
})  # fmt: skip

# SIP final statuses (RFC 3261 §21) that a person hears as "busy"; every other one is congestion.
_BUSY = (486, 600, 603)


class Leg:
    """One call of one phone. `slot` is its place in the media path; `session` the SIP side's handle."""

    def __init__(self, phone, slot, outgoing):
        self.phone = phone
        self.slot = slot
        self.outgoing = outgoing
        self.session = None
        self.media = None  # what offer and answer agreed, once known
        self.up = False  # answered
        self.held = False  # by us


class Phone:
    """The call machine of `port`. `timeouts` in ms: ring_for, first_digit, interdigit, short,
    howl_after, howl_for."""

    def __init__(self, port, exchange, plan, timeouts, unexpected=None):
        self.port = port
        self.active = None  # type: Any
        self.other = None  # type: Any
        self.digits = ""
        self.number = ""
        self.fsm = Fsm("phone %d" % port, PHONE_TABLE, self, "idle", timeouts, unexpected)
        self._exchange = exchange
        self._plan = plan
        self._ring_for = timeouts["ring_for"]
        self._waits_until = None  # the tick at which a waiting call is given up

    # What comes in

    def off_hook(self, now):
        self.fsm.handle("off_hook", now)

    def on_hook(self, now):
        keeps = self.other is not None and self.fsm.knows("on_hook_keeping")
        self.fsm.handle("on_hook_keeping" if keeps else "on_hook", now)

    def flash(self, now):
        back = self.other is not None and self.fsm.knows("flash_back")
        self.fsm.handle("flash_back" if back else "flash", now)

    def digit(self, digit, now):
        """`digit`: one character of 0-9 * # A-D."""
        self.fsm.handle("digit", now, digit)

    def can_take(self):
        """True if a further incoming call can ring this phone or wait for it."""
        state = self.fsm.state
        return state == "idle" or (state == "talking" and self.other is None)

    def incoming(self, leg, now):
        """A call for which can_take() was true."""
        if self.fsm.state == "idle":
            self.active = leg
            self.fsm.handle("incoming", now)
        else:
            self.other = leg
            self._waits_until = add(now, self._ring_for)
            self._exchange.call_waiting(leg, now)

    def line_lost(self, now):
        """The port went out of service: its calls end, whatever they were."""
        if self.other is not None:
            leg, self.other = self.other, None
            self._exchange.hang_up(leg)
        self.fsm.handle("timeout" if self.fsm.state == "ringing" else "on_hook", now)

    def leg_event(self, event, leg, now, status=0):
        """`event` of a leg: alerting, early, answered, media, failed, ended (with the SIP status)."""
        if leg is self.active:
            if event in ("failed", "ended"):
                self._exchange.release(leg)
                self.active = None
            self.fsm.handle(event, now, status)
        elif leg is self.other and event in ("failed", "ended"):
            self._exchange.release(leg)
            self.other = None
            if self.fsm.state == "talking":
                self._exchange.tone(self.port, None)

    def deadline(self):
        return sooner(self.fsm.deadline(), self._waits_until)

    def tick(self, now):
        self.fsm.tick(now)
        if due(self._waits_until, now):
            self._waits_until = None
            leg = self.other
            if leg is not None and not leg.up:  # a waiting caller that died never cancels
                self.other = None
                self._exchange.hang_up(leg)
                if self.fsm.state == "talking":
                    self._exchange.tone(self.port, None)

    # Dialling

    def start_dialling(self, now):
        self._drop_active(now)
        self.digits = ""
        # A held call is remembered by a stutter dial tone, as on a private exchange.
        self._exchange.tone(self.port, "dial" if self.other is None else "stutter")

    def collect(self, now, digit):
        self._exchange.tone(self.port, None)
        verdict, self.number = self._plan.match(self.digits + digit)
        # "#" ends dialling at once, unless the plan knows it as a part of a number.
        ended = digit == "#" and self.digits != "" and verdict == dialplan.NONE
        if ended:
            verdict, self.number = self._plan.match(self.digits)
        else:
            self.digits += digit
        if verdict == dialplan.COMPLETE or (ended and verdict == dialplan.COMPLETE_AFTER_T):
            self.fsm.handle("complete", now)
        elif verdict == dialplan.NONE or ended:
            self.fsm.handle("no_match", now)
        elif verdict == dialplan.COMPLETE_AFTER_T:
            self.fsm.handle("could_end", now)

    def no_digits(self, now):
        self._exchange.tone(self.port, "congestion")

    def bad_number(self, now):
        self._exchange.log(self.port, "no number of the dial plan: %s" % self.digits)
        self._exchange.tone(self.port, "congestion")

    # Calls

    def place(self, now):
        self._exchange.tone(self.port, None)
        self.active = self._exchange.new_leg(self, True)
        self._exchange.place(self.active, self.number)

    def ringback(self, now, status=0):
        if self.active.media is None:
            self._exchange.tone(self.port, "ringback")

    def early_media(self, now, status=0):
        self._exchange.tone(self.port, None)
        self._exchange.connect(self.active)

    def talk(self, now, status=0):
        self._exchange.tone(self.port, None)
        self.active.up = True
        self._exchange.connect(self.active)

    def call_failed(self, now, status=0):
        self._exchange.tone(self.port, "busy" if status in _BUSY else "congestion")

    def far_end_gone(self, now, status=0):
        self._exchange.tone(self.port, "congestion")

    def new_media(self, now, status=0):
        self._exchange.connect(self.active)

    def send_digit(self, now, digit):
        self._exchange.send_digit(self.active, digit, now)

    def start_ringing(self, now):
        self._exchange.ring(self.active)

    def stop_ringing(self, now, status=0):
        self._exchange.stop_ringing(self.port, now)

    def give_up_calling(self, now):
        self._drop_active(now)
        self._exchange.tone(self.port, "congestion")

    def give_up(self, now):
        self._exchange.stop_ringing(self.port, now)
        self._drop_active(now)

    def answer(self, now):
        self._exchange.stop_ringing(self.port, now)
        self._take(self.active, now)

    def consult(self, now):
        """Flash in a call: hold it and dial a second one."""
        self._hold_active(now)
        self.start_dialling(now)

    def swap(self, now):
        """Flash with a second call: hold (or give up) the active one and take the other."""
        leg, self.other = self.other, None
        if self.active is not None and self.active.up:
            self._hold_active(now)
        else:
            self._drop_active(now)
        self.active = leg
        self._exchange.tone(self.port, None)
        self._take(leg, now)

    def recall(self, now):
        """Hung up with a held or waiting call: ring the phone for it."""
        self._drop_active(now)
        self._exchange.tone(self.port, None)
        self.active, self.other = self.other, None
        self._exchange.ring(self.active)

    def hang_up(self, now):
        self._exchange.tone(self.port, None)
        self._drop_active(now)

    def howl(self, now):
        self._exchange.tone(self.port, "howler")

    def silence(self, now):
        self._exchange.tone(self.port, None)

    def _take(self, leg, now):
        """Answer an incoming leg, or take a held one back."""
        if not leg.up:
            leg.up = True
            self._exchange.answer(leg)
        elif leg.held:
            leg.held = False
            self._exchange.hold(leg, False)
        self._exchange.connect(leg)

    def _hold_active(self, now):
        leg, self.active = self.active, None
        leg.held = True
        self.other = leg
        self._exchange.disconnect(leg)
        self._exchange.hold(leg, True)

    def _drop_active(self, now):
        if self.active is not None:
            leg, self.active = self.active, None
            self._exchange.hang_up(leg)
