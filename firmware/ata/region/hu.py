"""Hungary."""

REGION = {
    "name": "Hungary",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # E.180, OB 781
        "ringback": "425;1.25/3.75",  # OB 781 (E.180: 1.2/3.7)
        "busy": "425;.3/.3",  # E.180, OB 781
        "congestion": "425;.3/.3",  # OB 781
        "stutter": "350+375+400;0/0",  # E.180, OB 781: special dial tone
        "call_waiting": "425;.04/1.96",  # OB 781
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "300+425;1/0|0;0/0",  # OB 781: positive indication tone, once
    },
    "ring": (1250, 3750),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 4,  # 270 Ω + (750 Ω ‖ 150 nF): SLIC maker
    "caller_id": "etsi",  # practice
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
