"""Peru."""

REGION = {
    "name": "Peru",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # practice
        "ringback": "425;1/4",  # practice
        "busy": "425;.5/.5",  # practice
        "congestion": "425;.25/.25",  # practice
        "stutter": "425;.1/.1|425;.1/.1|425;.1/.1|425;0/0",  # practice
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
