"""Thailand."""

REGION = {
    "name": "Thailand",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "400*50;0/0",  # E.180, OB 781
        "ringback": "400;1/4",  # E.180
        "busy": "400;.5/.5",  # E.180, OB 781
        "congestion": "400;.3/.3",  # OB 781
        "stutter": "400*50;.4/.1",  # OB 781: special dial tone
        "call_waiting": "400;.2/.2|400;.2/5",  # practice
        "howler": "400@-6;.1/.1",  # practice
        "confirm": "400;.1/.1|400;.1/.1|400;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # 600 Ω: SLIC maker
    "caller_id": "bellcore",  # practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
