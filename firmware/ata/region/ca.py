"""Canada.
The levels are those of the precise tone plan, see us.py.
"""

REGION = {
    "name": "Canada",
    "law": 0,  # G.711 µ-law
    "tones": {
        "dial": "350+440;0/0",  # E.180
        "ringback": "440@-19+480@-19;2/4",  # E.180
        "busy": "480@-24+620@-24;.5/.5",  # E.180
        "congestion": "480@-24+620@-24;.25/.25",  # E.180
        # E.180: recall dial tone (private exchanges)
        "stutter": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|350+440;0/0",
        "call_waiting": "440;.3/10",  # practice: as in the United States
        "howler": "1400@-10+2060@-10+2450@-10+2600@-10;.1/.1",  # practice: as in the United States
        "confirm": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|0;0/0",  # E.180 (private exchanges)
    },
    "ring": (2000, 4000),  # as the ringing tone
    "ring_hz": 20,  # SLIC maker
    "impedance": 0,  # 600 Ω: SLIC maker
    "caller_id": "bellcore",  # Cisco
    "flash": (300, 535),  # ANSI/TIA-912: 300 to 1000 ms; the end is given up, see us.py
}
