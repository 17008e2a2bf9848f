"""Runs on MicroPython: writes DTMF digits as PCM (16 bit, 8 kHz) to standard output.

argv: digits, ms of each, ms of the pause after each; or "callerid", the start and end digits of DTMF caller
ID (ata.line.callerid.dtmf), number, ms, ms.
"""

import sys
from array import array

from ata.base.errors import ConfigError
from ata.dsp.tones import ToneGenerator
from ata.line import callerid

MS = 8  # samples


def silence(ms):
    return array("h", bytes(2 * MS * ms))


arguments = sys.argv[1:]
try:
    digits = arguments[0]
    if digits == "callerid":
        digits = callerid.dtmf(arguments[2], arguments[1])
except ConfigError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
on, off = int(arguments[-2]), int(arguments[-1])
generator = ToneGenerator()
for digit in digits:
    generator.digit("0123456789*#ABCD".index(digit), on)
    pcm = silence(on)
    generator.mix(pcm, len(pcm))
    sys.stdout.buffer.write(pcm)  # type: ignore[attr-defined]
    sys.stdout.buffer.write(silence(off))  # type: ignore[attr-defined]
