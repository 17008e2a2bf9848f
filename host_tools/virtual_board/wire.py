"""The subscriber line as an electrical network: two leads between the chip and the telephone.

    chip pin       line            telephone
    TIP  o--[r_feed]--[r_line/2]--+----+------+------+-----+
         EMF tip                  |    |      |      |     | faults: leads to ground
                                leak  REN   short  phone   | or to a foreign voltage
         EMF ring                 |    |      |      |     |
    RING o--[r_feed]--[r_line/2]--+----+------+------+-----+

solve() gives voltages and currents for one step of 1.25 ms (the 800 Hz of the chip's monitor ADC); only
the ringer capacitance (1 REN = 6.93 kΩ + 8 µF) has a memory. Voltages are against ground, negative as on
a real line; currents are in ampere, positive out of the chip's pin.
"""

from array import array
from dataclasses import dataclass, field

STEP = 0.00125  # seconds per solve(): 800 Hz
_OPEN = 1e-9  # siemens; an open lead, so that the equations always have a solution
_PROTECTION = 0.1  # A
_REN_OHMS = 6930.0
_REN_FARADS = 8e-6
_TRACE_STEPS = 800 * 600  # the voltages of the last ten minutes are kept


@dataclass
class Feed:
    """What the chip drives onto the leads: an EMF behind a resistance, with a limit of the current."""

    tip_emf: float = 0.0
    ring_emf: float = 0.0
    ohms: float = 80.0  # each lead: 160 Ω in all
    tip_open: bool = True
    ring_open: bool = True
    limit: float = 0.02  # A, of the lead that is farther from ground


@dataclass
class Wire:
    """One line with what hangs on it. The attributes are the state that a test or a person may change."""

    ren: float = 1.0  # ringer equivalence number of everything connected
    closed: bool = False  # the telephone's hook switch (or its pulse contact) closes the loop
    off_hook_ohms: float = 200.0  # a telephone off-hook: this resistance …
    off_hook_volts: float = 6.0  # … and this voltage across its rectifier bridge and speech circuit
    line_ohms: float = 20.0
    leak_ohms: float = 10e6  # between tip and ring
    short_ohms: float | None = None  # a fault between tip and ring
    ring_ground_ohms: float | None = None  # a fault from ring to ring_ground_volts
    ring_ground_volts: float = 0.0  # 0 = earth, otherwise a foreign voltage ("power cross")

    v_tip: float = field(default=0.0, init=False)  # at the chip's pins, V to ground
    v_ring: float = field(default=0.0, init=False)
    i_tip: float = field(default=0.0, init=False)  # A out of the pin
    i_ring: float = field(default=0.0, init=False)
    v_phone: float = field(default=0.0, init=False)  # tip minus ring at the telephone
    i_phone: float = field(default=0.0, init=False)  # A through the off-hook telephone
    tip_trace: array = field(default_factory=lambda: array("f"), init=False, repr=False)  # one value per STEP
    ring_trace: array = field(default_factory=lambda: array("f"), init=False, repr=False)
    trace_start: int = field(default=0, init=False)  # steps dropped before the first kept value
    _v_ringer: float = field(default=0.0, init=False)  # across the ringer capacitance
    _i_ringer: float = field(default=0.0, init=False)
    _settled: tuple | None = field(default=None, init=False)

    def solve(self, feed: Feed) -> None:
        """Advance by one STEP with the given feed and set the v_… and i_… attributes."""
        inputs = (
            feed.tip_emf, feed.ring_emf, feed.tip_open, feed.ring_open, feed.limit, self.closed, self.ren,
            self.short_ohms, self.ring_ground_ohms, self.ring_ground_volts, self.off_hook_ohms,
            self.off_hook_volts, self.line_ohms, self.leak_ohms,
        )  # fmt: skip
        if inputs != self._settled:
            self._solve(feed)
            self._settled = inputs if abs(self._i_ringer) < 1e-7 else None
        self.tip_trace.append(self.v_tip)
        self.ring_trace.append(self.v_ring)
        if len(self.tip_trace) > _TRACE_STEPS + 80000:
            del self.tip_trace[:80000], self.ring_trace[:80000]
            self.trace_start += 80000

    def _solve(self, feed: Feed) -> None:
        # Everything between the leads as one Norton branch: current = conductance · V − source.
        conductance = 1 / self.leak_ohms
        if self.short_ohms is not None:
            conductance += 1 / max(self.short_ohms, 0.1)
        source = 0.0
        g_ringer = e_ringer = 0.0
        half_step = 0.0
        if self.ren > 0:
            half_step = STEP / (2 * self.ren * _REN_FARADS)  # trapezoidal rule for the capacitance
            g_ringer = 1 / (_REN_OHMS / self.ren + half_step)
            e_ringer = self._v_ringer + half_step * self._i_ringer
            conductance += g_ringer
            source += g_ringer * e_ringer
        emf = feed.tip_emf - feed.ring_emf
        if feed.tip_open or feed.ring_open:
            emf = self.v_phone
        sign = 1.0 if emf >= 0 else -1.0
        g_phone = 1 / self.off_hook_ohms if self.closed else 0.0
        v_tip, v_ring, i_tip, i_ring = self._limited(
            feed, conductance + g_phone, source + g_phone * sign * self.off_hook_volts
        )
        i_phone = g_phone * (v_tip - v_ring - sign * self.off_hook_volts)
        if self.closed and i_phone * sign < 0:  # not enough voltage for the telephone's bridge
            i_phone = 0.0
            v_tip, v_ring, i_tip, i_ring = self._limited(feed, conductance, source)

        self.v_phone = v_tip - v_ring
        self.i_phone, self.i_tip, self.i_ring = i_phone, i_tip, i_ring
        half_line = self.line_ohms / 2
        self.v_tip = v_tip + i_tip * half_line
        self.v_ring = v_ring + i_ring * half_line
        i_ringer = g_ringer * (self.v_phone - e_ringer)
        self._v_ringer = e_ringer + half_step * i_ringer
        self._i_ringer = i_ringer

    def _limited(self, feed: Feed, conductance: float, source: float) -> tuple[float, float, float, float]:
        """Node voltages at the telephone and lead currents, with the chip's current limit applied.

        The chip holds the lead that is nearer to ground and lets the other one give way, so that one turns
        into a current source. The near lead has a protection limit of 100 mA, which only a fault to ground
        can reach.
        """
        ohms = feed.ohms + self.line_ohms / 2
        g_tip = _OPEN if feed.tip_open else 1 / ohms
        g_ring = _OPEN if feed.ring_open else 1 / ohms
        s_tip = 0.0 if feed.tip_open else g_tip * feed.tip_emf
        s_ring = 0.0 if feed.ring_open else g_ring * feed.ring_emf
        tip_is_far = abs(feed.tip_emf) > abs(feed.ring_emf)
        fault = self.ring_ground_ohms is not None
        ring_limit = feed.limit if not tip_is_far else _PROTECTION
        v_tip = v_ring = i_tip = i_ring = 0.0
        for _ in range(3):
            v_tip, v_ring = self._nodes(g_tip, s_tip, g_ring, s_ring, conductance, source)
            i_tip = s_tip - g_tip * v_tip
            i_ring = s_ring - g_ring * v_ring
            if tip_is_far and g_tip > _OPEN and abs(i_tip) > feed.limit:
                s_tip, g_tip = (feed.limit if i_tip > 0 else -feed.limit), _OPEN
            elif (fault or not tip_is_far) and g_ring > _OPEN and abs(i_ring) > ring_limit:
                s_ring, g_ring = (ring_limit if i_ring > 0 else -ring_limit), _OPEN
            else:
                break
        return v_tip, v_ring, i_tip, i_ring

    def _nodes(
        self, g_tip: float, s_tip: float, g_ring: float, s_ring: float, conductance: float, source: float
    ) -> tuple[float, float]:
        """Solve the two node equations for the leads' voltages."""
        if self.ring_ground_ohms is not None:
            g_fault = 1 / max(self.ring_ground_ohms, 0.1)
            g_ring += g_fault
            s_ring += g_fault * self.ring_ground_volts
        a, b = g_tip + conductance + _OPEN, g_ring + conductance + _OPEN
        determinant = a * b - conductance * conductance
        p, q = s_tip + source, s_ring - source
        return (p * b + conductance * q) / determinant, (conductance * p + a * q) / determinant
