"""What the commands have in common: errors, progress, and where they are written."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from host_tools.virtual_board.play import NotReady
from host_tools.voice.kernels import Refused

LONG = 60  # s of sound from which on a progress bar is worth showing
WRONG = 2  # exit code: what was given cannot be used


@contextmanager
def errors_told() -> Iterator[None]:
    """What the user can put right goes to standard error in one line: exit code 2, or 1 if it is not the
    fault of what was given."""
    try:
        yield
    except (Refused, ValueError, OSError) as error:  # WavError is a ValueError
        _tell(error)
        raise typer.Exit(WRONG) from None
    except (NotReady, RuntimeError) as error:
        _tell(error)
        raise typer.Exit(1) from None


def with_progress(blocks: Iterable[Any], rate: int, seconds: float, what: str) -> Iterator[bytes]:
    """The bytes of the blocks of samples; on a terminal a bar goes along if they are long."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"))
    hidden = seconds < LONG or not console.is_terminal
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(what, total=seconds * rate)
        for block in blocks:
            yield block.astype("<i2").tobytes()
            bar.advance(task, len(block))


def _tell(error: Exception) -> None:
    if isinstance(error, OSError) and error.filename and error.strerror:
        error = ValueError(f"{error.filename}: {error.strerror}")
    Console(stderr=True, highlight=False).print(Text(str(error), "red"), soft_wrap=True)
