"""United Arab Emirates."""

REGION = {
    "name": "United Arab Emirates",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "350+440;0/0",  # E.180
        "ringback": "400+450;.4/.2|400+450;.4/2",  # E.180
        "busy": "400;.375/.375",  # E.180
        "congestion": "400;.4/.35|400;.225/.525",  # E.180
        "stutter": "350+440;.75/0|440;.75/0",  # practice: as in the United Kingdom
        "call_waiting": "400;.1/4",  # practice: as in the United Kingdom
        "howler": "400@-6;.1/.1",  # practice
        "confirm": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|0;0/0",  # practice
    },
    "ring": (400, 200, 400, 2000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # 600 Ω: FXO table
    "caller_id": "etsi",  # practice
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
