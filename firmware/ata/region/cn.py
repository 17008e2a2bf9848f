"""China."""

REGION = {
    "name": "China",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "450;0/0",  # E.180, OB 781
        "ringback": "450;1/4",  # E.180, OB 781
        "busy": "450;.35/.35",  # E.180, OB 781
        "congestion": "450;.7/.7",  # E.180, OB 781
        "stutter": "450;.4/.04",  # E.180: there a special information tone
        "call_waiting": "450;.4/4",  # E.180, OB 781: waiting tone
        "howler": "450@-6;.1/.1",  # practice
        "confirm": "450;.1/.1|450;.1/.1|450;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 7,  # 200 Ω + (680 Ω ‖ 100 nF): SLIC maker
    "caller_id": "bellcore",  # Cisco
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
