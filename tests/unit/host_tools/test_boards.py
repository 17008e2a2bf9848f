# runs on: cpython
"""The boards of the repository fit the rules, and every rule is broken once: the error names board, field and
value, and says what is allowed."""

import copy
import json
from typing import Any

import pytest
from typer.testing import CliRunner

from host_tools import boards
from host_tools.__main__ import app
from host_tools.boards import BoardError
from host_tools.boards.diagram import svg
from host_tools.boards.wiring import DIAGRAM, README, markdown, with_tables

HARDWARE = [name for name in boards.names() if not boards.load(name).virtual]


def changed(tmp_path, name: str, changes: dict[str, object]) -> BoardError:
    """The error of a board with some fields changed, given by their dotted places (None: left out)."""
    data: Any = copy.deepcopy(boards.load(name).data)
    for place, value in changes.items():
        *way, last = place.split(".")
        part: Any = data
        for step in way:
            part = part[int(step)] if isinstance(part, list) else part[step]
        if value == "left out":
            del part[last]
        elif isinstance(part, list):
            part[int(last)] = value
        else:
            part[last] = value
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(data))
    with pytest.raises(BoardError) as caught:
        boards.read(path)
    assert caught.value.board == name
    return caught.value


def test_the_boards_of_the_issue_are_there_and_good():
    assert boards.names() == ["esp32-wroom", "esp32-wrover", "esp32-wrover-lan8720", "virtual"]
    assert {name for name in boards.names() if boards.load(name).virtual} == {"virtual"}


@pytest.mark.parametrize("name", HARDWARE)
def test_the_device_gets_what_it_needs_and_no_more(name):
    data = json.loads(boards.load(name).device_json())
    assert data["name"] == name
    assert not {"title", "comment", "stock"} & set(data)
    assert {"slic", "spi", "pcm", "psram", "flash_mb", "mcu"} <= set(data)
    assert len(boards.load(name).device_json()) < 600


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("spi.sck", 6, "flash chip"),
        ("spi.sck", 11, "flash chip"),
        ("spi.mosi", 16, "PSRAM"),
        ("pcm.tx", 17, "PSRAM"),
        ("pcm.tx", 34, "inputs only"),
        ("pcm.bclk", 39, "inputs only"),
        ("slic.reset", 35, "inputs only"),
        ("led.status", 36, "inputs only"),
        ("slic.irq", 3, "serial console"),
        ("led.ports.0", 1, "serial console"),
        ("slic.irq", 20, "no GPIO 20"),
        ("slic.irq", 37, "not led out"),
        ("pcm.fsync", 26, "GPIO 26 is pcm.bclk already"),
        ("spi.cs.1", 5, "GPIO 5 is spi.cs.0 already"),
        ("button", 13, "GPIO 13 is slic.reset already"),
        ("spi.cs.0", 12, "1.8 V"),  # pulled up: MTDI high at reset
        ("pcm.rx", 12, "1.8 V"),  # a chip drives it
        ("button", 12, "1.8 V"),
        ("spi.cs.0", 2, "cannot be flashed"),
        ("slic.reset", 0, "serial loader"),  # pulled down
        ("spi.miso", 0, "serial loader"),
        ("spi.hz", 20000000, "100000 to 16000000"),
        ("spi.id", 3, "one of 1, 2"),
        ("pcm.unit", 2, "one of 0, 1"),
        ("spi.sck", 40, "0 to 39"),
        ("spi.sck", "18", "integer"),
        ("spi.cs", [5], "one for each of the two ports"),
        ("slic.type", "si3050", "si321x"),
        ("slic.daisy_chain", 1, "boolean"),
        ("stock", ["ESP32_GENERIC_S3"], "ESP32_GENERIC-SPIRAM"),
        ("name", "esp32-other", "must be as the file"),
    ],
)
def test_a_pin_or_value_that_cannot_work_is_told(tmp_path, field, value, words):
    error = changed(tmp_path, "esp32-wrover", {field: value})
    assert field.startswith(error.field) or error.field.startswith(field)
    assert words in str(error)
    assert error.field in str(error)


def test_gpio_16_and_17_are_free_without_psram(tmp_path):
    data = dict(boards.load("esp32-wroom").data) | {"led": {"status": 16, "ports": [17, None]}}
    path = tmp_path / "esp32-wroom.json"
    path.write_text(json.dumps(data))
    assert {16, 17} <= {signal.pin for signal in boards.read(path).signals()}


def test_a_daisy_chain_has_one_chip_select(tmp_path):
    error = changed(tmp_path, "esp32-wrover", {"slic.daisy_chain": True})
    assert error.field == "spi.cs"
    assert "one chip select for a daisy chain" in str(error)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"pcm.bclk": 26}, "lan.rmii.RXD1", "pcm.bclk already"),
        ({"spi.sck": 21}, "lan.rmii.TX_EN", "spi.sck already"),
        ({"lan.ref_clk": 17, "lan.ref_clk_out": True}, "lan.ref_clk", "PSRAM"),
        ({"lan.ref_clk": 16, "psram": False}, "lan.ref_clk", "GPIO 0 only"),
        ({"lan.power": None}, "lan.power", "serial loader"),
        ({"lan.ref_clk_out": True}, "lan.ref_clk_out", "unstable"),
        ({"lan.addr": 32}, "lan.addr", "0 to 31"),
        ({"button": 0}, "button", "lan.ref_clk already"),
    ],
)
def test_ethernet_has_fixed_pins_and_one_possible_clock_beside_psram(tmp_path, changes, field, words):
    error = changed(tmp_path, "esp32-wrover-lan8720", changes)
    assert (error.field, words in str(error)) == (field, True), str(error)


def test_a_field_that_is_missing_or_misspelt_is_named(tmp_path):
    error = changed(tmp_path, "esp32-wrover", {"pcm.rx": "left out"})
    assert (error.field, error.allowed) == ("pcm.rx", "must be given")
    error = changed(tmp_path, "esp32-wrover", {"pcm.fsink": 4})
    assert error.field == "pcm.fsink"
    assert "did you mean fsync" in str(error)


def test_a_file_that_is_not_json_and_a_name_that_is_none_are_told(tmp_path):
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(BoardError, match=r"x\.json is not JSON: .*line 1"):
        boards.read(tmp_path / "x.json")
    result = CliRunner().invoke(app, ["boards", "esp32-wrver"])
    assert result.exit_code == 2
    assert "did you mean esp32-wrover?" in result.output


def test_the_command_shows_every_pin():
    result = CliRunner().invoke(app, ["boards"])
    assert result.exit_code == 0, result.output
    for name in HARDWARE:
        assert name in result.output
    assert "PCLK of both chips" in result.output


def test_the_page_and_the_picture_are_those_of_the_files():
    text = README.read_text()
    assert with_tables(text) == text, "python -m host_tools.boards.wiring makes them again"
    assert DIAGRAM.read_text() == svg()
    for name in HARDWARE:
        assert markdown(boards.load(name)) in text
