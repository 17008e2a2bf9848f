"""New Zealand."""

REGION = {
    "name": "New Zealand",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "400;0/0",  # PBX, after Telecom's TNA 102; E.180
        "ringback": "400+450;.4/.2|400+450;.4/2",  # PBX, after Telecom's TNA 102; E.180
        "busy": "400;.5/.5",  # PBX, after Telecom's TNA 102; E.180
        "congestion": "400;.25/.25",  # PBX, after Telecom's TNA 102; E.180
        "stutter": "400;.1/.1|400;.1/.1|400;.1/.1|400;0/0",  # PBX, after Telecom's TNA 102: there six bursts
        "call_waiting": "400;.2/3",  # PBX, after Telecom's TNA 102
        "howler": "400@-6;.1/.1",  # practice
        "confirm": "400;.1/.1|400;.1/.1|400;.1/.1|0;0/0",  # practice
    },
    "ring": (400, 200, 400, 2000),  # PBX, after Telecom's TNA 102
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 5,  # 220 Ω + (820 Ω ‖ 120 nF): practice; 370 Ω + (620 Ω ‖ 310 nF) is not among the chip's
    "caller_id": "bellcore",  # practice
    "flash": (80, 535),  # practice: keys give 100 to 600 ms
}
