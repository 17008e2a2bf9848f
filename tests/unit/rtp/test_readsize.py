from array import array

from ata.rtp.readsize import ReadSize
from ata.rtp.stream import RtpStream


class Datagrams:
    """A UDP socket as MicroPython has it: readinto() reads on into the rest of the buffer as long as there
    are datagrams, and what of one does not fit is gone."""

    def __init__(self):
        self.queue = []

    def recv(self, size):
        return self.queue.pop(0)[:size] if self.queue else b""

    def readinto(self, buffer):
        got = 0
        while self.queue and got < len(buffer):
            data = self.queue.pop(0)[: len(buffer) - got]
            buffer[got : got + len(data)] = data
            got += len(data)
        return got


def info(seq, ts):
    return array("i", [0, 0, seq, ts, 0, 0, 0])


def packet(seq, ts, n, payload_type=0, marker=0, ssrc=7):
    header = [0x80, payload_type | (marker << 7), seq >> 8 & 255, seq & 255]
    header += [ts >> 24 & 255, ts >> 16 & 255, ts >> 8 & 255, ts & 255, 0, 0, 0, ssrc]
    return bytes(header) + bytes(n)


class Reader:
    """The reading loop of the media task, over the model of a socket."""

    def __init__(self):
        self.socket = Datagrams()
        self.stream = RtpStream()
        self.stream.open(1, 0, 0, 0, 101)
        self.sizes = ReadSize()
        self.now = (1 << 30) - 500
        self.buffers = {}
        self.exact = 0
        self.slow = 0

    def send(self, data):
        self.socket.queue.append(data)

    def step(self, ms=20):
        while self.socket.queue:
            size = self.sizes.size
            if size:
                data = self.buffers.setdefault(size, bytearray(size))
                n = self.socket.readinto(data)
                self.exact += 1
            else:
                data = self.socket.recv(1500)
                n = len(data)
                self.slow += 1
            self.sizes.seen(n, self.stream.receive(data, n, self.now), self.stream.info, self.now)
        self.stream.take(bytearray(160), 0, 160)
        self.now = (self.now + ms) & 0x3FFFFFFF

    def voice(self, first, count, n=160):
        for i in range(first, first + count):
            self.send(packet(i, n * i, n))
            self.step(n // 8)


def test_the_exact_size_is_learned_after_three_and_used():
    reader = Reader()
    reader.voice(0, 100)
    assert (reader.slow, reader.exact, reader.sizes.size) == (3, 97, 172)
    assert reader.stream.statistics()["received"] == 100


def test_a_burst_is_read_packet_by_packet():
    reader = Reader()
    reader.voice(0, 10)
    for i in range(10, 16):
        reader.send(packet(i, 160 * i, 160))
    reader.step()
    assert reader.stream.statistics()["received"] == 16 and reader.stream.statistics()["lost"] == 0


def test_an_event_packet_ends_exact_reading_and_a_second_later_it_is_back():
    reader = Reader()
    reader.voice(0, 10)
    reader.send(packet(10, 1600, 4, payload_type=101))
    reader.step()
    assert reader.sizes.size == 0
    reader.voice(11, 48)
    assert reader.sizes.size == 0
    reader.voice(59, 4)
    assert reader.sizes.size == 172
    assert reader.stream.statistics()["lost"] == 0


def test_an_event_with_a_voice_packet_behind_it_costs_that_one_at_most():
    reader = Reader()
    reader.voice(0, 10)
    reader.send(packet(10, 1600, 4, payload_type=101))
    reader.send(packet(11, 1600, 160))  # merged into the same read, and cut
    reader.send(packet(12, 1760, 160))
    reader.step()
    assert reader.sizes.size == 0
    assert reader.stream.statistics()["received"] == 12


def test_shorter_voice_packets_are_noticed_by_the_timestamp():
    reader = Reader()
    reader.voice(0, 10)
    for i in range(40):  # 10 ms packets, always two of them at once: 92 bytes and 80 of the next are merged
        reader.send(packet(10 + i, 1600 + 80 * i, 80))
        if i & 1:
            reader.step()
    assert reader.sizes.size == 0
    assert reader.stream.statistics()["lost"] <= 2


def test_longer_voice_packets_are_noticed_by_the_timestamp():
    reader = Reader()
    reader.voice(0, 10)
    for i in range(3):
        reader.send(packet(10 + i, 1600 + 240 * i, 240))
        reader.step(30)
    assert reader.sizes.size == 0
    reader.voice(13, 40, 240)
    assert reader.sizes.size == 252


def test_a_lost_packet_or_a_new_talkspurt_changes_nothing():
    reader = Reader()
    reader.voice(0, 10)
    reader.voice(12, 10)
    assert reader.sizes.size == 172
    reader.send(packet(22, 99999, 160, marker=1))
    reader.step()
    reader.send(packet(23, 99999 + 160, 160))
    reader.step()
    assert reader.sizes.size == 172 and reader.slow == 3


def test_garbage_ends_exact_reading():
    for data in (b"", b"hello", bytes(172), packet(1, 1, 160, ssrc=9), packet(1, 1, 160, payload_type=8)):
        reader = Reader()
        reader.voice(0, 10)
        reader.send(data)
        reader.step()
        assert reader.sizes.size == 0, data


def test_sizes_that_are_not_worth_a_buffer_are_never_read_exactly():
    sizes = ReadSize(52, 492)
    for n in (20, 51, 493, 1500):
        for i in range(10):
            sizes.seen(n, 1, info(i, (n - 12) * i), 0)
        assert sizes.size == 0, n


def test_alternating_sizes_are_never_read_exactly():
    sizes = ReadSize()
    ts = 0
    for i in range(40):
        n = 172 if i % 3 else 92
        sizes.seen(n, 1, info(i, ts), 20 * i)
        ts += n - 12
        assert sizes.size == 0
