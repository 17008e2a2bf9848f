"""Sweden."""

REGION = {
    "name": "Sweden",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # E.180
        "ringback": "425;1/5",  # E.180
        "busy": "425;.25/.25",  # E.180
        "congestion": "425;.25/.75",  # E.180
        "stutter": "425;.32/.02",  # PBX ("real Swedish standard"; E.180: .32/.01)
        "call_waiting": "425;.2/.5|425;.2/9.1",  # PBX (E.180: the same, once)
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 5000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 4,  # 270 Ω + (750 Ω ‖ 150 nF): SLIC maker
    "caller_id": "dtmf_lr AC",  # Cisco (DTMF); reversal and digits are practice
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
