"""United Kingdom. SIN 350: BT Supplier Information Note 350, table 1; E.180 agrees."""

REGION = {
    "name": "United Kingdom",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "350+440;0/0",  # SIN 350: proceed indication
        "ringback": "400+450;.4/.2|400+450;.4/2",  # SIN 350
        "busy": "400;.375/.375",  # SIN 350: engaged
        "congestion": "400@-16;.4/.35|400@-10;.225/.525",  # SIN 350: the short burst is 6 dB louder
        "stutter": "350+440;.75/0|440;.75/0",  # SIN 350: special proceed, 350 Hz pulsed over steady 440 Hz
        "call_waiting": "400;.1/4",  # SIN 350: pauses of 2 to 5 s
        # practice: BT's sweeps 800 to 3200 Hz, far louder
        "howler": "800@-6;.2/0|1600@-6;.2/0|3200@-6;.2/0",
        "confirm": "350+440;.1/.1|350+440;.1/.1|350+440;.1/.1|0;0/0",  # practice
    },
    "ring": (400, 200, 400, 2000),  # BT SIN 351
    "ring_hz": 25,  # BT SIN 351
    # 270 Ω + (750 Ω ‖ 150 nF): ETSI TBR 21; BT's own 370 Ω + (620 Ω ‖ 310 nF) is not among the chip's.
    "impedance": 4,
    "caller_id": "sin227",  # BT SIN 227
    # BT SIN 351: timed break recall is 50 to 130 ms; a hand on the switch hook takes longer (practice).
    "flash": (70, 400),
}
