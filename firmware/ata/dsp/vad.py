"""Voice activity: is this frame speech, or only the noise of the room? (What G.711 Appendix II leaves open.)

How it works. Two energies are taken of a frame: of the samples, and of their differences, in which fricatives
stand out. Each has a noise floor of its own: it follows what is quieter within three frames, what is up to
6 dB louder slowly, and once a second it rises to the quietest frame of the last one to two seconds. A frame
with either energy 6 dB above its floor is voice, and so are the frames for 240 ms after it (80 ms after a
click of one or two frames). Louder than −35 dBm0 is always voice: steady tones, music and modems are no
noise; below −60 dBm0 never.

How to use it: process() for each frame. Only the constructor allocates.

Scales. Energies, of 80 samples or halved differences in 1/64, are at most 1.35 · 10⁹. Their log2 is kept
in sixteenths, 0.19 dB; 0 dBm0 is 548.
"""

# ptr16() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

from array import array

import micropython
from micropython import const

_0_DBM0 = const(548)
_VOICE = const(32)  # above the floor: 6 dB
_LEAST = const(229)  # −60 dBm0
_MOST = const(362)  # −35 dBm0
_TOP = const(330)  # the highest floor: that less 6 dB
_HANG = const(12)  # frames
_HANG_CLICK = const(4)
_CLICK = const(3)  # frames of voice that are no click
_WINDOW = const(50)  # frames
_NONE = const(1000)

# words of the state: three for each of the two energies, and
_FLOOR = const(0)
_MINIMUM = const(1)  # of this window
_BEFORE = const(2)  # of the one before
_AGE = const(6)  # frames of this window
_RUN = const(7)  # frames of voice running
_HOLD = const(8)  # frames for which it goes on
_LEVEL = const(9)  # of this frame


@micropython.viper
def _judge(pcm: ptr16, v: int, s: ptr32) -> int:
    """Whether v samples, 0 … 160, are voice; both parameters are registers of the loop, so v is used anew.

    Four samples a turn. Each square is rounded to sixty-fourths: two of 2**30 would not fit a word.
    """
    n = v
    own = 0
    other = 0
    while n:
        v = pcm[0] ^ 0x8000
        w = v
        v -= 0x8000
        own = ((v * v + 32) >> 6) + own
        v = ((pcm[1] ^ 0x8000) - w) >> 1
        other = ((v * v + 32) >> 6) + other
        v = pcm[2] ^ 0x8000
        w = v
        v -= 0x8000
        own = ((v * v + 32) >> 6) + own
        v = ((pcm[3] ^ 0x8000) - w) >> 1
        other = ((v * v + 32) >> 6) + other
        pcm = ptr16(uint(pcm) + 8)
        n -= 4
    active = 0
    i = 0
    while i < 6:
        v = own
        if i:
            v = other
        log = 96  # the 6 bits lost above
        while v > 511:
            v >>= 4
            log += 64
        while v > 31:
            v >>= 1
            log += 16
        if v > 15:
            log += v  # log2 in sixteenths of 16 … 31 is 64 and the four bits after the first, within 0.09
            log += 48
        v = log
        if i == 0:
            s[i + _LEVEL] = v
        if v > _LEAST and (v > s[i + _FLOOR] + _VOICE or (v > _MOST and i == 0)):
            active = 1
        elif v < s[i + _FLOOR]:
            s[i + _FLOOR] = s[i + _FLOOR] - ((s[i + _FLOOR] - v + 1) >> 1)
        elif v > s[i + _FLOOR] and s[_AGE] & 7 == 0:
            s[i + _FLOOR] = s[i + _FLOOR] + 1
        if v < s[i + _MINIMUM]:
            s[i + _MINIMUM] = v
        if s[_AGE] == _WINDOW - 1:
            v = s[i + _MINIMUM]
            if s[i + _BEFORE] < v:
                v = s[i + _BEFORE]
            if v > _TOP and i == 0:
                v = _TOP
            if v > s[i + _FLOOR]:
                s[i + _FLOOR] = v
            s[i + _BEFORE] = s[i + _MINIMUM]
            s[i + _MINIMUM] = _NONE
        i += 3
    i = 0
    v = s[_AGE] + 1
    if v == _WINDOW:
        v = 0
    s[i + _AGE] = v
    if active:
        v = s[_RUN] + 1
        s[i + _RUN] = v if v < _CLICK else _CLICK
        v = _HANG if v >= _CLICK else _HANG_CLICK
        if v > s[_HOLD]:
            s[i + _HOLD] = v
        return 1
    s[i + _RUN] = 0
    v = s[_HOLD]
    if v:
        s[i + _HOLD] = v - 1
        return 1
    return 0


class Vad:
    """Listens to one port."""

    def __init__(self):
        self._state = array("i", [0] * 10)
        self.reset()

    def reset(self):
        """A new call: the floor is −60 dBm0, and rises."""
        state = self._state
        k = 0
        while k < 10:
            state[k] = 0
            k += 1
        state[0] = state[3] = _LEAST
        state[1] = state[4] = _NONE

    def process(self, pcm, n):
        """1: voice in n samples (a multiple of 4, 160 at most) of array('h') or just after it; 0: silence."""
        return _judge(pcm, n, self._state)

    def level(self):
        """Of the last frame, in tenths of a dBm0, within 0.5 dB."""
        return (self._state[_LEVEL] - _0_DBM0) * 15 >> 3
