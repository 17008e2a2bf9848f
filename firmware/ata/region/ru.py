"""Russia."""

REGION = {
    "name": "Russia",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # PBX, after the Russian standard OST 45.223
        "ringback": "425;1/4",  # PBX, after the Russian standard OST 45.223 (E.180: .8/3.2)
        "busy": "425;.35/.35",  # PBX, after the Russian standard OST 45.223 (E.180: .4/.4)
        "congestion": "425;.175/.175",  # PBX, after the Russian standard OST 45.223
        "stutter": "425;.4/.04",  # PBX, after the Russian standard OST 45.223
        "call_waiting": "425;.2/5",  # PBX, after the Russian standard OST 45.223
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # 600 Ω: FXO table; 150 Ω + (510 Ω ‖ 47 nF) is not among the chip's
    "caller_id": "etsi",  # practice
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
