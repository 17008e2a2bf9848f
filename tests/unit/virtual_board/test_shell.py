# runs on: cpython
"""The shell: what is typed, what is answered, on a stand-in for the board."""

import asyncio
import io
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from host_tools.virtual_board.history import Entry
from host_tools.virtual_board.shell import Shell
from tests.unit.virtual_board.test_play import Bench, ring

STATUS = {
    "product": "open-ata", "version": "0.1.0", "up_s": 5, "heap_free": 50000, "ip": "127.0.0.1",
    "sip_port": 5060,
    "ports": [
        {"port": 1, "number": "101", "chip": "Si3215", "state": "in service", "phone": "talking",
         "registration": "none", "calls": [{"direction": "to", "remote": "sip:102@h", "state": "up"}]},
        {"port": 2, "number": "102", "chip": "Si3210", "state": "no answer on the bus", "calls": []},
    ],
    "counts": {"sip garbage": 3, "rtp garbage": 0},
}  # fmt: skip


def typed(*lines: str, bench: Bench | None = None) -> tuple[Shell, str]:
    output = io.StringIO()
    shell = Shell(bench or Bench(), Console(file=output, width=150, highlight=False))

    async def run():
        for line in lines:
            if not await shell.line(line):
                break

    asyncio.run(run())
    return shell, output.getvalue()


def test_actions_reach_the_phones():
    bench = Bench()
    shell, _ = typed("1 lift", "", "# a comment", "1 dial 102", bench=bench)
    assert bench.acts == ["1 lift", "1 dial"] and shell.failures == 0


def test_a_wrong_line_is_explained_and_the_shell_goes_on():
    bench = Bench()
    shell, text = typed("1 lfit", "stauts", "1 lift", bench=bench)
    assert 'did you mean "lift"?' in text and 'did you mean "status"?' in text
    assert bench.acts == ["1 lift"] and shell.failures == 2


def test_expectations_are_answered():
    shell, text = typed("1 lift", "expect 2 not rings for 0.01")
    assert "✓ as expected" in text and shell.failures == 0
    shell, text = typed("1 lift", "expect 2 rings within 0.01")
    assert "expected 2 rings" in text and shell.failures == 1


def test_figures_are_told():
    bench = Bench({"2 lift": [(0.0, ring(10.08, False))]})
    bench.history.add(ring(9.0))
    _, text = typed("2 lift", "measure trip from 2 lifts to 2 stops ringing at most 200 ms", bench=bench)
    assert "trip: 80 ms  ≤ 200 ms" in text


def test_status_is_a_table_of_the_ports():
    bench = Bench()
    bench.state = STATUS
    _, text = typed("status", bench=bench)
    for word in (
        "101",
        "talking",
        "to sip:102@h (up)",
        "no answer on the bus",
        "sip garbage 3",
        "127.0.0.1:5060",
    ):
        assert word in text, word
    assert "rtp garbage" not in text


def test_help_is_the_whole_reference_or_a_part_of_it():
    _, text = typed("help")
    for word in ("N lift", "expect N rings", "measure", "config sip.port", "quit"):
        assert word in text, word
    _, text = typed("help pulse")
    assert "N pulse" in text and "N lift" not in text


def test_settings_come_too_late_in_the_shell():
    shell, text = typed("config sip.port 0")
    assert "head of a script" in text and shell.failures == 1


def test_a_script_is_performed():
    folder = Path(tempfile.mkdtemp())
    (folder / "a.call").write_text("1 lift\n1 hang\n")
    bench = Bench()
    typed(f"play {folder}/a.call", bench=bench)
    assert bench.acts == ["1 lift", "1 hang"]
    shell, text = typed(f"play {folder}/b.call")
    assert "No such file" in text and shell.failures == 1


def test_quit_ends():
    bench = Bench()
    typed("quit", "1 lift", bench=bench)
    assert bench.acts == []


def test_piped_lines_are_carried_out_to_their_end_and_told():
    read, write = os.pipe()
    os.write(write, b"1 lift\n1 bogus\n")
    os.close(write)
    output = io.StringIO()
    bench = Bench({"1 lift": [(0.0, Entry(0.0, "tone", 1, {"on": True, "name": "dial"}))]})
    shell = Shell(bench, Console(file=output, width=150, highlight=False))
    before, sys.stdin = sys.stdin, os.fdopen(read)
    try:
        code = asyncio.run(shell.run())
    finally:
        sys.stdin.close()
        sys.stdin = before
    text = output.getvalue()
    assert code == 1 and bench.acts[0] == "1 lift"
    assert "> 1 lift" in text and "hears dial" in text and 'unknown action "bogus"' in text
