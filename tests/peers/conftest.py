"""What the tests with peers share."""

from pathlib import Path

import pytest

from tests.peers.bench import wav


@pytest.fixture
def instructions(tmp_path: Path) -> Path:
    """20 s of speech."""
    return wav.write(tmp_path / "instructions.wav", wav.speech("demo-instruct", 20))


@pytest.fixture
def congratulations(tmp_path: Path) -> Path:
    """20 s of other speech."""
    return wav.write(tmp_path / "congratulations.wav", wav.speech("demo-congrats", 20))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """The device that a module shares tells its last events with a failed test, and is not used again."""
    report = yield
    device = item.funcargs.get("ata") if hasattr(item, "funcargs") else None
    if report.when == "call" and report.failed and device is not None:
        report.sections.append(("device", device.tail()))
        device.spoiled = True
    return report
