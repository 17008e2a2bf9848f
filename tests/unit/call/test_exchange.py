from ata.base.clock import sooner
from ata.call.dialplan import DialPlan
from ata.call.exchange import Exchange
from ata.call.routing import Router
from ata.line.machine import Line
from ata.sip.ua import UserAgent

TONES = {
    name: name
    for name in ("dial", "ringback", "busy", "congestion", "stutter", "call_waiting", "howler", "confirm")
}
TIMEOUTS = {
    "ring_for": 180000,
    "first_digit": 15000,
    "interdigit": 4000,
    "short": 2000,
    "howl_after": 30000,
    "howl_for": 60000,
}
WINDOWS = {
    "debounce": 12,
    "flash_min": 200,
    "flash_max": 500,
    "pulse_break_min": 20,
    "pulse_break_max": 100,
    "interdigit": 200,
}
HOST = "192.0.2.1"
PORT = 5060


class Tones:
    def __init__(self):
        self.now = None

    def start(self, script, pause=False):
        self.now = script

    def stop(self):
        self.now = None


class Slot:
    def __init__(self):
        self.connected = None  # type: Any
        self.is_open = self.reserved = False

    def disconnect(self):
        self.connected = None

    close = disconnect


class PortPath:
    def __init__(self):
        self.tones = Tones()
        self.played = []
        self.slots = (Slot(), Slot())

    def play_digit(self, code, ms):
        self.played.append((code, ms))


class Media:
    """Notes which slots are connected where."""

    def __init__(self):
        self.ports = (PortPath(), PortPath())
        self.sent = []

    def port(self, port):
        return self.ports[port - 1]

    def slot(self, port, number):
        return self.ports[port - 1].slots[number]

    def reserve(self, slot):
        slot.reserved = True

    def connect(self, slot, media, address, mode, random):
        slot.connected = (address, media.payload_type, media.event_type, media.send, media.receive)

    def send_digit(self, port, slot, code, ms):
        self.sent.append((port, code))


class Log:
    def __init__(self):
        self.lines = []
        self.counts = {}

    def info(self, part, text):
        self.lines.append(text)

    warning = error = info

    def count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1


def make_random():
    state = [1]

    def random(count):
        found = bytearray(count)
        for i in range(count):
            state[0] = (state[0] * 1103 + 12345) & 0xFFFFFF
            found[i] = state[0] >> 8 & 255
        return bytes(found)

    return random


class World:
    """One adapter whose datagrams to itself come back to it; everything else is kept in `sent`."""

    def __init__(self, dtmf="rfc4733", way=""):
        self.now = 0
        self.sent = []
        self.log = Log()
        self.media = Media()
        random = make_random()
        ua = UserAgent(HOST, PORT, random)
        for port in (1, 2):
            ua.add_account(port, "10%d" % port)
        router = Router({"101": 1, "102": 2}, {"201": "bob@192.0.2.9:5070"}, {1: False, 2: False})
        self.lines = {port: Line(port, WINDOWS) for port in (1, 2)}
        self.exchange = Exchange(
            ua,
            self.lines,
            self.media,
            router,
            DialPlan("xxx|x.T", router.whole_numbers()),
            TIMEOUTS,
            TONES,
            (2000, 4000),
            {
                "codecs": (0, 8),
                "event_type": 101,
                "dtmf": {1: dtmf, 2: dtmf},
                "caller_id": {1: way, 2: way},
                "ptime": 20,
                "noise": False,
                "mux": False,
                "sas": ("440;.3/.02|", 320),
                "time": lambda: (11, 21, 14, 5),
            },
            lambda host, port: (host, port),
            lambda port, slot: 10000 + 4 * port + 2 * slot,
            random,
            self.log,
        )
        self.ua = ua
        for line in self.lines.values():
            line.in_service(0)
        self.exchange.start(0)

    def settle(self):
        """Carry datagrams and line outputs until nothing moves."""
        moved = True
        while moved:
            moved = False
            output = self.exchange.poll()
            while output is not None:
                moved = True
                _kind, data, host, port = output
                if (host, port) == (HOST, PORT):
                    self.exchange.receive(data, (HOST, PORT), self.now)
                else:
                    self.sent.append(data)
                output = self.exchange.poll()
            for port, line in self.lines.items():
                output = line.poll()
                while output is not None:
                    moved = True
                    if output[0] not in ("linefeed", "signal"):  # these go to the chip and the audio
                        self.exchange.line_event(port, output, self.now)
                    output = line.poll()

    def run(self, ms):
        """Let time pass, deadline by deadline."""
        end = self.now + ms
        while True:
            first = self.exchange.deadline()
            for line in self.lines.values():
                first = sooner(first, line.deadline())
            self.now = end if first is None or first > end else max(first, self.now)
            for line in self.lines.values():
                line.tick(self.now)
            self.exchange.tick(self.now)
            self.settle()
            if self.now == end:
                return

    def hook(self, port, off_hook):
        self.lines[port].sample(off_hook, self.now)
        self.settle()
        self.run(30 if off_hook else 600)

    def dial(self, port, codes):
        for code in codes:
            self.exchange.heard_digit(port, code, self.now)
            self.settle()

    def tone(self, port):
        return self.media.port(port).tones.now

    def phone(self, port):
        return self.exchange.phones[port].fsm.state

    def call(self):
        """Port 1 calls port 2 and is answered."""
        self.hook(1, True)
        self.dial(1, (1, 0, 2))
        self.run(100)
        self.hook(2, True)
        self.run(100)
        return self


def test_port_to_port_without_a_server_rings_and_connects_both_ways():
    world = World()
    world.hook(1, True)
    assert world.tone(1) == "dial"
    world.dial(1, (1, 0, 2))
    world.run(100)
    assert world.tone(1) == "ringback" and world.phone(2) == "ringing"
    assert world.lines[2].state == "ringing"
    world.hook(2, True)
    world.run(100)
    assert world.phone(1) == "talking" and world.phone(2) == "talking"
    assert world.media.slot(1, 0).connected == ((HOST, 10008), 0, 101, True, True)
    assert world.media.slot(2, 0).connected == ((HOST, 10004), 0, 101, True, True)
    assert world.tone(1) is None


def test_hanging_up_ends_it_at_both_ends_and_leaves_nothing_behind():
    world = World().call()
    world.hook(1, False)
    world.run(100)
    assert world.phone(1) == "idle" and world.tone(2) == "congestion"
    assert world.media.slot(1, 0).connected is None and world.media.slot(2, 0).connected is None
    world.hook(2, False)
    assert world.phone(2) == "idle" and world.tone(2) is None
    assert world.exchange._legs == {}


def test_a_hundred_calls_leave_nothing_behind():
    world = World()
    for _ in range(100):
        world.call()
        world.hook(2, False)
        world.hook(1, False)
        world.run(1000)
    assert world.exchange.calls == 200
    assert world.exchange._legs == {} and world.sent == []
    world.run(64 * 500)
    assert world.exchange.deadline() is None


def test_a_busy_port_is_heard_as_busy():
    world = World()
    world.hook(2, True)
    world.hook(1, True)
    world.dial(1, (1, 0, 2))
    world.run(100)
    assert world.tone(1) == "busy"


def test_a_port_out_of_service_is_not_busy():
    world = World()
    world.lines[2].out_of_service(0)
    world.settle()
    world.hook(1, True)
    world.dial(1, (1, 0, 2))
    world.run(100)
    assert world.tone(1) == "congestion"


def test_a_caller_that_gives_up_stops_the_ringing():
    world = World()
    world.hook(1, True)
    world.dial(1, (1, 0, 2))
    world.run(100)
    world.hook(1, False)
    world.run(100)
    assert world.phone(2) == "idle" and world.lines[2].state == "idle"


def test_a_number_without_a_way_is_congestion():
    world = World()
    world.hook(1, True)
    world.dial(1, (5, 5, 5))
    assert world.tone(1) == "congestion" and world.sent == []


class Full:
    """Lets a method of the user agent run out of memory `times` times."""

    def __init__(self, method, times):
        self.method = method
        self.times = times

    def __call__(self, *args):
        self.times -= 1
        if self.times >= 0:
            raise MemoryError
        return self.method(*args)


def test_a_call_for_which_there_is_no_memory_fails_and_the_next_one_works():
    world = World()
    agent = world.ua  # type: Any
    agent.invite = Full(agent.invite, 1)
    world.hook(1, True)
    world.dial(1, (1, 0, 2))
    assert world.tone(1) == "congestion" and world.log.counts == {"out of memory": 1}
    world.hook(1, False)
    assert world.phone(1) == "idle" and world.exchange._legs == {}
    world.call()
    assert world.phone(1) == "talking" and world.phone(2) == "talking"


def test_without_memory_for_its_audio_no_call_goes_out():
    world = World()
    media = world.media  # type: Any
    media.reserve = Full(media.reserve, 1)
    world.hook(1, True)
    world.dial(1, (1, 0, 2))
    assert world.tone(1) == "congestion" and world.log.counts == {"out of memory": 1} and world.sent == []
    world.hook(1, False)
    world.call()
    assert world.phone(1) == "talking" and world.phone(2) == "talking"


def test_without_memory_for_its_audio_a_call_that_comes_is_refused():
    world = World()
    media = world.media  # type: Any
    reserve = media.reserve
    ports = []

    def full_for_the_second(slot):
        ports.append(slot)
        if len(ports) == 2:
            raise MemoryError
        reserve(slot)

    media.reserve = full_for_the_second
    world.hook(1, True)
    world.dial(1, (1, 0, 2))
    world.run(200)
    assert world.tone(1) == "congestion" and world.phone(2) == "idle" and world.lines[2].state == "idle"
    assert world.log.counts == {"out of memory": 1}
    world.hook(1, False)
    assert world.exchange._legs == {}
    world.call()
    assert world.phone(1) == "talking" and world.phone(2) == "talking"


def test_hanging_up_is_tried_again_when_there_was_no_memory_for_it():
    world = World().call()
    agent = world.ua  # type: Any
    agent.hangup = Full(agent.hangup, 1)
    world.hook(1, False)
    world.run(100)
    assert world.phone(1) == "idle" and world.tone(2) == "congestion"
    assert world.log.counts == {"out of memory": 1}


def test_a_call_given_up_before_it_was_placed_is_not_placed():
    world = World()
    world.hook(1, True)
    world.exchange.phones[1].fsm.handle("digit", world.now, "1")
    world.exchange.phones[1].fsm.handle("digit", world.now, "0")
    world.exchange.phones[1].fsm.handle("digit", world.now, "2")  # not through the exchange: the wish waits
    world.exchange.phones[1].on_hook(world.now)
    world.run(100)
    assert world.exchange._legs == {} and world.sent == [] and world.phone(2) == "idle"


def test_the_directory_gives_a_direct_call():
    world = World()
    world.hook(1, True)
    world.dial(1, (2, 0, 1))
    assert len(world.sent) == 1
    assert world.sent[0].startswith(b"INVITE sip:bob@192.0.2.9:5070 SIP/2.0\r\n")


def test_flash_holds_the_far_end_by_direction_and_returns():
    world = World().call()
    first = world.media.slot(1, 0)  # type: Any
    world.exchange.line_event(1, ("flash",), world.now)
    world.settle()
    world.run(100)
    assert first.connected is None and world.tone(1) == "stutter"
    # The held end may only listen.
    assert world.media.slot(2, 0).connected[3:] == (False, True)
    world.exchange.line_event(1, ("flash",), world.now)
    world.settle()
    world.run(100)
    assert world.media.slot(1, 0).connected[3:] == (True, True)
    assert world.media.slot(2, 0).connected[3:] == (True, True)


def test_pulse_digits_in_a_call_are_sent_and_dtmf_is_left_to_the_media_path():
    world = World().call()
    world.exchange.line_event(1, ("digit", "7"), world.now)
    assert world.media.sent == [(1, 7)]
    world.exchange.heard_digit(1, 7, world.now)
    assert world.media.sent == [(1, 7)]


def test_digits_by_info_are_played_to_the_far_line():
    world = World("info").call()
    world.exchange.heard_digit(1, 11, world.now)
    world.settle()
    assert world.media.port(2).played == [(11, 160)]


def test_garbage_on_the_sip_socket_changes_nothing():
    world = World().call()
    for data in (b"", b"\x00" * 40, b"INVITE", b"SIP/2.0 200 OK\r\n\r\n", b"\xff" * 1500):
        world.exchange.receive(data, ("203.0.113.5", 9), world.now)
        world.settle()
    assert world.phone(1) == "talking" and world.phone(2) == "talking"


def test_messages_that_are_told_while_the_line_is_down_light_the_lamp_later():
    world = World(way="bellcore")
    world.lines[1].out_of_service(0)
    world.ua.events.append(("messages", 1, True, 2))
    world.run(5000)
    assert world.lines[1].state == "down"
    world.lines[1].in_service(world.now)
    world.run(2100)
    assert world.lines[1].state == "transmitting"
    world.run(3000)
    assert world.lines[1].state == "idle" and world.exchange.waiting[1]
    world.hook(1, True)
    assert world.tone(1) == "stutter"


def test_a_heap_too_full_to_show_the_caller_costs_only_that():
    def full():
        raise MemoryError

    world = World(way="bellcore")
    world.exchange._options["time"] = full
    world.hook(1, True)
    world.dial(1, (1, 0, 2))
    world.run(100)
    assert world.phone(2) == "ringing" and world.lines[2].state == "ringing"
