"""What a person does with the switch hook and the rotary dial, from the level of the loop current.

The chip says "loop closed" or "loop open"; how long it stays open tells what it meant:

    loop closed (off-hook) ‾‾‾‾|____|‾‾‾‾‾‾‾‾    open for…
                               |<-->|            shorter than a pulse    contact noise: ignored
                                                 pulse_min … pulse_max   one pulse of a rotary dial
                                                 flash_min … flash_max   hook flash (register recall)
                                                 longer than flash_max   on-hook, known at that moment

Pulses closer together than `interdigit` are one digit, ten of them "0". The windows of a pulse and of a
short European recall (50–130 ms, ETSI) overlap: there `dialling` decides (True: pulse, False: flash).

A level counts once it was stable for `debounce` ms, dated back to when it began; the chip has filtered
it for 12.5 ms before (Si3210/15 register 69), so this only catches bounce that the chip lets through.
Durations are therefore as good as the sampling: with samples 10 ms apart, ±10 ms.
"""

from micropython import const

from ata.base.clock import add, diff

# A handset lifted slowly opens the switch hook once more, and after a ring trip the loop current needs a
# moment to be seen: no pulse and no flash begins so early.
_LIFT_MS = const(150)

_OFF_HOOK = ("off_hook",)
_ON_HOOK = ("on_hook",)
_FLASH = ("flash",)


class HookDecoder:
    """`windows`: {"debounce", "flash_min", "flash_max", "pulse_break_min", "pulse_break_max", "interdigit"},
    each in milliseconds, inclusive (region data, ata.region; a setting may replace each).

    Outputs of poll(): ("off_hook",) ("on_hook",) ("flash",) ("digit", "0"…"9").
    """

    def __init__(self, windows):
        self._windows = windows
        self.dialling = True  # what could be a pulse or a flash is a pulse; True again at each lifting
        self.ignored = 0  # breaks that were nothing, and trains of more than ten pulses
        self.last_break = 0  # ms; with last_make what an old dial really does (pulses/s, break ratio)
        self.last_make = 0
        self._out = []
        self.reset()

    def reset(self):
        """Forget everything: on-hook, as after a start of the chip."""
        self.off_hook = False  # what was reported last
        self._raw = False  # the chip's last level, since the tick _raw_at
        self._raw_at = 0
        self._level = False  # the debounced level
        self._lifted_at = 0
        self._opened = 0  # when the loop last opened, and last closed
        self._closed = 0
        self._pulses = 0
        self._out.clear()

    def sample(self, off_hook, now):
        """The chip's level (True: loop closed) as read at `now`; unchanged levels cost next to nothing."""
        self.tick(now)  # the old level was there until now
        if off_hook != self._raw:
            self._raw = off_hook
            self._raw_at = now

    def seize(self, now):
        """The chip is sure that the phone was lifted (ring trip): off-hook without waiting for the level."""
        if not self.off_hook:
            self._raw = self._level = True
            self._lifted(now)

    def deadline(self):
        """The tick at which time alone changes something, or None."""
        windows = self._windows
        if self._raw != self._level:
            return add(self._raw_at, windows["debounce"])
        if self.off_hook:
            if not self._level:
                return add(self._opened, windows["flash_max"] + 1)
            if self._pulses:
                return add(self._closed, windows["interdigit"])
        return None

    def tick(self, now):
        if self._raw != self._level:
            if diff(now, self._raw_at) < self._windows["debounce"]:
                return
            self._level = self._raw
            if self._level:
                self._loop_closed(self._raw_at)
            elif self.off_hook:
                self._opened = self._raw_at
                self.last_make = diff(self._opened, self._closed)
        if self.off_hook:
            if not self._level:
                if diff(now, self._opened) > self._windows["flash_max"]:
                    self.off_hook = False
                    self._out.append(_ON_HOOK)
            elif self._pulses and diff(now, self._closed) >= self._windows["interdigit"]:
                self._end_digit()

    def poll(self):
        return self._out.pop(0) if self._out else None

    def _lifted(self, at):
        self.off_hook = self.dialling = True
        self._lifted_at = self._closed = at
        self._pulses = 0
        self._out.append(_OFF_HOOK)

    def _loop_closed(self, at):
        if not self.off_hook:
            self._lifted(at)
            return
        windows = self._windows
        length = self.last_break = diff(at, self._opened)
        flash = windows["flash_min"] <= length <= windows["flash_max"]
        pulse = windows["pulse_break_min"] <= length <= windows["pulse_break_max"]
        if 0 <= diff(self._opened, self._lifted_at) < _LIFT_MS:  # < 0: off-hook for more than six days
            self.ignored += 1
        elif pulse and (self.dialling or not flash):
            self._pulses += 1
            self._closed = at
        elif flash:
            if self._pulses:
                self._end_digit()
            self._out.append(_FLASH)
            self._closed = at
        else:
            self.ignored += 1

    def _end_digit(self):
        if self._pulses <= 10:
            self._out.append(("digit", "0123456789"[self._pulses % 10]))
        else:
            self.ignored += 1
        self._pulses = 0
