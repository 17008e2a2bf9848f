"""Moving and adding frames of samples: port (de)interleaving, saturating mix, gain.

Samples are signed 16 bit at 8 kHz in array('h') (any writable 16-bit buffer); `n` counts samples and
is never checked: the caller owns buffers that are large enough. Nothing here allocates.

The kernels see samples as unsigned 16 bit. x ^ 0x8000 is x + 32768 (mod 2**16), the *offset* form
0…65535, in which a sum is clipped by two comparisons and no sign extension is needed.
"""

import micropython


@micropython.viper
def deinterleave(stereo: ptr16, port_index: int, mono: ptr16, n: int):
    """mono[i] = sample i of port `port_index` (0 or 1) of `stereo`, n frames of two samples."""
    i = 0
    while i < n:
        mono[i] = stereo[port_index]
        port_index += 2
        i += 1


@micropython.viper
def interleave(mono: ptr16, stereo: ptr16, port_index: int, n: int):
    """Put n samples into the places of port `port_index` (0 or 1) of `stereo`; the other stays."""
    i = 0
    while i < n:
        stereo[port_index] = mono[i]
        port_index += 2
        i += 1


@micropython.viper
def copy(dst: ptr16, src: ptr16, n: int):
    """dst[:n] = src[:n]"""
    while n:
        n -= 1
        dst[n] = src[n]


@micropython.viper
def clear(pcm: ptr16, n: int):
    """n samples of silence."""
    while n:
        n -= 1
        pcm[n] = 0


@micropython.viper
def add(dst: ptr16, src: ptr16, n: int):
    """dst[i] += src[i], clipped to −32768…32767."""
    while n:
        n -= 1
        v = (dst[n] ^ 0x8000) + (src[n] ^ 0x8000) - 0x8000
        if v < 0:
            v = 0
        elif v > 0xFFFF:
            v = 0xFFFF
        dst[n] = v ^ 0x8000


@micropython.viper
def gain(pcm: ptr16, n: int, q12: int):
    """pcm[i] *= q12 / 4096, rounded and clipped; q12 0…32768 (4096 is unity, 32768 is +18 dB)."""
    while n:
        n -= 1
        v = ((((pcm[n] ^ 0x8000) - 0x8000) * q12 + 2048) >> 12) + 0x8000
        if v < 0:
            v = 0
        elif v > 0xFFFF:
            v = 0xFFFF
        pcm[n] = v ^ 0x8000
