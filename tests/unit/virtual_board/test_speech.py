# runs on: cpython
"""The synthetic voice, WAV files, levels, and finding speech in a recording."""

import tempfile
import wave
from pathlib import Path

import numpy as np
from scipy import signal

from host_tools.virtual_board import speech


def wav(width: int, rate: int, channels: int, samples: np.ndarray) -> Path:
    """A WAV file of float samples (−1 … 1), shape (n, channels)."""
    path = Path(tempfile.mkdtemp()) / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        if width == 1:
            data = np.round(samples * 127 + 128).astype(np.uint8).tobytes()
        elif width == 3:
            whole = np.round(samples * 0x7FFFFF).astype("<i4").reshape(-1)
            data = whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
        else:
            data = np.round(samples * (2 ** (8 * width - 1) - 1)).astype(f"<i{width}").tobytes()
        file.writeframes(data)
    return path


def test_the_voice_is_the_same_each_time_and_of_a_telephones_level_and_band():
    for phrase in speech.PHRASES:
        samples = speech.say(phrase)
        speech.say.cache_clear()
        assert np.array_equal(samples, speech.say(phrase))
        loud = samples[np.abs(samples) > 500]
        assert -18 < speech.level_dbm0(loud) < -13, phrase
        assert np.max(np.abs(samples)) < 20000
        frequency, power = signal.welch(samples.astype(float), speech.RATE, nperseg=512)
        outside = power[(frequency < 150) | (frequency > 3700)].sum()
        assert outside < 0.01 * power.sum()


def test_voices_and_phrases_differ():
    assert speech.find(speech.say("hello"), speech.say("answer")).correlation < 0.5
    assert speech.find(speech.say("hello"), speech.say("hello", 196.0, 1.16)).correlation < 0.5


def test_a_file_comes_back_as_it_was_written():
    path = Path(tempfile.mkdtemp()) / "deep/folder/a.wav"
    samples = np.array([0, 1, -1, 32767, -32768], np.int16)
    speech.write_wav(path, samples)
    assert np.array_equal(speech.read_wav(path), samples)


def test_files_of_other_widths_rates_and_channels_become_8_khz_int16():
    for width in (1, 2, 3, 4):
        for rate in (8000, 16000, 44100):
            at = np.arange(rate) / rate
            left = 0.5 * np.sin(2 * np.pi * 440 * at)
            both = np.stack([left, np.zeros_like(left)], axis=1)
            samples = speech.read_wav(wav(width, rate, 2, both))
            assert samples.dtype == np.int16 and len(samples) == 8000, (width, rate)
            middle = samples[1000:7000].astype(float)
            expected = 16384 * np.sin(2 * np.pi * 440 * np.arange(1000, 7000) / 8000)
            assert np.max(np.abs(middle - expected)) < (300 if width == 1 else 40), (width, rate)


def test_what_is_no_sound_file_is_told():
    path = Path(tempfile.mkdtemp()) / "a.wav"
    path.write_bytes(b"no sound at all")
    for name, message in ((path, "not a PCM WAV file"), ("/nonexistent.wav", "no such file")):
        try:
            speech.read_wav(name)
        except speech.WavError as error:
            assert message in str(error) and str(name) in str(error)
        else:
            raise AssertionError


def test_levels_are_in_dbm0():
    sine = 22828 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
    assert abs(speech.level_dbm0(sine)) < 0.01
    assert abs(speech.level_dbm0(sine / 10) + 20) < 0.01
    assert speech.level_dbm0(np.zeros(80)) == -100
    assert speech.level_dbm0(np.zeros(0)) == -100
    levels = speech.levels_dbm0(np.concatenate([sine, np.zeros(800)]))
    assert len(levels) == 55 and abs(levels[0]) < 0.1 and levels[-1] <= -70


def test_speech_is_found_where_it_is_with_its_gain():
    source = speech.say("moment").astype(float)
    for shift in (0, 1, 777):
        heard = np.concatenate([np.zeros(shift), 0.5 * source, np.zeros(300)])
        match = speech.find(source, heard)
        assert match.correlation > 0.9999
        assert round(match.delay * speech.RATE) == shift
        assert abs(match.gain_db + 6.02) < 0.1


def test_noise_lowers_the_correlation_as_it_must():
    source = speech.say("hello").astype(float)
    noise = np.random.default_rng(7).standard_normal(len(source)) * np.sqrt(np.mean(source**2))
    match = speech.find(source, source + noise)  # 0 dB: 1 / √2
    assert abs(match.correlation - 0.707) < 0.03


def test_a_dropped_10_ms_is_seen():
    source = speech.say("hello").astype(float)
    cut = len(source) // 2
    match = speech.find(source, np.concatenate([source[:cut], source[cut + 80 :]]))
    assert match.correlation < 0.9


def test_nothing_is_found_in_silence():
    assert speech.find(speech.say("hello"), np.zeros(1000)).correlation == 0.0
    assert speech.find(speech.say("hello"), np.zeros(0)).correlation == 0.0
