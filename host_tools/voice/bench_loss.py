"""Speech over networks that lose and delay packets: PESQ of the firmware's jitter buffer and concealment,
beside zero-fill and spandsp's concealment."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.virtual_board.speech import Samples
from host_tools.voice import listen, network, spandsp
from host_tools.voice.listen import Stream
from host_tools.voice.report import Figure, Grid, Part
from host_tools.voice.speech_files import FOLDER, clips

_LOSSES, _LOSSES_QUICK = (0, 1, 2, 3, 5, 7, 10, 15, 20), (0, 5, 10)
_CLIPS, _CLIPS_QUICK = 24, 6
_SECONDS = 7.5
_PAUSE = 25  # frames of silence behind each clip: what is concealed when the packets stop is no part of it
_SEEDS, _SEEDS_QUICK = 3, 1  # of loss, each clip
_WANTED = 0.5  # of PESQ over zero-fill, at 5 % random loss
_OURS, _ZERO, _SPANDSP = "firmware", "zero-fill", "spandsp"

# Jitter buffers that are compared: name → least and most ms, concealment
_BUFFERS = {
    "adaptive": (20, 200, True),
    "fixed 60 ms": (60, 60, True),
    "fixed 120 ms": (120, 120, True),
    "fixed 60, zero-fill": (60, 60, False),
}


def networks(count: int, seed: int) -> dict[str, NDArray]:
    """Arrival times of packets in networks that delay."""
    found = {
        "steady": network.arrivals(count),
        "jitter 5 ms": network.jittered(count, 5, seed),
        "jitter 20 ms": network.jittered(count, 20, seed),
        "stalls to 60 ms": network.stalls(count, 60, seed),
        "stalls to 120 ms": network.stalls(count, 120, seed),
        "stalls to 200 ms": network.stalls(count, 200, seed),
        "power saving": network.power_saving(count, seed),
    }
    lossy = network.stalls(count, 120, seed)
    lossy[network.random_loss(count, 3, seed)] = np.nan
    return {**found, "stalls to 120, 3 % lost": lossy}


def measure(quick: bool, step: Callable[[str], None], folder: Path = FOLDER) -> Part:
    """`step` is told what is done next."""
    part = Part("loss")
    if not listen.can_score():
        part.notes.append("concealment is left out: no PESQ (pip install pesq)")
        return part
    silence = np.zeros(_PAUSE * 160, np.int16)
    count = _CLIPS_QUICK if quick else _CLIPS
    speech = [np.concatenate([clip, silence]) for clip in clips(count, _SECONDS, folder)]
    with ProcessPoolExecutor() as pool:
        step("packet loss: PESQ")
        losses, seeds = (_LOSSES_QUICK, _SEEDS_QUICK) if quick else (_LOSSES, _SEEDS)
        _losses(part, pool, speech * seeds, losses)
        step("delay: PESQ")
        _delays(part, pool, speech, quick)
    return part


def _losses(part: Part, pool: ProcessPoolExecutor, speech: list[Samples], losses: tuple[int, ...]) -> None:
    grids = []
    for kind, lose in (("random", network.random_loss), ("bursty", network.bursty_loss)):
        grid = Grid(f"PESQ (MOS-LQO) over {kind} loss", "% lost", decimals=2)
        grids.append(grid)
        for percent, found in _scores(pool, speech, losses, lose).items():
            for name, scores in found.items():
                grid.put(f"{percent:g}", name, float(scores.mean()))
            gains = found[_OURS] - found[_ZERO]
            grid.put(f"{percent:g}", "gain", float(gains.mean()))
            if (kind, percent) == ("random", 5):
                error = gains.std() / len(gains) ** 0.5
                told = f"{gains.mean():+.2f} (standard error {error:.2f})"
                wanted = f"≥ {_WANTED} over zero-fill"
                part.figures.append(Figure("PESQ at 5 % random loss", wanted, told, gains.mean() >= _WANTED))
    part.grids += grids

    def draw(figure: Any) -> None:
        for place, grid in zip(figure.subplots(1, 2, sharey=True), grids):
            for name in (_OURS, _ZERO, _SPANDSP):
                shown = {float(p): row[name] for p, row in grid.rows.items() if row.get(name) is not None}
                place.plot(list(shown), list(shown.values()), marker=".", label=name)
            place.set_title(grid.title, fontsize=9)
            place.set_xlabel("packets lost, %")
            place.grid(alpha=0.3)
        figure.axes[0].set_ylabel("MOS-LQO")
        figure.axes[0].legend(fontsize=8)

    part.plots["loss"] = draw


def _scores(
    pool: ProcessPoolExecutor,
    speech: list[Samples],
    losses: tuple[int, ...],
    lose: Callable[[int, float, int], NDArray[np.bool_]],
) -> dict[int, dict[str, NDArray]]:
    """Per cent lost → what fills the gaps → PESQ of each clip."""
    heard: dict[tuple[int, str], list[Samples]] = {}
    streams: list[tuple[int, str, Stream]] = []
    for percent in losses:
        for seed, clip in enumerate(speech):
            lost = lose(len(clip) // 160 - _PAUSE, percent, seed)
            lost = np.append(lost, np.zeros(_PAUSE, bool))
            times = network.arrivals(len(lost), lost)
            streams.append((percent, _OURS, Stream(clip, times)))
            streams.append((percent, _ZERO, Stream(clip, times, conceal=False)))
            if spandsp.library():
                decoded = listen.decode(listen.encode(clip))
                heard.setdefault((percent, _SPANDSP), []).append(spandsp.conceal(decoded, lost))
    listen.receive([stream for *_, stream in streams])
    for percent, name, stream in streams:
        heard.setdefault((percent, name), []).append(stream.heard)
    names = [name for name in (_OURS, _ZERO, _SPANDSP) if (losses[0], name) in heard]
    return {
        percent: {
            name: np.array(list(pool.map(listen.score, zip(speech, heard[percent, name])))) for name in names
        }
        for percent in losses
    }


def _delays(part: Part, pool: ProcessPoolExecutor, speech: list[Samples], quick: bool) -> None:
    quality = Grid("PESQ (MOS-LQO) over delay, by jitter buffer", "network", decimals=2)
    waits = Grid("Mean depth of the jitter buffer, ms", "network")
    # A buffer needs some seconds to learn: each stream is the clip twice, and the second time is judged.
    longer = [np.concatenate([clip, clip]) for clip in speech]
    streams: dict[tuple[str, str], list[Stream]] = {}
    for seed, clip in enumerate(longer):
        for name, times in networks(len(clip) // 160, seed).items():
            for buffer, (least, most, conceal) in _BUFFERS.items():
                if not quick or buffer in ("adaptive", "fixed 60, zero-fill"):
                    streams.setdefault((name, buffer), []).append(Stream(clip, times, conceal, least, most))
    listen.receive([stream for some in streams.values() for stream in some])
    for (name, buffer), some in streams.items():
        pairs = [(one.speech[: len(one.speech) // 2], one.heard[len(one.speech) // 2 :]) for one in some]
        quality.put(name, buffer, _mean(pool, pairs))
        waits.put(name, buffer, float(np.mean([one.depth for one in some])))
    part.grids += [quality, waits]

    def draw(figure: Any) -> None:
        for place, grid in zip(figure.subplots(1, 2, sharey=True), (quality, waits)):
            names = list(grid.rows)
            for k, buffer in enumerate(grid.columns()):
                values = [grid.rows[name].get(buffer) or 0 for name in names]
                place.barh(np.arange(len(names)) + 0.2 * k, values, 0.18, label=buffer)
            place.set_yticks(np.arange(len(names)) + 0.3, names, fontsize=8)
            place.set_title(grid.title, fontsize=9)
            place.grid(alpha=0.3, axis="x")
        figure.axes[1].legend(fontsize=8)
        figure.axes[0].invert_yaxis()

    part.plots["delay"] = draw


def _mean(pool: ProcessPoolExecutor, pairs: list[tuple[Samples, Samples]]) -> float:
    return float(np.mean(list(pool.map(listen.score, pairs))))
