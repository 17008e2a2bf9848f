"""Calls on the firmware as a device loads it: one bundle, short names, .mpy files."""

import subprocess
import sys

import pytest

from host_tools.mpy import device_tree
from support.runtimes import ROOT, micropythons

ARCHITECTURE = {"mp32": "x86", "mp64": "x64"}
SCENARIOS = ("demo", "flash_hold", "pulse_dialling", "chip_reset")

pytestmark = [pytest.mark.board, pytest.mark.timeout(120)]


def cases() -> list[tuple[str, str]]:
    """All on the first runtime, the first on the others too."""
    first, *others = micropythons() or [""]
    return [(name, first) for name in SCENARIOS if first] + [(SCENARIOS[0], other) for other in others]


@pytest.mark.parametrize(("scenario", "runtime"), cases())
def test_scenario_on_the_compiled_firmware(scenario: str, runtime: str) -> None:
    tree = device_tree(ARCHITECTURE[runtime])
    script = ROOT / f"tests/scenarios/{scenario}.call"
    done = subprocess.run(
        [sys.executable, "-m", "host_tools", "scenario", script, "--runtime", runtime, "--tree", tree],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_architecture_that_mpy_cross_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="one of x86, x64, xtensawin"):
        device_tree("pdp11")


def test_the_tree_says_what_its_names_stand_for_and_what_it_leaves_out() -> None:
    tree = device_tree("x86")
    names = dict(line.split(": ", 1) for line in (tree / "names.txt").read_text().splitlines())
    assert any("sip_ua__UserAgent" in old.split() for old in names.values())
    assert not list(tree.glob("*/")), "modules of packages would be module objects on the heap"
    assert (tree / "unused.txt").exists()
