"""Line echo cancellation (in the manner of ITU-T G.168): takes out of the sound from the phone what the
hybrid sends back of the sound to it.

How it works. The samples are handled in chunks of 80. The far signal goes through a delay line (the way
through the PCM rings, `delay` samples) and then into two filters of `taps` coefficients:

  * the *tracking* filter is adapted: block NLMS, seven errors for each 16 samples, the far signal and the
    errors pre-emphasised (1 − 5/8 z⁻¹) so that speech, too, teaches it quickly;
  * the *safe* filter is a copy of it from when it was last good; it is never adapted.

While the phone is silent the tracking filter makes the output and the safe one is only checked, 16 samples in
80. In double talk the safe filter makes the output and the tracking one goes on in the background, on 32
samples in 80: no error of adaptation is heard, and none is kept. Double talk is

  * near speech louder than any echo can be (Geigel: 3/4 of the greatest far sample under the filter, which
    stops the adaptation for 60 ms, too), or
  * an output 9.5 dB above what this line usually leaves of this far level, or
  * a tracking filter that does 4.4 dB worse than the safe one.

A changed echo path looks the same at first. It is told from double talk by the tracking filter: when that is
clearly better than the safe one (3.5 dB, and the echo 9.5 dB down; or the safe one makes things worse), it is
believed again. It could win by following the near speech instead of the echo, so it is judged only on every
third chunk, in which it does not learn.

What is left is suppressed when it is no louder than usual for the far level; in its place comes noise of the
phone's own level, faded in and out, so that the line does not sound dead. Far silence or near speech: nothing
is suppressed.

How to use it: `process(near, far, n)` for every frame; `near` is changed in place. `far` is what was *written
to the line in the step before*, after all mixing and gain. `delay` is then what the rings add, in samples:
the echo must begin within the first half of `taps` samples after it. A board with rings of constant length
knows it. With delay=-1 it is searched in steps of a PCM block, 0 … 640, in the first seconds of far sound,
and again when cancelling fails; nothing is cancelled or suppressed meanwhile. `delay` then holds what was
found.

Scales and bounds. A far sample is kept as x >> 2 (14 bits; G.711 loses nothing), a coefficient in Q15. Words
of the filters, of x and of the errors are signed 32-bit and used modulo 2**32: a 64-bit interpreter loads
them unsigned, and sums of products are brought back by their low 32 bits, which holds for all |sum| < 2**31.
For this the coefficients of a filter may add up to 4.0 at most (absolute values, 2**17), so that |sum| ≤
2**17 · 2**13 = 2**30. This is checked whenever the tracking filter becomes the safe one. A tracking filter
that has gone astray in double talk may have more; then its sums wrap (in the same way everywhere), and
nothing but its own error suffers. Other bounds, for full-scale input and 128 taps: |p − 8192| ≤ 6656, so the
power of a window < 0.8 · 2**30, twice counted parts included < 2**31; an error < 2**19, times a gain of 4096
< 2**31; usual level = leak · far < 2**15 · 2**16.
"""

from array import array

from micropython import const

from ata.dsp.echo_control import finish, judge
from ata.dsp.echo_filter import cancel
from ata.dsp.echo_line import feed
from ata.dsp.mix import clear

_CHUNK = const(80)  # samples
_LOST = const(250)  # chunks of far sound without success before the delay is searched again
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
_G = const(20)  # seven steps of adaptation
_LOW = const(28)  # lowest 16· level of the phone in
_COUNT = const(29)  # so many chunks of far silence
_TAPS = const(30)
_WORDS = const(31)


class EchoCanceller:
    """One port's. Only the constructor allocates.

    taps      64 (8 ms) or 128; a multiple of 16, at most 128
    delay     samples between what is written to the line and what comes back from it, without the hybrid;
              −1: search it. Afterwards the attribute says what is used
    enabled   False: near is left as it is (fax, modem); the far signal is still remembered
    suppress  False: what is left is not suppressed
    """

    def __init__(self, taps=64, delay=-1):
        self._taps = taps
        self._search = None
        if delay < 0:
            from ata.dsp.echo_delay import FARTHEST, DelaySearch  # most boards know the delay

            self._search = DelaySearch()
            delay = FARTHEST
        self._size = (delay + 2 * _CHUNK - 1) // _CHUNK * _CHUNK
        self.delay = 0 if self._search else delay
        self._line = array("h", bytes(2 * (self._size + _CHUNK)))
        self._x = array("i", bytes(4 * (taps + _CHUNK)))
        self._p = array("i", bytes(4 * (taps + _CHUNK)))
        self._power = array("i", bytes(taps // 2 + 40))
        self._tracking = array("i", bytes(4 * taps))
        self._safe = array("i", bytes(4 * taps))
        self._t = array("i", bytes(4 * _CHUNK))
        self._e = array("i", bytes(4 * _CHUNK))
        self._work = array("i", bytes(4 * _WORDS))
        self.enabled = True
        self.suppress = True
        self.reset()

    def reset(self):
        """A new call: forget the line and the sound, but not the delay."""
        i = self._taps + _CHUNK
        clear(self._line, self._size + _CHUNK)
        clear(self._x, 2 * i)
        clear(self._power, 2 * len(self._power))
        clear(self._work, 2 * _WORDS)
        while i:
            i -= 1
            self._p[i] = 8192
        self._work[_TAPS] = self._taps
        self._work[_LEAK] = 8192  # 12 dB: a usual hybrid
        self._work[_NOISE] = 200  # −56 dBm0
        self._work[_LOW] = 1500
        self._work[_GAIN] = _UNITY
        self._forget()

    def _forget(self):
        clear(self._tracking, 2 * self._taps)
        clear(self._safe, 2 * self._taps)

    def process(self, near, far, n):
        """Take the echo out of near[:n]; far[:n] is what was written to the line in the step before. Both are
        array('h') (samples are moved in pairs: they must begin at a word); n is a multiple of 80."""
        work = self._work
        x = self._x
        p = self._p
        power = self._power
        t = self._t
        tracking = self._tracking
        safe = self._safe
        search = self._search
        suppress = 1 if self.suppress else 0
        at = -_CHUNK
        while at + _CHUNK < n:
            at += _CHUNK
            feed(x, p, work, power, far, near, self._line, at, self._size, self.delay)
            if not self.enabled:
                continue
            if search and search.active:
                if work[_LEVEL] > 100 and not work[_WAIT]:
                    cancel(at, x, tracking, p, power, near, t, work, 0, 0, search.learning())
                    if search.note(t, near, at):
                        self._restart(search.delay)
                continue
            adapt = 0 if work[_WAIT] or work[_PEAK] < 24 else 1
            e = self._e
            if work[_SAFE]:
                cancel(at, x, safe, p, power, near, e, work, 0, 0, 0)
                if adapt:
                    test = work[_PHASE] == 0
                    work[_PHASE] = 2 if test else work[_PHASE] - 1
                    cancel(at, x, tracking, p, power, near, t, work, 16, 32, 0 if test else 1)
                    if test:
                        judge(work, 16, tracking, safe, t, e, near, at, 32)
            else:
                cancel(at, x, safe, p, power, near, e, work, 32, 48, 0)
                cancel(at, x, tracking, p, power, near, t, work, 0, 0, adapt)
                if judge(work, 32, tracking, safe, t, e, near, at, 48):
                    cancel(at, x, safe, p, power, near, e, work, 0, 0, 0)
                else:
                    e = t
            finish(work, at, near, e, suppress)
            if search and work[_FAILED] > _LOST:
                search.begin()
                self._restart(search.delay)

    def _restart(self, delay):
        """What the filters know of another delay is of no use."""
        self.delay = delay
        self._work[_FAILED] = 0
        self._forget()
