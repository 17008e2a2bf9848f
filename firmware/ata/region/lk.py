"""Sri Lanka."""

REGION = {
    "name": "Sri Lanka",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # E.180
        "ringback": "425;.4/.2|425;.4/2",  # E.180; the long pause is practice, our copy lacks it
        "busy": "425;.75/.75",  # E.180
        "congestion": "425;.25/.25",  # E.180
        "stutter": "425;.65/.03",  # E.180: second dial tone
        "call_waiting": "425;.2/.2|425;.2/4.5",  # E.180: waiting tone
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (400, 200, 400, 2000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # practice: 600 Ω
    "caller_id": "etsi",  # practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
