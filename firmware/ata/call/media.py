"""The media path: both ports' audio, 20 ms at a time, and how a leg is connected to it.

`step` allocates nothing. Sockets are the pump's business: it hands datagrams to `slot.stream.receive` before
the step and sends `slot.stream.packet` / `event_packet` / `slot.silence` after it where `slot.voice_due` /
`event_due` / `silence_due` say so.
"""

from array import array

from micropython import const

from ata.call.port_path import PortPath
from ata.dsp.g711 import G711
from ata.dsp.tones import dtmf_table, sine_table

_KHZ = const(8)
_FRAME = const(160)  # samples of one port in one step: 20 ms at 8 kHz


class MediaPath:
    """Both ports (1 and 2). The jitter buffers adapt between `jitter_min` and `jitter_max` ms.

    `echo_taps`: of the echo cancellers, 64 (8 ms) or 128; 0 for none, which saves 13 KB. `echo_delay`: the
    samples from a frame given to the board to the echo of its beginning in one from it, −1 to search for it.
    `fax`: look for fax machines and modems. `vad`: send comfort noise instead of silence, and make it, where
    that is agreed upon.
    """

    def __init__(self, jitter_min=20, jitter_max=200, echo_taps=0, echo_delay=-1, fax=False, vad=False):
        # Room for one frame each, used up within a step.
        near, out = array("h", bytes(2 * _FRAME)), array("h", bytes(2 * _FRAME))
        self._encoded = bytearray(_FRAME)
        sine, dtmf = sine_table(), dtmf_table()
        self.ports = (PortPath(0, sine, dtmf, near, out), PortPath(1, sine, dtmf, near, out))
        self._depth = (jitter_min, jitter_max)
        self._noise = None  # type: Any
        if vad:
            from ata.dsp.cng import Noise, NoiseSender
            from ata.dsp.vad import Vad

            self._noise = (NoiseSender, Noise)
            for port in self.ports:
                port.vad = Vad()
        for port in self.ports:
            if echo_taps:
                from ata.dsp.echo import EchoCanceller

                port.echo = EchoCanceller(echo_taps, echo_delay)
            if fax:
                from ata.dsp.modem import FaxModemDetector

                port.fax = (FaxModemDetector(), FaxModemDetector())
        self._laws = {}
        self.steps = 0

    def _prepare(self, slot):
        slot.prepare(self._depth, self._encoded)
        if self._noise is not None:
            slot.comfort(self._noise[0](), self._noise[1]())

    def reserve(self, slot):
        """Make the buffers of a call to come, which connect() would make otherwise. Raises MemoryError."""
        if slot.stream is None:
            self._prepare(slot)

    def port(self, port):
        return self.ports[port - 1]

    def port_of(self, slot):
        return self.ports[0] if slot in self.ports[0].slots else self.ports[1]

    def slot(self, port, number):
        return self.ports[port - 1].slots[number]

    def connect(self, slot, media, address, mode, random):
        """Let the phone hear and speak to a leg as offer and answer agreed (`media`, ata.sip.offer.Media).

        `mode` is the port's way to send digits: rfc4733, info, inband or auto. A stream that already
        runs with the same codec and length of packets goes on (a re-INVITE that holds or moves it must not
        restart its RTP).
        """
        samples = media.ptime * _KHZ
        if not slot.is_open or slot.agreed != (media.payload_type, media.event_type, samples):
            self.reserve(slot)
            slot.open(media.payload_type, media.event_type, samples, random)
            slot.began = self.steps
            if slot.room is not None:
                slot.room.reset()
                self.port_of(slot).vad.reset()
            fax = self.port_of(slot).fax
            if fax is not None:
                fax[0].reset()
                fax[1].reset()
        if media.codec not in self._laws:
            self._laws[media.codec] = G711(media.codec)
        slot.codec = self._laws[media.codec]
        slot.address = address
        slot.media = media
        slot.events = mode in ("rfc4733", "auto") and media.event_type >= 0
        slot.mute_digits = slot.events or mode == "info"
        slot.sending = media.send and address is not None
        slot.receiving = media.receive
        slot.silences = media.noise and slot.teller is not None
        slot.connected = True

    def send_digit(self, port, slot, code, ms):
        """Send a digit (RFC 4733 code) that is not in the audio: as an event if agreed, else in band."""
        if slot.events:
            slot.stream.digit_play(code, ms)
        else:
            self.ports[port - 1].keys.digit(code, ms)

    def step(self, stereo_in, stereo_out):
        """One 20 ms step: 160 frames of both ports in, 160 out (interleaved signed 16 bit). They may be one
        buffer: a port reads its samples before it writes them."""
        self.ports[0].step(stereo_in, stereo_out)
        self.ports[1].step(stereo_in, stereo_out)
        self.steps += 1
