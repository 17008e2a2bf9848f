"""What a row of the table is, and how one is added."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from host_tools.xtensa.recorder import Step


@dataclass(frozen=True)
class Warmup:
    """A step that comes before those that count: checked, not counted."""

    work: Step

    def __call__(self) -> object:
        return self.work()


@dataclass(frozen=True)
class Row:
    name: str
    text: str
    steps: Callable[[], Iterator[Step]]


ROWS: list[Row] = []


def row(name: str, text: str) -> Callable[[Callable[[], Iterator[Step]]], Callable[[], Iterator[Step]]]:
    """Put a row into the table; the decorated generator yields what is to be counted, each piece a Step that
    is run before the generator goes on."""

    def add(steps: Callable[[], Iterator[Step]]) -> Callable[[], Iterator[Step]]:
        ROWS.append(Row(name, text, steps))
        return steps

    return add
