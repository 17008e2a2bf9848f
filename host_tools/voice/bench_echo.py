"""The line echo canceller's own bench (echo_bench), as a part of the voice bench."""

import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.voice import echo_bench
from host_tools.voice.report import Figure, Grid, Part

_WANTED = 26.0  # dB of enhancement, within 1 s


def measure(quick: bool, step: Callable[[str], None], folder: Path = echo_bench.SPEECH) -> Part:
    """`step` is told what is done next."""
    part = Part("echo")
    signals = echo_bench.signals
    kinds: dict[str, echo_bench.Kind] = {"composite": signals.composite}
    if signals.recorded(folder, echo_bench.RATE, 0) is not None:
        kinds["recorded speech"] = lambda n, seed: np.asarray(signals.recorded(folder, n, seed))
    if not quick:
        kinds["noise"] = signals.noise
    voices = {name: kind for name, kind in kinds.items() if name != "noise"}
    runs: dict[str, echo_bench.Run] = {}
    step("echo: convergence")
    settled = list(echo_bench.convergence(kinds, runs))
    part.grids.append(_grid("Echo: enhancement, dB; time to 26 dB, s; residual level, dBm0", settled))
    for name in kinds:
        worst = min(data["erle_1s"] for _row, data in settled if data["signal"] == name)
        found = f"{worst:.1f} dB on the worst path"
        part.figures.append(
            Figure(f"echo enhancement at 1 s, {name}", f"≥ {_WANTED:g} dB", found, worst >= _WANTED)
        )
    if not quick:
        step("echo: double talk")
        talk = list(echo_bench.double_talk(voices, runs))
        part.grids.append(_grid("Echo: enhancement in double talk, dB", talk))
        least = min(data["erle_worst_half_second"] for _row, data in talk)
        found = f"{least:.1f} dB in the worst half second"
        part.figures.append(Figure("echo, double talk: no divergence", "≥ 0 dB", found, least >= 0))
        step("echo: another path")
        changed = echo_bench.path_change(voices, runs)
        part.grids.append(_grid("Echo: enhancement after a change of path, dB", changed))
    part.plots["echo"] = lambda figure: _draw(figure, runs)
    return part


def _grid(title: str, rows: Iterable[tuple[list[str], dict[str, Any]]]) -> Grid:
    """What is text names the row, without the remarks on a path; what is a number is a column."""
    grid = Grid(title, "signal, path", decimals=1)
    for _shown, data in rows:
        words = [re.sub(r" \(.*?\)", "", value) for value in data.values() if isinstance(value, str)]
        if "talk_dbm0" in data:
            words.append(f"talk {data['talk_dbm0']}")
        for name, value in data.items():
            if not isinstance(value, str) and name != "talk_dbm0":
                number = float(value)
                column = name.removeprefix("erle_").replace("_", " ")
                grid.put(", ".join(words), column, number if math.isfinite(number) else None)
    return grid


def _draw(figure: Any, runs: dict[str, echo_bench.Run]) -> None:
    place = figure.subplots()
    for name, run in runs.items():
        place.plot(*run.course(), label=name, linewidth=0.8)
    place.axhline(_WANTED, color="black", linestyle=":")
    place.set(xlabel="s", ylabel="ERLE, dB (100 ms)", ylim=(-15, 60))
    place.legend(fontsize=5, ncols=2)
    place.grid(alpha=0.3)
