"""A gain for a frame of samples. See mix.py for how its kernel works; alone, so that its 1 KB of executable
memory is taken only where it is used.
"""

# ptr16() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

import micropython


@micropython.viper
def gain(pcm: ptr16, v: int, n: int, q12: int):
    """pcm[i] *= q12 / 4096, rounded and clipped; q12 0…32768 (4096 is unity, 32768 is +18 dB). v: give 0."""
    # A product with an offset sample is less than 2**31; this takes its offset out again.
    half = 2048 - (q12 << 15)
    while n & 7:
        n -= 1
        v = ((pcm[n] ^ 0x8000) * q12 + half) >> 12
        if (v + 0x8000) & -0x10000:
            v = (v >> 31) ^ 0x7FFF
        pcm[n] = v
    while n:
        v = ((pcm[0] ^ 0x8000) * q12 + half) >> 12
        if (v + 0x8000) & -0x10000:
            v = (v >> 31) ^ 0x7FFF
        pcm[0] = v
        v = ((pcm[1] ^ 0x8000) * q12 + half) >> 12
        if (v + 0x8000) & -0x10000:
            v = (v >> 31) ^ 0x7FFF
        pcm[1] = v
        v = ((pcm[2] ^ 0x8000) * q12 + half) >> 12
        if (v + 0x8000) & -0x10000:
            v = (v >> 31) ^ 0x7FFF
        pcm[2] = v
        v = ((pcm[3] ^ 0x8000) * q12 + half) >> 12
        if (v + 0x8000) & -0x10000:
            v = (v >> 31) ^ 0x7FFF
        pcm[3] = v
        v = ((pcm[4] ^ 0x8000) * q12 + half) >> 12
        if (v + 0x8000) & -0x10000:
            v = (v >> 31) ^ 0x7FFF
        pcm[4] = v
        v = ((pcm[5] ^ 0x8000) * q12 + half) >> 12
        if (v + 0x8000) & -0x10000:
            v = (v >> 31) ^ 0x7FFF
        pcm[5] = v
        v = ((pcm[6] ^ 0x8000) * q12 + half) >> 12
        if (v + 0x8000) & -0x10000:
            v = (v >> 31) ^ 0x7FFF
        pcm[6] = v
        v = ((pcm[7] ^ 0x8000) * q12 + half) >> 12
        if (v + 0x8000) & -0x10000:
            v = (v >> 31) ^ 0x7FFF
        pcm[7] = v
        pcm = ptr16(uint(pcm) + 16)
        n -= 8
