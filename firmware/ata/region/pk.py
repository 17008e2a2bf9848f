"""Pakistan."""

REGION = {
    "name": "Pakistan",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # practice
        "ringback": "450;1/4",  # E.180: first of two forms
        "busy": "400;.75/.75",  # E.180: first of two forms
        "congestion": "400;.25/.25",  # practice
        "stutter": "425;.4/.04",  # practice
        "call_waiting": "425;.2/.2|425;.2/5",  # practice
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # 600 Ω: FXO table
    "caller_id": "bellcore",  # practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
