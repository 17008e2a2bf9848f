"""France."""

REGION = {
    "name": "France",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "440;0/0",  # E.180
        "ringback": "440;1.5/3.5",  # E.180
        "busy": "440;.5/.5",  # E.180
        "congestion": "440;.25/.25",  # PBX (not in E.180)
        "stutter": "330+440;0/0",  # E.180: second form of the dial tone
        "call_waiting": "440;.3/10",  # OB 781
        "howler": "440@-6;.1/.1",  # practice: none is defined
        "confirm": "440;.1/.1|440;.1/.1|440;.1/.1|0;0/0",  # practice
    },
    "ring": (1500, 3500),  # as the ringing tone
    "ring_hz": 50,  # SLIC maker; terminals must hear 25 and 50 Hz (ETSI TBR 21)
    "impedance": 4,  # 270 Ω + (750 Ω ‖ 150 nF): SLIC maker; ETSI TBR 21
    "caller_id": "etsi",  # Cisco; ETSI EN 300 659-1: during ringing
    "flash": (70, 400),  # practice: R keys here give about 270 ms, imported ones 100 ms
}
