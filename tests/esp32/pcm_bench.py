"""Runs a script on the 32-bit MicroPython whose chip is the model: `port` is the firmware's own PCM port."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from host_tools.esp32_model.i2s import I2s, join, slot
from host_tools.esp32_model.registers import Registers, RegisterServer
from support.runtimes import micropythons

ROOT = Path(__file__).resolve().parents[2]
PINS = {"unit": 0, "bclk": 26, "fsync": 25, "tx": 22, "rx": 35}
SLOTS = {1: 33, 2: 1}  # port -> PCLK after frame sync
BLOCK = 80
_PREAMBLE = """
import sys
sys.path[:0] = %r
import micropython
from array import array
from model_registers import advance, mem32, milliseconds
from ata.base.errors import HardwareFault
import ata.hal.esp32_pcm as module
port = module.Esp32PcmPort(%r)
here, there = bytearray(640), bytearray(640)
blocks_in = (memoryview(here)[:320], memoryview(here)[320:])
blocks_out = (memoryview(there)[:320], memoryview(there)[320:])
"""


@dataclass
class Bench:
    folder: Path
    pins: dict[str, int] = field(default_factory=lambda: dict(PINS))

    def __post_init__(self) -> None:
        self.registers = Registers(self.folder / "window")
        self.server = RegisterServer(self.registers)

    @property
    def unit(self) -> I2s:
        return self.registers.units[self.pins["unit"]]

    def say(self, ports: dict[int, np.ndarray]) -> None:
        """What the SLIC sends on, per port."""
        self.unit.frames_in(join({SLOTS[port]: words for port, words in ports.items()}))

    def heard(self) -> dict[int, np.ndarray]:
        """int16 per port that the SLIC received."""
        frames = self.unit.frames_out()
        return {port: slot(frames, start).view(np.int16) for port, start in SLOTS.items()}

    def run(self, script: str, heap: str = "1M", timeout: float = 60) -> str:
        """What the script printed; AssertionError with everything if it failed."""
        folders = [
            str(ROOT / "tests/esp32/pcm_device"),
            str(ROOT / "host_tools/esp32_model/device"),
            str(ROOT / "firmware"),
        ]
        done = subprocess.run(
            [
                micropythons()["mp32"],
                "-X",
                f"heapsize={heap}",
                "-c",
                _PREAMBLE % (folders, self.pins) + script,
            ],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env={**self.server.environment, "HOME": "/nonexistent", "MICROPYPATH": ".frozen"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def close(self) -> None:
        self.server.close()
