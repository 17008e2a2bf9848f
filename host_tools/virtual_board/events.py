"""What happens on the board, as one kind of record."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Event:
    """Something happened on the board.

    time_s: board time (the sample clock) in seconds at which it happened; a recogniser reports a
        little later than that (a tone after about 30 ms, a ring voltage after about 80 ms).
    port: 1 or 2; 0 for the board as a whole.
    kind and detail:
        "hook"      {"up": bool}                                     the person moved the handset
        "linefeed"  {"state": "open" | "forward" | "oht" | "tip_open" | "ringing" | "reverse" |
                     "reverse_oht" | "ring_open"}                    what the chip really does (shadow)
        "ring"      {"on": bool, "volts": Vrms, "hz": float}         measured at the phone's terminals
        "tone"      {"on": bool, "name": str, "names": [str], "hz": [float], "ms": int when off}
                    in the earpiece; names: all tones of the region that it could be so far;
                    "silence" and "speech" come as names too, the latter with hz []
        "digit"     {"digit": str}                                   a DTMF digit heard in the earpiece
        "shows"     {"number": str, "name": str, "time": str}        the phone's caller ID display
        "lamp"      {"on": bool}                                     the phone's lamp of waiting messages
        "pcm"       {"what": "on" | "off" | "underrun" | "overrun", "count": int}
        "fault"     {"what": str}                                    power alarm, lost clock, injected fault
    """

    time_s: float
    port: int
    kind: str
    detail: dict[str, Any] = field(default_factory=dict)


Listener = Callable[[Event], None]
