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
_CLICK = const(2)  # frames of voice that may be one
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
def _judge(pcm: ptr16, v: int, s: ptr16) -> int:
    """Whether v samples, 0 … 160, are voice; both parameters are registers: v is used anew, and pcm in the
    end for the words of one of the energies.

    Eight samples a turn. Each square is rounded to sixty-fourths: two of 2**30 would not fit a word. With the
    sample in offset form, x + 32768, times x − 32768 it is x² − 2**30; 2**24 of these are given back at once.
    """
    n = v
    own = n << 23
    other = 0
    while n:
        v = pcm[0] ^ 0x8000
        own = (((v - 0x10000) * v + 32) >> 6) + own
        v = ((pcm[1] ^ 0x8000) - v) >> 1
        other = ((v * v + 32) >> 6) + other
        v = pcm[2] ^ 0x8000
        own = (((v - 0x10000) * v + 32) >> 6) + own
        v = ((pcm[3] ^ 0x8000) - v) >> 1
        other = ((v * v + 32) >> 6) + other
        v = pcm[4] ^ 0x8000
        own = (((v - 0x10000) * v + 32) >> 6) + own
        v = ((pcm[5] ^ 0x8000) - v) >> 1
        other = ((v * v + 32) >> 6) + other
        v = pcm[6] ^ 0x8000
        own = (((v - 0x10000) * v + 32) >> 6) + own
        v = ((pcm[7] ^ 0x8000) - v) >> 1
        other = ((v * v + 32) >> 6) + other
        pcm = ptr16(uint(pcm) + 16)
        n -= 8
    active = 0
    most = _NONE
    v = other
    pcm = ptr16(uint(s) + 6)
    while most:
        # log2 in sixteenths, of 16 … 31 that is 64 and the four bits after the first, within 0.09
        log = 96  # the 6 bits lost above
        if v >> 20:
            v >>= 16
            log = 352
        if v >> 12:
            v >>= 8
            log += 128
        if v >> 8:
            v >>= 4
            log += 64
        if v >> 6:
            v >>= 2
            log += 32
        if v >> 5:
            v >>= 1
            log += 16
        if v >> 4:
            log += 48
            v += log
        else:
            v = log
        s[_LEVEL] = v  # in the end that of the samples
        if v > _LEAST and (v > pcm[_FLOOR] + _VOICE or v > most):
            active = 1
        elif v < pcm[_FLOOR]:
            pcm[_FLOOR] = (pcm[_FLOOR] + v) >> 1
        elif not s[_AGE] & 7 and v - pcm[_FLOOR]:
            pcm[_FLOOR] = pcm[_FLOOR] + 1
        if v < pcm[_MINIMUM]:
            pcm[_MINIMUM] = v
        if not s[_AGE] - (_WINDOW - 1):
            v = pcm[_MINIMUM]
            if pcm[_BEFORE] < v:
                v = pcm[_BEFORE]
            if v > _TOP and most < _NONE:
                v = _TOP
            if v > pcm[_FLOOR]:
                pcm[_FLOOR] = v
            pcm[_BEFORE] = pcm[_MINIMUM]
            pcm[_MINIMUM] = _NONE
        v = own
        pcm = s
        most = _MOST if most > _MOST else 0
    v = pcm[_AGE] + 1
    if v == _WINDOW:
        v = 0
    pcm[_AGE] = v
    if active:
        v = _HANG
        if pcm[_RUN] < _CLICK:
            pcm[_RUN] = pcm[_RUN] + 1
            v = _HANG_CLICK
        if v > pcm[_HOLD]:
            pcm[_HOLD] = v
        return 1
    pcm[_RUN] = 0
    v = pcm[_HOLD]
    if v:
        pcm[_HOLD] = v - 1
        return 1
    return 0


class Vad:
    """Listens to one port."""

    def __init__(self):
        self._state = array("H", [0] * 10)
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
        """1: voice in n samples (a multiple of 8, 160 at most) of array('h') or just after it; 0: silence."""
        return _judge(pcm, n, self._state)

    def level(self):
        """Of the last frame, in tenths of a dBm0, within 0.5 dB."""
        return (self._state[_LEVEL] - _0_DBM0) * 15 >> 3
