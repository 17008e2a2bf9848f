"""The media path: the order of the kernels for one 20 ms step of both ports.

Phone → network: split the ports → DTMF detector → (a digit found is muted and sent as an RFC 4733 event)
→ mix with the other leg of a conference → G.711 into the leg's packet.
Network → phone: jitter buffer → decode or conceal → mix → tones → join the ports.

`step` allocates nothing; everything it touches is made in the constructors or when a call is connected.
Sockets are the pump's business: it hands datagrams to `slot.stream.receive` before the step and sends
`slot.stream.packet` / `event_packet` after it where `slot.voice_due` / `slot.event_due` say so.
"""

from array import array

from micropython import const

from ata.dsp import mix
from ata.dsp.dtmf import DtmfDetector
from ata.dsp.g711 import G711
from ata.dsp.plc import Plc
from ata.dsp.tones import ToneGenerator, sine_table
from ata.rtp.stream import RtpStream

_FRAME = const(160)  # samples of one port in one step: 20 ms at 8 kHz
_HEADER = const(12)  # of an RTP packet
_EVENT_MS = const(5000)  # a received digit sounds until its end packet, but not longer
_DEAF_STEPS = const(5)  # after a digit was played to the line: its echo must not be taken for a key
_NEW_DIGITS = const(16)  # room in the ring of digits heard but not yet fetched


class LegSlot:
    """The media of one leg: its RTP stream, concealment and linear audio of the present step.

    The buffers (6 KB) are kept from call to call. A port's first slot gets them at start, while the heap is
    in one piece; the second one with its first call, because most ports never have one.
    """

    def __init__(self):
        self.is_open = False
        self.stream = None  # type: Any
        self.plc = None  # type: Any
        self.audio = None  # type: Any
        self.encoded = None  # type: Any
        self.codec = None  # type: Any
        self.agreed = None  # the payload types that the stream was opened with
        self.address = None  # where to send, as the socket wants it
        self.connected = False  # the phone hears it and speaks to it
        self.sending = False
        self.receiving = False
        self.events = False  # digits leave as RFC 4733 events
        self.mute_digits = False
        self.voice_due = False
        self.event_due = False

    def prepare(self, depth):
        """Make the buffers. `depth`: (least, most) ms of the jitter buffer."""
        self.stream = RtpStream(depth[0], depth[1])
        self.plc = Plc()
        self.audio = array("h", bytes(2 * _FRAME))
        self.encoded = bytearray(_FRAME)

    def open(self, payload_type, event_type, depth, random):
        """Begin a stream. Allocates."""
        if self.stream is None:
            self.prepare(depth)
        stream = self.stream  # type: Any
        stream.open(
            _number(random(4)), _number(random(2)), _number(random(4)), payload_type, event_type, _FRAME
        )
        self.plc.reset()
        self.agreed = (payload_type, event_type)
        self.is_open = True

    def close(self):
        """The leg is over; the buffers wait for the next one."""
        self.disconnect()
        if self.is_open:
            self.is_open = False
            self.stream.close()
        self.address = None

    def disconnect(self):
        """The phone no longer hears the leg (held); its stream goes on."""
        if self.connected and self.events:
            self.stream.digit_end()  # a digit whose key is still down would hold back the voice for ever
        self.connected = False
        self.voice_due = False
        self.event_due = False

    def fetch(self):
        """Decode or conceal the next 20 ms into `audio`. True if the phone is to hear it."""
        heard = self.stream.take(self.encoded, 0, _FRAME)
        if not (self.connected and self.receiving):
            return False
        if heard:
            self.codec.decode(self.encoded, 0, self.audio, _FRAME)
            self.plc.good(self.audio, _FRAME)
        else:
            self.plc.lost(self.audio, _FRAME)
        return True


class PortPath:
    """One port's kernels and buffers."""

    def __init__(self, index, sine):
        self.index = index  # 0 or 1: its place in the stereo block
        self.near = array("h", bytes(2 * _FRAME))  # from the phone
        self.far = array("h", bytes(2 * _FRAME))  # to the phone, unless one leg's audio is
        self.played = self.far  # what was given to the phone in the step before
        self.out = array("h", bytes(2 * _FRAME))  # to one leg
        self.detector = DtmfDetector()
        self.tones = ToneGenerator(sine)  # call progress, heard by the phone
        self.digits = ToneGenerator(sine)  # digits that the far end sent as messages, heard by the phone
        self.keys = ToneGenerator(sine)  # digits of a pulse-dialling phone, sent in band
        self.slots = (LegSlot(), LegSlot())
        self.echo = None  # type: Any
        self.digit_down = False
        self._deaf = 0  # steps
        self._digits = bytearray(_NEW_DIGITS)
        self._head = 0
        self._tail = 0

    def next_digit(self):
        """The RFC 4733 code of the next digit heard on the line, or −1."""
        if self._tail == self._head:
            return -1
        code = self._digits[self._tail]
        self._tail = (self._tail + 1) & (_NEW_DIGITS - 1)
        return code

    def play_digit(self, code, ms):
        """Let the phone hear a digit (RFC 4733 code) for `ms`."""
        self.digits.digit(code, ms)

    def step(self, stereo_in, stereo_out):
        near = self.near
        mix.deinterleave(stereo_in, self.index, near, _FRAME)
        first, second = self.slots[0], self.slots[1]
        if self.echo is not None and (first.connected or second.connected):
            self.echo.process(near, self.played, _FRAME)
        self._listen()
        # What the phone hears: the audio of the leg there is, and only of two their sum. A call of anything
        # costs more than it does if there is nothing to be done, so that is asked here.
        far = None
        if first.is_open and self._receive(first):
            far = first.audio
        if second.is_open and self._receive(second):
            if far is None:
                far = second.audio
            else:
                far = self.far
                mix.copy(far, first.audio, _FRAME)
                mix.add(far, 0, second.audio, _FRAME)
        if self.keys.active:
            self.keys.mix(near, _FRAME)
        if first.is_open:
            self._send(first, second)
        if second.is_open:
            self._send(second, first)
        if far is None:
            far = self.far
            mix.clear(far, _FRAME)
        if self.tones.active:
            self.tones.mix(far, _FRAME)
        if self.digits.active:
            self.digits.mix(far, _FRAME)
        mix.interleave(far, stereo_out, self.index, _FRAME)
        self.played = far

    def _listen(self):
        if self.digits.active:
            self._deaf = _DEAF_STEPS
            self.detector.reset()
        if self._deaf:
            self._deaf -= 1
            if self.digit_down:
                self._digit_up()
            return
        event = self.detector.process(self.near, _FRAME)
        if event == 1:
            self.digit_down = True
            code = self.detector.code
            self._digits[self._head] = code
            self._head = (self._head + 1) & (_NEW_DIGITS - 1)
            for slot in self.slots:
                if slot.connected and slot.events:
                    slot.stream.digit_begin(code)
        elif event == 2:
            self._digit_up()

    def _digit_up(self):
        self.digit_down = False
        for slot in self.slots:
            if slot.connected and slot.events:
                slot.stream.digit_end()

    def _receive(self, slot):
        """True if the phone is to hear this leg: its `audio`."""
        # A digit takes the place of the audio, in which it may have leaked a second time.
        heard = slot.fetch() and not self.digits.active
        event = slot.stream.event_poll()
        while event >= 0:
            if event >= 16:
                self.digits.stop()
            elif slot.connected:
                self.digits.digit(event, _EVENT_MS)
            event = slot.stream.event_poll()
        return heard

    def _send(self, slot, other):
        slot.voice_due = False
        slot.event_due = False
        if not slot.is_open:
            return
        stream = slot.stream
        if not slot.sending:
            stream.skip()
            return
        out = self.near
        if not slot.connected:
            # Held by us: silence keeps the far end's RTP time-out and the NAT binding alive.
            out = self.out
            mix.clear(out, _FRAME)
        elif self._deaf or (self.digit_down and slot.mute_digits):
            # The tone must not arrive a second time in band (RFC 4733 §1.2), nor the echo of one played here.
            out = self.out
            mix.clear(out, _FRAME)
        if slot.connected and other.connected and other.receiving:
            if out is self.near:
                out = self.out
                mix.copy(out, self.near, _FRAME)
            mix.add(out, 0, other.audio, _FRAME)
        slot.codec.encode(out, stream.packet, _HEADER, _FRAME)
        slot.voice_due = stream.send()
        slot.event_due = stream.send_event()


class MediaPath:
    """Both ports (1 and 2). The jitter buffers adapt between `jitter_min` and `jitter_max` ms.

    `echo_taps`: of the echo cancellers, 64 (8 ms) or 128; 0 for none, which saves 13 KB. `echo_delay`: the
    samples from a frame given to the board to the echo of its beginning in one from it, −1 to search for it.
    """

    def __init__(self, jitter_min=20, jitter_max=200, echo_taps=0, echo_delay=-1):
        sine = sine_table()
        self.ports = (PortPath(0, sine), PortPath(1, sine))
        self._depth = (jitter_min, jitter_max)
        for port in self.ports:
            port.slots[0].prepare(self._depth)
            if echo_taps:
                from ata.dsp.echo import EchoCanceller

                port.echo = EchoCanceller(echo_taps, echo_delay)
        self._laws = {}
        self.steps = 0

    def port(self, port):
        return self.ports[port - 1]

    def slot(self, port, number):
        return self.ports[port - 1].slots[number]

    def connect(self, slot, media, address, mode, random):
        """Let the phone hear and speak to a leg as offer and answer agreed (`media`, ata.sip.offer.Media).

        `mode` is the port's way to send digits: rfc4733, info, inband or auto. A stream that already
        runs with the same codec goes on (a re-INVITE that holds or moves it must not restart its RTP).
        """
        if not slot.is_open or slot.agreed != (media.payload_type, media.event_type):
            slot.open(media.payload_type, media.event_type, self._depth, random)
        if media.codec not in self._laws:
            self._laws[media.codec] = G711(media.codec)
        slot.codec = self._laws[media.codec]
        slot.address = address
        slot.events = mode in ("rfc4733", "auto") and media.event_type >= 0
        slot.mute_digits = slot.events or mode == "info"
        slot.sending = media.send and address is not None
        slot.receiving = media.receive
        slot.connected = True

    def send_digit(self, port, slot, code, ms):
        """Send a digit (RFC 4733 code) that is not in the audio: as an event if agreed, else in band."""
        if slot.events:
            slot.stream.digit_play(code, ms)
        else:
            self.ports[port - 1].keys.digit(code, ms)

    def step(self, stereo_in, stereo_out):
        """One 20 ms step: 160 frames of both ports in, 160 out (interleaved signed 16 bit)."""
        self.ports[0].step(stereo_in, stereo_out)
        self.ports[1].step(stereo_in, stereo_out)
        self.steps += 1


def _number(data):
    return int.from_bytes(data, "big")
