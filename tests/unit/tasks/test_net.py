# runs on: micropython
from ata.tasks.line import IN_SERVICE, STARTING
from ata.tasks.net import Surroundings


class Net:
    ip = None  # type: Any
    wanted = True

    def step(self, now):
        pass

    def local_ip(self):
        return self.ip

    def configured(self):
        return self.wanted


class Store:
    def __init__(self):
        self.files = {}

    def write(self, name, data):
        self.files[name] = data


class Hal:
    def __init__(self):
        self.now = 0
        self.net = Net()
        self.store = Store()
        self.pressed = False
        self.lit = [False, False, False]
        self.switched = 0
        self.restarts = self.steadied = 0
        self.said = []

    def ticks(self):
        return self.now

    def button(self):
        return self.pressed

    def led(self, number, on):
        self.lit[number] = on
        self.switched += 1

    def restart(self):
        self.restarts += 1

    def steady(self):
        self.steadied += 1


class Log:
    def __init__(self, hal):
        self.hal = hal
        self.lines = []

    def now(self):
        return self.hal.now

    def info(self, part, text):
        self.lines.append(text)

    warning = info


class Phone:
    active = None  # type: Any


class Exchange:
    def __init__(self, ua):
        self.ua = ua
        self.phones = {1: Phone(), 2: Phone()}
        self.moves = []

    def in_call(self):
        return any(phone.active for phone in self.phones.values())

    def move(self, host, now):
        self.moves.append(host)
        self.ua.host = host


class Ua:
    host = "127.0.0.1"


class Port:
    def __init__(self, port):
        self.port = port
        self.state = STARTING


class Line:
    def __init__(self):
        self.ports = [Port(1), Port(2)]


class Service:
    def __init__(self):
        self.hal = Hal()
        self.log = Log(self.hal)
        self.ua = Ua()
        self.exchange = Exchange(self.ua)
        self.line = Line()

    def steps(self, task, ms):
        for _ in range(ms // 100):
            self.hal.now += 100
            task.step()


def made():
    service = Service()
    return service, Surroundings(service)


def test_the_address_reaches_the_exchange_when_it_comes_changes_and_comes_again():
    service, task = made()
    service.steps(task, 1000)
    assert service.exchange.moves == [] and service.log.lines == []
    service.hal.net.ip = "10.0.0.7"
    service.steps(task, 1000)
    assert service.exchange.moves == ["10.0.0.7"]
    service.hal.net.ip = None
    service.steps(task, 1000)
    assert service.exchange.moves == ["10.0.0.7"] and service.ua.host == "10.0.0.7", (
        "calls keep their address"
    )
    service.hal.net.ip = "10.0.0.7"
    service.steps(task, 1000)
    assert service.exchange.moves == ["10.0.0.7"] * 2, "registered again at once"
    service.hal.net.ip = "10.0.0.8"
    service.steps(task, 1000)
    assert service.exchange.moves[2:] == ["10.0.0.8"]
    assert service.log.lines == ["our address is 10.0.0.7", "the network is gone", "our address is 10.0.0.7"]


def test_a_network_that_is_there_from_the_start_is_no_news():
    service = Service()
    service.hal.net.ip = service.ua.host
    task = Surroundings(service)
    service.steps(task, 1000)
    assert service.exchange.moves == [] and service.log.lines == []


def lamp(service, task):
    """The status lamp over two seconds: True, False or "blinks"."""
    seen = set()
    for _ in range(20):
        service.steps(task, 100)
        seen.add(service.hal.lit[0])
    return "blinks" if len(seen) == 2 else seen.pop()


def test_the_lamps():
    service, task = made()
    assert lamp(service, task) == "blinks"
    for port in service.line.ports:
        port.state = IN_SERVICE
    assert lamp(service, task) == "blinks", "no network yet"
    service.hal.net.ip = "10.0.0.7"
    assert lamp(service, task) is True
    service.exchange.phones[2].active = Phone()
    service.steps(task, 100)
    assert service.hal.lit == [True, False, True]
    switched = service.hal.switched
    service.steps(task, 1000)
    assert service.hal.switched == switched, "only changes are switched"
    for port in service.line.ports:
        port.state = "no answer"
    assert lamp(service, task) is False


def test_without_a_network_set_the_lines_alone_count():
    service, task = made()
    service.hal.net.wanted = False
    for port in service.line.ports:
        port.state = IN_SERVICE
    assert lamp(service, task) is True


def test_held_for_eight_seconds_the_button_gives_factory_settings():
    service, task = made()
    service.hal.pressed = True
    service.steps(task, 9000)
    assert service.hal.restarts == 0
    service.hal.pressed = False
    service.steps(task, 100)
    assert service.hal.store.files == {"config.json": b"{}"} and service.hal.restarts == 1


def test_after_a_minute_and_not_in_a_call_the_start_counts_as_good():
    service, task = made()
    service.steps(task, 59900)
    assert service.hal.steadied == 0
    service.exchange.phones[1].active = Phone()
    service.steps(task, 5000)
    assert service.hal.steadied == 0
    service.exchange.phones[1].active = None
    service.steps(task, 200000)
    assert service.hal.steadied == 1
