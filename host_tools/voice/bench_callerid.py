"""Caller ID as the firmware sends it, decoded by minimodem and spandsp, over level and noise."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.virtual_board.speech import DBM0_RMS, Samples, to_int16, write_wav
from host_tools.voice import spandsp
from host_tools.voice.callerid_wav import CallerId, render
from host_tools.voice.report import Figure, Grid, Part

_LEVELS, _LEVELS_QUICK = (-10, -13.5, -19, -25, -28, -32, -36, -40), (-10, -28)  # dBm0
_NOISES, _NOISES_QUICK = (30, 20, 16, 14, 12, 10, 8, 6), (20, 10)  # dB of signal over noise, both in 4 kHz
_SEEDS, _SEEDS_QUICK = 20, 4
_WANTED = (-28, 20)  # down to this level, at this noise, everything is to be decoded
_STANDARDS = {  # method → mark and space Hz, spandsp's name
    "ring bell202": (1200, 2200, spandsp.CLASS),
    "ring v23": (1300, 2100, spandsp.CLIP),
}


def measure(quick: bool, step: Callable[[str], None]) -> Part:
    """`step` is told what is done next."""
    part = Part("callerid")
    decoders = []
    for name, here, package in (
        ("minimodem", shutil.which("minimodem"), "minimodem"),
        ("spandsp", spandsp.library(), "libspandsp2"),
    ):
        if here:
            decoders.append(name)
        else:
            part.notes.append(f"caller ID by {name} is left out (Debian: {package})")
    levels, noises = (_LEVELS_QUICK, _NOISES_QUICK) if quick else (_LEVELS, _NOISES)
    seeds = range(_SEEDS_QUICK if quick else _SEEDS)
    step("caller ID: rendering")
    sent = {(m, level): CallerId(m, "call", "6095551212", "Ann Example", level=level)
            for m in _STANDARDS for level in levels}  # fmt: skip
    render(list(sent.values()))
    step("caller ID: decoding")
    for decoder in decoders:
        for method in _STANDARDS:
            title = f"Caller ID, {method.split()[1]}: messages that {decoder} decodes, %"
            grid = Grid(title, "dBm0")
            cases = [(level, noise) for level in levels for noise in noises]
            jobs = [
                (decoder, sent[method, level], noise, (seed, place))
                for place, (level, noise) in enumerate(cases)
                for seed in seeds
            ]
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                right = np.array(list(pool.map(lambda job: _decoded(*job), jobs)))
            for (level, noise), share in zip(cases, right.reshape(len(cases), -1).mean(axis=1)):
                grid.put(f"{level:g}", f"{noise} dB", 100 * share)
            part.grids.append(grid)
            least, noise = _WANTED
            worst = min(grid.rows[f"{level:g}"][f"{noise} dB"] or 0 for level in levels if level >= least)
            name = f"caller ID, {method.split()[1]}, by {decoder}: {least} dBm0, {noise} dB"
            part.figures.append(Figure(name, "100 %", f"{worst:.0f} %", worst == 100))
    part.plots["callerid"] = _drawing(part.grids)
    return part


def _decoded(decoder: str, one: CallerId, noise: float, seed: tuple[int, int]) -> bool:
    """Whether the whole message, checksum and all, comes out."""
    message = bytes.fromhex(next(output[1] for _ms, output in one.steps if output[0] == "fsk"))
    pcm = _on_the_line(one, noise, seed)
    mark, space, standard = _STANDARDS[one.method]
    if decoder == "spandsp":
        return spandsp.caller_id(pcm, standard) == [message[:-1]]
    return message in minimodem(pcm, mark, space)


def _on_the_line(one: CallerId, noise: float, seed: tuple[int, int]) -> Samples:
    signal = np.concatenate([np.zeros(800), np.frombuffer(one.pcm, "<i2"), np.zeros(1600)])
    rms = DBM0_RMS * 10 ** ((one.level - noise) / 20)
    return to_int16(signal + np.random.default_rng(seed).normal(0, rms, len(signal)))


def minimodem(pcm: Samples, mark: int, space: int) -> bytes:
    """The bytes that it receives at 1200 bit/s."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        write_wav(path, pcm)
        tones = ["-M", str(mark), "-S", str(space)]
        command = ["minimodem", "--rx", "--quiet", *tones, "-f", path, "1200"]
        return subprocess.run(command, capture_output=True, check=False, timeout=20).stdout


def _drawing(grids: list[Grid]) -> Callable[[Any], None]:
    def draw(figure: Any) -> None:
        for place, grid in zip(np.ravel(figure.subplots(2, 2)), grids):
            shares = np.array([[row[column] or 0 for column in grid.columns()] for row in grid.rows.values()])
            place.imshow(shares, vmin=0, vmax=100, cmap="RdYlGn", aspect="auto")
            for (y, x), share in np.ndenumerate(shares):
                place.text(x, y, f"{share:.0f}", ha="center", va="center", fontsize=7)
            place.set_xticks(range(len(grid.columns())), grid.columns(), fontsize=7)
            place.set_yticks(range(len(grid.rows)), list(grid.rows), fontsize=7)
            place.set_title(grid.title, fontsize=8)
            place.set_ylabel("dBm0")

    return draw
