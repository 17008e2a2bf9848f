"""Silence between two phones whose firmware agrees on comfort noise (voice.vad): hardly a packet, and the
speech as it was."""

import asyncio

import pytest

from host_tools.virtual_board.play import Player
from host_tools.virtual_board.scenario import parse
from host_tools.virtual_board.session import Session

pytestmark = [pytest.mark.board, pytest.mark.timeout(120)]
_CALL = """
1 lift
expect 1 hears dial within 1
1 dial 102
expect 2 rings within 1
2 lift
expect status ports.1.phone talking
wait 1
"""
_SPEECH = """
1 say hello
wait 1 done
measure "speech" speech 1 to 2 at least 0.9
"""


def test_silence_costs_hardly_a_packet_and_speech_passes() -> None:
    async def script() -> tuple[list[int], dict]:
        async with Session({"voice": {"vad": "on"}}) as session:
            await session.ready()
            player = Player(session)
            await player.perform(parse(_CALL, "call"))
            sent = []
            for _ in range(2):
                status = await session.status()
                sent.append(status["ports"][0]["calls"][0]["media"]["sent"])
                await player.perform(parse("wait 4", "silence"))
            await player.perform(parse(_SPEECH, "speech"))
            await player.perform(parse("wait 1", "silence"))
            status = await session.status()
            return sent, status["ports"][1]["calls"][0]["media"]

    (before, after), heard = asyncio.run(script())
    assert 2 <= after - before <= 20, "of the 200 packets of four seconds"
    assert heard["loss_percent"] < 1 and heard["mos"] > 4.2, "silence is no loss"
