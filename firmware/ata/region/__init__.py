"""What differs from country to country, as data: one module a country, and only the chosen one is loaded.

    {"name":       the country,
     "law":        0 µ-law (PCMU) or 8 A-law (PCMA): the RTP payload type of the national companding law
                   (ITU-T G.711),
     "tones":      tone name -> script (grammar: ata.dsp.tone_script; level −13 dBm0 unless given),
     "ring":       ringing cadence in ms, (on, off, on, off, …), repeated,
     "ring_hz":    ringing frequency in Hz,
     "impedance":  two-wire impedance as an index of the Si3210/15's register 10 (TISS),
     "caller_id":  how the caller's number reaches the phone, see below,
     "flash":      shortest and longest hook flash in ms}

load() gives it with "hook", the windows in ms that ata.line.hook wants, in place of "flash".

Every region has the tones dial, ringback, busy, congestion, stutter (a dial tone that reminds of something:
a held call, a message), call_waiting, howler (a phone forgotten off-hook) and confirm.

Caller ID: "bellcore" is FSK (Bell 202) after the first ring, "etsi" FSK (V.23) after the first ring, "sin227"
line reversal and DT-AS, then FSK before the first ring. EN 300 659-1 has three more ways to send before the
first ring, "etsi_dtas", "etsi_lr" (line reversal, DT-AS) and "etsi_rp" (a short ring), which are nobody's
default here. "dtmf DC" is DTMF before the first ring, "dtmf_lr DC" the same after a line reversal, each with
the start and the end digit; "" is none that we can send.

Levels: ITU-T E.180 (03/98) wants a tone at −10 dBm0, −15 to −5 dBm0 accepted: −13 lies within, is the
North American figure, and leaves a DTMF digit dialled over it the stronger one.

Where a figure comes from is said beside it:

    E.180        ITU-T E.180 Supplement 2 (01/94), the country's entry. Where the list has several forms (old
                 and new exchanges), the one that is not an old exchange's, or the first.
    OB 781       the list that followed it, annexed to ITU Operational Bulletin 781 (1.II.2003)
    PBX          what the tables of the open PBXs (DAHDI, Asterisk) say; "after": the document that they name
    SLIC maker   worldwide profiles of another maker of line chips (Microsemi VE880, rev. 2.8): 25 Hz and
                 600 Ω where they list nothing else
    FXO table    the country table of open drivers for the Si3050
    Cisco        the lists of caller ID by country in Cisco's router manuals; "textbooks": books that say so
    practice     no source known: common settings of adapters, or a neighbour's figure

The lists of the ITU were known at second hand when the figures were written down (through the open tables and
transcriptions that quote them), as were E.300 Supplement 3, TBR 21, the BT notes and the Telcordia GRs, so no
clause numbers are claimed. "f*m" stands where the lists have f × m.
"""

from ata.base.errors import ConfigError

# One text, the same as the limits of the setting in ata.config.schema: 68 objects would cost far more heap.
REGIONS = (
    "ae|ar|at|au|be|bg|br|ca|ch|cl|cn|co|cr|cz|de|dk|ec|ee|eg|es|eu|fi|fr|gr|hk|hr|hu|id|ie|il|in|is|it|jp|"
    "ke|kr|lk|lt|lu|lv|mx|my|ng|nl|no|nz|pe|ph|pk|pl|pt|ro|rs|ru|sa|se|sg|si|sk|th|tr|tw|ua|uk|us|ve|vn|za"
)


def load(code):
    """The data of region `code`, a dictionary as above; ConfigError if there is none."""
    if code not in REGIONS.split("|"):
        raise ConfigError("region", code, "one of " + REGIONS.replace("|", ", "))
    # With a name to import, __import__ gives the country's module and not the package.
    region = dict(__import__("ata.region." + code, None, None, ("REGION",)).REGION)
    shortest, longest = region.pop("flash")
    # Rotary dials are the same everywhere: 8 to 12 pulses a second with the loop open for 55 to 70 % of the
    # time means breaks of 46 to 88 ms; 30 to 100 ms leaves room for ±10 ms of sampling. Digits are at least
    # 250 ms apart, a slow pulse's make takes 56 ms: 200 ms tells them apart. (General practice; the nominal
    # dial is 10 pulses a second.)
    region["hook"] = {
        "debounce": 12,
        "flash_min": shortest,
        "flash_max": longest,
        "pulse_break_min": 30,
        "pulse_break_max": 100,
        "interdigit": 200,
    }
    return region
