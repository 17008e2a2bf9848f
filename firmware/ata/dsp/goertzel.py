"""Goertzel filters over blocks of 40 samples (5 ms), for the detectors of tones: how much of a frequency, and
in what phase.

A detector owns three array('i'): `x`, the block of 40 samples; `bins`, one row of words a frequency; `work`.
Their first words are those below, what follows is the detector's own.

Scales. A sample x is kept as (x + 32768) >> 3: never negative, so that 32-bit loads need no sign. The filters
start and end at rest for this offset. Words that can be negative are stored with OFF added. An amplitude A
gives |Y| = 20 · A/8 / 4, and the energy word of a block is Σ (x/8)² / 16: so a pure tone has |Y|² = 20
energies.
"""

# ptr16(), ptr32() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

import math

import micropython
from micropython import const

_BLOCK = const(40)  # samples
_OFF = const(0x100000)
# Words of a row of `bins`: one frequency.
_COEFFICIENT = const(0)  # 2 cos ω, Q12, with _OFF
_REST = const(1)  # state of the filter for the offset alone
_SIN = const(2)  # sin ω, Q12
_Y = const(3)  # the newest block: re, im with _OFF
# Words of `work`.
_FILL = const(0)  # samples in the present block; the detector makes it 0 again when the block is full
_ENERGY = const(1)  # of the last four blocks, the newest first
_SUM = const(5)  # of the squares of the present block
_ROWS = const(6)  # of `bins`
_STRIDE = const(7)  # bytes from one row to the next


def tune(bins, at, hz):
    """Make bins[at:] the row of a frequency."""
    w = hz * math.pi / 4000
    c = round(8192 * math.cos(w))
    bins[at + _COEFFICIENT] = _OFF + c
    bins[at + _REST] = round(4096 * 4096 / (8192 - c))
    bins[at + _SIN] = round(4096 * math.sin(w))


@micropython.viper
def goertzel(s1: int, s2: int, x: ptr32, pcm: ptr16, i: int, n: int, work: ptr32, bins: ptr32) -> int:
    """Take samples from pcm[i:n] until the block x is full, then filter it by every row; the next i.

    s1 and s2 are no arguments but the state of the filter: the first two locals live in registers. Bounds:
    |c · s| < 2**13 · 2**18 and the squares of a block are at most 40 · 2**24, both less than 2**31.
    """
    fill = work[_FILL]
    u = ptr32(uint(x) + (fill << 2))
    pcm = ptr16(uint(pcm) + (i << 1))
    count = n - i
    if count > _BLOCK - fill:
        count = _BLOCK - fill
    i += count
    fill += count
    s2 = work[_SUM]
    while count & 7:
        s1 = (pcm[0] ^ 0x8000) >> 3
        u[0] = s1
        s1 -= 4096
        s2 = s1 * s1 + s2
        u = ptr32(uint(u) + 4)
        pcm = ptr16(uint(pcm) + 2)
        count -= 1
    while count:  # 8 samples a turn: what moves on costs as much as one
        s1 = (pcm[0] ^ 0x8000) >> 3
        u[0] = s1
        s1 -= 4096
        s2 = s1 * s1 + s2
        s1 = (pcm[1] ^ 0x8000) >> 3
        u[1] = s1
        s1 -= 4096
        s2 = s1 * s1 + s2
        s1 = (pcm[2] ^ 0x8000) >> 3
        u[2] = s1
        s1 -= 4096
        s2 = s1 * s1 + s2
        s1 = (pcm[3] ^ 0x8000) >> 3
        u[3] = s1
        s1 -= 4096
        s2 = s1 * s1 + s2
        s1 = (pcm[4] ^ 0x8000) >> 3
        u[4] = s1
        s1 -= 4096
        s2 = s1 * s1 + s2
        s1 = (pcm[5] ^ 0x8000) >> 3
        u[5] = s1
        s1 -= 4096
        s2 = s1 * s1 + s2
        s1 = (pcm[6] ^ 0x8000) >> 3
        u[6] = s1
        s1 -= 4096
        s2 = s1 * s1 + s2
        s1 = (pcm[7] ^ 0x8000) >> 3
        u[7] = s1
        s1 -= 4096
        s2 = s1 * s1 + s2
        u = ptr32(uint(u) + 32)
        pcm = ptr16(uint(pcm) + 16)
        count -= 8
    work[_FILL] = fill
    work[_SUM] = s2
    if fill < _BLOCK:
        return i
    work[_SUM] = 0
    work[_ENERGY + 3] = work[_ENERGY + 2]
    work[_ENERGY + 2] = work[_ENERGY + 1]
    work[_ENERGY + 1] = work[_ENERGY]
    work[_ENERGY] = s2 >> 4
    row = work[_ROWS]
    while row:
        c = bins[_COEFFICIENT] - _OFF
        s1 = bins[_REST]
        s2 = s1
        u = x
        k = _BLOCK
        while k:  # 10 samples a turn, as above
            s2 = ((c * s1) >> 12) - s2
            s2 = u[0] + s2
            s1 = ((c * s2) >> 12) - s1
            s1 = u[1] + s1
            s2 = ((c * s1) >> 12) - s2
            s2 = u[2] + s2
            s1 = ((c * s2) >> 12) - s1
            s1 = u[3] + s1
            s2 = ((c * s1) >> 12) - s2
            s2 = u[4] + s2
            s1 = ((c * s2) >> 12) - s1
            s1 = u[5] + s1
            s2 = ((c * s1) >> 12) - s2
            s2 = u[6] + s2
            s1 = ((c * s2) >> 12) - s1
            s1 = u[7] + s1
            s2 = ((c * s1) >> 12) - s2
            s2 = u[8] + s2
            s1 = ((c * s2) >> 12) - s1
            s1 = u[9] + s1
            u = ptr32(uint(u) + 40)
            k -= 10
        k = bins[_REST]
        s1 -= k
        s2 -= k
        bins[_Y] = ((s1 - ((c * s2) >> 13)) >> 2) + _OFF
        bins[_Y + 1] = ((bins[_SIN] * s2) >> 14) + _OFF
        bins = ptr32(uint(bins) + work[_STRIDE])
        row -= 1
    return i
