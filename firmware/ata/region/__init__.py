"""What differs from country to country, as data: one module a country, and only the chosen one is loaded.

    {"name":       the country,
     "law":        0 µ-law (PCMU) or 8 A-law (PCMA): the RTP payload type of the national companding law
                   (ITU-T G.711),
     "tones":      tone name -> script (grammar: ata.dsp.tones; levels in dBm0, −13 where none is given),
     "ring":       ringing cadence in ms, (on, off, on, off, …), repeated,
     "ring_hz":    ringing frequency in Hz,
     "impedance":  two-wire impedance as an index of the Si3210/15's register 10 (TISS),
     "caller_id":  "bellcore" FSK after the first ring; "etsi" FSK after the first ring;
                   "sin227" line reversal and DT-AS, then FSK before the first ring,
     "hook":       windows in ms (ata.line.hook)}

Every region has the tones dial, ringback, busy, congestion, stutter (a dial tone that reminds of something:
a held call, a message), call_waiting, howler (a phone forgotten off-hook) and confirm.

Levels: ITU-T E.180 (03/98) wants a tone at −10 dBm0, −15 to −5 dBm0 accepted: −13 lies within, is the
North American figure, and leaves a DTMF digit dialled over it the stronger one.

Rotary dials are the same everywhere: 8 to 12 pulses a second with the loop open for 55 to 70 % of the time
means breaks of 46 to 88 ms; 30 to 100 ms leaves room for ±10 ms of sampling. Digits are at least 250 ms
apart, a slow pulse's make takes 56 ms: 200 ms tells them apart. (General practice; the nominal dial is
10 pulses a second.)

Sources are named beside the figures. Most of these documents (E.180 Supplement 2, E.300 Supplement 3, TBR 21,
the BT notes, the Telcordia GRs) were known at second hand when the figures were written down, so no clause
numbers are claimed; "practice" marks what no standard fixes, as far as we know.
"""

from ata.base.errors import ConfigError

REGIONS = ("us", "de", "fr", "uk", "eu")


def load(code):
    """The data of region `code`, a dictionary as above; ConfigError if there is none."""
    if code not in REGIONS:
        raise ConfigError("region", code, "one of " + ", ".join(REGIONS))
    # With a name to import, __import__ gives the country's module and not the package.
    return __import__("ata.region." + code, None, None, ("REGION",)).REGION
