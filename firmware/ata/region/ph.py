"""Philippines."""

REGION = {
    "name": "Philippines",
    "law": 0,  # practice: µ-law
    "tones": {
        "dial": "425;0/0",  # E.180, OB 781
        "ringback": "425+480;1/4",  # E.180, OB 781
        "busy": "480+620;.5/.5",  # OB 781
        "congestion": "480+620;.25/.25",  # E.180, OB 781
        "stutter": "400+425;0/0",  # E.180: special dial tone
        "call_waiting": "440;.3/10",  # OB 781
        "howler": "1400@-10+2060@-10+2450@-10+2600@-10;.1/.1",  # practice: as in the United States
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # 600 Ω: FXO table
    "caller_id": "bellcore",  # practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
