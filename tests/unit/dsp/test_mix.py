from array import array

from ata.dsp import mix
from ata.dsp.gain import gain


def test_deinterleave_takes_one_port():
    stereo = array("h", [1, -2, 3, -4, 32767, -32768, 9, 9])
    mono = array("h", [7, 7, 7, 7])
    mix.deinterleave(stereo, 0, mono, 3)
    assert list(mono) == [1, 3, 32767, 7]
    mix.deinterleave(stereo, 1, mono, 3)
    assert list(mono) == [-2, -4, -32768, 7]


def test_interleave_leaves_the_other_port_alone():
    stereo = array("h", [0, 1, 2, 3, 4, 5])
    mix.interleave(array("h", [-32768, 32767]), stereo, 1, 2)
    assert list(stereo) == [0, -32768, 2, 32767, 4, 5]
    mix.interleave(array("h", [-1, -2]), stereo, 0, 2)
    assert list(stereo) == [-1, -32768, -2, 32767, 4, 5]


def test_copy_and_clear_touch_n_samples_only():
    pcm = array("h", [1, 2, 3, 4])
    mix.copy(pcm, array("h", [-5, -6, -7]), 2)
    assert list(pcm) == [-5, -6, 3, 4]
    mix.clear(pcm, 3)
    assert list(pcm) == [0, 0, 0, 4]
    mix.clear(pcm, 0)
    mix.copy(pcm, pcm, 0)
    assert list(pcm) == [0, 0, 0, 4]


def test_add_clips_at_both_ends():
    values = [-32768, -32767, -20000, -1, 0, 1, 20000, 32767]
    for a in values:
        dst = array("h", [a] * len(values))
        mix.add(dst, 0, array("h", values), len(values))
        assert list(dst) == [max(-32768, min(32767, a + b)) for b in values]


def test_gain_rounds_and_clips():
    values = [-32768, -32767, -3, -2, -1, 0, 1, 2, 3, 16383, 32767]
    for q12 in (0, 1, 2048, 4095, 4096, 4097, 8192, 32768):
        pcm = array("h", values)
        gain(pcm, 0, len(values), q12)
        assert list(pcm) == [max(-32768, min(32767, (v * q12 + 2048) >> 12)) for v in values]


def test_unity_gain_changes_nothing():
    pcm = array("h", [-32768, -1, 0, 1, 32767])
    gain(pcm, 0, 5, 4096)
    assert list(pcm) == [-32768, -1, 0, 1, 32767]
