"""All codes and all samples, against the arithmetic of the ITU-T reference program (G.191, g711.c) in its own
scales: 14 bits for µ-law, 13 for A-law. tests/property/test_dsp.py checks the tables of G.711 itself."""

from array import array

from ata.dsp.g711 import G711, PCMA, PCMU


def reference_ulaw(sample):
    magnitude = min(((~sample if sample < 0 else sample) >> 2) + 33, 0x1FFF)
    segment = 1
    while magnitude >> (5 + segment):
        segment += 1
    code = (8 - segment) << 4 | (0xF - ((magnitude >> segment) & 0xF))
    return code if sample < 0 else code | 0x80


def reference_alaw(sample):
    code = (~sample if sample < 0 else sample) >> 4
    if code > 15:
        exponent = 1
        while code > 31:
            code >>= 1
            exponent += 1
        code += (exponent << 4) - 16
    return (code if sample < 0 else code | 0x80) ^ 0x55


def check_all_samples(payload_type, reference):
    codec = G711(payload_type)
    pcm = array("h", bytes(512))
    out = bytearray(256)
    for start in range(-32768, 32768, 256):
        for i in range(256):
            pcm[i] = start + i
        codec.encode(pcm, out, 0, 256)
        for i in range(256):
            assert out[i] == reference(start + i), start + i


def test_ulaw_codes_of_all_samples():
    check_all_samples(PCMU, reference_ulaw)


def test_alaw_codes_of_all_samples():
    check_all_samples(PCMA, reference_alaw)


def decoded(payload_type):
    pcm = array("h", bytes(512))
    G711(payload_type).decode(bytes(range(256)), 0, pcm, 256)
    return pcm


def test_ulaw_known_values():
    pcm = decoded(PCMU)
    for code, sample in ((0x00, -32124), (0x0F, -16764), (0x6F, -132), (0x7E, -8), (0x80, 32124), (0xFF, 0)):
        assert pcm[code] == sample, code


def test_alaw_known_values():
    pcm = decoded(PCMA)
    for code, sample in ((0x2A, -32256), (0x55, -8), (0xAA, 32256), (0xC5, 264), (0xD4, 24), (0xD5, 8)):
        assert pcm[code] == sample, code


def test_every_code_survives_decoding_and_encoding():
    for payload_type in (PCMU, PCMA):
        out = bytearray(256)
        G711(payload_type).encode(decoded(payload_type), out, 0, 256)
        expected = list(range(256))
        if payload_type == PCMU:
            expected[0x7F] = 0xFF  # −0 has become 0
        assert list(out) == expected


def test_a_frame_goes_behind_the_rtp_header_and_nowhere_else():
    for payload_type in (PCMU, PCMA):
        codec = G711(payload_type)
        packet = bytearray(b"\x11" * 20)
        codec.encode(array("h", [0] * 8), packet, 8, 4)
        assert packet == b"\x11" * 8 + bytes([codec.silence] * 4) + b"\x11" * 8
        pcm = array("h", [7] * 4)
        codec.decode(packet, 8, pcm, 3)
        zero = 8 if payload_type == PCMA else 0
        assert list(pcm) == [zero, zero, zero, 7]
