"""A board for people: its pins as rows, for the terminal and for boards/README.md.

python -m host_tools.boards.wiring      writes the tables of boards/README.md and boards/wiring.svg again
"""

from rich.table import Table

from host_tools.boards import FOLDER, Board, load, names
from host_tools.boards.diagram import svg
from host_tools.boards.pins import STRAPPING, Signal

README = FOLDER / "README.md"
DIAGRAM = FOLDER / "wiring.svg"
HEADINGS = ("GPIO", "direction", "to", "resistor", "in the board's file")
_ARROWS = {"in": "←", "out": "→", "in/out": "↔"}


def row(signal: Signal) -> tuple[str, str, str, str, str]:
    """The cells of a signal, as HEADINGS."""
    pin = f"{signal.pin}*" if signal.pin in STRAPPING else str(signal.pin)
    return pin, _ARROWS[signal.goes], signal.to, signal.with_, signal.field


def markdown(board: Board) -> str:
    """The wiring table of a board."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|--:|:-:|---|---|---|"]
    lines += ["| " + " | ".join(row(signal)) + " |" for signal in board.signals()]
    return "\n".join(lines) + "\n"


def table(board: Board) -> Table:
    """The same for the terminal."""
    title = f"{board.name}: {board.title}"
    shown = Table(title=title, title_justify="left", title_style="bold")
    for heading in HEADINGS:
        shown.add_column(heading, justify="right" if heading == "GPIO" else "left", no_wrap=heading == "GPIO")
    for signal in board.signals():
        shown.add_row(*row(signal))
    return shown


def with_tables(text: str) -> str:
    """boards/README.md with every table between its marks made anew. ValueError: a board has no marks."""
    for name in names():
        begin, end = f"<!-- wiring {name} -->\n", f"<!-- end wiring {name} -->"
        board = load(name)
        if board.virtual:
            continue
        if begin not in text or end not in text:
            raise ValueError(
                f"{README.name}: no lines {begin.strip()} and {end} to put the wiring table between"
            )
        before, _, rest = text.partition(begin)
        text = before + begin + markdown(board) + end + rest.partition(end)[2]
    return text


def main() -> None:
    README.write_text(with_tables(README.read_text()))
    DIAGRAM.write_text(svg())


if __name__ == "__main__":
    main()
