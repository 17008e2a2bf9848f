"""Austria."""

REGION = {
    "name": "Austria",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "420;0/0",  # E.180
        "ringback": "420;1/5",  # E.180
        "busy": "420;.4/.4",  # E.180
        "congestion": "420;.2/.2",  # E.180
        "stutter": "380+420;0/0",  # E.180: special dial tone
        "call_waiting": "420;.04/1.96",  # OB 781
        "howler": "420@-6;.1/.1",  # practice
        "confirm": "380+420;1/0|0;0/0",  # E.180: positive indication tone, once
    },
    "ring": (1000, 5000),  # as the ringing tone
    "ring_hz": 50,  # SLIC maker
    "impedance": 6,  # 220 Ω + (820 Ω ‖ 115 nF): SLIC maker
    "caller_id": "etsi",  # practice
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
