# runs on: cpython
"""The unchanged driver on the register-level model of the chip, in virtual time."""

import math
from itertools import pairwise

import pytest

from ata.base.errors import HardwareFault
from ata.line.machine import Line
from ata.region import load
from ata.slic import contract
from ata.slic.si321x import Si321x
from host_tools.virtual_board.chip import Si321xChip

STEP_MS = 5
PARTS = ("Si3210", "Si3210M", "Si3215", "Si3215M")


class Bus:
    def __init__(self, model):
        self.model = model
        self.transfers = 0

    def transfer(self, tx, rx):
        self.transfers += 1
        rx[:] = self.model.transfer(bytes(tx))


class Bench:
    """One model with its wire, the driver on it, and a clock that only moves when told."""

    def __init__(self, part="Si3215", revision="E", seed=1):
        self.model = Si321xChip(part, revision, seed)
        self.wire = self.model.line.wire
        self.bus = Bus(self.model)
        self.driver = Si321x(self.bus, 33)
        self.now = 1000
        self.events = 0
        self.log = []
        self.model.pclk(True)
        self.advance(10)
        self.model.reset(False)
        self.advance(10)

    def advance(self, ms):
        self.model.advance(ms / 1000)
        self.now += ms

    def start(self, settings=None):
        began = self.now
        self.driver.probe()
        for wait in self.driver.start(settings or {}):
            assert 0 <= wait <= 100
            self.advance(wait)
        return self.now - began

    def serve(self, ms):
        """Read the chip every 5 ms; the events of all that time together."""
        events = 0
        for _ in range(0, ms, STEP_MS):
            self.advance(STEP_MS)
            found = self.driver.service(self.now, self.model.interrupt)
            if found:
                self.log.append((self.now, found))
            events |= found
        return events

    def feed(self, name="forward", settings=None):
        self.start(settings)
        self.driver.linefeed(name)
        assert self.serve(500) == 0
        return self

    def volts_at_the_phone(self, ms):
        """Tip minus ring at the telephone, one value per 1.25 ms."""
        found = []
        for _ in range(int(ms / 1.25)):
            self.model.step()
            found.append(self.wire.v_phone)
        self.now += ms
        return found


def rms_and_hz(volts):
    """Root mean square and frequency of an alternating voltage sampled at 800 Hz."""
    mean = sum(volts) / len(volts)
    volts = [v - mean for v in volts]
    pairs = list(pairwise(volts))
    rising = [i + a / (a - b) for i, (a, b) in enumerate(pairs) if a < 0 <= b]
    whole = volts[round(rising[0]) : round(rising[-1])]
    rms = math.sqrt(sum(v * v for v in whole) / len(whole))
    return rms, 800 * (len(rising) - 1) / (rising[-1] - rising[0])


@pytest.mark.parametrize("part", PARTS)
def test_every_part_starts_and_feeds_its_line(part):
    bench = Bench(part)
    took = bench.start()
    assert bench.driver.name == f"{part} rev E"
    assert 600 <= took <= 2500
    assert bench.wire.v_tip == pytest.approx(0, abs=1)  # open until told
    bench.driver.linefeed("forward")
    assert bench.serve(500) == 0
    assert bench.wire.v_tip - bench.wire.v_ring == pytest.approx(48, abs=1.5)
    assert not bench.model.interrupt


@pytest.mark.parametrize("revision", ["B", "C", "D", "E"])
def test_every_supported_revision_starts(revision):
    bench = Bench("Si3210", revision)
    bench.start()
    assert bench.driver.name == f"Si3210 rev {revision}"


def test_revision_a_is_refused():
    with pytest.raises(HardwareFault, match="unknown chip"):
        Bench("Si3210", "A").start()


@pytest.mark.parametrize("seed", range(5))
def test_calibration_and_indirect_registers_are_right_whatever_the_specimen(seed):
    bench = Bench("Si3215", seed=seed).feed()
    model = bench.model
    assert model.calibration.done[0] == model.calibration.done[1] == 0x1F
    assert model.calibration.converter_calibrated
    assert model.named("LCRT") == 0x1000 and model.named("RPTP") == 0x3600 and model.named("NRTP") == 0x0320
    assert model.named("RXG") == model.named("TXG") == 0x4000


def test_the_meters_agree_with_the_wire():
    bench = Bench().feed()
    found = bench.driver.measure()
    assert found["loop_v"] == pytest.approx(48, abs=1.6)
    assert found["tip_v"] == pytest.approx(-3, abs=0.5)
    assert found["ring_v"] == pytest.approx(-51, abs=1)
    assert found["loop_ma"] == pytest.approx(0, abs=1.3)
    bench.wire.closed = True
    bench.serve(300)
    assert bench.driver.measure()["loop_ma"] == pytest.approx(20, abs=1.5)


def test_reverse_turns_the_line_round():
    bench = Bench().feed("reverse")
    assert bench.wire.v_tip - bench.wire.v_ring == pytest.approx(-48, abs=1.5)
    assert bench.driver.measure()["loop_v"] == pytest.approx(-48, abs=1.6)


@pytest.mark.parametrize(("asked", "given"), [(20, 20), (26, 26), (41, 41)])
def test_the_loop_current_is_the_one_asked_for(asked, given):
    bench = Bench().feed(settings={"loop_current": asked})
    bench.wire.closed = True
    bench.serve(500)
    assert bench.wire.i_phone * 1000 == pytest.approx(given, abs=0.5)


@pytest.mark.parametrize("part", ["Si3210", "Si3215"])
@pytest.mark.parametrize(("hz", "volts"), [(20, 45), (25, 60), (17, 45), (50, 45), (20, 61)])
def test_ringing_has_its_voltage_and_frequency_on_the_wire(part, hz, volts):
    bench = Bench(part).feed(settings={"ring_hz": hz, "ring_volts": volts})
    bench.wire.ren = 0.1
    bench.driver.linefeed("ringing")
    assert bench.serve(300) == 0
    rms, found = rms_and_hz(bench.volts_at_the_phone(1000))
    assert rms == pytest.approx(volts, rel=0.04)
    assert found == pytest.approx(hz, rel=0.01)


@pytest.mark.parametrize("code", ["us", "de", "fr", "uk", "eu"])
def test_the_ringing_of_every_region_does_not_trip_itself_with_three_bells(code):
    bench = Bench().feed(settings={"ring_hz": load(code)["ring_hz"]})
    bench.wire.ren = 3
    bench.driver.linefeed("ringing")
    assert bench.serve(4000) == 0
    bench.driver.linefeed("oht")
    assert bench.serve(2000) == 0


def test_ringing_can_be_changed_while_in_service():
    bench = Bench().feed()
    bench.driver.set_ring(25, 50)
    bench.wire.ren = 0.1
    bench.driver.linefeed("ringing")
    bench.serve(300)
    rms, hz = rms_and_hz(bench.volts_at_the_phone(1000))
    assert rms == pytest.approx(50, rel=0.04) and hz == pytest.approx(25, rel=0.01)


def test_lifting_and_hanging_up_are_events_with_an_interrupt():
    bench = Bench().feed()
    bench.wire.closed = True
    bench.advance(20)
    assert bench.model.interrupt
    assert bench.serve(5) == contract.HOOK and bench.driver.off_hook
    assert not bench.model.interrupt
    assert bench.serve(1000) == 0
    bench.wire.closed = False
    began = bench.now
    assert bench.serve(100) == contract.HOOK and not bench.driver.off_hook
    assert bench.log[-1][0] - began <= 30


@pytest.mark.parametrize("hz", [17, 20, 25, 30, 50])
@pytest.mark.parametrize("ohms", [200, 600])
def test_ring_trip_stops_the_ringing_in_time(hz, ohms):
    bench = Bench().feed(settings={"ring_hz": hz})
    bench.wire.off_hook_ohms = ohms
    bench.driver.linefeed("ringing")
    bench.serve(500)
    bench.wire.closed = True
    began = bench.now
    assert bench.serve(400) == contract.RING_TRIP | contract.HOOK
    assert bench.driver.off_hook
    tripped = bench.log[0][0] - began
    assert tripped <= 200
    bench.serve(1000)
    assert bench.driver.off_hook and len(bench.log) == 1  # one event, and the hook stays lifted
    assert bench.wire.i_phone * 1000 == pytest.approx(20, abs=0.5)


def test_lifting_in_the_pause_of_the_ringing_is_seen():
    bench = Bench().feed()
    bench.driver.linefeed("ringing")
    bench.serve(500)
    bench.driver.linefeed("oht")
    assert bench.serve(500) == 0
    bench.wire.closed = True
    began = bench.now
    bench.serve(300)
    assert bench.driver.off_hook and bench.log[0][0] - began <= 130
    assert bench.model.line.commanded == 1  # the chip went to feed by itself


def test_dial_pulses_reach_the_driver():
    bench = Bench().feed()
    bench.wire.ren = 3
    bench.wire.closed = True
    bench.serve(300)
    bench.log.clear()
    for _ in range(7):
        bench.wire.closed = False
        bench.serve(60)
        bench.wire.closed = True
        bench.serve(40)
    bench.serve(100)
    assert len(bench.log) == 14


def test_a_lasting_overload_raises_alarms_and_then_a_fault():
    bench = Bench().feed()
    bench.wire.ring_ground_ohms = 100.0  # the ring lead touches −100 V
    bench.wire.ring_ground_volts = -100.0
    seen = 0
    with pytest.raises(HardwareFault, match="transistors Q2"):
        for _ in range(4000):
            if bench.serve(5) & contract.ALARM:
                seen += 1
    assert seen == 10
    assert bench.model.line.commanded == 0 and bench.model.registers[14] & 0x10
    bench.wire.ring_ground_ohms = None
    bench.advance(3000)
    bench.feed()  # and the port comes back once the fault is gone


def test_a_passing_overload_is_ridden_out():
    bench = Bench().feed()
    bench.wire.ring_ground_ohms = 100.0
    bench.wire.ring_ground_volts = -100.0
    for _ in range(2000):
        if bench.serve(5) & contract.ALARM:
            break
    else:
        pytest.fail("no alarm")
    bench.wire.ring_ground_ohms = None
    bench.serve(1000)
    assert bench.model.line.commanded == 1
    assert bench.wire.v_tip - bench.wire.v_ring == pytest.approx(48, abs=1.5)


def test_a_short_between_the_leads_is_no_more_than_a_lifted_phone():
    bench = Bench().feed()
    bench.wire.short_ohms = 5.0  # the current limit bounds the power: no alarm, but off-hook for ever
    assert bench.serve(3000) == contract.HOOK


@pytest.mark.parametrize("state", ["forward", "oht", "ringing", "reverse"])
def test_a_chip_that_reset_itself_is_noticed_and_started_again(state):
    bench = Bench().feed(state)
    bench.model.glitch()
    assert bench.serve(10) & contract.RESET
    bench.feed()
    assert bench.wire.v_tip - bench.wire.v_ring == pytest.approx(48, abs=1.5)


def test_a_chip_that_does_not_answer_is_told():
    bench = Bench()
    bench.model.silent = True
    with pytest.raises(HardwareFault, match="no answer"):
        bench.driver.probe()


def test_a_chip_without_its_clock_is_told():
    bench = Bench()
    bench.model.reset(True)
    bench.model.pclk(False)
    bench.model.reset(False)
    with pytest.raises(HardwareFault):
        bench.start()


def test_a_chip_that_dies_in_service_is_told():
    bench = Bench().feed()
    bench.model.silent = True
    with pytest.raises(HardwareFault, match="no longer answers"):
        bench.serve(50)
    bench.model.silent = False
    bench.feed()


def test_an_indirect_register_that_loses_a_bit_is_named():
    bench = Bench()
    bench.driver.probe()
    address = bench.model.indirect_map["RPTP"]
    with pytest.raises(HardwareFault, match=f"indirect register {address} reads 3400h instead of 3600h"):
        for wait in bench.driver.start({}):
            bench.advance(wait)
            bench.model.indirect[address] &= ~0x0200


def test_a_leaking_line_is_told_and_a_good_one_is_not():
    bench = Bench()
    bench.model.line.battery.leak_ohms = 10000.0
    with pytest.raises(HardwareFault, match=r"leakage|battery"):
        bench.start()
    bench.model.line.battery.leak_ohms = None
    bench.feed()


def test_a_board_without_its_supply_is_told():
    bench = Bench()
    bench.model.line.battery.supply_volts = 0.0
    with pytest.raises(HardwareFault, match=r"battery at 0 V"):
        bench.start()


def test_a_phone_already_lifted_does_not_keep_the_chip_from_starting():
    bench = Bench()
    bench.wire.closed = True
    bench.start()
    bench.driver.linefeed("forward")
    assert bench.serve(300) == contract.HOOK and bench.driver.off_hook


def test_start_gives_way_often():
    bench = Bench("Si3210")
    bench.driver.probe()
    most = last = 0
    for wait in bench.driver.start({}):
        most = max(most, bench.bus.transfers - last)
        bench.advance(wait)
        last = bench.bus.transfers
    assert most <= 60  # SPI transfers in one go


def test_the_line_machine_drives_the_chip_through_a_whole_incoming_call():
    region = load("us")
    bench = Bench()
    bench.start()
    line = Line(1, region["hook"])
    told = []

    def serve(ms):
        for _ in range(0, ms, STEP_MS):
            bench.advance(STEP_MS)
            events = bench.driver.service(bench.now, bench.model.interrupt)
            if events & contract.RING_TRIP:
                line.ring_trip(bench.now)
            line.sample(bench.driver.off_hook, bench.now)
            line.tick(bench.now)
            while (output := line.poll()) is not None:
                if output[0] == "linefeed":
                    bench.driver.linefeed(output[1])
                else:
                    told.append((output, bench.now))

    line.in_service(bench.now)
    serve(500)
    line.start_ringing(region["ring"], bench.now)
    serve(7000)  # a burst, a pause, and into the second burst
    assert line.state == "ringing" and told == []
    bench.wire.closed = True
    began = bench.now
    serve(1000)
    assert [output for output, _at in told] == [("off_hook",)] and told[0][1] - began <= 200
    for digit in (3, 10):
        for _ in range(digit):
            bench.wire.closed = False
            serve(60)
            bench.wire.closed = True
            serve(40)
        serve(500)
    bench.wire.closed = False
    serve(400)
    bench.wire.closed = True
    serve(500)
    bench.wire.closed = False
    began = bench.now
    serve(1000)
    assert [output for output, _at in told[1:]] == [("digit", "3"), ("digit", "0"), ("flash",), ("on_hook",)]
    assert told[-1][1] - began <= 600
    assert line.state == "idle" and bench.model.line.commanded == 1
