# runs on: cpython
"""The firmware as a child process, with small Python programs in its place."""

import asyncio
import os
import sys

from host_tools.virtual_board.child import FirmwareEnded, FirmwareProcess


class Watcher:
    def __init__(self, program: str):
        self.lines: list[str] = []
        self.ended: list[FirmwareEnded] = []
        command = [sys.executable, "-u", "-c", program]
        self.process = FirmwareProcess(command, {}, self.lines.append, self.ended.append)

    async def until(self, true):
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.01)


def alive(pid: int | None) -> bool:
    assert pid is not None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_lines_go_both_ways_and_the_end_leaves_no_process():
    async def run():
        watcher = Watcher("while 1: print('got', input())")
        await watcher.process.start()
        await watcher.process.write_line("status json")
        await watcher.until(lambda: watcher.lines)
        assert watcher.lines == ["got status json"]
        await watcher.process.stop()
        await watcher.process.stop()
        assert not alive(watcher.process.pid)
        assert watcher.ended == []  # an end that was asked for is no news

    asyncio.run(run())


def test_a_process_that_does_not_listen_is_ended_all_the_same():
    async def run():
        watcher = Watcher(
            "import signal, time; signal.signal(15, signal.SIG_IGN); print('up'); time.sleep(60)"
        )
        await watcher.process.start()
        await watcher.until(lambda: watcher.lines)
        await watcher.process.stop()
        assert not alive(watcher.process.pid)

    asyncio.run(run())


def test_an_unexpected_end_is_told_with_the_last_lines():
    async def run():
        watcher = Watcher("for n in range(30): print('line', n)\nraise SystemExit(3)")
        await watcher.process.start()
        await watcher.until(lambda: watcher.ended)
        text = str(watcher.ended[0])
        assert "exit code 3" in text and "line 29" in text and "line 18" in text and "line 17" not in text
        await watcher.process.write_line("too late")
        await watcher.process.stop()

    asyncio.run(run())
