"""Rows of the table: ata.dsp, each 20 ms of one port in one direction."""

from array import array
from collections.abc import Callable, Iterator

from host_tools.xtensa.recorder import Step
from host_tools.xtensa.rows import Warmup, row
from host_tools.xtensa.signals import FRAME, frames, noise, tones, voice

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
    yield lambda: mix.add(one, 0, two, FRAME)


@row("mix gain", "a frame by +6 dB, clipped")
def _gain() -> Iterator[Step]:
    from ata.dsp import gain

    pcm = noise(peak=30000)
    yield lambda: gain.gain(pcm, 0, FRAME, 8192)


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


@row("plc first lost, noise", "the same, and no period is clearly the best")
def _plc_first_lost_noise() -> Iterator[Step]:
    yield from _plc((3,), 1, noise(8 * FRAME))


@row("plc next lost", "further ones in a row")
def _plc_next_lost() -> Iterator[Step]:
    yield from _plc((4, 5), 2)


@row("plc resumed", "the first frame that comes again")
def _plc_resumed() -> Iterator[Step]:
    yield from _plc((5,), 2)


def _plc(counted: tuple[int, ...], lost: int, signal: array | None = None) -> Iterator[Step]:
    """Three frames heard, then `lost` (or as many as are counted) lost, then one heard."""
    from ata.dsp.plc import Plc

    plc = Plc()
    last = 3 + max(lost, len(counted) + 1 if counted[0] == 4 else 0)
    for place, frame in enumerate(frames(signal or voice(8 * FRAME))):
        work = plc.lost if 3 <= place < last else plc.good

        def step(work: Callable = work, pcm: array = frame) -> object:
            return work(pcm, FRAME)

        yield step if place in counted else Warmup(step)


# voice activity, comfort noise


@row("vad", "is this frame voice?")
def _vad() -> Iterator[Step]:
    from ata.dsp.vad import Vad

    vad = Vad()
    for frame in frames(noise(4 * FRAME, 60) + voice(6 * FRAME) + noise(4 * FRAME, 60)):
        yield lambda pcm=frame: vad.process(pcm, FRAME)


@row("cng make", "a frame of comfort noise")
def _cng_make() -> Iterator[Step]:
    from ata.dsp.cng import Noise

    generator, pcm = Noise(), noise()
    generator.update(bytes((50, 90, 140)), 0, 3)
    for _ in range(3):
        yield lambda: generator.make(pcm, FRAME)


@row("cng send", "the first frame of a silence, described; else once a second")
def _cng_send() -> Iterator[Step]:
    from ata.dsp.cng import NoiseSender

    sender, pcm, payload = NoiseSender(), noise(peak=300), bytearray(3)
    yield lambda: sender.step(False, -350, pcm, FRAME, payload, 0)


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


@row("echo search", "64 taps, the delay is not known yet")
def _echo_search() -> Iterator[Step]:
    yield from _echo(64, 0, -1)


def _echo(taps: int, near_gain: int, delay: int = FRAME) -> Iterator[Step]:
    """The line gives back a quarter of what it gets, 20 and 27 samples later."""
    from ata.dsp.echo import EchoCanceller

    canceller = EchoCanceller(taps, delay)
    far = [0] * (2 * FRAME) + voice(10 * FRAME).tolist()
    own = tones(len(far), (300, -20), (450, -20))
    for at in range(FRAME, len(far) - FRAME, FRAME):
        now = range(at, at + FRAME)
        near = array("h", [far[k - 20] // 4 - far[k - 27] // 8 + near_gain * own[k] for k in now])

        def step(near: array = near, played: array = array("h", far[at : at + FRAME])) -> object:  # noqa: B008
            return canceller.process(near, played, FRAME)

        yield step if at > 4 * FRAME else Warmup(step)
