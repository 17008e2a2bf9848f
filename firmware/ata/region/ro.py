"""Romania."""

REGION = {
    "name": "Romania",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "450;0/0",  # E.180
        "ringback": "450;1.85/4.15",  # practice (E.180: 2/4, 400 × 16 or 450 × 25 Hz)
        "busy": "450;.167/.167",  # practice (E.180: .15/.2)
        "congestion": "450;.5/.5",  # practice: the fast one is busy here
        "stutter": "450;.4/.04",  # practice
        "call_waiting": "450;.2/.2|450;.2/5",  # practice
        "howler": "450@-6;.1/.1",  # practice
        "confirm": "450;.1/.1|450;.1/.1|450;.1/.1|0;0/0",  # practice
    },
    "ring": (1850, 4150),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # 600 Ω: FXO table
    "caller_id": "etsi",  # practice
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
