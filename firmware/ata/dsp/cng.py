"""Comfort noise (RFC 3389, G.711 Appendix II): what is sent instead of silence, and heard in its place.

    payload   level: 0 … 127, −dBov
              up to two reflection coefficients k of an all-pole model of the noise, each 127 + 127 · k
              more of them, which are not read here (RFC 3389 §3 allows that)

0 dBov is a square wave that overloads the codec, 6.15 dBm0. The model is 1 / (1 + a1 z⁻¹ + a2 z⁻²) with
a1 = k1 (1 + k2), a2 = k2: noise with more low than high frequencies has a negative k1.

How to use it. Sender: NoiseSender.step() for each frame, with what the Vad says. Receiver: Noise.update() for
each payload, make() for each frame that is to be heard. Only the constructors allocate.
"""

# ptr16() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

from array import array

import micropython
from micropython import const

from ata.dsp.level import peak

_LOUDEST = const(30)  # −dBov, −24 dBm0: no payload makes a louder noise (G.711 Appendix II gives no limit)
_QUIETEST = const(78)  # … nor one that G.711 could not carry
_STEEPEST = const(3900)  # |k|, Q12: 0.95
_KEEP = const(50)  # frames after which an unchanged noise is told again: 1 s
_REST = const(8)  # frames between two payloads at least
_CHANGE = const(3)  # dB that are worth a new one

# A generator's state
_RANDOM = const(0)
_GAIN = const(1)
_TARGET = const(2)  # what the gain moves to
_A1 = const(3)  # Q10, + _OFF
_A2 = const(4)
_S1 = const(5)  # the last two samples times 16, + _OFF
_S2 = const(6)
_OFF = const(0x1000000)
_ZERO = const(0x10000000)

_EXCITATION = const(454168)  # gain for 0 dBov: 16 · 32768 · 1024 / (4096 / √12)


@micropython.viper
def _make(s1: int, s2: int, pcm: ptr16, n: int, s: ptr32):
    # s1 and s2 are no arguments but the state of the filter: the first two locals live in registers.
    s1 = s[_S1] - _OFF
    s2 = s[_S2] - _OFF
    a1 = s[_A1] - _OFF
    a2 = s[_A2] - _OFF
    random = s[_RANDOM]
    gain = s[_GAIN]
    i = 0
    while n:
        random = (random * 1229 + 7621) & 0x1FFFF
        s2 = ((((random >> 5) - 2048) * gain) >> 10) - ((a2 * s2 + a1 * s1) >> 10)
        pcm[0] = s2 >> 4
        random = (random * 1229 + 7621) & 0x1FFFF
        s1 = ((((random >> 5) - 2048) * gain) >> 10) - ((a2 * s1 + a1 * s2) >> 10)
        pcm[1] = s1 >> 4
        pcm = ptr16(uint(pcm) + 4)
        n -= 2
    s[i + _S1] = s1 + _OFF
    s[i + _S2] = s2 + _OFF
    s[i + _RANDOM] = random
    s[i + _GAIN] = gain + ((int(s[_TARGET]) - gain + 3) >> 2)


@micropython.viper
def _correlate(v: int, last: int, pcm: ptr16, n: int, shift: int, r: ptr32):
    """r[k] = _ZERO + Σ x[i] · x[i − k], k = 0, 1, 2, of the samples >> shift, at most 1023: below 2**28."""
    # v and last are no arguments: the first two locals live in registers.
    r0 = 0
    r1 = 0
    r2 = 0
    last = 0
    before = 0
    while n:  # two samples a turn: v and last change their parts
        v = ((pcm[0] ^ 0x8000) - 0x8000) >> shift
        r0 = v * v + r0
        r1 = v * last + r1
        r2 = before * v + r2
        before = last
        last = ((pcm[1] ^ 0x8000) - 0x8000) >> shift
        r0 = last * last + r0
        r1 = last * v + r1
        r2 = before * last + r2
        before = v
        pcm = ptr16(uint(pcm) + 4)
        n -= 2
    i = 0
    r[i] = r0 + _ZERO
    r[i + 1] = r1 + _ZERO
    r[i + 2] = r2 + _ZERO


class Noise:
    """Makes the noise that a peer describes. `seed` (odd): two ports need not make the same one."""

    def __init__(self, seed=1):
        self._state = array("i", [seed, 0, 0, _OFF, _OFF, _OFF, _OFF])
        self.reset()

    def reset(self):
        """A new call: quiet, white noise until a payload comes."""
        self._describe(_QUIETEST, 0, 0)
        self._state[_GAIN] = self._state[_TARGET]

    def update(self, buf, offset, n):
        """A payload: buf[offset : offset + n]. An empty one changes nothing."""
        if n:
            self._describe(
                buf[offset] & 127,
                _coefficient(buf[offset + 1]) if n > 1 else 0,
                _coefficient(buf[offset + 2]) if n > 2 else 0,
            )

    def make(self, pcm, n):
        """Fill pcm[:n] (array('h'), n even) with noise."""
        _make(0, 0, pcm, n, self._state)

    def _describe(self, level, k1, k2):
        state = self._state
        state[_A1] = _OFF + (k1 * (4096 + k2) >> 14)
        state[_A2] = _OFF + (k2 >> 2)
        # The filter raises the power by 1 / ((1 − k1²)(1 − k2²)).
        rest = (16777216 - k1 * k1 >> 12) * (16777216 - k2 * k2 >> 12) >> 12
        level = min(max(level, _LOUDEST), _QUIETEST)
        # 10^(−level / 20): halves of 6 dB, then single dB
        gain = _EXCITATION >> level // 6
        level = level % 6
        while level:
            gain = gain * 891 // 1000  # 1 dB
            level -= 1
        root = 512  # √rest, Q9, by Newton's method; it is at least 50
        while root * root > (rest << 6) + root:
            root = (root + (rest << 6) // root) >> 1
        state[_TARGET] = gain * root >> 9


def _coefficient(octet):
    """k, Q12 (RFC 3389 §3.2; 255 is not used)."""
    return max(-_STEEPEST, min(_STEEPEST, (min(octet, 254) - 127) * 258 >> 3))


def _octet(k):
    return 127 + (max(-_STEEPEST, min(_STEEPEST, k)) * 127 + 2048 >> 12)


class NoiseSender:
    """Decides when a payload is due while nobody speaks: at once, when the noise changed, and each second."""

    def __init__(self):
        self._age = _KEEP  # frames since the last payload of this silence
        self._level = 0  # what it said
        self._sums = array("i", [0, 0, 0])

    def step(self, voice, level, pcm, n, out, offset):
        """Once a frame: what Vad.process() and Vad.level() said of it, and the frame, pcm[:n]. Returns the
        length of the payload now in out[offset:], which is to be sent, or 0."""
        if voice:
            self._age = _KEEP
            return 0
        self._age += 1
        if self._age <= _REST:
            return 0
        level = max(0, min(127, (67 - level) // 10))
        if self._age <= _KEEP and -_CHANGE < level - self._level < _CHANGE:
            return 0
        self._age = 0
        self._level = out[offset] = level
        self._describe(pcm, n, out, offset)
        return 3

    def _describe(self, pcm, n, out, offset):
        loudest = peak(pcm, n)
        shift = 0
        while loudest >> shift > 1023:
            shift += 1
        r = self._sums
        _correlate(0, 0, pcm, n, shift, r)
        r0 = r[0] - _ZERO
        r1 = r[1] - _ZERO
        r2 = r[2] - _ZERO
        r0 += (r0 >> 9) + 1  # white noise 27 dB below: no coefficient is quite 1
        while r0 > 0xFFFF:
            r0 >>= 1
            r1 >>= 1
            r2 >>= 1
        k1 = -(r1 << 12) // r0
        left = r0 * (16777216 - k1 * k1 >> 12) >> 12
        k2 = -((r2 << 12) + k1 * r1) // max(left, 1)
        out[offset + 1] = _octet(k1)
        out[offset + 2] = _octet(k2)
