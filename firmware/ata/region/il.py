"""Israel."""

REGION = {
    "name": "Israel",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "400;0/0",  # E.180
        "ringback": "400;1/3",  # E.180
        "busy": "400;.5/.5",  # E.180
        "congestion": "400;.25/.25",  # PBX
        "stutter": "400;1/.25",  # E.180: special dial tone
        "call_waiting": "400;.1/.1|400;.1/.1|400;.6/3",  # E.180
        "howler": "400@-6;.1/.1",  # practice
        "confirm": "400;.15/.15|400;.3/0|0;0/0",  # E.180: confirmation tone, once
    },
    "ring": (1000, 3000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 4,  # 270 Ω + (750 Ω ‖ 150 nF): SLIC maker
    "caller_id": "bellcore",  # practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
