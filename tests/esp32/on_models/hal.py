"""Esp32Hal on the model of `machine`: pins, buses, pump, lamps, watchdog."""

import time

import machine
import micropython
import model

from ata.hal.esp32 import ChainedBus, DaisyChain, Esp32Hal, SpiBus
from ata.hal.esp32_guard import Guard


def board():
    return model.shared().board


def hal():
    return Esp32Hal(board(), Guard())


class Wire:
    """An SPI peripheral that records what is sent in which chip-select frame and answers with 1, 2, 3."""

    def __init__(self):
        self.frames = []
        self.selected = False

    def select(self, level):
        self.selected = level == 0

    def write_readinto(self, tx, rx):
        assert self.selected
        self.frames.append(bytes(tx))
        for i in range(len(rx)):
            rx[i] = i + 1


def test_the_clock_is_240_mhz_and_the_chips_are_held_in_reset():
    found = hal()
    assert machine.freq() == 240000000
    assert machine.Pin.made[board()["slic"]["reset"]][-1] == 0
    found.slic_reset(False)
    assert machine.Pin.made[board()["slic"]["reset"]][-1] == 1
    for number in board()["spi"]["cs"]:
        assert machine.Pin.made[number][-1] == 1


def test_a_transfer_is_one_chip_select_frame_and_allocates_nothing():
    wire = Wire()
    bus = SpiBus(wire, wire.select)
    rx = bytearray(2)
    bus.transfer(b"\x80\xff", rx)
    assert wire.frames == [b"\x80\xff"] and rx == b"\x01\x02" and not wire.selected

    class Silent:
        def write_readinto(self, tx, rx):
            pass

    def pin(level):
        pass

    bus = SpiBus(Silent(), pin)
    tx = b"\x80\xff"
    micropython.heap_lock()
    bus.transfer(tx, rx)
    micropython.heap_unlock()


def test_a_daisy_chain_is_told_its_mode_once_after_each_reset():
    wire = Wire()
    chain = DaisyChain(wire, wire.select)
    first, second = ChainedBus(chain, 0), ChainedBus(chain, 1)
    rx = bytearray(2)
    first.transfer(b"\x80\xff", rx)
    assert rx == b"\x02\x03"  # the first byte of three is the selection's
    second.transfer(b"\x01\x3c", rx)
    chain.on = False
    second.transfer(b"\x81\xff", rx)
    assert wire.frames == [b"\x00\x80", b"\x01\x80\xff", b"\x02\x01\x3c", b"\x00\x80", b"\x02\x81\xff"]


def test_a_reset_of_the_chips_ends_the_chain_mode():
    description = dict(board())
    description["slic"] = dict(description["slic"])
    description["slic"]["daisy_chain"] = True
    description["spi"] = dict(description["spi"])
    description["spi"]["cs"] = description["spi"]["cs"][:1]
    found = Esp32Hal(description, Guard())
    found._chain.on = True
    found.slic_reset(True)
    assert not found._chain.on and len(found._buses) == 2


def test_the_pump_overtakes_the_program_and_survives_an_exception():
    found = hal()
    steps = []

    def step():
        steps.append(time.ticks_ms())
        if len(steps) in (3, 5):
            raise ValueError("on purpose")

    printed = []
    import ata.hal.esp32 as module

    class Sys:
        print_exception = printed.append

    proper, module.sys = module.sys, Sys()
    try:
        assert found.pump(step)
        began = time.ticks_ms()
        busy = 0
        while time.ticks_diff(time.ticks_ms(), began) < 200:
            busy += 1  # no asyncio, no sleep: only bytecode
    finally:
        module.sys = proper
        found.rest()
    assert 15 <= len(steps) <= 22, len(steps)
    assert found.pump_faults == 2 and len(printed) == 1
    count = len(steps)
    time.sleep_ms(50)
    assert len(steps) == count, "the pump goes on after rest()"


def test_a_pump_that_takes_longer_than_its_period_leaves_time_for_the_program():
    found = hal()
    spent = [0]

    def step():
        began = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), began) < 25:
            pass
        spent[0] += 25

    found.pump(step)
    began = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), began) < 600:
        pass
    found.rest()
    assert 150 <= spent[0] <= 450, spent


def test_the_watchdog_starts_with_the_first_feed_and_is_fed_at_the_prompt():
    found = hal()
    assert machine.WDT.fed == []
    found.feed_watchdog()
    assert machine.WDT.fed[0] == 8000
    found.rest()
    fed = machine.WDT.fed[1]
    for _ in range(60):
        time.sleep_ms(50)
        if machine.WDT.fed[1] != fed:
            break
    assert machine.WDT.fed[1] != fed
    machine.WDT.fed.clear()


def test_lamps_and_button():
    found = hal()
    led = board()["led"]
    found.led(0, True)
    found.led(2, True)
    assert machine.Pin.made[led["status"]][-1] == 1
    assert [machine.Pin.made[n][-1] for n in led["ports"]] == [0, 1]
    found.led(2, False)
    assert machine.Pin.made[led["ports"][1]][-1] == 0
    found.led(3, True)
    assert not found.button()
    model.shared().faults[model.FAULT_BUTTON] = 1
    assert found.button()
    model.shared().faults[model.FAULT_BUTTON] = 0


def test_a_board_without_lamps_button_and_interrupt_has_none_of_them():
    description = dict(board())
    description["slic"] = dict(description["slic"])
    description["slic"]["irq"] = None
    del description["led"]
    description["button"] = None
    found = Esp32Hal(description, Guard())
    found.led(0, True)
    assert not found.button()
    assert found.irq.active(), "without an interrupt line the chips must be asked"


def test_the_console_is_written_in_pieces_so_that_the_audio_has_its_turn():
    found = hal()
    longest = []

    class Out:
        def write(self, text):
            longest.append(len(text))

    class Sys:
        stdout = Out()

    import ata.hal.esp32 as module

    proper, module.sys = module.sys, Sys()
    try:
        found.console_write("x" * 1000)
    finally:
        module.sys = proper
    assert max(longest) <= 64 and sum(longest) >= 1000


def test_wall_time_is_known_only_when_somebody_has_set_the_clock():
    import ata.hal.esp32 as module

    class Time:
        year = 2000

        def localtime(self):
            return (self.year, 5, 17, 13, 4, 0, 0, 0)

    found = hal()
    proper, module.time = module.time, Time()
    try:
        assert found.wall_time() is None
        Time.year = 2026
        assert found.wall_time() == (5, 17, 13, 4)
    finally:
        module.time = proper
