"""Every scenario on the unchanged firmware and the virtual board, in real time.

All of them run on the 32-bit MicroPython where it is here; a few also on the 64-bit one. Where only one is
here, all run on that one. A scenario mostly waits, so on a machine with many cores a few run at a time,
each in a process of its own.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from host_tools.virtual_board.session import ROOT, runtimes

SCENARIOS = sorted((Path(__file__).resolve().parents[1] / "scenarios").glob("*.call"))
ON_BOTH = ("demo", "pulse_dialling", "flash_hold", "no_answer")
# Audio in real time needs a core for the board and half of one for the firmware.
AT_A_TIME = min(4, max(1, (os.cpu_count() or 1) // 2))
_LONGEST = 60  # seconds

pytestmark = [pytest.mark.board, pytest.mark.timeout(120)]


def cases() -> list[str]:
    first = next(iter(runtimes()), "")
    return [
        f"{path.stem}-{runtime}"
        for path in SCENARIOS
        for runtime in runtimes()
        if runtime == first or path.stem in ON_BOTH
    ]


class Runner:
    """Performs cases ahead of the tests that ask for them."""

    def __init__(self, names: list[str]):
        self._pool = ThreadPoolExecutor(AT_A_TIME)
        self._processes: list[subprocess.Popen[str]] = []
        self._results: dict[str, Future[tuple[int, str]]] = {
            name: self._pool.submit(self._perform, name) for name in names
        }

    def result(self, name: str) -> tuple[int, str]:
        """Exit code and output."""
        return self._results[name].result()

    def _perform(self, name: str) -> tuple[int, str]:
        stem, runtime = name.rsplit("-", 1)
        script = ROOT / f"tests/scenarios/{stem}.call"
        process = subprocess.Popen(
            [sys.executable, "-m", "host_tools", "scenario", script, "--runtime", runtime],
            cwd=ROOT,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._processes.append(process)
        try:
            output, _ = process.communicate(timeout=_LONGEST)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)  # it ends its firmware itself
            output, _ = process.communicate()
            output += f"\n(ended: longer than {_LONGEST} s)"
        return process.returncode, output

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        self._pool.shutdown(wait=True)


@pytest.fixture(scope="module")
def runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    wanted = {item.name for item in request.session.items}
    started = Runner([name for name in cases() if f"test_scenario[{name}]" in wanted])
    yield started
    started.close()


@pytest.mark.parametrize("name", cases())
def test_scenario(name: str, runner: Runner) -> None:
    code, output = runner.result(name)
    print(output)
    if code != 0:
        pytest.fail(output, pytrace=False)
    assert "✓ all that was expected happened" in output


def test_there_are_scenarios_and_a_runtime() -> None:
    assert len(SCENARIOS) > 10 and runtimes()
