"""United States. PTP: the precise tone plan, ITU-T E.300 Supplement 3; E.180 lists the same tones."""

REGION = {
    "name": "United States",
    "law": 0,  # G.711 µ-law
    "tones": {
        "dial": "350@-13+440@-13;0/0",  # PTP
        "ringback": "440@-19+480@-19;2/4",  # PTP
        "busy": "480@-24+620@-24;.5/.5",  # PTP
        "congestion": "480@-24+620@-24;.25/.25",  # PTP: reorder
        # E.180: recall dial tone, three bursts of dial tone, then the tone
        "stutter": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|350+440;0/0",
        "call_waiting": "440;.3/10",  # PBX; 440 Hz at −13 dBm0 (Telcordia GR-506; E.180: 480 + 620 Hz)
        # Telcordia GR-506: receiver off-hook tone, the four frequencies and the beat. The network sends it
        # far louder; four tones of −10 dBm0 just stay below full scale.
        "howler": "1400@-10+2060@-10+2450@-10+2600@-10;.1/.1",
        "confirm": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|0;0/0",  # practice: three bursts
    },
    "ring": (2000, 4000),  # ANSI T1.401: 2 s on, 4 s off
    "ring_hz": 20,  # ANSI T1.401
    # 600 Ω: ANSI/TIA-912 has it for such lines; public lines are nearer 900 Ω + 2.16 µF
    "impedance": 0,
    "caller_id": "bellcore",  # Telcordia GR-30
    # ANSI/TIA-912: 300 to 1000 ms. The long end is given up: hanging up must be known within 700 ms, and it
    # is known only when a flash can no longer come. Phones whose flash key gives 600 ms need
    # hook.flash_max = 700.
    "flash": (300, 535),
}
