"""Chile."""

REGION = {
    "name": "Chile",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "400;0/0",  # E.180
        "ringback": "400;1/3",  # E.180
        "busy": "400;.5/.5",  # E.180
        "congestion": "400;.2/.2",  # E.180
        "stutter": "400;.1/.1|400;.1/.1|400;.1/.1|400;0/0",  # PBX
        "call_waiting": "400;.25/8.75",  # PBX, after Telefónica CTC
        "howler": "400@-6;.1/.1",  # practice
        "confirm": "400;.1/.1|400;.1/.1|400;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 3000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # 600 Ω: SLIC maker
    "caller_id": "bellcore",  # practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
