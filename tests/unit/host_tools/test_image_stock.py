# runs on: cpython
"""A stock image is read to the last byte before it is believed: what is whole and right is taken, everything
else is told in words with the next step."""

import subprocess
import sys

import pytest

from host_tools import boards
from host_tools.image import stock
from host_tools.image.stock import StockError
from support.stock_image import BEFORE_1_26, NVS, OTA, PHY, SINCE_1_26, WROVER, stock_image, table

WROVER_BOARD = boards.load("esp32-wrover")
WROOM_BOARD = boards.load("esp32-wroom")


def read(tmp_path, data, board=WROVER_BOARD):
    path = tmp_path / "stock.bin"
    path.write_bytes(data)
    return stock.read(path, board)


def test_the_stand_in_is_an_image_to_esptool(tmp_path):
    """So that the tests below prove something: another program finds it whole."""
    data = stock_image()
    for name, part in (("boot.bin", data[:0x7000]), ("app.bin", data[0xF000:])):
        (tmp_path / name).write_bytes(part)
        command = [sys.executable, "-m", "esptool", "image-info", str(tmp_path / name)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "invalid" not in done.stdout
        assert done.stdout.count("(valid)") == 2, done.stdout  # checksum and hash
    assert "v5.5.1" in done.stdout


def test_what_it_is_and_where_its_files_go_is_read_from_it(tmp_path):
    found = read(tmp_path, stock_image())
    assert (found.version, found.build, found.idf) == ("1.27.0", "ESP32_GENERIC-SPIRAM", "v5.5.1")
    # no row "vfs": all that is left of the chip
    assert (found.vfs.offset, found.vfs.size) == (0x200000, 0x200000)


@pytest.mark.parametrize(
    ("rows", "offset", "size"),
    [(BEFORE_1_26, 0x200000, 0x200000), (SINCE_1_26, 0x200000, 0x200000), (OTA, 0x310000, 0xF0000)],
)
def test_the_file_system_is_where_micropython_will_look(tmp_path, rows, offset, size):
    found = read(tmp_path, stock_image(rows=rows))
    assert (found.vfs.offset, found.vfs.size) == (offset, size)


@pytest.mark.parametrize("version", ["1.25.0", "1.26.1", "1.27.0", "1.28.0-preview.35.gabcdef", "2.0.0"])
def test_versions_from_1_25_on_are_taken(tmp_path, version):
    assert read(tmp_path, stock_image(version)).version == version


@pytest.mark.parametrize(
    ("machine", "build"),
    [
        ("Generic ESP32 module with ESP32", "ESP32_GENERIC"),
        ("Generic ESP32 module with OTA with ESP32", "ESP32_GENERIC-OTA"),
    ],
)
def test_the_variant_is_seen(tmp_path, machine, build):
    assert read(tmp_path, stock_image(machine=machine), WROOM_BOARD).build == build


def broken(data: bytes, at: int, value: int | None = None) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF if value is None else value]) + data[at + 1 :]


GOOD = stock_image()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no image for an ESP32"),
        (b"# Markdown\n" * 100, "no image for an ESP32"),
        (b"\x7fELF" + bytes(100), "program or an archive"),
        (GOOD[:20], "cut off"),
        (GOOD[:0x7000], "no partition table"),
        (GOOD[:0x9000], "cut off"),
        (GOOD[:-2000], "cut off"),
        (GOOD[:-1], "SHA-256 of the application"),
        (broken(GOOD, 0x30), "checksum of the bootloader"),
        (broken(GOOD, len(GOOD) - 33), "checksum of the application"),
        (broken(GOOD, 0x7000 + 8), "MD5 of the partition table"),
        (broken(GOOD, 0xF000), "application is missing"),
        (b"\xff" * 0x1000 + GOOD, "begins at flash address 0"),
        (stock_image(chip=9), "ESP32-S3"),
        (stock_image(chip=5), "ESP32-C3"),
        (stock_image("1.24.1"), r"MicroPython 1\.24\.1; 1\.25 or newer"),
        (stock_image(banner="CircuitPython 9"), "not MicroPython"),
        (stock_image(machine="Generic ESP32 module with ESP32-UNICORE"), "ESP32_GENERIC-UNICORE"),
        (stock_image(machine="M5Stack with ESP32"), "M5Stack"),
        (stock_image(rows=(NVS, PHY)), "no application"),
        (stock_image(rows=(*SINCE_1_26, ("ffat", 1, 0x81, 0x200000, 0x200000))), "FAT"),
        (stock_image(rows=(*SINCE_1_26, ("vfs", 1, 0x81, 0x200000, 0x600000))), "flash chip"),
        (stock_image(rows=(NVS, PHY, ("factory", 0, 0, 0x10000, 0x400))), "does not fit"),
        (GOOD[:0x7000] + table(SINCE_1_26, md5=False) + GOOD[0x7C00:], "no MD5 row"),
    ],
)
def test_what_cannot_be_used_is_told_with_the_next_step(tmp_path, data, words):
    with pytest.raises(StockError, match=words) as caught:
        read(tmp_path, data)
    assert "stock.bin: " in str(caught.value)
    assert "ESP32_GENERIC-SPIRAM or" in str(caught.value)
    assert stock.DOWNLOAD in str(caught.value)


def test_an_image_for_psram_is_refused_by_a_board_without(tmp_path):
    with pytest.raises(StockError, match="it is ESP32_GENERIC-SPIRAM"):
        read(tmp_path, stock_image(machine=WROVER), WROOM_BOARD)
