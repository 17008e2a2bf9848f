"""The chip's oscillators: ringing (1 kHz samples of a sine, or a trapezoid) and the two tone generators.

A sine comes from a second-order oscillator with the states y (the output, starts at …Y) and x (starts at
…X, held at a quarter of its value): y' = x + c(x + y), x' = c(x + y) − y, with c = cos(2πf/fs). In closed
form y(n) = A·sin(nθ + φ) with cos θ = c, A·cos φ = x/tan(θ/2), A·sin φ = y.
"""

import math

import numpy as np

_FULL_SCALE_VOLTS = 96.0  # of the ringing oscillator: 8000h


def signed(value: int) -> int:
    """A 16-bit register as a two's complement number."""
    return (value & 0xFFFF ^ 0x8000) - 0x8000


def _sine(coefficient: int, x: int, y: int) -> tuple[float, float, float] | None:
    """(angle per sample, amplitude, phase) of the oscillator, or None if it does not oscillate."""
    c = signed(coefficient) / 32768
    if abs(c) >= 1:
        return None
    theta = math.acos(c)
    in_phase = 4 * signed(x) / 32768 / math.tan(theta / 2)
    quadrature = signed(y) / 32768
    return theta, math.hypot(in_phase, quadrature), math.atan2(quadrature, in_phase)


class RingOscillator:
    """The ringing voltage as a function of the time since the burst began."""

    def __init__(self, coefficient: int, x: int, y: int, offset: int, trapezoid: bool):
        self._offset = signed(offset) / 32768 * _FULL_SCALE_VOLTS
        self._sine = None if trapezoid else _sine(coefficient, x, y)
        self._trapezoid = None
        if trapezoid and y:
            # RCO is the slope and RNGY half the period, both in steps of 125 µs.
            slope = abs(signed(coefficient)) / 32768 * _FULL_SCALE_VOLTS
            peak = min(abs(signed(x)) / 32768 * _FULL_SCALE_VOLTS, slope * y / 2)
            self._trapezoid = (slope, peak, y)

    def volts(self, seconds: float) -> float:
        """The open-circuit voltage, tip minus ring."""
        if self._sine is not None:
            theta, amplitude, phase = self._sine
            return self._offset + _FULL_SCALE_VOLTS * amplitude * math.sin(seconds * 1000 * theta + phase)
        if self._trapezoid is not None:
            slope, peak, half = self._trapezoid
            halves, within = divmod(seconds * 8000, half)
            rise = min(slope * within, 2 * peak) - peak
            return self._offset + (rise if int(halves) % 2 == 0 else -rise)
        return self._offset


class ToneOscillator:
    """OSC1 or OSC2: a sine in PCM units (32767 = 1.11 Vrms = +3.14 dBm0), phase-continuous over blocks."""

    def __init__(self, sample_rate: int):
        self._rate = sample_rate  # 8000 in the Si3210, 16000 in the Si3215
        self._position = 0

    def restart(self) -> None:
        self._position = 0

    def block(self, coefficient: int, x: int, y: int, n: int) -> np.ndarray:
        """The next n samples at 8 kHz."""
        sine = _sine(coefficient, x, y)
        steps = np.arange(self._position, self._position + n)
        self._position += n
        if sine is None:
            return np.zeros(n)
        theta, amplitude, phase = sine
        return 32767 * min(amplitude, 1.0) * np.sin(steps * (theta * self._rate / 8000) + phase)
