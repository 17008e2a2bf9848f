"""What becomes of the session when things end: the firmware dies, Ctrl-C, the script is done."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from host_tools.virtual_board.child import FirmwareEnded
from host_tools.virtual_board.play import NotReady
from host_tools.virtual_board.session import FIRMWARE, ROOT, Session, find_runtime

pytestmark = [pytest.mark.board, pytest.mark.timeout(60)]


def alive(pid: int | None) -> bool:
    assert pid is not None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(word) for word in found]


def test_a_session_leaves_neither_process_nor_ports() -> None:
    async def run() -> None:
        async with Session() as session:
            await session.ready()
            status = await session.status()
            assert [port["state"] for port in status["ports"]] == ["in service", "in service"]
            pid, port = session.pid, session.ports[0]
            assert alive(pid)
        assert not alive(pid)
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0

    asyncio.run(run())


def test_a_firmware_that_dies_is_told_with_its_last_lines() -> None:
    async def run() -> None:
        async with Session() as session:
            await session.ready()
            assert session.pid is not None
            os.kill(session.pid, signal.SIGKILL)
            await session.history.wait(lambda entry: False, 5.0)

    with pytest.raises(FirmwareEnded, match=r"(?s)with signal 9; its last lines:.*port 2 in service"):
        asyncio.run(run())


def test_a_firmware_that_cannot_start_is_told_with_its_traceback(tmp_path: Path) -> None:
    shutil.copytree(FIRMWARE / "ata/base", tmp_path / "ata/base")
    (tmp_path / "ata/app.py").write_text("raise ValueError('no such thing')\n")

    async def run() -> None:
        async with Session(tree=tmp_path) as session:
            await session.ready()

    with pytest.raises(FirmwareEnded, match="ValueError: no such thing"):
        asyncio.run(run())


def test_a_firmware_that_says_nothing_is_told(tmp_path: Path) -> None:
    shutil.copytree(FIRMWARE / "ata/base", tmp_path / "ata/base")
    (tmp_path / "ata/app.py").write_text("import time\nprint('hm')\ntime.sleep(30)\n")

    async def run() -> None:
        async with Session(tree=tmp_path) as session:
            await session.ready(within=1.0)

    began = time.monotonic()
    with pytest.raises(NotReady, match=r"(?s)port 1 is not in service after 1 s.*hm"):
        asyncio.run(run())
    assert time.monotonic() - began < 6


def test_the_board_gone_ends_the_firmware_with_a_clear_line() -> None:
    async def run() -> None:
        async with Session() as session:
            await session.ready()
            await session.lose_board()
            try:
                await session.history.wait(lambda entry: False, 5.0)
            except FirmwareEnded as error:
                text = str(error)
                assert "exit code 3" in text and "board is gone" in text and "Traceback" not in text
            else:
                raise AssertionError("the firmware goes on without a board")

    asyncio.run(run())


def test_an_unknown_runtime_is_told() -> None:
    with pytest.raises(NotReady, match="no MicroPython 'mp99' here"):
        find_runtime("mp99")


def test_a_configuration_file_that_is_not_json_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ata.json"
    path.write_text('{"sip": ')
    with pytest.raises(NotReady, match=r"ata.json: .*line 1"):
        Session(config_file=path)


def host_tools(*arguments: str, **options) -> subprocess.Popen[str]:
    # A job in the background of a shell has Ctrl-C ignored, and so would the program that it starts.
    ctrl_c = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command = [sys.executable, "-c", ctrl_c + "runpy.run_module('host_tools', run_name='__main__')"]
    return subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,
    )


def test_the_shell_takes_piped_lines() -> None:
    lines = "1 lift\nexpect 1 hears dial within 0.5\nstatus\n1 hang\n"
    shell = host_tools("run", stdin=subprocess.PIPE)
    output, _ = shell.communicate(lines, timeout=40)
    assert shell.returncode == 0, output
    for word in ("handset lifted", "hears dial", "✓ as expected", "in service", "101"):
        assert word in output, output


def test_the_shell_fails_if_a_piped_line_is_wrong() -> None:
    shell = host_tools("run", stdin=subprocess.PIPE)
    output, _ = shell.communicate("1 lfit\n", timeout=40)
    assert shell.returncode == 1 and 'did you mean "lift"?' in output


@pytest.mark.parametrize("command", ["run", "demo"])
def test_ctrl_c_ends_everything(command: str, tmp_path: Path) -> None:
    arguments = ["--output", str(tmp_path)] if command == "demo" else []
    program = host_tools(command, *arguments, stdin=subprocess.PIPE)
    end = time.monotonic() + 15
    while not children(program.pid) and time.monotonic() < end:
        time.sleep(0.05)
    firmware = children(program.pid)
    assert firmware
    time.sleep(2.0)
    program.send_signal(signal.SIGINT)
    output, _ = program.communicate(timeout=30)
    assert program.returncode == 130, output
    assert "Traceback" not in output, output
    assert not any(alive(pid) for pid in firmware)
