"""Line echo cancellation (in the manner of ITU-T G.168): takes out of the sound from the phone what the
hybrid sends back of the sound to it.

How it works. The samples are handled in chunks of 80. The far signal goes through a delay line (the way
through the PCM rings, `delay` samples) and then into two filters of `taps` coefficients:

  * the *tracking* filter is adapted: block NLMS, four errors for each 8 samples, the far signal and the errors
    pre-emphasised (1 − z⁻¹/2) so that speech, too, teaches it quickly;
  * the *safe* filter is a copy of it from when it was last good; it is never adapted.

While the phone is silent the tracking filter makes the output and the safe one is only checked, 16 samples in
80. In double talk the safe filter makes the output and the tracking one goes on in the background, on every
other block: no error of adaptation is heard, and none is kept. Double talk is

  * near speech louder than any echo can be (Geigel: 3/4 of the greatest far sample under the filter, which
    stops the adaptation for 60 ms, too), or
  * an output 9 dB above what this line usually leaves of this far level, or
  * a tracking filter that does worse than the safe one.

A changed echo path looks the same at first. It is told from double talk by the tracking filter: when that is
clearly better than the safe one, and takes away half of all there is, for 50 ms, it is believed again.

What is left is suppressed when it is no louder than usual for the far level; in its place comes noise of the
phone's own level, faded in and out, so that the line does not sound dead. Far silence or near speech: nothing
is suppressed.

How to use it: `process(near, far, n)` for every frame; `near` is changed in place. `far` is what was *written
to the line in the step before*, after all mixing and gain. `delay` is then what the rings add, in samples:
the echo must begin within the first half of `taps` samples after it. A board with rings of constant length
knows it. With delay=-1 it is searched in steps of a PCM block, 0 … 640, during the first second or two of far
sound, and again when cancelling fails; the attribute then holds what was found, for the next call.

Scales and bounds. A far sample is kept as x >> 2 (14 bits; G.711 loses nothing), a coefficient in Q15. Words
of the filters, of x and of the errors are signed 32-bit and used modulo 2**32: a 64-bit interpreter loads them
unsigned, and sums of products are brought back by their low 32 bits, which holds for all |sum| < 2**31. For
this the coefficients of a filter may add up to 4.0 at most (absolute values, 2**17): |sum| ≤ 2**17 · 2**13 =
2**30. The tracking filter is measured after each chunk, and replaced if it has more; within that chunk its
sums could wrap (the same way everywhere), and only its own.
"""

from array import array

import micropython
from micropython import const

_CHUNK = const(80)  # samples
_BLOCK = const(8)  # of adaptation
_FARTHEST = const(640)  # delay that is searched
_TRIAL = const(16)  # chunks of far sound for each delay tried
_HOLD = const(6)  # chunks without adaptation after loud near speech
_LOST = const(250)  # chunks of far sound without success before the delay is searched again
_MOST = const(0x20000)  # sum of the coefficients
_UNITY = const(4096)  # gain of the suppressor

# Words of `work`. Levels are means of absolute values; where `16·` is said, in sixteenths.
_PUT = const(0)  # where the delay line is written next
_PEAK = const(1)  # greatest |x| of the last chunks under the filter, 14 bits: three of them
_LEVEL = const(4)  # level of the far signal under the filter: of the last three chunks
_SAFE = const(7)  # 1: the safe filter makes the output
_WAIT = const(8)  # chunks until adaptation may go on
_BETTER = const(9)  # for how many chunks the tracking filter has been the better one
_TRACKED = const(10)  # 16· level of the tracking filter's error,
_KEPT = const(11)  # of the safe one's
_HEARD = const(12)  # and of the phone
_LEAK = const(13)  # what is usually left of the far level, Q15
_NOISE = const(14)  # 16· level of the phone's noise
_GAIN = const(15)
_TALK = const(16)  # chunks until the suppressor may begin
_SEED = const(17)
_FAILED = const(18)  # chunks of far sound without success
_PHASE = const(19)
_G = const(20)  # four steps of adaptation
_WORDS = const(24)


@micropython.viper
def _feed(
    far: ptr16, near: ptr16, at: int, line: ptr16, size: int, delay: int,
    x: ptr32, p: ptr32, energy: ptr32, work: ptr32, taps: int,
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
        x[k] = uint(v)
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
    work[_PEAK + 2] = work[_PEAK + 1]
    work[_PEAK + 1] = work[_PEAK]
    work[_PEAK] = peak
    work[_LEVEL + 2] = work[_LEVEL + 1]
    work[_LEVEL + 1] = work[_LEVEL]
    work[_LEVEL] = level * 13 >> 8  # · 4 / 80
    k = _PEAK + 1
    while k < _PEAK + 3:
        if work[k] > peak:
            peak = work[k]
        k += 1
    if loudest > 3 * peak + (work[_NOISE] >> 1) + 64:  # of 16 bits against 14
        work[_WAIT] = _HOLD
    elif work[_WAIT]:
        work[_WAIT] -= 1


@micropython.viper
def _filter(
    c: int, x: ptr32, w: ptr32, window: ptr32, p: ptr32, energy: ptr32, near: ptr16, at: int,
    e: ptr32, work: ptr32, taps: int, skip: int, adapt: int,
):
    """e = near[at : at + 80] − the echo by the filter w (last coefficient first), in blocks of 8 samples, each
    followed by `skip` samples that are left out; after each block adapt w, if wanted.

    c and x are no arguments: the first two locals live in registers. Bounds: a step g is limited to ±16383, so
    that the four products g · p (p < 2**14) and the constant (at most 2**29) stay below 2**31.
    """
    n = taps >> 3
    power = 0
    k = 0
    while k < n:
        power += energy[k]
        k += 1
    block = 0
    while block < _CHUNK:
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
        e[block] = uint(y0)
        e[block + 1] = uint(y1)
        e[block + 2] = uint(y2)
        e[block + 3] = uint(y3)
        e[block + 4] = uint(y4)
        e[block + 5] = uint(y5)
        e[block + 6] = uint(y6)
        e[block + 7] = uint(y7)
        k = block
        while k < block + _BLOCK:
            c = ((((e[k] >> 2) & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000) >> 11
            e[k] = uint(((int(near[at + k]) ^ 0x8000) - 0x8000) - c)
            k += 1
        if adapt:
            # The steps g = 3/8 · error · 2**23 / power, with power = c · 2**(s − 1), 1024 ≤ c < 4096.
            c = power + energy[n + (block >> 3)] + 1024
            s = 1
            while c > 0xFFF:
                c >>= 1
                s += 1
            c = 0x800000 // c
            g0 = 0  # which sample of the block: 1, 3, 4, 6, so that no phase of a periodic sound is left out
            k = 1
            while k < 7:
                y0 = ((e[block + k] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
                y1 = ((e[block + k - 1] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
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
            s = 8192 * (1 - g0 - g1 - g2 - g3)
            x = ptr32(uint(p) + ((block + 1) << 2))
            u = w
            k = taps
            while k:
                c = x[1] * g0 + s
                c = x[3] * g1 + c
                c = x[4] * g2 + c
                c = x[6] * g3 + c
                u[0] = uint((c >> 14) + u[0])
                c = x[2] * g0 + s
                c = x[4] * g1 + c
                c = x[5] * g2 + c
                c = x[7] * g3 + c
                u[1] = uint((c >> 14) + u[1])
                c = x[3] * g0 + s
                c = x[5] * g1 + c
                c = x[6] * g2 + c
                c = x[8] * g3 + c
                u[2] = uint((c >> 14) + u[2])
                c = x[4] * g0 + s
                c = x[6] * g1 + c
                c = x[7] * g2 + c
                c = x[9] * g3 + c
                u[3] = uint((c >> 14) + u[3])
                x = ptr32(uint(x) + 16)
                u = ptr32(uint(u) + 16)
                k -= 4
        k = block
        block += _BLOCK + skip
        while k < block and k < _CHUNK:
            power += energy[n + (k >> 3)] - energy[k >> 3]
            k += _BLOCK


@micropython.viper
def _judge(
    n: int, v: int, tracking: ptr32, safe: ptr32, t: ptr32, e: ptr32, near: ptr16, at: int,
    work: ptr32, taps: int, skip: int,
) -> int:
    """Compare the errors t of the tracking and e of the safe filter in the blocks that both have made, and
    copy one filter into the other where that is due. 1 if the safe filter makes the output of this chunk."""
    a = 0
    b = 0
    d = 0
    n = 0
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
    if skip == 8:  # of 40 samples instead of 16
        a = a * 13 >> 5
        b = b * 13 >> 5
        d = d * 13 >> 5
    n = 0
    v = 0
    while n < taps:
        k = ((tracking[n] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
        if k < 0:
            k = 0 - k
        if v <= _MOST:
            v += k
        n += 1
    from_safe = v > _MOST
    to_safe = False
    far = work[_LEVEL]
    if work[_LEVEL + 1] > far:
        far = work[_LEVEL + 1]
    if far > 40:
        n = 2 - work[_SAFE]
        work[_TRACKED] += (a - work[_TRACKED]) >> n
        work[_KEPT] += (b - work[_KEPT]) >> n
        work[_HEARD] += (d - work[_HEARD]) >> n
        a = work[_TRACKED]
        k = work[_KEPT]
        d = work[_HEARD]
        loud = b > 3 * (((work[_LEAK] * far) >> 11) + work[_NOISE])
        if work[_SAFE]:
            if a * 5 < k * 4 and a * 2 < d:
                work[_BETTER] += 4
            elif loud or a * 16 > k * 17:
                work[_BETTER] = 0
            else:
                work[_BETTER] += 3
            if work[_BETTER] >= 12:
                work[_SAFE] = 0
                work[_BETTER] = 0
                to_safe = a < k
            elif a > k << 1:
                from_safe = True
        elif loud or k * 5 < a * 3:
            work[_SAFE] = 1
            work[_BETTER] = 0
            from_safe = True
        elif a * 10 < k * 9:
            work[_BETTER] += 1
            if work[_BETTER] > 3:
                work[_BETTER] = 0
                to_safe = True
        else:
            work[_BETTER] = 0
    if work[_WAIT]:
        work[_SAFE] = 1
        work[_BETTER] = 0
    if from_safe:
        work[_TRACKED] = work[_KEPT]
        n = 0
        while n < taps:
            tracking[n] = safe[n]
            n += 1
    elif to_safe:
        work[_KEPT] = work[_TRACKED]
        n = 0
        while n < taps:
            safe[n] = tracking[n]
            n += 1
    return work[_SAFE]


@micropython.viper
def _finish(g: int, v: int, near: ptr16, at: int, e: ptr32, work: ptr32, suppress: int):
    """near[at : at + 80] = e, clipped, or noise in its place. Learns what is usually left, and the noise."""
    # the 16· level of the output
    level = 0
    g = 0
    while g < _CHUNK:
        v = ((e[g] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
        if v < 0:
            v = 0 - v
        level += v
        g += 1
    level = level * 13 >> 6
    far = work[_LEVEL]
    if work[_LEVEL + 1] > far:
        far = work[_LEVEL + 1]
    if work[_LEVEL + 2] > far:
        far = work[_LEVEL + 2]
    leak = work[_LEAK]
    noise = work[_NOISE]
    usual = (leak * far) >> 11
    target = _UNITY
    if far <= 10:
        work[_TALK] = 0
        if level > noise:
            noise += (noise >> 8) + 1
    elif work[_WAIT] == 0:
        if level < usual:
            leak -= leak >> 5
        elif level < (usual + noise) << 2:
            leak += (leak >> 6) + 1
        else:
            leak += leak >> 8
        if level <= 3 * (usual + noise):
            if work[_TALK]:
                work[_TALK] -= 1
            else:
                target = 0
        else:
            work[_TALK] = 3
    else:
        work[_TALK] = 3
    if suppress == 0:
        target = _UNITY
    if level < noise:
        noise -= (noise - level) >> 2
    if leak < 32:
        leak = 32
    elif leak > 16384:
        leak = 16384
    if noise > 1000:
        noise = 1000
    work[_LEAK] = leak
    work[_NOISE] = noise
    # 4 samples to fade the signal in, 80 to fade it out
    noise = noise * 35 >> 8  # the peak of white noise of the same power
    seed = work[_SEED]
    g = work[_GAIN]
    n = 0
    while n < _CHUNK:
        v = ((e[n] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
        if g + target != _UNITY << 1:
            if g < target:
                g += 128
            elif g > target:
                g -= 64
            seed = (seed * 1109 + 12345) & 0xFFFFF
            v = (v * g + (((seed >> 5) - 16384) * noise >> 14) * (_UNITY - g)) >> 12
        if v > 32767:
            v = 32767
        elif v < -32768:
            v = -32768
        near[at + n] = v & 0xFFFF
        n += 1
    work[_SEED] = seed
    work[_GAIN] = g


class EchoCanceller:
    """One port's. Only the constructor allocates.

    taps      64 (8 ms) or 128; a multiple of 8
    delay     samples between what is written to the line and what comes back from it, without the hybrid;
              −1: search it. Afterwards the attribute says what is used; may be set before reset().
    enabled   False: near is left as it is (fax, modem); the far signal is still remembered
    suppress  False: what is left is not suppressed
    """

    def __init__(self, taps=64, delay=-1):
        self._taps = taps
        self._search = delay < 0
        self._size = (_FARTHEST if delay < 0 else delay) + _CHUNK
        self.delay = delay if delay > 0 else 0
        self._line = array("h", bytes(2 * self._size))
        self._x = array("i", bytes(4 * (taps + _CHUNK)))
        self._p = array("i", bytes(4 * (taps + _CHUNK)))
        self._energy = array("i", bytes(taps // 2 + 40))
        self._tracking = array("i", bytes(4 * taps))
        self._safe = array("i", bytes(4 * taps))
        self._t = array("i", bytes(4 * _CHUNK))
        self._e = array("i", bytes(4 * _CHUNK))
        self._work = array("i", bytes(4 * _WORDS))
        self.enabled = True
        self.suppress = True
        self._trying = -1  # the delay on trial
        if self._search:
            self._begin_search()
        self.reset()

    @property
    def searching(self):
        """True while the delay is not known yet."""
        return self._trying >= 0

    def reset(self):
        """A new call: forget the line and the sound, but not the delay."""
        i = 0
        while i < self._size:
            self._line[i] = 0
            i += 1
        i = self._taps + _CHUNK
        while i:
            i -= 1
            self._x[i] = 0
            self._p[i] = 8192
        i = len(self._energy)
        while i:
            i -= 1
            self._energy[i] = 0
        i = _WORDS
        while i:
            i -= 1
            self._work[i] = 0
        self._work[_LEAK] = 8192
        self._work[_NOISE] = 100
        self._work[_GAIN] = _UNITY
        self._forget()

    def _forget(self):
        i = self._taps
        while i:
            i -= 1
            self._tracking[i] = 0
            self._safe[i] = 0

    def process(self, near, far, n):
        """Take the echo out of near[:n] (array('h')); far[:n] is what was written to the line in the step
        before. n is a multiple of 80."""
        at = 0
        while at < n:
            self._chunk(near, far, at)
            at += _CHUNK

    def _chunk(self, near, far, at):
        work = self._work
        taps = self._taps
        x = self._x
        p = self._p
        energy = self._energy
        t = self._t
        e = self._e
        _feed(far, near, at, self._line, self._size, self.delay, x, p, energy, work, taps)
        if not self.enabled:
            return
        if self._trying >= 0:
            self._search_on(near, at)
            return
        adapt = 0 if work[_WAIT] or work[_PEAK] < 24 else 1
        if work[_SAFE]:
            _filter(0, x, self._safe, x, p, energy, near, at, e, work, taps, 0, 0)
            if adapt:
                test = work[_PHASE] == 0
                work[_PHASE] = 2 if test else work[_PHASE] - 1
                _filter(0, x, self._tracking, x, p, energy, near, at, t, work, taps, 8, 0 if test else 1)
                if test:
                    _judge(0, 0, self._tracking, self._safe, t, e, near, at, work, taps, 8)
        else:
            _filter(0, x, self._safe, x, p, energy, near, at, e, work, taps, 32, 0)
            _filter(0, x, self._tracking, x, p, energy, near, at, t, work, taps, 0, adapt)
            if _judge(0, 0, self._tracking, self._safe, t, e, near, at, work, taps, 32):
                _filter(0, x, self._safe, x, p, energy, near, at, e, work, taps, 0, 0)
            else:
                e = t
        _finish(0, 0, near, at, e, work, 1 if self.suppress else 0)
