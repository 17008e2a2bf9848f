"""Loss concealment in the manner of ITU-T G.711 Appendix I.

What it does. When a frame is lost, the last pitch period heard is repeated; after 10 ms the last two, after
20 ms the last three, so that it does not buzz; from 10 ms on it gets weaker by 20 % each 10 ms, and after
60 ms there is silence. The first real samples are cross-faded with what would have been repeated.

How it works. The period is that of pitch.py. The piece that is repeated joins itself without a step: its
last quarter period is cross-faded into what came before it.

One thing is different. The Recommendation delays all audio by 3.75 ms so that it can still cross-fade the
last real samples into the first repeated ones. Here nothing is delayed: whatever step there would be at that
place (none, if the signal is periodic) is added and faded out over the first quarter period.

How to use it. For every frame of a stream call good(), or lost() in its place. The caller owns the frames.
"""

# ptr16(), ptr32() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

from array import array

import micropython
from micropython import const

from ata.dsp.pitch import search

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
        self._ring = array("h", bytes(2 * _RING))  # what was played
        self._x = array("h", bytes(2 * (_WORK + _PIECE)))
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
            _repeat(self._x, self._x, self._length, self._offset, _WORK, size)
            if self.erased > _PIECE:
                _fade(self._gain, self._x, _WORK, size)
            _cross(0, 0, self._x, _WORK, pcm, 0, pcm, 0, size)
            self.erased = 0
        self._at = _remember(self._ring, pcm, self._at, 0, n)

    def lost(self, pcm, n):
        """A lost frame: pcm[:n] is filled."""
        x = self._x
        at = 0
        while at < n:
            if self.erased == 0:
                _unroll(x, self._ring, self._at)
                self._lag = search(x, 0, x)
                _unroll(x, self._ring, self._at)
                self._length = self._offset = 0
                self._gain = _ONE
            lag = self._lag
            quarter = lag >> 2
            if self.erased < 3 * _PIECE:  # one period more; the place in it stays in phase
                if self.erased:
                    _repeat(x, x, self._length, self._offset, _WORK, quarter)
                while self._offset >= lag:
                    self._offset -= lag
                self._length += lag
                before = _HISTORY - self._length - quarter
                _cross(0, 0, x, _LAST + 30 - quarter, x, before, x, _HISTORY - quarter, quarter)
            self._offset = _repeat(x, pcm, self._length, self._offset, at, _PIECE)
            if self.erased == 0:
                _level(0, 0, x, lag, pcm, at, quarter)
            else:
                if self.erased < 3 * _PIECE:
                    _cross(0, 0, x, _WORK, pcm, at, pcm, at, quarter)
                self._gain = _fade(self._gain, pcm, at, _PIECE)
            if self.erased < _END:
                self.erased += _PIECE
            self._at = _remember(self._ring, pcm, self._at, at, _PIECE)
            at += _PIECE


# The first two variables of a kernel live in registers; those called v, w or c are no arguments. Loops are
# unrolled because what moves pointers and counts costs as much as several plain samples.


@micropython.viper
def _remember(ring: ptr16, pcm: ptr16, at: int, start: int, n: int) -> int:
    """ring[at:] = pcm[start : start + n], round the end; the place behind. All are multiples of 8."""
    first = ring
    ring = ptr16(uint(ring) + (at << 1))
    pcm = ptr16(uint(pcm) + (start << 1))
    while n:
        ring[0] = pcm[0]
        ring[1] = pcm[1]
        ring[2] = pcm[2]
        ring[3] = pcm[3]
        ring[4] = pcm[4]
        ring[5] = pcm[5]
        ring[6] = pcm[6]
        ring[7] = pcm[7]
        ring = ptr16(uint(ring) + 16)
        pcm = ptr16(uint(pcm) + 16)
        n -= 8
        at += 8
        if at == _RING:
            at = 0
            ring = first
    return at


@micropython.viper
def _unroll(x: ptr16, ring: ptr16, at: int):
    """The ring's last 390 samples in their order, and the last 30 once more. `at`: a multiple of 80."""
    first = ring
    at += _RING - _HISTORY
    ring = ptr16(uint(ring) + (at << 1))
    n = _WORK
    while n:
        x[0] = ring[0]
        x[1] = ring[1]
        x[2] = ring[2]
        x[3] = ring[3]
        x[4] = ring[4]
        x[5] = ring[5]
        x[6] = ring[6]
        x[7] = ring[7]
        x[8] = ring[8]
        x[9] = ring[9]
        x = ptr16(uint(x) + 20)
        ring = ptr16(uint(ring) + 20)
        n -= 10
        at += 10
        if at == _RING:
            ring = first
        if n == _WORK - _HISTORY:
            ring = ptr16(uint(x) - 2 * (_WORK - _HISTORY))


@micropython.viper
def _repeat(x: ptr16, out: ptr16, length: int, offset: int, at: int, n: int) -> int:
    """out[at : at + n]: the last `length` samples of x from `offset` on, over and over. The next offset."""
    first = ptr16(uint(x) + ((_HISTORY - length) << 1))
    out = ptr16(uint(out) + (at << 1))
    while n:
        x = ptr16(uint(first) + (offset << 1))
        at = length - offset  # to the end of the piece
        if at > n:
            at = n
        n -= at
        offset += at
        if offset == length:
            offset = 0
        while at & 3:
            out[0] = x[0]
            out = ptr16(uint(out) + 2)
            x = ptr16(uint(x) + 2)
            at -= 1
        while at:
            out[0] = x[0]
            out[1] = x[1]
            out[2] = x[2]
            out[3] = x[3]
            out = ptr16(uint(out) + 8)
            x = ptr16(uint(x) + 8)
            at -= 4
    return offset


@micropython.viper
def _cross(v: int, w: int, old: ptr16, i: int, new: ptr16, j: int, out: ptr16, k: int, n: int):
    """out[k : k + n]: old[i:] fading out and new[j:] fading in, linearly."""
    step = _ONE // n
    w = 0
    old = ptr16(uint(old) + (i << 1))
    new = ptr16(uint(new) + (j << 1))
    out = ptr16(uint(out) + (k << 1))
    if n & 1:
        v = old[0] ^ 0x8000
        out[0] = ((((new[0] ^ 0x8000) - v) * w >> 14) + v) ^ 0x8000
        w += step
        old = ptr16(uint(old) + 2)
        new = ptr16(uint(new) + 2)
        out = ptr16(uint(out) + 2)
        n -= 1
    while n:
        v = old[0] ^ 0x8000
        out[0] = ((((new[0] ^ 0x8000) - v) * w >> 14) + v) ^ 0x8000
        w += step
        v = old[1] ^ 0x8000
        out[1] = ((((new[1] ^ 0x8000) - v) * w >> 14) + v) ^ 0x8000
        w += step
        old = ptr16(uint(old) + 4)
        new = ptr16(uint(new) + 4)
        out = ptr16(uint(out) + 4)
        n -= 2


@micropython.viper
def _level(v: int, w: int, x: ptr16, lag: int, pcm: ptr16, at: int, n: int):
    """Take the step out of the place where the repetition begins: what the last real sample and the one a
    period before it differ in is added to pcm[at : at + n], less and less, and limited to 16 bits."""
    x = ptr16(uint(x) + 2 * (_HISTORY - 1))
    v = x[_WORK - _HISTORY] ^ 0x8000
    x = ptr16(uint(x) - (lag << 1))
    step = v - (x[0] ^ 0x8000)
    part = _ONE // n
    w = _ONE
    pcm = ptr16(uint(pcm) + (at << 1))
    while n:
        v = (step * w) >> 14
        v = (pcm[0] ^ 0x8000) + v - 0x8000
        if (v + 0x8000) & -0x10000:
            v = (v >> 31) ^ 0x7FFF
        pcm[0] = v
        w -= part
        pcm = ptr16(uint(pcm) + 2)
        n -= 1


@micropython.viper
def _fade(gain: int, pcm: ptr16, at: int, n: int) -> int:
    """pcm[at : at + n] weaker and weaker, from `gain` (16384 is 1) on; the gain at the end, 0 at least."""
    pcm = ptr16(uint(pcm) + (at << 1))
    while n:
        gain -= _DECAY
        if gain < 0:
            gain = 0
        pcm[0] = ((pcm[0] ^ 0x8000) - 0x8000) * gain >> 14
        pcm = ptr16(uint(pcm) + 2)
        n -= 1
    return gain
