"""Germany."""

REGION = {
    "name": "Germany",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # E.180
        "ringback": "425;1/4",  # E.180: ringing tone I
        "busy": "425;.48/.48",  # E.180: busy tone I
        "congestion": "425;.24/.24",  # E.180: congestion tone I
        "stutter": "425+400;0/0",  # E.180: special dial tone
        "call_waiting": "425;.2/.2|425;.2/5",  # E.180: call waiting tone I
        "howler": "425@-6;.1/.1",  # practice: none is defined
        "confirm": "425;1/0|0;0/0",  # practice: private exchanges
    },
    "ring": (1000, 4000),  # as the ringing tone; ETSI TBR 21 terminals answer to it
    "ring_hz": 25,  # ETSI TBR 21, ringing signal detector: terminals must hear 25 Hz
    "impedance": 6,  # 220 Ω + (820 Ω ‖ 115 nF): SLIC maker, and exactly the German reference
    "caller_id": "etsi",  # Cisco; ETSI EN 300 659-1: during ringing
    # practice: R keys here give 80 to 120 ms, older ones up to 310 ms; a hand on the switch hook up to 400 ms
    "flash": (70, 400),
}
