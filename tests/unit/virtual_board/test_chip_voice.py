# runs on: cpython
"""The chip's voice path: slots on the highway, gains, hybrid, loopbacks, tone generators, DTMF decoder."""

import numpy as np
import pytest
from chip_bench import ChipBench

from host_tools.virtual_board.codec import BLOCK
from host_tools.virtual_board.highway import compress, expand, window
from host_tools.virtual_board.phone import dtmf


def tone(hz: float, dbm0: float, blocks: int = 10) -> np.ndarray:
    return 22828 * 10 ** (dbm0 / 20) * np.sin(2 * np.pi * hz * np.arange(blocks * BLOCK) / 8000)


def dbm0(samples: np.ndarray) -> float:
    return 20 * np.log10(max(float(np.sqrt((samples.astype(float) ** 2).mean())), 1e-3) * 2**0.5 / 22828)


def words(samples: np.ndarray) -> np.ndarray:
    return np.rint(samples).astype(np.int16).view(np.uint16)


def through(bench: ChipBench, down: np.ndarray, up: np.ndarray, lifted: bool = True):
    """Both directions at once: (to the telephone, from the chip); `down` from the highway, `up` spoken."""
    bench.wire.closed = lifted
    to_phone, from_chip = [], []
    for at in range(0, len(down), BLOCK):
        bench.wait(0.01)
        to_phone.append(bench.chip.codec.receive(words(down[at : at + BLOCK])))
        from_chip.append(bench.chip.codec.transmit(up[at : at + BLOCK], lifted).view(np.int16))
    return np.concatenate(to_phone), np.concatenate(from_chip)


def started(part="Si3215"):
    bench = ChipBench(part)
    bench.start()
    bench.wire.closed = True
    bench.wait(0.3)
    return bench


SILENCE = np.zeros(10 * BLOCK)


def test_words_pass_unchanged_with_all_gains_at_zero():
    down, up = tone(1000, -10), tone(700, -15)
    heard, sent = through(started(), down, up)
    assert np.array_equal(heard, np.rint(down))
    echo_and_noise = sent - np.rint(up)
    assert dbm0(echo_and_noise) == pytest.approx(
        -10 - 20, abs=2
    )  # the hybrid lets a tenth of the voltage back


def test_the_echo_is_strong_without_a_telephone_or_without_impedance_synthesis():
    bench = started()
    _, sent = through(bench, tone(1000, -10), SILENCE)
    assert dbm0(sent) == pytest.approx(-30, abs=2)
    _, sent = through(bench, tone(1000, -10), SILENCE, lifted=False)
    assert dbm0(sent) == pytest.approx(-16, abs=2)
    bench.write(10, 0x00)
    _, sent = through(bench, tone(1000, -10), SILENCE)
    assert dbm0(sent) == pytest.approx(-16, abs=2)


def test_the_idle_channel_is_quiet_but_not_dead():
    _, sent = through(started(), SILENCE, SILENCE)
    assert -80 < dbm0(sent) < -70


def test_digital_and_analog_gains():
    bench = started()
    bench.load(RXG=0x2000, TXG=0x7FF0)
    heard, sent = through(bench, tone(1000, -10), tone(700, -20))
    assert dbm0(heard) == pytest.approx(-16, abs=0.1)
    assert dbm0(sent) == pytest.approx(-14, abs=0.3)
    bench.load(RXG=0x4000, TXG=0x4000)
    bench.write(9, 0x06)  # transmit −3.5 dB, receive +3.5 dB
    heard, _ = through(bench, tone(1000, -10), SILENCE)
    _, sent = through(bench, SILENCE, tone(700, -20))
    assert dbm0(heard) == pytest.approx(-6.5, abs=0.1)
    assert dbm0(sent) == pytest.approx(-23.5, abs=0.1)


def test_mutes():
    bench = started()
    bench.write(9, 0x30)
    heard, sent = through(bench, tone(1000, -10), tone(700, -10))
    assert not heard.any() and dbm0(sent) < -60


def test_the_digital_loopback_of_reset_makes_a_chip_parrot():
    """The presence value of register 8 is a loopback: whoever does not clear it hears only himself."""
    bench = started()
    bench.write(8, 0x02)
    down = tone(1000, -10)
    heard, sent = through(bench, down, tone(700, -10))
    assert np.array_equal(sent, np.rint(down)) and not heard.any()


def test_analog_loopbacks_return_the_signal_through_the_converters():
    for mode in (0x01, 0x04):
        bench = started()
        bench.write(8, mode)
        _, sent = through(bench, tone(1000, -10), tone(700, -10))
        assert dbm0(sent - np.rint(tone(1000, -10))) < -60


def test_there_is_no_voice_in_open_ringing_or_reset_state():
    for state in (0, 4):
        bench = started()
        bench.wire.closed = False
        bench.write(64, state)
        bench.wait(0.05)
        heard, sent = through(bench, tone(1000, -10), tone(700, -10), lifted=False)
        assert not heard.any() and not sent.any()
    bench.chip.reset(True)
    assert bench.chip.codec.transmit_start is None


def test_a_break_of_the_loop_feed_cuts_the_voice_in_the_middle_of_a_block():
    bench = started()
    bench.wait(0.005)
    bench.write(64, 0)
    bench.wait(0.005)
    heard = bench.chip.codec.receive(words(np.full(BLOCK, 1000.0)))
    assert 0 < np.count_nonzero(heard) < BLOCK


def test_an_uncalibrated_converter_adds_an_offset():
    bench = started()
    bench.chip.calibration.reset()
    bench.write(9, 0x40)  # and no high-pass to hide it
    _, sent = through(bench, SILENCE, SILENCE)
    assert sent.mean() > 500


def test_pcm_is_off_until_enabled_and_slots_must_lie_in_the_frame():
    bench = ChipBench()
    assert bench.chip.codec.transmit_start is None and bench.chip.codec.receive_start is None
    bench.start()
    assert bench.chip.codec.transmit_start == 33 and bench.chip.codec.receive_start == 33
    bench.write(3, 1)  # TXS = 289, more PCLKs than a frame has
    assert bench.chip.codec.transmit_start is None


def test_a_slot_that_is_off_by_some_bits_shifts_the_word():
    word = np.array([0x1234], np.uint16)
    assert window(word, 33, 33) is word

    def shifted(start, at):
        seen = window(word, start, at)
        return None if seen is None else int(seen[0])

    assert shifted(34, 33) == 0x1234 >> 1
    assert shifted(32, 33) == 0x1234 << 1
    assert shifted(1, 33) is None and shifted(33, 17) is None


def test_companded_modes_use_the_upper_eight_bits():
    samples = np.array([0.0, 1000.0, -1000.0, 32000.0])
    for mode, zero in ((0x20, 0xD5), (0x28, 0xFF)):  # A-law, µ-law
        coded = compress(samples, mode)
        assert coded[0] >> 8 == zero and not (coded & 0xFF).any()
        assert np.allclose(expand(coded, mode)[1:], samples[1:], rtol=0.04)
    assert np.array_equal(expand(compress(samples, 0x3C), 0x3C), samples)
    assert compress(samples, 0x38)[1] == 1000 & 0xFF00  # linear, but with 8-bit slots


def test_the_tone_generators_follow_the_datasheet_rows():
    for part, coefficient, x in (("Si3210", 0x7B31, 0x01FE), ("Si3215", 0x7ECA, 0x00FD)):
        bench = started(part)
        bench.load(OSC1=coefficient, OSC1X=x, OSC1Y=0)
        bench.write(32, 0x06)  # on, to the line
        heard, sent = through(bench, SILENCE, SILENCE)
        spectrum = np.abs(np.fft.rfft(heard))
        assert np.argmax(spectrum) * 10 == 350
        assert float(np.sqrt((heard**2).mean())) / 32767 * 1.11 * 2**0.5 == pytest.approx(0.5, rel=0.02)
        bench.write(32, 0x05)  # on, to the highway
        heard, sent = through(bench, SILENCE, SILENCE)
        assert not heard.any() and dbm0(sent) > -10


def test_tone_timers_gate_the_tone_and_raise_interrupts():
    bench = started()
    bench.load(OSC1=0x7ECA, OSC1X=0x00FD)
    for register, value in ((36, 0x20), (37, 0x03), (38, 0x20), (39, 0x03)):  # 100 ms on, 100 ms off
        bench.write(register, value)
    bench.write(32, 0x1E)
    heard, _ = through(bench, np.zeros(40 * BLOCK), np.zeros(40 * BLOCK))
    loud = [bool(part.any()) for part in heard.reshape(-1, 10 * BLOCK)]
    assert loud == [True, False, True, False]
    assert bench.read(18) & 0x03 == 0x03


def test_the_si3210_decodes_dtmf_and_the_si3215_has_no_decoder():
    for part, expected in (("Si3210", 0x15), ("Si3215", 0x00)):
        bench = started(part)
        bench.write(23, 0x01)
        bench.write(19, 0xFF)
        pair = dtmf("5", 80)
        through(bench, np.zeros(len(pair)), pair)
        assert bench.read(24) == expected
        assert bool(bench.read(20) & 0x01) is bool(expected) and bench.chip.interrupt is bool(expected)
        through(bench, SILENCE, SILENCE)
        assert not bench.read(24) & 0x10


def test_the_dtmf_codes_are_those_of_register_24():
    codes = {"1": 1, "9": 9, "0": 10, "*": 11, "#": 12, "A": 13, "B": 14, "C": 15, "D": 0}
    bench = started("Si3210")
    for digit, code in codes.items():
        pair = dtmf(digit, 80)
        through(bench, np.zeros(len(pair)), pair)
        assert bench.read(24) == 0x10 | code
        through(bench, SILENCE, SILENCE)


def test_the_dtmf_decoder_needs_its_coefficients():
    bench = started("Si3210")
    bench.write_indirect(4, 0x1111)
    pair = dtmf("5", 80)
    through(bench, np.zeros(len(pair)), pair)
    assert bench.read(24) == 0


def test_speech_like_noise_is_no_dtmf():
    bench = started("Si3210")
    noise = np.random.default_rng(0).normal(0, 3000, 100 * BLOCK)
    through(bench, np.zeros(len(noise)), noise)
    assert not bench.read(20) & 0x01
