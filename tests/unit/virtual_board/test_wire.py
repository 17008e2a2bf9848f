# runs on: cpython
"""The line as a network: Ohm's law, current limit, ringer capacitance, faults."""

import math

import pytest

from host_tools.virtual_board.wire import STEP, Feed, Wire


def battery_feed(**changes):
    return Feed(
        **(
            {"tip_emf": -3.0, "ring_emf": -51.0, "tip_open": False, "ring_open": False, "limit": 0.02}
            | changes
        )
    )


def settle(wire: Wire, feed: Feed, seconds: float = 2.0) -> Wire:
    for _ in range(round(seconds / STEP)):
        wire.solve(feed)
    return wire


def test_on_hook_the_battery_is_at_the_telephone_and_no_current_flows():
    wire = settle(Wire(), battery_feed())
    assert (wire.v_tip, wire.v_ring) == (pytest.approx(-3, abs=0.01), pytest.approx(-51, abs=0.01))
    assert abs(wire.i_tip) < 1e-5


def test_off_hook_the_near_lead_stays_and_the_far_one_gives_way_to_the_limit():
    for reverse in (False, True):
        feed = battery_feed(tip_emf=-51.0, ring_emf=-3.0) if reverse else battery_feed()
        wire = settle(Wire(closed=True), feed)
        near, far = (wire.v_ring, wire.v_tip) if reverse else (wire.v_tip, wire.v_ring)
        assert abs(wire.i_phone) == pytest.approx(0.02, rel=0.001)
        assert near == pytest.approx(-3 - 0.02 * 80, abs=0.05)
        assert near - far == pytest.approx(6 + 0.02 * 220, abs=0.1)


def test_below_the_limit_the_current_follows_ohm():
    wire = settle(Wire(closed=True, off_hook_ohms=3000.0), battery_feed())
    assert wire.i_phone == pytest.approx((48 - 6) / (160 + 20 + 3000), rel=0.001)


def test_a_telephone_needs_its_own_voltage():
    wire = settle(Wire(closed=True, off_hook_volts=9.0), battery_feed(ring_emf=-10.0))
    assert wire.i_phone == 0.0


def test_open_leads_carry_nothing():
    wire = settle(Wire(closed=True), Feed())
    assert abs(wire.i_tip) < 1e-9 and abs(wire.i_ring) < 1e-9 and abs(wire.v_phone) < 0.1


def test_one_ren_is_6930_ohms_and_8_microfarads():
    for ren in (1.0, 5.0):
        wire = Wire(ren=ren)
        feed = battery_feed(limit=1.0)
        peak = 0.0
        for n in range(1600):
            volts = 63.6 * math.sin(2 * math.pi * 20 * n * STEP)
            feed.tip_emf, feed.ring_emf = -33 + volts / 2, -33 - volts / 2
            wire.solve(feed)
            if n > 800:
                peak = max(peak, abs(wire.i_tip))
        impedance = abs(complex(6930 / ren + 180, -1 / (2 * math.pi * 20 * ren * 8e-6)))
        assert peak == pytest.approx(63.6 / impedance, rel=0.02)


def test_a_change_of_polarity_charges_the_ringer_with_a_pulse_of_current():
    wire = settle(Wire(ren=5.0), battery_feed())
    wire.solve(battery_feed(tip_emf=-51.0, ring_emf=-3.0, limit=1.0))
    first = abs(wire.i_tip)
    assert first == pytest.approx(96 / (6930 / 5 + 180), rel=0.05)
    for _ in range(round(0.0626 / STEP)):  # one time constant: (1386 + 180) Ω × 40 µF
        wire.solve(battery_feed(tip_emf=-51.0, ring_emf=-3.0, limit=1.0))
    assert abs(wire.i_tip) == pytest.approx(first / math.e, rel=0.05)


def test_a_short_takes_the_limited_current():
    wire = settle(Wire(short_ohms=1.0), battery_feed())
    assert wire.i_tip == pytest.approx(0.02, rel=0.001)
    assert wire.v_phone == pytest.approx(0.02, abs=0.01)


def test_an_earthed_ring_lead_draws_current_from_that_lead_only():
    wire = settle(Wire(ring_ground_ohms=100.0), battery_feed())
    assert wire.i_ring == pytest.approx(-0.02, rel=0.001) and abs(wire.i_tip) < 0.001


def test_a_foreign_voltage_on_either_polarity_is_limited():
    for volts, feed in (
        (80.0, battery_feed()),
        (-200.0, battery_feed()),
        (80.0, battery_feed(tip_emf=-51.0, ring_emf=-3.0)),
    ):
        wire = settle(Wire(ring_ground_ohms=100.0, ring_ground_volts=volts), feed)
        assert abs(wire.i_ring) <= 0.1001 and abs(wire.v_ring) < 210


def test_the_trace_keeps_the_last_minutes_only():
    wire = Wire()
    feed = battery_feed()
    settle(wire, feed, 720.0)
    assert 480000 <= len(wire.tip_trace) <= 560001
    assert wire.trace_start + len(wire.tip_trace) == round(720 / STEP)
