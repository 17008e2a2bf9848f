"""The modelled I2S unit by itself, driven by register writes from here: what it does with what it is told."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from host_tools.esp32_model import dma
from host_tools.esp32_model.i2s import BASES, join, slot
from host_tools.esp32_model.registers import Registers

UNIT = BASES[0]
RING_OUT, RING_IN, DATA_OUT, DATA_IN = 0x3FFB0000, 0x3FFB1000, 0x3FFB2000, 0x3FFB8000
FRAMES = 16  # of a block
BYTES = 8 * FRAMES
PHILIPS = 1 << 18 | 3 << 10 | 1 << 7
OWNED = 1 << 31 | 1 << 30


class Chip(Registers):
    """Both directions in rings of four blocks, BCLK inverted on pin 26, sync 25, out 22, in 35."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.write(0x3FF000C0, 1 << 4)
        self.write(0x3FF000C4, 0)
        self.unit = self.units[0]
        for offset, value in (
            (0xAC, 1 << 20 | 8 << 14 | 1 << 8 | 78),
            (0xB0, 32 << 18 | 32 << 12 | 4 << 6 | 4),
            (0xA0, 0x88),
            (0xB4, 0),
            (0x2C, 0),
            (0x20, 3 << 19 | 2 << 16 | 2 << 13 | 1 << 12),
            (0x24, BYTES // 4),
        ):
            self.write(UNIT + offset, value)
        for pin, mux, signal in ((26, 0x28, 23 | 1 << 9), (25, 0x24, 25), (22, 0x80, 163)):
            self.write(0x3FF44530 + 4 * pin, signal)
            self.write(0x3FF49000 + mux, 2 << 12)
            self.write(0x3FF44024, 1 << pin)
        self.write(0x3FF49018, 2 << 12 | 1 << 9)
        self.write(0x3FF44130 + 4 * 155, 1 << 7 | 35)
        for k in range(4):
            for ring, data in ((RING_OUT, DATA_OUT), (RING_IN, DATA_IN)):
                self.descriptor(ring + 12 * k, data + BYTES * k, ring + 12 * ((k + 1) % 4))
        for word in range(4 * BYTES // 4):  # left 0x1001, 0x1002, …, right 0x2001, …
            self.write(DATA_OUT + 4 * word, (0x2000 if word & 1 else 0x1000) + word // 2 + 1 << 16)

    def descriptor(
        self, at: int, buffer: int, following: int, head: int = OWNED | BYTES << 12 | BYTES
    ) -> None:
        for k, value in enumerate((head, buffer, following)):
            self.write(at + 4 * k, value)

    def go(self, conf: int = PHILIPS, lc_conf: int = 1 << 8) -> None:
        self.write(UNIT + 0x60, lc_conf)
        self.write(UNIT + 0x08, conf)
        self.write(UNIT + 0x30, RING_OUT & 0xFFFFF | 1 << 29)
        self.write(UNIT + 0x34, RING_IN & 0xFFFFF | 1 << 29)
        self.write(UNIT + 0x08, conf | 0x30)

    def received(self, frames: int) -> np.ndarray:
        """The upper halves of what is in memory, one row (first, second word) a frame."""
        words = [self.memory.load(DATA_IN + 4 * k) >> 16 for k in range(2 * frames)]
        return np.array(words).reshape(-1, 2)


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[Chip]:
    chip = Chip(tmp_path / "window")
    yield chip
    chip.memory.close()


def test_left_is_the_first_word_and_begins_at_33_and_right_at_1(chip: Chip) -> None:
    chip.go()
    chip.advance(21)
    frames = chip.unit.frames_out()
    assert list(slot(frames, 1)[1:20]) == list(range(0x2001, 0x2014))
    assert list(slot(frames, 33)[1:20]) == list(range(0x1002, 0x1015))


def test_what_the_slic_sends_at_33_and_1_is_left_and_right(chip: Chip) -> None:
    count = np.arange(1, 41)
    chip.unit.frames_in(join({33: count + 0x3000, 1: count + 0x4000}))
    chip.go()
    chip.advance(20)
    rows = chip.received(16)
    assert (np.diff(rows[2:], axis=0) == 1).all()
    assert rows[3, 0] & 0xF000 == 0x3000 and rows[3, 1] & 0xF000 == 0x4000


@pytest.mark.parametrize(
    "conf, first, side",
    [
        (PHILIPS, 1, 2),
        (PHILIPS & ~(1 << 10), 0, 2),  # no MSB_SHIFT: with the edge of frame sync
        (PHILIPS | 1 << 16, 1, 1),  # MSB_RIGHT: the words change sides
        (PHILIPS | 1 << 8, 1, 1),  # RIGHT_FIRST: frame sync is high for the first word
    ],
)
def test_the_bits_of_conf_move_what_is_sent(chip: Chip, conf: int, first: int, side: int) -> None:
    """`side`: the word that begins at PCLK `first` after frame sync rose, 1 or 2 (the first in memory: 1)."""
    chip.go(conf)
    chip.advance(10)
    assert (slot(chip.unit.frames_out(), first)[2:] >> 12 == side).all()


def test_without_the_inversion_of_bclk_every_bit_is_one_beside(chip: Chip) -> None:
    chip.write(0x3FF44530 + 4 * 26, 23)
    chip.go()
    chip.advance(10)
    assert (slot(chip.unit.frames_out(), 2)[2:] >> 12 == 2).all()


@pytest.mark.parametrize(
    "register, value, hz",
    [
        (0xAC, 1 << 20 | 8 << 14 | 1 << 8 | 78, 8000),
        (0xAC, 1 << 20 | 78, 8012.8),
        (0xAC, 8 << 14 | 1 << 8 | 78, 0),
        (0xB0, 32 << 18 | 32 << 12 | 8 << 6 | 8, 4000),
        (0xB0, 32 << 18 | 16 << 12 | 4 << 6 | 4, 16000),
    ],
)
def test_the_frame_rate_is_what_the_dividers_make(chip: Chip, register: int, value: int, hz: float) -> None:
    chip.write(UNIT + register, value)
    chip.go()
    assert chip.unit.frame_hz == pytest.approx(hz, rel=1e-4)
    chip.advance(8000)
    assert len(chip.unit.heard) == pytest.approx(hz, abs=2)


def test_the_position_registers_name_the_last_finished_block_of_each_direction(chip: Chip) -> None:
    chip.go()
    assert chip.read(UNIT + 0x38) == chip.read(UNIT + 0x3C) == 0
    chip.advance(FRAMES)
    assert chip.read(UNIT + 0x38) == RING_OUT
    chip.advance(1)  # the last bit of a frame comes with the next
    assert chip.read(UNIT + 0x3C) == RING_IN
    assert chip.read(UNIT + 0x0C) & (dma.OUT_EOF | dma.IN_SUC_EOF) == dma.OUT_EOF | dma.IN_SUC_EOF
    chip.write(UNIT + 0x18, dma.OUT_EOF)
    assert chip.read(UNIT + 0x0C) & (dma.OUT_EOF | dma.IN_SUC_EOF) == dma.IN_SUC_EOF
    chip.advance(4 * FRAMES)
    assert chip.read(UNIT + 0x38) == RING_OUT and chip.read(UNIT + 0x3C) == RING_IN


def test_a_descriptor_of_the_cpu_stops_the_dma_if_the_owner_is_checked(chip: Chip) -> None:
    chip.write(RING_OUT + 12, 1 << 30 | BYTES << 12 | BYTES)
    chip.go(lc_conf=1 << 8 | 1 << 12)
    chip.advance(3 * FRAMES)
    assert chip.read(UNIT + 0x0C) & dma.OUT_DSCR_ERR
    assert chip.read(UNIT + 0x38) == RING_OUT, "it went on"


def test_auto_write_back_gives_a_sent_descriptor_to_the_cpu(chip: Chip) -> None:
    chip.go(lc_conf=1 << 8 | 1 << 6)
    chip.advance(2 * FRAMES)
    assert not chip.read(RING_OUT) >> 31 and chip.read(RING_OUT + 36) >> 31


def test_a_ring_of_which_the_owner_is_checked_ends_when_nobody_gives_blocks_back(chip: Chip) -> None:
    chip.go(lc_conf=1 << 8 | 1 << 12)
    chip.advance(8 * FRAMES)
    assert chip.read(UNIT + 0x0C) & dma.IN_DSCR_ERR


def test_received_blocks_are_closed_with_their_length(chip: Chip) -> None:
    chip.write(UNIT + 0x24, 8)
    chip.go()
    chip.advance(6)
    assert chip.read(RING_IN) >> 12 & 0xFFF == 32 and chip.read(RING_IN) >> 30 & 1
    assert chip.read(UNIT + 0x3C) == RING_IN


def test_a_short_descriptor_sends_its_length_only(chip: Chip) -> None:
    chip.write(RING_OUT, OWNED | (BYTES - 8) << 12 | BYTES)
    chip.go()
    chip.advance(20)
    assert slot(chip.unit.frames_out(), 1)[1 + FRAMES - 1] == 0x2000 + FRAMES + 1


def test_a_list_that_ends_stops_and_sends_zeros(chip: Chip) -> None:
    chip.write(RING_OUT + 8, 0)
    chip.go()
    chip.advance(40)
    assert chip.read(UNIT + 0x0C) & dma.OUT_TOTAL_EOF
    assert not slot(chip.unit.frames_out(), 1)[20:].any()


@pytest.mark.parametrize("address", [0x3F800000, 0x3FF80000, 0x40080000, 0x3FFB2002])
def test_memory_that_a_dma_cannot_reach_is_an_error(chip: Chip, address: int) -> None:
    chip.write(RING_OUT + 4, address)
    chip.go()
    chip.advance(5)
    assert chip.read(UNIT + 0x0C) & dma.OUT_DSCR_ERR
    assert "cannot reach" in chip.problems[0]


def test_a_unit_in_reset_or_without_clock_takes_no_writes(chip: Chip) -> None:
    chip.go()
    chip.write(0x3FF000C4, 1 << 4)
    assert chip.read(UNIT + 0x08) == 0x30300 and chip.unit.frame_hz == 0
    chip.write(UNIT + 0x08, 0x30)
    assert chip.read(UNIT + 0x08) == 0x30300
    chip.write(0x3FF000C4, 0)
    chip.write(UNIT + 0x08, 0x30)
    assert chip.read(UNIT + 0x08) == 0x30


def test_the_own_output_comes_back_through_a_pad_that_is_open_both_ways(chip: Chip) -> None:
    chip.write(0x3FF49080, 2 << 12 | 1 << 9)
    chip.write(0x3FF44130 + 4 * 155, 1 << 7 | 22)
    chip.go()
    chip.advance(20)
    rows = chip.received(16)
    assert list(rows[:16, 0]) == list(range(0x1001, 0x1011)) and list(rows[:16, 1]) == list(
        range(0x2001, 0x2011)
    )


def test_a_constant_input_and_an_inverted_one(chip: Chip) -> None:
    chip.write(0x3FF44130 + 4 * 155, 1 << 7 | 0x38)
    chip.go()
    chip.advance(4)
    assert chip.received(2).tolist() == [[0xFFFF, 0xFFFF]] * 2
    chip.write(0x3FF44130 + 4 * 155, 1 << 7 | 1 << 6 | 0x38)
    chip.advance(8)
    assert chip.received(8)[6].tolist() == [0, 0]
