"""What the kernels cost on an ESP32 (host_tools/xtensa), against the table kept in the repository.

After a change that is meant to cost more: `python -m host_tools.xtensa --save`.
"""

import os

import pytest

from host_tools.xtensa.bench import Bench, growth, last_rows
from host_tools.xtensa.replay import Cost, Result
from host_tools.xtensa.sources import kernels
from host_tools.xtensa.twins import COMPILER, PACKAGES


@pytest.fixture(scope="module")
def bench() -> Bench:
    """All rows, replayed once."""
    return Bench()


def test_no_row_costs_more_than_two_percent_above_the_kept_table(bench: Bench) -> None:
    assert growth(bench.results, last_rows()) == []


def test_every_kernel_of_the_firmware_is_in_some_row(bench: Bench) -> None:
    assert kernels().keys() - {key for result in bench.results for key in result.kernels} == set()


def test_every_c_twin_does_what_its_kernel_does(bench: Bench) -> None:
    if bench.twins is None and not os.environ.get("CI"):
        pytest.skip(f"no {COMPILER} (Debian: {' '.join(PACKAGES)})")
    assert bench.twins is not None
    assert bench.notes == []


def _result(instructions: int, error: str = "") -> list[Result]:
    return [Result("row", "text", Cost(instructions=instructions), error)]


def test_growth_is_told_from_two_percent_on() -> None:
    last = {"row": {"instructions": 1000}}
    assert growth(_result(1020), last) == []
    assert growth(_result(500), last) == []
    assert growth(_result(1021), last) == ["row: 1,021 instructions, 1,000 before (+2.1%)"]


def test_rows_that_are_wrong_new_or_gone_are_told() -> None:
    assert growth(_result(1, "Mismatch: of bytes"), {"row": {"instructions": 1}}) == [
        "row: Mismatch: of bytes"
    ]
    assert growth(_result(1), {}) == ["row: not in the kept table"]
    gone = {"row": {"instructions": 1}, "old": {"instructions": 1}}
    assert growth(_result(1), gone) == ["old: in the kept table, but there is no such row"]
