"""Loss concealment in the manner of ITU-T G.711 Appendix I.

What it does. When a frame is lost, the last pitch period heard is repeated; after 10 ms the last two, after
20 ms the last three, so that it does not buzz; from 10 ms on it gets weaker by 20 % each 10 ms, and after
60 ms there is silence. The first real samples are cross-faded with what would have been repeated.

How it works. The period (40 … 120 samples, 200 … 66 Hz) is the lag of the best normalised correlation of the
last 20 ms, searched at every second lag with every second sample, then at its neighbours with all. The piece
that is repeated joins itself without a step: its last quarter period is cross-faded into what came before it.

One thing is different. The Recommendation delays all audio by 3.75 ms so that it can still cross-fade the
last real samples into the first repeated ones. Here nothing is delayed: whatever step there would be at that
place (none, if the signal is periodic) is added and faded out over the first quarter period.

How to use it. For every frame of a stream call good(), or lost() in its place. The caller owns the frames.
"""

from array import array

import micropython
from micropython import const

_LONGEST = const(120)  # of the periods, samples
_SHORTEST = const(40)
_WINDOW = const(160)  # samples that are correlated
_HISTORY = const(390)  # three of the longest periods and a quarter
_LAST = const(390)  # behind it: its last 30 samples, unchanged,
_WORK = const(420)  # and work space of 80
_RING = const(400)
_PIECE = const(80)  # 10 ms
_END = const(480)  # silence after 60 ms
_ONE = const(16384)  # gain 1
_DECAY = const(41)  # of it a sample: 20 % in 10 ms


class Plc:
    """One instance a stream. Frames are array("h"), n a multiple of 80. `erased`: samples concealed since the
    last real one, at most 480."""

    def __init__(self):
        self._ring = array("h", [0] * _RING)  # what was played
        self._x = array("h", [0] * (_WORK + _PIECE))
        self.reset()

    def reset(self):
        """A new stream: forget what was heard."""
        for i in range(_RING):
            self._ring[i] = 0
        self._at = 0  # where the ring is written next
        self.erased = 0
        self._lag = self._length = 0  # the period; the piece at the history's end that is repeated
        self._offset = 0  # in that piece
        self._gain = _ONE

    def good(self, pcm, n):
        """A real frame pcm[:n]: remembered. After an erasure its first 10 ms at most are changed."""
        if self.erased:
            size = (self._lag >> 2) + 32 * (self.erased // _PIECE - 1)  # 4 ms more for each 10 ms lost
            if size > _PIECE:
                size = _PIECE
            _repeat(self._x, self._length, self._offset, self._x, _WORK, size)
            if self.erased > _PIECE:
                _fade(self._x, _WORK, size, self._gain)
            _cross(self._x, _WORK, pcm, 0, pcm, 0, size)
            self.erased = 0
        self._at = _remember(self._ring, self._at, pcm, 0, n)

    def lost(self, pcm, n):
        """A lost frame: pcm[:n] is filled."""
        x = self._x
        at = 0
        while at < n:
            if self.erased == 0:
                _unroll(self._ring, self._at, x)
                self._lag = _search(x)
                self._length = self._offset = 0
                self._gain = _ONE
            lag = self._lag
            quarter = lag >> 2
            if self.erased < 3 * _PIECE:  # one period more; the place in it stays in phase
                if self.erased:
                    _repeat(x, self._length, self._offset, x, _WORK, quarter)
                while self._offset >= lag:
                    self._offset -= lag
                self._length += lag
                before = _HISTORY - self._length - quarter
                _cross(x, _LAST + 30 - quarter, x, before, x, _HISTORY - quarter, quarter)
            self._offset = _repeat(x, self._length, self._offset, pcm, at, _PIECE)
            if self.erased == 0:
                _level(x, lag, pcm, at, quarter)
            else:
                if self.erased < 3 * _PIECE:
                    _cross(x, _WORK, pcm, at, pcm, at, quarter)
                self._gain = _fade(pcm, at, _PIECE, self._gain)
            if self.erased < _END:
                self.erased += _PIECE
            self._at = _remember(self._ring, self._at, pcm, at, _PIECE)
            at += _PIECE


@micropython.viper
def _remember(ring: ptr16, at: int, pcm: ptr16, start: int, n: int) -> int:
    """ring[at:] = pcm[start : start + n], round the end; the place behind."""
    while n:
        ring[at] = pcm[start]
        start += 1
        at += 1
        if at == _RING:
            at = 0
        n -= 1
    return at


@micropython.viper
def _unroll(ring: ptr16, at: int, x: ptr16):
    """The ring's last 390 samples in their order, and the last 30 of them once more."""
    at += _RING - _HISTORY
    if at >= _RING:
        at -= _RING
    i = 0
    while i < _HISTORY:
        x[i] = ring[at]
        at += 1
        if at == _RING:
            at = 0
        i += 1
    while i < _WORK:
        x[i] = x[i - 30]
        i += 1


@micropython.viper
def _search(x: ptr16) -> int:
    """The lag, 40 … 120, at which the last 160 samples of history look most like those before: greatest
    correlation² / energy, of the positive ones. 120 if there is none.

    Bounds: samples are scaled to 11 bits, so the sum of 280 squares is below 280 · 2**22 < 2**31; sums are
    then scaled so that the energy of all 280 is below 2**15, and by Cauchy-Schwarz every correlation too.
    """
    peak = 0
    i = _HISTORY - _WINDOW - _LONGEST
    while i < _HISTORY:
        a = (int(x[i]) ^ 0x8000) - 0x8000
        if a < 0:
            a = 0 - a
        if a > peak:
            peak = a
        i += 1
    scale = 0
    while peak >> scale >= 2048:
        scale += 1

    total = 0
    energy = 0  # of every second sample of the window at the longest lag
    i = _HISTORY - _WINDOW - _LONGEST
    while i < _HISTORY:
        a = ((int(x[i]) ^ 0x8000) - 0x8000) >> scale
        total += a * a
        if i < _HISTORY - _LONGEST and i & 1 == 0:
            energy += a * a
        i += 1
    shift = 0
    while total >> shift >= 32768:
        shift += 1

    best = _LONGEST
    most = 0
    lag = _LONGEST
    while lag >= _SHORTEST:
        corr = 0
        i = _HISTORY - _WINDOW
        while i < _HISTORY:
            a = ((int(x[i]) ^ 0x8000) - 0x8000) >> scale
            b = ((int(x[i - lag]) ^ 0x8000) - 0x8000) >> scale
            corr += a * b
            i += 2
        corr = corr >> shift
        if corr > 0:
            score = corr * corr // ((energy >> shift) + 16)
            if score > most:
                most = score
                best = lag
        a = ((int(x[_HISTORY - _WINDOW - lag]) ^ 0x8000) - 0x8000) >> scale
        b = ((int(x[_HISTORY - lag]) ^ 0x8000) - 0x8000) >> scale
        energy += b * b - a * a
        lag -= 2

    # the same with every sample, at the best lag and its neighbours
    most = 0
    middle = best
    lag = middle + 1
    if lag > _LONGEST:
        lag = _LONGEST
    while lag >= middle - 1 and lag >= _SHORTEST:
        corr = 0
        energy = 0
        i = _HISTORY - _WINDOW
        while i < _HISTORY:
            a = ((int(x[i]) ^ 0x8000) - 0x8000) >> scale
            b = ((int(x[i - lag]) ^ 0x8000) - 0x8000) >> scale
            corr += a * b
            energy += b * b
            i += 1
        corr = corr >> shift
        if corr > 0:
            score = corr * corr // ((energy >> shift) + 16)
            if score > most:
                most = score
                best = lag
        lag -= 1
    return best


@micropython.viper
def _repeat(x: ptr16, length: int, offset: int, out: ptr16, at: int, n: int) -> int:
    """out[at : at + n]: the last `length` samples of x from `offset` on, over and over. The next offset."""
    i = _HISTORY - length + offset
    while n:
        out[at] = x[i]
        at += 1
        i += 1
        if i == _HISTORY:
            i = _HISTORY - length
        n -= 1
    return i - _HISTORY + length


@micropython.viper
def _cross(old: ptr16, i: int, new: ptr16, j: int, out: ptr16, k: int, n: int):
    """out[k : k + n]: old[i:] fading out and new[j:] fading in, linearly."""
    step = _ONE // n
    w = 0
    while n:
        a = (int(old[i]) ^ 0x8000) - 0x8000
        b = (int(new[j]) ^ 0x8000) - 0x8000
        out[k] = ((a * (_ONE - w) + b * w) >> 14) & 0xFFFF
        w += step
        i += 1
        j += 1
        k += 1
        n -= 1


@micropython.viper
def _level(x: ptr16, lag: int, pcm: ptr16, at: int, n: int):
    """Take the step out of the place where the repetition begins: what the last real sample and the one a
    period before it differ in is added to pcm[at : at + n], less and less, and limited to 16 bits."""
    step = ((int(x[_WORK - 1]) ^ 0x8000) - 0x8000) - ((int(x[_HISTORY - 1 - lag]) ^ 0x8000) - 0x8000)
    part = _ONE // n
    w = _ONE
    while n:
        a = (int(pcm[at]) ^ 0x8000) - 0x8000
        a += (step * w) >> 14
        if a > 32767:
            a = 32767
        if a < -32768:
            a = -32768
        pcm[at] = a & 0xFFFF
        w -= part
        at += 1
        n -= 1


@micropython.viper
def _fade(pcm: ptr16, at: int, n: int, gain: int) -> int:
    """pcm[at : at + n] weaker and weaker, from `gain` (16384 is 1) on; the gain at the end, 0 at least."""
    while n:
        gain -= _DECAY
        if gain < 0:
            gain = 0
        a = (int(pcm[at]) ^ 0x8000) - 0x8000
        pcm[at] = ((a * gain) >> 14) & 0xFFFF
        at += 1
        n -= 1
    return gain
