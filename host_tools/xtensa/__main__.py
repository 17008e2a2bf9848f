"""`python -m host_tools.xtensa`: the table; `make bench` calls it."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from host_tools.xtensa.bench import KEPT, ROOT, Bench, functions, show, times
from host_tools.xtensa.x86 import measure

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def bench(
    rows: Annotated[list[str] | None, typer.Argument(help="only rows that begin so")] = None,
    each: Annotated[bool, typer.Option(help="a table of the single viper functions, too")] = False,
    x86: Annotated[bool, typer.Option(help="with all rows: time here beside spandsp, too")] = True,
    save: Annotated[bool, typer.Option(help="keep this table in the repository")] = False,
) -> None:
    """What the kernels cost on an ESP32, and what changed since the table was kept."""
    console = Console(highlight=False)
    done = Bench(rows)
    if each:
        console.print(functions(done))
    show(done, console)
    if x86 and not rows:
        console.print(times(measure()))
    wrong = any(result.error for result in done.results)
    if save and (rows or wrong):
        console.print("not kept: that needs all rows, and all of them right")
        sys.exit(2)
    if save:
        done.save()
        console.print(f"kept in {KEPT.relative_to(ROOT)}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    app(prog_name="python -m host_tools.xtensa")
