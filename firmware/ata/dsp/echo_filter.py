"""The filter of the echo canceller, and how it learns. See echo.py; for pointers and stores echo_line.py.

No loop or branch with a condition spans 2 KB of code: it would be out of range on Xtensa.
"""
# ptr32() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

import micropython
from micropython import const

_CHUNK = const(80)
_BLOCK = const(16)

# Words of `work`: as in echo.py.
_G = const(20)
_TAPS = const(30)


@micropython.viper
def cancel(
    c: int,
    x: ptr32,
    w: ptr32,
    p: ptr32,
    power: ptr32,
    near: ptr16,
    e: ptr32,
    work: ptr32,
    block: int,
    skip: int,
    adapt: int,
):
    """e = near[c : c + 80] − the echo by the filter w (last coefficient first), in blocks of 16 samples, from
    the one at `block` on, each followed by `skip` samples that are left out; after each block adapt w, if
    wanted.

    The first two locals live in registers: c and x are at first what was to be handed over. Bounds: a step g
    is limited to ±8191, so
    seven products g · p (0 < p < 2**14) and the constant (at most 2**29) stay below 2**31; a coefficient
    changes by 2**16 at most.
    """
    near = ptr16(uint(near) + (c << 1))
    window = x
    taps = work[_TAPS]
    while True:
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
        y8 = 4096
        y9 = 4096
        y10 = 4096
        y11 = 4096
        y12 = 4096
        y13 = 4096
        y14 = 4096
        y15 = 4096
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
            y8 = x[8] * c + y8
            y9 = x[9] * c + y9
            y10 = x[10] * c + y10
            y11 = x[11] * c + y11
            y12 = x[12] * c + y12
            y13 = x[13] * c + y13
            y14 = x[14] * c + y14
            y15 = x[15] * c + y15
            c = u[1]
            y0 = x[1] * c + y0
            y1 = x[2] * c + y1
            y2 = x[3] * c + y2
            y3 = x[4] * c + y3
            y4 = x[5] * c + y4
            y5 = x[6] * c + y5
            y6 = x[7] * c + y6
            y7 = x[8] * c + y7
            y8 = x[9] * c + y8
            y9 = x[10] * c + y9
            y10 = x[11] * c + y10
            y11 = x[12] * c + y11
            y12 = x[13] * c + y12
            y13 = x[14] * c + y13
            y14 = x[15] * c + y14
            y15 = x[16] * c + y15
            c = u[2]
            y0 = x[2] * c + y0
            y1 = x[3] * c + y1
            y2 = x[4] * c + y2
            y3 = x[5] * c + y3
            y4 = x[6] * c + y4
            y5 = x[7] * c + y5
            y6 = x[8] * c + y6
            y7 = x[9] * c + y7
            y8 = x[10] * c + y8
            y9 = x[11] * c + y9
            y10 = x[12] * c + y10
            y11 = x[13] * c + y11
            y12 = x[14] * c + y12
            y13 = x[15] * c + y13
            y14 = x[16] * c + y14
            y15 = x[17] * c + y15
            c = u[3]
            y0 = x[3] * c + y0
            y1 = x[4] * c + y1
            y2 = x[5] * c + y2
            y3 = x[6] * c + y3
            y4 = x[7] * c + y4
            y5 = x[8] * c + y5
            y6 = x[9] * c + y6
            y7 = x[10] * c + y7
            y8 = x[11] * c + y8
            y9 = x[12] * c + y9
            y10 = x[13] * c + y10
            y11 = x[14] * c + y11
            y12 = x[15] * c + y12
            y13 = x[16] * c + y13
            y14 = x[17] * c + y14
            y15 = x[18] * c + y15
            x = ptr32(uint(x) + 16)
            u = ptr32(uint(u) + 16)
            k -= 4
        # near − (y >> 13), y brought back to its sign: − (y >> 13) = 0x40000 − (…)
        x = ptr32(uint(e) + (block << 2))
        q = ptr16(uint(near) + (block << 1))
        y0 = (q[0] ^ 0x8000) - ((((y0 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[0] = y0
        y1 = (q[1] ^ 0x8000) - ((((y1 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[1] = y1
        y2 = (q[2] ^ 0x8000) - ((((y2 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[2] = y2
        y3 = (q[3] ^ 0x8000) - ((((y3 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[3] = y3
        y4 = (q[4] ^ 0x8000) - ((((y4 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[4] = y4
        y5 = (q[5] ^ 0x8000) - ((((y5 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[5] = y5
        y6 = (q[6] ^ 0x8000) - ((((y6 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[6] = y6
        y7 = (q[7] ^ 0x8000) - ((((y7 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[7] = y7
        y8 = (q[8] ^ 0x8000) - ((((y8 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[8] = y8
        y9 = (q[9] ^ 0x8000) - ((((y9 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[9] = y9
        y10 = (q[10] ^ 0x8000) - ((((y10 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[10] = y10
        y11 = (q[11] ^ 0x8000) - ((((y11 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[11] = y11
        y12 = (q[12] ^ 0x8000) - ((((y12 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[12] = y12
        y13 = (q[13] ^ 0x8000) - ((((y13 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[13] = y13
        y14 = (q[14] ^ 0x8000) - ((((y14 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[14] = y14
        y15 = (q[15] ^ 0x8000) - ((((y15 >> 2) & 0x3FFFFFFF) ^ 0x20000000) >> 11) + 0x38000
        x[15] = y15
        k = block >> 3
        block += _BLOCK + skip
        if adapt == 0:
            continue

        # The steps g = 1/2 · error · 2**22 / energy, with energy = c · 2**(s − 2), 1024 ≤ c < 4096. What all
        # samples have in common (DC, and all that is slow) is counted twice: there all errors push together.
        c = 0
        s = 0
        u = ptr32(uint(power) + (k << 2))
        k = (taps >> 4) + 1
        while k:
            c += u[0]
            s += u[1]
            u = ptr32(uint(u) + 8)
            k -= 1
        s = (((s & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000) >> 5
        s *= s
        c += s + (s >> 1) + 1024
        s = 2
        while c > 0xFFF:
            c >>= 2
            s += 2
        c = 0x800000 // c
        k = 0
        u = ptr32(uint(x) + 4)
        while k < 7:  # samples 1 3 6 8 10 13 15: no phase of a periodic sound is left out
            v = ((u[0] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
            u = ptr32(uint(u) - 4)
            v = ((v << 3) - 5 * (((u[0] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000)) >> 3
            if v > 16383:
                v = 16383
            elif v < -16383:
                v = -16383
            v = (v * c + (1 << s >> 1)) >> s
            if v > 8191:
                v = 8191
            elif v < -8191:
                v = -8191
            work[_G + k] = v + 8192
            k += 1
            u = ptr32(uint(u) + (16 if k == 2 or k == 5 else 12))
        g0 = work[_G + 0] - 8192
        g1 = work[_G + 1] - 8192
        g2 = work[_G + 2] - 8192
        g3 = work[_G + 3] - 8192
        g4 = work[_G + 4] - 8192
        g5 = work[_G + 5] - 8192
        g6 = work[_G + 6] - 8192
        s = 4096 - ((g0 + g1 + g2 + g3 + g4 + g5 + g6) << 13)
        r = ptr32(uint(p) + ((block - skip - _BLOCK + 1) << 2))
        u = w
        k = taps
        while k:
            x = r
            c = g0
            y0 = x[1] * c + s
            y1 = x[2] * c + s
            y2 = x[3] * c + s
            y3 = x[4] * c + s
            y4 = x[5] * c + s
            y5 = x[6] * c + s
            y6 = x[7] * c + s
            y7 = x[8] * c + s
            c = g1
            y0 = x[3] * c + y0
            y1 = x[4] * c + y1
            y2 = x[5] * c + y2
            y3 = x[6] * c + y3
            y4 = x[7] * c + y4
            y5 = x[8] * c + y5
            y6 = x[9] * c + y6
            y7 = x[10] * c + y7
            c = g2
            y0 = x[6] * c + y0
            y1 = x[7] * c + y1
            y2 = x[8] * c + y2
            y3 = x[9] * c + y3
            y4 = x[10] * c + y4
            y5 = x[11] * c + y5
            y6 = x[12] * c + y6
            y7 = x[13] * c + y7
            c = g3
            y0 = x[8] * c + y0
            y1 = x[9] * c + y1
            y2 = x[10] * c + y2
            y3 = x[11] * c + y3
            y4 = x[12] * c + y4
            y5 = x[13] * c + y5
            y6 = x[14] * c + y6
            y7 = x[15] * c + y7
            c = g4
            y0 = x[10] * c + y0
            y1 = x[11] * c + y1
            y2 = x[12] * c + y2
            y3 = x[13] * c + y3
            y4 = x[14] * c + y4
            y5 = x[15] * c + y5
            y6 = x[16] * c + y6
            y7 = x[17] * c + y7
            c = g5
            y0 = x[13] * c + y0
            y1 = x[14] * c + y1
            y2 = x[15] * c + y2
            y3 = x[16] * c + y3
            y4 = x[17] * c + y4
            y5 = x[18] * c + y5
            y6 = x[19] * c + y6
            y7 = x[20] * c + y7
            c = g6
            y0 = x[15] * c + y0
            y1 = x[16] * c + y1
            y2 = x[17] * c + y2
            y3 = x[18] * c + y3
            y4 = x[19] * c + y4
            y5 = x[20] * c + y5
            y6 = x[21] * c + y6
            y7 = x[22] * c + y7
            x = u
            y0 = (y0 >> 13) + x[0]
            x[0] = y0
            y1 = (y1 >> 13) + x[1]
            x[1] = y1
            y2 = (y2 >> 13) + x[2]
            x[2] = y2
            y3 = (y3 >> 13) + x[3]
            x[3] = y3
            y4 = (y4 >> 13) + x[4]
            x[4] = y4
            y5 = (y5 >> 13) + x[5]
            x[5] = y5
            y6 = (y6 >> 13) + x[6]
            x[6] = y6
            y7 = (y7 >> 13) + x[7]
            x[7] = y7
            r = ptr32(uint(r) + 32)
            u = ptr32(uint(u) + 32)
            k -= 8
