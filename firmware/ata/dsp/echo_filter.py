"""The kernels of the echo canceller that see every sample: delay line and filters. See echo.py."""

# ptr32() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

import micropython
from micropython import const

_CHUNK = const(80)
_BLOCK = const(8)
_HOLD = const(6)  # chunks without adaptation after loud near speech

# Words of `work`: as in echo.py.
_PUT = const(0)
_PEAK = const(1)
_LEVEL = const(4)
_WAIT = const(8)
_NOISE = const(14)
_G = const(20)


@micropython.viper
def feed(
    work: ptr32,
    x: ptr32,
    p: ptr32,
    energy: ptr32,
    far: ptr16,
    near: ptr16,
    at: int,
    line: ptr16,
    size: int,
    delay: int,
    taps: int,
):
    """80 samples of far[at:] into the delay line; those of `delay` samples ago behind the history in x, and
    pre-emphasised in p as ((2 x[n] − x[n−1]) >> 2) + 8192; the sums of p² / 8 of each 8 of them in energy.
    Geigel's test of near[at:] against them."""
    i = work[_PUT]
    loudest = 0
    k = at + _CHUNK
    while at < k:
        line[i] = far[at]
        v = (int(near[at]) ^ 0x8000) - 0x8000
        if v < 0:
            v = 0 - v
        if v > loudest:
            loudest = v
        at += 1
        i += 1
        if i == size:
            i = 0
    work[_PUT] = i
    i -= delay + _CHUNK
    while i < 0:
        i += size
    k = 0
    while k < taps:
        x[k] = x[k + _CHUNK]
        p[k] = p[k + _CHUNK]
        k += 1
    k = 0
    while k < taps >> 3:
        energy[k] = energy[k + 10]
        k += 1
    last = ((x[taps - 1] & 0xFFFF) ^ 0x8000) - 0x8000
    peak = 0
    level = 0
    total = 0
    k = taps
    while k < taps + _CHUNK:
        v = ((int(line[i]) ^ 0x8000) - 0x8000) >> 2
        i += 1
        if i == size:
            i = 0
        x[k] = v
        last = ((v << 3) - 5 * last) >> 4
        p[k] = last + 8192
        total += (last * last) >> 3
        last = v
        if v < 0:
            v = 0 - v
        level += v
        if v > peak:
            peak = v
        k += 1
        if k & 7 == 0:
            energy[(k >> 3) - 1] = total
            total = 0
    level = level * 13 >> 8  # · 4 / 80
    v = work[_LEVEL + 1]
    work[_LEVEL + 2] = v
    v = work[_LEVEL]
    work[_LEVEL + 1] = v
    work[_LEVEL] = level
    v = work[_PEAK + 1]
    work[_PEAK + 2] = v
    level = work[_PEAK]
    work[_PEAK + 1] = level
    work[_PEAK] = peak
    if level > peak:
        peak = level
    if v > peak:
        peak = v
    v = work[_WAIT]
    if loudest > 3 * peak + (work[_NOISE] >> 1) + 64:  # 16 bits against 14
        v = _HOLD
    elif v:
        v -= 1
    work[_WAIT] = v


@micropython.viper
def cancel(
    c: int,
    x: ptr32,
    w: ptr32,
    window: ptr32,
    p: ptr32,
    energy: ptr32,
    near: ptr16,
    at: int,
    e: ptr32,
    work: ptr32,
    taps: int,
    skip: int,
    adapt: int,
):
    """e = near[at : at + 80] − the echo by the filter w (last coefficient first), in blocks of 8 samples,
    each followed by `skip` samples that are left out; after each block adapt w, if wanted.

    c and x are no arguments: the first two locals live in registers. Bounds: a step g is limited to ±16383,
    so four products g · p (0 < p < 2**14) and the constant (at most 2**29) stay below 2**31; a coefficient
    changes by 2**15 at most.
    """
    n = taps >> 3
    power = 0
    k = 0
    while k < n:
        power += energy[k]
        k += 1
    block = 0
    while True:  # a condition could not jump that far
        if block >= _CHUNK:
            return
        y0 = 4096
        y1 = 4096
        y2 = 4096
        y3 = 4096
        y4 = 4096
        y5 = 4096
        y6 = 4096
        y7 = 4096
        x = ptr32(uint(window) + ((block + 1) << 2))
        u = w
        k = taps
        while k:
            c = u[0]
            y0 = x[0] * c + y0
            y1 = x[1] * c + y1
            y2 = x[2] * c + y2
            y3 = x[3] * c + y3
            y4 = x[4] * c + y4
            y5 = x[5] * c + y5
            y6 = x[6] * c + y6
            y7 = x[7] * c + y7
            c = u[1]
            y0 = x[1] * c + y0
            y1 = x[2] * c + y1
            y2 = x[3] * c + y2
            y3 = x[4] * c + y3
            y4 = x[5] * c + y4
            y5 = x[6] * c + y5
            y6 = x[7] * c + y6
            y7 = x[8] * c + y7
            c = u[2]
            y0 = x[2] * c + y0
            y1 = x[3] * c + y1
            y2 = x[4] * c + y2
            y3 = x[5] * c + y3
            y4 = x[6] * c + y4
            y5 = x[7] * c + y5
            y6 = x[8] * c + y6
            y7 = x[9] * c + y7
            c = u[3]
            y0 = x[3] * c + y0
            y1 = x[4] * c + y1
            y2 = x[5] * c + y2
            y3 = x[6] * c + y3
            y4 = x[7] * c + y4
            y5 = x[8] * c + y5
            y6 = x[9] * c + y6
            y7 = x[10] * c + y7
            x = ptr32(uint(x) + 16)
            u = ptr32(uint(u) + 16)
            k -= 4
        e[block] = y0
        e[block + 1] = y1
        e[block + 2] = y2
        e[block + 3] = y3
        e[block + 4] = y4
        e[block + 5] = y5
        e[block + 6] = y6
        e[block + 7] = y7
        k = block
        while k < block + _BLOCK:
            c = ((((e[k] >> 2) & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000) >> 11
            e[k] = ((int(near[at + k]) ^ 0x8000) - 0x8000) - c
            k += 1
        # The steps g = 1/2 · error · 2**23 / power, with power = c · 2**(s − 1), 1024 ≤ c < 4096.
        c = power + energy[n + (block >> 3)] + 1024
        first = block
        block += _BLOCK + skip
        k = first
        while k < block and k < _CHUNK:
            power += energy[n + (k >> 3)] - energy[k >> 3]
            k += _BLOCK
        if adapt == 0:
            continue
        s = 1
        while c > 0xFFF:
            c >>= 1
            s += 1
        c = 0x800000 // c
        g0 = 0  # which sample of the block: 1, 3, 4, 6, so that no phase of a periodic sound is left out
        k = 1
        while k < 7:
            y0 = ((e[first + k] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
            y1 = ((e[first + k - 1] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
            y0 = ((y0 << 3) - 5 * y1) >> 3
            if y0 > 16383:
                y0 = 16383
            if y0 < -16383:
                y0 = -16383
            y0 = (y0 * c + (1 << s >> 1)) >> s
            if y0 > 16383:
                y0 = 16383
            if y0 < -16383:
                y0 = -16383
            work[_G + g0] = y0 + 16384
            g0 += 1
            if k == 3:
                k = 4
            else:
                k += 2
        g0 = work[_G] - 16384
        g1 = work[_G + 1] - 16384
        g2 = work[_G + 2] - 16384
        g3 = work[_G + 3] - 16384
        offset = 8192 * (1 - g0 - g1 - g2 - g3)
        x = w
        u = ptr32(uint(p) + ((first + 1) << 2))
        k = taps
        while k:
            c = u[1] * g0 + offset
            c = u[3] * g1 + c
            c = u[4] * g2 + c
            c = u[6] * g3 + c
            s = (c >> 14) + x[0]
            x[0] = s
            c = u[2] * g0 + offset
            c = u[4] * g1 + c
            c = u[5] * g2 + c
            c = u[7] * g3 + c
            s = (c >> 14) + x[1]
            x[1] = s
            c = u[3] * g0 + offset
            c = u[5] * g1 + c
            c = u[6] * g2 + c
            c = u[8] * g3 + c
            s = (c >> 14) + x[2]
            x[2] = s
            c = u[4] * g0 + offset
            c = u[6] * g1 + c
            c = u[7] * g2 + c
            c = u[9] * g3 + c
            s = (c >> 14) + x[3]
            x[3] = s
            x = ptr32(uint(x) + 16)
            u = ptr32(uint(u) + 16)
            k -= 4
