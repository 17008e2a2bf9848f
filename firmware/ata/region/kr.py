"""South Korea."""

REGION = {
    "name": "South Korea",
    "law": 0,  # practice: µ-law
    "tones": {
        "dial": "350+440;0/0",  # E.180
        "ringback": "440+480;1/2",  # E.180
        "busy": "480+620;.5/.5",  # E.180
        "congestion": "480+620;.3/.2",  # E.180
        "stutter": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|350+440;0/0",  # practice
        "call_waiting": "350+440;.25/.25|350+440;.25/3.25",  # E.180: waiting tone
        "howler": "1400@-10+2060@-10+2450@-10+2600@-10;.1/.1",  # practice: as in the United States
        "confirm": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 2000),  # as the ringing tone
    "ring_hz": 20,  # SLIC maker
    "impedance": 0,  # 600 Ω: SLIC maker
    "caller_id": "bellcore",  # practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
