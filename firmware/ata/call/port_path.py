"""One port's way of the audio: the order of the kernels between the telephone line and its legs.

Phone → network: take the port out of the block → echo canceller → DTMF detector (a digit found is muted and
sent as an RFC 4733 event) → mix with the other leg of a conference → G.711 into the leg's packet.
Network → phone: jitter buffer → decode or conceal → mix → tones → back into the block.

`step` allocates nothing; everything it touches is made in the constructors or when a call is connected.
"""

from array import array

from micropython import const

from ata.base.unload import forget
from ata.call.leg_path import LegSlot
from ata.dsp import mix
from ata.dsp.dtmf import DtmfDetector
from ata.dsp.tones import ToneGenerator

_FRAME = const(160)  # samples of one port in one step: 20 ms at 8 kHz
_HEADER = const(12)  # of an RTP packet
_EVENT_MS = const(5000)  # a received digit sounds until its end packet, but not longer
_DEAF_STEPS = const(5)  # after a digit was played to the line: its echo must not be taken for a key
_ANSWER = const(2)  # of ata.dsp.modem: the answer tone, and
_MODULATED = const(4)  # the last of its forms
_NEW_DIGITS = const(16)  # room in the ring of digits heard but not yet fetched


class PortPath:
    """One port's kernels and buffers."""

    def __init__(self, index, sine, dtmf, near, out):
        """sine, dtmf: the tables of its tones. near, out: room for a frame from the phone and for one to a
        leg; both are used up within a step, so the ports share them."""
        self.index = index  # 0 or 1: its place in the stereo block
        self.near = near
        self.far = array("h", bytes(2 * _FRAME))  # to the phone, unless one leg's audio is
        self.played = self.far  # what was given to the phone in the step before
        self.out = out
        self.detector = DtmfDetector()
        self.tones = ToneGenerator(sine, dtmf)  # call progress, heard by the phone
        self.digits = ToneGenerator(
            sine, dtmf
        )  # digits that the far end sent as messages, heard by the phone
        self.keys = ToneGenerator(sine, dtmf)  # digits of a pulse-dialling phone, sent in band
        self.slots = (LegSlot(), LegSlot())
        self.echo = None  # type: Any
        self.modem = None  # type: Any
        self.fax = None  # type: Any
        self.vad = None  # type: Any
        self.muted = False  # data for the phone: no voice, either way
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

    def signal(self, output):
        """Let the phone hear a part of a transmission: what ata.line.callerid.CallerIdSequence.poll gives,
        but for "linefeed". Not to be called from the media step: it imports and allocates."""
        kind = output[0]
        if kind == "mute":
            self.muted = True
        elif kind == "tone":
            from ata.dsp.tone_script import compile_tone

            self.tones.start(compile_tone(output[1]))
            forget("ata.dsp.tone_script")
        elif kind == "digit":
            self.digits.digit(output[1], output[2])
        elif kind == "fsk":
            if self.modem is None:
                from ata.dsp.fsk import FskModulator

                self.modem = FskModulator(self.tones.table)
            self.modem.start(output[1], output[2], output[3], output[4])
        else:
            self.muted = False
            self.tones.stop()
            self.digits.stop()
            if self.modem is not None:
                self.modem.stop()

    def step(self, stereo_in, stereo_out):
        near = self.near
        mix.deinterleave(stereo_in, self.index, near, _FRAME)
        first, second = self.slots[0], self.slots[1]
        if first.connected or second.connected:
            data = first.data or second.data
            if self.echo is not None and not data:
                self.echo.process(near, self.played, _FRAME)
            if self.fax is not None and not data:
                self._look_for_data(first if first.connected else second)
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
        if far is None or self.muted:
            far = self.far
            mix.clear(far, _FRAME)
        if self.modem is not None and self.modem.active:
            self.modem.mix(far, _FRAME)
        if self.tones.active:
            self.tones.mix(far, _FRAME)
        if self.digits.active:
            self.digits.mix(far, _FRAME)
        mix.interleave(far, stereo_out, self.index, _FRAME)
        self.played = far

    def _look_for_data(self, slot):
        """Listen for a fax machine or a modem, in what the phone says and in what it was given before: an
        answer tone of either end (ITU-T V.25, V.8) makes the leg carry data."""
        near = self.fax[0].process(self.near, _FRAME)
        far = self.fax[1].process(self.played, _FRAME)
        if _ANSWER <= near <= _MODULATED or _ANSWER <= far <= _MODULATED:
            slot.carry_data()

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
                if slot.connected and slot.events and not self.muted:
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
        slot.silence_due = False
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
        elif self.muted or self._deaf or (self.digit_down and slot.mute_digits):
            # The tone must not arrive a second time in band (RFC 4733 §1.2), nor the echo of one played here,
            # nor what goes from phone to exchange only.
            out = self.out
            mix.clear(out, _FRAME)
        if slot.connected and other.connected and other.receiving:
            if out is self.near:
                out = self.out
                mix.copy(out, self.near, _FRAME)
            mix.add(out, 0, other.audio, _FRAME)
        if slot.silences and out is self.near and self._silent(slot):
            stream.skip()
            if slot.silence_due:
                stream.send_noise(slot.silence)
        else:
            packing = stream.packing
            if packing is None:
                slot.codec.encode(out, stream.packet, _HEADER, _FRAME)
                slot.voice_due = stream.send()
            else:
                slot.codec.encode(out, slot.encoded, 0, _FRAME)
                slot.voice_due = packing.frame(slot.encoded)
        slot.event_due = stream.send_event()

    def _silent(self, slot):
        """True if nobody speaks into this phone: then comfort noise is sent, when it is due (RFC 3389 §5)."""
        near = self.near
        if slot.data or self.digit_down or self.vad.process(near, _FRAME):
            slot.teller.step(1, 0, near, _FRAME, slot.silence, _HEADER)
            return False
        if slot.teller.step(0, self.vad.level(), near, _FRAME, slot.silence, _HEADER):
            slot.silence_due = True
        return True
