"""Singapore."""

REGION = {
    "name": "Singapore",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "425;0/0",  # E.180
        "ringback": "425*24;.4/.2|425*24;.4/2",  # E.180
        "busy": "425;.75/.75",  # E.180
        "congestion": "425;.25/.25",  # E.180
        # PBX, after IDA TS PSTN: there four such pairs
        "stutter": "425;.2/.2|425;.6/.2|425;.2/.2|425;.6/.2|425;0/0",
        "call_waiting": "425*24;.3/.2|425*24;.3/3.2",  # PBX, after IDA TS PSTN (E.180: 425 Hz alone)
        "howler": "425@-6;.1/.1",  # practice
        # PBX, after IDA TS PSTN: acceptance tone, here three bursts
        "confirm": "425;.125/.125|425;.125/.125|425;.125/.125|0;0/0",
    },
    "ring": (400, 200, 400, 2000),  # as the ringing tone
    "ring_hz": 24,  # SLIC maker
    "impedance": 0,  # 600 Ω: SLIC maker
    "caller_id": "bellcore",  # Cisco
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
