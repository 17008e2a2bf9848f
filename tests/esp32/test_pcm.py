"""The PCM port of the ESP32 on the modelled unit, in the model's stepped time.

The SLIC counts: each sample it sends is one more than the last (port 1), or one less (port 2). The firmware
answers each sample with its negative. So what comes out shows side, bit position, order, loss and delay.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from esp32.pcm_bench import BLOCK, Bench

from host_tools.esp32_model.i2s import BASES
from support.runtimes import micropythons

pytestmark = pytest.mark.skipif("mp32" not in micropythons(), reason="needs the 32-bit MicroPython")

ANSWER_DELAY = (
    9 * BLOCK + 1
)  # from a sample to its answer on the wire: the rings, and the frame it travels in
_PUMP = """
def step():
    # As ata.tasks.media: two blocks in, two out.
    global filled, got
    while port.read(blocks_in[filled]):
        filled += 1
        got += 1
        if filled == 2:
            filled = 0
            negate(here, there, 160)
            port.write(blocks_out[0])
            port.write(blocks_out[1])

@micropython.viper
def negate(source: ptr32, target: ptr32, n: int):
    while n:
        n -= 1
        w = source[n]
        target[n] = (((0 - (w >> 16)) & 0xFFFF) << 16) | ((0 - w) & 0xFFFF)

filled = got = 0
"""
_START = _PUMP + "port.start()\nstep()\n"
_REPORT = "print('read', got, 'lost', port.lost, 'delay', port.echo_delay, 'one', array('h', here)[0])\n"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def count(bench: Bench, frames: int) -> None:
    """Let the SLIC send the counting samples 1, 2, … and −1, −2, …"""
    values = np.arange(1, frames + 1) % 0x10000
    bench.say({1: values.astype(np.uint16), 2: (-values).astype(np.uint16)})


def report(text: str) -> dict[str, int]:
    words = text.split("\n")[-2].split()
    return {name: int(value) for name, value in zip(words[::2], words[1::2])}


def answers(bench: Bench, sent: int) -> tuple[np.ndarray, np.ndarray]:
    """(sample that was answered or 0 for silence, sample that the SLIC sent at that time), per frame since
    the self-test, checked for both ports. `sent`: samples that `count` gave."""
    heard = bench.heard()
    used = sent - len(bench.unit.said)
    assert used, "nobody listened to the SLIC"
    one, two = (heard[port][len(heard[port]) - used :].astype(int) for port in (1, 2))
    both = (one != 0) & (
        two != 0
    )  # where sound begins, port 2 is a frame ahead: right comes first after the sync
    assert not ((one + two)[both] % 0x10000).any(), "the ports differ"
    assert np.abs(np.convolve((one != 0).astype(int) - (two != 0), np.ones(2), "same")).max() <= 2
    return -one, np.arange(1, used + 1)


def healthy(bench: Bench, blocks: int = 60, prepare: str = "") -> None:
    """AssertionError unless everything works: both directions, delay, rates, no complaint of the model."""
    sent = BLOCK * (blocks + 40)
    count(bench, sent)
    text = bench.run(
        prepare + _START + "for _ in range(%d):\n    advance(80)\n    step()\n" % blocks + _REPORT
    )
    assert bench.unit.port_hz == (512000, 8000)
    assert not bench.registers.problems
    assert bench.registers.masked(bench.unit.number)
    said = report(text)
    assert said["read"] >= blocks - 4
    assert said["lost"] == 0 and said["delay"] == 560
    answered, now = answers(bench, sent)
    first = int(np.argmax(answered != 0))
    assert 0 < first < 16 * BLOCK
    assert (int(now[-1]) - said["one"]) % 0x10000 < 5 * BLOCK, "port 1 is not the first of the two samples"
    assert len(answered) > first + 30 * BLOCK
    assert steady_from(answered, now) == first


def test_both_ports_go_both_ways_over_thousands_of_blocks(bench: Bench) -> None:
    healthy(bench, blocks=3000)


def test_the_other_unit_with_other_pins(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"unit": 1, "bclk": 33, "fsync": 4, "tx": 32, "rx": 39})
    healthy(bench)
    bench.close()


def test_the_slots_that_the_port_names_are_those_on_the_wire(bench: Bench) -> None:
    said = bench.run("print(port.slots, port.clock_hz)")
    assert said.split("\n")[0] == "(33, 1) 512000"


def test_extreme_samples_keep_their_bits(bench: Bench) -> None:
    values = [0, 1, -1, 0x7FFF, -0x8000, 0x5555, -0x5556, 256]
    rows = np.tile(np.array(values, np.int16), 20 * BLOCK // 8)
    bench.say({1: rows.view(np.uint16), 2: rows[::-1].copy().view(np.uint16)})
    text = bench.run(
        "port.start()\nport.read(here)\nfor _ in range(10):\n    advance(80)\n    port.read(here)\n"
        "print(list(array('h', here))[:160])\n"
    )
    got = [int(word) for word in re.findall(r"-?\d+", text)]
    for samples, expected in ((got[0:160:2], values), (got[1:160:2], values[::-1])):
        at = expected.index(samples[0])
        assert samples == (expected[at:] + expected[:at]) * 10


# ---- self-test ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [set(), {"rx"}, {"tx"}, {"rx", "tx"}])
@pytest.mark.parametrize("shift", [set(), {"rx"}, {"tx"}, {"rx", "tx"}])
def test_a_side_or_a_bit_that_is_not_as_the_manual_says_is_put_right(
    bench: Bench, side: set[str], shift: set[str]
) -> None:
    bench.unit.wrong_side, bench.unit.wrong_shift = side, shift
    healthy(bench)


@pytest.mark.parametrize(
    "fault, words",
    [
        ("stuck[22] = 0", "b5297a4d f1986dac 2e07610b sent, 00000000 00000000 00000000 came"),
        ("stuck[22] = 1", "sent, ffffffff ffffffff ffffffff came"),
        ("stuck[25] = 0", "frame sync sent, 00000001 fffffffe expected, 00000000 00000000 came"),
        ("stuck[25] = 1", "ffffffff ffffffff came"),
        ("late_bits = 2", "frame sync sent, 00000001 fffffffe expected, .* came"),
        ("late_bits = 31", "sent, .* came"),
        ("stopped = True", "the clock does not run"),
    ],
)
def test_what_cannot_be_put_right_is_a_fault_with_what_came(bench: Bench, fault: str, words: str) -> None:
    exec("unit." + fault, {"unit": bench.unit})
    text = bench.run(
        "try:\n    port.start()\nexcept HardwareFault as fault:\n    print(fault.reason)\n"
        "print(port.read(here), port.write(here), port.lost)\n"
    )
    assert re.search("PCM self-test: .*" + words, text), text
    assert text.split("\n")[-2] == "False None 0", "a port that did not start does nothing"
    assert bench.unit.frame_hz == 0, "the clock is left running"


def test_it_starts_after_a_fault_that_went_away(bench: Bench) -> None:
    bench.unit.stopped = True
    begin = bench.registers.frames

    def mutate(address: int, value: int) -> int:
        if bench.registers.frames > begin + 4000:
            bench.unit.stopped = False
        return value

    bench.registers.mutate = mutate
    text = bench.run(
        "for _ in range(9):\n"
        "    try:\n        port.start()\n        print('up')\n        break\n"
        "    except HardwareFault:\n        advance(4000)\n"
    )
    assert text == "up\n"


def test_the_test_is_not_heard_later(bench: Bench) -> None:
    """What the self-test sent is not in the first blocks, and stays out of the ring."""
    text = bench.run("port.start()\nbench = 0\nfor _ in range(100):\n    advance(80)\n    port.read(here)\n")
    assert text == ""
    heard = bench.heard()
    assert not heard[1][-95 * BLOCK :].any() and not heard[2][-95 * BLOCK :].any()


# ---- what is wrong must fail -----------------------------------------------------------------------------

_UNIT = BASES[0]
_GPIO, _MUX = 0x3FF44000, 0x3FF49000


def on(address: int, change) -> object:
    return lambda at, value: change(value) if at == address else value


def descriptor(word: int, change) -> object:
    """Changes one word of every descriptor: they are written three words at a time, the first with bit 31."""
    seen = {"first": 0}

    def mutate(at: int, value: int) -> int:
        if not 0x3FFAE000 <= at < 0x40000000:
            return value
        if value >> 30 == 3:
            seen["first"] = at
        return change(value) if at == seen["first"] + 4 * word else value

    return mutate


MUTATIONS = {
    "clock divider": on(_UNIT + 0xAC, lambda v: v ^ 1),
    "clock fraction": on(_UNIT + 0xAC, lambda v: v & ~0x3F00),
    "clock off": on(_UNIT + 0xAC, lambda v: v & ~(1 << 20)),
    "other clock source": on(_UNIT + 0xAC, lambda v: v | 1 << 21),
    "BCLK divider": on(_UNIT + 0xB0, lambda v: v + 1),
    "16 bits sent": on(_UNIT + 0xB0, lambda v: v ^ 0x30 << 12),
    "16 bits received": on(_UNIT + 0xB0, lambda v: v ^ 0x30 << 18),
    "TX mode 0": on(_UNIT + 0x20, lambda v: v & ~(7 << 13)),
    "RX mode 0": on(_UNIT + 0x20, lambda v: v & ~(7 << 16)),
    "RX mode mono": on(_UNIT + 0x20, lambda v: v | 1 << 16),
    "no DMA": on(_UNIT + 0x20, lambda v: v & ~(1 << 12)),
    "TX_FIFO_MOD_FORCE_EN": on(_UNIT + 0x20, lambda v: v & ~(1 << 19)),
    "RXEOF_NUM less": on(_UNIT + 0x24, lambda v: v - 1),
    "RXEOF_NUM in bytes": on(_UNIT + 0x24, lambda v: 4 * v),
    "one channel sent": on(_UNIT + 0x2C, lambda v: 1),
    "one channel received": on(_UNIT + 0x2C, lambda v: 1 << 3),
    "OUT_LINK": on(_UNIT + 0x30, lambda v: v + 4),
    "IN_LINK not started": on(_UNIT + 0x34, lambda v: v & ~(1 << 29)),
    "companding": on(_UNIT + 0xA0, lambda v: v & ~(1 << 3)),
    "companding back": on(_UNIT + 0xA0, lambda v: v & ~(1 << 7)),
    "LCD mode": on(_UNIT + 0xA8, lambda v: 1 << 5),
    "PDM": on(_UNIT + 0xB4, lambda v: v | 1),
    "interrupt left on": on(_UNIT + 0x14, lambda v: 1 << 12),
    "no SIG_LOOPBACK": on(_UNIT + 0x08, lambda v: v & ~(1 << 18)),
    "RX as master": on(_UNIT + 0x08, lambda v: v & ~(1 << 7)),
    "TX as slave": on(_UNIT + 0x08, lambda v: v | 1 << 6),
    "no MSB_SHIFT": on(_UNIT + 0x08, lambda v: v & ~(3 << 10)),
    "RX right first": on(_UNIT + 0x08, lambda v: v | 2 << 8),
    "TX mono": on(_UNIT + 0x08, lambda v: v | 1 << 14),
    "RX not started": on(_UNIT + 0x08, lambda v: v & ~(1 << 5)),
    "left in reset": on(0x3FF000C4, lambda v: v | 1 << 4),
    "no clock of the bus": on(0x3FF000C0, lambda v: v & ~(1 << 4)),
    "other unit": on(0x3FF000C0, lambda v: v << 17 if v & 1 << 4 else v),
    "BCLK not inverted": on(_GPIO + 0x530 + 4 * 26, lambda v: v & ~(1 << 9)),
    "data inverted": on(_GPIO + 0x530 + 4 * 22, lambda v: v | 1 << 9),
    "signal of the other unit": on(_GPIO + 0x530 + 4 * 25, lambda v: v + 1),
    "matrix not used": on(_GPIO + 0x130 + 4 * 155, lambda v: v & ~(1 << 7)),
    "wrong pin in": on(_GPIO + 0x130 + 4 * 155, lambda v: v ^ 1),
    "no FUN_IE": on(_MUX + 0x18, lambda v: v & ~(1 << 9)),
    "function of the pad": on(_MUX + 0x28, lambda v: v & ~(7 << 12)),
    "pad not enabled": on(_GPIO + 0x24, lambda v: v & ~(1 << 22)),
    "owner": descriptor(0, lambda v: v & ~(1 << 31)),
    "no eof": descriptor(0, lambda v: v & ~(1 << 30)),
    "size": descriptor(0, lambda v: v - 4),
    "length": descriptor(0, lambda v: v - (4 << 12)),
    "buffer in flash": descriptor(1, lambda v: v ^ 0x00400000),
    "buffer beside": descriptor(1, lambda v: v + 4),
    "end of the list": descriptor(2, lambda v: 0),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_wrong_bit_in_a_register_or_descriptor_is_seen(bench: Bench, name: str) -> None:
    bench.registers.mutate = MUTATIONS[name]  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(AssertionError):
        healthy(bench)


@pytest.mark.parametrize(
    "address, bits",
    [(_UNIT + 0x08, 3 << 8), (_GPIO + 0x530 + 4 * 25, 1 << 9)],
    ids=["RIGHT_FIRST", "sync inverted"],
)
def test_frame_sync_the_wrong_way_round_is_put_right(bench: Bench, address: int, bits: int) -> None:
    """The self-test looks at frame sync at its pad, so the sides are those that the SLIC sees."""
    bench.registers.mutate = lambda at, value: value | bits if at == address else value
    healthy(bench)


SOURCE_MUTATIONS = {
    "sample in the lower half": ("block[0] << 16", "block[0] & 65535"),
    "one bit": ("dma[1] = (block[0] >> 16) << 16", "dma[1] = (block[0] >> 16) << 15"),
    "sides": ("dma[2] = block[1] << 16", "dma[2] = (block[1] >> 16) << 16"),
    "a frame twice": ("((dma[2] >> 16)", "((dma[0] >> 16)"),
    "half a block": ("n = _FRAMES >> 2", "n = _FRAMES >> 3"),
    "ring of another length": ("if i == IN_SLOTS:", "if i == 32:"),
    "one block later": ("_AHEAD = const(9)", "_AHEAD = const(10)"),
    "never silenced": ("descriptor[1] = block", "descriptor[1] = int(descriptor[1])"),
    "not answered": ("s[_OWED] = owed - 1", "s[_OWED] = owed"),
}


@pytest.mark.parametrize("name", SOURCE_MUTATIONS)
def test_a_broken_driver_is_seen(bench: Bench, name: str) -> None:
    old, new = SOURCE_MUTATIONS[name]
    prepare = (
        "text = open(module.__file__).read()\nassert %r in text\n"
        "exec(text.replace(%r, %r), module.__dict__)\nport = module.Esp32PcmPort(port._pcm)\n"
    ) % (old, old, new)
    with pytest.raises(AssertionError) as failure:
        healthy(bench, prepare=prepare)
    assert "SyntaxError" not in str(failure.value)


# ---- stalls ----------------------------------------------------------------------------------------------

_STALL = (
    _START
    + """
advance(%d)
for _ in range(%d):
    advance(80)
    step()
advance(%d)
step()
for _ in range(100):
    advance(80)
    step()
"""
    + _REPORT
)
PHASES = (0, 1, 20, 40, 63, 79)


def stalled(bench: Bench, ms: int, phase: int, odd: bool) -> tuple[dict[str, int], np.ndarray, np.ndarray]:
    """A stall of so many ms beside the usual 10 between two steps, at any phase, with or without the first
    block of two waiting. The report, and the answers as `answers` gives them."""
    sent = BLOCK * 2000
    count(bench, sent)
    text = bench.run(_STALL % (phase, 20 + odd, 80 + 8 * ms))
    assert not bench.registers.problems
    return report(text), *answers(bench, sent)


def steady_from(answered: np.ndarray, now: np.ndarray) -> int:
    """The frame from which on every answer comes in its time."""
    wrong = np.nonzero((now - answered) % 0x10000 != ANSWER_DELAY)[0]
    return int(wrong[-1]) + 1 if len(wrong) else 0


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("phase", PHASES)
def test_a_stall_of_40_ms_loses_nothing(bench: Bench, phase: int, odd: bool) -> None:
    said, answered, now = stalled(bench, 40, phase, odd)
    assert said["lost"] == 0
    first = int(np.argmax(answered != 0))
    assert steady_from(answered, now) == first < 16 * BLOCK


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("phase", PHASES)
def test_a_stall_of_80_ms_loses_40_ms_at_most_and_is_over_within_100(
    bench: Bench, phase: int, odd: bool
) -> None:
    said, answered, now = stalled(bench, 80, phase, odd)
    assert 0 < said["lost"] <= 4
    first = int(np.argmax(answered != 0))
    missing = np.nonzero(answered[first:] == 0)[0]
    assert len(missing) == said["lost"] * BLOCK <= 40 * 8
    assert missing[-1] - missing[0] < 100 * 8
    assert steady_from(answered, now) == first + missing[-1] + 1, "the delay has changed"


@pytest.mark.parametrize("ms", [120, 200, 260])
def test_after_a_long_stall_there_is_silence_and_not_old_sound(bench: Bench, ms: int) -> None:
    said, answered, now = stalled(bench, ms, 33, False)
    first = int(np.argmax(answered != 0))
    heard = answered[first:][answered[first:] != 0]
    assert (np.diff(heard) > 0).all(), "old sound"
    assert steady_from(answered, now) < first + (20 + ms // 10 + 20) * BLOCK
    assert said["lost"] > 0


@pytest.mark.parametrize("ms", [330, 350, 361, 700, 3000])
def test_after_a_stall_beyond_the_rings_all_is_well_again(bench: Bench, ms: int) -> None:
    _said, answered, now = stalled(bench, ms, 33, False)
    first = int(np.argmax(answered != 0))
    assert steady_from(answered, now) < first + (20 + ms // 10 + 30) * BLOCK


def test_reading_that_begins_late_loses_nothing_from_then_on(bench: Bench) -> None:
    count(bench, BLOCK * 1000)
    text = bench.run(
        _PUMP + "port.start()\nadvance(8000)\nfor _ in range(50):\n    advance(80)\n    step()\n" + _REPORT
    )
    assert report(text)["lost"] == 0
    answered, now = answers(bench, BLOCK * 1000)
    first = int(np.argmax(answered != 0))
    assert steady_from(answered, now) == first


def test_a_caller_who_writes_without_reading_or_reads_without_writing(bench: Bench) -> None:
    text = bench.run(
        _START + "port.write(here)\nprint('lost', port.lost)\n"
        "for _ in range(30):\n    advance(80)\n    port.read(here)\n"
        "port.write(here)\nprint('lost', port.lost)\n"
        "for _ in range(30):\n    advance(80)\n    step()\n" + _REPORT
    ).split("\n")
    assert text[0] == "lost 1"
    assert report("\n".join(text))["lost"] <= 32, "it goes on being lost"


def test_a_stopped_clock_is_told_and_a_running_one_never(bench: Bench) -> None:
    text = bench.run(
        _START + "late = 0\nfor i in range(300):\n    advance(80)\n    step()\n"
        "    if i % 2: late += port.clock_stopped(milliseconds())\n"
        "print('wrongly', late)\n"
        "advance(640)\nstep()\nprint(port.clock_stopped(milliseconds()))\n"
        + "mem32[%d] &= ~(1 << 20)\nstart = milliseconds()\n"
        % (_UNIT + 0xAC)
        + "while not port.clock_stopped(milliseconds()):\n    advance(160)\n    step()\n"
        "print('after', milliseconds() - start)\n"
        "port.start()\nadvance(400)\nstep()\nprint(got > 0, port.clock_stopped(milliseconds()))\n"
    ).split("\n")
    assert text[0] == "wrongly 0" and text[1] == "False"
    assert 60 <= int(text[2].split()[1]) <= 120
    assert text[3] == "True False"


def test_stop_and_start_again(bench: Bench) -> None:
    text = bench.run(
        _START + "port.stop()\nprint(port.read(here), port.write(here))\nport.stop()\n"
        "first = bytes(port._state[8:])\nport.start()\nprint(bytes(port._state[8:]) == first)\n"
        "for _ in range(10):\n    advance(80)\n    step()\nprint(got > 5)\n"
    )
    assert text.split() == ["False", "None", "True", "True"]


# ---- memory ----------------------------------------------------------------------------------------------


def test_the_memory_is_that_of_a_stock_object_with_its_interrupt_masked(bench: Bench) -> None:
    """The heap of this interpreter is not internal RAM, as on a board with PSRAM."""
    text = bench.run("port.start()\nfor address in port._state[7:]: print(address)\n")
    addresses = [int(word) for word in text.split()]
    assert len(set(addresses)) == 1 + 33 + 11 + 36 + 9
    assert min(addresses) >= 0x3FFD0000 and max(addresses) < 0x3FFD0000 + 7 * 2096
    assert bench.registers.masked(0)


def test_a_soft_reset_in_a_call_touches_no_memory_of_others(bench: Bench) -> None:
    bench.run(
        _START + "for _ in range(9):\n    advance(80)\n    step()\nport._owner[0].deinit()\nadvance(8000)\n"
    )
    for first in range(0x3FFD0000, 0x3FFD0000 + 7 * 2096, 2096):  # each buffer's descriptor and beginning
        words = {bench.registers.memory.load(at) for at in range(first + 8, first + 96, 4)}
        assert words == {0xDEADBEEF}
    assert bench.unit.frame_hz == 0


@pytest.mark.parametrize("frames, reason", [(0, "OSError"), (60, "machine.I2S has 7 buffers of 480 bytes")])
def test_without_memory_it_is_a_fault_with_the_reason(bench: Bench, frames: int, reason: str) -> None:
    bench.registers.stock_frames = frames
    text = bench.run("try:\n    port.start()\nexcept HardwareFault as fault:\n    print(fault.reason)\n")
    assert "PCM: no memory for the DMA" in text and reason in text and "heap is not internal" in text


def test_an_internal_heap_serves_where_the_stock_object_does_not(bench: Bench) -> None:
    bench.registers.stock_frames = 0
    prepare = (
        "import builtins, uctypes\nreal = bytearray\n"
        "builtins.bytearray = lambda n: uctypes.bytearray_at(0x3FFB8000, n) if n == 14336 else real(n)\n"
    )
    healthy(bench, prepare=prepare)


def test_after_a_failed_start_the_memory_is_still_held(bench: Bench) -> None:
    bench.unit.stopped = True
    text = bench.run(
        "import gc\nfor _ in range(2):\n    try:\n        port.start()\n"
        "    except HardwareFault:\n        gc.collect()\n"
        "print(len(port._owner), port._state[7] != 0)\n"
    )
    assert text == "1 True\n"


def test_a_heap_that_is_not_aligned_is_refused(bench: Bench) -> None:
    bench.registers.stock_frames = 0
    text = bench.run(
        "import builtins, uctypes\nbuiltins.bytearray = lambda n: uctypes.bytearray_at(0x3FFB8002, n)\n"
        "try:\n    port.start()\nexcept HardwareFault as fault:\n    print(fault.reason)\n"
    )
    assert "heap is not internal" in text


def test_reading_and_writing_allocate_nothing(bench: Bench) -> None:
    count(bench, BLOCK * 400)
    text = bench.run(
        _START + "def locked(n):\n    micropython.heap_lock()\n    try:\n        while n:\n"
        "            step()\n            n -= 1\n    finally:\n        micropython.heap_unlock()\n"
        "for n in range(200):\n    advance(80 if n % 50 else 800)\n    locked(2)\n" + _REPORT
    )
    assert report(text)["read"] > 200
