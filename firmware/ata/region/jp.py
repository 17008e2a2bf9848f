"""Japan."""

REGION = {
    "name": "Japan",
    "law": 0,  # G.711 µ-law
    "tones": {
        "dial": "400;0/0",  # E.180
        "ringback": "400*16;1/2",  # E.180
        "busy": "400;.5/.5",  # E.180
        "congestion": "400;.5/.5",  # E.180
        "stutter": "400;.125/.125",  # E.180: second dial tone
        "call_waiting": "400;.05/.45|400;.05/3.45",  # E.180: its first burst of 400 × 16 Hz left out
        "howler": "400@-6;.1/.1",  # practice
        "confirm": "400;.125/.125|400;.125/.625|0;0/0",  # E.180: positive indication tone, once
    },
    "ring": (1000, 2000),  # as the ringing tone
    "ring_hz": 16,  # SLIC maker
    "impedance": 2,  # 600 Ω + 1 µF: SLIC maker
    "caller_id": "",  # NTT's own, which we cannot send
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
