# runs on: cpython
"""The chip and its line by register accesses only: battery, calibration, feed, loop closure, ringing."""

import math

import numpy as np
import pytest
from chip_bench import FILTERS, ChipBench

from host_tools.virtual_board.oscillator import RingOscillator


@pytest.fixture(params=["Si3215", "Si3210", "Si3215M"])
def started(request):
    bench = ChipBench(request.param)
    bench.start()
    return bench


def one(part="Si3215", **options):
    bench = ChipBench(part, **options)
    bench.start()
    return bench


# ---- battery and calibration ----


def test_the_battery_ramps_in_a_tenth_to_a_third_of_a_second():
    bench = ChipBench()
    assert bench.read(82) == 0
    bench.write(14, 0)
    assert 0.05 < bench.until(lambda: bench.read(82) >= 0xC0, 0.5) < 0.3
    bench.wait(0.2)
    assert bench.read(82) * 0.376 == pytest.approx(75, abs=0.5)  # VBATH after reset


def test_an_unloaded_battery_decays_slowly_and_a_leaky_one_fast():
    for leak, holds in ((None, True), (1500.0, False)):
        bench = ChipBench()
        bench.write(14, 0)
        bench.wait(0.3)
        bench.chip.line.battery.leak_ohms = leak
        bench.write(14, 0x10)
        bench.wait(0.5)
        assert (bench.read(82) > 0x06) is holds


def test_no_battery_with_a_wrong_converter_set_up_or_without_supply():
    for part, register, value in (("Si3215", 92, 0x3F), ("Si3215", 93, 0x39), ("Si3215M", 93, 0x19)):
        bench = ChipBench(part)
        bench.write(register, value)
        bench.write(14, 0)
        bench.wait(0.5)
        assert bench.read(82) == 0
    bench = ChipBench()
    bench.chip.line.battery.supply_volts = 0.0
    bench.write(14, 0)
    bench.wait(0.5)
    assert bench.read(82) == 0


def test_calibration_clears_its_bits_within_600_ms_and_leaves_results():
    bench = ChipBench()
    bench.write(14, 0)
    bench.wait(0.3)
    before = [bench.read(n) for n in range(98, 107)]
    bench.write(97, 0x1F)
    bench.write(96, 0x7F)
    assert bench.read(96) == 0x7F
    assert 0.1 < bench.until(lambda: bench.read(96) == 0, 0.6)
    assert bench.read(97) == 0
    after = [bench.read(n) for n in range(98, 107)]
    assert sum(a != b for a, b in zip(after, before, strict=True)) >= 5
    bench.write(93, 0x99)
    bench.wait(0.05)
    assert 2 <= bench.read(107) <= 13


def test_calibration_does_not_end_while_the_line_is_in_use():
    bench = ChipBench()
    bench.load(**dict.fromkeys(FILTERS, 0x8000))
    bench.write(67, 0)
    bench.write(14, 0)
    bench.wait(0.3)
    bench.write(64, 1)
    bench.write(96, 0x5F)
    bench.wait(2.0)
    assert bench.read(96) & 0x40
    bench.write(64, 0)
    bench.wait(0.6)
    assert bench.read(96) == 0


def test_the_balance_calibration_reports_a_telephone_that_is_off_hook():
    bench = ChipBench()
    bench.write(14, 0)
    bench.wait(0.3)
    bench.wire.closed = True
    bench.write(97, 0x01)
    bench.write(96, 0x40)
    bench.wait(0.2)
    assert bench.read(96) == 0 and bench.read(20) & 0x04


def test_manual_trim_finds_the_point_where_the_stray_current_vanishes():
    bench = ChipBench(seed=3)
    bench.write(14, 0)
    bench.wait(0.3)
    found = []
    for register, meter in ((98, 88), (99, 89)):
        for trim in range(0x1F, -1, -1):
            bench.write(register, trim)
            bench.wait(0.04)
            if bench.read(meter) == 0:
                found.append(trim)
                break
    assert len(found) == 2 and all(0x05 < trim < 0x1F for trim in found)


def test_a_chip_that_was_not_calibrated_feeds_the_wrong_voltage_and_current():
    bench = one()
    bench.chip.calibration.reset()
    bench.wait(0.05)
    assert abs(bench.wire.v_phone) < 44
    bench.wire.closed = True
    bench.wait(0.1)
    assert bench.wire.i_phone < 0.016


# ---- feed and meters ----


def test_idle_voltages_and_meters(started):
    assert started.wire.v_tip == pytest.approx(-3, abs=0.1)
    assert started.wire.v_ring == pytest.approx(-51, abs=0.1)
    assert started.read(78) == 32 and started.read(79) & 0x3F == 0
    assert started.read(80) * 0.376 == pytest.approx(3, abs=0.3)
    assert started.read(81) * 0.376 == pytest.approx(51, abs=0.3)
    assert started.read(82) * 0.376 == pytest.approx(48 + 3 + 9, abs=0.5)  # tracks the line voltage
    assert started.read(68) == 0x04


def test_reverse_battery_turns_the_signs(started):
    started.write(64, 5)
    started.wait(0.3)
    assert started.wire.v_tip == pytest.approx(-51, abs=0.1)
    assert started.read(78) == 0x40 | 32
    started.wire.closed = True
    started.wait(0.2)
    assert started.read(79) == 0x40 | 16


def test_the_loop_current_is_limited_as_register_71_says():
    bench = one()
    bench.wire.closed = True
    for code in range(8):
        bench.write(71, code)
        bench.wait(0.4)
        assert bench.wire.i_phone == pytest.approx(0.020 + 0.003 * code, rel=0.01)
    bench.wire.off_hook_ohms = 3000.0  # a long line: below the limit, by Ohm's law
    bench.wait(0.4)
    assert bench.wire.i_phone == pytest.approx((48 - 6) / (3000 + 160 + 20), rel=0.01)


def test_transistor_currents_give_the_loop_current_by_the_datasheet_formula():
    bench = one()
    bench.wire.closed = True
    bench.wait(0.2)
    q1, q2, q5, q6 = (
        bench.read(84) * 0.319,
        bench.read(85) * 0.319,
        bench.read(88) * 0.316,
        bench.read(89) * 0.316,
    )
    assert (q1 - q2 + q5 - q6) / 2 == pytest.approx(20, abs=0.5)


def test_power_down_bits_open_the_line():
    bench = one()
    bench.wire.closed = True
    bench.wait(0.1)
    bench.write(14, 0x01)
    bench.wait(1.0)
    assert abs(bench.wire.i_phone) < 1e-5


# ---- loop closure ----


def test_loop_closure_is_debounced_for_lcdi(started):
    started.write(19, 0xFF)
    started.wire.closed = True
    started.wait(0.010)
    assert not started.read(68) & 1
    assert 0 < started.until(lambda: started.read(68) & 1, 0.02) < 0.006  # 12.5 ms in all
    assert started.read(19) & 0x02 and started.chip.interrupt
    started.write(19, 0x02)
    assert not started.chip.interrupt
    started.wire.closed = False
    started.wait(0.02)
    assert not started.read(68) & 1 and started.read(19) & 0x02


def test_a_bounce_shorter_than_lcdi_is_not_seen():
    bench = one()
    for _ in range(20):
        bench.wire.closed = True
        bench.wait(0.0075)
        bench.wire.closed = False
        bench.wait(0.0075)
    assert not bench.read(68) & 1 and not bench.read(19) & 0x02


def test_the_thresholds_are_lcrt_upwards_and_lcrtl_downwards():
    bench = one()
    bench.wire.closed = True

    def current(milliamperes):
        bench.wire.off_hook_ohms = (48 - 6) / (milliamperes / 1000) - 180
        bench.wait(0.1)
        return bench.read(68) & 1

    assert [current(9.5), current(11.0), current(6.0), current(4.5)] == [0, 1, 1, 0]
    bench.write(108, 0xEA)  # no hysteresis
    assert [current(11.0), current(9.5)] == [1, 0]


def test_loop_closure_by_voltage_if_chosen():
    bench = one()
    bench.write(108, 0xEF)
    bench.load(LCRT=20 << 9)  # 30 V
    assert not bench.read(68) & 1
    bench.wire.closed = True
    bench.wait(0.05)
    assert bench.read(68) & 1


def test_rubbish_in_the_indirect_registers_shows_on_the_line():
    """Whoever forgets to load them sees wrong hook states, false alarms or no detection at all."""
    healthy = 0
    for seed in range(12):
        bench = ChipBench(seed=seed)
        bench.write(8, 0)
        bench.write(66, 0x01)
        bench.write(14, 0)
        bench.wait(0.3)
        bench.write(64, 1)
        bench.wait(0.5)
        fine = bench.read(64) == 0x11 and not bench.read(68) & 1
        bench.wire.closed = True
        bench.wait(0.5)
        fine = fine and bench.read(64) == 0x11 and bool(bench.read(68) & 1)
        bench.write(64, 4)
        bench.wait(0.5)
        fine = fine and bench.read(64) == 0x11 and 15 < bench.chip.line._ring_oscillator()._offset + 20 < 68
        healthy += fine
    assert healthy <= 3


# ---- ringing ----


def ring_voltage(bench, seconds=0.5):
    """Vrms and Hz of what is on the telephone, from the wire's own voltages."""
    values = []
    for _ in range(round(seconds / 0.00125)):
        bench.wait(0.00125)
        values.append(bench.wire.v_phone)
    wave = np.array(values)
    wave -= wave.mean()
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 16))
    return float(wave.std()), float(np.argmax(spectrum)) / (1 << 16) / 0.00125


def test_the_ringing_voltage_sags_under_five_ringers():
    for ren, least, most in ((0.0, 44.5, 45.5), (1.0, 43.0, 45.0), (5.0, 38.5, 43.0)):
        bench = one()
        bench.wire.ren = ren
        bench.wait(0.5)
        bench.write(64, 4)
        bench.wait(0.3)
        assert bench.read(64) == 0x44 and bench.read(34) & 0x04
        volts, hertz = ring_voltage(bench)
        assert least < volts < most
        assert hertz == pytest.approx(20, abs=0.3)
        assert not bench.read(68) & 2  # the ringers alone do not trip


@pytest.mark.parametrize(
    ("coefficient", "start", "hertz", "peak"),
    [
        (0x7EFD, 0x0177, 20, 70),
        (0x7E6C, 0x01AB, 25, 63.6),
        (0x7F45, 0x0122, 17, 63.6),
        (0x79BC, 0x035B, 50, 63.6),
    ],
)
def test_the_sine_oscillator_follows_the_datasheet_rows(coefficient, start, hertz, peak):
    oscillator = RingOscillator(coefficient, start, 0, 0, False)
    wave = np.array([oscillator.volts(n / 8000) for n in range(8000)])
    assert wave.max() == pytest.approx(peak, rel=0.01)
    assert np.sum(np.diff(np.signbit(wave)) != 0) == pytest.approx(2 * hertz, abs=1)


def test_the_oscillator_formula_equals_the_recurrence():
    """y' = x + c(x + y), x' = c(x + y) − y, computed step by step, x started at four times RNGX."""
    c = 0x7EFD / 32768
    x, y = 4 * 0x0177 / 32768, 0x0200 / 32768
    oscillator = RingOscillator(0x7EFD, 0x0177, 0x0200, 0, False)
    for n in range(200):
        assert oscillator.volts(n / 1000) == pytest.approx(96 * y, abs=1e-6)
        s = c * (x + y)
        x, y = s - y, x + s


def test_the_trapezoid_has_its_crest_factor():
    oscillator = RingOscillator(0x018C, 0x5EAB, 0x00C8, 0, True)
    wave = np.array([oscillator.volts(n / 8000) for n in range(8000)])
    assert wave.max() == pytest.approx(71, rel=0.01)
    assert wave.max() / math.sqrt(float((wave**2).mean())) == pytest.approx(1.3, rel=0.03)
    assert np.sum(np.diff(np.signbit(wave)) != 0) == pytest.approx(40, abs=1)


def test_ringing_is_clipped_by_too_low_a_battery():
    bench = one()
    bench.load(RNGX=0x0240)
    bench.write(74, 0x25)  # 55.5 V
    bench.write(64, 4)
    bench.wait(0.5)
    volts, _ = ring_voltage(bench)
    assert max(abs(v) for v in bench.wire.tip_trace[-400:]) < 56
    assert volts < 45


def test_an_offset_is_added_if_it_is_switched_on():
    bench = one()
    bench.load(ROFF=8 << 9, RNGX=0x0100)  # 12 V; 48 V peak, so that both fit into the battery
    bench.wire.ren = 0.0
    for mode, expected in ((0x00, 0.0), (0x02, 12.0)):
        bench.write(64, 1)
        bench.wait(0.3)
        bench.write(34, mode)
        bench.write(64, 4)
        bench.wait(0.3)
        traces = np.array(bench.wire.tip_trace[-160:]) - np.array(bench.wire.ring_trace[-160:])
        assert traces.mean() == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("ren", [1.0, 5.0])
def test_ring_trip_comes_in_time_and_ends_the_ringing_by_itself(ren):
    bench = one()
    bench.wire.ren = ren
    bench.wait(0.5)
    bench.write(64, 4)
    bench.wait(0.6)
    bench.write(19, 0xFF)
    bench.wire.closed = True
    assert 0.013 < bench.until(lambda: bench.read(68) & 2, 0.2) < 0.15
    assert bench.read(64) == 0x11  # forward active, without the controller
    assert bench.read(19) & 0x01 and bench.chip.interrupt
    assert not bench.read(34) & 0x04
    bench.wait(0.4)
    assert bench.read(68) & 0x03 == 0x01  # the filter has run empty, the loop is closed
    assert bench.wire.i_phone == pytest.approx(0.02, rel=0.05)


def test_without_the_automatic_change_ring_trip_is_only_told():
    bench = one()
    bench.write(67, 0x1B)
    bench.write(64, 4)
    bench.wait(0.6)
    bench.wire.closed = True
    bench.wait(0.2)
    assert bench.read(64) == 0x44 and bench.read(68) & 0x02 and bench.read(19) & 0x01


def test_hardware_timers_ring_and_pause():
    bench = one()
    for register, value in ((48, 4000), (50, 8000)):  # 0.5 s, 1 s
        bench.write(register, value & 0xFF)
        bench.write(register + 1, value >> 8)
    bench.write(34, 0x18)
    bench.write(18, 0xFF)
    bench.write(64, 4)
    assert bench.read(64) == 0x44
    assert bench.until(lambda: bench.read(64) == 0x24, 1.0) == pytest.approx(0.5, abs=0.01)
    assert bench.read(18) == 0x10
    assert bench.until(lambda: bench.read(64) == 0x44, 2.0) == pytest.approx(1.0, abs=0.01)
    assert bench.read(18) == 0x30


def test_lifting_in_the_ring_pause_waits_for_its_own_debounce_and_goes_active():
    bench = one()
    bench.write(48, 0xA0)
    bench.write(49, 0x0F)
    bench.write(51, 0x7D)
    bench.write(34, 0x18)
    bench.write(64, 4)
    bench.wait(1.0)
    assert bench.read(64) == 0x24
    bench.wire.closed = True
    assert bench.until(lambda: bench.read(68) & 1, 0.2) == pytest.approx(0.105, abs=0.01)  # register 63
    assert bench.read(64) == 0x11
    bench.wait(5.0)
    assert bench.read(64) == 0x11


def test_on_hook_transmission_turns_active_when_the_loop_closes():
    for state, expected in ((2, 0x11), (6, 0x55)):
        bench = one()
        bench.write(64, state)
        bench.wait(0.3)
        bench.wire.closed = True
        bench.wait(0.1)
        assert bench.read(64) == expected


def test_the_second_tone_generator_spoils_the_ringing():
    bench = one()
    bench.write(33, 0x04)
    bench.write(64, 4)
    bench.wait(0.3)
    assert ring_voltage(bench)[0] < 5


# ---- power alarms ----


def test_a_foreign_voltage_heats_a_transistor_until_the_alarm_opens_the_line():
    bench = one()
    bench.wire.ring_ground_ohms, bench.wire.ring_ground_volts = 100.0, 80.0
    seconds = bench.until(lambda: bench.read(19) & 0xFC, 5.0)
    assert 0.02 < seconds < 4
    assert bench.read(19) & 0x40  # Q5: the ring lead's way to the battery
    assert bench.read(64) == 0x00 and bench.chip.interrupt
    assert ("fault", {"what": "power alarm Q5"}) in bench.told


def test_the_line_stays_up_under_an_alarm_if_so_set():
    bench = one()
    bench.write(67, 0x1E)
    bench.wire.ring_ground_ohms, bench.wire.ring_ground_volts = 100.0, 80.0
    bench.until(lambda: bench.read(19) & 0x40, 5.0)
    assert bench.read(64) == 0x11
    bench.write(76, 4)
    assert bench.read(77) * 0.0304 > 1.67  # the filtered power of Q5


def test_a_thermal_threshold_of_nothing_alarms_at_once():
    bench = one()
    bench.load(PPT12=0, NQ12=0x8000)
    bench.wire.closed = True
    bench.wait(0.01)
    assert bench.read(19) & 0x0C and bench.read(64) == 0


def test_a_normal_call_and_a_shorted_line_raise_no_alarm():
    for short in (None, 1.0):
        bench = one()
        bench.wire.closed = True
        bench.wire.short_ohms = short
        bench.wait(8.0)
        assert not bench.read(19) & 0xFC and bench.read(64) == 0x11
