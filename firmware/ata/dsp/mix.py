"""Moving and adding frames of samples: port (de)interleaving, saturating mix.

Samples are signed 16 bit at 8 kHz in array('h') (any writable 16-bit buffer); `n` counts samples and
is never checked: the caller owns buffers that are large enough. Nothing here allocates.

The kernels see samples as unsigned 16 bit. x ^ 0x8000 is x + 32768 (mod 2**16), the *offset* form 0…65535,
which needs no sign extension. v does not fit if v + 32768 has a bit beyond the 16, and is then clipped to
(v >> 31) ^ 0x7FFF: 32767 or −32768.

Each loop does what is beyond a multiple of 8 first, then 8 samples a turn, with constant indexes on pointers
that are moved: a turn's count, moves and jump cost as much as 4 to 8 plain samples. Only the first two
variables of a kernel live in registers.
"""

# ptr16() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

import micropython


@micropython.viper
def deinterleave(stereo: ptr16, port_index: int, mono: ptr16, n: int):
    """mono[i] = sample i of port `port_index` (0 or 1) of `stereo`, n frames of two samples."""
    stereo = ptr16(uint(stereo) + (port_index << 1))
    while n & 7:
        mono[0] = stereo[0]
        mono = ptr16(uint(mono) + 2)
        stereo = ptr16(uint(stereo) + 4)
        n -= 1
    while n:
        mono[0] = stereo[0]
        mono[1] = stereo[2]
        mono[2] = stereo[4]
        mono[3] = stereo[6]
        mono[4] = stereo[8]
        mono[5] = stereo[10]
        mono[6] = stereo[12]
        mono[7] = stereo[14]
        mono = ptr16(uint(mono) + 16)
        stereo = ptr16(uint(stereo) + 32)
        n -= 8


@micropython.viper
def interleave(mono: ptr16, stereo: ptr16, port_index: int, n: int):
    """Put n samples into the places of port `port_index` (0 or 1) of `stereo`; the other stays."""
    stereo = ptr16(uint(stereo) + (port_index << 1))
    while n & 7:
        stereo[0] = mono[0]
        mono = ptr16(uint(mono) + 2)
        stereo = ptr16(uint(stereo) + 4)
        n -= 1
    while n:
        stereo[0] = mono[0]
        stereo[2] = mono[1]
        stereo[4] = mono[2]
        stereo[6] = mono[3]
        stereo[8] = mono[4]
        stereo[10] = mono[5]
        stereo[12] = mono[6]
        stereo[14] = mono[7]
        mono = ptr16(uint(mono) + 16)
        stereo = ptr16(uint(stereo) + 32)
        n -= 8


@micropython.viper
def copy(dst: ptr16, src: ptr16, n: int):
    """dst[:n] = src[:n]"""
    while n & 7:
        n -= 1
        dst[n] = src[n]
    while n:
        dst[0] = src[0]
        dst[1] = src[1]
        dst[2] = src[2]
        dst[3] = src[3]
        dst[4] = src[4]
        dst[5] = src[5]
        dst[6] = src[6]
        dst[7] = src[7]
        dst = ptr16(uint(dst) + 16)
        src = ptr16(uint(src) + 16)
        n -= 8


@micropython.viper
def clear(pcm: ptr16, n: int):
    """n samples of silence."""
    while n & 7:
        n -= 1
        pcm[n] = 0
    while n:
        pcm[0] = 0
        pcm[1] = 0
        pcm[2] = 0
        pcm[3] = 0
        pcm[4] = 0
        pcm[5] = 0
        pcm[6] = 0
        pcm[7] = 0
        pcm = ptr16(uint(pcm) + 16)
        n -= 8


@micropython.viper
def add(dst: ptr16, v: int, src: ptr16, n: int):
    """dst[i] += src[i], clipped to −32768…32767. v is no argument but a register: give 0."""
    while n & 7:
        n -= 1
        v = dst[n] ^ 0x8000
        v = (src[n] ^ 0x8000) + v - 0x10000
        if (v + 0x8000) & 0x10000:
            v = (v >> 31) ^ 0x7FFF
        dst[n] = v
    while n:
        v = dst[0] ^ 0x8000
        v = (src[0] ^ 0x8000) + v - 0x10000
        if (v + 0x8000) & 0x10000:
            v = (v >> 31) ^ 0x7FFF
        dst[0] = v
        v = dst[1] ^ 0x8000
        v = (src[1] ^ 0x8000) + v - 0x10000
        if (v + 0x8000) & 0x10000:
            v = (v >> 31) ^ 0x7FFF
        dst[1] = v
        v = dst[2] ^ 0x8000
        v = (src[2] ^ 0x8000) + v - 0x10000
        if (v + 0x8000) & 0x10000:
            v = (v >> 31) ^ 0x7FFF
        dst[2] = v
        v = dst[3] ^ 0x8000
        v = (src[3] ^ 0x8000) + v - 0x10000
        if (v + 0x8000) & 0x10000:
            v = (v >> 31) ^ 0x7FFF
        dst[3] = v
        v = dst[4] ^ 0x8000
        v = (src[4] ^ 0x8000) + v - 0x10000
        if (v + 0x8000) & 0x10000:
            v = (v >> 31) ^ 0x7FFF
        dst[4] = v
        v = dst[5] ^ 0x8000
        v = (src[5] ^ 0x8000) + v - 0x10000
        if (v + 0x8000) & 0x10000:
            v = (v >> 31) ^ 0x7FFF
        dst[5] = v
        v = dst[6] ^ 0x8000
        v = (src[6] ^ 0x8000) + v - 0x10000
        if (v + 0x8000) & 0x10000:
            v = (v >> 31) ^ 0x7FFF
        dst[6] = v
        v = dst[7] ^ 0x8000
        v = (src[7] ^ 0x8000) + v - 0x10000
        if (v + 0x8000) & 0x10000:
            v = (v >> 31) ^ 0x7FFF
        dst[7] = v
        dst = ptr16(uint(dst) + 16)
        src = ptr16(uint(src) + 16)
        n -= 8
