"""Lithuania."""

REGION = {
    "name": "Lithuania",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # E.180, OB 781
        "ringback": "425;1/4",  # OB 781 (E.180: .8/3.2)
        "busy": "425;.35/.35",  # OB 781 (E.180: .4/.4)
        "congestion": "425;.2/.2",  # OB 781
        "stutter": "425;.5/.05",  # PBX
        "call_waiting": "425;.15/.15|425;.15/4",  # OB 781
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 4,  # practice: 270 Ω + (750 Ω ‖ 150 nF)
    "caller_id": "etsi",  # practice
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
