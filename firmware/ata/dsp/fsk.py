"""The modem that sends caller ID to a phone: binary FSK at 1200 bit/s, Bell 202 or ITU-T V.23.

    seizure            mark     data                                      last marks
    0101…01            111…1    0 b0…b7 1  0 b0…b7 1  …                   11111

How it works: one 24-bit phase steps through a sine table, as in ata.dsp.tones, so the phase is continuous.
The clock counts ticks of 1/24000 s, three in a sample and twenty in a bit, without a remainder. A sample in
which a bit ends advances by ticks of both frequencies: edges lie exactly where they belong, between samples
too, and no error adds up.

How to use it: start() with the bytes of a message, then mix() in every frame until `active` is False.
"""

# ptr16() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

from array import array

import micropython
from micropython import const

from ata.base.errors import LocalError
from ata.dsp.tones import PEAK_0_DBM0, sine_table

# What _modulate keeps from frame to frame, in one array('i') of values 0…2**24.
_PHASE = const(0)
_TICKS = const(1)  # that the present bit still lasts
_STEP = const(2)  # phase per tick in the present bit
_WORD = const(3)  # the bits to send next, the first one lowest
_BITS = const(4)  # how many of them are left
_SEIZURE = const(5)  # bits not yet loaded into _WORD
_MARK = const(6)
_BYTE = const(7)  # index of the next data byte
_END = const(8)  # number of data bytes
_LAST = const(9)  # marks after the data
_SPACE_STEP = const(10)
_MARK_STEP = const(11)
_AMPLITUDE = const(12)
_WORDS = const(13)


@micropython.viper
def _modulate(phase: int, v: int, pcm: ptr16, sine: ptr16, state: ptr32, data: ptr8) -> int:
    """Add up to v samples to pcm, clipped; returns 0 when the last bit has ended in them, else 1.

    phase and v live in registers; v is used anew. The samples up to the one in which a bit ends are a plain
    loop. Bounds: a table value in offset form (x ^ 0x8000) times the amplitude is less than 2**31; a sum is
    formed 32768 too high, so it is between 0 and 0xFFFF if it fits, else bit 16 of it is set.
    """
    n = v
    k = 0
    ticks = state[_TICKS]
    step = state[_STEP]
    amplitude = state[_AMPLITUDE]
    half = 0x4000 - (amplitude << 15)
    while n:
        turn = 3 * step
        run = 0
        if ticks > 3:
            run = (ticks * 11 - 11) >> 5  # (ticks − 1) // 3 samples before the one in which the bit ends
            if run > n:
                run = n
            ticks -= 3 * run
            n -= run
        while run:
            v = ((sine[phase >> 16] ^ 0x8000) * amplitude + half) >> 15
            v = (pcm[0] ^ 0x8000) + v
            if v & 0x10000:
                v = (v >> 31) ^ 0xFFFF
            pcm[0] = v ^ 0x8000
            phase = (phase + turn) & 0xFFFFFF
            pcm = ptr16(uint(pcm) + 2)
            run -= 1
        if n == 0:
            break
        v = ((sine[phase >> 16] ^ 0x8000) * amplitude + half) >> 15
        v = (pcm[0] ^ 0x8000) + v
        if v & 0x10000:
            v = (v >> 31) ^ 0xFFFF
        pcm[0] = v ^ 0x8000
        pcm = ptr16(uint(pcm) + 2)
        n -= 1
        phase += ticks * step
        v = state[_BITS]
        if v == 0:
            v = 10
            word = 0x3FF
            if state[_SEIZURE]:
                if state[_SEIZURE] < 10:
                    v = state[_SEIZURE]
                state[k + _SEIZURE] = state[_SEIZURE] - v
                word = 0x2AA
            elif state[_MARK]:
                if state[_MARK] < 10:
                    v = state[_MARK]
                state[k + _MARK] = state[_MARK] - v
            elif state[_BYTE] < state[_END]:
                word = (data[state[_BYTE]] << 1) | 0x200
                state[k + _BYTE] = state[_BYTE] + 1
            else:
                v = state[_LAST]
                if v == 0:
                    return 0
                state[k + _LAST] = 0
            state[k + _WORD] = word
        state[k + _BITS] = v - 1
        v = state[_WORD]
        state[k + _WORD] = v >> 1
        step = state[_SPACE_STEP + (v & 1)]
        phase = ((3 - ticks) * step + phase) & 0xFFFFFF
        ticks += 17
    state[k + _PHASE] = phase
    state[k + _TICKS] = ticks
    state[k + _STEP] = step
    return 1


class FskModulator:
    """Sends one message at a time into the frames given to mix(). `active` is True while it does."""

    def __init__(self, table=None):
        """`table`: the sine_table() shared with the tone generators, or None to make an own one."""
        self._sine = table or sine_table()
        self._state = array("i", bytes(4 * _WORDS))
        self._data = b""
        self.active = False

    def start(self, data, seizure, mark, standard, level=-13.5):
        """Send `data` (bytes, kept until it is sent) in place of what is sent now, from the next mix() on.

        `seizure`: bits 0101…, `mark`: bits 1111… before the data. `standard`: "bell202" (mark 1200 Hz, space
        2200 Hz: Telcordia GR-30) or "v23" (1300 and 2100 Hz: ITU-T V.23, ETSI EN 300 659-1), else LocalError.
        `level` in dBm0: −13.5 is the nominal one of both, ±1.5 dB. May allocate, mix() does not.
        """
        if standard == "bell202":
            mark_hz, space_hz = 1200, 2200
        elif standard == "v23":
            mark_hz, space_hz = 1300, 2100
        else:
            raise LocalError("no FSK standard %s" % standard)
        state = self._state
        for i in range(_SEIZURE):
            state[i] = 0
        state[_SEIZURE] = seizure
        state[_MARK] = mark
        state[_BYTE] = 0
        state[_END] = len(data)
        # At least two stop bits after the checksum, so that no receiver loses the last byte (EN 300 659-1
        # allows one to ten mark bits here).
        state[_LAST] = 5
        state[_SPACE_STEP] = int(space_hz * 16777216 / 24000 + 0.5)
        state[_MARK_STEP] = int(mark_hz * 16777216 / 24000 + 0.5)
        state[_AMPLITUDE] = int(PEAK_0_DBM0 * 10 ** (level / 20) + 0.5)
        self._data = data
        self.active = True

    def stop(self):
        self.active = False

    def mix(self, pcm, n):
        """Add the next n samples to pcm[:n] (array('h')), clipped."""
        if self.active:
            state = self._state
            self.active = _modulate(state[_PHASE], n, pcm, self._sine, state, self._data) != 0
