"""Argentina."""

REGION = {
    "name": "Argentina",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # E.180
        "ringback": "425;1/4",  # E.180
        "busy": "425;.3/.2",  # E.180
        "congestion": "425;.3/.4",  # E.180
        "stutter": "425;.45/.05",  # PBX
        "call_waiting": "425;.3/10",  # E.180
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;1/0|0;0/0",  # E.180: service activated tone, once
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # 600 Ω: SLIC maker
    "caller_id": "bellcore",  # practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
