"""What a person hears in the earpiece: call-progress tones by name, DTMF digits, speech, silence.

How it works: every 10 ms the last 20 ms are projected onto the frequencies of each known signal (a least
squares fit of their sines); the smallest set that explains almost all of the energy is what is heard. So a
tone is named 20 to 40 ms after it began; the moment it began is where the level rose, to about 3 ms.
Tones with the same frequencies (busy and congestion, or all 425 Hz tones) differ by their on and off times:
the first burst gets the name of the first tone of the table that it can be, and is renamed as soon as its
length contradicts that; later bursts know the cadence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from host_tools.virtual_board.tone_table import Section, parse_script

RATE = 8000
BLOCK = 80
_WINDOW = 160  # 20 ms
_LONG = 320  # 40 ms: within speech a tone must be steadier, for vowels come near to tones
_SUB = 20  # samples of one level measurement: 2.5 ms
_QUIET_RMS = 22828 / 2**0.5 * 10 ** (-48 / 20)  # −48 dBm0
_QUIET_SUBS = 5  # so many below the threshold end a sound: longer than the null of any beat of two tones
_SILENCE_S = 0.1
_SPEECH_S = 0.06  # sound that nothing explains for so long is speech
_PAUSE_S = 0.25  # within speech
_CLEAR, _FAIR = 0.97, 0.90  # explained share of the energy: at once, or two windows in a row
_SIMPLER = 0.02  # a larger set of frequencies must explain so much more

_ROWS = (697.0, 770.0, 852.0, 941.0)
_COLUMNS = (1209.0, 1336.0, 1477.0, 1633.0)
_PAD = ("123A", "456B", "789C", "*0#D")

Heard = tuple[float, str, dict]


@dataclass(frozen=True)
class _Signal:
    hz: frozenset[float]
    digit: str = ""


@dataclass
class _Burst:
    """A sound that is being heard."""

    onset: float
    signal: _Signal | None = None  # None: not (yet) known, or speech
    name: str = ""
    names: list[str] = field(default_factory=list)


class Ear:
    """block() after block(), each giving what became known: (time, kind, detail) as in events.Event."""

    def __init__(self, tones: Mapping[str, str]):
        """tones: name -> script text of a region. Raises ValueError for a script that cannot be read."""
        self._scripts: dict[str, list[Section]] = {name: parse_script(text) for name, text in tones.items()}
        hz_sets = {section.hz for script in self._scripts.values() for section in script if section.hz}
        self._signals = [_Signal(hz) for hz in sorted(hz_sets, key=lambda s: (len(s), sorted(s)))]
        self._signals += [
            _Signal(frozenset((_ROWS[r], _COLUMNS[c])), _PAD[r][c]) for r in range(4) for c in range(4)
        ]
        self._basis, self._slices = _projections(self._signals, _WINDOW)
        self._long_basis, _ = _projections(self._signals, _LONG)
        self._sizes = np.array([len(signal.hz) for signal in self._signals])
        self.hears: str = ""  # the name of what is heard now; "" with the handset down
        self._reset(0.0)

    def _reset(self, now: float) -> None:
        self._window = np.zeros(_LONG)
        self._burst: _Burst | None = None
        self._candidate: _Signal | None = None
        self._agreed = 0
        self._quiet_subs = 0
        self._quiet_since = now
        self._silent = False
        self._listening = False
        self._past: list[tuple[frozenset[float], float, float]] = []  # (hz, onset, end) of earlier bursts

    def block(self, samples: np.ndarray, start: float, listening: bool) -> list[Heard]:
        """80 samples (int16) from board time `start`; listening: the handset is at the ear."""
        found: list[Heard] = []
        if not listening:
            if self._listening:
                self._stop(start, found)
            return found
        if not self._listening:
            self._reset(start)
            self._listening = True
        self._window = np.concatenate((self._window[BLOCK:], samples))
        now = start + BLOCK / RATE
        self._follow_level(samples, start, found)
        if self._burst is not None:
            self._recognise(now, found)
        elif not self._silent and now - self._quiet_since >= _SILENCE_S:
            self._silent = True
            self.hears = "silence"
            found.append(_tone(self._quiet_since, True, "silence", ["silence"], None))
        return found

    def _stop(self, now: float, found: list[Heard]) -> None:
        if self._burst is not None:
            self._end_burst(now, found)
        if self._silent:
            found.append(_tone(now, False, "silence", ["silence"], None, now - self._quiet_since))
        self._listening = False
        self.hears = ""

    # ---- level --------------------------------------------------------------------------------------

    def _follow_level(self, samples: np.ndarray, start: float, found: list[Heard]) -> None:
        parts = samples.astype(float).reshape(-1, _SUB)
        powers = (parts * parts).mean(axis=1)
        for index, loud in enumerate((powers > _QUIET_RMS**2).tolist()):
            at = start + index * _SUB / RATE
            if loud:
                self._quiet_subs = 0
                if self._burst is None:
                    first = int(np.argmax(np.abs(parts[index]) > _QUIET_RMS))
                    self._burst = _Burst(at + first / RATE)
                    self._candidate, self._agreed = None, 0
                continue
            self._quiet_subs += 1
            if self._burst is None:
                continue
            needed = _QUIET_SUBS if self._burst.name != "speech" else int(_PAUSE_S * RATE / _SUB)
            if self._quiet_subs >= needed:
                end = at - (self._quiet_subs - 1) * _SUB / RATE
                self._end_burst(end, found)
                self._quiet_since = end

    def _end_burst(self, end: float, found: list[Heard]) -> None:
        burst, self._burst = self._burst, None
        if burst is None:
            return
        self.hears = ""
        if burst.signal is not None and not burst.signal.digit:
            self._past = [*self._past[-7:], (burst.signal.hz, burst.onset, end)]
        if burst.name:
            found.append(_tone(end, False, burst.name, burst.names, burst.signal, end - burst.onset))

    # ---- recognition --------------------------------------------------------------------------------

    def _best(self, steady: bool) -> tuple[_Signal | None, float]:
        """The simplest signal that explains the window, and how much of it; (None, share) if none does.

        steady: over the long window, and clearly.
        """
        basis = self._long_basis if steady else self._basis
        window = self._window if steady else self._window[-_WINDOW:]
        energy = float(window @ window)
        if energy < _QUIET_RMS**2 * len(window) / 4:
            return None, 0.0
        squares = (basis @ window) ** 2
        shares = np.add.reduceat(squares, self._slices) / energy
        best = float(shares.max())
        if best < (_CLEAR if steady else _FAIR):
            return None, best
        good = np.flatnonzero(shares >= best - _SIMPLER)
        chosen = good[np.lexsort((-shares[good], self._sizes[good]))[0]]
        return self._signals[int(chosen)], float(shares[chosen])

    def _recognise(self, now: float, found: list[Heard]) -> None:
        burst = self._burst
        assert burst is not None
        age = now - burst.onset
        if age < _WINDOW / RATE - 1e-9 or self._quiet_subs:
            self._check_length(now, found)
            return
        signal, share = self._best(burst.name == "speech")
        self._agreed = self._agreed + 1 if signal is self._candidate else 1
        self._candidate = signal
        if burst.name == "" and burst.signal is None:
            if signal is not None and (share >= _CLEAR or self._agreed >= 2):
                self._begin(burst, signal, found)
            elif signal is None and age >= _SPEECH_S:
                self._announce(burst, "speech", ["speech"], found)
            return
        if signal is burst.signal:
            self._check_length(now, found)
        elif self._agreed >= (2 if signal is not None else 4):
            # One sound follows another without a pause; the change was about one window ago.
            if burst.signal is not None and burst.signal.digit and signal is None:
                return
            length = _LONG if burst.name == "speech" else _WINDOW
            changed = now - (self._agreed * BLOCK + length - BLOCK) / RATE
            if signal is None:
                changed += length / 2 / RATE
            self._end_burst(max(changed, burst.onset), found)
            self._burst = _Burst(max(changed, burst.onset))
            if signal is not None:
                self._begin(self._burst, signal, found)
            else:
                self._announce(self._burst, "speech", ["speech"], found)

    def _begin(self, burst: _Burst, signal: _Signal, found: list[Heard]) -> None:
        burst.signal = signal
        if signal.digit:
            self._end_silence(burst.onset, found)
            self.hears = signal.digit
            found.append((burst.onset, "digit", {"digit": signal.digit}))
            return
        names = self._names(burst, burst.onset)
        self._announce(burst, names[0], names, found)

    def _announce(self, burst: _Burst, name: str, names: list[str], found: list[Heard]) -> None:
        self._end_silence(burst.onset, found)
        burst.name, burst.names = name, names
        self.hears = name
        found.append(_tone(burst.onset, True, name, names, burst.signal))

    def _end_silence(self, at: float, found: list[Heard]) -> None:
        if self._silent:
            self._silent = False
            found.append(_tone(at, False, "silence", ["silence"], None, at - self._quiet_since))

    def _check_length(self, now: float, found: list[Heard]) -> None:
        """Has the burst become too long for the name it was given?"""
        burst = self._burst
        if burst is None or not burst.name or burst.signal is None:
            return
        names = self._names(burst, now)
        if names == burst.names:
            return
        burst.names = names
        if names[0] != burst.name:
            found.append(_tone(burst.onset, False, burst.name, names, burst.signal, 0.0))
            self._announce(burst, names[0], names, found)

    # ---- cadence ------------------------------------------------------------------------------------

    def _names(self, burst: _Burst, now: float) -> list[str]:
        """The tones that the burst can be, given its length so far and the bursts before it."""
        assert burst.signal is not None
        hz, age = burst.signal.hz, now - burst.onset
        for count in range(min(3, len(self._past)), -1, -1):
            past = self._past[len(self._past) - count :]
            names = [
                name for name, script in self._scripts.items() if _fits(script, past, hz, burst.onset, age)
            ]
            if names:
                return names
        # Longer than any section with these frequencies: take the longest.
        sections = [(s.on, name) for name, script in self._scripts.items() for s in script if s.hz == hz]
        return [max(sections)[1]] if sections else ["tone"]


def _fits(
    script: list[Section],
    past: list[tuple[frozenset[float], float, float]],
    hz: frozenset[float],
    onset: float,
    age: float,
) -> bool:
    """Can `past` bursts and then a present one (hz, since onset, so far age) be a stretch of the script?"""
    length = len(script)
    starts = [onset, *(p[1] for p in past)][1:] + [onset]
    for first in range(length):
        section = script[(first + len(past)) % length]
        if section.hz != hz or age > section.on * 1.1 + 0.03:
            continue
        for index, (old_hz, begin, end) in enumerate(past):
            old = script[(first + index) % length]
            gap = starts[index + 1] - end
            if old.hz != old_hz or not _near(end - begin, old.on) or not _near(gap, old.off):
                break
        else:
            return True
    return False


def _near(seconds: float, nominal: float) -> bool:
    return abs(seconds - nominal) <= 0.03 + 0.1 * nominal


def _tone(
    at: float, on: bool, name: str, names: list[str], signal: _Signal | None, seconds: float | None = None
) -> Heard:
    hz = sorted(signal.hz) if signal is not None else []
    detail: dict = {"on": on, "name": name, "names": list(names), "hz": hz}
    if seconds is not None:
        detail["ms"] = round(seconds * 1000)
    return at, "tone", detail


def _projections(signals: list[_Signal], length: int) -> tuple[np.ndarray, np.ndarray]:
    """An orthonormal basis of each signal's sines over `length` samples, stacked; and where each begins."""
    times = np.arange(length) / RATE
    rows, starts, at = [], [], 0
    for signal in signals:
        columns = []
        for hz in sorted(signal.hz):
            columns += [np.cos(2 * np.pi * hz * times), np.sin(2 * np.pi * hz * times)]
        basis, _ = np.linalg.qr(np.array(columns).T)
        rows.append(basis.T)
        starts.append(at)
        at += basis.shape[1]
    return np.concatenate(rows), np.array(starts)
