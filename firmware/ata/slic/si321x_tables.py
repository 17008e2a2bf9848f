"""Start values of the Si3210 and Si3215, as bytes: a fifth of what the same tables take as tuples."""

# Indirect registers (datasheet: indirect registers). Undefined after reset, so every one is written and read
# back. Each row is three bytes: address (numbering of the Si3210), high byte, low byte. The Si3215 has no
# rows 0-12 and 23-25, and other addresses for the same registers (ata.slic.si321x).
INDIRECT = (
    # 0-12 DTMF decoder of the Si3210: the vendor's set, loaded as a whole (unused: ata.dsp.dtmf decodes)
    b"\x00\x55\xc2\x01\x51\xe6\x02\x4b\x85\x03\x49\x37\x04\x33\x33\x05\x02\x02\x06\x02\x02"
    b"\x07\x01\x98\x08\x01\x98\x09\x06\x11\x0a\x02\x02\x0b\x00\xe5\x0c\x0a\x1c"
    # 13-18 oscillators 1 and 2: coefficient, X, Y (off: tones come by PCM)
    b"\x0d\x7b\x30\x0e\x00\x63\x0f\x00\x00\x10\x78\x70\x11\x00\x7d\x12\x00\x00"
    # 19-22 ringing: DC offset, coefficient, X, Y: 20 Hz, 45 Vrms; set_ring replaces them
    b"\x13\x00\x00\x14\x7e\xfd\x15\x01\x55\x16\x00\x00"
    # 23-25 pulse metering of the Si3210 (off)
    b"\x17\x20\x00\x18\x20\x00\x19\x00\x00"
    # 26, 27 gain to and from the line: 4000h is 0 dB
    b"\x1a\x40\x00\x1b\x40\x00"
    # 28 loop closure at 10.2 mA, 29 ring trip at 34 mA (1.27 mA in D14:9)
    b"\x1c\x10\x00\x1d\x36\x00"
    # 30, 31 least and greatest common mode (0.375 V in D12:7)
    b"\x1e\x10\x00\x1f\x02\x00"
    # 32-34 power alarm thresholds Q1/Q2, Q3/Q4, Q5/Q6 for discrete transistors (power / resolution × 128)
    b"\x20\x07\xc0\x21\x26\x00\x22\x1b\x80"
    # 35 loop closure filter (8000h: none), 36 ring trip filter (20 Hz; set_ring replaces it)
    b"\x23\x80\x00\x24\x03\x20"
    # 37-39 thermal filters 4096 / (800 · tau) · 8: tau 0.29 s (Q1/Q2), 0.16 s (Q3/Q4, SOT-23), 2.6 s (Q5/Q6,
    # SOT-223)
    b"\x25\x00\x8c\x26\x01\x00\x27\x00\x10"
    # 40 common mode while ringing 9 V, 41 overhead 9 V (1.5 V in D12:9); 43 loop open below 7.6 mA:
    # open drivers have 5.1 or 10.2 mA; with 5.1 the ringers of 3 REN charge so long that they swallow the
    # first pulse of a dial
    b"\x28\x0c\x00\x29\x0c\x00\x2b\x0c\x00"
    # 99-104 FSK of caller ID: 2200 and 1200 Hz at 24 kHz
    b"\x63\x00\xda\x64\x6b\x60\x65\x00\x74\x66\x79\xc0\x67\x11\x20\x68\x3b\xe0"
)

# Direct registers that start() sets, as (number, value) pairs; settings replace some.
DIRECT = (
    # 8 no loopback, 9 audio gains 0 dB, 10 impedance, 11 hybrid balance 0 dB
    b"\x08\x00\x09\x00\x0a\x08\x0b\x33"
    # 32-35 oscillators off, 34 sine ringing without the chip's own cadence timers
    b"\x20\x00\x21\x00\x22\x00\x23\x00"
    # 63 loop closure while ringing pauses: 105 ms
    b"\x3f\x54"
    # 66 the battery tracks the loop (TRACK), 67 to active on loop closure and ring trip, open on power alarm,
    # and speed-up (SPDS): dial pulses through the capacitors of several ringers
    b"\x42\x01\x43\x17"
    # 69 loop closure 12.5 ms, 70 ring trip, 71 loop current, 72 48 V on-hook, 73 3 V common mode, 74 and 75
    # battery
    b"\x45\x0a\x46\x0b\x47\x00\x48\x20\x49\x02\x4a\x32\x4b\x10"
    # 108 the enhancements of revision C: fine current limit, 24 kHz FSK, DC speed-up and filter, hysteresis
    b"\x6c\xeb"
)

# Ring trip by ringing frequency (datasheet: recommended ring-trip values): below so many Hz, filter (indirect
# 36), debounce (register 70). Between two rows of the datasheet the slower one counts.
RING_TRIP_ROWS = (
    (20, 0x0200, 0x0F),
    (30, 0x0320, 0x0B),
    (40, 0x0380, 0x09),
    (50, 0x0400, 0x07),
    (60, 0x06A8, 0x05),
    (1000, 0x0800, 0x05),
)
