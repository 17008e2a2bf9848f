"""RTP, jitter buffer and concealment against arbitrary input, and against references written another way.

The kernels run here with pointers that refuse what a real pointer would silently do: an index outside of the
buffer, a value that does not fit.
"""

import builtins
import importlib.util
import math
import struct
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ata.rtp.event import EventReceiver, EventSender
from ata.rtp.packet import start
from support import cpython_viper

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"


class Strict:
    """A typed pointer that checks."""

    def __init__(self, buffer: Any, code: Any):
        self.view = memoryview(buffer).cast("B").cast(code)

    def __getitem__(self, i: int) -> int:
        assert 0 <= i < len(self.view), f"read at {i} of {len(self.view)}"
        return self.view[i]

    def __setitem__(self, i: int, value: int) -> None:
        assert 0 <= i < len(self.view), f"write at {i} of {len(self.view)}"
        # a store keeps the lower 8 bits of a byte; ValueError if a word does not fit
        self.view[i] = value & 0xFF if self.view.itemsize == 1 else value


def strict(name: str) -> Any:
    """A second copy of a firmware module whose kernels have checked pointers."""
    usual = dict(cpython_viper.POINTERS)
    for kind, code in (("ptr8", "B"), ("ptr16", "H"), ("ptr32", "I")):
        cpython_viper.POINTERS[kind] = lambda buffer, code=code: Strict(buffer, code)
        setattr(builtins, kind, cpython_viper.POINTERS[kind])
    try:
        path = FIRMWARE / (name.replace(".", "/") + ".py")
        spec = importlib.util.spec_from_file_location("strict_" + name.replace(".", "_"), path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        cpython_viper.POINTERS.update(usual)
        for kind, cast in usual.items():
            setattr(builtins, kind, cast)


packet = strict("ata.rtp.packet")
jitter = strict("ata.rtp.jitter")
readsize = strict("ata.rtp.readsize")
plc = strict("ata.dsp.plc")


TICK = st.integers(0, 2**30 - 1)
STAMP = st.integers(0, 2**28 - 1)


# --- headers


def reference_parse(data: bytes) -> tuple[int, list[int]] | None:
    """RFC 3550 §5.1, the plain way."""
    if len(data) < 12:
        return None
    first, second, seq, ts, ssrc = struct.unpack("!BBHII", data[:12])
    if first >> 6 != 2:
        return None
    rest = data[12:]
    sources = 4 * (first & 15)
    if len(rest) < sources:
        return None
    rest = rest[sources:]
    if first & 0x10:
        if len(rest) < 4:
            return None
        size = 4 + 4 * struct.unpack("!H", rest[2:4])[0]
        if len(rest) < size:
            return None
        rest = rest[size:]
    offset = len(data) - len(rest)
    if first & 0x20:
        if not rest or not rest[-1] or rest[-1] > len(rest):
            return None
        rest = rest[: -rest[-1]]
    return offset, [second & 127, second >> 7, seq, ts & 0xFFFFFFF, len(rest), ssrc >> 16, ssrc & 0xFFFF]


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.builds(
            lambda first, rest: bytes([0x80 | first]) + rest,
            st.integers(0, 63),
            st.binary(min_size=0, max_size=100),
        ),
    )
)
def test_any_bytes_parse_as_the_reference_says(data: bytes):
    info = array("i", [-1] * 7)
    offset = packet.parse(data, len(data), info)
    expected = reference_parse(data)
    assert (None if offset < 0 else (offset, list(info))) == expected


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1), st.integers(0, 127),
    st.lists(st.tuples(st.integers(0, 65535), st.integers(-1, 1)), max_size=6),
)  # fmt: skip
def test_a_header_steps_on_as_32_bit_arithmetic_does(ssrc, seq, ts, payload_type, steps):
    header = bytearray(12)
    packet.start(header, ssrc, seq, ts, payload_type)
    marker = 0
    for samples, step in steps:
        packet.advance(header, samples, step)
        ts = (ts + samples) % 2**32
        if step >= 0:
            seq = (seq + 1) % 2**16
            marker = step
    assert bytes(header) == struct.pack("!BBHII", 0x80, payload_type | (marker << 7), seq, ts, ssrc)


# --- streams


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=220), st.integers(0, 3)), max_size=40), TICK)
def test_a_stream_takes_any_datagrams(datagrams, now):
    from ata.rtp.stream import RtpStream

    stream = RtpStream()
    stream.open(1, 2, 3, 0, 101)
    out = bytearray(160)
    for data, kind in datagrams:
        if kind:  # such as have a chance
            data = bytes([0x80, (0, 0, 101, 13)[kind]]) + data
        found = stream.receive(data, len(data), now)
        assert found in (0, 1, 2)
        assert stream.take(out, 0, 160) in (0, 1)
        while (value := stream.event_poll()) >= 0:
            assert value < 32
    counters = stream.statistics()
    assert all(value >= 0 for value in counters.values())
    heard = counters["received"] + counters["duplicate"] + counters["garbage"] + counters["ignored"]
    assert heard >= len(datagrams)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1600), st.integers(0, 2), STAMP, st.integers(0, 1)),
        max_size=40,
    )
)
def test_read_size_is_nothing_or_the_size_of_the_last_packets(seen):
    sizes = readsize.ReadSize()
    last: list[int] = []
    for n, kind, ts, marker in seen:
        sizes.seen(n, kind, array("i", [0, marker, ts & 0xFFFF, ts, 0, 0, 0]), ts)
        last.append(n)
        assert sizes.size == 0 or (52 <= sizes.size <= 492 and last[-3:] == [sizes.size] * 3)


# --- jitter buffer


def sample(ts: int) -> int:
    """The byte that belongs to a timestamp."""
    return ((ts & 0xFFFFFFF) * 2654435761 >> 13) & 255


def payload(ts: int, n: int) -> bytes:
    return bytes(sample(ts + i) for i in range(n))


ARRIVAL = st.tuples(
    st.integers(-6, 6),  # which packet, seen from the one that is due
    st.integers(0, 3),  # how many of them
    st.sampled_from([80, 160, 160, 160, 240]),  # samples taken afterwards
    st.sampled_from([0] * 30 + [8, -8, 800, -1600, 50000, -50000, 2**27]),  # the sender's timestamp jumps
    st.sampled_from([0] * 30 + [1, 5, 24, 400, -7, 30000]),  # its sequence number does
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(ARRIVAL, max_size=60), st.sampled_from([80, 160, 240, 480, 200]), STAMP,
    st.integers(0, 65535), st.sampled_from([(20, 200), (20, 20), (60, 60), (0, 100), (200, 200), (8, 40)]),
)  # fmt: skip
def test_every_byte_that_is_played_belongs_to_its_timestamp(arrivals, size, ts, seq, depth):
    buffer = jitter.JitterBuffer(*depth)
    base, first, number = ts, seq, 0
    out = bytearray(242)
    ago = 0  # how far the time base has been moved: a later packet then may be an earlier timestamp
    last = None
    now = 2**30 - 500
    for offset, count, taken, jump, skip in arrivals:
        base, first = (base + jump) & 0xFFFFFFF, (first + skip) & 0xFFFF
        ago = 0 if jump or skip else ago + 1
        for i in range(count):
            k = number + offset + i
            stamp = (base + k * size) & 0xFFFFFFF
            buffer.put(payload(stamp, size), 0, size, (first + k) & 0xFFFF, stamp, now)
        number += count
        place = buffer._state[0]
        restarts = buffer.statistics()["restarts"]
        out[:] = b"\x5a" * 242
        if buffer.take(out, 1, taken):
            played = (buffer._state[0] - taken) & 0xFFFFFFF
            assert out[1 : 1 + taken] == payload(played, taken)
            assert (played - place) & 0xFFFFFFF in (0, 80)  # nothing but a skip of 10 ms
            # time never runs back but where the position was set anew (jumps, restarts)
            if last is not None and ago > 12 and restarts == last[1]:
                assert (played - last[0]) & 0xFFFFFFF < 2**27
            last = (played + taken) & 0xFFFFFFF, restarts
        else:
            assert out[1 : 1 + taken] == b"\x5a" * taken
        assert out[0] == 0x5A and out[1 + taken :] == b"\x5a" * (241 - taken)
        counters = buffer.statistics()
        assert 0 <= counters["depth_ms"] <= 200 and all(value >= 0 for value in counters.values())
        now = (now + taken // 8) % 2**30


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2000), st.integers(0, 65535), STAMP, st.integers(0, 400)),
        max_size=40,
    ),
    STAMP,
)
def test_any_packets_keep_the_buffer_within_its_bounds(packets, near):
    buffer = jitter.JitterBuffer()
    out = bytearray(400)
    data = bytes(2000)
    for n, seq, ts, taken in packets:
        if seq & 1:  # half of them near each other
            ts = (near + (ts & 0xFFF)) & 0xFFFFFFF
        buffer.put(data, 0, n, seq, ts, ts)
        buffer.take(out, 0, taken)
        assert min(buffer._state) >= 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 180), min_size=150, max_size=150), STAMP)
def test_with_delays_up_to_the_greatest_depth_little_is_dropped(delays, ts):
    """Random delays of 0 … 180 ms, in order: after it has adapted everything is played."""
    arrivals: dict[int, list[int]] = {}
    newest = 0
    for i, delay in enumerate(delays):
        newest = max(newest, 20 * i + delay)
        arrivals.setdefault(newest // 20, []).append(i)
    buffer = jitter.JitterBuffer()
    out = bytearray(160)
    for step in range(max(arrivals) + 1):
        for i in arrivals.get(step, []):
            stamp = (ts + 160 * i) & 0xFFFFFFF
            buffer.put(payload(stamp, 160), 0, 160, i, stamp, 20 * step)
        buffer.take(out, 0, 160)
    counters = buffer.statistics()
    assert counters["lost"] == 0 and counters["restarts"] == 0
    assert counters["discarded"] <= 2 and counters["stretched"] <= 20


# --- events


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 15), st.integers(2, 12), st.integers(4, 10)), min_size=1, max_size=6),
    st.integers(0, 2**32 - 1),
    st.randoms(use_true_random=False),
)
def test_each_digit_arrives_once_when_packets_are_lost_repeated_or_overtaken(digits, ts, random):
    voice = bytearray(172)
    start(voice, 1, 65530, ts, 0)
    sender, receiver = EventSender(voice, 101), EventReceiver()
    from ata.rtp.packet import advance

    sent: list[tuple[bytes, int]] = []
    whole = []
    for code, steps, pause in digits:
        sender.begin(code, 160 * steps)
        row = []
        for _ in range(steps + pause):
            advance(voice, 160, -1 if sender.active else 0)
            if sender.next(160):
                stamp = struct.unpack("!I", sender.packet[4:8])[0] & 0xFFFFFFF
                row.append((bytes(sender.packet), stamp))
        row = [p for p in row if random.random() > 0.1]
        if row:
            whole.append(code)
        for i in range(len(row) - 1):
            if random.random() < 0.1:
                row[i], row[i + 1] = row[i + 1], row[i]
        for p in row:
            sent += [p] * (2 if random.random() < 0.1 else 1)
    found = []
    for data, stamp in sent:
        receiver.receive(data, 12, 4, stamp, 0)
        receiver.elapse(160)
        found.append(receiver.poll())
    for _ in range(60):
        receiver.elapse(160)
        found.append(receiver.poll())
    assert [value for value in found if 0 <= value < 16] == whole
    assert [value - 16 for value in found if value >= 16] == whole


# --- concealment


def weights(n: int) -> np.ndarray:
    return 16384 // n * np.arange(n)


def cross(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    w = weights(len(old))
    return (old * (16384 - w) + new * w) >> 14


def cycle(history: np.ndarray, lag: int, periods: int) -> np.ndarray:
    """G.711 Appendix I: the last periods of the history, their end made to join their beginning."""
    quarter, size = lag // 4, lag * periods
    piece = history[-size:].copy()
    piece[-quarter:] = cross(history[-quarter:], history[-size - quarter : -size])
    return piece


def reference(history: np.ndarray, lag: int, pieces: int) -> np.ndarray:
    """What is to be heard in `pieces` × 10 ms of erasure, by whole vectors."""
    quarter = lag // 4
    gain = np.maximum(16384 - 41 * np.arange(1, 401), 0)
    found = []
    place = 0
    for number in range(pieces):
        periods = min(number, 2) + 1
        now = cycle(history, lag, periods)
        if number in (1, 2):
            before = cycle(history, lag, periods - 1)
            old = np.take(before, np.arange(place, place + quarter), mode="wrap")
            place %= lag
        piece = np.take(now, np.arange(place, place + 80), mode="wrap")
        place = (place + 80) % len(now)
        if number == 0:
            step = history[-1] - history[-1 - lag]
            part = 16384 // quarter
            piece[:quarter] += (step * (16384 - part * np.arange(quarter))) >> 14
            piece = np.clip(piece, -32768, 32767)
        elif number < 6:
            if number in (1, 2):
                piece[:quarter] = cross(old, piece[:quarter])  # pyright: ignore[reportPossiblyUnbound]
            piece = (piece * gain[80 * number - 80 : 80 * number]) >> 14
        else:
            piece = np.zeros(80, int)
        found.append(piece)
    return np.concatenate(found)


def voiced(seed: int, period: float, noise: float, peak: float, count: int = 800) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(count)
    wave = sum(np.sin(2 * np.pi * k * t / period + rng.uniform(0, 6)) / k for k in range(1, 6))
    wave = wave / np.max(np.abs(wave)) + noise * rng.standard_normal(count)
    return np.clip(np.round(peak * wave), -32768, 32767).astype(int)


def play(signal: np.ndarray, pieces: int) -> tuple[Any, np.ndarray]:
    concealer = plc.Plc()
    for at in range(0, len(signal), 80):
        concealer.good(array("h", signal[at : at + 80].tolist()), 80)
    found = []
    for _ in range(pieces):
        frame = array("h", [99] * 80)
        concealer.lost(frame, 80)
        found.append(np.array(frame))
    return concealer, np.concatenate(found)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**31), st.floats(25, 160), st.sampled_from([0.0, 0.02, 0.3, 3.0]),
    st.sampled_from([3, 100, 2000, 20000, 60000]), st.integers(1, 8),
)  # fmt: skip
def test_an_erasure_is_what_the_reference_makes_of_the_same_lag(seed, period, noise, peak, pieces):
    signal = voiced(seed, period, noise, peak)
    concealer, heard = play(signal, pieces)
    assert 40 <= concealer._lag <= 120
    expected = reference(signal[-390:], concealer._lag, pieces)
    assert np.array_equal(heard, expected)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**31), st.floats(40, 120), st.sampled_from([0.0, 0.02, 0.2]),
    st.sampled_from([60, 400, 8000, 32767]),
)  # fmt: skip
def test_the_lag_is_nearly_the_best_there_is(seed, period, noise, peak):
    x = voiced(seed, period, noise, peak).astype(float)
    concealer, _ = play(x.astype(int), 1)

    def likeness(lag: int) -> float:
        a, b = x[-160:], x[-160 - lag : -lag]
        return float(a @ b / math.sqrt((a @ a) * (b @ b) + 1e-9))

    assert likeness(concealer._lag) >= max(likeness(lag) for lag in range(40, 121)) - 0.06


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=40), st.lists(st.booleans(), max_size=12))
def test_any_samples_and_losses_stay_in_bounds_and_end_in_silence(samples, losses):
    concealer = plc.Plc()
    signal = (samples * (2400 // len(samples) + 1))[:2400]
    at = 0
    for lost in losses:
        frame = array("h", signal[at : at + 160])
        at += 160
        if lost:
            concealer.lost(frame, 160)
        else:
            concealer.good(frame, 160)
    for _ in range(3):
        concealer.lost(frame := array("h", [1] * 160), 160)
    concealer.lost(frame, 160)
    assert list(frame) == [0] * 160


@pytest.mark.parametrize("pattern", ["odd", "even"])
def test_energy_that_every_second_sample_misses_does_not_overflow(pattern):
    signal = np.zeros(800, int)
    signal[(pattern == "odd") :: 2] = 32767
    concealer, heard = play(signal, 1)
    assert np.array_equal(heard, reference(signal[-390:], concealer._lag, 1))


def test_the_checked_pointers_do_check():
    with pytest.raises(AssertionError):
        packet.parse(b"\x80" + bytes(19), 20, array("i", [0] * 3))
    with pytest.raises((AssertionError, ValueError)):
        Strict(bytearray(2), "H")[0] = 65536
    with pytest.raises(AssertionError):
        Strict(bytearray(1), "B")[-1]
