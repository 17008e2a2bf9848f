"""DTMF detection: cells and sweeps of q24, and talk-off on speech, of every detector that is here."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.virtual_board.speech import RATE, Samples, to_int16
from host_tools.voice import q24, speech_files
from host_tools.voice.detectors import Detector, present
from host_tools.voice.report import Figure, Grid, Part

_SEEDS, _SEEDS_QUICK = 10, 2
_SPEEDS = (1.0, 0.8, 1.25)  # the same voice lower and higher
_MINUTES_QUICK = 8


def measure(quick: bool, step: Callable[[str], None], folder: Path = speech_files.FOLDER) -> Part:
    """`step` is told what is done next."""
    part = Part("dtmf")
    found, part.notes = present()
    seeds = range(_SEEDS_QUICK if quick else _SEEDS)
    step("DTMF: cells of Q.24")
    _cells(part, found, seeds)
    step("DTMF: sweeps")
    _sweeps(part, found, seeds)
    step("DTMF: talk-off on speech")
    _talk_off(part, found, quick, folder)
    return part


def _each(found: dict[str, Detector], pieces: list[Samples]) -> dict[str, list[str]]:
    """All detectors at the same time: each is another process, or lets go of Python's lock."""
    with ThreadPoolExecutor() as pool:
        running = {name: pool.submit(detector, pieces) for name, detector in found.items()}
        return {name: one.result() for name, one in running.items()}


def _cells(part: Part, found: dict[str, Detector], seeds: range) -> None:
    cells = q24.cells()
    heard = _each(found, [cell.signal.samples(seed) for cell in cells for seed in seeds])
    grid = Grid(
        "DTMF: cells that are right", "cells", note="Right: every digit of every repetition, or none."
    )
    for accept in (True, False):
        kind = "must accept" if accept else "must reject"
        groups = list(dict.fromkeys(cell.group for cell in cells if cell.accept == accept))
        for group in [*groups, ""]:
            row = f"{kind}: {group}" if group else f"{kind}: all"
            chosen = [k for k, c in enumerate(cells) if c.accept == accept and group in ("", c.group)]
            grid.total[row] = len(chosen)
            for name, texts in heard.items():
                grid.put(row, name, sum(_right(cells[k], texts, k, len(seeds)) for k in chosen))
    part.grids.append(grid)
    for accept, kind in ((True, "accept"), (False, "reject")):
        chosen = [k for k, cell in enumerate(cells) if cell.accept == accept]
        wrong = [cells[k] for k in chosen if not _right(cells[k], heard["firmware"], k, len(seeds))]
        count = f"{len(chosen) - len(wrong)} of {len(chosen)}"
        part.figures.append(Figure(f"DTMF must-{kind} cells", f"all {len(chosen)}", count, not wrong))
        part.notes += [f"wrong: must {kind} {cell.group}: {cell.name}" for cell in wrong]


def _right(cell: q24.Cell, texts: list[str], k: int, repeated: int) -> bool:
    return all(cell.right(text) for text in texts[k * repeated : (k + 1) * repeated])


def _sweeps(part: Part, found: dict[str, Detector], seeds: range) -> None:
    curves: list[tuple[q24.Sweep, dict[str, list[float]]]] = []
    for sweep in q24.sweeps():
        lines = [line.samples(seed) for line in sweep.points.values() for seed in seeds]
        grid = Grid(f"DTMF: digits heard over {sweep.name}, %", sweep.unit, drawn=True)
        curve: dict[str, list[float]] = {}
        for name, texts in _each(found, lines).items():
            for k, value in enumerate(sweep.points):
                count = sum(len(text) for text in texts[k * len(seeds) : (k + 1) * len(seeds)])
                share = 100 * count / len(q24.DIGITS) / len(seeds)
                curve.setdefault(name, []).append(share)
                grid.put(f"{value:+g}" if min(sweep.points) < 0 else f"{value:g}", name, share)
        part.grids.append(grid)
        curves.append((sweep, curve))

    def draw(figure: Any) -> None:
        for place, (sweep, curve) in zip(figure.subplots(len(curves), 1), curves):
            place.axvspan(*sweep.accept, color="0.9", label="must be heard")
            for name, shares in curve.items():
                place.plot(list(sweep.points), shares, marker=".", label=name)
            place.set_xlabel(f"{sweep.name}, {sweep.unit}")
            place.set_ylabel("digits heard, %")
            place.grid(alpha=0.3)
        figure.axes[0].legend(fontsize=8)

    part.plots["dtmf"] = draw


def _talk_off(part: Part, found: dict[str, Detector], quick: bool, folder: Path) -> None:
    voices = speech_files.voices(folder)
    if not voices:
        part.notes.append(f"talk-off is left out: no recorded speech (Debian: {speech_files.PACKAGE})")
        return
    grid = Grid("DTMF: false digits in speech", "speech", note=f"Voices: {', '.join(voices)}.")
    speech = speech_files.everything(folder)
    if quick:
        speech = speech[: _MINUTES_QUICK * 60 * RATE]
    at = np.arange(len(speech))
    false = hours = 0.0
    for speed in _SPEEDS[:1] if quick else _SPEEDS:
        played = to_int16(np.interp(np.arange(0, len(speech) - 1, speed), at, speech))
        minutes = len(played) / RATE / 60
        row = f"{minutes:.0f} min" + (f", played at {speed:g}" if speed != 1 else "")
        for name, (text,) in _each(found, [played]).items():
            grid.put(row, name, len(text))
        false += grid.rows[row]["firmware"] or 0
        hours += minutes / 60
    part.grids.append(grid)
    figure = Figure("false digits in speech", "none", f"{false:.0f} in {hours:.2f} h", not false)
    part.figures.append(figure)
