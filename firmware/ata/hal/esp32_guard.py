"""Why the board started, and whether it has crashed too often to be trusted with the line chips.

The count is in the chip's own non-volatile memory (NVS), not in a file: it is written before anything that
could fail, and a write is some bytes.
"""

from esp32 import NVS
from machine import DEEPSLEEP_RESET, HARD_RESET, PWRON_RESET, SOFT_RESET, WDT_RESET, reset_cause
from micropython import const

_MOST = const(3)
_KEY = "crashes"


class Guard:
    """Counts this start. `cause`: text for the log. `safe`: the third crash in a row was the last thing that
    happened, so only what a person needs to mend it is to run; the start after this one is a normal one.

    Power on, a press of reset (the ESP32 does not tell them apart) and a soft reset from the prompt are no
    crashes. Brown-out counts as power on: MicroPython does not tell those apart either.
    """

    def __init__(self):
        cause = reset_cause()
        self._memory = NVS("ata")
        crashes = self.crashes()
        if (
            cause == WDT_RESET or cause == HARD_RESET
        ):  # the latter: machine.reset() after an exception, or a panic
            crashes += 1
        else:
            crashes = 0
        self.safe = crashes >= _MOST
        self._keep(0 if self.safe else crashes)
        self.cause = "unknown"
        for value, text in (
            (PWRON_RESET, "power on"), (HARD_RESET, "restart"), (WDT_RESET, "watchdog"),
            (DEEPSLEEP_RESET, "deep sleep"), (SOFT_RESET, "soft reset"),
        ):  # fmt: skip
            if cause == value:
                self.cause = text
        if crashes:
            self.cause += ", crash %d in a row" % crashes

    def crashes(self):
        try:
            return self._memory.get_i32(_KEY)
        except OSError:  # never written
            return 0

    def forgive(self):
        """A minute of service is done."""
        self._keep(0)

    def expect(self):
        """The next restart is meant, and no crash."""
        self._keep(-1)

    def _keep(self, crashes):
        if crashes != self.crashes():
            self._memory.set_i32(_KEY, crashes)
            self._memory.commit()
