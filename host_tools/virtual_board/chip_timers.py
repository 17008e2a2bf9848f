"""The on/off timers of the chip's generators: tone 1, tone 2, pulse metering, ringing."""

TICKS_PER_STEP = 10  # the timers count 125 µs, the model steps 1.25 ms


class GateTimer:
    """Gates one generator: on for the active time, off for the inactive time, and again.

    Without its inactive timer the generator is on once; without its active timer it stays on.
    """

    def __init__(self) -> None:
        self.on = False
        self._ticks = 0

    def start(self, active: int) -> None:
        self.on = True
        self._ticks = active

    def stop(self) -> None:
        self.on = False
        self._ticks = 0

    def step(self, active: int, inactive: int, active_enabled: bool, inactive_enabled: bool) -> str:
        """One 1.25 ms step with the timers' registers; "active" or "inactive" when that time ran out."""
        if self.on:
            if not active_enabled:
                return ""
            self._ticks -= TICKS_PER_STEP
            if self._ticks > 0:
                return ""
            self.on = False
            self._ticks += inactive
            return "active"
        if not inactive_enabled or not inactive:
            return ""
        self._ticks -= TICKS_PER_STEP
        if self._ticks > 0:
            return ""
        self.on = True
        self._ticks += active
        return "inactive"
