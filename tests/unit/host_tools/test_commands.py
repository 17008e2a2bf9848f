# runs on: cpython
"""The commands for sound files: any common WAV is taken, what is broken is told in one line with exit code 2,
and what is made can be decoded."""

import json
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile
from scipy.signal import resample_poly
from typer.testing import CliRunner

from ata.region import load
from host_tools.__main__ import app
from host_tools.virtual_board.speech import read_wav
from host_tools.voice.callerid_wav import CallerId, render
from host_tools.voice.wav import Wav
from support.runtimes import micropythons

pytestmark = pytest.mark.skipif(not micropythons(), reason="no MicroPython (make setup)")
KEYPAD = "123A456B789C*0#D"
ROWS = (697, 770, 852, 941)
COLUMNS = (1209, 1336, 1477, 1633)
FULL_SCALE_DBM0 = 3.14


def ata(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def pressed(
    digits: str, rate: int = 8000, on: float = 0.08, off: float = 0.06, level: float = -13
) -> np.ndarray:
    """Floats, full scale ±1: silence of 0.2 s, the digits (each tone of `level` dBm0), silence."""
    parts = [np.zeros(round(0.2 * rate))]
    t = np.arange(round(on * rate)) / rate
    peak = 10 ** ((level - FULL_SCALE_DBM0) / 20)
    for digit in digits:
        place = KEYPAD.index(digit)
        low, high = ROWS[place // 4], COLUMNS[place % 4]
        parts.append(peak * (np.sin(2 * np.pi * low * t) + np.sin(2 * np.pi * high * t)))
        parts.append(np.zeros(round(off * rate)))
    return np.concatenate([*parts, np.zeros(rate // 10)])


def write(path: Path, samples: np.ndarray, rate: int, width: int, channels: int = 1) -> Path:
    """`width` in bytes; every channel is the same."""
    scaled = np.round(samples * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    if width == 1:
        scaled += 128
    data = np.repeat(scaled, channels).astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data)
    return path


def heard(path: Path, *options: str) -> list[dict]:
    result = ata("decode", "dtmf", path, "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def digits(path: Path, *options: str) -> str:
    return "".join(found["digit"] for found in heard(path, *options))


# Decoding


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000])
@pytest.mark.parametrize(("width", "channels"), [(1, 1), (2, 2), (3, 2), (4, 1)])
def test_a_wav_of_any_common_rate_width_and_number_of_channels_is_converted(tmp_path, rate, width, channels):
    path = write(tmp_path / "keys.wav", pressed("15*D", rate), rate, width, channels)
    found = heard(path)
    assert [one["digit"] for one in found] == list("15*D")
    for number, one in enumerate(found):
        assert one.keys() == {"digit", "start_ms", "duration_ms", "level_dbm0"}
        assert abs(one["start_ms"] - 200 - 140 * number) <= 5
        assert abs(one["duration_ms"] - 80) <= 8
        assert abs(one["level_dbm0"] - -10) < 0.5  # two tones of −13 dBm0


@pytest.mark.parametrize(("dtype", "subtype"), [(np.float32, 3), (np.float64, 3)])
def test_floats_are_read_and_what_is_not_a_number_is_silence(tmp_path, dtype, subtype):
    samples = pressed("42", 44100).astype(dtype)
    samples[:10] = np.nan
    wavfile.write(tmp_path / "keys.wav", 44100, samples)
    assert digits(tmp_path / "keys.wav") == "42"
    assert struct.unpack("<H", (tmp_path / "keys.wav").read_bytes()[20:22]) == (subtype,)


@pytest.mark.parametrize(("law", "payload_type"), [(6, 8), (7, 0)])
def test_companded_files_hold_what_g711_says(tmp_path, law, payload_type):
    codes = bytes(range(256))
    path = tmp_path / "codes.wav"
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, law, 1, 8000, 8000, 1, 8)
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + head + struct.pack("<4sI", b"data", 256) + codes)
    from ata.dsp.g711 import G711

    expected = np.zeros(256, np.int16)
    G711(payload_type).decode(codes, 0, expected, 256)
    assert (Wav(path).samples() == expected).all()


def test_extensible_headers_odd_chunks_and_unknown_lengths_are_read(tmp_path):
    pcm = np.round(pressed("7") * 32767).astype("<i2").tobytes()
    description = struct.pack("<HHIIHHHHIH14s", 0xFFFE, 1, 8000, 16000, 2, 16, 22, 16, 4, 1, b"\0" * 14)
    path = tmp_path / "keys.wav"
    path.write_bytes(
        b"RIFF\xff\xff\xff\xffWAVE" + struct.pack("<4sI", b"LIST", 3) + b"abc\0"
        + struct.pack("<4sI", b"fmt ", len(description)) + description
        + struct.pack("<4sI", b"data", 0xFFFFFFFF) + pcm
    )  # fmt: skip
    assert digits(path) == "7"


def test_a_channel_can_be_chosen(tmp_path):
    left, right = pressed("12"), pressed("89")
    wavfile.write(tmp_path / "two.wav", 8000, np.column_stack([left, right]).astype(np.float32))
    assert digits(tmp_path / "two.wav", "--channel", "1") == "12"
    assert digits(tmp_path / "two.wav", "--channel", "2") == "89"
    result = ata("decode", "dtmf", tmp_path / "two.wav", "--channel", "3")
    assert result.exit_code == 2 and "it has 2 channels, not 3" in result.stderr


def test_a_long_file_is_the_same_in_blocks_as_at_once(tmp_path):
    rng = np.random.default_rng(1)
    samples = rng.integers(-20000, 20000, 25 * 11025 + 17).astype(np.int16)
    wavfile.write(tmp_path / "long.wav", 11025, samples)
    at_once = resample_poly(samples.astype(float), 320, 441)
    in_blocks = Wav(tmp_path / "long.wav").samples()
    assert len(in_blocks) == len(at_once)
    assert np.abs(in_blocks - np.clip(at_once, -32768, 32767)).max() <= 1


def test_a_digit_that_the_file_cuts_ends_with_it(tmp_path):
    samples = pressed("5", on=0.1)[: round(0.26 * 8000)]
    (found,) = heard(write(tmp_path / "cut.wav", samples, 8000, 2))
    assert abs(found["start_ms"] + found["duration_ms"] - 260) <= 5


def test_people_get_a_table_and_the_digits(tmp_path):
    result = ata("decode", "dtmf", write(tmp_path / "keys.wav", pressed("12#"), 8000, 2))
    assert result.exit_code == 0 and result.stdout.splitlines()[-1] == "12#"
    assert "0.34" in result.stdout and "-10.0" in result.stdout


def test_no_digit_is_no_error(tmp_path):
    path = write(tmp_path / "quiet.wav", np.zeros(16000), 8000, 2)
    assert heard(path) == []
    result = ata("decode", "dtmf", path)
    assert result.exit_code == 0 and "no DTMF digit in" in result.stdout and "2.0 s" in result.stdout


def broken(path: Path) -> dict[str, bytes]:
    good = write(path / "good.wav", pressed("5"), 8000, 2).read_bytes()
    adpcm = good[:20] + struct.pack("<H", 2) + good[22:]
    return {
        "the file is empty": b"",
        "not a WAV file": b"ID3\x03 this is an MP3",
        "not a WAV file: it begins with b'RI'": b"RI",
        "no fmt chunk": good[:12],
        "no data chunk": good[:36],
        "samples without a description": good[:12] + good[36:],
        "there is no sound in it": good[:40] + bytes(4),
        "cut off": good[:-1000],
        "not read here: format 2": adpcm,
        "0 channels": good[:22] + bytes(2) + good[24:],
        "3 Hz": good[:24] + struct.pack("<I", 3) + good[28:],
        "a description of 4 bytes": good[:16] + struct.pack("<I", 4) + good[20:24] + good[36:],
    }


def test_a_broken_file_is_told_in_one_line_with_its_name_and_exit_code_2(tmp_path):
    for what, data in broken(tmp_path).items():
        path = tmp_path / "sound.wav"
        path.write_bytes(data)
        result = ata("decode", "dtmf", path, "--json")
        assert (result.exit_code, result.stdout) == (2, ""), what
        assert result.stderr.startswith(f"{path}: ") and what in result.stderr, (what, result.stderr)
        assert result.stderr.count("\n") == 1


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    for path, what in ((tmp_path / "none.wav", "No such file"), (tmp_path, "Is a directory")):
        result = ata("decode", "dtmf", path)
        assert result.exit_code == 2 and f"{path}: {what}" in result.stderr


# Making


def test_what_make_dtmf_makes_is_decoded(tmp_path):
    out = tmp_path / "keys.wav"
    assert ata("make", "dtmf", "555-12 34*#abcd", out, "--on", "50", "--off", "45").exit_code == 0
    found = heard(out)
    assert "".join(one["digit"] for one in found) == "5551234*#ABCD"
    assert all(abs(one["start_ms"] - 95 * number) <= 5 for number, one in enumerate(found))
    with wave.open(str(out)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        assert file.getnframes() == 13 * 95 * 8


@pytest.mark.parametrize(("region", "tone"), [("us", "busy"), ("de", "dial"), ("uk", "ringback")])
def test_make_tone_has_the_frequencies_of_the_country(tmp_path, region, tone):
    out = tmp_path / "tone.wav"
    assert ata("make", "tone", tone, out, "--region", region, "--seconds", "2").exit_code == 0
    samples = read_wav(out).astype(float)
    assert len(samples) == 16000
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(16000)))
    loudest = {
        round(k / 2) for k in range(2, len(spectrum) - 2)
        if spectrum[k] == max(spectrum[k - 2 : k + 3]) and spectrum[k] > spectrum.max() / 2
    }  # fmt: skip
    script = load(region)["tones"][tone].split(";")[0]
    assert loudest == {int(sine.split("@")[0]) for sine in script.split("+")}


def test_make_tone_takes_a_script(tmp_path):
    out = tmp_path / "tone.wav"
    assert ata("make", "tone", "1000@-10;.1/.1", out, "--seconds", "0.3").exit_code == 0
    samples = read_wav(out)
    assert abs(samples[:800]).max() > 7000 and not samples[800:1600].any() and samples[1702]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], CallerId("ring bell202", number="6095551212", name="Ann", name_max=15)),
        (["--standard", "etsi"], CallerId("ring v23", number="6095551212", name="Ann")),
        (["--region", "uk"], CallerId("reverse v23", number="6095551212", name="Ann")),
        (["--private"], CallerId("ring bell202", number="P", name="Ann")),
        (["--sdmf"], CallerId("ring bell202", "number", "6095551212")),
        (["--waiting", "--region", "de"], CallerId("talking v23", number="6095551212", name="Ann")),
        (["--level", "-20"], CallerId("ring bell202", number="6095551212", name="Ann", level=-20)),
    ],
)
def test_make_callerid_is_what_the_firmware_sends(tmp_path, options, expected):
    out = tmp_path / "cid.wav"
    fixed = ["--number", "6095551212", "--name", "Ann", "--when", "09-30 12:24"]
    result = ata("make", "callerid", out, *fixed, *options)
    assert result.exit_code == 0, result.output
    expected.when = (9, 30, 12, 24)
    render([expected])
    assert read_wav(out).astype("<i2").tobytes() == expected.pcm


def test_make_callerid_in_dtmf_countries(tmp_path):
    out = tmp_path / "cid.wav"
    for region, options, expected in (
        ("nl", ["--number", "0201234567"], "D0201234567C"),
        ("nl", ["--private"], "D0000000000C"),
    ):
        assert ata("make", "callerid", out, "--region", region, *options).exit_code == 0
        assert digits(out) == expected


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["tone", "bussy", "OUT"], "tone = bussy: one of busy, call_waiting"),
        (["tone", "busy", "OUT", "--region", "xx"], "region = xx: one of ae, ar"),
        (["tone", "350@-13;1", "OUT"], "a tone section is"),
        (["tone", "busy", "OUT", "--seconds", "0"], "0.01"),
        (["dtmf", "12x", "OUT"], "digits = '12x': 0-9"),
        (["dtmf", "--", " ", "OUT"], "0-9 * # A-D are wanted"),
        (["dtmf", "1", "/dev/null/OUT"], "/dev/null"),
        (["callerid", "OUT", "--standard", "ntt"], "standard = 'ntt': bellcore or etsi"),
        (["callerid", "OUT", "--standard", "sin227"], "bellcore or etsi"),
        (["callerid", "OUT", "--region", "xx"], "region = 'xx': one of ae"),
        (["callerid", "OUT", "--region", "jp"], "no caller ID"),
        (["callerid", "OUT", "--number", "anna"], "there is no digit in it"),
        (["callerid", "OUT", "--when", "13-01 00:00"], "MM-DD HH:MM"),
        (["callerid", "OUT", "--sdmf", "--standard", "etsi"], "short form"),
        (["callerid", "OUT", "--waiting", "--region", "nl"], "none in a call"),
    ],
)
def test_what_cannot_be_made_is_told_with_exit_code_2(tmp_path, arguments, what):
    out = tmp_path / "out.wav"
    result = ata("make", *[str(out) if argument == "OUT" else argument for argument in arguments])
    assert result.exit_code == 2, result.output
    assert what in result.stderr
    assert not out.exists()


def test_countries_shows_all_of_them():
    result = ata("countries")
    assert result.exit_code == 0
    assert "New Zealand" in result.stdout and "…" not in result.stdout and "68 regions" in result.stdout
