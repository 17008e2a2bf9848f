"""What concealment must do (ITU-T G.711 Appendix I, without its delay): a periodic signal goes on as it was,
from 10 ms on it loses 20 % each 10 ms, after 60 ms there is silence, the way back is smooth, none wraps."""

from array import array
from math import pi, sin

from ata.dsp.plc import Plc

NOTHING = [0] * 160


def frames(samples, n=160):
    return [array("h", samples[i : i + n]) for i in range(0, len(samples) - n + 1, n)]


def periodic(period, count, peak=8000):
    """A voiced sound: a fundamental and two harmonics, `period` samples long."""
    scale = 2 * pi / period
    one = [
        int(peak * (0.6 * sin(scale * i) + 0.3 * sin(2 * scale * i + 1) + 0.1 * sin(5 * scale * i + 2)))
        for i in range(period)
    ]
    return (one * (count // period + 1))[:count]


def noise(count, peak, seed=1):
    found = []
    for _ in range(count):
        seed = (seed * 1103515 + 12345) & 0xFFFFFF
        found.append((seed >> 8) % (2 * peak + 1) - peak)
    return found


def heard(plc, signal, lost, n=160):
    """The signal as played, with the frames whose numbers are in `lost` concealed."""
    found = []
    number = 0
    for frame in frames(signal, n):
        if number in lost:
            for i in range(n):
                frame[i] = 12345  # what was in the buffer must not matter
            plc.lost(frame, n)
        else:
            plc.good(frame, n)
        found.extend(frame)
        number += 1
    return found


def test_without_loss_nothing_is_changed():
    signal = noise(1600, 30000)
    assert heard(Plc(), signal, ()) == signal


def test_a_periodic_signal_goes_on_exactly_for_10_ms():
    for period in (20, 33, 40, 41, 55, 79, 80, 81, 100, 119, 120):
        signal = periodic(period, 1600)
        for first in (5, 6, 7):
            played = heard(Plc(), signal, (first,))
            at = first * 160
            assert played[: at + 80] == signal[: at + 80], period


def test_it_gets_weaker_by_a_fifth_each_10_ms_and_is_silent_after_60():
    period = 80
    signal = periodic(period, 3200, 20000)
    played = heard(Plc(), signal, (10, 11, 12, 13, 14))
    for piece in range(6):
        at = 1600 + 80 * piece
        for i in range(80):
            wanted = signal[at + i] * (1 if piece == 0 else 1 - 0.2 * (piece - 1 + (i + 1) / 80))
            assert abs(played[at + i] - wanted) <= 60, (piece, i, played[at + i], wanted)
    assert played[1600 + 480 : 1600 + 800] == [0] * 320


def test_two_and_then_three_periods_are_repeated():
    # four different sounds of 50 samples each, quite alike: which of them is heard shows what is repeated
    signal = []
    for i in range(40):
        signal.extend([value + 300 * (i & 3) for value in periodic(50, 50)])
    played = heard(Plc(), signal[:1600], (8, 9))
    middle = [sum(played[1280 + i : 1330 + i]) // 50 for i in range(0, 240, 50)]
    assert len({value // 100 for value in middle}) > 2, middle


def test_after_an_erasure_only_the_first_10_ms_are_changed_and_the_join_is_smooth():
    signal = periodic(73, 4800)
    for count in range(1, 9):
        lost = [10 + i for i in range(count)]
        played = heard(Plc(), signal, lost)
        back = 1600 + 160 * count
        assert played[back + 80 :] == signal[back + 80 :]
        steps = [abs(played[i + 1] - played[i]) for i in range(1590, back + 90)]
        assert max(steps) <= max([abs(signal[i + 1] - signal[i]) for i in range(200)]) * 3 // 2


def test_after_silence_the_sound_fades_in_over_10_ms():
    signal = [10000] * 4800
    played = heard(Plc(), signal, (10, 11, 12, 13, 14, 15))
    back = 1600 + 160 * 6
    assert played[back] == 0 and played[back + 80] == 10000
    for i in range(80):
        assert 0 <= played[back + i + 1] - played[back + i] <= 300, i


def test_a_single_10_ms_erasure_of_a_periodic_signal_cannot_be_heard():
    signal = periodic(64, 3200)
    assert heard(Plc(), signal, (20,), 80) == signal


def test_before_anything_was_heard_it_is_silent():
    plc = Plc()
    frame = array("h", [77] * 160)
    plc.lost(frame, 160)
    assert list(frame) == NOTHING
    plc = Plc()
    frame = array("h", [1000] * 160)
    plc.good(frame, 160)
    plc.reset()
    plc.lost(frame, 160)
    assert list(frame) == NOTHING


def test_constant_levels_stay_within_themselves():
    for level in (-32768, -32767, -1, 0, 1, 32767):
        played = heard(Plc(), [level] * 2400, (8,))
        low, high = min(level, 0), max(level, 0)
        assert min(played) >= low and max(played) <= high
        assert played[1280:1360] == [level] * 80


def test_the_greatest_signals_do_not_wrap():
    square = ([32767] * 50 + [-32768] * 50) * 24
    played = heard(Plc(), square, (8, 10, 11))
    assert played[1280:1360] == square[1280:1360]
    # noise over the whole range: the step at the join alone can be 65535; what wraps would change its sign
    for seed in range(20):
        signal = noise(1600, 32767, seed)
        plc = Plc()
        played = heard(plc, signal, (7,))
        assert max(played) <= 32767 and min(played) >= -32768
        step = signal[1119] - signal[1119 - plc._lag]
        repeated = signal[1120 - plc._lag]
        assert played[1120] == max(-32768, min(32767, repeated + step))


def lag_of(signal):
    plc = Plc()
    for frame in frames(signal):
        plc.good(frame, 160)
    plc.lost(array("h", [0] * 160), 160)
    return plc._lag


def test_the_search_neither_overflows_nor_divides_by_nothing():
    # the lag is that of arithmetic without limits (CPython), at the extremes of the accumulators
    assert lag_of([-32768] * 800) == 120
    assert lag_of([32767, -32768] * 400) == 120
    assert lag_of([32767, 0] * 400) == 120
    assert lag_of([0, 32767] * 400) == 120
    assert lag_of([0] * 800) == 120
    assert lag_of([0] * 799 + [1]) == 120
    assert lag_of([0] * 700 + [-32768] + [0] * 59 + [-32768] + [0] * 39) == 60
    assert lag_of([32767] * 20 + [-32768] * 21 + ([32767] * 20 + [-32768] * 21) * 18) == 41
    assert lag_of(noise(800, 32767, 3)) == 80


def test_frames_of_10_and_20_ms_give_the_same():
    signal = [a + b for a, b in zip(periodic(87, 3200), noise(3200, 3000))]
    long = heard(Plc(), signal, (4, 9, 10, 11, 15))
    short = heard(Plc(), signal, (8, 9, 18, 19, 20, 21, 22, 23, 30, 31), 80)
    assert long == short


def test_an_erasure_soon_after_another_repeats_what_was_played():
    signal = periodic(100, 3200)
    played = heard(Plc(), signal, (10, 12))
    assert max([abs(a - b) for a, b in zip(played[1920:2000], signal[1920:2000])]) < 100


def test_the_same_samples_on_every_interpreter():
    signal = [a + b for a, b in zip(periodic(57, 16000, 9000), noise(16000, 2500, 7))]
    for i in range(16000):  # louder and quieter, over the 16 bits and down to nothing
        signal[i] = max(-32768, min(32767, signal[i] * 5 >> (i // 1000)))
    lost = [i for i in range(100) if (i * i) % 7 in (2, 3) or 60 < i < 66]
    check = 0
    for value in heard(Plc(), signal, lost):
        check = (check * 31 + (value & 0xFFFF)) % 65521
    assert check == 11309, check
