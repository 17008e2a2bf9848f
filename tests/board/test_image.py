"""The flashable file: built on a stand-in of the stock image, taken apart again, and its file system
mounted by MicroPython, which loads the firmware from it."""

import hashlib
import json
import stat
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from host_tools import boards
from host_tools.__main__ import app
from host_tools.image import build, sizes
from host_tools.image.files import SECRET, device_files, firmware_files, settings
from host_tools.image.filesystem import pack, unpack
from support.runtimes import micropythons
from support.start_files import start_files
from support.stock_image import BEFORE_1_26, OTA, stock_image

pytestmark = [pytest.mark.board, pytest.mark.timeout(120)]
BOARD = boards.load("esp32-wrover")
ARCHITECTURE = {"mp32": "x86", "mp64": "x64"}
# Mounts the image from a file (block device as esp32.Partition), and imports the firmware from it.
MOUNT = """
import os, sys, vfs

class Device:
    def __init__(self, path, offset):
        self.file, self.offset = open(path, "r+b"), offset
        self.blocks = (os.stat(path)[6] - offset) // 4096
    def readblocks(self, block, buffer, at=0):
        self.file.seek(self.offset + block * 4096 + at)
        self.file.readinto(buffer)
    def writeblocks(self, block, buffer, at=0):
        self.file.seek(self.offset + block * 4096 + at)
        self.file.write(buffer)
    def ioctl(self, operation, argument):
        return {4: self.blocks, 5: 4096}.get(operation, 0)

class Missing:  # network and esp32 exist on the ESP32 only
    def __getattr__(self, name):
        return Missing
for name in ("machine", "network", "esp32"):
    sys.modules[name] = Missing()

vfs.mount(Device(sys.argv[1], int(sys.argv[2])), "/flash")
import json
print(json.dumps([sorted(os.listdir("/flash")), json.load(open("/flash/board.json")), json.load(open("/flash/config.json"))]))
with open("/flash/trial", "w") as file:
    file.write("written")
with open("/flash/trial") as file:
    print(file.read())
sys.path[:] = ["/flash", ".frozen"]
import ata
print(len(dir(ata)) > 100, ata.__file__)
import ata_config_schema, ata_app
print(ata_config_schema.__file__, ata_app.__file__)
"""  # noqa: E501 (one line of MicroPython)


@pytest.fixture(scope="module")
def start(tmp_path_factory) -> Path:
    return start_files(tmp_path_factory.mktemp("image"))


def made(folder: Path, start: Path, config: Path | None = None, **stock: object) -> build.Image:
    path = folder / "stock.bin"
    path.write_bytes(stock_image(**stock))  # type: ignore[arg-type]
    return build.build(BOARD, path, config, folder, start)


def test_the_file_is_the_stock_image_and_the_file_system_in_its_place(tmp_path, start):
    image = made(tmp_path, start, rows=BEFORE_1_26, version="1.25.0")
    data, stock = image.path.read_bytes(), (tmp_path / "stock.bin").read_bytes()
    assert data.startswith(stock)
    assert len(data) == 0x400000 - 0x1000, "a chip of 4 MB, from 0x1000 on"
    assert set(data[len(stock) : 0x200000 - 0x1000]) == {0xFF}
    files = unpack(data[0x200000 - 0x1000 :])
    assert json.loads(files["board.json"])["name"] == "esp32-wrover"
    assert json.loads(files["config.json"]) == {}
    assert {"boot.py", "main.py", "start.mpy", "ata.mpy", "ata_region_de.mpy"} <= set(files)
    assert not [name for name in files if "virtual" in name]
    assert b"hal_virtual" not in b"".join(files.values())


def test_the_manifest_describes_every_byte_but_not_the_secret(tmp_path, start):
    image = made(tmp_path, start)
    manifest = json.loads(image.manifest_path.read_text())
    data = image.path.read_bytes()
    assert manifest["sha256"] == hashlib.sha256(data).hexdigest()
    assert (manifest["bytes"], manifest["flash_address"]) == (len(data), 0x1000)
    vfs = manifest["vfs"]
    files = unpack(data[vfs["offset"] - 0x1000 :][: vfs["bytes"]])
    assert set(files) == set(manifest["files"])
    for name, entry in manifest["files"].items():
        assert entry["bytes"] == len(files[name])
        assert entry.get("sha256") == (None if name == SECRET else hashlib.sha256(files[name]).hexdigest())
    assert files[SECRET].decode() not in image.manifest_path.read_text()
    code = sum(len(content) for name, content in files.items() if name.endswith((".mpy", ".py")))
    assert sum(manifest["packages"].values()) == code
    assert {"sip", "dsp", "call", "region"} <= set(manifest["packages"])
    assert manifest["stock"]["micropython"] == "1.27.0"
    assert stat.S_IMODE(image.path.stat().st_mode) == 0o600


def test_every_image_has_a_secret_of_its_own(start):
    found = {device_files(BOARD, None, start)[SECRET] for _ in range(3)}
    assert len(found) == 3
    assert {len(secret) for secret in found} == {16}


@pytest.mark.skipif(not micropythons(), reason="no MicroPython (make setup)")
@pytest.mark.parametrize("runtime", micropythons())
@pytest.mark.parametrize("rows", [BEFORE_1_26, OTA])
def test_micropython_mounts_it_writes_to_it_and_loads_the_firmware_from_it(tmp_path, start, runtime, rows):
    image = made(tmp_path, start, rows=rows)
    offset = image.manifest["vfs"]["offset"] - 0x1000
    volume = unpack(image.path.read_bytes()[offset:])
    # The same file system, but with code for this machine.
    volume |= firmware_files(BOARD, ARCHITECTURE[runtime], start)
    path = tmp_path / "native.bin"
    path.write_bytes(bytes(offset) + pack(volume, image.manifest["vfs"]["bytes"]))
    (tmp_path / "mount.py").write_text(MOUNT)
    for file in (image.path, path):
        command = [micropythons()[runtime], "-X", "heapsize=2M", tmp_path / "mount.py", file, str(offset)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        names, board, config = json.loads(done.stdout.splitlines()[0])
        assert names == sorted(volume)
        assert (board, config) == (json.loads(BOARD.device_json()), {})
        assert done.stdout.splitlines()[1] == "written"
        if file == path:
            lines = done.stdout.splitlines()[2:]
            assert lines == ["True /flash/ata.mpy", "/flash/ata_config_schema.mpy /flash/ata_app.mpy"], done
        else:
            assert "incompatible .mpy" in done.stdout + done.stderr, "code for another machine loads not"


def test_settings_go_into_the_image_after_the_firmwares_own_check(tmp_path, start):
    config = tmp_path / "my.json"
    config.write_text('{\n "region": "de",\n "port": {"1": {"password": "ä?"}}\n}')
    image = made(tmp_path, start, config)
    files = unpack(image.path.read_bytes()[image.manifest["vfs"]["offset"] - 0x1000 :])
    assert json.loads(files["config.json"]) == {"region": "de", "port": {"1": {"password": "ä?"}}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"sip": {"port": 99999}}', "sip.port"),
        ('{"regoin": "de"}', "region"),
        ('{"region": "de"', "not JSON"),
        ("[]", "one JSON object"),
        ('{"dial": {"plan": "[1"}}', "dial.plan"),
    ],
)
def test_wrong_settings_are_refused_with_the_firmwares_words(tmp_path, text, words):
    path = tmp_path / "my.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=words) as caught:
        settings(path)
    assert str(path) in str(caught.value)


def test_what_does_not_fit_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"full: \d+ are wanted"):
        pack({"large": bytes(300000)}, 0x40000)
    with pytest.raises(ValueError, match="too small"):
        pack({"large": bytes(200000)}, 0x40000)


def test_the_delta_is_to_the_recorded_release(tmp_path, monkeypatch):
    monkeypatch.setattr(sizes, "RELEASE", tmp_path / "sizes.json")
    assert sizes.changes("b", {"sip": 10}) == {"sip": None}
    sizes.record("b", {"sip": 10, "old": 3})
    sizes.record("c", {"sip": 1})
    assert sizes.changes("b", {"sip": 12, "new": 5}) == {"sip": 2, "old": -3, "new": 5}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["esp32-wrover", "/nowhere/stock.bin"], "/nowhere/stock.bin"),
        (["esp32-wrovr", __file__], "did you mean esp32-wrover"),
        (["virtual", __file__], "make run"),
        (["esp32-wrover", __file__], "micropython.org/download"),
    ],
)
def test_the_command_ends_with_2_and_one_clear_line(arguments, words):
    result = CliRunner().invoke(app, ["image", *arguments])
    assert result.exit_code == 2
    assert words in result.output
    assert "Traceback" not in result.output
