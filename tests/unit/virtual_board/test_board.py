# runs on: cpython
"""The whole board in its own time: events, PCM blocks and FIFO, crosstalk of wrong slots, faults."""

import numpy as np
import pytest
from chip_bench import FILTERS, VALUES

from host_tools.virtual_board.board import BLOCK_BYTES, Board
from host_tools.virtual_board.chip_registers import DTMF_COEFFICIENTS, indirect_addresses, indirect_map
from host_tools.virtual_board.events import Event

SLOTS = (33, 1)


class Rig:
    """A board with a minimal controller: both chips started, blocks in and out."""

    def __init__(self, start: bool = True, **options):
        self.board = Board(**options)
        self.adc: list[np.ndarray] = []
        self.board.on_block = lambda block: self.adc.append(np.frombuffer(block, "<i2").reshape(-1, 2))
        self.play = lambda n: np.zeros((80, 2), np.int16)  # gives DAC block n
        self.blocks = 0
        self.board.pclk(True)
        self.board.slic_reset(True)
        self.board.slic_reset(False)
        if start:
            for port in (1, 2):
                self.start(port)
            self.run(0.3)

    def read(self, port: int, register: int) -> int:
        return self.board.spi(port - 1, bytes((0x80 | register, 0xFF)))[1]

    def write(self, port: int, register: int, value: int) -> None:
        self.board.spi(port - 1, bytes((register, value)))

    def indirect(self, port: int, address: int, value: int) -> None:
        while self.read(port, 31):
            pass
        self.write(port, 28, value & 0xFF)
        self.write(port, 29, value >> 8)
        self.write(port, 30, address)

    def start(self, port: int) -> None:
        part = self.board.chip(port).part
        names = indirect_map(part)
        known = dict.fromkeys(indirect_addresses(part), 0) | {a: VALUES.get(n, 0) for n, a in names.items()}
        if part.startswith("Si3210"):
            known |= dict(enumerate(DTMF_COEFFICIENTS))
        for address, value in known.items():
            self.indirect(port, address, value)
        for name in FILTERS:
            self.indirect(port, names[name], 0x8000)
        for register, value in ((8, 0), (108, 0xEB), (66, 1), (14, 0)):
            self.write(port, register, value)
        self.run(0.3)
        self.write(port, 97, 0x1F)
        self.write(port, 96, 0x5F)
        self.run(0.6)
        for name in FILTERS:
            self.indirect(port, names[name], VALUES[name])
        slot = SLOTS[port - 1]
        for register, value in (
            (19, 0xFF),
            (20, 0xFF),
            (22, 0xFF),
            (73, 2),
            (2, slot),
            (4, slot),
            (1, 0x3C),
            (64, 1),
        ):
            self.write(port, register, value)
        self.run(0.1)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.01)):
            if self.board.clocked:
                self.board.pcm_write(self.play(self.blocks).astype("<i2").tobytes())
            self.blocks += 1
            self.board.advance_to(self.board.now + 0.01)

    def told(self, kind: str, port: int | None = None) -> list[Event]:
        return [e for e in self.board.events if e.kind == kind and port in (None, e.port)]


def test_two_parts_on_one_board():
    rig = Rig(start=False)
    assert (rig.read(1, 1), rig.read(2, 1)) == (0x88, 0x08)
    assert rig.board.spi(5, b"\x80\x00") == b"\xff\xff"
    with pytest.raises(ValueError, match="port 3"):
        rig.board.phone(3)
    with pytest.raises(ValueError, match="Si3210"):
        Board(parts=("Si3215", "nothing"))


def test_the_hook_is_told_raises_the_interrupt_and_calls_the_listener():
    rig = Rig()
    seen: list[Event] = []
    levels: list[bool] = []
    rig.board.listeners.append(seen.append)
    rig.board.on_interrupt = levels.append
    at = rig.board.now
    rig.board.phone(2).lift()
    rig.run(0.05)
    assert [(e.kind, e.port, e.detail) for e in seen if e.kind == "hook"] == [("hook", 2, {"up": True})]
    assert seen[0].time_s == pytest.approx(at, abs=0.002)
    assert levels == [True] and rig.board.interrupt
    rig.write(2, 19, 0xFF)
    assert levels == [True, False]


def test_a_listener_may_act_and_ask_for_the_time_but_not_step_the_board():
    rig = Rig()
    phone = rig.board.phone(1)

    def answer(event: Event) -> None:
        if event.kind == "hook" and event.detail["up"]:
            rig.board.advance_to(rig.board.now + 1.0)
            phone.hang_up()

    rig.board.listeners.append(answer)
    phone.lift()
    at = rig.board.now
    rig.run(0.1)
    assert [e.detail["up"] for e in rig.told("hook")] == [True, False]
    assert rig.board.now == pytest.approx(at + 0.1)


def test_pulses_of_a_dial_are_changes_of_the_loop_closure_bit():
    for pps, percent in ((8, 55), (10, 60), (12, 67)):
        rig = Rig()
        rig.board.phone(1).lift()
        rig.run(0.3)
        rig.board.phone(1).pulse("4", pps, percent)
        states = []
        for _ in range(800):
            rig.board.advance_to(rig.board.now + 0.00125)
            states.append(rig.read(1, 68) & 1)
        edges = np.flatnonzero(np.diff(states))
        assert len(edges) == 8
        lengths = np.diff(edges) * 0.00125
        assert np.allclose(lengths[::2], percent / 100 / pps, atol=0.006)
        assert np.allclose(lengths[1::2], 1 / pps - percent / 100 / pps, atol=0.006)


def test_ringing_is_told_with_volts_hertz_and_both_times_and_stops_by_lifting():
    rig = Rig()
    at = rig.board.now
    rig.write(2, 64, 4)
    rig.run(0.5)
    assert [e.detail["state"] for e in rig.told("linefeed", 2)] == ["forward", "ringing"]
    (ring,) = rig.told("ring")
    assert ring.port == 2 and ring.time_s == pytest.approx(at, abs=0.01)
    assert ring.detail["volts"] == pytest.approx(44, abs=1.5) and ring.detail["hz"] == pytest.approx(
        20, abs=0.5
    )
    lifted = rig.board.now
    rig.board.phone(2).lift()
    rig.run(0.3)
    stopped = rig.told("ring")[-1]
    assert stopped.detail["on"] is False and 0.0 < stopped.time_s - lifted < 0.15
    assert rig.told("linefeed", 2)[-1].detail == {"state": "forward"}


def test_words_reach_the_telephone_of_their_port_only():
    rig = Rig()
    for port in (1, 2):
        rig.board.phone(port).lift()
    rig.run(0.3)
    rig.play = lambda n: np.tile(np.array([[1000, -2000]], np.int16), (80, 1))
    rig.run(0.2)
    assert rig.board.phone(1).earpiece()[-1] == 1000 and rig.board.phone(2).earpiece()[-1] == -2000


def test_what_is_said_arrives_on_its_own_channel():
    rig = Rig()
    rig.board.phone(1).lift()
    rig.board.phone(2).lift()
    rig.run(0.3)
    voice = (3000 * np.sin(2 * np.pi * 300 * np.arange(4000) / 8000)).astype(np.int16)
    rig.board.phone(2).say(voice)
    del rig.adc[:]
    rig.run(0.5)
    sent = np.concatenate(rig.adc)
    assert np.corrcoef(sent[:, 1], voice)[0, 1] > 0.999
    assert sent[:, 0].std() < 10


def test_a_chip_on_the_other_ports_slot_is_heard_there():
    rig = Rig()
    rig.write(1, 1, 0)  # PCM off while the slots change
    for register in (2, 4):
        rig.write(1, register, SLOTS[1])
        rig.write(2, register, SLOTS[0])
    rig.write(1, 1, 0x3C)
    rig.board.phone(1).lift()
    rig.run(0.3)
    rig.board.phone(1).say(np.full(4000, 1500, np.int16))
    rig.run(0.2)
    assert abs(int(rig.adc[-8][:, 1].mean())) > 500 and rig.adc[-8][:, 0].std() < 20


def test_a_slot_that_is_one_bit_late_halves_the_word():
    rig = Rig()
    rig.write(1, 4, SLOTS[0] - 1)
    rig.board.phone(1).lift()
    rig.run(0.3)
    rig.play = lambda n: np.full((80, 2), 1000, np.int16)
    rig.run(0.1)
    assert rig.board.phone(1).earpiece()[-1] == 500


def test_the_fifo_starts_with_two_blocks_so_the_delay_is_known():
    rig = Rig()
    rig.board.phone(1).lift()
    rig.run(0.3)
    mark = rig.blocks
    rig.play = lambda n: np.full((80, 2), n - mark + 1, np.int16)
    first = rig.board.now
    rig.run(0.1)
    heard = rig.board.phone(1).earpiece(first)
    assert list(heard[::80][:3]) == [0, 1, 2]  # written before a block, played one block later


def test_underruns_and_overruns_are_counted_and_told_once_a_run():
    rig = Rig()
    board = rig.board
    for _ in range(3):
        board.advance_to(board.now + 0.01)
    assert board.underruns == 2 and [e.detail["what"] for e in rig.told("pcm")].count("underrun") == 1
    for _ in range(9):
        board.pcm_write(bytes(BLOCK_BYTES))
    assert board.overruns == 3
    with pytest.raises(ValueError, match="320"):
        board.pcm_write(b"short")


def test_without_clock_there_are_no_blocks_and_the_lines_are_dead_until_a_new_start():
    rig = Rig()
    rig.board.phone(1).lift()
    rig.run(0.2)
    rig.board.pclk_loss()
    rig.run(0.1)
    count = len(rig.adc)
    rig.run(0.1)
    assert len(rig.adc) == count
    assert [e.detail["what"] for e in rig.told("fault")] == ["PCM clock lost", "PCM clock lost"]
    assert rig.told("linefeed", 1)[-1].detail == {"state": "open"}
    rig.board.pclk_loss(False)
    rig.run(0.1)
    assert len(rig.adc) > count and not rig.adc[-1].any()
    assert rig.read(1, 64) == 0
    rig.board.slic_reset(True)
    rig.board.slic_reset(False)
    rig.start(1)
    rig.run(0.3)
    assert rig.read(1, 64) == 0x11 and rig.read(1, 68) & 1


def test_faults_touch_their_own_port_only():
    rig = Rig()
    rig.board.silent(1)
    assert rig.read(1, 0) == 0xFF and rig.read(2, 0) == 5
    rig.board.silent(1, False)
    rig.board.chip_reset(2)
    assert rig.read(2, 8) == 2 and rig.read(1, 8) == 0
    rig.board.power(1, 80.0)
    rig.run(4.0)
    assert rig.read(1, 64) == 0 and rig.read(1, 19) & 0x40
    rig.board.power(1, None)
    rig.write(1, 64, 1)
    rig.run(0.5)
    assert rig.read(1, 64) == 0x11
    rig.board.short(1)
    rig.run(0.2)
    assert rig.read(1, 68) & 1
    assert [e.detail["what"] for e in rig.told("fault", 1)][:3] == [
        "chip silent", "chip answers again", "foreign voltage 80 V",
    ]  # fmt: skip


def test_a_leak_and_a_missing_supply_show_on_the_battery_voltage():
    rig = Rig(start=False)
    rig.board.leak(1)
    rig.board.supply(2, 0.0)
    for port in (1, 2):
        rig.write(port, 14, 0)
    rig.run(0.5)
    assert rig.read(2, 82) == 0
    rig.write(1, 14, 0x10)
    rig.run(0.5)
    assert rig.read(1, 82) <= 6


def test_the_ear_at_the_telephone_names_the_tone_and_its_time():
    rig = Rig()
    rig.board.phone(1).lift()
    rig.run(0.3)
    begin = rig.blocks
    at = rig.board.now + 0.01  # the FIFO holds one block

    def dial_tone(n):
        times = (np.arange(80) + (n - begin) * 80) / 8000
        samples = 5110 * (np.sin(2 * np.pi * 350 * times) + np.sin(2 * np.pi * 440 * times))
        return np.repeat(samples[:, None], 2, axis=1)

    rig.play = dial_tone
    rig.run(0.5)
    (tone,) = [e for e in rig.told("tone", 1) if e.detail["name"] == "dial"]
    assert tone.time_s == pytest.approx(at, abs=0.01)
    assert rig.board.hears(1) == "dial" and rig.board.hears(2) == ""


def test_the_same_seed_gives_the_same_board():
    def story(seed):
        rig = Rig(seed=seed)
        rig.board.phone(1).lift()
        rig.run(0.3)
        return rig.board.events, np.concatenate(rig.adc)

    first, second, other = story(5), story(5), story(6)
    assert first[0] == second[0] and np.array_equal(first[1], second[1])
    assert first[0] != other[0] or not np.array_equal(first[1], other[1])


def test_a_second_of_both_ports_in_speech_costs_a_small_part_of_a_core():
    import time

    rig = Rig()
    for port in (1, 2):
        rig.board.phone(port).lift()
        rig.board.phone(port).say((2000 * np.sin(np.arange(80000) / 7)).astype(np.int16))
    rig.run(0.5)
    begin = time.process_time()
    rig.run(5.0)
    assert (time.process_time() - begin) / 5.0 < 0.4
