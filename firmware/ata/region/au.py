"""Australia."""

REGION = {
    "name": "Australia",
    "law": 8,  # G.711 A-law
    "tones": {
        "dial": "413+438;0/0",  # PBX, after ACIF S002
        "ringback": "413+438;.4/.2|413+438;.4/2",  # PBX, after ACIF S002
        "busy": "425;.375/.375",  # PBX, after ACIF S002
        # PBX, after ACIF S002; E.180: every second burst 10 dB weaker
        "congestion": "425;.375/.375|425@-23;.375/.375",
        "stutter": "413+438;.1/.04",  # PBX, after ACIF S002
        "call_waiting": "425;.2/.2|425;.2/4.4",  # PBX, after ACIF S002
        "howler": "425@-6;.1/.1",  # practice
        "confirm": "425;1/0|0;0/0",  # PBX, after ACIF S002: facility tone, here of 1 s
    },
    "ring": (400, 200, 400, 2000),  # PBX, after ACIF S002
    "ring_hz": 25,  # SLIC maker: its default
    "impedance": 5,  # 220 Ω + (820 Ω ‖ 120 nF): SLIC maker
    "caller_id": "bellcore",  # Cisco
    "flash": (70, 400),  # ETSI: 50 to 130 ms; a hand on the switch hook takes longer (practice)
}
