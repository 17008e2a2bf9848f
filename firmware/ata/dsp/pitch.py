"""The pitch period of speech, for loss concealment (ITU-T G.711 Appendix I).

How it works. The period (40 … 120 samples, 200 … 66 Hz) is the lag of the best normalised correlation of the
last 20 ms. First the means of 4 samples are correlated at all lags; then the samples around the best two of
those, because the best one may be a multiple of the period; only around the best, if no other is half as
good.
"""

# ptr16(), ptr32() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

import micropython
from micropython import const

_LONGEST = const(120)  # of the periods, samples
_SHORTEST = const(40)
_WINDOW = const(160)  # samples that are correlated
_HISTORY = const(390)  # as in plc.py
_WORK = const(420)  # where there is room for 70 means
_POSITIVE = const(0x30000000)  # added to a correlation, which is less


@micropython.viper
def search(v: ptr16, c: int, x: ptr16) -> int:
    """The lag, 40 … 120, at which the last 160 samples of x[:390] look most like those before: greatest
    correlation² / energy, of the positive ones. 120 if there is none.

    v is x (two names, and c no argument: the first two variables of a kernel live in registers), an
    array('h') of at least 490 words, whose content is lost.

    The samples are scaled to 12 bits and stored with 2048 added, so that none is negative. What is summed
    up is c · (v + 2048), for 7 lags at once; 2048 · Σ c is then taken off. Bounds: 160 · 2048 · 4095 <
    2**31. All sums are then scaled so that the energy of all 280 samples is below 2**15, and by Cauchy-
    Schwarz every correlation too; the means have at most a quarter of it.
    """
    base = ptr16(uint(x) + 2 * (_HISTORY - _WINDOW - _LONGEST))
    # How many bits are needed? One unlike the one to its right is more than sign. Two samples a word.
    words = ptr32(base)
    total = 0
    n = (_WINDOW + _LONGEST) >> 2
    while n:
        c = words[0]
        total = ((c << 1) ^ c) | total
        c = words[1]
        total = ((c << 1) ^ c) | total
        words = ptr32(uint(words) + 8)
        n -= 1
    total = (total | (total >> 16)) & 0xFFFE
    scale = 0
    while total >> scale > 4095:
        scale += 1

    means = ptr16(uint(x) + 2 * _WORK)
    zero = 2048 - (0x8000 >> scale)
    total = 0
    v = base
    window = means
    n = (_WINDOW + _LONGEST) >> 2
    while n:
        c = ((v[0] ^ 0x8000) >> scale) + zero
        v[0] = c
        c -= 2048
        total = c * c + total
        c = ((v[1] ^ 0x8000) >> scale) + zero
        v[1] = c
        c -= 2048
        total = c * c + total
        c = ((v[2] ^ 0x8000) >> scale) + zero
        v[2] = c
        c -= 2048
        total = c * c + total
        c = ((v[3] ^ 0x8000) >> scale) + zero
        v[3] = c
        c -= 2048
        total = c * c + total
        window[0] = (v[0] + v[1] + v[2] + v[3]) >> 2
        window = ptr16(uint(window) + 2)
        v = ptr16(uint(v) + 8)
        n -= 1
    shift = 0
    while total >> shift > 32767:
        shift += 1

    words = ptr32(x)  # 7 sums, and from 8 + lag on the scores of the means
    best = _LONGEST
    most = 0
    origin = means
    size = _WINDOW >> 2
    longest = _LONGEST >> 2
    lag = longest
    last = _SHORTEST >> 2
    shift -= 2
    if shift < 0:
        shift = 0
    turn = 0
    while True:  # a condition could not jump that far
        if turn > 2:  # around the best one of the means that is left
            zero = 0
            n = _LONGEST >> 2
            lag = n
            while n >= _SHORTEST >> 2:
                c = words[8 + n]
                if c > zero:
                    zero = c
                    lag = n
                n -= 1
            if turn == 3:
                shift += 2
                clear = zero >> 1  # half of it: then the second one is not worth a look
            elif zero < clear:
                return best
            words[7 + lag] = 0
            words[8 + lag] = 0
            words[9 + lag] = 0
            lag = (lag << 2) + 3
            last = lag - 6
            if lag > _LONGEST:
                lag = _LONGEST
            if last < _SHORTEST:
                last = _SHORTEST
            origin = base
            size = _WINDOW
            longest = _LONGEST
        if turn == 0 or turn > 2:
            energy = 0
            total = 0 - (size << 11)
            v = ptr16(uint(origin) + ((longest - lag) << 1))
            window = ptr16(uint(origin) + (longest << 1))
            n = size
            while n:
                c = v[0] - 2048
                energy = c * c + energy
                total = window[0] + total
                c = v[1] - 2048
                energy = c * c + energy
                total = window[1] + total
                window = ptr16(uint(window) + 4)
                v = ptr16(uint(v) + 4)
                n -= 2
        y0 = 0
        y1 = 0
        y2 = 0
        y3 = 0
        y4 = 0
        y5 = 0
        y6 = 0
        v = ptr16(uint(origin) + ((longest - lag) << 1))
        window = ptr16(uint(origin) + (longest << 1))
        n = size
        while n:
            c = window[0] - 2048
            y0 = v[0] * c + y0
            y1 = v[1] * c + y1
            y2 = v[2] * c + y2
            y3 = v[3] * c + y3
            y4 = v[4] * c + y4
            y5 = v[5] * c + y5
            y6 = v[6] * c + y6
            c = window[1] - 2048
            y0 = v[1] * c + y0
            y1 = v[2] * c + y1
            y2 = v[3] * c + y2
            y3 = v[4] * c + y3
            y4 = v[5] * c + y4
            y5 = v[6] * c + y5
            y6 = v[7] * c + y6
            window = ptr16(uint(window) + 4)
            v = ptr16(uint(v) + 4)
            n -= 2
        zero = (total << 11) - _POSITIVE
        words[0] = y0 - zero
        words[1] = y1 - zero
        words[2] = y2 - zero
        words[3] = y3 - zero
        words[4] = y4 - zero
        words[5] = y5 - zero
        words[6] = y6 - zero
        n = 0
        while n < 7 and lag >= last:
            c = (words[n] - _POSITIVE) >> shift
            if c < 0:
                c = 0
            c = c * c // ((energy >> shift) + 16)
            if turn < 3:
                words[8 + lag] = c
            elif c > most:
                most = c
                best = lag
            # the energy at the next lag
            v = ptr16(uint(origin) + ((longest - lag) << 1))
            c = v[0] - 2048
            energy -= c * c
            c = v[size] - 2048
            energy += c * c
            lag -= 1
            n += 1
        turn += 1
        if turn == 5:
            return best
