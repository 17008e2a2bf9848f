"""Costa Rica."""

REGION = {
    "name": "Costa Rica",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "450;0/0",  # OB 781 (E.180: 425 Hz)
        "ringback": "450;1.2/4.9",  # OB 781
        "busy": "450;.33/.33",  # OB 781
        "congestion": "450;.33/.33",  # OB 781
        "stutter": "450;.1/.1|450;.1/.1|450;.1/.1|450;0/0",  # PBX
        "call_waiting": "450;.15/.15|450;.15/8",  # OB 781
        "howler": "450@-6;.1/.1",  # practice
        "confirm": "450;.1/.1|450;.1/.1|450;.1/.1|0;0/0",  # practice
    },
    "ring": (1200, 4900),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # practice: 600 Ω
    "caller_id": "bellcore",  # practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
