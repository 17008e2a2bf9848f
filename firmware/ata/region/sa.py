"""Saudi Arabia."""

REGION = {
    "name": "Saudi Arabia",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # E.180
        "ringback": "425;1.2/4.6",  # E.180
        "busy": "425;.5/.5",  # E.180
        "congestion": "425;.25/.25",  # practice
        "stutter": "425;.4/.04",  # practice
        "call_waiting": "425;.2/.6|425;.2/4",  # E.180: waiting tone
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (1200, 4600),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # 600 Ω: FXO table
    "caller_id": "dtmf AC",  # Cisco (DTMF); reversal and digits are practice
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
