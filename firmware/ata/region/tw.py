"""Taiwan."""

REGION = {
    "name": "Taiwan",
    "law": 0,  # practice: µ-law
    "tones": {
        "dial": "350+440;0/0",  # PBX
        "ringback": "440+480;1/2",  # PBX
        "busy": "480+620;.5/.5",  # PBX
        "congestion": "480+620;.25/.25",  # PBX
        "stutter": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|350+440;0/0",  # PBX
        "call_waiting": "350+440;.25/.25|350+440;.25/3.25",  # PBX
        "howler": "1400@-10+2060@-10+2450@-10+2600@-10;.1/.1",  # practice: as in the United States
        "confirm": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 2000),  # as the ringing tone
    "ring_hz": 20,  # SLIC maker
    "impedance": 0,  # 600 Ω: SLIC maker
    "caller_id": "dtmf DC",  # textbooks (DTMF); reversal and digits are practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
