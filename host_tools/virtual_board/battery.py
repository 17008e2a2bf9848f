"""The chip's DC-DC converter: it makes the line battery (up to −95 V) from the board's supply."""

from host_tools.virtual_board.wire import STEP

_RISE = 650.0 * STEP  # volts per step: 72 V in about 110 ms
_FARADS = 10e-6
_OWN_SECONDS = 1.5  # self-discharge of the output capacitor with nothing connected


class Battery:
    """Magnitude of VBAT in volts. `leak_ohms` is a fault that a person may inject (None = none)."""

    def __init__(self) -> None:
        self.volts = 0.0
        self.leak_ohms: float | None = None
        self.supply_volts = 12.0  # of the board; below 4 V the converter does not run

    def step(self, running: bool, target: float, load_amperes: float) -> None:
        """One 1.25 ms step with the load current that flows out of the battery."""
        discharge = self.volts / _OWN_SECONDS * STEP + load_amperes / _FARADS * STEP
        if self.leak_ohms is not None:
            discharge += self.volts / (self.leak_ohms * _FARADS) * STEP
        if running and self.supply_volts >= 4.0:
            if self.volts < target:
                # A leak that takes more than the converter's 1 W keeps it from reaching its target.
                sag = 0.0 if self.leak_ohms is None else self.volts**2 / self.leak_ohms
                self.volts = min(self.volts + _RISE * max(0.0, 1.0 - sag), target)
                return
            self.volts = max(target, self.volts - discharge)
        else:
            self.volts = max(0.0, self.volts - discharge)
