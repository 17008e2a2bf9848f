"""The language of call-progress tones, compiled for ata.dsp.tones. Needed at start only.

    350@-13+440@-13;0/0                 dial tone: for ever
    480@-24+620@-24;0.5/0.5             busy: 0.5 s on, 0.5 s off, repeated
    400+450;0.4/0.2|400+450;0.4/2.0     two sections, repeated together (UK ringback)
    440;0.1/0.1|440;0.1/0.1|440;0/0     a last section for ever

    script  = section *("|" section)
    section = tone *("+" tone) ";" on "/" off      on, off in seconds; 0/0 (last section only): for ever
    tone    = frequency ["*" modulation] ["@" level]

Frequencies are in Hz (0 is silence), the level in dBm0 of each tone (−13 unless given). f*m is f with
100 % amplitude modulation by m, which is the sum of f and, 6 dB weaker, f + m and f − m. A section has
at most four sines; a modulated tone counts as three.
"""

from array import array

from micropython import const

from ata.base.errors import ConfigError
from ata.dsp.tones import PEAK_0_DBM0, add_sine

_ROW = const(10)  # words of a compiled section: see ata.dsp.tones
_SINES = const(4)
_FOR_EVER = const(0x1FFFFFFF)


def compile_tone(text):
    """The script `text` (grammar above) as ata.dsp.tones.ToneGenerator.start() takes it. ConfigError says
    what is wrong."""
    rows = array("i")
    parts = text.split("|")
    for number, part in enumerate(parts):
        tones, semicolon, times = part.partition(";")
        on, slash, off = times.partition("/")
        if not semicolon or not slash:
            raise ConfigError(None, part.strip() or "''", "a tone section is frequency@level+…;on/off")
        on = int(_number(on, "seconds on", 0, 3600) * 8000 + 0.5)
        off = int(_number(off, "seconds off", 0, 3600) * 8000 + 0.5)
        if not on and not off:
            if number < len(parts) - 1:
                raise ConfigError(None, part.strip(), "0/0 lasts for ever: only in the last section")
            on = _FOR_EVER
        sines = []
        for tone in tones.split("+"):
            _add_tone(sines, tone)
        if len(sines) > 2 * _SINES:
            raise ConfigError(None, tones.strip(), "at most 4 sines in a section")
        sines += [0] * (2 * _SINES - len(sines))
        rows.extend(array("i", [on, off] + sines))
    if len(parts) == 1 and rows[1] == 0:
        rows[0] = _FOR_EVER
    return rows


def _add_tone(sines, tone):
    frequency, at, level = tone.partition("@")
    frequency, star, modulation = frequency.partition("*")
    hz = _number(frequency, "a frequency in Hz", 0, 3900)
    peak = PEAK_0_DBM0 * 10 ** ((_number(level, "a level in dBm0", -60, 3) if at else -13) / 20)
    if hz == 0:
        return
    add_sine(sines, hz, peak)
    if star:
        m = _number(modulation, "a modulation in Hz", 1, min(hz - 1, 3900 - hz))
        add_sine(sines, hz + m, peak / 2)
        add_sine(sines, hz - m, peak / 2)


def _number(text, what, low, high):
    try:
        value = float(text)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        raise ConfigError(None, text.strip() or "''", "%s, %g to %g, is wanted here" % (what, low, high))
    return value
