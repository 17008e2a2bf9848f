"""`ata decode`: what the firmware hears in a sound file."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from host_tools.commands.console import errors_told, with_progress
from host_tools.virtual_board.speech import RATE
from host_tools.voice.dtmf import Digit, decode
from host_tools.voice.wav import Wav

app = typer.Typer(no_args_is_help=True, help="Find digits in a sound file with the firmware's own detector.")


@app.callback()
def group() -> None:
    """Keeps `decode dtmf` two words while there is only one kind."""


@app.command()
def dtmf(
    file: Annotated[Path, typer.Argument(help="WAV file of any common rate, width and number of channels")],
    as_json: Annotated[bool, typer.Option("--json", help="a JSON list on standard output")] = False,
    channel: Annotated[int, typer.Option(min=0, help="1: the first channel, …; 0: the mean of all")] = 0,
) -> None:
    """DTMF digits: when each began (within 5 ms), how long it was (8 ms) and how loud."""
    with errors_told():
        wav = Wav(file, channel)
        blocks = with_progress(wav.blocks(), RATE, wav.seconds, f"listening to {file.name}")
        digits = decode(blocks)
    if as_json:
        print(json.dumps([vars(digit) for digit in digits], indent=1))
    else:
        _show(file, wav.seconds, digits)


def _show(file: Path, seconds: float, digits: list[Digit]) -> None:
    console = Console(highlight=False)
    if digits:
        shown = Table()
        shown.add_column("digit")
        for name in ("start s", "ms", "dBm0"):
            shown.add_column(name, justify="right")
        for digit in digits:
            start = f"{digit.start_ms / 1000:.3f}"
            shown.add_row(digit.digit, start, str(digit.duration_ms), f"{digit.level_dbm0:.1f}")
        console.print(shown)
        console.print("".join(digit.digit for digit in digits), style="bold", markup=False)
    else:
        console.print(f"no DTMF digit in {file} ({seconds:.1f} s)", markup=False, soft_wrap=True)
