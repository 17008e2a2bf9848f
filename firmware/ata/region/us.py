"""United States and Canada. PTP: the precise tone plan, ITU-T E.300 Supplement 3; ITU-T E.180 Supplement 2
lists the same frequencies and cadences."""

REGION = {
    "name": "United States",
    "law": 0,  # G.711 µ-law
    "tones": {
        "dial": "350@-13+440@-13;0/0",  # PTP
        "ringback": "440@-19+480@-19;2/4",  # PTP
        "busy": "480@-24+620@-24;.5/.5",  # PTP
        "congestion": "480@-24+620@-24;.25/.25",  # PTP: reorder
        # Recall dial tone, E.180 Sup. 2: three bursts of dial tone, then the tone.
        "stutter": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|350+440;0/0",
        "call_waiting": "440;.3/10",  # E.180 Sup. 2; 440 Hz at −13 dBm0 (Telcordia GR-506)
        # Receiver off-hook tone: the four frequencies and the beat of GR-506. The network sends it far
        # louder; four tones of −10 dBm0 just stay below full scale.
        "howler": "1400@-10+2060@-10+2450@-10+2600@-10;.1/.1",
        "confirm": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|0;0/0",  # practice: three bursts
    },
    "ring": (2000, 4000),  # ANSI T1.401: 2 s on, 4 s off
    "ring_hz": 20,  # ANSI T1.401
    "impedance": 0,  # 600 Ω (ANSI/TIA-912 has 600 Ω for such lines; public lines are nearer 900 Ω + 2.16 µF)
    "caller_id": "bellcore",  # Telcordia GR-30
    "hook": {
        "debounce": 12,
        # A flash is 300 to 1000 ms (ANSI/TIA-912). The long end is given up: hanging up must be known within
        # 700 ms, and it is known only when flash_max has passed. Phones whose flash key gives 600 ms need
        # hook.flash_max = 700.
        "flash_min": 300,
        "flash_max": 535,
        "pulse_break_min": 30,
        "pulse_break_max": 100,
        "interdigit": 200,
    },
}
