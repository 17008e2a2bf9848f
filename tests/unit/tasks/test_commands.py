# runs on: micropython
import json

from ata.base.log import Log
from ata.tasks.commands import carry_out


class Machine:
    def __init__(self, state):
        self.state = state


class Leg:
    def __init__(self):
        self.outgoing, self.held, self.up, self.slot = True, False, True, 0
        self.session = self
        self.remote_uri = "sip:102@192.0.2.5"


class Phone:
    def __init__(self, leg=None):
        self.fsm = Machine("talking" if leg else "idle")
        self.active, self.other = leg, None


class Chip:
    name = "Si3215 rev E"

    def measure(self):
        return {"loop_v": 48.0}


class Port:
    def __init__(self, port, state):
        self.port, self.state, self.faults = port, state, 0
        self.chip, self.line = Chip(), Machine("idle")

    @property
    def working(self):
        return self.state == "in service"


class Router:
    def __init__(self):
        self.numbers = {"101": 1, "102": 2}


class Exchange:
    def __init__(self):
        self.router = Router()
        self.phones = {1: Phone(Leg()), 2: Phone()}
        self.registrations = {1: "registered"}
        self.calls = 7


class Pump:
    unsent = 0
    ignored = 3

    def statistics(self, port, slot):
        return {"received": 50, "lost": 1}


class Ua:
    host, port = "192.0.2.1", 5060

    def __init__(self):
        self.counts = {"garbage": 2}


class Pcm:
    lost = 0


class Store:
    def __init__(self):
        self.files = {"config.json": b'{"port": {"1": {"password": "geheim"}}, "sip": {"port": 5070}}'}
        self.writes = []

    def read(self, name):
        return self.files.get(name)

    def write(self, name, data):
        self.writes.append(name)


class Hal:
    def __init__(self):
        self.pcm, self.store = Pcm(), Store()
        self.written = []
        self.line = ""

    def console_write(self, text, end="\n"):
        self.line += text + end
        if end:
            self.written.append(self.line[:-1])
            self.line = ""


class Line:
    def __init__(self):
        self.ports = [Port(1, "in service"), Port(2, "no answer")]


class Service:
    def __init__(self):
        self.hal = Hal()
        self.log = Log(lambda: 12345)
        self.exchange, self.pump, self.ua, self.line = Exchange(), Pump(), Ua(), Line()
        self.settings_file = "config.json"


def answer(line):
    service = Service()
    service.log.warning("slic", "port 2 out of service: no answer")
    carry_out(service, line, (5000, 60000))
    return "\n".join(service.hal.written), service


def test_status_for_programs_is_one_line_of_json():
    text, _service = answer("status json")
    found = json.loads(text)
    assert "\n" not in text
    assert found["up_s"] == 12 and found["sip_port"] == 5060 and found["calls"] == 7
    assert found["ports"][0]["number"] == "101" and found["ports"][0]["registration"] == "registered"
    assert (
        found["ports"][0]["calls"][0]["state"] == "up" and found["ports"][0]["calls"][0]["media"]["lost"] == 1
    )
    assert found["ports"][1]["state"] == "no answer" and found["ports"][1]["calls"] == []
    assert found["counts"] == {"sip garbage": 2, "rtp ignored": 3}


def test_status_for_people_names_the_reason_a_port_is_out_of_service():
    text, _service = answer("status")
    assert "port 2, number 102: no answer" in text
    assert "call to sip:102@192.0.2.5, up" in text and "sip garbage 2" in text


def test_the_settings_are_shown_without_secrets_and_nothing_is_stored():
    text, service = answer("config")
    assert "from config.json:" in text and "sip.port = 5070" in text
    assert "geheim" not in text and 'port.1.password = "***"' in text
    assert service.hal.store.writes == []


def test_the_log_is_shown():
    text, _service = answer("log")
    assert text == "12.345 W slic: port 2 out of service: no answer"


def test_only_working_ports_are_measured():
    text, _service = answer("measure")
    assert text == 'port 1: {"loop_v": 48.0}'


def test_an_unknown_command_gets_the_list():
    text, _service = answer("statsu")
    assert text.startswith("unknown command: statsu") and "status json" in text
