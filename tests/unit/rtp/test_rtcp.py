"""Reports of two parties to each other, bit by bit and in virtual time (RFC 3550 §6, appendix A)."""

import struct

from ata.base.clock import diff
from ata.rtp.packet import start
from ata.rtp.rtcp import Rtcp, is_rtcp, whole

OURS, THEIRS = 0xDEADBEEF, 0xFEDCBA98


def fixed(number):
    return lambda n: bytes([number >> 8, number & 255])[:n]


def header(ssrc=OURS, ts=0xFFFFFF00):
    packet = bytearray(172)
    start(packet, ssrc, 5, ts, 0)
    return packet


def opened(ssrc=OURS, now=0, number=0x8000, cname=b"1@192.0.2.1", ntp=0):
    return Rtcp(header(ssrc), cname, fixed(number), now, ntp)


def parts(data):
    """[(packet type, count, body)] of a compound packet."""
    found = []
    while data:
        first, kind, words = struct.unpack(">BBH", data[:4])
        assert first >> 6 == 2 and not first & 32
        found.append((kind, first & 31, data[4 : 4 + 4 * words]))
        assert len(data) >= 4 + 4 * words
        data = data[4 + 4 * words :]
    return found


def test_a_listener_sends_a_receiver_report_and_its_name():
    data = opened().report(2500, 0, None, 0, 0, 0, 0)
    assert data == bytes(
        [0x80, 201, 0, 1, 0xDE, 0xAD, 0xBE, 0xEF] + [0x81, 202, 0, 5, 0xDE, 0xAD, 0xBE, 0xEF, 1, 11]
    ) + b"1@192.0.2.1" + bytes(3)


def test_the_name_always_ends_with_a_zero_octet_on_a_whole_word():
    for n in range(0, 256):
        _, (kind, count, body) = parts(opened(cname=b"x" * n).report(0, 0, None, 0, 0, 0, 0))
        assert (kind, count) == (202, 1)
        assert body[4] == 1 and body[5] == n and body[6 : 6 + n] == b"x" * n
        assert 1 <= len(body) - 6 - n <= 4 and body[6 + n :] == bytes(len(body) - 6 - n)


def test_a_sender_report_tells_time_and_counts():
    rtcp = opened(now=(1 << 30) - 100, ntp=3900000000)
    data = rtcp.report(1150, 62, None, 0, 0, 0, 0)  # 1.25 s later, the tick has wrapped
    kind, count, body = parts(data)[0]
    assert (kind, count) == (200, 0)
    assert struct.unpack(">IIIIII", body) == (OURS, 3900000001, 1 << 30, 0xFFFFFF00, 62, 62 * 160)


def test_who_has_not_sent_for_two_intervals_is_no_sender():
    rtcp = opened()
    kinds = []
    for step, sent in enumerate((0, 100, 200, 200, 200, 201, 201, 201)):
        kinds.append(parts(rtcp.report(step * 5000, sent, None, 0, 0, 0, 0))[0][0])
    assert kinds == [201, 200, 200, 200, 201, 200, 200, 201]


def block(data):
    """The fields of the only report block, and the loss as (fraction, cumulative)."""
    _, count, body = parts(data)[0]
    assert count == 1
    ssrc, lost, high, jitter, lsr, dlsr = struct.unpack(">IIIIII", body[-24:])
    return ssrc, lost >> 24, lost & 0xFFFFFF, high, jitter, lsr, dlsr


def test_loss_is_told_as_a_fraction_of_the_interval_and_in_all():
    rtcp = opened()
    assert block(rtcp.report(0, 1, THEIRS, 65000, 200, 0, 7)) == (THEIRS, 0, 0, 65000, 7, 0, 0)
    # 100 expected, 25 of them lost; the sequence number has wrapped
    assert block(rtcp.report(5000, 1, THEIRS, 10, 275, 25, 8))[1:5] == (64, 25, 65536 + 10, 8)
    # duplicates or late ones: fewer lost than before
    assert block(rtcp.report(9000, 1, THEIRS, 20, 290, 20, 8))[1:4] == (0, 20, 65536 + 20)
    # reordered over the wrap is no second wrap
    assert block(rtcp.report(9000, 1, THEIRS, 18, 290, 20, 8))[3] == 65536 + 18
    # nothing came at all
    assert block(rtcp.report(9000, 1, THEIRS, 18, 290, 120, 8))[1:3] == (255, 120)


def test_lost_packets_are_bound_to_24_bits():
    assert block(opened().report(0, 1, THEIRS, 1, 5, 1 << 24, 0))[1:3] == (255, 0x7FFFFF)
    assert block(opened().report(0, 1, THEIRS, 1, 5, -5, 0))[1:3] == (0, 0xFFFFFB)
    assert block(opened().report(0, 1, THEIRS, 1, 5, -(1 << 25), 0))[1:3] == (0, 0x800000)


def test_another_source_is_counted_from_its_first_report():
    rtcp = opened()
    rtcp.report(0, 1, THEIRS, 60000, 200, 50, 0)
    assert block(rtcp.report(5000, 1, 77, 3, 230, 80, 0))[:4] == (77, 0, 0, 3)
    assert block(rtcp.report(9000, 1, 77, 103, 280, 130, 0))[:4] == (77, 128, 50, 103)


def test_two_parties_measure_the_round_trip():
    a, b = opened(OURS, 1000, ntp=1), opened(THEIRS, 77000)
    # a to b takes 30 ms, b waits 2000 ms, b to a takes 50 ms; their clocks are apart
    assert b.receive(a.report(4000, 100, None, 0, 0, 0, 0), 80030)
    data = b.report(82030, 5, OURS, 104, 99, 1, 33)
    assert block(data)[5:] == ((4 << 16), 2000 * 65536 // 1000)
    assert a.receive(data, 6080)
    assert abs(a.rtt - 80) <= 1
    assert (a.loss, a.lost, a.jitter) == (2, 1, 33)
    assert (b.rtt, b.loss, b.lost, b.jitter) == (-1, -1, -1, -1)


def test_a_block_about_someone_else_or_an_impossible_time_is_not_taken():
    a, b = opened(OURS), opened(THEIRS)
    a.receive(b.report(0, 5, 12345, 104, 99, 1, 33), 100)
    assert (a.loss, a.rtt) == (-1, -1)
    body = struct.pack(">BBHI", 0x81, 201, 7, THEIRS)
    body += struct.pack(">IIIIII", OURS, 0x12FFFFFE, 9, 4, 0x70000000, 5)
    assert a.receive(body, 100)
    assert (a.loss, a.lost, a.jitter, a.rtt) == (0x12, -2, 4, -1)


def test_bye_ends_it():
    a, b = opened(OURS), opened(THEIRS)
    data = b.report(0, 5, OURS, 1, 1, 0, 0, True)
    assert [kind for kind, _, _ in parts(data)] == [200, 202, 203]
    assert parts(data)[2] == (203, 1, struct.pack(">I", THEIRS))
    assert a.receive(data, 5)
    assert a.ended


def test_reports_are_due_as_section_6_says():
    for number, least in ((0, 0.5), (0x8000, 1.0), (0xFFFF, 1.5)):
        rtcp = opened(now=500, number=number)
        assert abs(diff(rtcp.deadline(), 500) - 2500 * least / 1.21828) < 2
        rtcp.report(3000, 0, None, 0, 0, 0, 0)
        assert abs(diff(rtcp.deadline(), 3000) - 5000 * least / 1.21828) < 2


def test_broken_packets_are_counted_and_change_nothing():
    rtcp = opened()
    good = opened(THEIRS).report(0, 5, OURS, 104, 99, 1, 33, True)
    bad = [
        b"",
        good[:3],
        good[:-1],
        good + b"\x00",
        good + b"\x81\xcb\x00\x05",  # longer than the datagram
        b"\x40" + good[1:],  # version 1
        b"\xa0" + good[1:],  # padding in the first
        good[52:],  # no report at the beginning
        b"\x80\x00" + bytes(170),  # RTP
    ]
    for number, data in enumerate(bad):
        assert not rtcp.receive(data, 10), number
        assert rtcp.bad == number + 1
    assert (rtcp.loss, rtcp.ended) == (-1, False)
    # right as a whole, but with more report blocks than it is long
    assert rtcp.receive(b"\x9f" + good[1:], 10)
    assert rtcp.bad == len(bad) + 1
    assert rtcp.loss == -1
    # padding at the end, an unknown packet type, an empty BYE: right
    rtcp = opened()
    more = b"\x80\xcc\x00\x01abcd\x80\xcb\x00\x00\xa0\xca\x00\x01\x00\x00\x00\x04"
    assert rtcp.receive(good[:52] + more, 10)
    assert (rtcp.bad, rtcp.ended, rtcp.loss) == (0, False, 2)


def test_rtcp_is_told_from_rtp_on_one_port():
    assert is_rtcp(opened().report(0, 0, None, 0, 0, 0, 0), 28)
    for payload_type in (0, 8, 13, 96, 101, 127):
        for marker in (0, 128):
            packet = header()
            packet[1] = payload_type | marker
            assert not is_rtcp(packet, 172)
    assert not is_rtcp(b"\x80\xc8", 2)


def test_where_rtcp_ends_among_other_bytes():
    data = opened().report(2500, 0, None, 0, 0, 0, 0)
    n = len(data)
    voice = bytes([0x80, 0]) + bytes(170)
    for tail in (b"", voice, bytes([0x80, 0x80]) + bytes(60), b"\x80", b"xxxx"):
        assert whole(data + tail, n + len(tail)) == n, tail
    assert whole(data, n - 5) == n - 5  # cut: for Rtcp.receive to refuse
    assert whole(voice, 172) == 0 and whole(b"", 0) == 0 and whole(bytearray(100), 100) == 0
    assert whole(b"\x80\xc8\xff\xff" + bytes(20), 24) == 24
