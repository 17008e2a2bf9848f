import math
from array import array

from ata.base.errors import LocalError
from ata.dsp.fsk import FskModulator
from ata.dsp.tones import sine_table

PEAK = 22828  # 0 dBm0
SINE = sine_table()
MARK_AND_SPACE = {"bell202": (1200, 2200), "v23": (1300, 2100)}


def play(modulator, frame=160, most=80000):
    """All samples until the message has been sent."""
    heard = []
    while modulator.active and len(heard) < most:
        pcm = array("h", [0] * frame)
        modulator.mix(pcm, frame)
        heard.extend(pcm)
    return heard


def sent(data, seizure=20, mark=30, standard="bell202", level=-13.5, frame=160):
    modulator = FskModulator(SINE)
    modulator.start(data, seizure, mark, standard, level)
    assert modulator.active
    return play(modulator, frame)


def bits_of(data, seizure, mark):
    """The line code, written from EN 300 659-1: alternating bits beginning with 0, marks, characters of a
    start bit 0, eight data bits lowest first and a stop bit 1."""
    bits = [i & 1 for i in range(seizure)] + [1] * mark
    for byte in data:
        bits += [0] + [byte >> i & 1 for i in range(8)] + [1]
    return bits


def samples_of(bits, standard, level, begin=0):
    """That signal in floating point from sample `begin` on: its phase is the integral of the frequency."""
    mark, space = MARK_AND_SPACE[standard]
    frequencies = (space, mark)
    peak = PEAK * 10 ** (level / 20)
    # Phase at the beginning of each bit, in periods: a bit is 1/1200 s.
    start = 0.0
    bit = 0
    out = []
    for n in range(math.ceil(len(bits) * 20 / 3)):
        while bit < n * 3 // 20:
            start += frequencies[bits[bit]] / 1200
            bit += 1
        if n < begin:
            continue
        phase = start + frequencies[bits[bit]] * (n / 8000 - bit / 1200)
        out.append(peak * math.sin(2 * math.pi * phase))
    return out


def level_of(pcm):
    return 10 * math.log10(2 * sum([float(x) * x for x in pcm]) / len(pcm)) - 20 * math.log10(PEAK)


def test_the_signal_is_the_ideal_one_bit_by_bit():
    data = bytes((0x80, 0x55, 0x00, 0xFF, 0x4A, 0x01))
    for standard in ("bell202", "v23"):
        heard = sent(data, 33, 17, standard, -3)
        ideal = samples_of(bits_of(data, 33, 17), standard, -3)
        # The table has 256 steps: at most half a step of phase error plus its rounding, 2.5 % of the peak.
        peak = PEAK * 10 ** (-3 / 20)
        worst = max([abs(a - b) for a, b in zip(heard, ideal)])
        assert worst < 0.026 * peak, worst


def test_no_error_adds_up_over_the_longest_message():
    modulator = FskModulator(SINE)
    modulator.start(bytes(range(256)) + b"ab", 300, 180, "bell202", -3)
    begin = 20000  # of 20,400 samples
    heard = array("h", [0] * 160)
    for _ in range(begin // 160):
        heard = array("h", [0] * 160)
        modulator.mix(heard, 160)
    bits = bits_of(bytes(range(256)) + b"ab", 300, 180)
    ideal = samples_of(bits, "bell202", -3, begin - 160)
    worst = max([abs(a - b) for a, b in zip(heard, ideal)])
    assert worst < 0.04 * PEAK * 10 ** (-3 / 20), worst


def test_the_length_is_exactly_that_of_its_bits():
    """20 samples are three bits; five marks follow the data."""
    for size in (0, 1, 2, 3, 40):
        heard = sent(bytes(size), 300, 180, frame=1)
        assert len(heard) == (20 * (300 + 180 + 10 * size + 5) + 2) // 3


def test_without_seizure_and_mark_the_first_byte_begins_at_once():
    heard = sent(b"\x41", 0, 0, "v23")
    ideal = samples_of(bits_of(b"\x41", 0, 0), "v23", -13.5)
    assert max([abs(a - b) for a, b in zip(heard, ideal)]) < 0.03 * PEAK


def test_the_frame_size_does_not_matter():
    data = b"\x80\x01a\x1e"
    whole = sent(data, 300, 180, frame=8000)
    for frame in (1, 7, 160):
        part = sent(data, 300, 180, frame=frame)
        length = min(len(part), len(whole))
        assert part[:length] == whole[:length]
        assert not any(part[length:]) and not any(whole[length:])


def test_a_message_that_fills_its_last_frame_ends_too():
    # 2 bits of seizure, 5 last marks … 27 bits are 180 samples; 24 bits 160.
    heard = sent(b"\x00", 4, 5)
    assert len(heard) == 160 or not any(heard[160:])
    modulator = FskModulator(SINE)
    modulator.start(b"\x00", 4, 5, "v23")  # 24 bits: 160 samples
    first = array("h", [0] * 160)
    modulator.mix(first, 160)
    second = array("h", [0] * 160)
    modulator.mix(second, 160)
    assert not modulator.active
    assert not any(second)


def test_the_level_is_minus_13_5_dbm0_unless_given():
    modulator = FskModulator(SINE)
    modulator.start(bytes(50), 300, 180, "bell202")
    assert abs(level_of(play(modulator, 1)) + 13.5) < 0.1
    for level in (-10, -28, -40):
        assert abs(level_of(sent(bytes(50), 300, 180, "v23", level, 1)) - level) < 0.1


def test_both_frequencies_have_the_same_level():
    for standard in ("bell202", "v23"):
        mark = sent(b"", 0, 480, standard, -10)[:3000]
        space = sent(bytes(100), 0, 0, standard, -10)[7:53]  # within the first character's nine spaces
        assert abs(level_of(mark) + 10) < 0.05 and abs(level_of(space) + 10) < 0.4


def test_mix_adds_and_clips():
    data = b"\x55"
    heard = sent(data, 3, 3, level=3, frame=200)
    for offset in (32767, -32768, 1000):
        modulator = FskModulator(SINE)
        modulator.start(data, 3, 3, "bell202", 3)
        pcm = array("h", [offset] * 200)
        modulator.mix(pcm, 200)
        for x, tone in zip(pcm, heard):
            assert x == max(-32768, min(32767, offset + tone))


def test_starting_again_begins_a_new_message():
    modulator = FskModulator(SINE)
    modulator.start(b"first", 300, 180, "bell202")
    modulator.mix(array("h", [0] * 777), 777)
    modulator.start(b"second", 20, 30, "v23", -20)
    assert play(modulator) == sent(b"second", 20, 30, "v23", -20)


def test_it_is_silent_before_and_after_and_when_stopped():
    modulator = FskModulator(SINE)
    pcm = array("h", [5] * 160)
    modulator.mix(pcm, 160)
    assert list(pcm) == [5] * 160 and not modulator.active
    modulator.start(b"x", 300, 180, "bell202")
    modulator.stop()
    modulator.mix(pcm, 160)
    assert list(pcm) == [5] * 160


def test_an_unknown_standard_is_our_own_mistake():
    try:
        FskModulator(SINE).start(b"", 0, 0, "v21")
    except LocalError as error:
        assert "v21" in str(error)
    else:
        raise AssertionError("accepted")
