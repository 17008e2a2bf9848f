# Packets of other lengths than a step: every octet once, in order, under the timestamp of its first one.
from ata.rtp.stream import RtpStream

FIRST = 0xFFFFFE00
DIGIT = range(20, 29)  # steps


def number(data, first, n):
    value = 0
    for i in range(n):
        value = value << 8 | data[first + i]
    return value


class Sender:
    def __init__(self, ms):
        self.stream = RtpStream()
        self.stream.open(1, 100, FIRST, 0, 101, 8 * ms)
        self.step = 0
        self.voice = []  # (step, marker, sequence number, samples since the first one, payload)
        self.events = []

    def note(self):
        packet = self.stream.packet
        ts = (number(packet, 4, 4) - self.first) & 0xFFFFFFFF if self.voice else 0
        if not self.voice:
            self.first = number(packet, 4, 4)
        self.voice.append((self.step, packet[1] >> 7, number(packet, 2, 2), ts, bytes(packet[12:])))

    def frame(self, silent=False):
        """A step: the octets say to which tenth of a step they belong."""
        stream = self.stream
        if silent:
            stream.skip()
        else:
            encoded = bytes([(10 * self.step + i // 16) & 255 for i in range(160)])
            if stream.packing is None:
                stream.packet[12:] = encoded
                due = stream.send()
            else:
                due = stream.packing.frame(encoded)
            if due:
                self.note()
                while stream.packing is not None and stream.packing.another():
                    self.note()
        if stream.send_event():
            packet = stream.event_packet
            self.events.append((number(packet, 2, 2), (number(packet, 4, 4) - self.first) & 0xFFFFFFFF))
        self.step += 1


def all_as_said(voice):
    """The octets are those of their time: the first packet begins with the first step."""
    for _, _, _, ts, payload in voice:
        for i in range(0, len(payload), 16):
            assert payload[i] == (ts + i) // 16 & 255, (ts, i)


def prove(ms):
    sender = Sender(ms)
    for _ in range(60):
        sender.frame()
    voice = sender.voice
    assert len(voice) == 60 * 20 // ms
    assert [row[1] for row in voice] == [1] + [0] * (len(voice) - 1)
    assert [row[2] for row in voice] == list(range(101, 101 + len(voice)))
    assert [row[3] for row in voice] == [8 * ms * i for i in range(len(voice))]
    assert [row[0] for row in voice] == [(ms * (i + 1) + 19) // 20 - 1 for i in range(len(voice))]
    all_as_said(voice)


def prove_pauses(ms):
    sender = Sender(ms)
    for step in range(60):
        if step == DIGIT[0]:
            sender.stream.digit_begin(5)
        if step == DIGIT[-1]:
            sender.stream.digit_end()
        sender.frame(40 <= step < 45)
    voice, events = sender.voice, sender.events
    all_as_said(voice)
    sent = [row[3] for row in voice]
    for first, after in ((DIGIT[0], DIGIT[-1] + 1), (40, 45)):
        kept = [ts for ts in sent if ts + 8 * ms > 160 * first and ts < 160 * after]
        assert kept == [], (first, kept)  # what began before is not sent, what comes after begins with it
        assert 160 * after in sent
        assert voice[sent.index(160 * after)][1] == 1
    assert {ts for _, ts in events} == {160 * DIGIT[0]} and len(events) == len(DIGIT) + 2
    numbers = sorted([row[2] for row in voice] + [row[0] for row in events])
    assert numbers == list(range(101, 101 + len(numbers)))


def test_10_ms():
    prove(10)
    prove_pauses(10)


def test_20_ms():
    prove(20)
    prove_pauses(20)


def test_30_ms():
    prove(30)
    prove_pauses(30)


def test_40_ms():
    prove(40)
    prove_pauses(40)


def test_50_ms():
    prove(50)
    prove_pauses(50)


def test_60_ms():
    prove(60)
    prove_pauses(60)


def test_the_next_call_may_have_others():
    sender = Sender(60)
    sender.frame()
    stream = sender.stream
    stream.open(2, 1, 0, 0, 101)
    assert stream.packing is None and len(stream.packet) == 172 and stream.send()
    stream.open(3, 1, 0, 0, 101, 80)
    packing = stream.packing  # type: Any
    assert not packing.another() and packing.frame(bytes(160)) and packing.another()
