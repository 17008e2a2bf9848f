"""Draws the firmware's state machines from their tables, as Mermaid in firmware/ARCHITECTURE.md.

A place for a diagram is a pair of comment lines in the page:

    <!-- table ata.line.machine LINE_TABLE down -->     (the table, and the states it begins in)
    …
    <!-- end -->
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "firmware/ARCHITECTURE.md"
_PLACE = re.compile(r"(<!-- table (\S+) (\S+) ([\w ]+) -->\n).*?(<!-- end -->)", re.S)


def read_table(module: str, name: str, micropython: Path) -> dict:
    """The table as the firmware has it: {state: [timeout, {event: [next state, action]}]}."""
    code = f"import json; from {module} import {name}; print(json.dumps({name}))"
    done = subprocess.run(
        [micropython, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MICROPYPATH": f"{ROOT}/firmware:.frozen"},
    )
    return {
        state: [timeout, {row[at]: row[at + 1 : at + 3] for at in range(0, len(row), 3)}]
        for state, (timeout, *row) in json.loads(done.stdout).items()
    }


def mermaid(table: dict, first: list[str]) -> str:
    """A state diagram; events with the same end are one arrow, ignored events are left out.

    MicroPython's dictionaries have no order: the states come as they are reached from the `first`.
    """
    lines = ["```mermaid", "stateDiagram-v2", *(f"    [*] --> {state}" for state in first)]
    order = list(first)
    for state in order:
        following = {entry[0] for _event, entry in sorted(table[state][1].items()) if entry[0]}
        order += [name for name in sorted(following) if name not in order]
    order += sorted(set(table) - set(order))
    for state in order:
        timeout, row = table[state]
        arrows: dict[str, list[str]] = {}
        for event, (following, action) in sorted(row.items()):
            if following is None and action is None:
                continue
            label = f"{event} ({timeout})" if event == "timeout" else event
            arrows.setdefault(following or state, []).append(label)
        lines += [f"    {state} --> {to}: {', '.join(labels)}" for to, labels in arrows.items()]
    return "\n".join([*lines, "```\n"])


def drawn(page: str, micropython: Path) -> str:
    """The page's text with every diagram drawn anew."""
    return _PLACE.sub(
        lambda found: (
            found[1] + mermaid(read_table(found[2], found[3], micropython), found[4].split()) + found[5]
        ),
        page,
    )


def main() -> None:
    micropython = Path(sys.executable).parent / "micropython"
    PAGE.write_text(drawn(PAGE.read_text(), micropython))


if __name__ == "__main__":
    main()
