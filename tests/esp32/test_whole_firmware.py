"""The firmware of an ESP32, main.py and HAL unchanged, on models of its chip: calls, faults, restarts.

The virtual board's line chips, wires and phones are on the other side of SPI, the interrupt line and PCM.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import struct
import urllib.parse
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from host_tools import boards
from host_tools.esp32_model.session import WIFI, Esp32Session
from host_tools.virtual_board.child import FirmwareEnded
from host_tools.virtual_board.play import Player, Unmet
from host_tools.virtual_board.scenario import parse
from host_tools.virtual_board.session import ROOT
from support.runtimes import micropythons

pytestmark = [
    pytest.mark.board,
    pytest.mark.timeout(90),
    pytest.mark.skipif(
        "mp32" not in micropythons(), reason="32-bit MicroPython is not here (make setup says why)"
    ),
]
RESTARTED = 42  # exit code of the model's reset
CALL = """
1 lift
expect 1 hears dial within 1
1 dial 102
expect 2 rings within 2
2 lift
expect 2 stops ringing
expect status ports.1.phone talking
"""
TALK = """
1 say hello
wait 1 done
measure "speech from 1 to 2" speech 1 to 2 at least 0.9
2 say answer
wait 2 done
measure "speech from 2 to 1" speech 2 to 1 at least 0.9
"""
END = """
1 hang
2 hang
expect status ports.1.phone idle
expect status ports.2.phone idle
"""


def run(
    script: Callable[[Esp32Session, Player], Awaitable[Any]], *args: Any, ready: bool = True, **options: Any
) -> Any:
    async def main() -> Any:
        async with Esp32Session(*(args or (WIFI,)), **options) as session:
            if ready:
                await session.ready()
            return await script(session, Player(session))

    return asyncio.run(main())


async def perform(player: Player, text: str) -> None:
    await player.perform(parse(text, "test"))


def log_time(session: Esp32Session, text: str) -> float:
    """Seconds since the firmware's start at which the log says `text`."""
    return next(float(line.split()[0]) for line in session.console_lines if text in line)


@pytest.mark.parametrize("stand_in", [True, False], ids=["", "through the I2S unit"])
def test_a_call_between_the_ports(stand_in: bool) -> None:
    async def script(session: Esp32Session, player: Player) -> None:
        for text in (CALL, TALK, END):
            await perform(player, text)
        counts = (await session.status())["counts"]
        assert not [name for name in counts if name.startswith("fault")], counts
        assert session.registers is None or session.registers.problems == []

    run(script, stand_in=stand_in)


@pytest.mark.parametrize("name", [name for name in boards.names() if name != "virtual"])
def test_both_ports_come_into_service_on_every_board(name: str) -> None:
    async def script(session: Esp32Session, player: Player) -> None:
        states = [port["state"] for port in (await session.status())["ports"]]
        assert states == ["in service", "in service"]

    run(script, board_name=name)


def test_a_daisy_chain_makes_a_call_too() -> None:
    data = json.loads(json.dumps(boards.load("esp32-wroom").data))
    data["slic"]["daisy_chain"] = True
    data["spi"]["cs"] = data["spi"]["cs"][:1]

    async def script(session: Esp32Session, player: Player) -> None:
        await perform(player, CALL + END)

    run(script, data=data)


def test_dial_tone_comes_within_three_seconds_of_the_start_and_without_a_network() -> None:
    """Counted on the firmware's clock; the chips' own times (battery, calibration) are in it."""

    async def script(session: Esp32Session, player: Player) -> float:
        await perform(player, "1 lift\nexpect 1 hears dial within 1\n1 hang\n")
        assert not any("our address" in line for line in session.console_lines)
        return log_time(session, "port 2 in service")

    assert run(script, wifi="elsewhere password12") <= 2.5


@pytest.mark.parametrize("fault", [{"missed": 3}, {"stall": 4}, {"stall": 8}], ids=str)
def test_a_call_goes_on_after_missed_ticks_and_stalls(fault: dict[str, int]) -> None:
    """Through the I2S unit. How many blocks it costs is counted in virtual time by tests of esp32_pcm; here:
    nothing but the audio of that moment is hurt."""

    async def script(session: Esp32Session, player: Player) -> None:
        await perform(player, CALL)
        for _ in range(3):
            session.set_fault(**fault)
            await asyncio.sleep(0.2)
        try:
            await perform(player, TALK)
        except Unmet:  # a PC with other things to do stalls the clock too, in the middle of the talk
            await perform(player, TALK)
        status = await session.status()
        assert [port["faults"] for port in status["ports"]] == [0, 0]
        assert not [name for name in status["counts"] if name.startswith("fault")], status["counts"]
        await perform(player, END)

    run(script, stand_in=False)


def test_a_chip_that_is_reset_in_a_call_costs_its_port_the_call_and_comes_back() -> None:
    async def script(session: Esp32Session, player: Player) -> None:
        await perform(player, CALL)
        session.fault(2, "chip_reset")
        assert await session.wait_for("port 2: the chip was reset, starting it again", 2)
        await perform(player, "2 hang\nexpect 1 hears congestion within 3\n1 hang\n")
        await session.ready()
        await asyncio.sleep(2.5)
        await perform(player, CALL + END)

    run(script)


@pytest.mark.timeout(60)
def test_a_pcm_clock_that_stops_and_comes_back_brings_both_ports_back() -> None:
    async def script(session: Esp32Session, player: Player) -> None:
        session.fault(0, "clock", True)
        assert await session.wait_for("port 1 out of service", 6)
        assert await session.wait_for("port 2 out of service", 6)
        session.fault(0, "clock", False)
        within = 25.0  # ten seconds from one attempt to the next
        states = []
        for _ in range(round(within / 0.25)):
            states = [port["state"] for port in (await session.status())["ports"]]
            if states == ["in service", "in service"]:
                break
            await asyncio.sleep(0.25)
        assert states == ["in service", "in service"]
        await asyncio.sleep(0.7)  # the feed settles before the hook is looked at
        await perform(player, CALL + END)

    run(script)


def test_a_call_outlives_the_loss_of_the_wifi() -> None:
    async def script(session: Esp32Session, player: Player) -> None:
        assert await session.wait_for("our address is 127.0.0.1", 5)
        await perform(player, CALL)
        session.set_fault(wifi_gone=1)
        assert await session.wait_for("the network is gone", 2)
        await asyncio.sleep(0.5)
        phones = [port["phone"] for port in (await session.status())["ports"]]
        assert phones == ["talking", "talking"]
        session.set_fault(wifi_gone=0)
        for _ in range(60):
            if sum("our address is 127.0.0.1" in line for line in session.console_lines) == 2:
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError("the network does not come back")
        await perform(player, TALK + END)

    run(script)


def test_ctrl_c_leaves_the_prompt() -> None:
    async def script(session: Esp32Session, player: Player) -> None:
        assert session.pid is not None
        # Not while it collects garbage: the Unix port leaves that in the middle, with a locked heap.
        await asyncio.sleep(0.7)
        os.kill(session.pid, signal.SIGINT)  # what Ctrl-C on the serial line is here
        try:
            await session.history.wait(lambda entry: False, 5)
        except FirmwareEnded as end:
            assert end.code == 0 and "stopped: the phones are out of service" in str(end)
            assert "Traceback" not in str(end)
        else:
            raise AssertionError("the service goes on")

    run(script)


async def ended(session: Esp32Session, within: float) -> int | None:
    """The exit code of the firmware."""
    try:
        await session.history.wait(lambda entry: False, within)
    except FirmwareEnded as end:
        return end.code
    raise AssertionError("it goes on")


def test_three_crashes_in_a_row_lead_to_safe_mode_with_the_network_and_no_line_chip(tmp_path: Path) -> None:
    (tmp_path / "reset_cause").write_text("1")

    async def crash(session: Esp32Session, player: Player) -> None:
        # Whoever is to be started lacks what it needs: as a half-written update.
        assert await ended(session, 12) == RESTARTED

    broken = tmp_path / "broken"
    broken.mkdir()
    shutil.copytree(ROOT / "firmware", broken, dirs_exist_ok=True)
    app = broken / "ata/app.py"
    app.write_text(
        app.read_text().replace(
            "    service = _build(hal)\n", "    service = None\n    hal.no_such_thing()\n"
        )
    )
    folder = tmp_path / "device"
    folder.mkdir()
    for _ in range(3):
        run(crash, ready=False, folder=folder, tree=broken)

    async def safe(session: Esp32Session, player: Player) -> None:
        assert await session.wait_for("SAFE MODE: three crashes in a row", 5)
        assert await session.wait_for("on the network as 127.0.0.1", 5)
        assert await ended(session, 5) == 0  # at the prompt
        assert session.board.clocked is False

    run(safe, ready=False, folder=folder)

    async def normal(session: Esp32Session, player: Player) -> None:
        assert any("started by: restart" in line for line in session.console_lines)

    (folder / "reset_cause").write_text("2")  # machine.reset() at the prompt
    run(normal, folder=folder)


def test_the_button_shows_the_status_and_held_for_eight_seconds_gives_factory_settings(
    tmp_path: Path,
) -> None:
    async def script(session: Esp32Session, player: Player) -> None:
        session.set_fault(button=1)
        await asyncio.sleep(0.4)
        session.set_fault(button=0)
        assert await session.wait_for("port 1, number 101: in service", 2)
        session.set_fault(button=1)
        await asyncio.sleep(8.6)
        session.set_fault(button=0)
        assert await ended(session, 3) == RESTARTED

    run(script, folder=tmp_path)
    assert (tmp_path / "config.json").read_bytes() == b"{}"
    assert (tmp_path / "reset_cause").read_text() == "2"


LOW_PORTS = 21000


def test_the_first_start_is_set_up_by_a_page_and_the_phones_work_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def http(request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", LOW_PORTS + 80)
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        return answer

    def post(fields: dict[str, str]) -> bytes:
        body = urllib.parse.urlencode(fields).encode()
        return b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    async def script(session: Esp32Session, player: Player) -> None:
        assert await session.wait_for("SET-UP: no network is set. Join the Wi-Fi network open-ata-0102", 5)
        line = next(line for line in session.console_lines if "SET-UP" in line)
        assert "password abcd2345efgh6789" in line and "http://127.0.0.1/" in line

        query = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + b"\x07example\x03com\x00\x00\x01\x00\x01"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(2)
            asker.sendto(query, ("127.0.0.1", LOW_PORTS + 53))
            answer = await asyncio.to_thread(asker.recv, 512)
        assert answer[-4:] == bytes([127, 0, 0, 1]) and answer[:2] == query[:2]

        elsewhere = await http(b"GET /generate_204 HTTP/1.1\r\nHost: example.com\r\n\r\n")
        assert elsewhere.startswith(b"HTTP/1.1 302") and b"Location: http://127.0.0.1/\r\n" in elsewhere
        page = (await http(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")).decode()
        token = page.split('name="token" value="')[1].split('"')[0]
        fields = {"token": token, "ssid": "home", "password": "secret1234", "server1": "not a host"}
        refused = await http(post(fields))
        assert (
            refused.startswith(b"HTTP/1.1 400") and b"port&#46;1&#46;server" in refused
        ) or b"port.1.server" in refused
        assert b"secret1234" not in refused
        assert (await http(post({**fields, "token": "forged"}))).startswith(b"HTTP/1.1 400")
        await perform(player, CALL)
        fields["server1"], fields["user1"] = "127.0.0.1:9", "alice"
        assert (await http(post(fields))).startswith(b"HTTP/1.1 409"), "no writing while somebody talks"
        await perform(player, TALK + END)
        assert (await http(post(fields))).startswith(b"HTTP/1.1 200")
        assert await ended(session, 5) == RESTARTED

    monkeypatch.setattr("host_tools.esp32_model.session.LOW_PORTS", LOW_PORTS)
    run(script, {}, folder=tmp_path)
    settings = json.loads((tmp_path / "config.json").read_text())
    assert settings["wifi"]["1"] == {"ssid": "home", "password": "secret1234"}
    assert settings["port"]["1"] == {"server": "127.0.0.1:9", "user": "alice", "password": ""}
    assert settings["log"] == {"level": "debug"}, "what was set before is kept"

    async def joined(session: Esp32Session, player: Player) -> None:
        assert await session.wait_for("our address is 127.0.0.1", 5)
        assert await session.wait_for("port 1 trying", 5)

    run(joined, {}, folder=tmp_path)
