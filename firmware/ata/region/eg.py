"""Egypt.
Ringing and busy tone look interchanged in E.180's entry; they stand here as there.
"""

REGION = {
    "name": "Egypt",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425*50;0/0",  # practice
        "ringback": "425*50;2/1",  # E.180
        "busy": "425*50;1/4",  # E.180
        "congestion": "450;.5/.5",  # E.180
        "stutter": "425*50;.4/.04",  # practice
        "call_waiting": "450;.2/.2|450;.2/5",  # practice
        "howler": "450@-6;.1/.1",  # practice
        "confirm": "450;.1/.1|450;.1/.1|450;.1/.1|0;0/0",  # practice
    },
    "ring": (2000, 1000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # 600 Ω: FXO table
    "caller_id": "etsi",  # practice
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
