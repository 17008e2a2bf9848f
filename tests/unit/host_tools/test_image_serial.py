# runs on: cpython
"""Flashing without a board: what esptool and mpremote are told, what happens without a port or a board,
and an update through mpremote to a device that is played on a pseudo-terminal."""

import builtins
import hashlib
import io
import json
import os
import pty
import subprocess
import threading
import traceback
import tty
import types
from pathlib import Path

import pytest
from typer.testing import CliRunner

from host_tools import boards
from host_tools.__main__ import app
from host_tools.image import build, serial
from host_tools.image.serial import PortError


class PlayedDevice:
    """MicroPython's raw REPL on a pseudo-terminal; its files are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ours, theirs = pty.openpty()
        tty.setraw(theirs)
        self.port = os.ttyname(theirs)
        self.theirs = theirs
        self.scope: dict[str, object] = {"__builtins__": self.builtins()}
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def builtins(self) -> dict[str, object]:
        def place(name: str) -> Path:
            return self.folder / name.lstrip("/")

        fake = types.SimpleNamespace(
            listdir=lambda name: sorted(os.listdir(place(name))),
            stat=lambda name: tuple(os.stat(place(name))),
            rename=lambda a, b: os.replace(place(a), place(b)),
            remove=lambda name: os.remove(place(name)),
        )
        found = dict(vars(builtins))
        found["open"] = lambda name, mode="r": open(place(name), mode)
        found["__import__"] = lambda name, *rest: fake if name == "os" else builtins.__import__(name, *rest)
        return found

    def run(self) -> None:
        pending = b""
        raw = False
        try:
            while byte := os.read(self.ours, 1):
                if byte == b"\x01":
                    raw, pending = True, b""
                    self.say(b"raw REPL; CTRL-B to exit\r\n>")
                elif byte == b"\x02":
                    raw = False
                    self.say(b"\r\n>>> ")
                elif byte in b"\r\x03" and not pending:
                    continue
                elif byte == b"\x05" and raw:  # raw paste: this device has none
                    pending = byte
                elif pending[:1] == b"\x05":
                    pending += byte
                    if len(pending) == 3:
                        pending = b""
                        self.say(b"R\x00")
                elif byte == b"\x04" and raw:
                    self.execute(pending)
                    pending = b""
                elif raw:
                    pending += byte
        except OSError:
            pass

    def execute(self, code: bytes) -> None:
        out, err = io.StringIO(), b""
        self.scope["print"] = lambda *words: builtins.print(*words, file=out)
        try:
            exec(code, self.scope)
        except Exception:
            err = traceback.format_exc().encode()
        self.say(b"OK" + out.getvalue().replace("\n", "\r\n").encode() + b"\x04" + err + b"\x04>")

    def say(self, data: bytes) -> None:
        os.write(self.ours, data)

    def close(self) -> None:
        os.close(self.theirs)  # ends the reading thread, which must not go on at a descriptor used again
        self.thread.join(5)
        assert not self.thread.is_alive()
        os.close(self.ours)


@pytest.fixture
def device(tmp_path):
    (tmp_path / "device").mkdir()
    played = PlayedDevice(tmp_path / "device")
    yield played
    played.close()


def test_only_what_differs_is_written_and_old_modules_go(device):
    for name, text in {"ata.mpy": "old", "same.mpy": "same", "gone.mpy": "x", "config.json": "mine"}.items():
        (device.folder / name).write_text(text)
    wanted = {"ata.mpy": b"\x00new\xff" * 300, "same.mpy": b"same", "main.py": b"import start\n"}
    told: list[tuple[str, int, int]] = []
    done = serial.update(device.port, wanted, lambda *words: told.append(words))
    assert done == ["ata.mpy", "main.py", "gone.mpy"]
    assert told == [("ata.mpy", 1, 2), ("main.py", 2, 2)]
    there = {path.name: path.read_bytes() for path in device.folder.iterdir()}
    assert there == wanted | {"config.json": b"mine"}
    assert serial.update(device.port, wanted, lambda *words: told.append(words)) == []


def test_a_silent_port_is_told():
    ours, theirs = pty.openpty()
    try:
        with pytest.raises(PortError, match="no MicroPython answers"):
            serial.update(os.ttyname(theirs), {}, lambda *_: None)
    finally:
        os.close(ours)
        os.close(theirs)


def test_the_command_lines_are_those_that_esptool_knows(tmp_path):
    write, verify = serial.flash_commands("/dev/ttyX", tmp_path / "x.bin", 0x1000)
    for command, word in ((write, "write-flash"), (verify, "verify-flash")):
        assert command[-2:] == ["0x1000", str(tmp_path / "x.bin")]
        assert command[command.index("--chip") + 1] == "esp32"
        assert command[command.index("--port") + 1] == "/dev/ttyX"
        usage = [*command[:3], word, "--help"]
        done = subprocess.run(usage, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0
        for option in (each for each in command[command.index(word) :] if each.startswith("--")):
            assert option in done.stdout, f"esptool {word} has no {option}"


def test_esptool_accepts_every_word_and_fails_only_at_the_port(tmp_path):
    """The real program, at a pseudo-terminal without a board behind it: it must get as far as connecting."""
    (tmp_path / "x.bin").write_bytes(bytes(64))
    ours, theirs = pty.openpty()
    try:
        command = serial.flash_commands(os.ttyname(theirs), tmp_path / "x.bin", 0x1000)[0]
        command.insert(command.index("--after"), "--connect-attempts")
        command.insert(command.index("--after"), "1")
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert "No such option" not in output
    assert "Connecting" in output or "onnect" in output, output


def test_a_failing_esptool_is_told_with_what_to_do(tmp_path):
    calls = []

    def run(command, check):
        calls.append(command)
        return subprocess.CompletedProcess(command, 2 if "verify-flash" in command else 0)

    with pytest.raises(PortError, match="verify-flash failed at /dev/ttyX: hold the board's BOOT button"):
        serial.flash("/dev/ttyX", tmp_path / "x.bin", 0x1000, run)
    assert len(calls) == 2


def test_a_port_that_is_not_there_is_told_with_those_that_are(monkeypatch):
    monkeypatch.setattr(serial, "ports", lambda: ["/dev/ttyUSB7 (CP2102)"])
    with pytest.raises(PortError, match=r"/dev/ttyUSB0: it does not exist; ports here: /dev/ttyUSB7"):
        serial.check_port("/dev/ttyUSB0" if not Path("/dev/ttyUSB0").exists() else "/dev/none")
    with pytest.raises(PortError, match="which port"):
        serial.check_port("")
    monkeypatch.setattr(serial, "ports", list)
    with pytest.raises(PortError, match="is the board plugged in"):
        serial.check_port("")


@pytest.fixture
def image(tmp_path, monkeypatch):
    data = bytes(100)
    (tmp_path / "esp32-wrover.bin").write_bytes(data)
    manifest = {"sha256": hashlib.sha256(data).hexdigest(), "flash_address": 0x1000}
    (tmp_path / "esp32-wrover.json").write_text(json.dumps(manifest))
    load = build.load
    monkeypatch.setattr(build, "load", lambda board: load(board, tmp_path))
    return tmp_path / "esp32-wrover.bin"


def ata(*words: str):
    return CliRunner().invoke(app, list(words))


def test_flash_without_a_port_or_a_board_ends_with_2(image):
    for words in (["flash", "esp32-wrover"], ["flash", "esp32-wrover", "/dev/nowhere"]):
        result = ata(*words)
        assert result.exit_code == 2
        assert "port" in result.output


def test_flash_of_an_image_that_was_changed_or_never_made_ends_with_2(image):
    image.write_bytes(b"other")
    result = ata("flash", "esp32-wrover", "/dev/null")
    assert (result.exit_code, "make image BOARD=esp32-wrover" in result.output) == (2, True)
    result = ata("flash", "esp32-wroom", "/dev/null")
    assert (result.exit_code, "make image BOARD=esp32-wroom" in result.output) == (2, True)


def test_one_image_is_one_device(image, monkeypatch):
    """Its secret is in it: a second device needs an image of its own."""
    monkeypatch.setattr(serial, "flash", lambda *_: None)
    assert ata("flash", "esp32-wrover", "/dev/null", "--no-console").exit_code == 0
    result = ata("flash", "esp32-wrover", "/dev/null", "--no-console")
    assert (result.exit_code, "one device" in result.output) == (2, True)
    assert ata("flash", "esp32-wrover", "/dev/null", "--no-console", "--again").exit_code == 0


def test_files_says_what_is_wrong():
    assert boards.load("esp32-wrover")
    result = ata("files", "esp32-wrver", "/dev/null")
    assert (result.exit_code, "did you mean" in result.output) == (2, True)
