"""Rows of the table: ata.rtp, one packet of 20 ms, and everything together."""

from array import array
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from host_tools.xtensa.recorder import Step
from host_tools.xtensa.rows import Warmup, row
from host_tools.xtensa.signals import FRAME, datagram, frames, voice

# RTP


def _arrival(stream: Any, packet: int) -> Step:
    packet_bytes = datagram(packet)
    return lambda: stream.receive(packet_bytes, len(packet_bytes), 20 * packet)


@row("rtp receive", "a packet: header read, put into the jitter buffer")
def _receive() -> Iterator[Step]:
    stream, _ = _stream()
    for packet in range(6):
        yield _arrival(stream, packet)
        yield Warmup(lambda: stream.take(bytearray(FRAME), 0, FRAME))


@row("rtp take", "a frame out of the jitter buffer")
def _take() -> Iterator[Step]:
    stream, encoded = _stream()
    for packet in range(6):
        yield Warmup(_arrival(stream, packet))
        yield lambda: stream.take(encoded, 0, FRAME)


@row("rtp late packet", "one that moves the play-out position, and its overtakers")
def _late() -> Iterator[Step]:
    stream, encoded = _stream()
    for step, arrivals in enumerate(((0,), (1,), (), (), (2, 3, 4), (5,), (6,), (8,), (7, 9), (10,), (10,))):

        def work(packets: tuple[int, ...] = arrivals, now: int = 20 * step) -> None:
            for packet in packets:
                data = datagram(packet)
                stream.receive(data, len(data), now)
            stream.take(encoded, 0, FRAME)

        yield work


@row("rtp send", "a packet's header stepped on")
def _send() -> Iterator[Step]:
    stream, _ = _stream()
    for _ in range(3):
        yield stream.send


@row("rtp send, 30 ms", "a frame for packets that are no step long")
def _packing() -> Iterator[Step]:
    from ata.rtp.stream import RtpStream

    stream = RtpStream()
    stream.open(0x12345678, 65530, 0xFFFFFF00, 0, 101, 240)
    encoded = bytes(range(FRAME))

    def work() -> None:
        if stream.packing.frame(encoded):
            stream.packing.another()

    for _ in range(6):
        yield work


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
        yield Warmup(_arrival(stream, packet))
        yield lambda now=20 * packet: sizes.seen(12 + FRAME, 1, stream.info, now)


def _stream() -> tuple:
    from ata.rtp.stream import RtpStream

    stream = RtpStream()
    stream.open(0x12345678, 65530, 0xFFFFFF00, 0, 101)
    return stream, bytearray(FRAME)


# all together


@row("call both ports", "both phones in a call, speaking: everything of the media path")
def _call_both_ports() -> Iterator[Step]:
    yield from _call({})


@row("call, a packet lost", "the same, and one port's packet is lost")
def _call_lost() -> Iterator[Step]:
    yield from _call({6: 1})


def _call(lost: dict[int, int]) -> Iterator[Step]:
    """Ten steps of a call on both ports, from the fifth on they count (before, the jitter buffers fill);
    `lost`: step → port whose packet does not come."""
    from ata.call.media import MediaPath

    path = MediaPath()
    agreed = SimpleNamespace(
        payload_type=0, event_type=101, codec=0, ptime=20, send=True, receive=True, noise=False
    )
    for port in (1, 2):
        path.connect(path.slot(port, 0), agreed, ("192.0.2.1", 4000), "auto", lambda n: bytes(n))
    out = array("h", bytes(4 * FRAME))
    for step, near in enumerate(frames(voice(10 * FRAME))):
        both = array("h", [sample for pair in zip(near, near, strict=True) for sample in pair])

        def work(step: int = step, both: array = both) -> None:
            for port in (1, 2):
                if lost.get(step) != port:
                    stream = path.slot(port, 0).stream
                    stream.receive(datagram(step), 12 + FRAME, 20 * step)
            path.step(both, out)

        yield Warmup(work) if step < 4 else work
