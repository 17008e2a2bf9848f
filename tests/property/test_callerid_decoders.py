"""Caller ID as the firmware sends it, decoded by software that knows nothing of us (minimodem, spandsp), and
its frequencies, lengths and levels, measured in NumPy.

The decoders are Debian packages, minimodem and libspandsp2; without one its tests are left out.
"""

import ctypes
import ctypes.util
import shutil
import subprocess
import unicodedata
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import hilbert, resample

from ata.line import callerid
from host_tools.voice.callerid_wav import RATE, CallerId, callerid_wav, render
from support.runtimes import micropythons

PEAK_0_DBM0 = 22828
LEVELS = (-10, -13.5, -19, -25, -28)  # dBm0
NOISES = (None, 30, 20)  # dB of signal over white noise, both over the whole 4 kHz
SEED = 1
FREQUENCIES = {"bell202": (1200, 2200), "v23": (1300, 2100)}  # mark, space: GR-30; ITU-T V.23
CLASS, CLIP, CLIP_DTMF = 1, 2, 5  # spandsp's standards: Bell 202, V.23, DTMF

CASES = [  # method, kind, seizure and mark bits that the standards want
    ("ring bell202", "call", 300, (155, 205)),  # GR-30
    ("ring bell202", "number", 300, (155, 205)),
    ("quiet bell202", "lamp", 300, (155, 205)),
    ("quiet bell202", "number lamp", 300, (155, 205)),
    ("talking bell202", "call", 0, (55, 105)),  # SR-3004
    ("ring v23", "call", 300, (155, 205)),  # EN 300 659-1
    ("alert v23", "call", 300, (155, 205)),
    ("pulse v23", "call", 300, (155, 205)),
    ("quiet v23", "lamp", 300, (155, 205)),
    ("talking v23", "call", 0, (55, 105)),  # EN 300 659-2
    ("reverse v23", "call", 300, (55, 90)),  # SIN 227
]
pytestmark = pytest.mark.skipif(not micropythons(), reason="no MicroPython (make setup)")
needs_minimodem = pytest.mark.skipif(not shutil.which("minimodem"), reason="minimodem is not installed")
_LIBRARY = ctypes.util.find_library("spandsp")
needs_spandsp = pytest.mark.skipif(not _LIBRARY, reason="libspandsp2 is not installed")


@pytest.fixture(scope="module")
def sent() -> dict[tuple, CallerId]:
    """(method, kind, level) → what the firmware made of it."""
    found = {
        (method, kind, level): CallerId(
            method, kind, "6095551212", "Zoë Example-Ångström", (9, 30, 12, 24), level=level
        )
        for method, kind, _seizure, _mark in CASES
        for level in LEVELS
    }
    render(list(found.values()))
    return found


def message(one: CallerId) -> bytes:
    return bytes.fromhex(next(output[1] for _ms, output in one.steps if output[0] == "fsk"))


def fsk_at(one: CallerId) -> int:
    """The first sample of the FSK."""
    return next(ms for ms, output in one.steps if output[0] == "fsk") * RATE // 1000


def samples(one: CallerId) -> np.ndarray:
    return np.frombuffer(one.pcm, "<i2").astype(float)


def on_the_line(one: CallerId, noise: float | None) -> np.ndarray:
    """int16, with silence around and with noise throughout."""
    signal = np.concatenate([np.zeros(800), samples(one), np.zeros(1600)])
    if noise is not None:
        power = (PEAK_0_DBM0 * 10 ** ((one.level - noise) / 20)) ** 2 / 2
        signal += np.random.default_rng(SEED).normal(0, power**0.5, len(signal))
    return np.clip(np.rint(signal), -32768, 32767).astype("<i2")


def spandsp(pcm: np.ndarray, standard: int) -> list[bytes]:
    """The messages that spandsp's ADSI receiver finds, their checksums verified and taken off."""
    library = ctypes.CDLL(_LIBRARY)
    put_message = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint8), ctypes.c_int)
    library.adsi_rx_init.restype = ctypes.c_void_p
    library.adsi_rx_init.argtypes = [ctypes.c_void_p, ctypes.c_int, put_message, ctypes.c_void_p]
    library.adsi_rx.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    library.adsi_rx_free.argtypes = [ctypes.c_void_p]
    found: list[bytes] = []
    callback = put_message(lambda _user, data, length: found.append(bytes(data[:length])))
    receiver = library.adsi_rx_init(None, standard, callback, None)
    assert receiver
    try:
        for start in range(0, len(pcm), 160):
            frame = np.ascontiguousarray(pcm[start : start + 160])
            library.adsi_rx(receiver, frame.ctypes.data, len(frame))
    finally:
        library.adsi_rx_free(receiver)
    return found


def minimodem(pcm: np.ndarray, standard: str, mode: str, folder: Path) -> bytes:
    """What minimodem prints: mode "1200" the received bytes, "callerid" the decoded message."""
    path = folder / "line.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm.tobytes())
    mark, space = FREQUENCIES[standard]
    command = ["minimodem", "--rx", "--quiet", "-M", str(mark), "-S", str(space), "-f", str(path), mode]
    return subprocess.run(command, capture_output=True, check=False, timeout=20).stdout


# Decoders


@needs_spandsp
@pytest.mark.parametrize(("method", "kind"), [case[:2] for case in CASES])
def test_spandsp_decodes_it_at_every_level_and_noise(sent, method, kind):
    failed = []
    for level in LEVELS:
        one = sent[method, kind, level]
        for noise in NOISES:
            # A steady 1200 Hz wakes spandsp's carrier detector only from −26.5 dBm0 on, and off-hook no
            # seizure comes before the data: it then misses their beginning now and then.
            if method == "talking bell202" and level < -27:
                continue
            standard = CLASS if method.endswith("bell202") else CLIP
            if spandsp(on_the_line(one, noise), standard) != [message(one)[:-1]]:
                failed.append((level, noise))
    assert not failed


@needs_minimodem
@pytest.mark.parametrize(("method", "kind"), [case[:2] for case in CASES])
def test_minimodem_receives_it_at_every_level_and_noise(sent, method, kind, tmp_path):
    failed = []
    for level in LEVELS:
        one = sent[method, kind, level]
        for noise in NOISES:
            received = minimodem(on_the_line(one, noise), method.split()[1], "1200", tmp_path)
            if message(one) not in received:
                failed.append((level, noise))
    assert not failed


@needs_minimodem
@pytest.mark.parametrize("method", ["ring bell202", "ring v23", "reverse v23"])
def test_minimodem_reads_the_call(sent, method, tmp_path):
    for level in LEVELS:
        pcm = on_the_line(sent[method, "call", level], 20)
        text = minimodem(pcm, method.split()[1], "callerid", tmp_path).decode()
        assert "Time:  09/30 12:24" in text
        assert "Phone: 609-555-1212" in text
        assert "Name:  Zoe Example-Angstroem" in text


@needs_spandsp
@pytest.mark.parametrize("number", ["0123456789*#", "P", "O"])
@pytest.mark.parametrize("method", ["quiet dtmf", "reverse_only dtmf"])
def test_spandsp_decodes_dtmf(method, number):
    one = CallerId(method, number=number, level=-6)
    render([one])
    # '#' ends a message for spandsp.
    expected = callerid.dtmf(number).replace("#", "#\n").split("\n")
    for noise in NOISES:
        assert spandsp(on_the_line(one, noise), CLIP_DTMF) == [part.encode() for part in expected]


# What is on the line, measured


def phase_of(pcm: np.ndarray) -> np.ndarray:
    analytic: Any = hilbert(pcm)
    return np.unwrap(np.angle(analytic))


def frequency(pcm: np.ndarray) -> float:
    """Hz of the one sine in pcm: the slope of its phase."""
    phase = phase_of(pcm)
    edge = len(pcm) // 5
    slope = np.polyfit(np.arange(edge, len(pcm) - edge), phase[edge:-edge], 1)[0]
    return slope * RATE / (2 * np.pi)


def edges(one: CallerId, standard: str) -> tuple[np.ndarray, float]:
    """The times of the bit edges in seconds from the first sample of the FSK, and the time of its end."""
    at = fsk_at(one)
    pcm = samples(one)[at:]
    end = int(np.flatnonzero(pcm)[-1]) + 1
    pcm = np.concatenate([pcm[:end], np.zeros(20)])
    # Instantaneous frequency at eight times the rate, averaged over half a bit.
    fine: Any = resample(pcm, 8 * len(pcm))
    hz = np.diff(phase_of(fine)) * 8 * RATE / (2 * np.pi)
    mark = np.convolve(hz, np.full(27, 1 / 27), "same") < sum(FREQUENCIES[standard]) / 2
    times = np.flatnonzero(np.diff(mark.astype(int))) / (8 * RATE)
    return times[(times > 2 / RATE) & (times < (end - 7) / RATE)], end / RATE


@pytest.mark.parametrize("standard", ["bell202", "v23"])
def test_mark_and_space_are_within_half_a_percent(sent, standard):
    mark_hz, space_hz = FREQUENCIES[standard]
    one = sent[f"ring {standard}", "call", -10]
    at = fsk_at(one)
    mark = samples(one)[at + 2010 : at + 3190]  # the mark signal: bits 301 to 478
    assert frequency(mark) == pytest.approx(mark_hz, rel=0.0005)
    # The longest space is in the message type 0x80: a start bit and seven zeros, 53 samples.
    space = samples(one)[at + 3202 : at + 3252]
    n = np.arange(len(space))

    def missed(hz: float) -> float:
        basis = np.column_stack([np.cos(2 * np.pi * hz * n / RATE), np.sin(2 * np.pi * hz * n / RATE)])
        return float(np.sum((space - basis @ np.linalg.lstsq(basis, space, rcond=None)[0]) ** 2))

    best = min(np.arange(space_hz - 60, space_hz + 60, 0.5), key=missed)
    assert best == pytest.approx(space_hz, rel=0.005)


@pytest.mark.parametrize(("method", "kind", "seizure", "mark"), CASES)
def test_seizure_and_mark_are_as_long_as_the_standard_wants(sent, method, kind, seizure, mark):
    one = sent[method, kind, -13.5]
    times, end = edges(one, method.split()[1])
    bits = times * 1200
    alternating = 0
    while seizure and bits[alternating] < alternating + 2:
        alternating += 1
    if seizure:
        # Its edges are those between its bits and none more; it begins with a space and ends with a mark.
        assert alternating == seizure - 1
        assert np.abs(bits[:alternating] - np.arange(1, seizure)).max() < 0.2
    marks = bits[alternating] - seizure  # the first start bit ends them
    assert mark[0] <= marks <= mark[1]
    # Characters of ten bits without pauses, then one to ten marks more (EN 300 659-1).
    assert 1 <= end * 1200 - seizure - round(marks) - 10 * len(message(one)) <= 10


def test_the_bit_rate_is_exact(sent):
    times, _end = edges(sent["ring bell202", "call", -10], "bell202")
    rate = 1 / np.polyfit(np.arange(299), times[:299], 1)[0]
    assert rate == pytest.approx(1200, rel=0.0001)


@pytest.mark.parametrize("level", LEVELS)
def test_the_level_is_as_asked(sent, level):
    one = sent["ring v23", "call", level]
    pcm = samples(one)[fsk_at(one) :][:6000]
    assert 10 * np.log10(2 * np.mean(pcm**2)) - 20 * np.log10(PEAK_0_DBM0) == pytest.approx(level, abs=0.1)


@pytest.mark.parametrize(
    ("method", "least", "most"),
    [("alert v23", 90, 110), ("reverse v23", 90, 110), ("talking bell202", 80, 85), ("talking v23", 80, 85)],
)
def test_alerting_tones_have_their_frequencies_and_lengths(sent, method, least, most):
    """DT-AS on-hook and CAS: 2130 and 2750 Hz ± 0.5 % (EN 300 659-1, -2; SR-3004)."""
    pcm = samples(sent[method, "call", -13.5])[: fsk_at(sent[method, "call", -13.5])]
    sounding = np.flatnonzero(pcm)
    tone = pcm[sounding[0] : sounding[-1] + 1]
    assert least <= len(tone) / RATE * 1000 <= most
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone)), 1 << 16))
    hz = np.fft.rfftfreq(1 << 16, 1 / RATE)
    for nominal in (2130, 2750):
        near = np.abs(hz - nominal) < 100
        assert hz[near][np.argmax(spectrum[near])] == pytest.approx(nominal, rel=0.005)
    # Two tones of −15 dBm0.
    assert 10 * np.log10(2 * np.mean(tone**2)) - 20 * np.log10(PEAK_0_DBM0) == pytest.approx(-12, abs=0.2)


# The same everywhere


def test_every_interpreter_makes_the_same_sound():
    made = []
    for runtime in micropythons():
        wanted = [CallerId("ring bell202", name="Ann"), CallerId("reverse v23", number="112")]
        render(wanted, runtime)
        made.append([one.pcm for one in wanted])
    assert all(pcm == made[0] for pcm in made) and len(made[0][0]) > 16000


def test_the_file_can_be_read_back(tmp_path):
    one = CallerId("quiet bell202", "lamp", lamp=False)
    callerid_wav(tmp_path / "lamp.wav", one)
    with wave.open(str(tmp_path / "lamp.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        assert file.readframes(1 << 20) == one.pcm


def test_what_the_firmware_refuses_is_told():
    with pytest.raises(ValueError, match="knock"):
        render([CallerId("knock v23")])
    with pytest.raises(ValueError, match="13"):
        render([CallerId(when=(13, 1, 0, 0))])


@given(st.text(max_size=300), st.text(max_size=60), st.sampled_from([15, 50]))
def test_any_name_and_number_make_a_valid_message(name, number, name_max):
    data = callerid.call_setup((1, 2, 3, 4), number, name, name_max)
    assert len(data) <= 258 and data[1] == len(data) - 3 and sum(data) & 255 == 0
    at = 2
    while at < len(data) - 1:
        value = data[at + 2 : at + 2 + data[at + 1]]
        assert all(32 <= byte < 127 for byte in value)
        assert len(value) <= {1: 8, 2: 20, 4: 1, 7: name_max, 8: 1}[data[at]]
        at += 2 + data[at + 1]
    assert at == len(data) - 1


def test_accents_are_dropped_as_unicode_decomposes_them():
    for code in range(0xC0, 0x180):
        base = unicodedata.normalize("NFKD", chr(code))[0]
        ours = callerid.plain(chr(code))
        if base.isascii() and base.isalpha():
            assert ours[0] == base, chr(code)
            assert ours[1:] in (("", "e") if chr(code) in "ÄÖÜäöü" else ("",)), chr(code)
