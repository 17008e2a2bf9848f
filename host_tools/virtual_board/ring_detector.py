"""A telephone's bell as a measuring instrument: is there ringing on the wire, how strong, how fast.

It looks at the voltage between the wires at the telephone only (one value per 1.25 ms), takes away the
battery's DC, and reports ringing once three zero crossings agree: Vrms over whole periods, frequency
from the crossings. With the handset up it measures no more, but still tells when the ringing has ended.
"""

import math
from collections import deque

from host_tools.virtual_board.wire import STEP

_LEAST_VRMS = 15.0
_LOWEST_HZ, _HIGHEST_HZ = 13.0, 75.0
_HISTORY = 160  # samples: 200 ms
_GONE_SAMPLES = 32  # 40 ms without a crossing: longer than half a period of 13 Hz
_DEVIATION = 12.0  # V from the battery voltage that count as a possible start


class RingDetector:
    """`ringing`, `volts` (rms) and `hz` as measured last; events through block()."""

    def __init__(self) -> None:
        self.ringing = False
        self.volts = 0.0
        self.hz = 0.0
        self._recent: deque[float] = deque(maxlen=_HISTORY)
        self._dc = 0.0
        self._began: int | None = None  # sample at which the voltage left the battery's
        self._crossings: list[float] = []
        self._last = 0.0
        self._samples = 0

    def sample(self, volts: float) -> None:
        """The voltage between the wires at the telephone for the next 1.25 ms."""
        self._samples += 1
        self._recent.append(volts)
        if self._began is None:
            if abs(volts - self._dc) > _DEVIATION:
                self._began = self._samples
                self._crossings = []
                self._last = volts
            else:  # follow the battery, but not a ringing voltage
                self._dc += min(max(volts - self._dc, -1.0), 1.0)
            return
        last, self._last = self._last, volts
        if (last >= 0) != (volts >= 0):
            self._crossings.append(self._samples - volts / (volts - last))
            if len(self._crossings) > 12:
                del self._crossings[0]
        quiet_since = self._crossings[-1] if self._crossings else self._began
        if self._samples - quiet_since > _GONE_SAMPLES:
            self._began = None
            self._dc = volts

    def block(self, now: float, handset_up: bool, events: list[tuple[float, str, dict]]) -> None:
        """Every 10 ms: measure, and note a start or an end with the time at which it really was."""
        if self.ringing and self._began is None:
            since = self._crossings[-1] if self._crossings else self._samples
            self.ringing = False
            events.append(
                (
                    now - (self._samples - since) * STEP,
                    "ring",
                    {"on": False, "volts": self.volts, "hz": self.hz},
                )
            )
        if self._began is None or handset_up or len(self._crossings) < 3:
            return
        crossings = self._crossings
        halves = len(crossings) - 1
        length = crossings[-1] - crossings[0]
        hz = halves / 2 / (length * STEP)
        # Whole periods only: from the last crossing back over an even number of half periods.
        even = halves // 2 * 2
        first, last = crossings[-1 - even], crossings[-1]
        begin = len(self._recent) - round(self._samples - first)
        end = len(self._recent) - round(self._samples - last)
        values = list(self._recent)[max(0, begin) : end]
        if not values:
            return
        mean = sum(values) / len(values)
        rms = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
        if not self.ringing and (rms < _LEAST_VRMS or not _LOWEST_HZ <= hz <= _HIGHEST_HZ):
            return
        self.volts, self.hz = round(rms, 1), round(hz, 1)
        if not self.ringing:
            self.ringing = True
            began = now - (self._samples - self._began) * STEP
            events.append((began, "ring", {"on": True, "volts": self.volts, "hz": self.hz}))
