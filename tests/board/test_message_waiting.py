"""A mailbox server tells that messages wait: the phone's lamp, and the dial tone that reminds of them. And
the caller ID on the wire as decoders see it that know nothing of us."""

import asyncio
import ctypes.util
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from host_tools.virtual_board.play import Player
from host_tools.virtual_board.scenario import parse
from host_tools.virtual_board.session import Session
from host_tools.virtual_board.speech import Samples, write_wav
from host_tools.voice import spandsp

pytestmark = [pytest.mark.board, pytest.mark.timeout(120)]
_STANDARDS = {"us": (spandsp.CLASS, ["-M", "1200", "-S", "2200", "callerid"]),
              "de": (spandsp.CLIP, ["-M", "1300", "-S", "2100", "1200"])}  # fmt: skip


def notify(server: socket.socket, sip_port: int, body: str, event: str = "message-summary") -> str:
    """Send an unsolicited NOTIFY (RFC 3842); the status line of its answer."""
    here = server.getsockname()[1]
    kind = "application/simple-message-summary"
    text = (
        f"NOTIFY sip:101@127.0.0.1:{sip_port} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:{here};branch=z9hG4bK{abs(hash(body))}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:mail@127.0.0.1>;tag=m\r\nTo: <sip:101@127.0.0.1>\r\nCall-ID: {abs(hash(body))}\r\n"
        f"CSeq: 1 NOTIFY\r\nEvent: {event}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    server.sendto(text.encode(), ("127.0.0.1", sip_port))
    for _ in range(20):
        answer = server.recv(4096).decode()
        if answer.startswith("SIP/2.0"):  # else a REGISTER of the port
            return answer.split("\r\n", 1)[0]
    raise AssertionError("no answer to NOTIFY")


@pytest.mark.parametrize("region", ["us", "de"])
def test_messages_that_wait_light_the_lamp_and_change_the_dial_tone(region: str):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        settings = {"region": region, "port": {"1": {"server": f"127.0.0.1:{server.getsockname()[1]}"}}}
        asyncio.run(_messages(server, settings))


async def _messages(server: socket.socket, settings: dict) -> None:
    async with Session(settings) as session:
        player = Player(session)

        async def play(text: str) -> None:
            await player.perform(parse(text, "messages"))

        await session.ready()
        port = (await session.status())["sip_port"]

        async def tell(body: str, event: str = "message-summary") -> str:
            return await asyncio.to_thread(notify, server, port, body, event)

        assert "489" in await tell("x", "presence")
        assert "400" in await tell("Voice-Message: 2/0\r\n")
        assert "200" in await tell("Messages-Waiting: yes\r\nVoice-Message: 2/0\r\n")
        await play("expect 1 lamp on within 4\n1 lift\nexpect 1 hears stutter within 1")
        # The lamp of a lifted phone waits until it is put back.
        assert "200" in await tell("Messages-Waiting: no\r\n")
        await play("expect 1 not lamp off for 1\n1 hang\nexpect 1 lamp off within 4")
        await play("1 lift\nexpect 1 hears dial within 1\n1 hang")


async def _call(region: str) -> Samples:
    """What came over the line of the phone that was called, up to lifting it."""
    async with Session({"region": region, "port": {"1": {"display": "Anna Miller"}}}) as session:
        await session.ready()
        script = (
            "1 lift\nexpect 1 hears dial within 1\n1 dial 102\nexpect 2 shows 101 within 6\n1 hang\nwait 0.3"
        )
        await Player(session).perform(parse(script, "call"))
        return session.board.phone(2).line()


@pytest.mark.skipif(not ctypes.util.find_library("spandsp"), reason="libspandsp2 is not installed")
@pytest.mark.skipif(not shutil.which("minimodem"), reason="minimodem is not installed")
@pytest.mark.parametrize("region", ["us", "de"])
def test_spandsp_and_minimodem_read_the_caller_from_the_wire(region: str, tmp_path: Path):
    line = asyncio.run(_call(region))
    standard, modem = _STANDARDS[region]
    (message,) = spandsp.caller_id(line, standard)
    assert b"101" in message and b"Anna Miller" in message
    write_wav(tmp_path / "line.wav", line)
    command = ["minimodem", "--rx", "--quiet", "-f", str(tmp_path / "line.wav"), *modem]
    heard = subprocess.run(command, capture_output=True, timeout=30, check=False).stdout
    assert b"Anna Miller" in heard
