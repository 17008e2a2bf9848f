"""Europe, harmonised: the tones most European networks share (425 Hz family, ETSI TR 101 041 and
ITU-T E.180 (03/98)). For countries without a table of their own."""

REGION = {
    "name": "Europe",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # E.180: continuous, 400 to 450 Hz, 425 Hz preferred
        "ringback": "425;1/4",  # E.180: 0.67 to 1.5 s on, 3 to 5 s off
        "busy": "425;.5/.5",  # E.180: equal, 0.3 to 1.1 s together
        "congestion": "425;.2/.2",  # E.180: faster than busy
        "stutter": "425;.5/.05",  # practice of many 425 Hz networks: special dial tone
        "call_waiting": "425;.2/.6|425;.2/3",  # practice (E.180: short bursts, long pause)
        "howler": "425@-6;.1/.1",  # practice: none is defined
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 4000),  # ETSI TBR 21, ringing signal detector: 1 s on, 4 s off
    "ring_hz": 25,  # ETSI TBR 21, ringing signal detector
    "impedance": 4,  # 270 Ω + (750 Ω ‖ 150 nF): ETSI TBR 21
    "caller_id": "etsi",  # ETSI EN 300 659-1
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
