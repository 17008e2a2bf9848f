from array import array

from ata.rtp.packet import advance, parse, share, start


def read(text):
    """Offset and the info words of a packet given as hexadecimal text."""
    data = bytes(int(word, 16) for word in text.split())
    info = array("i", [0] * 7)
    offset = parse(data, len(data), info)
    return offset, list(info)


def test_a_plain_packet():
    read_as = (12, [0, 0, 0x1234, 0xBCDEF01, 2, 0xDEAD, 0xBEEF])
    assert read("80 00 12 34 AB CD EF 01 DE AD BE EF 55 55") == read_as


def test_the_marker_is_apart_from_the_payload_type():
    offset, info = read("80 E5 00 00 00 00 00 00 00 00 00 00")
    assert (offset, info[0], info[1], info[4]) == (12, 0x65, 1, 0)


def test_all_ones():
    assert read("80 FF FF FF FF FF FF FF FF FF FF FF") == (12, [127, 1, 0xFFFF, 0xFFFFFFF, 0, 0xFFFF, 0xFFFF])


def test_contributing_sources_extension_and_padding_are_left_out_of_the_payload():
    header = " 08 00 01 00 00 00 02 00 00 00 03"
    assert read("82" + header + " 00" * 8 + " 77")[0] == 20
    offset, info = read("90" + header + " BE DE 00 02" + " 00" * 8 + " 77 78 79")
    assert (offset, info[4]) == (24, 3)
    offset, info = read("A0" + header + " 77 00 00 03")
    assert (offset, info[4]) == (12, 1)
    offset, info = read("B1" + header + " 00 00 00 00" + " 00 00 00 01" + " 00 00 00 00" + " 01 02 03 02")
    assert (offset, info[4]) == (24, 2)
    offset, info = read("A0" + header + " 00 00 00 04")
    assert (offset, info[4]) == (12, 0)


def test_what_is_no_rtp_is_refused_and_info_is_as_it_was():
    header = " 08 00 01 00 00 00 02 00 00 00 03"
    for text in (
        "",
        "80",
        "80 00 12 34 AB CD EF 01 DE AD BE",  # one byte short
        "00" + header,  # version 0
        "40" + header,
        "C0" + header,
        "81" + header,  # a CSRC that is not there
        "8F" + header + " 00" * 59,
        "90" + header + " 00 00 00",  # half an extension header
        "90" + header + " 00 00 00 01",  # an extension that is not there
        "90" + header + " 00 00 FF FF 00 00",
        "A0" + header + " 00",  # padding of 0
        "A0" + header + " 00 03",  # padding longer than the packet
        "B0" + header + " 00 00 00 01 00 00 00 05",
    ):
        data = bytes(int(word, 16) for word in text.split())
        info = array("i", [7] * 7)
        assert parse(data, len(data), info) == -1, text
        assert list(info) == [7] * 7


def test_only_the_first_n_bytes_count():
    data = bytes([0x80] + [0] * 30)
    info = array("i", [0] * 7)
    assert parse(data, 11, info) == -1
    assert parse(data, 20, info) == 12 and info[4] == 8


def test_start_writes_what_parse_reads():
    packet = bytearray(14)
    start(packet, 0xDEADBEEF, 0xFFFE, 0xFFFFFFF0, 101)
    assert bytes(packet) == b"\x80\x65\xff\xfe\xff\xff\xff\xf0\xde\xad\xbe\xef\x00\x00"


def test_advance_carries_through_all_bytes_and_wraps():
    packet = bytearray(12)
    start(packet, 1, 0xFFFE, 0xFFFFFF00, 0)
    advance(packet, 160, 1)
    assert bytes(packet[:8]) == b"\x80\x80\xff\xff\xff\xff\xff\xa0"
    advance(packet, 160, 0)
    assert bytes(packet[:8]) == b"\x80\x00\x00\x00\x00\x00\x00\x40"
    start(packet, 1, 0x00FF, 0x00FFFFFF, 8)
    advance(packet, 65535, 0)
    assert bytes(packet[:8]) == b"\x80\x08\x01\x00\x01\x00\xff\xfe"


def test_time_can_pass_without_a_packet():
    packet = bytearray(12)
    start(packet, 1, 5, 100, 0)
    advance(packet, 160, 1)
    advance(packet, 160, -1)
    assert bytes(packet[:8]) == b"\x80\x80\x00\x06\x00\x00\x01\xa4"


def test_two_buffers_share_one_row_of_sequence_numbers():
    voice, other = bytearray(12), bytearray(16)
    start(voice, 0x01020304, 0xFFFE, 0x11223344, 0)
    other[1] = 101
    share(voice, other, 1)
    assert bytes(other[:12]) == b"\x80\xe5\xff\xff\x11\x22\x33\x44\x01\x02\x03\x04"
    advance(voice, 160, 1)
    assert bytes(voice[2:4]) == b"\x00\x00"
    share(voice, other, 0)
    assert bytes(other[:12]) == b"\x80\x65\x00\x01\x11\x22\x33\x44\x01\x02\x03\x04"
    assert bytes(voice[2:4]) == b"\x00\x01"
