"""What the firmware tells of a call's quality while it lasts, and in its log when it ends."""

import asyncio
import re

import numpy as np
import pytest

from host_tools.virtual_board.play import Player
from host_tools.virtual_board.scenario import parse
from host_tools.virtual_board.session import Session

pytestmark = [pytest.mark.board, pytest.mark.timeout(90)]
_CALL = """
1 lift
expect 1 hears dial within 1
1 dial 102
expect 2 rings within 1
2 lift
expect status ports.1.phone talking
1 say hello
wait 9
"""
_END = """
1 hang
2 hang
expect log "port 1 call was" within 3
expect log "port 2 call was" within 3
"""


async def _call() -> tuple[dict, dict, list[str]]:
    async with Session({}) as session:
        await session.ready()
        player = Player(session)
        await player.perform(parse(_CALL, "call"))
        status = await session.status()
        await player.perform(parse(_END, "end"))
        lines = [entry.detail["text"] for entry in session.history.entries if entry.kind == "log"]
        first, second = (port["calls"][0]["media"] for port in status["ports"])
        return first, second, [line for line in lines if "call was" in line]


def test_a_call_on_loopback_is_good_and_both_ends_say_so():
    first, second, lines = asyncio.run(_call())
    for media in (first, second):
        assert media["codec"] == "PCMU" and media["seconds"] >= 8
        assert media["loss_percent"] < 1 and media["mos"] > 4.2
        assert 0 <= media["rtt_ms"] < 200, "RTCP came both ways"
        assert media["far_loss_percent"] == 0
    assert len(lines) == 2
    assert all(re.search(r"sent \d+, received \d+, missing 0\.\d+ %.*MOS 4\.\d", line) for line in lines)


async def _fax() -> tuple[bool, bool, bool]:
    """Whether port 1 carries data before an answer tone of phone 2, and both ports after it."""
    async with Session({"voice": {"fax": "auto"}}) as session:
        await session.ready()
        player = Player(session)
        await player.perform(parse(_CALL.replace("wait 9", "wait 3"), "call"))
        before = (await session.status())["ports"][0]["calls"][0]["media"]["data"]
        ced = 6000 * np.sin(2 * np.pi * 2100 * np.arange(8000) / 8000)
        session.board.phone(2).say(ced.astype(np.int16))
        await asyncio.sleep(1.5)
        status = await session.status()
        after = [port["calls"][0]["media"]["data"] for port in status["ports"]]
        await player.perform(parse('1 hang\n2 hang\nexpect log "fax or modem" within 3', "end"))
        return before, after[0], after[1]


def test_the_answer_tone_of_a_fax_machine_is_noticed_at_both_ends():
    assert asyncio.run(_fax()) == (False, True, True)


async def _dial_tones() -> list[float]:
    """How loud the dial tone is in the earpieces of phone 1, whose port has another gain, and of phone 2."""
    async with Session({"port": {"1": {"rx_gain": -6}}}) as session:
        await session.ready()
        player = Player(session)
        await player.perform(parse("1 lift\n2 lift\nexpect 1 hears dial within 1\nwait 1", "call"))
        ears = [session.board.phone(port).earpiece()[-4000:].astype(float) for port in (1, 2)]
        return [float(np.sqrt(np.mean(ear**2))) for ear in ears]


def test_a_port_has_gains_of_its_own() -> None:
    first, second = asyncio.run(_dial_tones())
    assert 20 * np.log10(first / second) == pytest.approx(-6, abs=1)
