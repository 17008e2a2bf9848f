# runs on: cpython
"""Scripts performed on a stand-in for the board: what is met, what is not, and what is measured."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.virtual_board import speech
from host_tools.virtual_board.history import Entry, History
from host_tools.virtual_board.play import CannotDo, Figure, Player, Unmet, Utterance, look_up
from host_tools.virtual_board.scenario import Act, parse


class Bench:
    """Answers each action with the entries that the test gives, some of them a little later."""

    def __init__(self, answers: dict[str, list[tuple[float, Entry]]] | None = None):
        self.history = History()
        self.answers = answers or {}
        self.acts: list[str] = []
        self.typed: list[str] = []
        self.faults: list[tuple[int, str, bool]] = []
        self.state: dict[str, Any] = {"ports": [{"port": 1, "state": "in service"}, {"port": 2}]}
        self.utterance: Utterance | None = None
        self.ear: Callable[[float, float], speech.Samples] = lambda start, end: np.zeros(8, np.int16)
        self.clock = 0.0

    def now(self) -> float:
        return asyncio.get_running_loop().time() - self.clock

    async def act(self, act: Act, folder: Path) -> None:
        if act.argument == "bad":
            raise CannotDo("the phone is on-hook")
        text = f"{act.port} {act.verb}"
        self.acts.append(text)
        self.history.add(Entry(10.0 * len(self.acts), act.verb, act.port))
        for delay, entry in self.answers.get(text, []):
            asyncio.get_running_loop().call_later(delay, self.history.add, entry)

    async def quiet(self, port: int) -> None:
        self.acts.append(f"{port} quiet")

    async def console(self, text: str) -> None:
        self.typed.append(text)

    async def status(self) -> dict[str, Any]:
        return self.state

    def fault(self, port: int, name: str, on: bool) -> None:
        self.faults.append((port, name, on))

    def said(self, port: int) -> Utterance | None:
        return self.utterance

    def heard(self, port: int, start: float, end: float) -> speech.Samples:
        return self.ear(start, end)


def ring(time: float, on: bool = True) -> Entry:
    return Entry(time, "ring", 2, {"on": on, "volts": 45.0, "hz": 20.0} if on else {"on": on})


def perform(bench: Bench, text: str, slack: float = 4.0) -> Player:
    player = Player(bench, slack=slack)

    async def run():
        bench.clock = asyncio.get_running_loop().time()
        await player.perform(parse(text, "t.call"))

    asyncio.run(run())
    return player


def unmet(bench: Bench, text: str, slack: float = 4.0) -> str:
    try:
        perform(bench, text, slack)
    except Unmet as error:
        return str(error)
    raise AssertionError("all was met")


def test_actions_are_done_in_order():
    bench = Bench()
    perform(bench, "1 lift\nwait 0.01\n1 dial 5\nwait 1 done\nconsole status\nfault 2 short")
    assert bench.acts == ["1 lift", "1 dial", "1 quiet"]
    assert bench.typed == ["status"] and bench.faults == [(2, "short", True)]


def test_an_expectation_waits_for_what_comes_in_time():
    bench = Bench({"1 dial": [(0.05, ring(10.1))]})
    perform(bench, "1 dial 102\nexpect 2 rings within 0.5\nexpect 2 rings")
    assert "within 0.02 s" in unmet(
        Bench({"1 dial": [(0.2, ring(10.1))]}), "1 dial 5\nexpect 2 rings within 0.02"
    )


def test_an_unmet_expectation_names_its_line_and_what_came_instead():
    bench = Bench({"1 dial": [(0.0, ring(10.1))]})
    text = unmet(bench, "1 dial 102\nwait 0.01\n\nexpect 2 rings volts=60..70 within 0.02")
    assert text.startswith("t.call:4: expect 2 rings volts=60..70")
    assert "2 rings, 45 V, 20.0 Hz" in text


def test_what_came_before_the_last_action_does_not_count():
    bench = Bench()
    bench.history.add(Entry(1.0, "sip", 0, {"sent": True, "start": "BYE sip:x SIP/2.0"}))
    assert "expected sip > BYE" in unmet(bench, "1 hang\nexpect sip > BYE within 0.02")


def test_what_must_not_happen():
    perform(Bench(), "1 hang\nexpect 2 not rings for 0.02")
    bench = Bench({"1 hang": [(0.01, ring(12.5))]})
    assert "happened at 12.500 s" in unmet(bench, "1 hang\nexpect 2 not rings for 0.2")
    bench = Bench({"1 hang": [(0.0, ring(12.5))]})
    assert "so already" in unmet(bench, "1 hang\nwait 0.01\nexpect 2 not rings for 0.02")


def test_a_figure_is_the_time_between_two_happenings():
    bench = Bench({"2 lift": [(0.01, ring(10.08, False))]})
    bench.history.add(ring(9.0))
    player = perform(bench, '2 lift\nmeasure "ring trip" from 2 lifts to 2 stops ringing at most 200 ms')
    figure = player.figures[0]
    assert figure.name == "ring trip" and abs(figure.value - 80) < 1e-6 and figure.within


def test_a_state_that_was_so_before_takes_no_time():
    player = perform(Bench(), "2 lift\nmeasure x from 2 lifts to 2 stops ringing")
    assert player.figures[0].value == 0


def test_the_end_may_come_between_the_begin_and_the_end_of_the_start():
    # A detector hears the last digit before its tone has ended: the figure is negative, and good.
    bench = Bench()
    bench.history.add(Entry(4.90, "sip", 0, {"sent": True, "start": "INVITE sip:1 SIP/2.0"}))
    bench.history.add(Entry(4.97, "sip", 0, {"sent": True, "start": "INVITE sip:102 SIP/2.0"}))
    bench.history.add(Entry(5.00, "dialled", 1, {"digits": "102"}, began=4.92))
    player = perform(bench, "measure x from 1 dialled to sip > INVITE at most 50 ms")
    assert abs(player.figures[0].value + 30) < 1e-6 and player.figures[0].within


def test_a_figure_far_beyond_its_bound_fails_and_one_a_little_beyond_is_only_told():
    text = "2 lift\nmeasure trip from 2 lifts to 2 rings at most 200 ms"
    late = {"2 lift": [(0.01, ring(10.3))]}
    player = perform(Bench(late), text)
    assert not player.figures[0].within
    assert "measured trip: 300 ms" in unmet(Bench(late), text, slack=1.0)
    assert "measured trip: 900 ms" in unmet(Bench({"2 lift": [(0.01, ring(10.9))]}), text)


def test_speech_is_found_in_the_earpiece():
    source = speech.say("moment")
    bench = Bench()
    bench.utterance = Utterance(source, 3.0, "moment")
    recording = np.concatenate([np.zeros(400, np.int16), source // 2, np.zeros(800, np.int16)])
    bench.ear = lambda start, end: recording if start == 3.0 else recording[:0]
    player = perform(bench, "measure voice speech 1 to 2 at least 0.95")
    delay, correlation = player.figures
    assert delay.name == "voice, mouth to ear" and delay.value == 50
    assert correlation.value > 0.99 and correlation.within
    bench.ear = lambda start, end: np.random.default_rng(1).integers(-9000, 9000, 20000).astype(np.int16)
    assert "expected voice ≥ 0.95" in unmet(bench, "measure voice speech 1 to 2 at least 0.95")


def test_status_values_are_looked_up_by_port_until_they_are_right():
    bench = Bench()
    assert look_up(bench.state, "ports.1.state") == "in service"
    assert look_up(bench.state, "ports.3.state") is None
    assert look_up(bench.state, "nothing.there") is None
    perform(bench, 'expect status ports.1.state "in service"')
    assert "but it is in service" in unmet(bench, "expect status ports.1.state idle within 0.01")


def test_an_impossible_action_names_its_line():
    text = unmet(Bench(), "1 say bad")
    assert text == "t.call:1: 1 say bad\n    the phone is on-hook"


def test_bounds_are_told_as_they_are_meant():
    assert Figure("x", 63.2, "ms", 100, True).bound_text() == "≤ 100 ms"
    assert Figure("x", 0.97, "", 0.95, False).bound_text() == "≥ 0.95"
    assert Figure("x", 63.2, "ms", None, True).bound_text() == ""
    assert str(Figure("x", 0.97, "", None, False)) == "x: 0.9700"
