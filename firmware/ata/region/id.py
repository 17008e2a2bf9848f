"""Indonesia."""

REGION = {
    "name": "Indonesia",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # E.180, OB 781
        "ringback": "425;1/4",  # E.180, OB 781
        "busy": "425;.5/.5",  # E.180, OB 781
        "congestion": "425;.25/.25",  # E.180, OB 781
        "stutter": "425;.4/.04",  # practice
        "call_waiting": "425;.15/.15|425;.15/10",  # OB 781
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # 600 Ω: SLIC maker
    "caller_id": "bellcore",  # practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
