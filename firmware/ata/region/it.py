"""Italy."""

REGION = {
    "name": "Italy",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;.2/.2|425;.6/1",  # E.180, OB 781
        "ringback": "425;1/4",  # E.180, OB 781
        "busy": "425;.5/.5",  # OB 781 (E.180: .2/.2)
        "congestion": "425;.2/.2",  # OB 781
        "stutter": "470;.4/0|425;.4/0",  # PBX
        "call_waiting": "425;.4/.1|425;.25/.1|425;.15/14",  # OB 781
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 4,  # 270 Ω + (750 Ω ‖ 150 nF): SLIC maker
    "caller_id": "etsi",  # Cisco
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
