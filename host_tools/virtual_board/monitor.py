"""The 800 Hz logic that turns measured currents and powers into loop closure, ring trip and power alarms."""

from host_tools.virtual_board.chip_registers import low_pass_factor


class Debounce:
    """A comparator's output that counts only once it has lasted for a number of 1.25 ms steps."""

    def __init__(self) -> None:
        self.state = False
        self._steps = 0

    def step(self, raw: bool, interval: int) -> bool:
        """Feed the comparator's present output; True if the debounced state changed."""
        if raw == self.state:
            self._steps = 0
            return False
        self._steps += 1
        if self._steps < interval:
            return False
        self._steps = 0
        self.state = raw
        return True


class LowPass:
    """A first-order low-pass with the coefficient of a chip register (pole per 1.25 ms step)."""

    def __init__(self) -> None:
        self.value = 0.0

    def step(self, sample: float, register: int) -> float:
        self.value += low_pass_factor(register) * (sample - self.value)
        return self.value


def threshold_milliamperes(register: int) -> float:
    """LCRT, LCRTL, RPTP: D14:9 in steps of 1.27 mA."""
    return (register >> 9 & 0x3F) * 1.27


# Transistor n = 1…6 -> watts per unit of its power threshold (PPT, D14:7) and of register 77.
POWER_UNIT = (0.0304, 0.0304, 0.00362, 0.00362, 0.0304, 0.0304)


def transistor_currents(i_tip: float, i_ring: float, quiescent: float) -> tuple[float, ...]:
    """Collector currents of Q1…Q6 in ampere.

    Q1 and Q2 take tip and ring to ground, Q6 and Q5 take tip and ring to the battery, Q4 and Q3 drive
    those two, so that the loop current is (Q1 − Q2 + Q5 − Q6)/2 as the datasheet has it. Driver current:
    a fortieth (assumed gain of the pass transistors).
    """
    q1 = quiescent + max(i_tip, 0.0)
    q6 = quiescent + max(-i_tip, 0.0)
    q2 = quiescent + max(i_ring, 0.0)
    q5 = quiescent + max(-i_ring, 0.0)
    return q1, q2, q5 / 40, q6 / 40, q5, q6


def transistor_powers(
    currents: tuple[float, ...], v_tip: float, v_ring: float, battery: float
) -> tuple[float, ...]:
    """Dissipated watts of Q1…Q6; battery is its magnitude in volts."""
    tip_to_ground, ring_to_ground = abs(v_tip), abs(v_ring)
    tip_to_battery, ring_to_battery = abs(v_tip + battery), abs(v_ring + battery)
    q1, q2, q3, q4, q5, q6 = currents
    return (q1 * tip_to_ground, q2 * ring_to_ground, q3 * ring_to_ground, q4 * tip_to_ground,
            q5 * ring_to_battery, q6 * tip_to_battery)  # fmt: skip


class PowerAlarm:
    """The thermal model of one transistor: filtered power against its threshold."""

    def __init__(self, index: int):
        self.watts = 0.0
        self._unit = POWER_UNIT[index]
        self._over = False

    def step(self, watts: float, filter_register: int, threshold_register: int) -> bool:
        """True at the moment the filtered power exceeds the threshold."""
        self.watts += low_pass_factor(filter_register) * (watts - self.watts)
        was, self._over = self._over, self.watts > (threshold_register >> 7 & 0xFF) * self._unit
        return self._over and not was
