# The driver against a file of registers without behaviour: what it writes, and what it says about a bad chip.
# How it gets on with a chip that behaves is tests/unit/slic/test_si321x_on_model.py.
from ata.base import clock
from ata.base.errors import HardwareFault, LocalError
from ata.slic import contract
from ata.slic.si321x import Si321x


class Registers:
    """The bus of one chip: direct registers as written, indirect ones by address."""

    def __init__(self, part_bit=0x80, mode=0x05):
        self.direct = bytearray(128)
        self.indirect = {}
        self.reset(part_bit, mode)
        self.transfers = 0
        self.log = []
        self.stuck = {}  # register -> value that it reads whatever is written
        self.spoilt = {}  # indirect address -> value read
        self.gone = -1  # what a data line that nobody drives reads, if the chip is to be gone

    def reset(self, part_bit, mode):
        for number in range(128):
            self.direct[number] = 0
        self.part_bit = part_bit
        self.direct[0] = mode
        self.direct[1] = 0x08 | part_bit
        self.direct[8] = 0x02
        self.direct[11] = 0x33
        self.direct[82] = 200
        self.direct[93] = 0x14

    def transfer(self, tx, rx):
        assert len(tx) == 2 and len(rx) == 2
        self.transfers += 1
        if self.gone >= 0:
            rx[1] = self.gone
            return
        number, value = tx[0] & 0x7F, tx[1]
        direct = self.direct
        if tx[0] & 0x80:
            rx[1] = self.stuck.get(number, direct[number])
            return
        self.log.append((number, value))
        if number in (18, 19, 20):
            direct[number] &= ~value & 0xFF
            return
        if number == 1:
            value |= self.part_bit
        if number == 64:
            value = value & 7 | (value & 7) << 4
        if number == 96:
            value = 0
        direct[number] = value
        if number == 29:
            self.armed = True
        if number == 30:
            if self.armed:
                self.indirect[value] = direct[28] | direct[29] << 8
                self.armed = False
            else:
                found = self.spoilt.get(value, self.indirect.get(value, 0))
                direct[28], direct[29] = found & 255, found >> 8

    armed = False


def dead(level):
    bus = Registers()
    bus.gone = level
    return Si321x(bus, 1)


def started(part_bit=0x80, mode=0x05, settings=None, slot=33):
    bus = Registers(part_bit, mode)
    chip = Si321x(bus, slot)
    chip.probe()
    for wait in chip.start(settings or {}):
        assert 0 <= wait <= 100
    return bus, chip


def fault_of(call):
    try:
        call()
    except HardwareFault as fault:
        return fault.reason
    raise AssertionError("no fault")


def running(chip):
    return lambda: list(chip.start({}))


def test_the_part_and_its_revision_are_found():
    for part_bit, mode, name in (
        (0x80, 0x05, "Si3215 rev E"),
        (0, 0x03, "Si3210 rev C"),
        (0, 0x32, "Si3210M rev B"),
        (0x80, 0x33, "Si3215M rev C"),
    ):
        chip = Si321x(Registers(part_bit, mode), 1)
        chip.probe()
        assert chip.name == name


def test_a_chip_that_does_not_answer_is_told_from_one_that_is_unknown():
    for level in 0x00, 0xFF:
        reason = fault_of(dead(level).probe)
        assert "no answer" in reason and "%02X" % level in reason
    assert "unknown chip" in fault_of(dead(0x35).probe)
    assert "unknown chip" in fault_of(Si321x(Registers(0, 0x01), 1).probe)  # revision A
    bus = Registers()
    bus.direct[11] = 0x77
    reason = fault_of(Si321x(bus, 1).probe)
    assert "unknown chip" in reason and "11 reads 77h" in reason


def test_a_slot_outside_the_frame_is_our_own_mistake():
    for slot in (-1, 64, 100):
        try:
            Si321x(Registers(), slot)
        except LocalError:
            continue
        raise AssertionError(slot)
    Si321x(Registers(), 63)
    Si321x(Registers(), 200, 2048000)


def test_the_si3210_is_loaded_in_its_own_numbering():
    bus, _chip = started(0, 0x03)
    known = {
        0: 0x55C2,
        12: 0x0A1C,
        13: 0x7B30,
        20: 0x7EFD,
        21: 0x0155,
        22: 0,
        26: 0x4000,
        27: 0x4000,
        28: 0x1000,
        29: 0x3600,
        32: 0x07C0,
        33: 0x2600,
        34: 0x1B80,
        35: 0x8000,
        36: 0x0320,
        37: 0x008C,
        38: 0x0100,
        39: 0x0010,
        40: 0x0C00,
        41: 0x0C00,
        97: 0,
        99: 0x00DA,
        104: 0x3BE0,
        88: 0,
        95: 0,
        194: 0,
        211: 0,
    }
    for address, value in known.items():
        assert bus.indirect[address] == value, address
    assert sorted(bus.indirect) == (
        list(range(42)) + [43] + list(range(88, 96)) + [97] + list(range(99, 105)) + list(range(194, 212))
    )


def test_the_si3215_is_loaded_in_its_own_numbering():
    bus, _chip = started()
    known = {
        0: 0x7B30,
        6: 0,
        7: 0x7EFD,
        8: 0x0155,
        9: 0,
        13: 0x4000,
        14: 0x4000,
        15: 0x1000,
        16: 0x3600,
        17: 0x1000,
        18: 0x0200,
        19: 0x07C0,
        20: 0x2600,
        21: 0x1B80,
        22: 0x8000,
        23: 0x0320,
        24: 0x008C,
        25: 0x0100,
        26: 0x0010,
        27: 0x0C00,
        64: 0x0C00,
        66: 0x0C00,
        69: 0x00DA,
        74: 0x3BE0,
        88: 0,
        97: 0,
        194: 0,
        211: 0,
    }
    for address, value in known.items():
        assert bus.indirect[address] == value, address
    assert sorted(bus.indirect) == (
        list(range(10))
        + list(range(13, 28))
        + [64, 66]
        + list(range(69, 75))
        + list(range(88, 96))
        + [97]
        + list(range(194, 212))
    )


def test_the_filters_are_open_while_it_calibrates():
    bus = Registers()
    chip = Si321x(bus, 1)
    chip.probe()
    for _wait in chip.start({}):
        if bus.log and bus.log[-1] == (96, 0x5F):
            assert [bus.indirect[address] for address in range(22, 27)] == [0x8000] * 5
            assert (97, 0x1F) in bus.log
            break
    else:
        raise AssertionError("no calibration")


def test_it_starts_with_the_line_open_and_16_bit_linear_pcm_in_its_slot():
    bus, _chip = started(slot=300 & 63)
    assert bus.direct[64] == 0 and bus.direct[14] == 0
    assert bus.direct[1] & 0x3F == 0x3C
    assert [bus.direct[n] for n in (2, 3, 4, 5)] == [44, 0, 44, 0]
    bus = Registers()
    chip = Si321x(bus, 300, 8192000)
    chip.probe()
    list(chip.start({}))
    assert [bus.direct[n] for n in (2, 3, 4, 5)] == [44, 1, 44, 1]
    assert bus.direct[22] == 0xFF and bus.direct[21] == 0 and bus.direct[8] == 0
    assert bus.direct[93] == 0x99


def test_an_m_part_keeps_the_polarity_of_its_switch():
    bus = Registers(0, 0x33)
    bus.direct[93] = 0x34
    chip = Si321x(bus, 1)
    chip.probe()
    list(chip.start({}))
    assert bus.direct[93] == 0xB9


def test_settings_reach_the_registers():
    bus, chip = started(settings={
        "loop_current": 26, "impedance": 6, "ring_hz": 25, "ring_volts": 60, "rx_gain": -6, "tx_gain": 20,
    })  # fmt: skip
    assert bus.direct[71] == 2 and bus.direct[10] == 0x0E
    assert bus.indirect[7] == 0x7E6C and bus.indirect[8] in (0x0239, 0x023A, 0x0238)
    assert bus.direct[74] == 62  # 84.9 V peak and 7.5 V above
    assert bus.indirect[13] == 8211 and bus.indirect[14] == 0x7FF0
    assert abs(chip.ring_volts - 60) < 0.01
    for milliamperes, code in (0, 0), (20, 0), (22, 0), (23, 1), (41, 7), (99, 7):
        bus, _chip = started(settings={"loop_current": milliamperes})
        assert bus.direct[71] == code, milliamperes


def test_the_ringing_values_are_those_of_the_datasheet():
    # Hz, Vpk, coefficient, first value: the datasheet's example and the same formula at other points
    for hz, peak, coefficient, first in (
        (20, 70, 0x7EFD, 0x0177),
        (20, 63.64, 0x7EFD, 0x0155),
        (25, 63.64, 0x7E6C, 0x01AB),
        (17, 63.64, 0x7F45, 0x0122),
        (50, 63.64, 0x79BC, 0x035B),
    ):
        bus, _chip = started(settings={"ring_hz": hz, "ring_volts": peak / 1.41421356})
        assert bus.indirect[7] == coefficient, hz
        assert abs(bus.indirect[8] - first) <= 1, (hz, bus.indirect[8], first)


def test_ring_trip_filter_and_debounce_follow_the_frequency():
    for hz, filtered, debounce in (
        (16.7, 0x0200, 0x0F),
        (20, 0x0320, 0x0B),
        (25, 0x0320, 0x0B),
        (30, 0x0380, 0x09),
        (40, 0x0400, 0x07),
        (50, 0x06A8, 0x05),
        (60, 0x0800, 0x05),
    ):
        bus, chip = started()
        chip.set_ring(hz, 45)
        assert (bus.indirect[23], bus.direct[70]) == (filtered, debounce), hz


def test_more_ringing_than_the_battery_gives_is_cut():
    bus, chip = started(settings={"ring_volts": 65})
    assert 61 < chip.ring_volts < 62
    assert bus.direct[74] == 63


def test_a_register_that_does_not_keep_its_value_is_named():
    bus = Registers()
    bus.spoilt[20] = 0x1234
    chip = Si321x(bus, 1)
    chip.probe()
    reason = fault_of(running(chip))
    assert "20 reads 1234h" in reason and "2600h" in reason
    assert bus.direct[64] == 0 and bus.direct[14] == 0x10  # left dead


def test_a_busy_indirect_register_is_told():
    bus = Registers()
    bus.stuck[31] = 1
    chip = Si321x(bus, 1)
    chip.probe()
    assert "busy" in fault_of(running(chip))


def test_a_battery_that_does_not_come_up_is_told_with_its_voltage():
    bus = Registers()
    bus.stuck[82] = 100
    chip = Si321x(bus, 1)
    chip.probe()
    reason = fault_of(running(chip))
    assert "battery at 37 V" in reason
    assert bus.direct[14] == 0x10


def test_leakage_is_told():
    bus = Registers()
    chip = Si321x(bus, 1)
    chip.probe()
    start = chip.start({})

    def run():
        for _wait in start:
            if bus.direct[14] == 0x10 and (14, 0) in bus.log:
                bus.stuck[82] = 5

    assert "leakage" in fault_of(run)


def test_a_calibration_without_end_is_told():
    bus = Registers()
    bus.stuck[96] = 0x5F
    chip = Si321x(bus, 1)
    chip.probe()
    assert "calibration" in fault_of(running(chip)) and bus.direct[14] == 0x10


def test_a_chip_in_service_can_be_probed_and_started_again():
    bus, chip = started()
    chip.linefeed("forward")
    chip.service(0)
    chip.probe()
    list(chip.start({}))
    assert bus.direct[64] == 0
    chip.linefeed("forward")
    assert bus.direct[64] == 0x11


def test_linefeeds_are_ordered_once():
    bus, chip = started()
    for name, value in ("forward", 0x11), ("oht", 0x22), ("ringing", 0x44), ("reverse", 0x55), ("open", 0):
        chip.linefeed(name)
        assert bus.direct[64] == value, name
        before = bus.transfers
        chip.linefeed(name)
        assert bus.transfers == before


def serving():
    bus, chip = started()
    chip.linefeed("forward")
    assert chip.service(0, False) == 0
    assert chip.service(200, False) == 0
    return bus, chip


def test_an_idle_service_takes_two_transfers():
    bus, chip = serving()
    before = bus.transfers
    assert chip.service(300, False) == 0
    assert bus.transfers - before == 2
    assert chip.service(305, True) == 0
    assert bus.transfers - before == 5


def test_the_hook_is_told_once_and_the_interrupt_cleared():
    bus, chip = serving()
    bus.direct[68] = 0x05
    bus.direct[19] = 0x02
    assert chip.service(300, True) == contract.HOOK and chip.off_hook
    assert bus.direct[19] == 0
    assert chip.service(305, False) == 0
    bus.direct[68] = 0x04
    assert chip.service(310, False) == contract.HOOK and not chip.off_hook


def test_the_loop_detector_is_not_believed_right_after_a_change_of_the_linefeed():
    bus, chip = serving()
    chip.linefeed("reverse")
    bus.direct[68] = 1
    assert chip.service(1000) == 0
    assert chip.service(1095) == 0
    assert chip.service(1100) == contract.HOOK


def test_ringing_current_is_no_loop_closure():
    bus, chip = serving()
    chip.linefeed("ringing")
    chip.service(1000)
    bus.direct[68] = 1
    assert chip.service(1500) == 0 and not chip.off_hook


def test_a_ring_trip_is_told_when_the_chip_has_changed_to_feed():
    bus, chip = serving()
    chip.linefeed("ringing")
    chip.service(1000)
    bus.direct[64] = 0x11
    bus.direct[19] = 0x01
    assert chip.service(1500) == contract.RING_TRIP | contract.HOOK and chip.off_hook
    # The loop current needs a moment to be seen: still off-hook.
    assert chip.service(1550) == 0 and chip.off_hook
    before = bus.transfers
    chip.linefeed("forward")
    assert bus.transfers == before  # it is there already
    bus.direct[68] = 1
    assert chip.service(1700) == 0 and chip.off_hook
    bus.direct[68] = 0
    assert chip.service(1800) == contract.HOOK and not chip.off_hook


def test_lifting_during_on_hook_transmission_is_a_loop_closure():
    bus, chip = serving()
    chip.linefeed("oht")
    chip.service(1000)
    bus.direct[64] = 0x11
    bus.direct[68] = 0x01
    assert chip.service(1500) == 0
    assert chip.service(1600) == contract.HOOK and chip.off_hook


def alarm(bus):
    """What the chip does at a power alarm: the feed is off."""
    bus.direct[64] = 0
    bus.direct[19] = 0x44  # Q1 and Q5


def test_after_a_power_alarm_the_feed_comes_back_when_the_chip_has_cooled():
    bus, chip = serving()
    bus.direct[68] = 1
    chip.service(900)
    alarm(bus)
    assert chip.service(1000) == contract.ALARM and bus.direct[19] == 0
    bus.direct[68] = 0
    for now in range(1005, 1300, 5):
        assert chip.service(now) == 0 and bus.direct[64] == 0
    assert chip.service(1300) == 0 and bus.direct[64] == 0x11
    assert chip.off_hook  # no current while the feed is off is not hanging up
    bus.direct[68] = 1
    assert chip.service(1500) == 0


def test_what_is_ordered_while_it_cools_is_fed_afterwards():
    bus, chip = serving()
    alarm(bus)
    chip.service(1000)
    chip.linefeed("ringing")
    assert chip.service(1100) == 0 and bus.direct[64] == 0
    assert chip.service(1300) == 0 and bus.direct[64] == 0x44
    alarm(bus)
    chip.service(2000)
    chip.linefeed("open")
    assert chip.service(2400) == 0
    chip.linefeed("forward")
    assert chip.service(2405) == 0 and bus.direct[64] == 0x11


def test_the_eleventh_alarm_is_a_fault():
    bus, chip = serving()
    now = 1000
    for _ in range(10):
        alarm(bus)
        assert chip.service(now) == contract.ALARM
        assert chip.service(now + 300) == 0 and bus.direct[64] == 0x11
        now += 500
    alarm(bus)
    reason = fault_of(lambda: chip.service(now))
    assert "Q1 Q5" in reason and bus.direct[14] == 0x10 and bus.direct[64] == 0


def test_an_alarm_is_forgiven_every_ten_seconds():
    bus, chip = serving()
    now = clock.PERIOD - 50000
    for _ in range(50):
        alarm(bus)
        assert chip.service(now) == contract.ALARM
        assert chip.service(clock.add(now, 400)) == 0
        now = clock.add(now, 10000)


def test_a_chip_that_is_reset_while_it_cools_is_started_again():
    bus, chip = serving()
    alarm(bus)
    chip.service(1000)
    bus.reset(0x80, 0x05)
    assert chip.service(1100) == contract.RESET
    list(chip.start({}))
    chip.linefeed("forward")
    assert bus.direct[64] == 0x11


def test_a_reset_of_the_chip_is_told_from_an_alarm():
    bus, chip = serving()
    bus.direct[68] = 1
    chip.service(500)
    assert chip.off_hook
    bus.reset(0x80, 0x05)
    assert chip.service(1000) == contract.RESET and not chip.off_hook
    chip.probe()
    list(chip.start({}))
    chip.linefeed("forward")
    assert bus.direct[64] == 0x11 and chip.service(3000) == 0


def test_a_chip_that_vanishes_is_told():
    for level in 0x00, 0xFF:
        bus, chip = serving()
        bus.gone = level
        reason = fault_of(lambda driver=chip: driver.service(1000))
        assert "no longer answers" in reason and "%02X" % level in reason


def test_a_state_that_was_never_ordered_is_put_right():
    bus, chip = serving()
    bus.direct[64] = 0x33
    assert chip.service(1000) == contract.ALARM
    assert chip.service(1300) == 0 and bus.direct[64] == 0x11


def test_the_meters_read_volts_and_milliamperes():
    bus, chip = serving()
    for register, value in (78, 0x40 | 5), (79, 16), (80, 8), (81, 136), (82, 200):
        bus.direct[register] = value
    found = chip.measure()
    known = {"loop_v": -7.5, "loop_ma": 20, "tip_v": -3, "ring_v": -51.1, "battery_v": -75.2}
    assert sorted(found) == sorted(known)
    for key, value in known.items():
        assert abs(found[key] - value) < 0.05, key
