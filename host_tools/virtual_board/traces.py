"""What was on a port's wire and at its handset, sample by sample: for the picture and the WAV files."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class PortTrace:
    """What was on one port's wire and at its handset; the starts are board times in seconds."""

    wire_start: float = 0.0
    sound_start: float = 0.0
    tip: NDArray[np.floating[Any]] = field(default_factory=lambda: np.zeros(0))  # V to ground
    ring: NDArray[np.floating[Any]] = field(default_factory=lambda: np.zeros(0))  # V to ground
    wire_rate: float = 1000.0  # samples a second of tip and ring
    mic: NDArray[np.integer[Any]] = field(default_factory=lambda: np.zeros(0, np.int16))
    ear: NDArray[np.integer[Any]] = field(default_factory=lambda: np.zeros(0, np.int16))
