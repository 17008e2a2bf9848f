# runs on: cpython
"""The table of countries: what it shows is what the firmware has, and no figure is without its source."""

import pytest
from rich.console import Console

from ata.region import REGIONS, load
from host_tools import countries
from host_tools.virtual_board.ear import Ear
from host_tools.virtual_board.tone_table import parse_script, region_tones


def test_there_is_a_row_for_every_region_of_the_firmware():
    rows = countries.rows()
    assert [row.code for row in rows] == countries.codes() == REGIONS.split("|")
    for row in rows:
        assert row.name == load(row.code)["name"]


def test_a_row_reads_as_people_write_such_figures():
    rows = {row.code: row for row in countries.rows()}
    assert rows["us"] == countries.Country(
        "us", "United States", "350+440", "440+480 2/4", "480+620 .5/.5", "480+620 .25/.25", "2/4 20 Hz",
        "bellcore", "µ-law",
    )  # fmt: skip
    assert rows["uk"].congestion == "400 .4/.35 .225/.525" and rows["uk"].ring == ".4/.2 .4/2 25 Hz"
    assert rows["za"].dial == "400*33" and rows["jp"].caller_id == "-"
    assert rows["nl"].caller_id == "dtmf_lr DC"


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("425;0/0", "425"),
        ("350@-13+440@-13;0/0", "350+440"),
        ("400;.1/.1|400;.1/.1|400;0/0", "400 .1/.1 .1/.1 on"),
        ("470;.4/0|425;.4/0", "470 .4/0 425 .4/0"),
    ],
)
def test_scripts_become_readable(script, text):
    assert countries.readable(script) == text


def test_every_figure_says_where_it_comes_from():
    figures = {*load("us")["tones"], "law", "ring", "ring_hz", "impedance", "caller_id", "flash"}
    for code in countries.codes():
        assert set(countries.sources(code)) == figures, code
    counts = countries.source_counts()
    assert counts.total() == len(figures) * len(countries.codes())
    assert counts["ITU list (E.180 Sup. 2, OB 781, precise tone plan)"] > 300


def test_a_comment_on_the_line_above_is_the_source_too(tmp_path, monkeypatch):
    monkeypatch.setattr(countries, "REGIONS", tmp_path)
    source = tmp_path / "aa.py"
    source.write_text(
        '    "name": "A",\n    # SIN 350: long,\n    # long\n    "ring": (1, 2),\n    "law": 8,  # practice\n'
    )
    found = countries.sources("aa")
    assert found == {"ring": "national or regional standard", "law": "practice, no source known"}
    source.write_text('    # practice\n    "law": 8,\n    "ring_hz": 25,\n')
    with pytest.raises(ValueError, match=r"aa, ring_hz: no source in ''"):
        countries.sources("aa")
    source.write_text('    "ring_hz": 25,  # my uncle\n')
    with pytest.raises(ValueError, match="my uncle"):
        countries.sources("aa")


def test_the_table_shows_all_rows_and_the_sources(capsys):
    Console(width=200).print(countries.table())
    shown = capsys.readouterr().out
    for column in countries.COLUMNS:
        assert column in shown.splitlines()[1]
    for row in countries.rows():
        assert any(row.name in line and row.ringback in line for line in shown.splitlines()), row
    assert f"{len(countries.codes())} regions" in shown


def test_the_program_prints_it(capsys):
    countries.main()
    assert "New" in capsys.readouterr().out


@pytest.mark.parametrize("code", countries.codes())
def test_the_virtual_board_hears_the_tones_of_every_country(code):
    tones = region_tones(code)
    assert tones == load(code)["tones"]
    Ear(tones)
    assert all(parse_script(text) for text in tones.values())
