"""India."""

REGION = {
    "name": "India",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "400*25;0/0",  # E.180, OB 781
        "ringback": "400*25;.4/.2|400*25;.4/2",  # E.180, OB 781
        "busy": "400;.75/.75",  # E.180, OB 781
        "congestion": "400;.25/.25",  # OB 781
        "stutter": "400;2.8/.2",  # OB 781: special dial tone
        "call_waiting": "400;.2/.1|400;.2/7.5",  # OB 781
        "howler": "400@-6;.1/.1",  # practice
        "confirm": "400;1/0|0;0/0",  # OB 781: acceptance tone, once
    },
    "ring": (400, 200, 400, 2000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # 600 Ω: SLIC maker
    "caller_id": "dtmf_lr AC",  # textbooks (DTMF); reversal and digits are practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
