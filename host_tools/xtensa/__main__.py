"""`python -m host_tools.xtensa`: the table; `make bench` calls it."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from host_tools.xtensa.bench import KEPT, ROOT, Bench, show

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def bench(
    rows: Annotated[list[str] | None, typer.Argument(help="only rows that begin so")] = None,
    save: Annotated[bool, typer.Option(help="keep this table in the repository")] = False,
) -> None:
    """What the kernels cost on an ESP32, and what changed since the table was kept."""
    console = Console(highlight=False)
    done = Bench(rows)
    show(done, console)
    if save and rows:
        console.print("not kept: that needs all rows")
        sys.exit(2)
    if save:
        done.save()
        console.print(f"kept in {KEPT.relative_to(ROOT)}")
    sys.exit(1 if any(result.error for result in done.results) else 0)


if __name__ == "__main__":
    app(prog_name="python -m host_tools.xtensa")
