"""Figures of the E-model; the whole of G.107 as a reference is in tests/property/test_rtcp_reports.py."""

from ata.rtp.quality import Meter, mos, r_factor


def test_a_clean_call_has_the_default_r_of_g107():
    assert r_factor(0, 0, 100, 0) == 932
    assert mos(932) == 441


def test_mos_has_the_values_of_the_recommendation():
    for r, expected in ((90, 434), (80, 403), (70, 360), (60, 310), (50, 258)):  # G.107 annex B, table B.1
        assert abs(mos(r * 10) - expected) <= 1, r
    assert mos(0) == mos(30) == 100
    assert mos(1000) == mos(1200) == 450


def test_mos_rises_with_r():
    for r in range(1000):
        assert mos(r) <= mos(r + 1), r


def test_loss_weighs_as_in_g113():
    # 95 · 2 / (2 + 25.1) with concealment, 95 · 2 / (2 + 4.3) without
    assert abs(r_factor(200, 0, 100, 0) - (932 - 70)) <= 1
    assert abs(r_factor(200, 0, 100, 0, 430) - (932 - 302)) <= 1
    # late packets are as lost as others
    assert r_factor(100, 100, 100, 0) == r_factor(200, 0, 100, 0) == r_factor(0, 200, 100, 0)
    # in bursts it is worse
    assert r_factor(500, 0, 200, 0) < r_factor(500, 0, 100, 0)
    assert r_factor(10000, 10000, 100, 0) >= 0


def test_delay_below_150_ms_hardly_matters_and_400_ms_does():
    assert r_factor(0, 0, 100, 150) > 890
    assert abs(r_factor(0, 0, 100, 200) - 858) <= 3
    assert abs(r_factor(0, 0, 100, 400) - 623) <= 3
    assert r_factor(0, 0, 100, 5000) == r_factor(0, 0, 100, 800)
    assert r_factor(0, 0, 100, -5) == 932
    last = 1000
    for delay in range(0, 900, 10):
        assert r_factor(0, 0, 100, delay) <= last
        last = r_factor(0, 0, 100, delay)


def test_the_meter_tells_loss_and_burst_ratio():
    meter = Meter()
    assert (meter.loss(), meter.burst()) == (0, 100)
    for frame in range(1000):
        meter.play(frame % 100 < 96)  # runs of four
    assert meter.loss() == 400
    assert meter.burst() == 384  # 4 · 0.96, G.107 §7.5
    meter.reset()
    for frame in range(100):
        meter.play(frame % 10)
    assert (meter.loss(), meter.burst()) == (1000, 100)  # alone, more evenly than random: 0.9 counts as 1
    meter.reset()
    meter.play(0)
    assert (meter.loss(), meter.burst()) == (10000, 100)
