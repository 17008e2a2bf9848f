# runs on: micropython
"""What the echo canceller must do (after ITU-T G.168): 26 dB within a second, no harm to who speaks at the
phone, no divergence, no echo added. (CPython runs its kernels in tests/property/test_echo.py.)"""

from array import array

from ata.dsp.dtmf import BEGAN, DtmfDetector
from ata.dsp.echo import EchoCanceller
from ata.dsp.tones import ToneGenerator, sine_table

FRAME = 160
# Impulse responses in 1/256: a short one and a dispersive one of 50 samples, 9 dB of echo return loss.
SHORT = (0, 0, 0, 0, 70, -45, 25, -10, 5)
SHAPE = (1, 0.4, -0.7, -0.9, 0.1, 0.8, 0.2, -0.5)
LONG = tuple([0] * 6 + [int(45 * (1 - i / 44) ** 2 * SHAPE[i % 8]) for i in range(44)])


class Noise:
    def __init__(self, seed):
        self.seed = seed

    def samples(self, n, peak):
        found = []
        for _ in range(n):
            self.seed = (self.seed * 1109 + 12345) & 0xFFFFF
            found.append(((self.seed >> 5) - 16384) * peak >> 14)
        return found


class Line:
    """A hybrid, and `delay` samples of rings. `hiss` is the peak of the phone's noise."""

    def __init__(self, canceller, path, delay=0):
        self.canceller = canceller
        self.path = path
        self.heard = [0] * (delay + 64)
        self.hiss = Noise(99)

    def frame(self, far, talk=None, hiss=10):
        """20 ms: the echo alone, and what the canceller gives."""
        x = self.heard + list(far)
        taps = [(k, v) for k, v in enumerate(self.path) if v]
        delay = len(self.heard) - 64
        self.heard = x[-(delay + 64) :]
        echo = []
        for i in range(64, 64 + FRAME):
            total = 0
            for k, v in taps:
                total += v * x[i - k]
            echo.append(total >> 8)
        near = self.hiss.samples(FRAME, hiss)
        for i in range(FRAME):
            near[i] += echo[i] + (talk[i] if talk else 0)
        pcm = array("h", near)
        self.canceller.process(pcm, array("h", far), FRAME)
        return echo, pcm


def energy(samples):
    return sum([v * v for v in samples]) + 1


def difference(a, b):
    return [x - y for x, y in zip(a, b)]


def learned(path, frames=50, suppress=False, delay=0, given=0):
    """A canceller after `frames` of noise at −13 dBm0, its line, and the noise."""
    canceller = EchoCanceller(64, given)
    canceller.suppress = suppress
    line = Line(canceller, path, delay)
    far = Noise(1)
    for _ in range(frames):
        line.frame(far.samples(FRAME, 6000))
    return canceller, line, far


def enhancement(line, far, frames=10, peak=6000):
    """Echo energy over what is left of it."""
    before = after = 0
    for _ in range(frames):
        echo, left = line.frame(far.samples(FRAME, peak))
        before += energy(echo)
        after += energy(left)
    return before / after


def test_26_db_within_a_second_without_suppression():
    for path in (SHORT, LONG):
        _, line, far = learned(path)
        assert enhancement(line, far) > 400, path


def test_far_silence_leaves_the_phone_untouched():
    canceller = EchoCanceller(64, 0)
    voice = Noise(3)
    for _ in range(20):
        said = voice.samples(FRAME, 20000)
        pcm = array("h", said)
        canceller.process(pcm, array("h", bytes(2 * FRAME)), FRAME)
        assert list(pcm) == said


def test_in_double_talk_the_phone_is_heard_as_it_speaks_and_nothing_is_forgotten():
    for loud in (1200, 3000, 12000):
        _, line, far = learned(LONG)
        voice = Noise(5)
        said_energy = left_energy = echo_energy = 0
        for _ in range(50):
            said = voice.samples(FRAME, loud)
            echo, heard = line.frame(far.samples(FRAME, 6000), said)
            said_energy += energy(said)
            echo_energy += energy(echo)
            left_energy += energy(difference(heard, said))
        assert echo_energy > 200 * left_energy, (loud, echo_energy / left_energy)
        assert enhancement(line, far, 5) > 400, loud


def test_the_suppressor_leaves_noise_of_the_phones_level_and_no_more():
    _, line, far = learned(SHORT, 5, True)
    for _ in range(40):  # it hears the phone's own noise, peak 100
        line.frame([0] * FRAME, hiss=100)
    for _ in range(50):
        line.frame(far.samples(FRAME, 6000), hiss=100)
    level = energy(Noise(8).samples(10 * FRAME, 100))
    found = 0
    for _ in range(10):
        found += energy(line.frame(far.samples(FRAME, 6000), hiss=100)[1])
    assert level / 2 < found < level * 2, found / level


def test_the_suppressor_lets_speech_of_the_phone_through():
    _, line, far = learned(SHORT, 60, True)
    voice = Noise(5)
    for step in range(20):
        said = voice.samples(FRAME, 1000)
        _, heard = line.frame(far.samples(FRAME, 6000), said)
        if step:  # it is faded in during the first
            assert energy(difference(heard, said)) * 20 < energy(said), step


def test_a_changed_echo_path_is_learned_and_never_makes_it_much_worse():
    _, line, far = learned(SHORT)
    line.path = LONG
    enhancement(line, far, 10)
    assert enhancement(line, far, 5) > 0.7
    enhancement(line, far, 35)
    assert enhancement(line, far) > 400


def test_a_digit_of_the_phone_is_detected_while_the_far_end_is_loud():
    _, line, far = learned(SHORT, 50, True)
    sine = sine_table()
    for code in (0, 5, 11):
        keys = ToneGenerator(sine)
        keys.digit(code, 80)
        detector = DtmfDetector()
        found = []
        for _ in range(8):
            tone = array("h", bytes(2 * FRAME))
            if keys.active:
                keys.mix(tone, FRAME)
            _, heard = line.frame(far.samples(FRAME, 6000), list(tone))
            if detector.process(heard, FRAME) == BEGAN:
                found.append(detector.code)
        assert found == [code], (code, found)


def test_a_tone_from_afar_does_not_spoil_what_was_learned():
    _, line, far = learned(LONG)
    tone = [int(8000 * ((i * 2) % 16 - 8) / 8) for i in range(FRAME)]  # 1000 Hz
    for _ in range(100):
        line.frame(tone)
    assert enhancement(line, far, 5) > 400


def test_full_scale_square_waves_against_each_other_end_in_silence_again():
    canceller, line, far = learned(SHORT, 10)
    for step in range(100):
        square = [32767 if (i // (3 + step % 7)) & 1 else -32768 for i in range(FRAME)]
        line.frame(square, [0] * FRAME)
        pcm = array("h", [-v if v > -32768 else 32767 for v in square])
        canceller.process(pcm, array("h", square), FRAME)
    for _ in range(10):
        _, heard = line.frame([0] * FRAME, hiss=0)
    assert max(heard) <= 1 and min(heard) >= -1
    enhancement(line, far, 60)
    assert enhancement(line, far) > 400


def test_a_given_delay_of_any_length_is_used():
    for delay in (1, 80, 160, 333):
        canceller, line, far = learned(SHORT, 50, False, delay, delay)
        assert canceller.delay == delay
        assert enhancement(line, far) > 400, delay


def test_an_unknown_delay_is_found_and_found_again():
    canceller, line, far = learned(SHORT, 120, False, 240, -1)
    assert canceller.delay == 240
    assert enhancement(line, far) > 400
    line.heard = [0] * (480 + 64)
    for _ in range(300):
        line.frame(far.samples(FRAME, 6000))
    assert canceller.delay == 480
    assert enhancement(line, far) > 400


def test_disabled_it_changes_nothing_and_is_ready_at_once():
    canceller, line, far = learned(SHORT)
    canceller.enabled = False
    heard = line.frame(far.samples(FRAME, 6000))
    assert energy(heard[1]) > energy(heard[0]) / 2
    canceller.enabled = True
    assert enhancement(line, far, 2) > 400


def test_reset_forgets_the_line_but_not_the_delay():
    canceller, line, far = learned(SHORT, 120, False, 160, -1)
    canceller.reset()
    assert canceller.delay == 160
    assert enhancement(line, far, 1) < 30  # it learns as fast as ever
    enhancement(line, far, 40)
    assert enhancement(line, far) > 400


def test_128_taps_reach_16_ms():
    canceller = EchoCanceller(128, 0)
    canceller.suppress = False
    line = Line(canceller, (0,) * 50 + (60, -50) + (0,) * 8 + (30,))
    far = Noise(1)
    for _ in range(80):
        line.frame(far.samples(FRAME, 6000))
    assert enhancement(line, far) > 400
