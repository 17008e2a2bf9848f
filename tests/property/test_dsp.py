"""The signal kernels against references written from the Recommendations, in NumPy."""

import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ata.dsp import level, mix
from ata.dsp.dtmf import BEGAN, ENDED, DtmfDetector
from ata.dsp.g711 import G711, PCMA, PCMU
from ata.dsp.gain import gain
from ata.dsp.tone_script import compile_tone
from ata.dsp.tones import ToneGenerator
from support.runtimes import micropythons

PEAK_0_DBM0 = 22828
DIGITS = "0123456789*#ABCD"
ROWS = (697, 770, 852, 941)
COLUMNS = (1209, 1336, 1477, 1633)
KEYPAD = "123A456B789C*0#D"

# --- G.711: the tables of the Recommendation as (number of intervals, interval size), in the normalized
# --- values of the tables (peak 4096 for A-law, 8159 for µ-law). Table 1a, then table 2a.
A_LAW_SEGMENTS = [(32, 2), (16, 4), (16, 8), (16, 16), (16, 32), (16, 64), (16, 128)]
MU_LAW_SEGMENTS = [(1, 1), (15, 2), (16, 4), (16, 8), (16, 16), (16, 32), (16, 64), (16, 128), (16, 256)]


def decision_values(segments):
    sizes = [size for count, size in segments for _ in range(count)]
    return np.concatenate([[0], np.cumsum(sizes)])


def reference_code(payload_type, positive, number):
    """The character signal of interval `number` (0 is nearest to zero), tables 1a/1b and 2a/2b."""
    if payload_type == PCMA:
        return ((0x80 if positive else 0) + number) ^ 0x55  # note 2: even bits inverted
    return (255 if positive else 127) - number


LAWS = [(PCMA, A_LAW_SEGMENTS, 8), (PCMU, MU_LAW_SEGMENTS, 4)]  # 16-bit steps per normalized unit


@pytest.mark.parametrize(("payload_type", "segments", "scale"), LAWS)
def test_g711_encoding_agrees_with_the_decision_values(payload_type, segments, scale):
    decisions = decision_values(segments) * scale
    assert decisions[-1] == (32768 if payload_type == PCMA else 8159 * 4)
    assert len(decisions) == 129
    samples = np.arange(-32768, 32768).astype(np.int16)
    out = bytearray(65536)
    G711(payload_type).encode(samples, out, 0, 65536)
    for sample, code in zip(samples.tolist(), out):
        positive = sample >= 0
        # A value on a decision level may go either way for the Recommendation; which way is fixed by G.191:
        # downwards for positive samples' intervals [x, y), upwards for negative ones' (as one's complement).
        magnitude = sample if positive else -sample - 1
        number = min(int(np.searchsorted(decisions, magnitude, side="right")) - 1, 127)
        assert code == reference_code(payload_type, positive, number), sample


@pytest.mark.parametrize(("payload_type", "segments", "scale"), LAWS)
def test_g711_decoding_gives_the_quantized_values(payload_type, segments, scale):
    """y = (x[n] + x[n+1]) / 2, tables 1 and 2; in µ-law the first is 0."""
    decisions = decision_values(segments) * scale
    values = (decisions[:-1] + decisions[1:]) // 2
    if payload_type == PCMU:
        values[0] = 0
    pcm = np.zeros(256, np.int16)
    G711(payload_type).decode(bytes(range(256)), 0, pcm, 256)
    for number in range(128):
        assert pcm[reference_code(payload_type, True, number)] == values[number]
        assert pcm[reference_code(payload_type, False, number)] == -values[number]


# --- mix and level

samples16 = st.lists(st.integers(-32768, 32767), min_size=1, max_size=50)


@given(samples16, samples16, st.integers(0, 32768))
def test_mix_is_saturating_arithmetic(a, b, q12):
    n = min(len(a), len(b))
    x, y = np.array(a[:n], np.int16), np.array(b[:n], np.int16)
    total = x.copy()
    mix.add(total, 0, y, n)
    assert (total == np.clip(x.astype(int) + y, -32768, 32767)).all()
    scaled = x.copy()
    gain(scaled, 0, n, q12)
    assert (scaled == np.clip((x.astype(int) * q12 + 2048) // 4096, -32768, 32767)).all()


@given(samples16, samples16)
def test_interleaving_and_back(a, b):
    n = min(len(a), len(b))
    stereo, left, right = np.zeros(2 * n, np.int16), np.zeros(n, np.int16), np.zeros(n, np.int16)
    mix.interleave(np.array(a[:n], np.int16), stereo, 0, n)
    mix.interleave(np.array(b[:n], np.int16), stereo, 1, n)
    mix.deinterleave(stereo, 0, left, n)
    mix.deinterleave(stereo, 1, right, n)
    assert left.tolist() == a[:n] and right.tolist() == b[:n]


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=480))
def test_level_is_within_a_tenth_of_a_db(pcm):
    power = np.mean(np.square(np.array(pcm, float)))
    measured = level.level_dbm0(np.array(pcm, np.int16), len(pcm))
    if power == 0:
        assert measured == -1270
    else:
        assert abs(measured - 100 * np.log10(power / (PEAK_0_DBM0**2 / 2))) <= 1


# --- tones


@pytest.mark.parametrize(
    "text", ["350@-13+440@-13;0/0", "425@-10;0/0", "480@-24+620@-24;0/0", "1400@-9+2060@-3;0/0"]
)
def test_tones_are_pure_exact_and_as_loud_as_asked(text):
    generator = ToneGenerator()
    generator.start(compile_tone(text))
    pcm = np.zeros(16000, np.int16)
    for i in range(0, 16000, 160):
        generator.mix(pcm[i : i + 160], 160)
    wanted = [tuple(map(float, tone.split("@"))) for tone in text.split(";")[0].split("+")]
    t = np.arange(16000) / 8000
    basis = []
    for hz, dbm0 in wanted:
        turned = pcm * np.exp(-2j * np.pi * hz * t)
        window = np.hanning(16000)
        amplitude = abs((turned * window).sum()) * 2 / window.sum()
        assert abs(20 * np.log10(amplitude / PEAK_0_DBM0) - dbm0) < 0.1
        advance = np.angle(turned[8000:].sum() / turned[:8000].sum())  # in one second
        assert abs(advance / (2 * np.pi)) < 0.0005 * hz
        basis += [np.cos(2 * np.pi * hz * t), np.sin(2 * np.pi * hz * t)]
    fit, *_ = np.linalg.lstsq(np.array(basis).T, pcm.astype(float), rcond=None)
    rest = pcm - np.array(basis).T @ fit
    assert 10 * np.log10(np.mean(rest**2) / np.mean(pcm.astype(float) ** 2)) < -42


# --- DTMF: ITU-T Q.24 and the acceptance figures


class Line:
    """Digits one after another with random phases and pauses, and what may be on the line with them."""

    def __init__(self, seed, on_ms=40, off_ms=40, low=-10.0, high=-10.0, low_error=0.0, high_error=0.0):
        rng = np.random.default_rng(seed)
        parts = [np.zeros(4000)]
        for place in (KEYPAD.index(digit) for digit in DIGITS):
            t = np.arange(round(on_ms * 8)) / 8000
            phases = rng.uniform(0, 2 * np.pi, 2)
            row = ROWS[place // 4] * (1 + low_error / 100)
            column = COLUMNS[place % 4] * (1 + high_error / 100)
            parts.append(
                PEAK_0_DBM0
                * (
                    10 ** (low / 20) * np.sin(2 * np.pi * row * t + phases[0])
                    + 10 ** (high / 20) * np.sin(2 * np.pi * column * t + phases[1])
                )
            )
            parts.append(np.zeros(round((off_ms + rng.uniform(0, 5)) * 8)))
        parts.append(np.zeros(800))
        self.pcm = np.concatenate(parts)
        self.rng = rng

    def noise(self, dbm0):
        self.pcm += self.rng.normal(size=len(self.pcm)) * PEAK_0_DBM0 / np.sqrt(2) * 10 ** (dbm0 / 20)
        return self

    def tone(self, *pairs):
        t = np.arange(len(self.pcm)) / 8000
        for hz, dbm0 in pairs:
            self.pcm += PEAK_0_DBM0 * 10 ** (dbm0 / 20) * np.sin(2 * np.pi * hz * t)
        return self

    def digits(self):
        pcm = np.clip(np.round(self.pcm), -32768, 32767).astype(np.int16)
        detector = DtmfDetector()
        found = ""
        for i in range(0, len(pcm), 160):
            frame = pcm[i : i + 160]
            if detector.process(frame, len(frame)) == BEGAN:
                found += DIGITS[detector.code]
        return found


@pytest.mark.parametrize("low_error", [-1.5, 1.5])
@pytest.mark.parametrize("high_error", [-1.5, 1.5])
@pytest.mark.parametrize(("low", "high"), [(0, 0), (-25, -25), (-36, -36), (-12, -8), (-8, -16)])
def test_dtmf_accepts_1_5_percent_at_every_level_and_twist(low, high, low_error, high_error):
    assert Line(1, 40, 40, low, high, low_error, high_error).digits() == DIGITS


@pytest.mark.parametrize("error", [-5.0, -3.5, 3.5, 5.0])
@pytest.mark.parametrize("noise", [None, -22])
def test_dtmf_rejects_3_5_percent_of_either_frequency(error, noise):
    for errors in ((error, 0.0), (0.0, error)):
        line = Line(2, 100, 40, -10, -10, *errors)
        assert (line if noise is None else line.noise(noise)).digits() == ""


@pytest.mark.parametrize("seed", range(4))
def test_dtmf_times(seed):
    assert Line(seed, 23, 40).digits() == ""
    assert Line(seed, 40, 40).digits() == DIGITS


@pytest.mark.parametrize("seed", range(4))
def test_dtmf_in_noise(seed):
    # two tones of −13 dBm0 are −10 dBm0; 12 and 15 dB signal to noise
    assert Line(seed, 40, 40, -13, -13).noise(-22).digits() == DIGITS
    assert Line(seed, 40, 40, -13, -13, 1.5, -1.5).noise(-25).digits() == DIGITS
    assert Line(seed, 23, 40, -13, -13).noise(-22).digits() == ""


@pytest.mark.parametrize("dial", [((350, -10), (440, -10)), ((350, -19), (440, -19)), ((425, -8),)])
def test_dtmf_with_dial_tone(dial):
    assert Line(7, 40, 40, -10, -10).tone(*dial).digits() == DIGITS
    assert Line(8, 40, 40, -10, -10, 1.5, -1.5).tone(*dial).digits() == DIGITS
    assert Line(9, 23, 40, -10, -10).tone(*dial).digits() == ""


@pytest.mark.parametrize("payload_type", [PCMU, PCMA])
def test_dtmf_after_g711(payload_type):
    line = Line(10, 40, 40, -25, -25, -1.5, 1.5)
    pcm = np.round(line.pcm).astype(np.int16)
    codes = bytearray(len(pcm))
    codec = G711(payload_type)
    codec.encode(pcm, codes, 0, len(pcm))
    codec.decode(codes, 0, pcm, len(pcm))
    line.pcm = pcm.astype(float)
    assert line.digits() == DIGITS


def test_dtmf_is_deaf_to_noise_music_like_chords_and_pulses():
    rng = np.random.default_rng(11)
    t = np.arange(5 * 8000) / 8000
    line = Line(11)
    chords = np.zeros(len(t))
    for start in range(0, len(t), 1600):
        for hz in rng.uniform(200, 2000, 4):
            chords[start : start + 1600] += 3000 * np.sin(2 * np.pi * hz * t[:1600])
    for pcm in (rng.normal(size=len(t)) * 6000, chords, 20000 * (np.arange(len(t)) % 73 == 0)):
        line.pcm = pcm.astype(float)
        assert line.digits() == ""


SPEECH = Path("/usr/share/asterisk/sounds")  # Debian asterisk-core-sounds-en-wav: 26 minutes of one voice
LISTEN = """
import sys
from array import array
from ata.dsp.dtmf import DtmfDetector
detector, pcm, at = DtmfDetector(), array("h", bytes(320)), 0
while sys.stdin.buffer.readinto(pcm):
    at += 20
    event = detector.process(pcm, 160)
    if event:
        print(at, event, detector.code)
"""


@pytest.mark.skipif(not SPEECH.exists(), reason="Debian asterisk-core-sounds-en-wav is not installed")
@pytest.mark.parametrize("stretch", [1.0, 0.8, 1.25])
def test_dtmf_talk_off(stretch):
    """No digit in recorded speech, nor in that speech played slower and faster; then one that is there."""
    parts = []
    for path in sorted(SPEECH.rglob("*.wav")):
        with wave.open(str(path)) as file:
            assert file.getframerate() == 8000 and file.getnchannels() == 1
            parts.append(np.frombuffer(file.readframes(file.getnframes()), "<i2"))
    speech = np.concatenate(parts)
    speech = np.interp(np.arange(0, len(speech) - 1, stretch), np.arange(len(speech)), speech)
    speech = np.concatenate([speech, np.zeros(160 - len(speech) % 160), Line(12).pcm[4000:4640]])
    runtimes = micropythons()
    done = subprocess.run(
        [runtimes.get("mp32", runtimes["mp64"]), "-c", LISTEN],
        input=np.round(speech).astype("<i2").tobytes(),
        capture_output=True,
        env={"MICROPYPATH": str(Path(__file__).parents[2] / "firmware")},
        timeout=60,
        check=False,
    )
    assert done.stderr == b""
    heard = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert [(event, code) for _, event, code in heard] == [(BEGAN, 0), (ENDED, 0)], heard
    assert heard[0][0] > len(speech) / 8 - 80
