"""Fax and modem tones: CNG (ITU-T T.30), ANS or CED (V.25), its phase reversals (G.168 §7), ANSam (V.8).

    CNG    1100 Hz ± 38 Hz, 0.5 s on, 3 s off, ± 15 %: a fax machine calls
    ANS    2100 Hz ± 15 Hz, 2.6 … 4 s: a fax machine (CED) or a modem answers
           with its phase reversed every 450 ± 25 ms: echo cancellers have to go off
    ANSam  the same, its amplitude modulated by 20 % at 15 Hz: a V.8 modem (V.34, V.90, V.34 fax)

How it works. The first 80 samples of each frame are two blocks of 5 ms. For both frequencies a Goertzel
filter gives the complex amplitude of each block. A frame is a *hit* if one of them has 5/8 of its energy,
about the same in both blocks, and has advanced in phase between them as its frequency does, within ± 48 Hz
(1100) or ± 30 Hz (2100). From frame to frame the phase is followed: it goes on as it did (else the frame is
no hit), or it is reversed, within 45° (G.168 wants 25° found and 110° not). What is between the blocks is not
heard: the tones last for many frames, and this halves the cost. The power of ten frames, three periods of
15 Hz, tells ANSam.

How to use it: process() for each frame of 20 ms, one detector for each direction. Only the constructor
allocates.

Scales. Those of goertzel.py; |4 Y1|² + |4 Y2|² of a pure tone is 20 times the energy of both, in sixteenths.
The kernels store to work[variable + …]
only: with a constant index mpy-cross 1.25 stores the wrong register on Xtensa.
"""

from array import array

import micropython
from micropython import const

from ata.dsp.goertzel import goertzel, tune

CNG = const(1)  # a calling fax: its second burst has ended in time (or its first, see MAX_BURSTS)
ANSWER = const(2)  # 2100 Hz for 300 ms
DISABLE = const(3)  # … with its phase reversed twice, 450 ms apart
MODULATED = const(4)  # … with 15 Hz amplitude modulation
ENDED = const(5)  # the 2100 Hz that ANSWER told is over

_QUIET = const(8140)  # energy of a tone of −46 dBm0
_OFF = const(0x100000)

# frames of 20 ms
_ANSWER = const(15)
_HOLD = const(2)  # without a hit that a tone may have
_BURST_MIN = const(19)  # of CNG; the 10 ms windows that lie within it entirely
_BURST_MAX = const(30)
_PAUSE_MIN = const(122)
_PAUSE_MAX = const(178)
_TURN_MIN = const(20)  # between two phase reversals, each seen up to two frames late
_TURN_MAX = const(25)
_LONG = const(1000)

# Words of `work`, and of a row of `bins` (1100 Hz, 2100 Hz): the first ones are those of goertzel.py.
_FILL = const(0)
_ENERGY = const(1)
_ROWS = const(6)
_STRIDE = const(7)
_Y = const(3)  # the second block
_FIRST = const(5)  # the first one
_ROW = const(7)
_BURSTS = const(8)  # of CNG that make a call
_SINCE = const(9)  # frames since the last burst of CNG
_COUNT = const(10)  # bursts with the right pauses
_TONE = const(11)  # what is followed: 0, 1: 1100 Hz, 2: 2100 Hz
_RUN = const(12)  # frames since its first hit
_GAP = const(13)  # frames since its last hit
_PAUSE = const(14)  # _SINCE when it began
_KNOWN = const(15)  # 1: the next four are valid
_R = const(16)  # advance of the phase in a frame: re, im, Q10
_P = const(18)  # the phase that is due: re, im
_Z = const(20)  # that of the last hit: re, im
_TURNED = const(22)  # _RUN at the last reversal, or 0
_SAID = const(23)  # bits 1 << event
_FRAMES = const(24)  # frames in the sums for ANSam
_SHIFT = const(25)  # their scale
_SUM = const(26)  # of the power
_WAVE_RE = const(27)  # the same times cosine and sine of 15 Hz
_WAVE_IM = const(28)
_WORDS = const(29)

# cos 2π·3k/10 and after them the sines, + 128
_WAVE = b"\xff\x59\x19\xe7\xa7\x01\xa7\xe7\x19\x59\x80\xf9\x35\x35\xf9\x80\x07\xcb\xcb\x07"


@micropython.viper
def _begins(re: int, im: int, work: ptr32, bins: ptr32) -> int:
    """After the first block of a frame. 0: it is enough, nothing begins. Its amplitudes are put away."""
    # re and im are no arguments: the first two locals live in registers
    base = 0
    work[base + _FILL] = 0
    if work[_SINCE] < _LONG:
        work[base + _SINCE] = work[_SINCE] + 1
    energy = work[_ENERGY]
    c = energy
    shift = 0
    while c > 0x3FFFFF:
        c >>= 2
        shift += 1
    c = c * 5
    row = 0
    while row < 2 * _ROW:
        re = bins[row + _Y]
        im = bins[row + _Y + 1]
        bins[row + _FIRST] = re
        bins[row + _FIRST + 1] = im
        re = (re - _OFF) >> shift
        im = (im - _OFF) >> shift
        c = c - re * re - im * im
        row += _ROW
    # a tone begins with a quarter of the energy at least
    if work[_TONE] == 0 and (c > 0 or energy < _QUIET >> 6):
        return 0
    return 1


@micropython.viper
def _follow(re: int, im: int, work: ptr32, bins: ptr32, wave: ptr8) -> int:
    """After the second block: the event, or 0."""
    base = 0
    work[base + _FILL] = 0
    energy = (work[_ENERGY] + work[_ENERGY + 1]) << 4  # the scale of |4 Y|²
    # Which tone is it? Scaled so that its power (up to 40 energies) stays below 2**29.
    shift = 0
    while energy > 0x7FFFFF:
        energy >>= 2
        shift += 1
    tone = 0
    power = 0
    now = work[_TONE]
    place = _ROW
    if now == 1:
        place = 0
    while energy > _QUIET and tone == 0 and place >= 0:
        a = ((bins[place + _FIRST] - _OFF) << 2) >> shift
        b = ((bins[place + _FIRST + 1] - _OFF) << 2) >> shift
        re = ((bins[place + _Y] - _OFF) << 2) >> shift
        im = ((bins[place + _Y + 1] - _OFF) << 2) >> shift
        power = a * a + b * b
        t = re * re + im * im
        d = power - t
        if d < 0:
            d = 0 - d
        power += t
        if power > energy * 25 >> 1 and d < power * 3 >> 3:
            # 5 ms are 5.5 or 10.5 periods: the second block is the first one turned by 180° and by what the
            # frequency is off: 18° for 10 Hz
            d = 0 - a * re - b * im
            t = b * re - a * im
            if t < 0:
                t = 0 - t
            if place == 0:
                if t >> 4 < d:
                    tone = 1
            elif t < d + (d >> 2) + (d >> 3):
                tone = 2
        re = a - re
        im = b - im
        place -= _ROW
        if now:
            break

    if now == 0 and tone == 0:
        return 0
    if tone:
        while re * re + im * im > 0xFFFFF:
            re >>= 1
            im >>= 1
    if now == 0:
        work[base + _TONE] = tone
        work[base + _PAUSE] = work[_SINCE]
        i = _TURNED
        while i < _WORDS:
            work[i] = 0
            i += 1
        work[base + _RUN] = 1
        work[base + _GAP] = 0
        work[base + _KNOWN] = 0
        work[base + _Z] = re + _OFF
        work[base + _Z + 1] = im + _OFF
        return 0
    work[_RUN] += 1
    work[_GAP] += 1
    run = work[_RUN]
    said = work[_SAID]
    event = 0
    hit = 0
    c_re = work[_R] - _OFF
    c_im = work[_R + 1] - _OFF
    if tone == now:
        a = work[_Z] - _OFF
        b = work[_Z + 1] - _OFF
        t = (re * a + im * b) >> 10  # the advance since the last hit
        b = (im * a - re * b) >> 10
        a = t
        if work[_KNOWN]:
            p_re = work[_P] - _OFF
            p_im = work[_P + 1] - _OFF
            d = re * p_re + im * p_im
            t = im * p_re - re * p_im
            if t < 0:
                t = 0 - t
            if t < d << 1:
                hit = 1
                if work[_GAP] == 1:
                    c_re += (a - c_re) >> 2
                    c_im += (b - c_im) >> 2
            elif t < 0 - d and now == 2:
                hit = 1
                t = run - work[_TURNED]
                if work[_TURNED] and _TURN_MIN <= t and t <= _TURN_MAX and said & (1 << DISABLE) == 0:
                    event = DISABLE
                work[base + _TURNED] = run
        elif work[_GAP] == 1:
            hit = 1
            work[base + _KNOWN] = 1
            c_re = a
            c_im = b
    if hit:
        work[base + _GAP] = 0
        work[base + _R] = c_re + _OFF
        work[base + _R + 1] = c_im + _OFF
        work[base + _Z] = re + _OFF
        work[base + _Z + 1] = im + _OFF
    elif work[_KNOWN] and work[_GAP] <= _HOLD:
        re = work[_P] - _OFF
        im = work[_P + 1] - _OFF
        work[base + _FRAMES] = 0
    else:  # it is over
        work[base + _TONE] = 0
        if now == 2:
            return ENDED if said else 0
        run -= work[_GAP]
        if run < _BURST_MIN or run > _BURST_MAX:
            return 0
        t = work[_PAUSE]
        if t < _PAUSE_MIN or t > _PAUSE_MAX:
            work[base + _COUNT] = 0
        work[_COUNT] += 1
        work[base + _SINCE] = work[_GAP]
        if work[_COUNT] < work[_BURSTS]:
            return 0
        work[base + _COUNT] = work[_BURSTS] - 1
        return CNG
    work[base + _P] = ((re * c_re - im * c_im) >> 10) + _OFF
    work[base + _P + 1] = ((re * c_im + im * c_re) >> 10) + _OFF
    if now == 1 or hit == 0:
        return 0

    if event == 0 and run >= _ANSWER and said == 0:
        event = ANSWER
    i = work[_FRAMES]
    if i == 0:
        work[base + _SHIFT] = shift
        work[base + _SUM] = 0
        work[base + _WAVE_RE] = _OFF << 8
        work[base + _WAVE_IM] = _OFF << 8
    power >>= 12
    t = (shift - work[_SHIFT]) << 1
    if t > 2 or t < -2:
        i = 9  # another tone: begin anew
        power = 0
    elif t < 0:
        power >>= 2
    else:
        power <<= t
    work[_SUM] += power
    work[_WAVE_RE] += power * (wave[i] - 128)
    work[_WAVE_IM] += power * (wave[i + 10] - 128)
    i += 1
    if i == 10:
        i = 0
        if power and said & 1 << ANSWER and event == 0 and said & 1 << MODULATED == 0:
            t = work[_SUM]
            a = (work[_WAVE_RE] - (_OFF << 8)) >> 7
            b = (work[_WAVE_IM] - (_OFF << 8)) >> 7
            while t > 0x3FFF:
                t >>= 1
                a >>= 1
                b >>= 1
            # power modulated by twice the depth m has m of its sum here: the nominal 0.2, or 0; 1/8 decides
            if a * a + b * b > t * t >> 6:
                event = MODULATED
    work[base + _FRAMES] = i
    if event:
        work[base + _SAID] = said | 1 << event
    return event


class FaxModemDetector:
    """Listens in one direction of one port. `bursts` of CNG make a CNG event: 2 to be sure, 1 to be quick (a
    single beep of 1100 Hz and 0.5 s is then one too)."""

    def __init__(self, bursts=2):
        work = array("i", [0] * _WORDS)
        work[_ROWS] = 2
        work[_STRIDE] = 4 * _ROW
        work[_BURSTS] = bursts
        bins = array("i", [0] * (2 * _ROW))
        tune(bins, 0, 1100)
        tune(bins, _ROW, 2100)
        self._work = work
        self._bins = bins
        self._x = array("i", [0] * 40)
        self.reset()

    def reset(self):
        """Forget what was heard: a new call."""
        work = self._work
        work[_SINCE] = _LONG
        work[_COUNT] = work[_TONE] = 0

    def process(self, pcm, n):
        """Hear a frame of 20 ms, n = 160 samples of array('h'). Returns 0 or CNG, ANSWER, DISABLE, MODULATED,
        ENDED (1 … 5); the middle three once a tone."""
        x = self._x
        work = self._work
        bins = self._bins
        goertzel(0, 0, x, pcm, 0, 40, work, bins)
        if not _begins(0, 0, work, bins):
            return 0
        goertzel(0, 0, x, pcm, 40, 80, work, bins)
        return _follow(0, 0, work, bins, _WAVE)
