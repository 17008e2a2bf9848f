"""Telephone events (RFC 4733): DTMF digits beside the voice, each told by a row of small packets.

    step (20 ms)   1      2      3      4      5      6      7        key down in steps 1 … 3
    duration      160    320    480    640    640    640     -        timestamp: that of step 1 in all of them
    marker         1      0      0      0      0      0      -
    E bit          0      0      0      1      1      1      -        the end is said three times (§2.5.1.4)
    voice          no     no     no     no     yes    yes   yes

The digits are event codes: 0-9, 10 '*', 11 '#', 12-15 A-D.
"""

from array import array

from micropython import const

from ata.rtp.packet import advance, share

_SHORTEST = const(320)  # samples: a digit is told as at least 40 ms, what Q.24 lets a detector ask for
_LONGEST = const(0xFFFF)  # the duration field
_VOLUME = const(10)  # −10 dBm0
_REORDER = const(16000)  # samples: an older timestamp within 2 s is a packet that was overtaken
_SILENT = const(1600)  # samples: 200 ms without a packet end an event whose end packets were all lost
_AUDIBLE = const(480)  # samples: a received digit sounds for 60 ms at least, also if only its end has come
_QUEUE = const(16)
_TIMESTAMP = const(0xFFFFFFF)

# EventSender's state
_ON = const(0)
_FRESH = const(1)  # 1: the first packet of the event is still to come
_SPLIT = const(2)  # 1: the last packet filled its segment (§2.5.1.3)
_ENDS = const(3)  # how often the end is still to be said
_DURATION = const(4)  # of the present segment, samples
_TOTAL = const(5)  # of the event
_LIMIT = const(6)  # the event ends when _TOTAL has reached it, -1: not known yet
_NEXT = const(7)  # the code that waits for the present event's end, or -1
_NEXT_LIMIT = const(8)

# EventReceiver's
_CODE = const(0)
_TS = const(1)  # 28 bits, or -1
_LASTED = const(2)  # the greatest duration heard of the present or last segment, samples
_IDLE = const(3)  # samples since the last packet
_SOUNDED = const(4)  # samples since the beginning was polled
_FIRST = const(5)  # of the queue
_LENGTH = const(6)


class EventSender:
    """Makes the packets of one stream. `voice` is its packet buffer, whose header holds the present
    timestamp, the last used sequence number and the SSRC. `packet` (16 bytes) is what next() makes.

    `active` is True while voice has to be held back: from begin() to the step that says the end first.
    """

    def __init__(self, voice, event_type):
        self.packet = bytearray(16)
        self.packet[1] = event_type
        self.active = False
        self._voice = voice
        self._state = array("i", [0] * 9)
        self._state[_NEXT] = -1

    def begin(self, code, limit=-1):
        """A digit begins with the coming packet; it lasts until end(), or `limit` samples, 40 ms at least. If
        another one is still on, that one ends first."""
        state = self._state
        self.active = True
        state[_LIMIT] = 0
        state[_NEXT] = code
        state[_NEXT_LIMIT] = limit

    def end(self):
        """The digit that began last ends with the coming packet. Without one: nothing."""
        self._state[_LIMIT] = self._state[_NEXT_LIMIT] = 0

    def next(self, samples):
        """Once a step of `samples`, after the voice header has stepped on: True if `packet` is to be sent."""
        state = self._state
        packet = self.packet
        if not state[_ON]:
            if state[_NEXT] >= 0:
                packet[12] = state[_NEXT]
                state[_ON] = state[_FRESH] = 1
                state[_SPLIT] = state[_DURATION] = state[_TOTAL] = 0
                state[_LIMIT] = state[_NEXT_LIMIT]
                state[_NEXT] = -1
            elif state[_ENDS]:
                state[_ENDS] -= 1
                share(self._voice, packet, 0)
                return True
            else:
                return False
        if state[_SPLIT]:
            state[_SPLIT] = 0
            advance(packet, _LONGEST, -1)
        share(self._voice, packet, state[_FRESH])
        state[_FRESH] = 0
        state[_TOTAL] += samples
        duration = state[_DURATION] + samples
        volume = _VOLUME
        if duration > _LONGEST:
            # §2.5.1.3: say the longest duration without the E bit, go on with a timestamp that much later
            state[_SPLIT] = 1
            state[_DURATION] = duration - _LONGEST
            duration = _LONGEST
        else:
            state[_DURATION] = duration
            if 0 <= state[_LIMIT] <= state[_TOTAL] and state[_TOTAL] >= _SHORTEST:
                volume = 0x80 | _VOLUME
                state[_ON] = 0
                state[_ENDS] = 2
                self.active = state[_NEXT] >= 0
        packet[13] = volume
        packet[14] = duration >> 8
        packet[15] = duration & 255
        return True


class EventReceiver:
    """Makes "began" and "ended" of the packets. An event is known by its RTP timestamp (§2.2.1), so that
    lost, repeated or overtaken packets and a missing marker bit do no harm.

    `active`: an event is on. `timed`: elapse() is needed, from the first packet until the end was polled."""

    def __init__(self):
        self.active = self.timed = False
        self._queue = bytearray(_QUEUE)
        self._state = array("i", [0] * 7)
        self._state[_TS] = -1

    def receive(self, buf, offset, n, ts, marker):
        """An event payload of n bytes at buf[offset], with the packet's timestamp (28 bits) and marker bit.
        Events that are no DTMF digit (§3.2, codes from 16 on) are not ours."""
        if n < 4 or buf[offset] > 15:
            return
        state = self._state
        code = buf[offset]
        duration = (buf[offset + 2] << 8) | buf[offset + 3]
        age = 1 if state[_TS] < 0 else (ts - state[_TS]) & _TIMESTAMP
        if age > _TIMESTAMP - _REORDER:
            return  # overtaken
        if age:
            state[_TS] = ts
            lasted = state[_LASTED]
            state[_LASTED] = 0
            if self.active:
                # either a further segment of a long event (§2.5.1.3), or another one, and our ends are lost
                if code != state[_CODE] or marker or not (age == lasted or 0xFF00 <= age <= _LONGEST):
                    self.elapse(_SILENT)
            if not self.active and state[_LENGTH] < _QUEUE - 1:  # with room for its end
                state[_CODE] = code
                self.active = self.timed = True
                self._queue[(state[_FIRST] + state[_LENGTH]) & (_QUEUE - 1)] = code
                state[_LENGTH] += 1
        if self.active:  # else its end, said again
            state[_IDLE] = 0
            if duration > state[_LASTED]:
                state[_LASTED] = duration
            if buf[offset + 1] & 0x80:
                self.elapse(_SILENT)

    def elapse(self, samples):
        """Time passes: an event whose packets have stopped for 200 ms (1600 samples) ends."""
        state = self._state
        if samples < _SILENT:
            state[_SOUNDED] += samples
        state[_IDLE] += samples
        if self.active and state[_IDLE] >= _SILENT:
            self.active = False
            self._queue[(state[_FIRST] + state[_LENGTH]) & (_QUEUE - 1)] = 16 + state[_CODE]
            state[_LENGTH] += 1

    def poll(self):
        """-1 nothing, code: that digit began, 16 + code: it ended. Ask until -1."""
        state = self._state
        if state[_LENGTH] == 0:
            return -1
        value = self._queue[state[_FIRST]]
        if value < 16:
            state[_SOUNDED] = 0
        elif state[_SOUNDED] < _AUDIBLE:
            return -1
        state[_FIRST] = (state[_FIRST] + 1) & (_QUEUE - 1)
        state[_LENGTH] -= 1
        self.timed = self.active or state[_LENGTH] > 0
        return value
