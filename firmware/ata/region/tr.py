"""Turkey."""

REGION = {
    "name": "Turkey",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "450;0/0",  # E.180, OB 781
        "ringback": "450;2/4",  # E.180, OB 781
        "busy": "450;.5/.5",  # E.180, OB 781
        "congestion": "450;.2/.2|450;.2/.2|450;.2/.2|450;.6/.2",  # E.180, OB 781
        "stutter": "450;1/.25",  # E.180, OB 781: special dial tone
        "call_waiting": "450;.2/.6|450;.2/8",  # OB 781
        "howler": "1400@-6;.2/.2|2060@-6;.2/.2|2460@-6;.2/.2|2600@-6;.2/.2",  # OB 781
        # E.180, OB 781: confirmation tone, here three bursts
        "confirm": "450;.04/.04|450;.04/.04|450;.04/.04|0;0/0",
    },
    "ring": (2000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 4,  # 270 Ω + (750 Ω ‖ 150 nF): SLIC maker
    "caller_id": "etsi",  # Cisco
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
