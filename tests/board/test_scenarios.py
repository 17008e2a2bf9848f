"""Every scenario on the unchanged firmware and the virtual board, in real time.

All of them run on the 32-bit MicroPython where it is here; a few also on the 64-bit one. Where only one is
here, all run on that one.
"""

import asyncio
from pathlib import Path

import pytest
from rich.console import Console

from host_tools.virtual_board import demo, scenario
from host_tools.virtual_board.session import runtimes

SCENARIOS = sorted((Path(__file__).resolve().parents[1] / "scenarios").glob("*.call"))
ON_BOTH = ("demo", "pulse_dialling", "flash_hold", "no_answer")

pytestmark = [pytest.mark.board, pytest.mark.timeout(90)]


def cases():
    found = list(runtimes())
    for path in SCENARIOS:
        for runtime in found:
            if runtime == found[0] or path.stem in ON_BOTH:
                yield pytest.param(path, runtime, id=f"{path.stem}-{runtime}")


@pytest.mark.parametrize(("path", "runtime"), cases())
def test_scenario(path: Path, runtime: str) -> None:
    script = scenario.load(path)
    result = asyncio.run(demo.perform(script, Console(quiet=True), quiet=True, runtime=runtime))
    for figure in result.figures:
        print(figure, figure.bound_text())
    if result.failure is not None:
        log = "\n".join(result.console[-40:])
        pytest.fail(f"{result.failure}\nconsole:\n{log}", pytrace=False)
    assert result.end > result.begin > 0


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) > 10
