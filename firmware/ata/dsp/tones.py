"""Call-progress tones and DTMF digits, played from compiled scripts (ata.dsp.tone_script).

How it works: a 24-bit phase steps through one period of 256 samples for each sine. Cutting the phase to
8 bits costs distortion 48 dB below the tone, 10 dB better than G.711; level and frequency do not drift.
Each section starts at phase zero.
"""

# ptr16(), ptr32() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

import math
from array import array

import micropython
from micropython import const

from ata.base.errors import LocalError

PEAK_0_DBM0 = 22828  # sine peak at 0 dBm0: 3.14 dB below full scale (G.711 table 5)

# A compiled script is one array('i') of rows: [samples on, samples off, 4 × (phase step, amplitude)].
_ROW = const(10)
_SINES = const(4)
_FOR_EVER = const(0x1FFFFFFF)

# Q.23: rows and columns of the keypad in Hz.
_LOW = (697, 770, 852, 941)
_HIGH = (1209, 1336, 1477, 1633)
# RFC 4733 event code → 4 · row + column: 0 … 9 * # A B C D
_PLACES = b"\x0d\x00\x01\x02\x04\x05\x06\x08\x09\x0a\x0c\x0e\x03\x07\x0b\x0f"


def add_sine(words, hz, peak):
    """Append a sine's two words to a section: the 24-bit phase step and the amplitude."""
    words.append(int(hz * 16777216 / 8000 + 0.5))
    words.append(int(peak + 0.5))


@micropython.viper
def _add_sines(v: int, a: int, pcm: ptr16, i: int, end: int, sine: ptr16, phases: ptr32, row: ptr32, at: int):
    """pcm[i:end] += the sines of the row at row[at], two by two, clipped; their phases are stepped on.

    v and a are no arguments: the first two variables live in registers. Bounds: a product with a table value
    in offset form (x ^ 0x8000, see mix.py) is less than 2**31, and `half`, which takes that offset out again,
    is −2**31 at least, as two amplitudes are at most 65535 together. The sum is formed 32768 too high:
    between 0 and 0xFFFF if it fits, else bit 16 of it is set.
    """
    out = ptr16(uint(pcm) + (i << 1))
    row = ptr32(uint(row) + ((at + 2) << 2))
    end -= i
    k = _SINES
    while k and row[1]:
        a = phases[0]
        b = phases[1]
        step_a = row[0]
        step_b = row[2]
        loud_a = row[1]
        loud_b = row[3]
        half = 0x4000 - ((loud_a + loud_b) << 15)
        pcm = out
        i = end
        while i & 1:
            v = (sine[a >> 16] ^ 0x8000) * loud_a + half
            v = ((sine[b >> 16] ^ 0x8000) * loud_b + v) >> 15
            v = (pcm[0] ^ 0x8000) + v
            if v & 0x10000:
                v = (v >> 31) ^ 0xFFFF
            pcm[0] = v ^ 0x8000
            a = (a + step_a) & 0xFFFFFF
            b = (b + step_b) & 0xFFFFFF
            pcm = ptr16(uint(pcm) + 2)
            i -= 1
        while i:  # 2 samples a turn; more would cost 200 bytes of executable memory each
            v = (sine[a >> 16] ^ 0x8000) * loud_a + half
            v = ((sine[b >> 16] ^ 0x8000) * loud_b + v) >> 15
            v = (pcm[0] ^ 0x8000) + v
            if v & 0x10000:
                v = (v >> 31) ^ 0xFFFF
            pcm[0] = v ^ 0x8000
            a = (a + step_a) & 0xFFFFFF
            b = (b + step_b) & 0xFFFFFF
            v = (sine[a >> 16] ^ 0x8000) * loud_a + half
            v = ((sine[b >> 16] ^ 0x8000) * loud_b + v) >> 15
            v = (pcm[1] ^ 0x8000) + v
            if v & 0x10000:
                v = (v >> 31) ^ 0xFFFF
            pcm[1] = v ^ 0x8000
            a = (a + step_a) & 0xFFFFFF
            b = (b + step_b) & 0xFFFFFF
            pcm = ptr16(uint(pcm) + 4)
            i -= 2
        phases[0] = a
        phases[1] = b
        phases = ptr32(uint(phases) + 8)
        row = ptr32(uint(row) + 16)
        k -= 2


def sine_table():
    """One period of a sine, 256 samples of peak 32767, in array('h')."""
    table = array("h", bytes(512))
    for k in range(256):
        table[k] = math.floor(32767 * math.sin(k * math.pi / 128) + 0.5)
    return table


def dtmf_table():
    """(phase step, amplitude) of the eight DTMF frequencies in array('i'): −8 dBm0 low, −6 dBm0 high."""
    sines = []
    for hz in _LOW:
        add_sine(sines, hz, PEAK_0_DBM0 * 0.398107)
    for hz in _HIGH:
        add_sine(sines, hz, PEAK_0_DBM0 * 0.501187)
    return array("i", sines)


class ToneGenerator:
    """Plays one script or one digit at a time into the frames given to mix().

    `active` is True while it plays (the pauses of a cadence included). Only the constructor allocates.
    """

    def __init__(self, table=None, dtmf=None):
        """`table`, `dtmf`: the sine_table() and the dtmf_table() shared with other generators, or None to
        make own ones."""
        self.table = table or sine_table()
        self._dtmf = dtmf or dtmf_table()
        self._digit = array("i", [0] * _ROW)
        self._phases = array("i", [0] * _SINES)
        self._script = self._digit
        self._row = 0  # index of the first word of the present section
        self._left = 0  # samples left of its sound or its pause
        self._sound = False  # in its sound
        self._once = False  # stop at the end of the script
        self.active = False

    def start(self, script, pause=False):
        """Play a compiled script from its beginning (`pause`: from its first pause), for ever, in place of
        what plays now."""
        self._begin(script, False)
        if pause:
            self._left = 0

    def digit(self, code, ms):
        """Play the DTMF digit of RFC 4733 event `code` (0…15) for `ms` (0: until stop()), then stop."""
        if not 0 <= code <= 15:
            raise LocalError("no DTMF digit has event code %d" % code)
        place = _PLACES[code]
        low = (place >> 2) * 2
        high = 8 + (place & 3) * 2
        row = self._digit
        row[0] = ms * 8 if ms else _FOR_EVER
        row[2] = self._dtmf[low]
        row[3] = self._dtmf[low + 1]
        row[4] = self._dtmf[high]
        row[5] = self._dtmf[high + 1]
        self._begin(row, True)

    def stop(self):
        self.active = False

    def mix(self, pcm, n):
        """Add the next n samples to pcm[:n] (array('h')), clipped."""
        i = 0
        while self.active and i < n:
            if self._left == 0:
                self._next()
                continue
            end = min(n, i + self._left)
            if self._sound:
                _add_sines(0, 0, pcm, i, end, self.table, self._phases, self._script, self._row)
            if self._left != _FOR_EVER:
                self._left -= end - i
            i = end

    def _begin(self, script, once):
        self._script = script
        self._once = once
        self._enter(0)
        self.active = True

    def _enter(self, row):
        self._row = row
        self._left = self._script[row]
        self._sound = True
        k = 0
        while k < _SINES:
            self._phases[k] = 0
            k += 1

    def _next(self):
        """From sound to pause, from pause to the next section."""
        if self._sound:
            self._sound = False
            self._left = self._script[self._row + 1]
            return
        row = self._row + _ROW
        if row < len(self._script):
            self._enter(row)
        elif self._once:
            self.active = False
        else:
            self._enter(0)
