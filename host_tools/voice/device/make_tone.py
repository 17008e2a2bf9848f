"""Runs on MicroPython: writes `seconds` of a tone as PCM (16 bit, 8 kHz) to standard output.

argv: region, name of one of its tones or a script of ata.dsp.tone_script, seconds.
"""

import sys
from array import array

from ata.base.errors import ConfigError
from ata.dsp.tone_script import compile_tone
from ata.dsp.tones import ToneGenerator
from ata.region import load

BLOCK = 160


def script(region, tone):
    tones = load(region)["tones"]
    if ";" in tone:
        return tone
    if tone not in tones:
        names = ", ".join(sorted(tones))
        raise ConfigError("tone", tone, "one of %s, or a script such as 350+440;.5/.5" % names)
    return tones[tone]


try:
    generator = ToneGenerator()
    generator.start(compile_tone(script(sys.argv[1], sys.argv[2])))
except ConfigError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
left = round(float(sys.argv[3]) * 8000)
while left:
    n = min(left, BLOCK)
    pcm = array("h", bytes(2 * n))
    generator.mix(pcm, n)
    sys.stdout.buffer.write(pcm)  # type: ignore[attr-defined]
    left -= n
