# runs on: micropython
import asyncio

from ata.base.errors import BoardLost
from ata.tasks.loop import every


class Log:
    def __init__(self):
        self.lines = []
        self.counts = {}

    def error(self, part, text):
        self.lines.append((part, text))

    def count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1


def run(step, ms=60):
    log = Log()

    async def main():
        task = asyncio.create_task(every(5, "test", step, log))
        await asyncio.sleep_ms(ms)
        task.cancel()

    asyncio.run(main())
    return log


def test_a_step_is_called_again_and_again():
    calls = []
    run(lambda: calls.append(1))
    assert len(calls) >= 5


def test_a_mistake_costs_its_step_and_is_told():
    calls = []

    def step():
        calls.append(1)
        raise ValueError("odd")

    log = run(step)
    assert len(calls) >= 5 and log.counts["fault in test"] == len(calls)
    assert len(log.lines) == 1, "the same mistake would fill the log"
    assert log.lines[0][0] == "test" and "odd" in log.lines[0][1]


def test_a_full_heap_costs_its_step():
    calls = []

    def step():
        calls.append(1)
        raise MemoryError

    log = run(step)
    assert len(calls) >= 5 and log.counts["out of memory"] == len(calls) and log.lines == []


def test_the_loss_of_the_board_ends_it():
    def step():
        raise BoardLost("gone")

    try:
        asyncio.run(every(5, "test", step, Log()))
        raise AssertionError("went on")
    except BoardLost:
        pass
