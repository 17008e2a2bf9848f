"""Brazil."""

REGION = {
    "name": "Brazil",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # E.180
        "ringback": "425;1/4",  # E.180
        "busy": "425;.25/.25",  # E.180
        "congestion": "425;.75/.25|425;.25/.25",  # E.180: number unobtainable tone
        "stutter": "425;.975/.05",  # E.180: dial tone of private exchanges
        "call_waiting": "425;.05/1",  # E.180: waiting tone
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|0;0/0",  # E.180: function acknowledge tone, once
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 1,  # 900 Ω: SLIC maker
    "caller_id": "dtmf AC",  # Cisco (DTMF); reversal and digits are practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
