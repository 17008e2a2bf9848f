"""Test signals for DTMF detectors after ITU-T Q.24 and the figures of this project: cells, each a line with
all sixteen digits that must be heard exactly, or of which none may be heard; and sweeps over one quantity.

Levels are dBm0 of each tone. Twist is high less low. "Noise" is white, its level below that of both tones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from host_tools.virtual_board.speech import RATE, Samples, to_int16
from host_tools.voice.wav import g711_values

PEAK_0_DBM0 = 22828
DIGITS = "0123456789*#ABCD"
_KEYPAD = "123A456B789C*0#D"
_ROWS = (697, 770, 852, 941)
_COLUMNS = (1209, 1336, 1477, 1633)
_US_DIAL = ((350, -13.0), (440, -13.0))


@dataclass(frozen=True)
class Line:
    """Sixteen digits one after another, and what is on the line with them."""

    on: float = 40  # ms
    off: float = 40
    low: float = -10.0
    high: float = -10.0
    low_error: float = 0.0  # per cent
    high_error: float = 0.0
    noise: float | None = None  # dB of both tones over it
    tones: tuple[tuple[float, float], ...] = ()  # (Hz, dBm0) throughout
    gap: float = 0  # ms of interruption in the middle of each digit
    law: int | None = None  # 0: through µ-law, 8: A-law

    def samples(self, seed: int) -> Samples:
        rng = np.random.default_rng(seed)
        parts = [np.zeros(RATE // 2)]
        t = np.arange(round(self.on * 8)) / RATE
        middle = slice(round((self.on - self.gap) * 4), round((self.on + self.gap) * 4))
        for digit in DIGITS:
            place = _KEYPAD.index(digit)
            low = _ROWS[place // 4] * (1 + self.low_error / 100)
            high = _COLUMNS[place % 4] * (1 + self.high_error / 100)
            phases = rng.uniform(0, 2 * np.pi, 2)
            sound = _peak(self.low) * np.sin(2 * np.pi * low * t + phases[0])
            sound += _peak(self.high) * np.sin(2 * np.pi * high * t + phases[1])
            sound[middle] = 0
            # The pauses are not whole frames: digits begin anywhere in one. They are never shorter.
            parts += [sound, np.zeros(round((self.off + rng.uniform(0, 5)) * 8))]
        pcm = np.concatenate([*parts, np.zeros(RATE // 10)])
        if self.noise is not None:
            power = (_peak(self.low) ** 2 + _peak(self.high) ** 2) / 2 * 10 ** (-self.noise / 10)
            pcm += rng.normal(0, power**0.5, len(pcm))
        at = np.arange(len(pcm)) / RATE
        for hz, dbm0 in self.tones:
            pcm += _peak(dbm0) * np.sin(2 * np.pi * hz * at + rng.uniform(0, 2 * np.pi))
        return to_int16(pcm) if self.law is None else _through(self.law, to_int16(pcm))


@dataclass(frozen=True)
class Sound:
    """Something that has no digits in it, 3 s: sines (Hz, dBm0) with on and off ms, or noise."""

    tones: tuple[tuple[float, float], ...] = ()
    on: float = 0  # ms, 0: all the time
    off: float = 0
    noise: float | None = None  # dBm0

    def samples(self, seed: int) -> Samples:
        rng = np.random.default_rng(seed)
        at = np.arange(3 * RATE) / RATE
        pcm = np.zeros(len(at))
        for hz, dbm0 in self.tones:
            pcm += _peak(dbm0) * np.sin(2 * np.pi * hz * at + rng.uniform(0, 2 * np.pi))
        if self.on:
            pcm[(at * 1000) % (self.on + self.off) >= self.on] = 0
        if self.noise is not None:
            pcm += rng.normal(0, _peak(self.noise) / np.sqrt(2), len(pcm))
        return to_int16(pcm)


@dataclass(frozen=True)
class Cell:
    group: str
    name: str
    signal: Line | Sound
    accept: bool

    def right(self, heard: str) -> bool:
        return heard == (DIGITS if self.accept else "")


@dataclass(frozen=True)
class Sweep:
    """A quantity and the lines for its values; `accept`: (from, to) of what must be heard."""

    name: str
    unit: str
    points: dict[float, Line] = field(default_factory=dict)
    accept: tuple[float, float] = (0, 0)


def cells() -> list[Cell]:
    """All of them, those that must be accepted first."""
    found: list[Cell] = []

    def add(group: str, accept: bool, signals: dict[str, Line | Sound]) -> None:
        found.extend(Cell(group, name, signal, accept) for name, signal in signals.items())

    # Q.24: ±1.5 % accepted
    errors = (-1.5, 0.0, 1.5)
    add("frequency ±1.5 %", True, {
        f"{a:+g} % {b:+g} % at {level}": Line(low=level, high=level, low_error=a, high_error=b)
        for level in (-3, -10, -25) for a in errors for b in errors
    })  # fmt: skip
    add("level 0 … −36", True, {
        f"{level} dBm0": Line(low=level, high=level)
        for level in (0, -6, -15, -20, -22, -28, -30, -32, -34, -36)
    })  # fmt: skip
    add("twist −8 … +4 dB", True, {
        f"{twist:+d} dB below {top}": Line(low=top + min(0, -twist), high=top + min(0, twist))
        for top in (-5, -15, -25) for twist in (-8, -6, -4, -2, 2, 4)
    })  # fmt: skip
    add("timing from 40/40", True, {
        f"{on}/{off} ms": Line(on=on, off=off)
        for on, off in ((40, 40), (40, 60), (45, 48), (50, 50), (65, 65), (100, 100), (200, 40), (40, 200))
    })  # fmt: skip
    add("interrupted ≤ 10 ms", True, {
        f"{gap} ms in {on}": Line(on=on, off=60, gap=gap) for gap, on in ((5, 100), (10, 100), (10, 150))
    })  # fmt: skip
    add("noise, 15 dB and more", True, {
        **{f"{snr} dB": Line(low=-13, high=-13, noise=snr) for snr in (30, 24, 20, 18, 15)},
        "15 dB, ±1.5 %": Line(low=-13, high=-13, noise=15, low_error=1.5, high_error=-1.5),
    })  # fmt: skip
    add("over dial tone", True, {
        "350+440 at −13": Line(tones=_US_DIAL),
        "350+440 at −10": Line(tones=((350, -10.0), (440, -10.0))),
        "350+440 at −13, ±1.5 %": Line(tones=_US_DIAL, low_error=-1.5, high_error=1.5),
        "425 at −8": Line(tones=((425, -8.0),)),
        "425 at −13, ±1.5 %": Line(tones=((425, -13.0),), low_error=1.5, high_error=1.5),
        "440 at −13": Line(tones=((440, -13.0),)),
    })  # fmt: skip
    add("through G.711", True, {
        f"{name} at {level}": Line(low=level, high=level, law=law)
        for name, law in (("µ-law", 0), ("A-law", 8)) for level in (-10, -25)
    })  # fmt: skip

    # Q.24: ±3.5 % rejected
    add("frequency ±3.5 %", False, {
        f"{'low' if k == 0 else 'high'} {error:+g} % at {level}": Line(
            on=100, low=level, high=level, low_error=(1 - k) * error, high_error=k * error
        )
        for level in (-3, -10, -25) for k in (0, 1) for error in (-3.5, 3.5)
    })  # fmt: skip
    add("frequency ±3.5 %", False, {
        f"{a:+g} % {b:+g} %": Line(on=100, low_error=a, high_error=b)
        for a, b in ((-3.5, -3.5), (-3.5, 3.5), (3.5, -3.5), (3.5, 3.5), (-5, 0), (5, 0), (0, -5), (0, 5))
    })  # fmt: skip
    add("23 ms and less", False, {
        **{f"{ms} ms at {a}": Line(on=ms, low=a, high=a) for ms in (10, 15, 20, 23) for a in (-3, -10, -25)},
        "23 ms, ±1.5 %": Line(on=23, low_error=1.5, high_error=-1.5),
        "23 ms, noise 15 dB": Line(on=23, low=-13, high=-13, noise=15),
        "23 ms over dial tone": Line(on=23, tones=_US_DIAL),
    })  # fmt: skip
    add("below −55 dBm0", False, {"−56 dBm0": Line(on=100, low=-56, high=-56)})
    add("one tone, other tones", False, {
        **{f"{hz} Hz alone": Sound(((hz, -10.0),)) for hz in (697, 941, 1209, 1633)},
        "two rows": Sound(((770, -10.0), (852, -10.0)), 80, 60),
        "two columns": Sound(((1209, -10.0), (1477, -10.0)), 80, 60),
        "US dial tone": Sound(_US_DIAL),
        "US busy": Sound(((480, -10.0), (620, -10.0)), 500, 500),
        "CAS": Sound(((2130, -15.0), (2750, -15.0)), 80, 60),
        "CED": Sound(((2100, -11.0),)),
        "howler": Sound(((1400, -10.0), (2060, -10.0), (2450, -10.0), (2600, -10.0)), 100, 100),
        "white noise": Sound(noise=-10),
    })  # fmt: skip
    return found


def sweeps() -> list[Sweep]:
    """What is accepted beyond the limits, as curves."""
    base = Line(low=-13, high=-13)

    def over(values: Sequence[float], **changes: Any) -> dict[float, Line]:
        return {float(v): replace(base, **{k: make(v) for k, make in changes.items()}) for v in values}

    return [
        Sweep("frequency error", "%", over(
            np.arange(-5, 5.1, 0.5).tolist(), low_error=lambda v: v, high_error=lambda v: v, on=lambda v: 60
        ), (-1.5, 1.5)),
        Sweep("duration", "ms", over(range(14, 62, 3), on=lambda v: v, off=lambda v: 50), (40, 60)),
        Sweep("level of each tone", "dBm0", over(
            range(-48, 1, 4), low=lambda v: v, high=lambda v: v
        ), (-36, 0)),
        Sweep("twist", "dB", over(
            range(-14, 11, 2), low=lambda v: -10 + min(0, -v), high=lambda v: -10 + min(0, v)
        ), (-8, 4)),
        Sweep("signal to noise", "dB", over(range(-3, 25, 3), noise=lambda v: v), (15, 24)),
    ]  # fmt: skip


def _peak(dbm0: float) -> float:
    return PEAK_0_DBM0 * 10 ** (dbm0 / 20)


def _through(law: int, pcm: Samples) -> Samples:
    """The nearest value of G.711 to each sample."""
    values = np.unique(g711_values(law))
    middles = (values[1:] + values[:-1]) / 2
    return values[np.searchsorted(middles, pcm)].astype(np.int16)
