"""Venezuela."""

REGION = {
    "name": "Venezuela",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # OB 781
        "ringback": "425;1/4",  # OB 781
        "busy": "425;.5/.5",  # OB 781
        "congestion": "425;.25/.25",  # OB 781
        "stutter": "425;.1/.1|425;.1/.1|425;.1/.1|425;0/0",  # PBX
        "call_waiting": "400+450;.3/6",  # OB 781
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # practice: 600 Ω
    "caller_id": "bellcore",  # practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
