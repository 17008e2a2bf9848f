"""Every scenario on the unchanged firmware and the virtual board, in real time.

All of them run on the 32-bit MicroPython where it is here; a few also on the 64-bit one. Where only one is
here, all run on that one. Each is a process of its own, as when a person starts it.
"""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools.virtual_board.session import ROOT, runtimes

SCENARIOS = sorted((Path(__file__).resolve().parents[1] / "scenarios").glob("*.call"))
ON_BOTH = ("demo", "pulse_dialling", "flash_hold", "no_answer")
_LONGEST = 60  # seconds

pytestmark = [pytest.mark.board, pytest.mark.timeout(2 * _LONGEST)]


def cases() -> list[str]:
    first = next(iter(runtimes()), "")
    return [
        f"{path.stem}-{runtime}"
        for path in SCENARIOS
        for runtime in runtimes()
        if runtime == first or path.stem in ON_BOTH
    ]


def perform(stem: str, runtime: str) -> tuple[int, str]:
    """Exit code and output of one script."""
    script = ROOT / f"tests/scenarios/{stem}.call"
    process = subprocess.Popen(
        [sys.executable, "-m", "host_tools", "scenario", script, "--runtime", runtime],
        cwd=ROOT,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = ""
    try:
        output, _ = process.communicate(timeout=_LONGEST)
    except subprocess.TimeoutExpired:
        output = f"(ended: longer than {_LONGEST} s)\n"
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # it ends its firmware itself
            output += process.communicate()[0]
    return process.returncode, output


@pytest.mark.parametrize("name", cases())
def test_scenario(name: str) -> None:
    stem, runtime = name.rsplit("-", 1)
    code, output = perform(stem, runtime)
    print(output)
    if code != 0:
        pytest.fail(output, pytrace=False)
    assert "✓ all that was expected happened" in output


def test_there_are_scenarios_and_a_runtime() -> None:
    assert len(SCENARIOS) > 10 and runtimes()
