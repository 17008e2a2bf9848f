"""Czech Republic."""

REGION = {
    "name": "Czech Republic",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;.33/.33|425;.66/.66",  # E.180, second of three forms (the first is continuous); OB 781
        "ringback": "425;1/4",  # E.180
        "busy": "425;.33/.33",  # E.180, OB 781
        "congestion": "425;.165/.165",  # OB 781
        "stutter": "425;.165/.165|425;.66/.66",  # E.180: third form of the dial tone
        "call_waiting": "425;.33/9",  # OB 781 (E.180: .33/5)
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;.1/.1|425;.1/.1|425;.1/.1|0;0/0",  # practice
    },
    "ring": (1000, 4000),  # as the ringing tone
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 0,  # 600 Ω: SLIC maker
    "caller_id": "etsi",  # practice
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
