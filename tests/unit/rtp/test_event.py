from ata.rtp.event import EventReceiver, EventSender
from ata.rtp.packet import advance, start


class Sender:
    """An EventSender beside a voice header, stepped as RtpStream does it. Each step gives what was sent."""

    def __init__(self, ts=1000, seq=10):
        self.voice = bytearray(172)
        start(self.voice, 0xA1B2C3D4, seq, ts, 0)
        self.events = EventSender(self.voice, 101)

    def step(self, samples=160):
        """(marker, sequence number, timestamp, code, E bit, duration), or () if nothing is sent."""
        advance(self.voice, samples, -1 if self.events.active else 0)
        found: list[int] = []
        if not self.events.next(samples):
            return tuple(found)
        p = self.events.packet
        assert len(p) == 16 and p[0] == 0x80 and p[1] & 127 == 101 and bytes(p[8:12]) == b"\xa1\xb2\xc3\xd4"
        assert p[13] & 0x7F == 10  # −10 dBm0, and the R bit 0 (RFC 4733 §2.3.3)
        ts = (p[4] << 24) | (p[5] << 16) | (p[6] << 8) | p[7]
        found += [p[1] >> 7, (p[2] << 8) | p[3], ts, p[12], p[13] >> 7, (p[14] << 8) | p[15]]
        return tuple(found)

    def steps(self, count):
        return [self.step() for _ in range(count)]


def test_the_packets_of_a_digit():
    sender = Sender()
    assert sender.step() == ()
    sender.events.begin(5)
    assert sender.steps(3) == [(1, 12, 1320, 5, 0, 160), (0, 13, 1320, 5, 0, 320), (0, 14, 1320, 5, 0, 480)]
    assert sender.events.active
    sender.events.end()
    assert sender.step() == (0, 15, 1320, 5, 1, 640)
    assert not sender.events.active
    # said three times, now beside the voice, whose numbers 16 and 18 are
    assert sender.steps(4) == [(0, 17, 1320, 5, 1, 640), (0, 19, 1320, 5, 1, 640), (), ()]


def test_a_digit_is_told_as_40_ms_at_least():
    sender = Sender()
    sender.events.begin(1)
    sender.events.end()
    assert [p[4:] for p in sender.steps(2)] == [(0, 160), (1, 320)]
    sender = Sender()
    sender.events.begin(1, 8)
    assert [p[4:] for p in sender.steps(2)] == [(0, 160), (1, 320)]


def test_a_digit_of_given_length_ends_by_itself():
    sender = Sender()
    sender.events.begin(11, 800)
    assert [p[4:] for p in sender.steps(9)] == [
        (0, 160),
        (0, 320),
        (0, 480),
        (0, 640),
        (1, 800),
        (1, 800),
        (1, 800),
        (),
        (),
    ]


def test_end_without_a_digit_does_nothing():
    sender = Sender()
    sender.events.end()
    assert sender.step() == ()
    sender.events.begin(3)
    assert sender.steps(4)[3][4] == 0


def test_a_new_digit_during_the_repeated_ends_takes_their_place():
    sender = Sender()
    sender.events.begin(1, 320)
    sender.steps(2)
    sender.events.begin(2)
    first = sender.step()
    assert first[0] == 1 and first[3:] == (2, 0, 160)
    assert sender.step()[3:] == (2, 0, 320)


def test_a_new_digit_while_one_is_on_ends_that_one_first():
    sender = Sender()
    sender.events.begin(1)
    sender.steps(3)
    sender.events.begin(2)
    assert sender.step()[3:] == (1, 1, 640)
    assert sender.events.active
    marker, _, ts, code, end, duration = sender.step()
    assert (marker, ts, code, end, duration) == (1, 1000 + 5 * 160, 2, 0, 160)
    sender.events.end()
    assert sender.step()[3:] == (2, 1, 320)


def test_the_waiting_digit_can_end_before_it_began():
    sender = Sender()
    sender.events.begin(1)
    sender.steps(3)
    sender.events.begin(2)
    sender.events.end()
    assert [p[3:] for p in sender.steps(3)] == [(1, 1, 640), (2, 0, 160), (2, 1, 320)]


def test_an_event_longer_than_the_duration_field_goes_on_in_segments():
    # RFC 4733 §2.5.1.3: 0xFFFF without E bit, then a timestamp that much later, no marker
    sender = Sender(ts=0xFFFF0000)
    sender.events.begin(7)
    packets = sender.steps(820)
    first = 0xFFFF0000 + 160
    assert packets[408] == (0, 419, first, 7, 0, 65440)
    assert packets[409] == (0, 420, first, 7, 0, 0xFFFF)
    assert packets[410] == (0, 421, (first + 0xFFFF) & 0xFFFFFFFF, 7, 0, 411 * 160 - 0xFFFF)
    assert packets[819][2] == (first + 0xFFFF) & 0xFFFFFFFF and packets[819][5] == 0xFFFF
    sender.events.end()
    assert sender.step() == (0, 831, (first + 2 * 0xFFFF) & 0xFFFFFFFF, 7, 1, 821 * 160 - 2 * 0xFFFF)
    assert not any(p[4] for p in packets)
    assert [p[0] for p in packets] == [1] + [0] * 819


def test_other_packet_lengths():
    sender = Sender()
    sender.events.begin(9, 700)
    assert [sender.step(240)[4:] for _ in range(3)] == [(0, 240), (0, 480), (1, 720)]


# received


def payload(code, duration, end=0):
    return bytes([code, (0x80 if end else 0) | 10, duration >> 8, duration & 255])


def polled(receiver):
    """What is told, each beginning for as long as it has to sound."""
    found = []
    while True:
        value = receiver.poll()
        if value >= 0:
            found.append(value)
        elif receiver._state[6]:  # something waits
            receiver.elapse(80)
        else:
            return found


def hear(receiver, ts, code, duration, end=0, marker=0):
    receiver.receive(payload(code, duration, end), 0, 4, ts & 0xFFFFFFF, marker)
    return polled(receiver)


def test_a_digit_begins_and_ends_once():
    receiver = EventReceiver()
    assert hear(receiver, 100, 5, 160, marker=1) == [5]
    assert receiver.active
    assert hear(receiver, 100, 5, 320) == []
    assert hear(receiver, 100, 5, 480, end=1) == [21]
    assert not receiver.active
    assert hear(receiver, 100, 5, 480, end=1) == [] and hear(receiver, 100, 5, 480, end=1) == []
    assert hear(receiver, 100, 5, 320) == []  # overtaken


def test_the_timestamp_tells_a_new_digit_not_the_marker():
    receiver = EventReceiver()
    assert hear(receiver, 100, 5, 480, end=1) == [5, 21]
    assert hear(receiver, 1000, 5, 160) == [5]
    assert hear(receiver, 1000, 5, 480, end=1) == [21]
    # a marker on every packet
    assert hear(receiver, 2000, 6, 160, marker=1) == [6]
    assert hear(receiver, 2000, 6, 320, marker=1) == []


def test_a_digit_whose_ends_are_lost_ends_with_the_next():
    receiver = EventReceiver()
    hear(receiver, 100, 5, 160)
    assert hear(receiver, 1000, 5, 160) == [21, 5]
    assert hear(receiver, 2000, 7, 160) == [21, 7]
    # and a packet of the one before, overtaken, is nothing
    assert hear(receiver, 1000, 5, 320) == []
    assert receiver.active


def test_a_digit_whose_packets_stop_ends_after_200_ms():
    receiver = EventReceiver()
    hear(receiver, 100, 5, 160)
    for _ in range(9):
        receiver.elapse(160)
    assert polled(receiver) == [] and hear(receiver, 100, 5, 1760) == []
    for _ in range(10):
        assert receiver.active
        receiver.elapse(160)
    assert polled(receiver) == [21]
    assert hear(receiver, 100, 5, 1920, end=1) == []


def test_a_digit_of_which_only_the_end_arrives_sounds_for_60_ms():
    receiver = EventReceiver()
    receiver.receive(payload(5, 800, 1), 0, 4, 100, 0)
    assert receiver.poll() == 5
    for _ in range(3):
        assert receiver.poll() == -1 and receiver.timed
        receiver.elapse(160)
    assert receiver.poll() == 21 and not receiver.timed and receiver.poll() == -1


def test_the_segments_of_a_long_event_are_one():
    receiver = EventReceiver()
    assert hear(receiver, 0xFFFFF00, 5, 65440, marker=1) == [5]
    assert hear(receiver, 0xFFFFF00, 5, 0xFFFF) == []
    assert hear(receiver, 0xFFFFF00 + 0xFFFF, 5, 65) == []
    assert hear(receiver, 0xFFFFF00 + 2 * 0xFFFF, 5, 65) == []  # with the last of the segment lost
    assert hear(receiver, 0xFFFFF00 + 2 * 0xFFFF, 5, 225, end=1) == [21]


def test_a_new_digit_just_after_a_long_one_is_a_new_one():
    receiver = EventReceiver()
    hear(receiver, 0, 5, 65440)
    assert hear(receiver, 0xFFFF, 6, 160) == [21, 6]
    hear(receiver, 0xFFFF, 6, 0xFFFF)
    assert hear(receiver, 2 * 0xFFFF, 6, 160, marker=1) == [22, 6]


def test_what_is_no_dtmf_digit_is_nothing():
    receiver = EventReceiver()
    for code in (16, 32, 255):  # flash, ANS, …
        assert hear(receiver, 100, code, 160) == []
    for n in range(4):
        receiver.receive(payload(5, 160), 0, n, 100, 1)
    assert polled(receiver) == [] and not receiver.active
    receiver.receive(b"xx" + payload(15, 160) + b"more", 2, 8, 100, 1)
    assert polled(receiver) == [15]


def test_200_ms_at_once_end_what_is_on_but_it_sounds_for_60():
    receiver = EventReceiver()
    hear(receiver, 100000, 5, 160)
    receiver.elapse(1600)
    assert receiver.poll() == -1
    assert hear(receiver, 80000, 6, 160) == [21, 6]


def test_a_flood_of_digits_that_nobody_polls_never_leaves_a_beginning_without_its_end():
    receiver = EventReceiver()
    for i in range(100):
        receiver.receive(payload(i & 15, 160, end=i % 3 == 0), 0, 4, 1000 * i, 1)
    receiver.elapse(1600)
    found = polled(receiver)
    assert len(found) >= 14
    on = -1
    for value in found:
        if value < 16:
            assert on < 0
            on = value
        else:
            assert value == 16 + on
            on = -1
    assert on < 0


def test_every_digit_arrives_whatever_one_or_two_packets_of_it_are_lost():
    for lost in range(10):
        for lost_too in range(10):
            sender, receiver = Sender(ts=0xFFFFFE00), EventReceiver()
            found = []
            for digit in (3, 3):
                sender.events.begin(digit, 640)
                for i in range(10):
                    packet = sender.step()
                    if packet and i not in (lost, lost_too):
                        p = sender.events.packet
                        receiver.receive(p, 12, 4, packet[2] & 0xFFFFFFF, packet[0])
                    receiver.elapse(160)
                    found.extend(polled(receiver))
            assert found == [3, 19, 3, 19], (lost, lost_too, found)
