"""The voice bench on a small part of its material, with generous bounds: a kernel that got much worse is told
in seconds. `make bench-voice` measures all of it."""

import shutil

import numpy as np
import pytest
from rich.console import Console

from host_tools.voice import bench, bench_callerid, listen, network, q24, report, spandsp, speech_files
from host_tools.voice.detectors import firmware
from host_tools.voice.listen import Stream
from host_tools.voice.report import Figure, Grid, Part
from support.runtimes import micropythons

pytestmark = pytest.mark.skipif(not micropythons(), reason="no MicroPython (make setup)")


# The kernels


def test_dtmf_hears_what_it_must_and_nothing_else() -> None:
    cells = q24.cells()
    heard = firmware([cell.signal.samples(seed=3) for cell in cells])
    wrong = [cell.name for cell, text in zip(cells, heard, strict=True) if not cell.right(text)]
    assert len(cells) == 130
    assert len(wrong) <= 2, wrong


@pytest.mark.skipif(not speech_files.voices(), reason=f"no recorded speech ({speech_files.PACKAGE})")
def test_dtmf_is_deaf_to_speech() -> None:
    assert firmware([speech_files.everything()[: 600 * 8000]]) == [""]


@pytest.mark.skipif(not listen.can_score(), reason="no PESQ (pip install pesq)")
def test_concealment_is_better_than_silence_and_costs_nothing_without_loss() -> None:
    whole, concealed, silent = [], [], []
    for seed, clip in enumerate(speech_files.clips(5, 7.5)):
        speech = np.append(clip, np.zeros(4000, np.int16))
        count = len(speech) // 160
        times = network.arrivals(count, network.random_loss(count, 7, seed))
        whole.append(Stream(speech, network.arrivals(count)))
        concealed.append(Stream(speech, times))
        silent.append(Stream(speech, times, conceal=False))
    listen.receive(whole + concealed + silent)
    best, ours, zero = (
        np.mean([listen.score((one.speech, one.heard)) for one in some])
        for some in (whole, concealed, silent)
    )
    assert best > 4.0
    assert ours > zero + 0.3, (ours, zero)


def test_the_jitter_buffer_rides_out_a_network_that_holds_packets_back() -> None:
    (clip,) = speech_files.clips(1, 8)
    stream = Stream(clip, network.power_saving(400, seed=1))
    listen.receive([stream])
    after = stream.heard[4 * 8000 : 7 * 8000].astype(float)
    assert stream.late < 20 and stream.lost == 0
    assert 60 < stream.depth <= 200
    # What is heard is what was said, later.
    said = listen.decode(listen.encode(clip)).astype(float)
    match = np.correlate(said[3 * 8000 : 7 * 8000], after, "valid")
    assert match.max() > 0.9 * np.sum(after**2)


@pytest.mark.skipif(not (spandsp.library() or shutil.which("minimodem")), reason="no caller ID decoder")
def test_caller_id_is_decoded() -> None:
    part = bench_callerid.measure(True, lambda what: None)
    assert part.grids
    for figure in part.figures:
        assert figure.reached, figure


# The instruments


@pytest.mark.parametrize("percent", [0, 3, 5, 20])
def test_loss_has_the_share_that_it_says(percent: float) -> None:
    for seed in range(3):
        assert network.random_loss(400, percent, seed).sum() == 4 * percent
        assert abs(network.bursty_loss(400, percent, seed).mean() - percent / 100) < 0.005


def test_bursty_loss_comes_in_bursts() -> None:
    def bursts(lost: np.ndarray) -> float:
        return lost.sum() / np.count_nonzero(np.diff(lost.astype(int), prepend=0) == 1)

    assert bursts(network.random_loss(5000, 5, 1)) < 1.2
    assert 2 < bursts(network.bursty_loss(5000, 5, 1)) < 4


def test_networks_keep_the_order_and_are_never_early() -> None:
    steady = network.arrivals(500)
    held = (network.jittered(500, 20, 1), network.stalls(500, 120, 1), network.power_saving(500, 1))
    for times in (steady, *held):
        assert (np.diff(times) >= 0).all()
        assert (times >= steady).all()


def test_a_stall_holds_everything_and_then_lets_it_go() -> None:
    delays = network.stalls(3000, 120, 1) - network.arrivals(3000)
    assert 60 < delays.max() < 135
    assert np.median(delays) < 5


def test_what_a_line_of_q24_asks_for_is_on_it() -> None:
    pcm = q24.Line(on=100, off=50, low=-13, high=-9).samples(1)[4000:].astype(float)
    t = np.arange(800) / 8000
    for hz, dbm0 in ((941, -13), (1336, -9)):  # the first digit is 0
        found = abs(np.sum(pcm[:800] * np.exp(-2j * np.pi * hz * t))) / 400
        assert abs(20 * np.log10(found / 22828) - dbm0) < 0.3


# The tables


def test_a_grid_shows_the_change_and_a_record_gives_it_back(tmp_path) -> None:
    grid = Grid("Some numbers", "row", decimals=2)
    grid.put("one", "a", 1.234)
    grid.put("one", "b", None)
    path = tmp_path / "voice.json"
    report.record("quick", [Part("x", [grid])], path)
    assert report.recorded("quick", path) == {"Some numbers": {"one": {"a": 1.23, "b": None}}}
    assert report.recorded("full", path) == {}
    assert not grid.changed(report.recorded("quick", path)["Some numbers"])
    grid.put("one", "a", 1.5)
    assert grid.changed({"one": {"a": 1.23}}) and not grid.changed({})
    console = Console(width=80)
    with console.capture() as capture:
        console.print(grid.table({"one": {"a": 1.23}}))
        console.print(report.figures([Figure("speed", "10", "9", False)]))
    shown = capture.get()
    assert "1.50 (+0.27)" in shown and "–" in shown and "not reached" in shown


def test_recording_one_part_keeps_the_others(tmp_path) -> None:
    path = tmp_path / "voice.json"
    first, second = Grid("A", "x"), Grid("B", "x")
    first.put("r", "c", 1)
    second.put("r", "c", 2)
    report.record("full", [Part("a", [first])], path)
    report.record("full", [Part("b", [second])], path)
    assert report.recorded("full", path).keys() == {"A", "B"}


def test_plots_are_drawn(tmp_path) -> None:
    part = Part("x", plots={"drawn": lambda figure: figure.subplots().plot([1, 2])})
    assert bench.plot(part, tmp_path) == [tmp_path / "drawn.png"]
    assert (tmp_path / "drawn.png").read_bytes()[:4] == b"\x89PNG"
