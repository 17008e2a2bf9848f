"""A telephone and the person at it: handset, hook switch, keypad, dial, bell, microphone, earpiece.

Actions are queued in board time: each starts when the one before it has ended (a number takes as long as
it takes to dial) and returns the board time in seconds at which it will have ended. Speech has a queue
of its own, since a person can hang up in the middle of a sentence.
"""

import random
import wave
from collections import deque
from pathlib import Path

import numpy as np

from host_tools.virtual_board.display import Display
from host_tools.virtual_board.ring_detector import RingDetector
from host_tools.virtual_board.wire import STEP, Wire

RATE = 8000
BLOCK = 80
DIGITS = "0123456789*#ABCD"
_ROWS = (697.0, 770.0, 852.0, 941.0)
_COLUMNS = (1209.0, 1336.0, 1477.0, 1633.0)
_PAD = ("123A", "456B", "789C", "*0#D")
ZERO_DBM0 = 22828.0  # peak of a 0 dBm0 sine
_KEEP_BLOCKS = 100 * 60 * 20  # recordings keep the last 20 minutes
_BOUNCES = 4  # contact changes after the first one; even, so that it ends where it should
_ACK_AFTER, _ACK_MS = 0.02, 60.0  # s after CAS, and how long (SR-3004: within 100 ms, 55 to 65 ms)
_LEAST_SPEAKING = 0.004  # A of loop current below which a telephone's speech circuit is dead


def dtmf(
    digit: str, ms: float, level_dbm0: float = -8.0, twist_db: float = 0.0, error_percent: float = 0.0
) -> np.ndarray:
    """One DTMF digit as 8 kHz samples (float): each tone at level_dbm0, the high one twist_db above it.

    Raises ValueError for a character that is not a digit.
    """
    key = digit.upper()
    row = next((index for index, keys in enumerate(_PAD) if len(key) == 1 and key in keys), None)
    if row is None:
        raise ValueError(f"{digit!r} is no DTMF digit: one of {DIGITS}")
    column = _PAD[row].index(key)
    times = np.arange(round(ms * RATE / 1000)) / RATE
    peak = ZERO_DBM0 * 10 ** (level_dbm0 / 20)
    stretch = 2 * np.pi * (1 + error_percent / 100)
    low = np.sin(stretch * _ROWS[row] * times)
    high = np.sin(stretch * _COLUMNS[column] * times) * 10 ** (twist_db / 20)
    return peak * (low + high)


def load_wav(path: str | Path) -> np.ndarray:
    """A WAV file (16 bit, any rate and channels) as 8 kHz int16 mono. Raises ValueError for other formats."""
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"{path}: {8 * file.getsampwidth()} bit samples; 16 bit are needed")
        rate, channels = file.getframerate(), file.getnchannels()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, channels)[:, 0]
    if rate != RATE:
        from scipy.signal import resample_poly

        resampled = resample_poly(samples.astype(float), RATE, rate)
        samples = np.clip(np.rint(resampled), -32768, 32767)
    return samples.astype(np.int16)


def save_wav(path: str | Path, samples: np.ndarray) -> None:
    """8 kHz 16-bit mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())


class Phone:
    """One telephone on a wire. `lifted` is the handset; the loop may be open all the same (flash, pulses).

    seed: of the bounces of its contacts.
    """

    def __init__(self, wire: Wire, seed: int = 0):
        self.wire = wire
        self.now = 0.0  # board time in seconds
        self.lifted = False
        self.bounce_ms = 4.0  # how long each contact change chatters; 0 = an ideal contact
        self.bell = RingDetector()
        self.display = Display()
        self.events: list[tuple[float, str, dict]] = []  # (time, kind, detail), taken by the board
        self._random = random.Random(seed)
        self._lifted_later = False  # after all queued actions
        self._free_at = 0.0
        self._contacts: deque[tuple[float, bool]] = deque()
        self._hooks: deque[tuple[float, bool]] = deque()
        self._keypad: deque[tuple[int, np.ndarray]] = deque()  # (first sample, samples)
        self._speech: deque[tuple[int, np.ndarray]] = deque()
        self._powered = deque(maxlen=8)
        self._ear: deque[np.ndarray] = deque(maxlen=_KEEP_BLOCKS)
        self._line: deque[np.ndarray] = deque(maxlen=_KEEP_BLOCKS)
        self._mouth: deque[np.ndarray] = deque(maxlen=_KEEP_BLOCKS)
        self._blocks = 0
        self._sample = 0

    # ---- properties of the instrument ---------------------------------------------------------------

    @property
    def ren(self) -> float:
        return self.wire.ren

    @ren.setter
    def ren(self, value: float) -> None:
        self.wire.ren = value

    @property
    def off_hook_ohms(self) -> float:
        return self.wire.off_hook_ohms

    @off_hook_ohms.setter
    def off_hook_ohms(self, value: float) -> None:
        self.wire.off_hook_ohms = value

    @property
    def busy_until(self) -> float:
        """Board time at which the last queued action (not speech) ends."""
        return max(self._free_at, self.now)

    # ---- what the person does -----------------------------------------------------------------------

    def lift(self) -> float:
        """Pick up the handset."""
        return self._hook(True)

    def hang_up(self) -> float:
        """Put the handset down. Speech that is still queued is not heard by anyone."""
        return self._hook(False)

    def _hook(self, up: bool) -> float:
        at = self.busy_until
        if up != self._lifted_later:
            self._lifted_later = up
            self._hooks.append((at, up))
            self._change(at, up)
        self._free_at = at
        return at

    def flash(self, ms: float = 300.0) -> float:
        """Press the hook switch for `ms`. Raises ValueError if the phone is (or will be) on-hook."""
        self._need_handset("flash")
        at = self.busy_until
        self._change(at, False)
        self._change(at + ms / 1000, True)
        self._free_at = at + ms / 1000
        return self._free_at

    def dial(
        self,
        digits: str,
        on_ms: float = 80.0,
        off_ms: float = 80.0,
        level_dbm0: float = -8.0,
        twist_db: float = 0.0,
        error_percent: float = 0.0,
    ) -> float:
        """Press keys: each tone pair at level_dbm0 per tone; a comma is a pause of one second.

        Returns the time at which the last tone ends. Raises ValueError if on-hook or for a character that is
        not a digit.
        """
        self._need_handset("dial")
        parts = [
            (d, None if d == "," else dtmf(d, on_ms, level_dbm0, twist_db, error_percent)) for d in digits
        ]
        at = end = self.busy_until
        for _, samples in parts:
            if samples is None:
                at += 1.0
                continue
            self._keypad.append((max(round(at * RATE), self._sample), samples))
            end = at + on_ms / 1000
            at = end + off_ms / 1000
        self._free_at = at
        return end

    def pulse(
        self, digits: str, pps: float = 10.0, break_percent: float = 60.0, between_ms: float = 700.0
    ) -> float:
        """Turn a rotary dial: n breaks of the loop for digit n, ten for 0; `between_ms` between digits.

        Returns the time of the last make. Raises ValueError if on-hook or for anything but decimal digits.
        """
        self._need_handset("pulse dial")
        if not digits.isdecimal():
            raise ValueError(f"{digits!r}: a rotary dial has the digits 0 to 9 only")
        at = self.busy_until
        for position, digit in enumerate(digits):
            if position:
                at += between_ms / 1000
            for _ in range(int(digit) or 10):
                self._change(at, False)
                self._change(at + break_percent / 100 / pps, True)
                at += 1 / pps
        end = at - (1 - break_percent / 100) / pps
        self._free_at = at
        return end

    def say(self, speech: np.ndarray | str | Path, after: float = 0.0) -> float:
        """Speak into the microphone: int16 samples at 8 kHz, or a WAV file. Starts `after` this time (s)
        and when earlier speech has ended. Not heard while the loop is open."""
        samples = load_wav(speech) if isinstance(speech, (str, Path)) else np.asarray(speech)
        begin = max(self._sample, round(after * RATE))
        if self._speech:
            last, old = self._speech[-1]
            begin = max(begin, last + len(old))
        self._speech.append((begin, samples.astype(float)))
        return (begin + len(samples)) / RATE

    def hush(self) -> None:
        """Stop speaking."""
        self._speech.clear()

    def _need_handset(self, what: str) -> None:
        if not self._lifted_later:
            raise ValueError(f"cannot {what}: the phone is on-hook, lift it first")

    def _change(self, at: float, closed: bool) -> None:
        """Queue a contact change with its bounces."""
        self._contacts.append((at, closed))
        if self.bounce_ms:
            state = closed
            for fraction in sorted(self._random.random() for _ in range(_BOUNCES)):
                state = not state
                self._contacts.append((at + self.bounce_ms * fraction / 1000, state))

    # ---- recordings ---------------------------------------------------------------------------------

    def earpiece(self, start_s: float = 0.0) -> np.ndarray:
        """What came out of the earpiece since board time start_s: int16, 8 kHz (20 minutes are kept)."""
        return self._recording(self._ear, start_s)

    def line(self, start_s: float = 0.0) -> np.ndarray:
        """What came over the line since board time start_s, with the handset down too: int16, 8 kHz."""
        return self._recording(self._line, start_s)

    def microphone(self, start_s: float = 0.0) -> np.ndarray:
        """What went from microphone and keypad to the line since board time start_s: int16, 8 kHz."""
        return self._recording(self._mouth, start_s)

    def _recording(self, blocks: deque[np.ndarray], start_s: float) -> np.ndarray:
        dropped = self._blocks - len(blocks)
        skip = max(0, round(start_s * RATE) - dropped * BLOCK)
        if not blocks:
            return np.zeros(0, np.int16)
        return np.concatenate(blocks)[skip:]

    # ---- time, called by the board ------------------------------------------------------------------

    def step(self, now: float) -> None:
        """Before each 1.25 ms step of the wire: move the contact."""
        self.now = now
        while self._contacts and self._contacts[0][0] <= now:
            self.wire.closed = self._contacts.popleft()[1]
        while self._hooks and self._hooks[0][0] <= now:
            at, self.lifted = self._hooks.popleft()
            self.events.append((max(at, now - STEP), "hook", {"up": self.lifted}))
            if not self.lifted:
                self._keypad.clear()

    def after_step(self) -> None:
        """After each step of the wire: what the bell and the speech circuit get."""
        self.bell.sample(self.wire.v_phone)
        self._powered.append(abs(self.wire.i_phone) > _LEAST_SPEAKING)

    def speak(self) -> np.ndarray:
        """The next 80 samples that this telephone sends into the line (float)."""
        first, self._sample = self._sample, self._sample + BLOCK
        signal = np.zeros(BLOCK)
        speech = self._take(self._speech, first)
        keys = self._take(self._keypad, first)
        if keys is not None:
            signal = keys  # a keypad mutes the microphone
        elif speech is not None:
            signal = speech
        if not any(self._powered):
            signal = np.zeros(BLOCK)
        self._mouth.append(np.clip(signal, -32768, 32767).astype(np.int16))
        return signal

    def hear(self, signal: np.ndarray) -> np.ndarray:
        """80 samples that come from the line (float); what of it the earpiece gives (int16)."""
        if all(self._powered):
            heard = np.rint(signal).astype(np.int16)
        elif any(self._powered):
            mask = np.repeat(np.array(self._powered, dtype=float), BLOCK // len(self._powered))
            heard = np.rint(signal * mask).astype(np.int16)
        else:
            heard = np.zeros(BLOCK, np.int16)
        self._ear.append(heard)
        self._line.append(np.clip(np.rint(signal), -32768, 32767).astype(np.int16))
        self._blocks += 1
        for kind, detail in self.display.block(np.asarray(signal, float), self.now, self.lifted):
            if kind == "cas":  # it answers with a D within 100 ms, its microphone and earpiece mute
                self._keypad.append((self._sample + round(_ACK_AFTER * RATE), dtmf("D", _ACK_MS)))
            else:
                self.events.append((self.now, kind, detail))
        self.bell.block(self.now, self.lifted, self.events)
        return heard

    @staticmethod
    def _take(queue: deque[tuple[int, np.ndarray]], first: int) -> np.ndarray | None:
        """The part of the queued segments in the block from sample `first`; None if there is none."""
        signal = None
        while queue:
            start, samples = queue[0]
            if start >= first + BLOCK:
                break
            if signal is None:
                signal = np.zeros(BLOCK)
            begin, end = max(start, first), min(start + len(samples), first + BLOCK)
            if end > begin:
                signal[begin - first : end - first] += samples[begin - start : end - start]
            if start + len(samples) > first + BLOCK:
                break
            queue.popleft()
        return signal
