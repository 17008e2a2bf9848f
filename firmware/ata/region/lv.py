"""Latvia."""

REGION = {
    "name": "Latvia",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # OB 781
        "ringback": "425;1/4",  # OB 781
        "busy": "425;.3/.3",  # OB 781
        "congestion": "425;.15/.15",  # OB 781
        "stutter": "425;.4/.04",  # practice
        "call_waiting": "425;.2/5",  # OB 781
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.4/.4|425;.4/.4|0;0/0",  # OB 781: confirmation tone, twice
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 4,  # 270 Ω + (750 Ω ‖ 150 nF): FXO table
    "caller_id": "etsi",  # practice
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
