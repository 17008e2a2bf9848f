"""How loud a frame is. Levels are tenths of a dB relative to 0 dBm0, the power of a sine of peak 22828."""

# ptr16() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

import micropython
from micropython import const

_SILENCE = const(-1270)  # the level of nothing but zeros (the end of the scale of RFC 6464 §3)

# 0 dBm0 is 10·log10(22828²/2) = 84.159 dB. Tenths of a dB, Q16; the second for each 1/256 of log2.
_REFERENCE = const(55154442)
_TENTHS = const(7706)


@micropython.viper
def peak(pcm: ptr16, p: int) -> int:
    """The largest magnitude, 0…32768, of p samples: only here p is their number."""
    # x is between −p and p if (x + p) mod 2**16 is at most 2p = q: one comparison, and no sign extension.
    n = p
    p = 0
    q = 0
    while n & 3:
        n -= 1
        if (pcm[n] + p) & 0xFFFF > q:
            p = (pcm[n] ^ 0x8000) - 0x8000
            if p < 0:
                p = 0 - p
            q = p << 1
    while n:  # 4 samples a turn: the count, the move and the jump cost as much as one of them
        if (pcm[0] + p) & 0xFFFF > q:
            p = (pcm[0] ^ 0x8000) - 0x8000
            if p < 0:
                p = 0 - p
            q = p << 1
        if (pcm[1] + p) & 0xFFFF > q:
            p = (pcm[1] ^ 0x8000) - 0x8000
            if p < 0:
                p = 0 - p
            q = p << 1
        if (pcm[2] + p) & 0xFFFF > q:
            p = (pcm[2] ^ 0x8000) - 0x8000
            if p < 0:
                p = 0 - p
            q = p << 1
        if (pcm[3] + p) & 0xFFFF > q:
            p = (pcm[3] ^ 0x8000) - 0x8000
            if p < 0:
                p = 0 - p
            q = p << 1
        pcm = ptr16(uint(pcm) + 8)
        n -= 4
    return p


@micropython.viper
def level_dbm0(pcm: ptr16, v: int) -> int:
    """The mean power of v samples (1…480) in tenths of a dBm0, within 0.1 dB; −127 dBm0 if all are zero."""
    # v ^ 0x8000 is v + 32768, without a sign; times v − 32768 it is v² − 2**30: two of these fit a word.
    n = v
    i = n
    high = n << 22  # of the sum of squares: a 32-bit word cannot hold it
    low = 0
    while i & 7:
        i -= 1
        v = pcm[i] ^ 0x8000
        v = (v - 0x10000) * v
        high = (v >> 8) + high
        low = (v & 0xFF) + low
    while i:  # 8 samples a turn
        v = pcm[0] ^ 0x8000
        w = (v - 0x10000) * v
        v = pcm[1] ^ 0x8000
        v = (v - 0x10000) * v + w
        high = (v >> 8) + high
        low = (v & 0xFF) + low
        v = pcm[2] ^ 0x8000
        w = (v - 0x10000) * v
        v = pcm[3] ^ 0x8000
        v = (v - 0x10000) * v + w
        high = (v >> 8) + high
        low = (v & 0xFF) + low
        v = pcm[4] ^ 0x8000
        w = (v - 0x10000) * v
        v = pcm[5] ^ 0x8000
        v = (v - 0x10000) * v + w
        high = (v >> 8) + high
        low = (v & 0xFF) + low
        v = pcm[6] ^ 0x8000
        w = (v - 0x10000) * v
        v = pcm[7] ^ 0x8000
        v = (v - 0x10000) * v + w
        high = (v >> 8) + high
        low = (v & 0xFF) + low
        pcm = ptr16(uint(pcm) + 16)
        i -= 8
    high += low >> 8
    log = 14 << 8
    if high < 0x400000:
        v = (high << 8) + (low & 0xFF)
    else:
        v = high
        log = 22 << 8
    if v == 0:
        return _SILENCE
    while v < 0x800000:
        v <<= 4
        log -= 1024
    while v < 0x8000000:
        v <<= 1
        log -= 256
    v //= n  # the mean
    # log2 of it in 1/256: the exponent, then a bit of the fraction for each squaring.
    while v > 0x7FFFF:
        v >>= 4
        log += 1024
    while v > 0x7FFF:
        v >>= 1
        log += 256
    n = 128
    while n:
        v = (v * v) >> 14
        if v > 0x7FFF:
            v >>= 1
            log += n
        n >>= 1
    return (log * _TENTHS - _REFERENCE + 0x8000) >> 16
