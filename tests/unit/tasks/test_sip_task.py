# runs on: micropython
from ata.tasks.sip import SipTask


class Net:
    def __init__(self):
        self.names = {"pbx.example": "192.0.2.5"}
        self.asked = []

    def address(self, ip, port):
        return (ip, port)

    def lookup(self, host):
        self.asked.append(host)
        return self.names.get(host)


class Hal:
    def __init__(self):
        self.net = Net()
        self.now = 0

    def ticks(self):
        return self.now


class Socket:
    def __init__(self):
        self.waiting = []
        self.sent = []
        self.works = True
        self.full = 0  # more bytes than this the heap has no place for; 0: it has
        self.tries = 99  # so often

    def recvfrom(self, size):
        if self.full and size > self.full and self.tries:
            self.tries -= 1
            raise MemoryError
        if not self.waiting:
            return None
        data, address = self.waiting.pop(0)
        return data[:size], address

    def sendto(self, data, address):
        if self.works:
            self.sent.append((data, address))
        return self.works


class Exchange:
    def __init__(self):
        self.changed = False
        self.until = None  # type: Any
        self.outputs = []
        self.received = []
        self.ticks = []
        self.lost = []
        self.talking = False

    def receive(self, data, address, now):
        self.received.append((data, address))
        self.changed = True

    def poll(self):
        return self.outputs.pop(0) if self.outputs else None

    def deadline(self):
        return self.until

    def tick(self, now):
        self.ticks.append(now)

    def unreachable(self, host, now):
        self.lost.append(host)

    def in_call(self):
        return self.talking


class Log:
    def __init__(self):
        self.counts = {}

    def warning(self, part, text):
        pass

    def count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1


def make():
    hal, socket, exchange, log = Hal(), Socket(), Exchange(), Log()
    task = SipTask(hal, socket, log)
    task.exchange = exchange
    return task, hal, socket, exchange, log


def test_datagrams_go_to_the_exchange_and_its_answers_to_the_socket():
    task, _hal, socket, exchange, _log = make()
    socket.waiting = [(b"a", ("192.0.2.9", 5060)), (b"b", ("192.0.2.9", 5060))]
    exchange.outputs = [("send", b"c", "192.0.2.9", 5062)]
    task.step()
    assert [data for data, _address in exchange.received] == [b"a", b"b"]
    assert socket.sent == [(b"c", ("192.0.2.9", 5062))]


def test_a_datagram_is_taken_also_when_the_heap_is_full():
    task, _hal, socket, exchange, _log = make()
    task.step()
    socket.waiting = [(b"a", ("192.0.2.9", 5060))]
    socket.full, socket.tries = 1, 1
    task.step()
    assert [data for data, _address in exchange.received] == [b"a"]
    socket.waiting = [(b"b", ("192.0.2.9", 5060))]
    task.step()
    assert [data for data, _address in exchange.received] == [b"a", b"b"]


def test_in_a_heap_in_pieces_the_smaller_datagrams_are_taken_and_cut_ones_are_not():
    task, _hal, socket, exchange, log = make()
    socket.full = 768
    socket.waiting = [
        (b"a" * 700, ("192.0.2.9", 5060)),
        (b"b" * 900, ("192.0.2.9", 5060)),
        (b"c", ("192.0.2.9", 1)),
    ]
    task.step()
    task.step()
    assert [data[:1] for data, _address in exchange.received] == [b"a", b"c"]
    assert log.counts == {"sip cut": 1}


def test_a_flood_does_not_keep_the_others_waiting():
    task, _hal, socket, exchange, _log = make()
    socket.waiting = [(b"x", ("192.0.2.9", 1))] * 100
    task.step()
    assert 0 < len(exchange.received) <= 20


def test_the_exchange_is_ticked_only_when_its_deadline_has_come():
    task, hal, _socket, exchange, _log = make()
    exchange.changed, exchange.until = True, 100
    task.step()
    hal.now = 99
    task.step()
    assert exchange.ticks == []
    hal.now = 100
    task.step()
    assert exchange.ticks == [100]


def test_a_name_is_looked_up_once_and_an_address_never():
    task, hal, socket, exchange, _log = make()
    exchange.outputs = [("send", b"1", "pbx.example", 5060), ("send", b"2", "pbx.example", 5080),
                        ("send", b"3", "192.0.2.7", 5060)]  # fmt: skip
    task.step()
    assert hal.net.asked == ["pbx.example"]
    assert [address for _data, address in socket.sent] == [
        ("192.0.2.5", 5060), ("192.0.2.5", 5080), ("192.0.2.7", 5060)]  # fmt: skip


def test_an_unknown_name_is_told_and_asked_again_only_after_a_minute():
    task, hal, _socket, exchange, _log = make()
    for now in (0, 1000, 59000):
        hal.now = now
        exchange.outputs = [("send", b"1", "nowhere.example", 5060)]
        task.step()
    assert exchange.lost == ["nowhere.example"] * 3 and len(hal.net.asked) == 1
    hal.now = 61000
    exchange.outputs = [("send", b"1", "nowhere.example", 5060)]
    task.step()
    assert len(hal.net.asked) == 2


def test_a_known_name_is_not_asked_again_while_somebody_talks():
    task, hal, _socket, exchange, _log = make()
    task.resolve("pbx.example", 5060)
    hal.now = 700000
    exchange.talking = True
    assert task.resolve("pbx.example", 5060) == ("192.0.2.5", 5060) and len(hal.net.asked) == 1
    exchange.talking = False
    hal.net.names["pbx.example"] = "192.0.2.6"
    assert task.resolve("pbx.example", 5060) == ("192.0.2.6", 5060)


def test_what_the_network_does_not_take_is_counted():
    task, _hal, socket, exchange, log = make()
    socket.works = False
    exchange.outputs = [("send", b"1", "192.0.2.7", 5060)]
    task.step()
    assert log.counts == {"sip unsent": 1}
