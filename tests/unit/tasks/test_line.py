# runs on: micropython
import asyncio

from ata.base.errors import HardwareFault
from ata.slic import contract
from ata.tasks.line import IN_SERVICE, LineTask, PortLine


class Irq:
    def active(self):
        return False


class Pcm:
    def __init__(self, did):
        self._did = did
        self.stopped = False

    def start(self):
        self._did.append("clock")
        self.stopped = False

    def clock_stopped(self, now):
        return self.stopped


class Hal:
    def __init__(self):
        self.did = []
        self.irq = Irq()
        self.pcm = Pcm(self.did)
        self.now = 0

    def slic_reset(self, asserted):
        self.did.append("reset" if asserted else "release")

    def ticks(self):
        return self.now


class Chip:
    """Starts after two waits unless it has a fault; gives the events it is told to."""

    def __init__(self, fault=None):
        self.name = "fake"
        self.start_only = ()
        self.fault = fault
        self.events = 0
        self.off_hook = False
        self.fed = []
        self.starts = 0

    def probe(self):
        if self.fault:
            raise HardwareFault(self.fault)

    def start(self, settings):
        self.starts += 1
        self.settings = settings
        yield 1
        yield 1

    def service(self, now, interrupted):
        events, self.events = self.events, 0
        if self.fault:
            raise HardwareFault(self.fault)
        return events

    def linefeed(self, name):
        self.fed.append(name)


class Line:
    def __init__(self):
        self.did = []
        self.out = []

    def in_service(self, now):
        self.did.append("in")
        self.out.append(("linefeed", "forward"))

    def out_of_service(self, now):
        self.did.append("out")
        self.out.append(("on_hook",))

    def ring_trip(self, now):
        self.did.append("trip")

    def sample(self, off_hook, now):
        self.did.append(off_hook)

    def tick(self, now):
        pass

    def poll(self):
        return self.out.pop(0) if self.out else None


class Exchange:
    def __init__(self):
        self.events = []

    def line_event(self, port, event, now):
        self.events.append((port, event))

    def line_lost(self, port, now):
        self.events.append((port, "lost"))

    def heard_digit(self, port, code, now):
        self.events.append((port, code))


class Path:
    """Digits heard on port 1."""

    def __init__(self):
        self.codes = []

    def port(self, port):
        self.asked = port
        return self

    def next_digit(self):
        return self.codes.pop(0) if self.codes and self.asked == 1 else -1


class Log:
    def __init__(self):
        self.lines = []

    def info(self, part, text):
        self.lines.append(text)

    warning = error = info


def make(*faults):
    hal = Hal()
    ports = [PortLine(i + 1, Chip(fault), Line()) for i, fault in enumerate(faults)]
    exchange, path, log = Exchange(), Path(), Log()
    return (
        LineTask(hal, ports, {1: {"ring_hz": 20}, 2: {"ring_hz": 20}}, exchange, path, log),
        hal,
        exchange,
        path,
        log,
    )


async def until(condition):
    """Wait until `condition()` holds, two seconds at most: the machine may be busy."""
    for _ in range(400):
        if condition():
            return
        await asyncio.sleep_ms(5)
    raise AssertionError("it did not happen")


def settled(task):
    """No port is starting any more."""
    return lambda: all(port.working or port.faults for port in task.ports)


def run(task, during=None):
    """Run the task until its ports are settled, then `await during()`."""

    async def main():
        running = asyncio.create_task(task.run())
        await until(settled(task))
        if during is not None:
            await during()
        running.cancel()

    asyncio.run(main())


def test_the_clock_runs_before_the_reset_is_released_and_then_both_chips_start():
    task, hal, _exchange, _path, _log = make(None, None)

    async def fed():
        await until(lambda: all(port.chip.fed for port in task.ports))

    run(task, fed)
    assert hal.did == ["clock", "reset", "release"]
    for port in task.ports:
        assert port.state == IN_SERVICE
        assert port.chip.settings == {"ring_hz": 20}
        assert port.chip.fed == ["forward"]


def test_without_a_pcm_clock_both_ports_say_why():
    task, hal, _exchange, _path, log = make(None, None)

    def start():
        raise HardwareFault("the loopback test heard nothing")

    hal.pcm.start = start
    run(task)
    for port in task.ports:
        assert port.state == "the loopback test heard nothing" and port.chip.starts == 0
    assert "port 2 out of service: the loopback test heard nothing" in log.lines


def test_a_chip_that_does_not_answer_leaves_the_other_port_working():
    task, _hal, _exchange, _path, log = make("no answer", None)
    run(task)
    first, second = task.ports
    assert first.state == "no answer" and not first.working
    assert first.faults == 1
    assert second.working
    assert "port 1 out of service: no answer" in log.lines


def test_a_full_heap_at_the_start_of_a_chip_costs_its_port_only():
    task, _hal, _exchange, _path, _log = make(None, None)

    def start(settings):
        raise MemoryError

    task.ports[0].chip.start = start
    run(task)
    assert task.ports[0].state == "not enough memory to start the chip" and task.ports[1].working


def test_a_fault_in_service_ends_the_call_of_that_port_only():
    task, _hal, exchange, _path, _log = make(None, None)

    async def fail():
        task.ports[0].chip.fault = "power alarm ten times"
        await until(lambda: exchange.events)

    run(task, fail)
    assert task.ports[0].state == "power alarm ten times"
    assert exchange.events == [(1, "lost"), (1, ("on_hook",))]
    assert task.ports[1].working


def test_a_chip_that_was_reset_is_started_again():
    task, _hal, exchange, _path, _log = make(None, None)

    async def reset():
        task.ports[1].chip.events = contract.RESET
        await until(lambda: task.ports[1].chip.starts == 2 and task.ports[1].working)

    run(task, reset)
    assert task.ports[1].line.did.count("in") == 2
    assert exchange.events == [(2, "lost"), (2, ("on_hook",))]


def test_ring_trip_comes_before_the_level_and_digits_reach_the_exchange():
    task, _hal, exchange, path, _log = make(None, None)
    line = task.ports[0].line

    async def trip():
        del line.did[:]
        task.ports[0].chip.events = contract.RING_TRIP
        task.ports[0].chip.off_hook = True
        path.codes += [5, 11]
        await until(lambda: len(exchange.events) == 2 and "trip" in line.did)

    run(task, trip)
    trip_at = line.did.index("trip")
    assert line.did[trip_at + 1] is True
    assert exchange.events == [(1, 5), (1, 11)]


def test_a_clock_that_stands_still_takes_both_ports_out_of_service_with_the_reason():
    task, hal, exchange, _path, log = make(None, None)
    for port in task.ports:
        port.state = IN_SERVICE
    hal.pcm.stopped = True
    task.poll()
    assert [port.state for port in task.ports] == ["the PCM clock has stopped"] * 2
    assert (1, "lost") in exchange.events and (2, "lost") in exchange.events
    assert len(log.lines) == 2
    task.poll()
    assert len(log.lines) == 2, "told once"
