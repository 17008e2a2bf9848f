"""One RTP leg, both ways: what a call's audio and digits look like on the network.

It knows encoded bytes, one a sample, and no codec. Each step (20 ms), in this order:

    receive() for each datagram that has come; take() once; event_poll() until -1
    encode into packet[12:]; if send(): send `packet`; if send_event(): send `event_packet`

Nothing of that allocates. While a digit is sent send() says False: voice, and the tone in it, is held back
(RFC 4733 §2.1), the timestamp runs on, and the first packet after it carries the marker bit.
"""

from array import array

from micropython import const

from ata.rtp.event import EventReceiver, EventSender
from ata.rtp.jitter import JitterBuffer
from ata.rtp.packet import advance, parse, share, start

_PT = const(0)  # the words of packet.parse's info
_MARKER = const(1)
_SEQ = const(2)
_TS = const(3)
_LENGTH = const(4)
_SSRC_HIGH = const(5)
_SSRC_LOW = const(6)

# our own state
_KNOWN = const(0)  # 1: the next two are the SSRC that we listen to
_HIGH = const(1)
_LOW = const(2)
_OTHER_HIGH = const(3)  # another one,
_OTHER_LOW = const(4)
_OTHERS = const(5)  # and how many packets running it has sent
_NEXT_MARKER = const(6)
_GARBAGE = const(7)
_IGNORED = const(8)
_SENT = const(9)
_SILENT = const(10)  # 1: the sender told comfort noise instead of speaking, 2: and speaks again, 0: speaks
_SINCE = const(11)  # samples from the timestamp in `packet` to the next one
_WORDS = const(12)

_FRAME = const(160)  # samples of a step

_COMFORT_NOISE = const(13)  # RFC 3389
_NOISE = const(3)  # octets of it that are read: the level and two coefficients
_ANOTHER = const(3)  # packets running of another SSRC that make it the one we listen to


class RtpStream:
    """`packet` (bytearray, 12 + samples): the caller writes the payload at offset 12; `event_packet`
    (bytearray 16); `info`: the header of what was received last, as packet.parse gives it;
    `noise[:noise_size]`: the comfort noise (RFC 3389) that the sender told last, what is read of it here."""

    def __init__(self, minimum=20, maximum=200, samples=160):
        self.jitter = JitterBuffer(minimum, maximum)
        self.packet = bytearray(12 + samples)
        self.info = array("i", [0] * 7)
        self.noise = bytearray(_NOISE)
        self.noise_size = 0
        self._state = array("i", [0] * _WORDS)
        self.packing = None  # type: Any

    def open(self, ssrc, seq, ts, payload_type, event_type=-1, samples=160):
        """Begin: `ssrc` and `ts` of 32 and `seq` of 16 random bits, the agreed payload types (-1: no events),
        the samples of a packet (80 … 480, see pack()). Allocates."""
        if len(self.packet) != 12 + samples:
            self.packet = bytearray(12 + samples)
        start(self.packet, ssrc, seq, ts, payload_type)
        self._types = (payload_type, event_type)
        self._heard = EventReceiver()
        self._events = EventSender(self.packet, event_type & 127)
        self.event_packet = self._events.packet
        self.jitter.open(0x55 if payload_type == 8 else 0x7F)
        for i in range(_WORDS):
            self._state[i] = 0
        self._state[_NEXT_MARKER] = 1
        self._state[_SINCE] = samples
        self.packing = None
        if samples != _FRAME:
            from ata.rtp.packing import Packing

            self.packing = Packing(self)

    # network to phone

    def receive(self, buf, n, now):
        """A datagram in buf[:n], which came at tick `now`: 0 ignored, 1 voice, 2 telephone event."""
        info = self.info
        state = self._state
        offset = parse(buf, n, info)
        if offset < 0:
            state[_GARBAGE] += 1
            return 0
        kind = 0
        if info[_PT] == self._types[0]:
            kind = 1
        elif info[_PT] == self._types[1]:
            kind = 2
        if state[_KNOWN] and info[_SSRC_LOW] == state[_LOW] and info[_SSRC_HIGH] == state[_HIGH]:
            state[_OTHERS] = 0
            if kind == 0 and info[_PT] != _COMFORT_NOISE:
                state[_IGNORED] += 1
        elif kind == 0 or not self._accept():
            state[_IGNORED] += 1
            return 0
        if kind == 1:
            self.jitter.put(buf, offset, info[_LENGTH], info[_SEQ], info[_TS], now)
            if state[_SILENT]:
                state[_SILENT] = 2
        elif kind == 2:
            self._heard.receive(buf, offset, info[_LENGTH], info[_TS], info[_MARKER])
        elif info[_PT] == _COMFORT_NOISE:
            self._silence(buf, offset)
        if kind == 2 or info[_PT] == _COMFORT_NOISE:
            self.jitter.put(buf, offset, 0, info[_SEQ], 0, now)  # one row of sequence numbers for all of them
        return kind

    def _silence(self, buf, offset):
        """Comfort noise came, agreed upon or not."""
        self._state[_SILENT] = 1
        size = min(self.info[_LENGTH], _NOISE)
        self.noise_size = size
        while size:
            size -= 1
            self.noise[size] = buf[offset + size]

    def _accept(self):
        """Whether the SSRC in `info` is from now on the one that we listen to: a sender may change it at any
        time (RFC 3550 §8.2), but a stray packet must not take the stream over."""
        info = self.info
        state = self._state
        if state[_KNOWN]:
            if info[_SSRC_LOW] != state[_OTHER_LOW] or info[_SSRC_HIGH] != state[_OTHER_HIGH]:
                state[_OTHER_LOW] = info[_SSRC_LOW]
                state[_OTHER_HIGH] = info[_SSRC_HIGH]
                state[_OTHERS] = 0
            state[_OTHERS] += 1
            if state[_OTHERS] < _ANOTHER:
                return False
            self.jitter.renew()
            self._heard.elapse(1600)
        state[_KNOWN] = 1
        state[_LOW] = info[_SSRC_LOW]
        state[_HIGH] = info[_SSRC_HIGH]
        state[_OTHERS] = 0
        return True

    def take(self, out, offset, n):
        """Play n bytes (a multiple of 8): 1 and they are in out[offset:], or 0, not touched: conceal. Once a
        step, also when nothing is heard: it is the clock of received events as well."""
        if self._heard.timed:
            self._heard.elapse(n)
        found = self.jitter.take(out, offset, n)
        if found and self._state[_SILENT] == 2:
            self._state[_SILENT] = 0
        return found

    def is_silent(self):
        """True if what take() did not find is not lost: the sender has told comfort noise, and what it said
        since then is not to be played yet."""
        return self._state[_SILENT] > 0

    def event_poll(self):
        """-1 nothing, code: that digit began, 16 + code: it ended. Ask until -1."""
        return self._heard.poll()

    # phone to network

    def send(self):
        """Once a step, the payload in place: True if `packet` is to be sent now, its header stepped on."""
        if self._events.active:
            self.skip()
            return False
        state = self._state
        advance(self.packet, state[_SINCE], state[_NEXT_MARKER])
        state[_SINCE] = len(self.packet) - 12
        state[_NEXT_MARKER] = 0
        state[_SENT] += 1
        return True

    def skip(self):
        """Instead of send() when no voice is sent in this step (hold, silence): the time passes too."""
        state = self._state
        samples = state[_SINCE]
        if self.packing is not None:
            samples += self.packing.drop()
        advance(self.packet, samples, -1)
        state[_SINCE] = _FRAME
        state[_NEXT_MARKER] = 1

    def send_noise(self, packet):
        """After skip(): make `packet`, 12 octets and a comfort noise, the next one of the stream."""
        share(self.packet, packet, 1)
        packet[1] = _COMFORT_NOISE
        self._state[_SENT] += 1

    def is_telling(self):
        """True while a digit is sent: then send() would say False."""
        return self._events.active

    def send_event(self):
        """Once a step, after send() or skip(): True if `event_packet` is to be sent now."""
        return self._events.next(_FRAME)

    def digit_begin(self, code):
        """A digit (event code 0 … 15) begins. Without an agreed event type: nothing."""
        if self._types[1] >= 0:
            self._events.begin(code)

    def digit_end(self):
        self._events.end()

    def digit_play(self, code, ms):
        """Send a digit of `ms` milliseconds (at least 40)."""
        if self._types[1] >= 0:
            self._events.begin(code, ms * 8)

    def reception(self):
        """For RTCP: (voice packets sent, and of what we hear: SSRC or None, highest sequence number, packets
        received, lost, jitter in timestamp units). Allocates."""
        state = self._state
        source = state[_HIGH] << 16 | state[_LOW] if state[_KNOWN] else None
        found = self.jitter.statistics()
        return state[_SENT], source, self.info[_SEQ], found["received"], found["lost"], found["jitter"]

    def statistics(self):
        """A dict: what JitterBuffer.statistics() has, and the number of datagrams that were no RTP (garbage),
        of RTP that was not for us by payload type or SSRC (ignored) and of voice packets sent. Allocates."""
        found = self.jitter.statistics()
        found["garbage"] = self._state[_GARBAGE]
        found["ignored"] = self._state[_IGNORED]
        found["sent"] = self._state[_SENT]
        return found
