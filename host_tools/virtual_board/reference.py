"""The scenario language on one page: what `help` shows and a wrong word is measured against."""

from host_tools.virtual_board.scenario import FAULTS, LINEFEEDS, TONES

_WITHIN = "seen since the last action, or within that time (2 s if not said)"
_HAPPENINGS = "the time between two happenings: those above, and lifts, hangs, flashes, dialled, said"
REFERENCE = (
    # (group, ((form, meaning), …))
    ("The phones (N is 1 or 2)", (
        ("N lift", "take the handset off the hook"),
        ("N hang", "put it back (also: hang up)"),
        ("N flash [300]", "press the hook for so many ms"),
        ("N dial 102 [on=80 off=80 level=-8 twist=0 error=0]", "press keys: ms, dBm0 a tone, dB, % too high"),
        ("N pulse 102 [pps=10 break=60 gap=800]", "turn the dial: pulses/s, % break, ms between digits"),
        ("N say hello.wav", "speak a WAV file, or hello, answer, moment, goodbye, and go on meanwhile"),
        ("N quiet", "stop speaking"),
        ("N save ear.wav", "write to a file what the earpiece has given so far"),
        ("N ren 3", "ringer load in REN"),
        ("N ohms 400", "off-hook resistance in Ω"),
        ("N waiting on", "the phone takes the number of a waiting caller (off at first)"),
    )),
    ("Time", (
        ("wait 2", "let seconds pass (wait 80 ms)"),
        ("wait N done", "until phone N has said all it was told"),
    )),
    ("Expectations", (
        ("expect N rings [volts=40..60 hz=19..21] [within 0.5]", _WITHIN),
        ("expect N stops ringing", ""),
        ("expect N hears dial", "tones: " + ", ".join(TONES)),
        ("expect N stops hearing dial", ""),
        ("expect N hears digit 5", "a DTMF digit at the earpiece"),
        ('expect N shows "102 Anna"', "number and name on the display; private or unavailable"),
        ("expect N lamp on", "the lamp of waiting messages"),
        ("expect N linefeed forward", "states: " + ", ".join(LINEFEEDS)),
        ('expect sip > INVITE ["text"]', "sent > or received <; method or status; text of its first line"),
        ('expect log "text"', "a part of a line on the console"),
        ("expect status ports.1.state idle", "a value in the firmware's status"),
        ("expect N not rings for 1", "what must not happen for so long"),
    )),
    ("Figures", (
        ('measure "ring trip" from 2 lifts to 2 stops ringing [at most 200 ms]', _HAPPENINGS),
        ('measure "speech" speech 1 to 2 [at least 0.95]', "correlation of what 1 said with what 2 heard"),
    )),
    ("Before the first action", (
        ("config sip.port 0", "a setting of the firmware"),
        ("board parts Si3215 Si3210", "the line chips of port 1 and port 2"),
        ("board absent 2", "the chip of that port does not answer"),
    )),
    ("Other", (
        ("fault N chip_reset", "faults: " + ", ".join(FAULTS[:-1])),
        ("fault N short off", "the fault ends"),
        ("fault clock [off]", "the PCM clock of the board stops"),
        ("note text", "a heading in the time line"),
        ("console text", "type a line at the firmware's serial console"),
        ("# text", "a comment (the digit # before a blank is written \"#\")"),
    )),
)  # fmt: skip
