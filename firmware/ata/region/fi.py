"""Finland."""

REGION = {
    "name": "Finland",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # E.180
        "ringback": "425;1/4",  # E.180
        "busy": "425;.3/.3",  # E.180
        "congestion": "425;.2/.2",  # E.180
        "stutter": "425;.65/.025",  # E.180: special dial tone
        "call_waiting": "425;.15/.15|425;.15/8",  # E.180: waiting tone
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 50,  # SLIC maker
    "impedance": 4,  # 270 Ω + (750 Ω ‖ 150 nF): nearest to 270 Ω + (910 Ω ‖ 120 nF): SLIC maker
    "caller_id": "dtmf_lr AC",  # textbooks (DTMF); reversal and digits are practice
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
