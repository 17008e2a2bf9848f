"""The media of one call leg: its RTP stream, jitter buffer, codec and concealment."""

from array import array

from micropython import const

from ata.dsp import mix
from ata.dsp.plc import Plc
from ata.rtp.quality import Meter
from ata.rtp.stream import RtpStream

_DATA_MS = const(80)  # least depth of the jitter buffer for fax and modem
_FRAME = const(160)  # samples in one step: 20 ms at 8 kHz
_HEADER = const(12)  # octets of an RTP header,
_NOISE = const(3)  # and of a comfort noise


class LegSlot:
    """The media of one leg: its RTP stream, concealment and linear audio of the present step.

    The buffers (6 KB) are made for a call, and given back when it ends: a port that waits leaves its memory
    to others.
    """

    def __init__(self):
        self.is_open = False
        self.wanted = False  # a call has it, or is about to
        self.opened = 0  # streams so far: another number, another stream
        self.began = 0  # MediaPath.steps at its start
        self.stream = None  # type: Any
        self.meter = None  # type: Any
        self.plc = None  # type: Any
        self.audio = None  # type: Any
        self.encoded = None  # type: Any
        self.codec = None  # type: Any
        self.agreed = None  # payload types and samples of a packet that the stream was opened with
        self.media = None  # what offer and answer agreed last (ata.sip.offer.Media)
        self.rtt = -1  # ms there and back as RTCP tells it,
        self.far_loss = -1  # and what of ours is lost there, of 256; −1: not known
        self.address = None  # where to send, as the socket wants it
        self.connected = False  # the phone hears it and speaks to it
        self.sending = False
        self.receiving = False
        self.events = False  # digits leave as RFC 4733 events
        self.mute_digits = False
        self.data = False  # a fax machine or a modem was heard
        self.teller = None  # type: Any  # tells our silence, and the packet that it is told in
        self.silence = None  # type: Any
        self.room = None  # type: Any  # makes the noise of theirs
        self.silences = False  # comfort noise was agreed upon
        self.silence_due = False
        self.voice_due = False
        self.event_due = False

    def prepare(self, depth, encoded):
        """Make the buffers. `depth`: (least, most) ms of the jitter buffer. `encoded`: room for a frame as it
        comes out of it, used up within a step, so that all legs share it."""
        self.stream = RtpStream(depth[0], depth[1])
        self.plc = Plc()
        self.meter = Meter()
        self.audio = array("h", bytes(2 * _FRAME))
        self.encoded = encoded

    def open(self, payload_type, event_type, samples, random):
        """Begin a stream, when the buffers are made. Allocates."""
        stream = self.stream  # type: Any
        stream.open(
            _number(random(4)), _number(random(2)), _number(random(4)), payload_type, event_type, samples
        )
        self.plc.reset()
        self.meter.reset()
        self.rtt = self.far_loss = -1
        self.opened += 1
        self.data = False
        self.agreed = (payload_type, event_type, samples)
        self.is_open = True

    def close(self):
        """The leg is over."""
        self.disconnect()
        self.is_open = self.wanted = self.sending = False
        self.stream = self.meter = self.plc = self.audio = None
        self.teller = self.silence = self.room = None
        self.address = None

    def carry_data(self):
        """A fax machine or a modem was heard: from now on until the call ends nothing is invented, and the
        delay stays as it is (ITU-T V.152 calls it voiceband data)."""
        self.data = True
        self.stream.jitter.fix(_DATA_MS)

    def disconnect(self):
        """The phone no longer hears the leg (held); its stream goes on."""
        if self.connected and self.events:
            self.stream.digit_end()  # a digit whose key is still down would hold back the voice for ever
        self.connected = False
        self.voice_due = False
        self.event_due = False
        self.silence_due = False

    def comfort(self, teller, room):
        """Comfort noise for this leg (RFC 3389): ata.dsp.cng NoiseSender and Noise."""
        self.teller = teller
        self.room = room
        self.silence = bytearray(_HEADER + _NOISE)

    def fetch(self):
        """Decode or conceal the next 20 ms into `audio`. True if the phone is to hear it."""
        heard = self.stream.take(self.encoded, 0, _FRAME)
        if not (self.connected and self.receiving):
            return False
        silent = not heard and self.stream.is_silent()
        if heard or self.meter.frames:  # what has not begun is not missing
            self.meter.play(heard or silent)
        if silent:
            self._silent()
        elif heard:
            self.codec.decode(self.encoded, 0, self.audio, _FRAME)
            self.plc.good(self.audio, _FRAME)
        elif self.data:
            mix.clear(self.audio, _FRAME)  # an invented signal would mislead a modem
        else:
            self.plc.lost(self.audio, _FRAME)
        return True

    def _silent(self):
        if self.room is None:
            mix.clear(self.audio, _FRAME)
        else:
            stream = self.stream
            if stream.noise_size:
                self.room.update(stream.noise, 0, stream.noise_size)
                stream.noise_size = 0
            self.room.make(self.audio, _FRAME)
        self.plc.good(self.audio, _FRAME)


def _number(data):
    return int.from_bytes(data, "big")
