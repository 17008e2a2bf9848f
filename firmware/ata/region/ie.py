"""Ireland."""

REGION = {
    "name": "Ireland",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "400+425+450;0/0",  # E.180
        "ringback": "400+450;.4/.2|400+450;.4/2",  # E.180
        "busy": "425;.5/.5",  # E.180
        "congestion": "425;.25/.25",  # practice
        "stutter": "425;.4/.04",  # practice
        "call_waiting": "425;.18/.2|425;.2/4.5",  # practice
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (400, 200, 400, 2000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 4,  # 270 Ω + (750 Ω ‖ 150 nF): SLIC maker
    "caller_id": "etsi",  # practice
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
