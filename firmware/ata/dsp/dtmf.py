"""DTMF detection (ITU-T Q.23, Q.24).

How it works. The signal is cut into blocks of 40 samples (5 ms), whatever the size of the frames. For each
of the eight frequencies a Goertzel filter gives the complex amplitude of the block. The last four blocks,
turned to the same instant and weighted 1 2 2 1, make a window of 20 ms that moves by 5 ms: the samples are
filtered once and yet every window overlaps its neighbours. The strongest row and the strongest column of a
window are a *hit* if

  * each has advanced in phase since the window before as its own frequency does, within 2.4 % (between the
    1.5 % to be accepted and the 3.5 % to be rejected). This measures the frequency, however wide the filter
    is, and speech seldom keeps it;
  * together they are 80 % of the energy of the window, the loss of the filter at the measured frequency made
    good. Speech has its energy elsewhere too;
  * they differ by no more than the twist allowed and are loud enough.

Four hits in a row (tone for about 31 ms) begin a digit; six windows without a hit (a gap of about 20 ms) end
it. A steady signal that was there before the digit (dial tone: for 150 ms within ±25 %) is not counted as
energy elsewhere, up to one and a half times the energy of the digit.

How to use it: `process(pcm, n)` for each frame; when it says BEGAN or ENDED, `code` is the digit. `suspect`
is true from the first hit on (tone for about 16 ms; once in 25 minutes of recorded speech in vain): mute or
hold back what the far end would hear twice.

Scales. A sample x is kept as (x + 32768) >> 3: never negative, so that 32-bit loads need no sign. The filters
start and end at rest for this offset. Words that can be negative are stored with _OFF added. An amplitude A
gives |W| = 30 · A/8 in a window and its energy word is 12.5 · (A/8)²; so a pure tone has |W|² = 72 energies.
"""

# ptr16(), ptr32() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

import math
from array import array

import micropython
from micropython import const

from ata.dsp.goertzel import goertzel, tune

BEGAN = const(1)
ENDED = const(2)

_BLOCK = const(40)  # samples
_HITS = const(4)  # windows that begin a digit
_MISSES = const(6)  # windows that end it
_TOLERANCE = 0.024  # of the frequency
_STEADY = const(30)  # windows that make a background

_OFF = const(0x100000)
# Words of a row of `bins`, one frequency, and of `work`: the first ones are those of goertzel.py.
_ROW = const(18)
_Y = const(3)  # the newest block: re, im with _OFF
_TURN = const(5)  # cos, sin of 40 ω (one block later), Q11, with _OFF
_LIMIT = const(7)  # sin² of the largest phase error, in 1/1024
_Y1 = const(8)  # the one before it; each of the next has the one before it, turned, and twice the newest:
_Y2 = const(10)  # two blocks of the window,
_Y3 = const(12)  # three,
_W = const(14)  # and all four: the window
_LAST = const(16)  # the window before
_FILL = const(0)
_ENERGY = const(1)
_ROWS = const(6)
_STRIDE = const(7)
_AVERAGE = const(8)  # energy of the windows lately,
_COUNT = const(9)  # for how many windows it was steady,
_FLOOR = const(10)  # and the background made of it
_BEFORE = const(11)  # energy of the window before
_WORDS = const(12)

# 4 · row + column → RFC 4733 event code
_CODES = b"\x01\x02\x03\x0c\x04\x05\x06\x0d\x07\x08\x09\x0e\x0a\x00\x0b\x0f"
_FREQUENCIES = (697, 770, 852, 941, 1209, 1336, 1477, 1633)  # Q.23


@micropython.viper
def _judge(re: int, im: int, bins: ptr32, work: ptr32, boost: ptr8) -> int:
    """4 · row + column if the window that ends with the last block is a hit, else −1."""
    work[_FILL] = 0
    total = work[_ENERGY] + work[_ENERGY + 3] + ((work[_ENERGY + 1] + work[_ENERGY + 2]) << 2)
    # The shift that keeps |W|² of this window and of the one before (at most 81 energies) below 2**29.
    shift = 0
    e = total | work[_BEFORE]
    work[_BEFORE] = total
    while e > 0x3FFFFF:
        e >>= 2
        shift += 1
    e = total >> (shift << 1)

    # The windows, and the strongest of each group.
    rows = 0  # the strongest ones' places in bins
    columns = 0
    row_power = 0
    column_power = 0
    place = 0
    row = bins
    while place < 8 * _ROW:
        turn_re = row[_TURN] - _OFF
        turn_im = row[_TURN + 1] - _OFF
        y_re = row[_Y]
        y_im = row[_Y + 1]
        row[_LAST] = row[_W]
        row[_LAST + 1] = row[_W + 1]
        re = row[_Y3] - _OFF
        im = row[_Y3 + 1] - _OFF
        t = ((re * turn_re - im * turn_im) >> 11) + y_re
        row[_W] = t
        im = ((re * turn_im + im * turn_re) >> 11) + y_im
        row[_W + 1] = im
        re = (t - _OFF) >> shift
        im = (im - _OFF) >> shift
        t = re * re + im * im
        if place < 4 * _ROW:
            if t > row_power:
                row_power = t
                rows = place
        elif t > column_power:
            column_power = t
            columns = place
        t = (y_re << 1) - _OFF
        y = (y_im << 1) - _OFF
        re = row[_Y2] - _OFF
        im = row[_Y2 + 1] - _OFF
        row[_Y3] = ((re * turn_re - im * turn_im) >> 11) + t
        row[_Y3 + 1] = ((re * turn_im + im * turn_re) >> 11) + y
        re = row[_Y1] - _OFF
        im = row[_Y1 + 1] - _OFF
        row[_Y2] = ((re * turn_re - im * turn_im) >> 11) + t
        row[_Y2 + 1] = ((re * turn_im + im * turn_re) >> 11) + y
        row[_Y1] = y_re
        row[_Y1 + 1] = y_im
        row = ptr32(uint(row) + 4 * _ROW)
        place += _ROW

    hit = -1
    if row_power + column_power > e << 3:  # more than 1/9, and so worth a look
        k = 0
        row = ptr32(uint(bins) + (rows << 2))
        while k < 2:
            # The phase advance beyond that of the nominal frequency: the angle of W · conj(turned W before).
            turn_re = row[_TURN] - _OFF
            turn_im = row[_TURN + 1] - _OFF
            re = row[_LAST] - _OFF
            im = row[_LAST + 1] - _OFF
            t = ((re * turn_re - im * turn_im) >> 11) >> shift
            im = ((re * turn_im + im * turn_re) >> 11) >> shift
            w_re = (row[_W] - _OFF) >> shift
            w_im = (row[_W + 1] - _OFF) >> shift
            re = w_re * t + w_im * im
            im = w_im * t - w_re * im
            if re <= 0:
                break
            if im < 0:
                im = 0 - im
            while re + im > 0x4000:
                re >>= 1
                im >>= 1
            im *= im
            re = (re * re + im) >> 10
            t = im // re if re else 1024
            if t > row[_LIMIT]:
                break
            t = boost[t >> 4]
            if k:
                column_power = ((column_power >> 6) * t) >> 5
            else:
                row_power = ((row_power >> 6) * t) >> 5
            row = ptr32(uint(bins) + (columns << 2))
            k += 1
        if k == 2:
            t = row_power + column_power
            quiet = 14400 >> (shift << 1)  # −39 dBm0
            # What is elsewhere, in units of |W|² / 64: of all the energy, or of what has come on top of the
            # background (which is then what the tones account for, neither more nor less).
            e += e >> 3
            beyond = e - ((work[_FLOOR] >> (shift << 1)) * 9 >> 3) - t
            if (
                row_power > quiet
                and column_power > quiet
                and column_power < row_power << 2
                and row_power < column_power * 10
                and (e - t < t >> 2 or (0 - (t >> 2) < beyond and beyond < t >> 2 and e < t * 5 >> 1))
            ):
                hit = 0
                while rows:
                    rows -= _ROW
                    hit += 4
                while columns > 4 * _ROW:
                    columns -= _ROW
                    hit += 1
    if hit < 0:
        t = total - work[_AVERAGE]
        if t > work[_AVERAGE] >> 2 or t < 0 - (work[_AVERAGE] >> 2):
            work[_AVERAGE] = total
            work[_COUNT] = 0
        else:
            work[_AVERAGE] += t >> 3
            work[_COUNT] += 1
            if work[_COUNT] > _STEADY:
                work[_COUNT] = _STEADY
                work[_FLOOR] = work[_AVERAGE]
        if total < work[_FLOOR] >> 1:
            work[_FLOOR] = 0
    return hit


class DtmfDetector:
    """Finds the digits in one direction of one port. Only the constructor allocates.

    code     RFC 4733 event code (0…15) of the digit last reported
    suspect  True while a digit is present or may be beginning: from its first hit on
    """

    def __init__(self):
        bins = array("i", [0] * (8 * _ROW))
        row = 0
        for hz in _FREQUENCIES:
            w = hz * math.pi / 4000
            tune(bins, row, hz)
            bins[row + _TURN] = _OFF + round(2048 * math.cos(_BLOCK * w))
            bins[row + _TURN + 1] = _OFF + round(2048 * math.sin(_BLOCK * w))
            bins[row + _LIMIT] = round(1024 * math.sin(_BLOCK * w * _TOLERANCE) ** 2)
            row += _ROW
        self._bins = bins
        # 32 / (response of the window)², for 64 steps of sin² of the phase error of a block
        boost = bytearray(65)
        for k in range(65):
            a = math.asin(math.sqrt(min(k + 0.5, 60) / 64))
            response = (2 * math.cos(1.5 * a) + 4 * math.cos(a / 2)) / 6 * math.sin(a / 2) / (a / 2)
            boost[k] = min(255, round(32 / response**2))
        self._boost = boost
        self._work = array("i", [0] * _WORDS)
        self._block = array("i", [0] * _BLOCK)
        self.code = 0
        self.reset()

    def reset(self):
        """Forget all that was heard. A digit that is present ends without a report."""
        work = self._work
        k = 0
        while k < len(work):
            work[k] = 0
            k += 1
        work[_ROWS] = 8
        work[_STRIDE] = 4 * _ROW
        bins = self._bins
        row = 0
        while row < 8 * _ROW:
            bins[row + _Y] = bins[row + _Y + 1] = _OFF
            k = row + _Y1
            row += _ROW
            while k < row:
                bins[k] = _OFF
                k += 1
        self._digit = -1  # 4 · row + column of the digit that is present
        self._heard = -1  # the same of the last window
        self._hits = 0
        self._misses = 0
        self._waiting = 0  # an event that found another one in the same frame
        self.suspect = False

    def process(self, pcm, n):
        """Hear n samples (at most 160) of pcm (array('h')). Returns 0, BEGAN (1) or ENDED (2)."""
        event = self._waiting
        self._waiting = 0
        if event:
            self.code = _CODES[self._digit]
        i = 0
        while True:
            i = goertzel(0, 0, self._block, pcm, i, n, self._work, self._bins)
            if self._work[_FILL] < _BLOCK:
                return event
            heard = _judge(0, 0, self._bins, self._work, self._boost)
            if heard < 0 and self._digit < 0:
                self._heard = -1
                self.suspect = False
                continue
            found = self._follow(heard)
            if event:
                self._waiting = found
            elif found:
                event = found
                if found == BEGAN:
                    self.code = _CODES[heard]

    def _follow(self, heard):
        if heard != self._heard:
            self._heard = heard
            self._hits = 0
        self._hits += 1
        if self._digit >= 0:
            if heard == self._digit:
                self._misses = 0
                return 0
            self._misses += 1
            if self._misses < _MISSES:
                return 0
            self._digit = -1
            self.suspect = False
            return ENDED
        self.suspect = True
        if self._hits < _HITS:
            return 0
        self._digit = heard
        self._misses = 0
        return BEGAN
