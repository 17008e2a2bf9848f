"""Slovenia."""

REGION = {
    "name": "Slovenia",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;.7/.8|425;.2/.3",  # E.180
        "ringback": "425;1/4",  # E.180
        "busy": "425;.5/.5",  # E.180
        "congestion": "425;.2/.2",  # E.180
        "stutter": "425;.4/.04",  # practice
        "call_waiting": "425;.3/8",  # practice: as in Croatia
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 6,  # 220 Ω + (820 Ω ‖ 115 nF): FXO table
    "caller_id": "etsi",  # practice
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
