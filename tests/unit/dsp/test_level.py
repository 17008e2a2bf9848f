import math
from array import array

from ata.dsp import level

PEAK_0_DBM0 = 22828


def power_in_tenths(pcm):
    mean = sum([x * x for x in pcm]) / len(pcm)
    return 100 * math.log10(mean / (PEAK_0_DBM0 * PEAK_0_DBM0 / 2))


def sine(level_dbm0, n=160):
    peak = PEAK_0_DBM0 * 10 ** (level_dbm0 / 20)
    return array("h", [round(peak * math.sin(2 * math.pi * 1000 * i / 8000 + 0.3)) for i in range(n)])


def test_a_sine_of_0_dbm0_is_0():
    assert level.level_dbm0(sine(0), 160) == 0


def test_levels_of_sines():
    for dbm0 in (3, -1, -10, -13, -36, -50, -60):
        pcm = sine(dbm0)
        assert abs(level.level_dbm0(pcm, 160) - power_in_tenths(pcm)) <= 1
        assert abs(level.level_dbm0(pcm, 160) - 10 * dbm0) <= 3


def test_extremes():
    for value, n in ((-32768, 160), (-32768, 480), (32767, 1), (1, 160), (-1, 1), (128, 4)):
        pcm = array("h", [value] * n)
        assert abs(level.level_dbm0(pcm, n) - power_in_tenths(pcm)) <= 1, (value, n)
    one = array("h", [0] * 480)
    one[479] = 1
    assert abs(level.level_dbm0(one, 480) - power_in_tenths(one)) <= 1


def test_zeros_are_minus_127_dbm0():
    assert level.level_dbm0(array("h", [0] * 160), 160) == -1270


def test_only_n_samples_count():
    pcm = array("h", [100] * 80 + [30000] * 80)
    assert level.level_dbm0(pcm, 80) == level.level_dbm0(array("h", [100] * 80), 80)
    assert level.peak(pcm, 80) == 100


def test_peak():
    assert level.peak(array("h", [0, 0, 0]), 3) == 0
    assert level.peak(array("h", [3, -7, 5]), 3) == 7
    assert level.peak(array("h", [0, -32768, 32767]), 3) == 32768
    assert level.peak(array("h", [0, -32767, 32767]), 3) == 32767
