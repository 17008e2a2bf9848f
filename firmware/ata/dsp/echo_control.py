"""The kernels of the echo canceller that decide: which filter is good, what is suppressed. See echo.py.

For pointers and stores see echo_line.py.
"""
# ptr32() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

import micropython
from micropython import const

_CHUNK = const(80)
_BLOCK = const(16)
_LOST = const(250)  # chunks of far sound without success before the delay is searched again
_MOST = const(0x20000)  # sum of the coefficients: 4.0
_UNITY = const(4096)  # gain of the suppressor

# Words of `work`: as in echo.py.
_LEVEL = const(4)
_SAFE = const(7)
_WAIT = const(8)
_BETTER = const(9)
_TRACKED = const(10)
_KEPT = const(11)
_HEARD = const(12)
_LEAK = const(13)
_NOISE = const(14)
_GAIN = const(15)
_TALK = const(16)
_SEED = const(17)
_FAILED = const(18)
_LOW = const(28)
_COUNT = const(29)
_TAPS = const(30)


@micropython.viper
def judge(
    work: ptr32,
    n: int,
    tracking: ptr32,
    safe: ptr32,
    t: ptr32,
    e: ptr32,
    near: ptr16,
    at: int,
    skip: int,
) -> int:
    """Compare the errors t of the tracking and e of the safe filter in the blocks that both have made, the
    one at n and those `skip` samples behind, and copy one filter into the other where that is due. 1 if the
    safe filter makes the output of this chunk."""
    taps = work[_TAPS]
    a = 0
    b = 0
    d = 0
    while n < _CHUNK:
        k = n + _BLOCK
        while n < k:
            v = ((t[n] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
            if v < 0:
                v = 0 - v
            a += v
            v = ((e[n] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
            if v < 0:
                v = 0 - v
            b += v
            v = (int(near[at + n]) ^ 0x8000) - 0x8000
            if v < 0:
                v = 0 - v
            d += v
            n += 1
        n += skip
    if skip == 32:  # two blocks
        a >>= 1
        b >>= 1
        d >>= 1
    from_safe = False
    to_safe = False
    mode = work[_SAFE]
    better = work[_BETTER]
    far = work[_LEVEL]
    if work[_LEVEL + 1] > far:
        far = work[_LEVEL + 1]
    if far > 40:
        failed = work[_FAILED]
        if a * 2 < d or d < work[_NOISE] << 1:
            failed = 0
        elif failed <= _LOST:
            failed += 1
        work[_FAILED] = failed
        leak = work[_LEAK]
        loud = b > 3 * (((leak * far) >> 11) + work[_NOISE])
        k = work[_TRACKED]
        a = k + ((a - k) >> 2)
        k = work[_HEARD]
        d = k + ((d - k) >> 2)
        k = work[_KEPT]
        k += (b - k) >> 2
        if mode:
            to_safe = (a * 3 < k * 2 and a * 3 < d) or (k * 4 > d * 5 and a * 4 < d * 5)
            if to_safe:
                better += 4
            elif loud or a * 16 > k * 17:
                better = 0
            else:
                better += 3
            if better < 12:
                to_safe = False
            else:
                mode = 0
                better = 0
            if to_safe:  # what is left of a new path is not loud
                while leak < 16384 and (leak * far) >> 11 < a:
                    leak <<= 1
                work[_LEAK] = leak
            elif a > k << 1:
                from_safe = True
        elif loud or k * 5 < a * 3:
            mode = 1
            better = 0
            from_safe = True
        elif a * 10 < k * 9:
            better += 1
            if better > 3:
                better = 0
                to_safe = True
        else:
            better = 0
        if to_safe:
            # only if the coefficients are 1.0 at most each, and 4.0 together
            n = 0
            v = 0
            while n < taps:
                s = tracking[n] + 0x8000
                if (s >> 16) & 0xFFFF:
                    v = _MOST + 1
                    break
                s = (s & 0xFFFF) - 0x8000
                if s < 0:
                    s = 0 - s
                v += s
                n += 1
            if v > _MOST:
                to_safe = False
                from_safe = True
                mode = 1
        if from_safe:
            a = k
        elif to_safe:
            k = a
        work[_TRACKED] = a
        work[_KEPT] = k
        work[_HEARD] = d
    if work[_WAIT]:
        mode = 1
        better = 0
    work[_SAFE] = mode
    work[_BETTER] = better
    if from_safe:
        n = 0
        while n < taps:
            tracking[n] = safe[n]
            n += 1
    elif to_safe:
        n = 0
        while n < taps:
            safe[n] = tracking[n]
            n += 1
    return mode


@micropython.viper
def finish(work: ptr32, n: int, near: ptr16, e: ptr32, suppress: int):
    """near[n : n + 80] = e, clipped, or noise in its place. Learns what is usually left, and the noise.
    A filter that makes it 2 dB louder has an old echo path: then near stays."""
    near = ptr16(uint(near) + (n << 1))
    level = 0
    n = 0
    if work[_KEPT] * 4 > work[_HEARD] * 5:
        while n < _CHUNK:
            e[n] = (int(near[n]) ^ 0x8000) - 0x8000
            n += 1
        n = 0
    while n < _CHUNK:  # every second sample is enough
        v = ((e[n] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
        if v < 0:
            v = 0 - v
        level += v
        n += 2
    level = level * 13 >> 5
    far = work[_LEVEL]
    if work[_LEVEL + 1] > far:
        far = work[_LEVEL + 1]
    if work[_LEVEL + 2] > far:
        far = work[_LEVEL + 2]
    leak = work[_LEAK]
    noise = work[_NOISE]
    talk = work[_TALK]
    usual = (leak * far) >> 11
    target = _UNITY
    if far <= 10:
        talk = 0
        # the lowest of 32 levels: also who speaks leaves such gaps
        low = work[_LOW]
        if level < low:
            low = level
        v = work[_COUNT] + 1
        if v == 32:
            if low > noise:
                noise = low
            low = 1500  # −44 dBm0: more is no noise
            v = 0
        work[_COUNT] = v
        work[_LOW] = low
    elif work[_WAIT]:
        talk = 3
    else:
        if level < usual:
            leak -= leak >> 5
        elif level < (usual + noise) << 2:
            leak += (leak >> 6) + 1
        else:
            leak += leak >> 8
        if level > 3 * (usual + noise):
            talk = 3
        elif talk:
            talk -= 1
        elif suppress:
            target = 0
    if level < noise:
        noise -= (noise - level) >> 2
    if leak < 32:
        leak = 32
    elif leak > 16384:
        leak = 16384
    work[_LEAK] = leak
    work[_NOISE] = noise
    work[_TALK] = talk
    n = 0
    g = work[_GAIN]
    if g + target == _UNITY << 1:
        while n < _CHUNK:
            v = ((e[n] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
            if v > 32767:
                v = 32767
            elif v < -32768:
                v = -32768
            near[n] = v & 0xFFFF
            n += 1
        return
    noise = noise * 41 >> 8  # the peak of white noise of that level; the lowest of 32 is 1.4 dB too low
    seed = work[_SEED]
    if g + target == 0:
        while n < _CHUNK:
            seed = (seed * 1109 + 12345) & 0xFFFFF
            near[n] = (((seed >> 5) - 16384) * noise >> 14) & 0xFFFF
            n += 1
    while n < _CHUNK:
        v = ((e[n] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
        if g < target:  # 32 samples to fade the signal in, and as many to fade it out
            g += 128
        elif g > target:
            g -= 128
        seed = (seed * 1109 + 12345) & 0xFFFFF
        v = (v * g + (((seed >> 5) - 16384) * noise >> 14) * (_UNITY - g)) >> 12
        if v > 32767:
            v = 32767
        elif v < -32768:
            v = -32768
        near[n] = v & 0xFFFF
        n += 1
    k = _SEED
    work[k] = seed
    k = _GAIN
    work[k] = g


@micropython.viper
def loudness(e: ptr32, near: ptr16, at: int, which: int) -> int:
    """Sum of the absolute values of the chunk of errors e (`which` 0) or of near[at : at + 80] (1), >> 8."""
    total = 0
    i = 0
    while i < _CHUNK:
        if which:
            v = (int(near[at + i]) ^ 0x8000) - 0x8000
        else:
            v = ((e[i] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
        if v < 0:
            v = 0 - v
        total += v
        i += 1
    return total >> 8
