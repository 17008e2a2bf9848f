"""The rows of the table: what the firmware does in 20 ms, piece by piece and together.

A row makes its objects and gives the steps that are counted, each 20 ms of one port unless its text says
otherwise. It uses the firmware's own classes, so it knows nothing of their kernels; a test fails when a
kernel is in no row. New DSP code gets its row here.
"""

import math
import random
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from host_tools.xtensa.recorder import Step

FRAME = 160
_PEAK = 22828  # of a sine of 0 dBm0


@dataclass(frozen=True)
class Warmup:
    """A step that comes before those that count: checked, not counted."""

    work: Step

    def __call__(self) -> object:
        return self.work()


@dataclass(frozen=True)
class Row:
    name: str
    text: str
    steps: Callable[[], Iterator[Step]]


ROWS: list[Row] = []


def row(name: str, text: str) -> Callable[[Callable[[], Iterator[Step]]], Callable[[], Iterator[Step]]]:
    """Put a row into the table; the decorated generator yields what is to be counted, each piece a Step that
    is run before the generator goes on."""

    def add(steps: Callable[[], Iterator[Step]]) -> Callable[[], Iterator[Step]]:
        ROWS.append(Row(name, text, steps))
        return steps

    return add


# signals, the same on every machine


def noise(n: int = FRAME, peak: int = 8000, seed: int = 1) -> array:
    """White noise."""
    source = random.Random(seed)
    return array("h", [source.randint(-peak, peak) for _ in range(n)])


def tones(n: int, *parts: tuple[float, float]) -> array:
    """A sum of sines, (Hz, dBm0) each."""
    return array("h", [round(sum(_sine(hz, level, k) for hz, level in parts)) for k in range(n)])


def _sine(hz: float, dbm0: float, k: int) -> float:
    return _PEAK * 10 ** (dbm0 / 20) * math.sin(math.tau * hz * k / 8000)


def voice(n: int) -> array:
    """A vowel of 120 Hz with some noise, about −15 dBm0, that swells twice a second."""
    breath = noise(n, 300, 7)
    harmonics = [(120 * h, -24 - 3 * abs(h - 5)) for h in range(1, 25)]
    loud = [0.55 - 0.45 * math.cos(math.tau * k / 4000) for k in range(n)]
    return array("h", [round(loud[k] * sum(_sine(hz, level, k) for hz, level in harmonics)) + breath[k] for k in range(n)])


def frames(signal: array) -> Iterator[array]:
    for at in range(0, len(signal) - FRAME + 1, FRAME):
        yield signal[at : at + FRAME]


# G.711


def _g711(payload_type: int) -> tuple:
    from ata.dsp.g711 import G711

    return G711(payload_type), noise(peak=32000), bytearray(FRAME)


@row("g711 encode µ-law", "one frame to the network")
def _encode_ulaw() -> Iterator[Step]:
    codec, pcm, codes = _g711(0)
    yield lambda: codec.encode(pcm, codes, 0, FRAME)


@row("g711 encode A-law", "one frame to the network")
def _encode_alaw() -> Iterator[Step]:
    codec, pcm, codes = _g711(8)
    yield lambda: codec.encode(pcm, codes, 0, FRAME)


@row("g711 decode", "one frame from the network, either law")
def _decode() -> Iterator[Step]:
    codec, pcm, codes = _g711(0)
    codec.encode(pcm, codes, 0, FRAME)
    yield lambda: codec.decode(codes, 0, pcm, FRAME)


# mixing


@row("mix deinterleave", "one port out of the PCM block")
def _deinterleave() -> Iterator[Step]:
    from ata.dsp import mix

    stereo, mono = noise(2 * FRAME), noise()
    yield lambda: mix.deinterleave(stereo, 1, mono, FRAME)


@row("mix interleave", "one port into the PCM block")
def _interleave() -> Iterator[Step]:
    from ata.dsp import mix

    stereo, mono = noise(2 * FRAME), noise()
    yield lambda: mix.interleave(mono, stereo, 1, FRAME)


@row("mix copy", "a frame")
def _copy() -> Iterator[Step]:
    from ata.dsp import mix

    one, two = noise(), noise(seed=2)
    yield lambda: mix.copy(one, two, FRAME)


@row("mix clear", "a frame of silence")
def _clear() -> Iterator[Step]:
    from ata.dsp import mix

    pcm = noise()
    yield lambda: mix.clear(pcm, FRAME)


@row("mix add", "a frame onto another one, clipped")
def _add() -> Iterator[Step]:
    from ata.dsp import mix

    one, two = noise(peak=30000), noise(peak=30000, seed=2)
    yield lambda: mix.add(one, two, FRAME)


@row("mix gain", "a frame by +6 dB, clipped")
def _gain() -> Iterator[Step]:
    from ata.dsp import mix

    pcm = noise(peak=30000)
    yield lambda: mix.gain(pcm, FRAME, 8192)


@row("level peak", "of a frame")
def _peak() -> Iterator[Step]:
    from ata.dsp import level

    pcm = noise()
    yield lambda: level.peak(pcm, FRAME)


@row("level dBm0", "of a frame")
def _level() -> Iterator[Step]:
    from ata.dsp import level

    pcm = noise()
    yield lambda: level.level_dbm0(pcm, FRAME)


# tones


@row("tones dial tone", "two frequencies")
def _dial_tone() -> Iterator[Step]:
    from ata.dsp.tone_script import compile_tone
    from ata.dsp.tones import ToneGenerator

    generator, pcm = ToneGenerator(), array("h", bytes(2 * FRAME))
    generator.start(compile_tone("350@-13+440@-13;0/0"))
    for _ in range(3):
        yield lambda: generator.mix(pcm, FRAME)


@row("tones digit", "a DTMF digit played")
def _digit() -> Iterator[Step]:
    from ata.dsp.tones import ToneGenerator

    generator, pcm = ToneGenerator(), noise()
    generator.digit(5, 100)
    for _ in range(3):
        yield lambda: generator.mix(pcm, FRAME)


# DTMF


@row("dtmf voice", "the detector, somebody speaking")
def _dtmf_voice() -> Iterator[Step]:
    yield from _dtmf(voice(20 * FRAME))


@row("dtmf digit", "the detector, a digit of 60 ms")
def _dtmf_digit() -> Iterator[Step]:
    silence = array("h", bytes(8 * FRAME))
    yield from _dtmf(silence + tones(480, (770, -10), (1336, -8)) + silence)


def _dtmf(signal: array) -> Iterator[Step]:
    from ata.dsp.dtmf import DtmfDetector

    detector = DtmfDetector()
    for frame in frames(signal):
        yield lambda pcm=frame: detector.process(pcm, FRAME)


# concealment


@row("plc good", "a frame that has come")
def _plc_good() -> Iterator[Step]:
    from ata.dsp.plc import Plc

    plc = Plc()
    for frame in frames(voice(5 * FRAME)):
        yield lambda pcm=frame: plc.good(pcm, FRAME)


@row("plc first lost", "a frame lost: the period is searched")
def _plc_first_lost() -> Iterator[Step]:
    yield from _plc((3,), 1)


@row("plc next lost", "further ones in a row")
def _plc_next_lost() -> Iterator[Step]:
    yield from _plc((4, 5), 2)


@row("plc resumed", "the first frame that comes again")
def _plc_resumed() -> Iterator[Step]:
    yield from _plc((5,), 2)


def _plc(counted: tuple[int, ...], lost: int) -> Iterator[Step]:
    """Three frames heard, then `lost` (or as many as are counted) lost, then one heard."""
    from ata.dsp.plc import Plc

    plc = Plc()
    last = 3 + max(lost, len(counted) + 1 if counted[0] == 4 else 0)
    for place, frame in enumerate(frames(voice(8 * FRAME))):
        work = plc.lost if 3 <= place < last else plc.good

        def step(work: Callable = work, pcm: array = frame) -> object:
            return work(pcm, FRAME)

        yield step if place in counted else Warmup(step)


# RTP


def _datagram(packet: int, size: int = FRAME) -> bytearray:
    """Packet number `packet` of a stream of `size` bytes each."""
    header = bytes((0x80, 0)) + (packet & 0xFFFF).to_bytes(2, "big") + (packet * size).to_bytes(4, "big") + b"ssrc"
    return bytearray(header + bytes((0x20 + packet * 7 + k * 11) & 0xFF for k in range(size)))


@row("rtp receive", "a packet: header read, put into the jitter buffer")
def _receive() -> Iterator[Step]:
    stream, _ = _stream()
    for packet in range(6):
        yield lambda p=_datagram(packet), now=20 * packet: stream.receive(p, len(p), now)
        yield Warmup(lambda: stream.take(bytearray(FRAME), 0, FRAME))


@row("rtp take", "a frame out of the jitter buffer")
def _take() -> Iterator[Step]:
    stream, encoded = _stream()
    for packet in range(6):
        yield Warmup(lambda p=_datagram(packet), now=20 * packet: stream.receive(p, len(p), now))
        yield lambda: stream.take(encoded, 0, FRAME)


@row("rtp late packet", "one that moves the play-out position, and its overtakers")
def _late() -> Iterator[Step]:
    stream, encoded = _stream()
    for step, arrivals in enumerate(((0,), (1,), (), (2, 3), (4,), (6,), (5, 7), (8,), (8,))):

        def work(packets: tuple[int, ...] = arrivals, now: int = 20 * step) -> None:
            for packet in packets:
                datagram = _datagram(packet)
                stream.receive(datagram, len(datagram), now)
            stream.take(encoded, 0, FRAME)

        yield work


@row("rtp send", "a packet's header stepped on")
def _send() -> Iterator[Step]:
    stream, _ = _stream()
    for _ in range(3):
        yield stream.send


@row("rtp event", "a packet of a DTMF event instead of voice")
def _event() -> Iterator[Step]:
    stream, _ = _stream()
    stream.digit_begin(5)

    def work() -> None:
        stream.send()
        stream.send_event()

    for _ in range(3):
        yield work


@row("rtp read size", "how the next datagram is read")
def _read_size() -> Iterator[Step]:
    from ata.rtp.readsize import ReadSize

    stream, _ = _stream()
    sizes = ReadSize()
    for packet in range(6):
        yield Warmup(lambda p=_datagram(packet), now=20 * packet: stream.receive(p, len(p), now))
        yield lambda now=20 * packet: sizes.seen(12 + FRAME, 1, stream.info, now)


def _stream() -> tuple:
    from ata.rtp.stream import RtpStream

    stream = RtpStream()
    stream.open(0x12345678, 65530, 0xFFFFFF00, 0, 101)
    return stream, bytearray(FRAME)


# fax and modem tones, caller ID


@row("modem voice", "the detector of fax and modem tones, somebody speaking")
def _modem_voice() -> Iterator[Step]:
    yield from _modem(voice(12 * FRAME))


@row("modem answer tone", "the same, 2100 Hz")
def _modem_answer() -> Iterator[Step]:
    yield from _modem(tones(20 * FRAME, (2100, -12)))


def _modem(signal: array) -> Iterator[Step]:
    from ata.dsp.modem import FaxModemDetector

    detector = FaxModemDetector()
    for frame in frames(signal):
        yield lambda pcm=frame: detector.process(pcm, FRAME)


@row("fsk caller ID", "20 ms of a message")
def _fsk() -> Iterator[Step]:
    from ata.dsp.fsk import FskModulator

    modulator, pcm = FskModulator(), array("h", bytes(2 * FRAME))
    modulator.start(bytes(range(64, 84)), 30, 20, "bell202")
    for _ in range(8):
        yield lambda: modulator.mix(pcm, FRAME)


# echo


@row("echo 64 taps", "canceller, far speech only: it adapts")
def _echo_64() -> Iterator[Step]:
    yield from _echo(64, 0)


@row("echo 64 taps, double talk", "both speak")
def _echo_64_double() -> Iterator[Step]:
    yield from _echo(64, 1)


@row("echo 128 taps", "far speech only")
def _echo_128() -> Iterator[Step]:
    yield from _echo(128, 0)


def _echo(taps: int, near_gain: int) -> Iterator[Step]:
    """The line gives back a quarter of what it gets, 20 and 27 samples later."""
    from ata.dsp.echo import EchoCanceller

    canceller = EchoCanceller(taps, FRAME)
    far = [0] * (2 * FRAME) + voice(10 * FRAME).tolist()
    own = tones(len(far), (300, -20), (450, -20))
    for at in range(FRAME, len(far) - FRAME, FRAME):
        now = range(at, at + FRAME)
        near = array("h", [far[k - 20] // 4 - far[k - 27] // 8 + near_gain * own[k] for k in now])

        def step(near: array = near, played: array = array("h", far[at : at + FRAME])) -> object:  # noqa: B008
            return canceller.process(near, played, FRAME)

        yield step if at > 4 * FRAME else Warmup(step)


# all together


@row("call both ports", "both phones in a call, speaking: everything of the media path")
def _call_both_ports() -> Iterator[Step]:
    yield from _call({})


@row("call, a packet lost", "the same, and one port's packet is lost")
def _call_lost() -> Iterator[Step]:
    yield from _call({4: 1})


def _call(lost: dict[int, int]) -> Iterator[Step]:
    """Six steps of a call on both ports; `lost`: step → port whose packet does not come."""
    from types import SimpleNamespace

    from ata.call.media import MediaPath

    path = MediaPath()
    agreed = SimpleNamespace(payload_type=0, event_type=101, codec=0, send=True, receive=True)
    for port in (1, 2):
        path.connect(path.slot(port, 0), agreed, ("192.0.2.1", 4000), "auto", lambda n: bytes(n))
    out = array("h", bytes(4 * FRAME))
    speech = voice(6 * FRAME)
    for step, near in enumerate(frames(speech)):
        both = array("h", [sample for pair in zip(near, near, strict=True) for sample in pair])

        def work(step: int = step, both: array = both) -> None:
            for port in (1, 2):
                if lost.get(step) != port:
                    stream = path.slot(port, 0).stream
                    stream.receive(_datagram(step), 12 + FRAME, 20 * step)
            path.step(both, out)

        yield work
