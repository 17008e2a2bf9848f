"""How loud a frame is. Levels are tenths of a dB relative to 0 dBm0, the power of a sine of peak 22828."""

import micropython
from micropython import const

_SILENCE = const(-1270)  # the level of nothing but zeros (the end of the scale of RFC 6464 §3)

# 0 dBm0 is 10·log10(22828²/2) = 84.159 dB. Tenths of a dB, Q16; the second for each 1/256 of log2.
_REFERENCE = const(55154442)
_TENTHS = const(7706)


@micropython.viper
def peak(pcm: ptr16, n: int) -> int:
    """The largest magnitude, 0…32768, of n samples."""
    highest = 0
    while n:
        n -= 1
        v = (pcm[n] ^ 0x8000) - 0x8000
        if v < 0:
            v = 0 - v
        if v > highest:
            highest = v
    return highest


@micropython.viper
def level_dbm0(pcm: ptr16, n: int) -> int:
    """The mean power of n samples (1…480) in tenths of a dBm0, within 0.1 dB; −127 dBm0 if all are zero."""
    high = 0  # of the sum of squares: a 32-bit word cannot hold it
    low = 0
    i = n
    while i:
        i -= 1
        v = (pcm[i] ^ 0x8000) - 0x8000
        v *= v
        high += v >> 8
        low += v & 0xFF
    high += low >> 8
    if high < 0x400000:
        v = (high << 8) + (low & 0xFF)
        log = 0
    else:
        v = high
        log = 8 << 8
    if v == 0:
        return _SILENCE
    # log2 of the sum less log2 of n, in 1/256: the exponent, then a bit of the fraction for each squaring.
    sign = 1
    while True:
        log += sign * 14 << 8
        while v > 0x7FFF:
            v >>= 1
            log += sign << 8
        while v < 0x4000:
            v <<= 1
            log -= sign << 8
        bit = 128
        while bit:
            v = (v * v) >> 14
            if v > 0x7FFF:
                v >>= 1
                log += sign * bit
            bit >>= 1
        if sign < 0:
            return (log * _TENTHS - _REFERENCE + 0x8000) >> 16
        sign = -1
        v = n
