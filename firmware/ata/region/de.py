"""Germany. E.180: ITU-T E.180 Supplement 2, entry Germany."""

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
        "confirm": "425;1/0|0;0/0",  # practice of private exchanges
    },
    "ring": (1000, 4000),  # as the ringing tone; the harmonised terminal answers to it (ETSI TBR 21)
    "ring_hz": 25,  # ETSI TBR 21, ringing signal detector: terminals must hear 25 Hz
    "impedance": 6,  # 220 Ω + (820 Ω ‖ 115 nF): the German complex reference, exactly
    "caller_id": "etsi",  # ETSI EN 300 659-1: during ringing
    "hook": {
        "debounce": 12,
        # R keys here give 80 to 120 ms, older ones up to 310 ms; a hand on the switch hook up to 400 ms
        # (practice).
        "flash_min": 70,
        "flash_max": 400,
        "pulse_break_min": 30,
        "pulse_break_max": 100,
        "interdigit": 200,
    },
}
