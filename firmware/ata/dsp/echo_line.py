"""The way in of the echo canceller: delay line, history of the far signal, Geigel's test. See echo.py.

The kernel counts pointers up, so on CPython it needs pointers with addresses. mpy-cross 1.25 for Xtensa
stores the wrong thing at a constant index, unless it is a plain variable and the pointer is in a register
(one of the first two parameters). So `work` is stored to with a variable index.
"""
# ptr32() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

import micropython
from micropython import const

_CHUNK = const(80)
_BLOCK = const(16)
_HOLD = const(6)  # chunks without adaptation after loud near speech

# Words of `work`: as in echo.py.
_PUT = const(0)
_PEAK = const(1)
_LEVEL = const(4)
_WAIT = const(8)
_LEAK = const(13)
_NOISE = const(14)
_TAPS = const(30)


@micropython.viper
def feed(
    x: ptr32,
    p: ptr32,
    work: ptr32,
    power: ptr32,
    far: ptr32,
    near: ptr32,
    line: ptr32,
    at: int,
    size: int,
    delay: int,
):
    """80 samples of far[at:] into the delay line; those of `delay` samples ago behind the history in x, and
    pre-emphasised in p as ((8 x[n] − 5 x[n−1]) >> 4) + 8192. For each 16 of them the sums of p² / 8 and of p
    in power[2 k], power[2 k + 1]. Geigel's test of near[at:] against them.

    size is a multiple of 80; behind the line its first 80 samples are kept once more.
    """
    # 16-bit samples are moved in pairs; every second one is enough to know how loud the phone is.
    taps = work[_TAPS]
    first = work[_PUT]
    low = ptr32(uint(line) + (first << 1))
    f = ptr32(uint(far) + (at << 1))
    q = ptr32(uint(near) + (at << 1))
    loudest = 0
    k = _CHUNK // 2
    while k:
        k -= 1
        low[k] = f[k]
        v = ((q[k] & 0xFFFF) ^ 0x8000) - 0x8000
        if v < 0:
            v = 0 - v
        if v > loudest:
            loudest = v
    if first == 0:
        q = ptr32(uint(line) + (size << 1))
        k = _CHUNK // 2
        while k:
            k -= 1
            q[k] = f[k]
    v = first + _CHUNK
    if v == size:
        v = 0
    i = _PUT
    work[i] = v
    first -= delay
    if first < 0:
        first += size

    q = ptr32(uint(x) + 4 * _CHUNK)
    f = ptr32(uint(p) + 4 * _CHUNK)
    k = taps
    while k:
        v = q[0]
        x[0] = v
        v = q[1]
        x[1] = v
        v = f[0]
        p[0] = v
        v = f[1]
        p[1] = v
        x = ptr32(uint(x) + 8)
        p = ptr32(uint(p) + 8)
        q = ptr32(uint(q) + 8)
        f = ptr32(uint(f) + 8)
        k -= 2
    k = 0
    i = taps >> 3
    while k < i:
        power[k] = power[k + 2 * _CHUNK // _BLOCK]
        k += 1

    r = ptr16(uint(line) + (first << 1))
    q = ptr32(uint(x) - 4)
    last = ((q[0] & 0xFFFF) ^ 0x8000) - 0x8000
    peak = 0
    level = 0
    first = i + 2 * _CHUNK // _BLOCK
    while i < first:
        total = 0
        mean = 0
        k = _BLOCK // 4
        while k:
            v = ((r[0] ^ 0x8000) >> 2) - 0x2000
            x[0] = v
            last = ((v << 3) - 5 * last) >> 4
            total = ((last * last) >> 3) + total
            mean = last + mean
            last += 8192
            p[0] = last
            last = ((r[1] ^ 0x8000) >> 2) - 0x2000
            x[1] = last
            v = ((last << 3) - 5 * v) >> 4
            total = ((v * v) >> 3) + total
            mean = v + mean
            v += 8192
            p[1] = v
            v = ((r[2] ^ 0x8000) >> 2) - 0x2000
            x[2] = v
            last = ((v << 3) - 5 * last) >> 4
            total = ((last * last) >> 3) + total
            mean = last + mean
            last += 8192
            p[2] = last
            last = ((r[3] ^ 0x8000) >> 2) - 0x2000
            x[3] = last
            v = ((last << 3) - 5 * v) >> 4
            total = ((v * v) >> 3) + total
            mean = v + mean
            v += 8192
            p[3] = v
            v = last
            if v < 0:
                v = 0 - v
            level = v + level
            if v > peak:
                peak = v
            x = ptr32(uint(x) + 16)
            p = ptr32(uint(p) + 16)
            r = ptr16(uint(r) + 8)
            k -= 1
        power[i] = total
        i += 1
        power[i] = mean
        i += 1

    # the last three of each; the highest of the peaks
    i = _LEVEL
    v = work[_LEVEL + 1]
    work[i + 2] = v
    v = work[_LEVEL]
    work[i + 1] = v
    work[i] = level * 13 >> 6  # · 4 / 20
    i = _PEAK
    v = work[_PEAK + 1]
    work[i + 2] = v
    level = work[_PEAK]
    work[i + 1] = level
    work[i] = peak
    if level > peak:
        peak = level
    if v > peak:
        peak = v
    # Geigel: as loud as the far signal (16 bits against 14); 3/4 of it, once most of the echo is taken away
    if work[_LEAK] < 2048:
        peak -= peak >> 2
    i = _WAIT
    if loudest > (peak << 2) + (work[_NOISE] >> 1) + 64:
        work[i] = _HOLD
    elif work[_WAIT]:
        work[i] = work[_WAIT] - 1
