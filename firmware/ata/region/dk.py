"""Denmark."""

REGION = {
    "name": "Denmark",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # E.180
        "ringback": "425;1/4",  # E.180
        "busy": "425;.25/.25",  # E.180
        "congestion": "425;.25/.25",  # E.180
        "stutter": "425;.45/.05",  # PBX
        "call_waiting": "425;.2/.6|425;.2/3",  # OB 781
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 4,  # 270 Ω + (750 Ω ‖ 150 nF): SLIC maker
    "caller_id": "dtmf_lr A#",  # Cisco (DTMF); the digits after descriptions of Tele Danmark's service
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
