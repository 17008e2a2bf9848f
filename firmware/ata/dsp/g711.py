"""G.711: logarithmic PCM at 64 kbit/s, both laws.

A code is a sign, a segment (3 bits) and a step in it (4 bits). Encoding finds the shift `s` that
leaves the leading 1 and the four bits below it; segment and step are then one sum:
(magnitude >> s) + 16·s − 64, with s = 3 + segment. The laws differ in three numbers: µ-law adds 132
(33 steps of its 14-bit scale) to the magnitude, so that every segment has a leading 1; A-law has no
bias, and a first segment without one; and the bits inverted on the line are all of them in µ-law
(G.711 table 2), every second one in A-law (table 1, note 2).

The magnitude of a negative sample is its one's complement, as in the ITU-T reference program
(Recommendation G.191, g711.c). G.711 itself leaves open to which side a value on a decision level
goes; so every one of the 65,536 inputs agrees with that program.
"""

from array import array

import micropython
from micropython import const

PCMU = 0  # RTP payload types, RFC 3551 §6
PCMA = 8

_BIAS = const(256)  # place in the encode table behind the 256 shifts; what is silence comes after it


@micropython.viper
def _encode(pcm: ptr16, out: ptr8, shifts: ptr8, offset: int, n: int):
    # Read through a variable: mpy-cross up to 1.29 loads a constant index of 256 and more from elsewhere on
    # the ESP32 (tests/xtensa/test_pitfalls.py).
    i = _BIAS
    bias = shifts[i]
    silence = shifts[i + 1]
    i = 0
    while i < n:
        m = pcm[i]
        invert = silence
        if m & 0x8000:
            m ^= 0xFFFF
            invert ^= 0x80
        m += bias
        if m > 0x7FFF:
            m = 0x7FFF
        s = shifts[m >> 7]
        out[offset] = ((m >> s) + (s << 4) - 64) ^ invert
        offset += 1
        i += 1


@micropython.viper
def _decode(pcm: ptr16, src: ptr8, samples: ptr16, offset: int, n: int):
    i = 0
    while i < n:
        pcm[i] = samples[src[offset]]
        offset += 1
        i += 1


class G711:
    """One law; holds its tables (770 bytes), no state between frames, so any number of calls share it."""

    def __init__(self, payload_type):
        """`payload_type` is PCMU (0) or PCMA (8)."""
        a_law = payload_type == PCMA
        self.payload_type = payload_type
        self.silence = 0xD5 if a_law else 0xFF  # the code of a zero sample
        shifts = bytearray(258)
        k = 0
        while k < 256:
            bits = 0  # k is magnitude >> 7
            while k >> bits:
                bits += 1
            shifts[k] = max(bits + 2, 4 if a_law else 3)
            k += 1
        shifts[_BIAS] = 0 if a_law else 132
        shifts[_BIAS + 1] = self.silence
        self._shifts = shifts
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
        _encode(pcm, out, self._shifts, offset, n)

    def decode(self, src, offset, pcm, n):
        """n codes src[offset:offset + n] to samples of `pcm` (array('h')). Allocates nothing."""
        _decode(pcm, src, self._samples, offset, n)
