"""RTCP against arbitrary bytes and a reader written from RFC 3550; the E-model against all of G.107."""

import math
import random
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ata.rtp.packet import start
from ata.rtp.quality import Meter, mos, r_factor
from ata.rtp.rtcp import Rtcp, is_rtcp

OURS, THEIRS = 0x80000001, 0xFFFFFFFE
ticks = st.integers(0, (1 << 30) - 1)
words = st.integers(0, 0xFFFFFFFF)


def opened(ssrc: int = OURS, now: int = 0, cname: bytes = b"a@b") -> Rtcp:
    packet = bytearray(172)
    start(packet, ssrc, 1, 0xFFFFFFFF, 0)
    return Rtcp(packet, cname, lambda n: bytes(range(128, 128 + n)), now)


def read(data: bytes) -> list[tuple[int, int, bytes]]:
    """The packets of a compound packet; an assertion fails where appendix A.2 would drop it."""
    assert len(data) % 4 == 0
    found = []
    while data:
        version, padding, count = data[0] >> 6, data[0] & 32, data[0] & 31
        length = 4 * int.from_bytes(data[2:4], "big") + 4
        assert version == 2 and not padding and length <= len(data)
        found.append((data[1], count, data[4:length]))
        data = data[length:]
    assert found[0][0] in (200, 201)
    return found


def told(rtcp: Rtcp) -> tuple:
    return (rtcp.loss, rtcp.lost, rtcp.jitter, rtcp.rtt, rtcp.ended)


@given(st.binary(max_size=200), ticks)
@example(b"\x80\xc9\x00\x00", 0)
@example(b"\x80\xc8\x00\x01\x00\x00\x00\x00", 0)
def test_arbitrary_bytes_are_counted_and_never_raised(data, now):
    rtcp = opened()
    good = rtcp.receive(data, now)
    assert good or (rtcp.bad == 1 and told(rtcp) == (-1, -1, -1, -1, False))
    is_rtcp(data, len(data))
    read(rtcp.report(now, 1, THEIRS, 1, 1, 0, 0))  # whatever came is no harm to what is sent


kinds = st.sampled_from([200, 201, 202, 203, 204, 207, 0])
pieces = st.tuples(st.integers(0, 255), kinds, st.binary(max_size=60))


@given(st.lists(pieces, max_size=5), ticks)
def test_packets_that_look_right_but_hold_anything(parts, now):
    data = b""
    for first, kind, body in parts:
        body += bytes(-len(body) % 4)
        data += struct.pack(">BBH", 0x80 | first & 0x1F, kind, len(body) // 4) + body
    rtcp = opened()
    assert rtcp.receive(data, now) == (bool(parts) and parts[0][1] in (200, 201))
    read(rtcp.report(now, 1, THEIRS, 1, 1, 0, 0))


@given(st.data(), st.integers(0, 300), st.integers(0, 255))
def test_one_changed_byte_is_never_raised(data, place, value):
    whole = bytearray(opened(THEIRS).report(5, 9, OURS, 7, 7, 7, 7, True))
    whole[place % len(whole)] = value
    opened().receive(bytes(whole[: data.draw(st.integers(0, len(whole)))]), 9)


sources = st.one_of(st.none(), st.just(THEIRS), words)
steps = st.lists(
    st.tuples(
        st.integers(0, 20000), st.integers(0, 400), sources, st.integers(0, 0xFFFF), st.integers(0, 400),
        st.integers(-50, 400), words,
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@given(ticks, st.binary(max_size=255), steps)
def test_every_report_is_a_right_compound_packet(now, cname, course):
    rtcp = opened(OURS, now, cname)
    sent = received = lost = 0
    before = None
    for ms, more_sent, source, high, more, gone, jitter in course:
        now = (now + ms) % (1 << 30)
        sent, received, lost = sent + more_sent, received + more, lost + gone
        found = read(rtcp.report(now, sent, source, high, received, lost, jitter, more_sent == 3))
        kind, count, body = found[0]
        assert count == (source is not None)
        assert len(body) == (24 if kind == 200 else 4) + 24 * count
        if count:
            ssrc, loss, top, told_jitter, lsr, dlsr = struct.unpack(">IIIIII", body[-24:])
            assert (ssrc, top & 0xFFFF, told_jitter, lsr, dlsr) == (source, high, jitter, 0, 0)
            if source == before:
                assert loss >> 24 == (min(255, 256 * gone // (more + gone)) if gone > 0 else 0)
        before = source
        kind, count, body = found[1]
        assert (kind, count) == (202, 1)
        assert body[4:6] == bytes([1, len(cname)]) and body[6 : 6 + len(cname)] == cname
        assert body[6 + len(cname) :].strip(b"\0") == b"" and len(body) > 6 + len(cname)
        assert [kind for kind, _, _ in found[2:]] == [203] * (more_sent == 3)


@given(ticks, ticks, st.integers(0, 3000), st.integers(0, 20000), st.integers(0, 3000), st.integers(0, 90000))
def test_the_round_trip_is_that_of_the_network(a_start, b_start, there, wait, back, age):
    a, b = opened(OURS, a_start), opened(THEIRS, b_start)
    b.receive(a.report((a_start + age) % (1 << 30), 5, None, 0, 0, 0, 0), (b_start + 1) % (1 << 30))
    data = b.report((b_start + 1 + wait) % (1 << 30), 0, OURS, 5, 5, 0, 0)
    a.receive(data, (a_start + age + there + wait + back) % (1 << 30))
    if age >= 1:  # a time of zero means that no report has come
        assert abs(a.rtt - (there + back)) <= 1


# --- ITU-T G.107 (2015), all of it, with its default values


def g107(delay_ms: float = 0, loss: float = 0, burst: float = 1, bpl: float = 25.1) -> float:
    slr, rlr, stmr, lstr, ds, qdu = 8, 2, 15, 18, 3, 1
    nc, nfor, ps, pr, telr, wepl = -70, -64, 35, 35, 65, 110
    olr = slr + rlr
    nos = ps - slr - ds - 100 + 0.004 * (ps - olr - ds - 14) ** 2  # 7-4
    pre = pr + 10 * math.log10(1 + 10 ** ((10 - lstr) / 10))  # 7-6
    nor = rlr - 121 + pre + 0.008 * (pre - 35) ** 2  # 7-5
    no = 10 * math.log10(sum(10 ** (n / 10) for n in (nc, nos, nor, nfor + rlr)))  # 7-3
    ro = 15 - 1.5 * (slr + no)  # 7-2
    xolr = olr + 0.2 * (64 + no - rlr)  # 7-9
    iolr = 20 * ((1 + (xolr / 8) ** 8) ** (1 / 8) - xolr / 8)
    stmro = -10 * math.log10(10 ** (-stmr / 10) + math.exp(-delay_ms / 4) * 10 ** (-telr / 10))  # 7-12
    ist = 12 * (1 + ((stmro - 13) / 6) ** 8) ** (1 / 8) - 28 * (1 + ((stmro + 1) / 19.4) ** 35) ** (1 / 35)
    ist += 29 - 13 * (1 + ((stmro - 3) / 33) ** 13) ** (1 / 13)  # 7-11
    q = 37 - 15 * math.log10(qdu)
    g = 1.07 + 0.258 * q + 0.0602 * q * q
    iq = 15 * math.log10(1 + 10 ** ((ro - 100) / 15 + 46 / 8.4 - g / 9) + 10 ** (46 / 30 - g / 40))  # 7-13
    terv = telr - 40 * math.log10((1 + delay_ms / 10) / (1 + delay_ms / 150))
    terv += 6 * math.exp(-0.3 * delay_ms**2)
    x = (-1.5 * (no - rlr) - 80 - 2.5 * (terv - 14)) / 2  # 7-19 … 7-22
    idte = (x + math.sqrt(x * x + 100) - 1) * (1 - math.exp(-delay_ms))
    x = (ro - 10.5 * (wepl + 7) * (2 * delay_ms + 1) ** -0.25) / 2  # 7-25, 7-26
    idle = x + math.sqrt(x * x + 169)
    idd = 0.0
    if delay_ms > 100:
        x = math.log2(delay_ms / 100)  # 7-27, 7-28
        idd = 25 * ((1 + x**6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2)
    return ro - iolr - ist - iq - idte - idle - idd - 95 * loss / (loss / burst + bpl)


def g107_mos(r: float) -> float:
    return 1 if r <= 0 else 4.5 if r >= 100 else 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6


def test_the_reference_gives_the_default_r_of_the_recommendation():
    assert g107() == pytest.approx(93.2, abs=0.05)


@given(
    st.integers(0, 799),
    st.integers(0, 10000),
    st.integers(0, 10000),
    st.integers(100, 1000),
    st.sampled_from([25.1, 4.3]),
)
def test_r_and_mos_are_those_of_g107(delay, lost, discarded, burst, bpl):
    r = r_factor(lost, discarded, burst, delay, round(bpl * 100))
    expected = max(0.0, g107(delay, min(100, (lost + discarded) / 100), burst / 100, bpl))
    assert abs(r / 10 - expected) < 0.4
    assert abs(mos(r) / 100 - max(1.0, g107_mos(expected))) < 0.03


@given(st.floats(0.005, 0.4), st.floats(0.05, 1), st.integers(0, 1000))
def test_the_burst_ratio_of_a_two_state_loss_is_that_of_g107(p, q, seed):
    """G.107 §3.5: BurstR = 1 / (p + q), p and q the chances to begin and to end a run of losses."""
    meter, gone, source = Meter(), False, random.Random(seed)
    for _ in range(5000):
        gone = source.random() >= q if gone else source.random() < p
        meter.play(not gone)
    share = p / (p + q)
    if share * 5000 * q > 200:  # runs enough for a mean
        assert meter.loss() / 10000 == pytest.approx(share, rel=0.35)
        assert meter.burst() / 100 == pytest.approx(max(1, 1 / (p + q)), rel=0.3)
