"""Hong Kong."""

REGION = {
    "name": "Hong Kong",
    "law": 0,  # practice: µ-law
    "tones": {
        "dial": "350+440;0/0",  # E.180
        "ringback": "440+480;.4/.2|440+480;.4/3",  # E.180
        "busy": "480+620;.5/.5",  # E.180
        "congestion": "480+620;.25/.25",  # E.180
        "stutter": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|350+440;0/0",  # E.180: recall dial tone
        "call_waiting": "440@-10;.5/.5|440@-10;.5/.5|440@-10;.5/8",  # E.180: waiting tone
        "howler": "1400@-10+2060@-10+2450@-10+2600@-10;.1/.1",  # practice: as in the United States
        "confirm": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|0;0/0",  # practice
    },
    "ring": (400, 200, 400, 3000),  # as the ringing tone
    "ring_hz": 20,  # SLIC maker
    "impedance": 0,  # 600 Ω: SLIC maker
    "caller_id": "bellcore",  # Cisco
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
