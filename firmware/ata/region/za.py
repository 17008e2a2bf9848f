"""South Africa."""

REGION = {
    "name": "South Africa",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "400*33;0/0",  # E.180
        "ringback": "400*33;.4/.2|400*33;.4/2",  # E.180
        "busy": "400;.5/.5",  # E.180
        "congestion": "400;.25/.25",  # E.180
        # E.180: special dial tone
        "stutter": "400*33;.25/.25|400*33;.25/.25|400*33;.25/.25|400*33;.25/.25|400*33;0/0",
        "call_waiting": "400*33;.25/.25|400*33;.25/.25|400*33;.25/.25|400*33;.25/7.25",  # E.180: waiting tone
        "howler": "400@-6;.1/.1",  # practice
        "confirm": "700;.25/.25|1100;.25/.25|0;0/0",  # E.180: positive indication tone, once
    },
    "ring": (400, 200, 400, 2000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 6,  # 220 Ω + (820 Ω ‖ 115 nF): SLIC maker
    "caller_id": "etsi",  # Cisco
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
