"""G.711: logarithmic PCM at 64 kbit/s, both laws.

A code is a sign, a segment (3 bits) and a step in it (4 bits). Encoding finds the shift s = 3 + segment
that leaves the leading 1 of the magnitude and the four bits below it; the step is those four bits, and
all else of the code depends on s only: code = (magnitude >> s) ^ flips[s]. The laws differ in three
numbers: µ-law adds 132 (33 steps of its 14-bit scale) to the magnitude, so that every segment has a
leading 1; A-law has no bias, and a first segment without one (s is 4 in the first two segments, and the
leading 1 tells them apart); and the bits inverted on the line are all of them in µ-law (G.711 table 2),
every second one in A-law (table 1, note 2). What the bias lifts beyond 15 bits is as the greatest
magnitude: s = 11 leaves nothing but 16 of it.

The magnitude of a negative sample is its one's complement, as in the ITU-T reference program
(Recommendation G.191, g711.c). G.711 itself leaves open to which side a value on a decision level
goes; so every one of the 65,536 inputs agrees with that program.
"""

# ptr8(), ptr16() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

from array import array

import micropython
from micropython import const

PCMU = 0  # RTP payload types, RFC 3551 §6
PCMA = 8

_SHIFTS = const(258)  # a shift for each 128 of the biased magnitude
_SHIFT_MAX = const(11)


@micropython.viper
def _encode(m: int, pcm: ptr16, out: ptr8, shifts: ptr8, flips: ptr8, bias: int, offset: int, n: int):
    # m is no argument but a register, as the first two variables are.
    out = ptr8(uint(out) + offset)
    negative = ptr8(uint(flips) + _SHIFT_MAX + 1)
    top = 0xFFFF + bias
    while n & 3:
        n -= 1
        m = pcm[n]
        if m & 0x8000:
            m = top - m
            flip = negative
        else:
            m += bias
            flip = flips
        s = shifts[m >> 7]
        out[n] = (m >> s) ^ flip[s]
    while n:  # 4 samples a turn: what moves on costs half as much as a sample
        m = pcm[0]
        if m & 0x8000:
            m = top - m
            flip = negative
        else:
            m += bias
            flip = flips
        s = shifts[m >> 7]
        out[0] = (m >> s) ^ flip[s]
        m = pcm[1]
        if m & 0x8000:
            m = top - m
            flip = negative
        else:
            m += bias
            flip = flips
        s = shifts[m >> 7]
        out[1] = (m >> s) ^ flip[s]
        m = pcm[2]
        if m & 0x8000:
            m = top - m
            flip = negative
        else:
            m += bias
            flip = flips
        s = shifts[m >> 7]
        out[2] = (m >> s) ^ flip[s]
        m = pcm[3]
        if m & 0x8000:
            m = top - m
            flip = negative
        else:
            m += bias
            flip = flips
        s = shifts[m >> 7]
        out[3] = (m >> s) ^ flip[s]
        pcm = ptr16(uint(pcm) + 8)
        out = ptr8(uint(out) + 4)
        n -= 4


@micropython.viper
def _decode(pcm: ptr16, src: ptr8, samples: ptr16, offset: int, n: int):
    src = ptr8(uint(src) + offset)
    while n & 7:
        n -= 1
        pcm[n] = samples[src[n]]
    while n:  # 8 samples a turn: what moves on costs as much as two samples
        pcm[0] = samples[src[0]]
        pcm[1] = samples[src[1]]
        pcm[2] = samples[src[2]]
        pcm[3] = samples[src[3]]
        pcm[4] = samples[src[4]]
        pcm[5] = samples[src[5]]
        pcm[6] = samples[src[6]]
        pcm[7] = samples[src[7]]
        pcm = ptr16(uint(pcm) + 16)
        src = ptr8(uint(src) + 8)
        n -= 8


class G711:
    """One law; holds its tables (800 bytes), no state between frames, so any number of calls share it."""

    def __init__(self, payload_type):
        """`payload_type` is PCMU (0) or PCMA (8)."""
        a_law = payload_type == PCMA
        self.payload_type = payload_type
        self.silence = 0xD5 if a_law else 0xFF  # the code of a zero sample
        self._bias = 0 if a_law else 132
        shifts = bytearray(_SHIFTS)
        k = 0
        while k < _SHIFTS:
            bits = 0
            while k >> bits:
                bits += 1
            shifts[k] = max(bits + 2, 4 if a_law else 3)
            k += 1
        self._shifts = shifts
        flips = bytearray(2 * _SHIFT_MAX + 2)  # of positive and of negative samples
        k = 3
        while k < _SHIFT_MAX:
            flips[k] = ((k - 3) << 4) ^ 16 ^ self.silence
            k += 1
        flips[k] = 16 ^ 0x7F ^ self.silence
        while k >= 0:
            flips[_SHIFT_MAX + 1 + k] = flips[k] ^ 0x80
            k -= 1
        self._flips = flips
        samples = array("h", bytes(512))
        k = 0
        while k < 256:
            code = k ^ self.silence
            segment = (code >> 4) & 7
            step = (code & 15) * 2 + 1  # in half steps: the middle of the interval
            if a_law:
                value = (step + 32) << (segment + 2) if segment else step << 3
            else:
                value = ((step + 32) << (segment + 2)) - 132
            samples[k] = -value if code & 0x80 else value
            k += 1
        self._samples = samples

    def encode(self, pcm, out, offset, n):
        """n samples of `pcm` (array('h')) to codes out[offset:offset + n]. Allocates nothing."""
        _encode(0, pcm, out, self._shifts, self._flips, self._bias, offset, n)

    def decode(self, src, offset, pcm, n):
        """n codes src[offset:offset + n] to samples of `pcm` (array('h')). Allocates nothing."""
        _decode(pcm, src, self._samples, offset, n)
