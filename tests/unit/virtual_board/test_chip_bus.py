# runs on: cpython
"""The chip as its controller sees it: SPI, reset, identification, indirect port, interrupts, clock."""

import pytest
from chip_bench import VALUES, ChipBench

from host_tools.virtual_board.chip import Si321xChip


def test_the_parts_identify_themselves():
    for part, first, mode in (("Si3210", 0x05, 0x08), ("Si3215", 0x05, 0x88), ("Si3215M", 0x35, 0x88)):
        bench = ChipBench(part)
        assert (bench.read(0), bench.read(1)) == (first, mode)
        assert (bench.read(8), bench.read(11), bench.read(64)) == (0x02, 0x33, 0x00)
    assert ChipBench("Si3210M").read(93) == 0x34
    assert ChipBench("Si3210", revision="C").read(0) == 0x03
    with pytest.raises(ValueError, match="Si3215M"):
        Si321xChip("Si9999")


def test_a_chip_in_reset_or_a_silent_one_reads_as_ones():
    chip = Si321xChip()
    chip.pclk(True)
    assert chip.transfer(b"\x80\x00") == b"\xff\xff"
    chip.reset(False)
    assert chip.transfer(b"\x80\x00")[1] == 0x05
    chip.silent = True
    assert chip.transfer(b"\x80\x00") == b"\xff\xff"


def test_an_access_may_take_one_frame_or_two():
    bench = ChipBench()
    assert len(bench.chip.transfer(b"\x88")) == 1
    assert bench.chip.transfer(b"\x00") == b"\x02"
    bench.chip.transfer(b"\x45")  # write to 69
    bench.chip.transfer(b"\x14")
    assert bench.read(69) == 0x14


def test_a_lost_byte_shifts_all_accesses_until_reset():
    bench = ChipBench()
    bench.chip.transfer(b"\x80")
    assert [bench.read(11), bench.read(11)] != [0x33, 0x33]
    bench.chip.reset(True)
    bench.chip.reset(False)
    assert bench.read(11) == 0x33


def test_daisy_chain_mode_takes_a_select_byte_first():
    bench = ChipBench()
    bench.write(0, 0x80)
    assert bench.chip.transfer(b"\x01\x8b\x00")[2] == 0x33
    assert bench.chip.transfer(b"\x02\x8b\x00")[2] == 0xFF  # meant for the next device
    bench.chip.transfer(b"\x01\x00\x00")
    assert bench.read(11) == 0x33


def test_reserved_and_read_only_bits_do_not_change():
    bench = ChipBench()
    bench.write(0, 0x3F)
    bench.write(1, 0x80)
    bench.write(71, 0xFF)
    bench.write(82, 0xAA)
    bench.write(16, 0x55)
    assert (bench.read(0), bench.read(1), bench.read(71), bench.read(82), bench.read(16)) == (
        5,
        0x80,
        7,
        0,
        0,
    )


def test_pulse_metering_and_the_dtmf_register_exist_in_the_si3210_only():
    for part, expected in (("Si3210", (0x1C, 0x34)), ("Si3215", (0, 0))):
        bench = ChipBench(part)
        bench.write(35, 0x1C)
        bench.write(44, 0x34)
        assert (bench.read(35) & 0x1C, bench.read(44)) == expected


def test_indirect_registers_are_rubbish_after_reset_and_differ_after_each():
    bench = ChipBench()
    first = [bench.read_indirect(address) for address in range(9)]
    assert len(set(first)) > 5
    bench.chip.reset(True)
    bench.chip.reset(False)
    assert [bench.read_indirect(address) for address in range(9)] != first
    assert [ChipBench(seed=0).read_indirect(a) for a in range(9)] == first  # but a test can repeat them


def test_indirect_registers_keep_what_is_written_and_raise_their_interrupt():
    bench = ChipBench("Si3210")
    bench.write(20, 0xFF)
    bench.write(23, 0x02)
    assert not bench.chip.interrupt
    bench.write_indirect(28, 0x1234)
    assert bench.read(20) & 0x02 and bench.chip.interrupt
    bench.write(20, 0x02)
    assert not bench.chip.interrupt
    assert bench.read_indirect(28) == 0x1234


def test_an_address_of_the_other_part_holds_nothing():
    bench = ChipBench("Si3215")
    bench.write_indirect(40, 0x0C00)  # VCMR of the Si3210
    assert bench.read_indirect(40) == 0
    bench = ChipBench("Si3210")
    bench.write_indirect(66, 0x0800)  # LCRTL of the Si3215
    assert bench.read_indirect(66) == 0


def test_the_indirect_port_is_busy_and_loses_what_comes_meanwhile():
    bench = ChipBench()
    bench.write_indirect(7, 0x1111)
    bench.write(28, 0x22)
    bench.write(29, 0x22)
    bench.write(30, 7)
    assert bench.read(31) == 1
    bench.write(30, 8)
    bench.idle()
    assert bench.chip.indirect[7] == 0x2222
    bench.write(28, 0x33)
    bench.write(29, 0x33)
    bench.write(30, 7)
    bench.write(28, 0x44)  # the data changes under a write that is not done
    bench.idle()
    assert bench.chip.indirect[7] == 0x3344


def test_status_bits_are_cleared_by_writing_ones():
    bench = ChipBench()
    bench.chip.registers[19] = 0x87
    bench.write(19, 0x05)
    assert bench.read(19) == 0x82
    assert not bench.chip.interrupt
    bench.write(22, 0x02)
    assert bench.chip.interrupt
    bench.write(19, 0x02)
    assert not bench.chip.interrupt


def test_reset_puts_every_register_back():
    bench = ChipBench()
    bench.start()
    bench.chip.reset(True)
    assert not bench.chip.interrupt and bench.told[-1] == ("linefeed", {"state": "open"})
    bench.chip.reset(False)
    assert [bench.read(n) for n in (1, 8, 10, 11, 14, 63, 64, 66, 72, 92, 93, 96, 97, 107)] == [
        0x88, 0x02, 0x08, 0x33, 0x10, 0x54, 0, 0x03, 0x20, 0xFF, 0x14, 0x1F, 0x1F, 0x08,
    ]  # fmt: skip
    assert bench.read_indirect(bench.address("RPTP")) != VALUES["RPTP"]


def test_without_clock_at_the_end_of_reset_the_chip_is_dead_until_the_next_reset():
    chip = Si321xChip()
    chip.reset(False)
    chip.pclk(True)
    chip.transfer(b"\x1e\x07")
    chip.advance(0.1)
    assert chip.transfer(b"\x9f\x00")[1] == 1  # the indirect port never gets done
    chip.transfer(b"\x40\x01")
    assert chip.transfer(b"\xc0\x00")[1] == 0
    chip.reset(True)
    chip.reset(False)
    chip.transfer(b"\x1e\x07")
    chip.advance(0.01)
    assert chip.transfer(b"\x9f\x00")[1] == 0


def test_a_clock_that_stops_takes_the_line_down_for_good():
    bench = ChipBench()
    bench.start()
    assert bench.read(64) == 0x11
    bench.chip.pclk(False)
    assert bench.told[-1] == ("fault", {"what": "PCM clock lost"})
    bench.wait(0.01)
    assert bench.told[-1] == ("linefeed", {"state": "open"})
    assert bench.read(64) == 0 and abs(bench.wire.i_tip) < 1e-6
    bench.chip.pclk(True)
    bench.wait(3.0)
    bench.write(64, 1)
    bench.wait(0.5)
    assert bench.read(64) == 0
    assert bench.chip.line.battery.volts < 30
    bench.chip.reset(True)
    bench.chip.reset(False)
    bench.start()
    assert bench.read(64) == 0x11


def test_a_chip_that_resets_itself_shows_its_presence_value_again():
    bench = ChipBench()
    bench.start()
    assert bench.read(8) == 0
    bench.chip.glitch()
    assert bench.read(8) == 0x02 and bench.read(64) == 0
    assert bench.told[-1] == ("fault", {"what": "chip reset"})
