"""Draws the firmware's state machines from their tables, as Mermaid in firmware/ARCHITECTURE.md.

A place for a diagram is a pair of comment lines in the page:

    <!-- table ata.line.machine LINE_TABLE -->
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
_PLACE = re.compile(r"(<!-- table (\S+) (\S+) -->\n).*?(<!-- end -->)", re.S)


def read_table(module: str, name: str, micropython: Path) -> dict:
    """The table as the firmware has it: {state: [timeout, {event: [next state, action]}]}."""
    code = f"import json; from {module} import {name}; print(json.dumps({name}))"
    done = subprocess.run(
        [micropython, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "MICROPYPATH": f"{ROOT}/firmware:.frozen"},
    )
    return json.loads(done.stdout)


def mermaid(table: dict) -> str:
    """A state diagram; events with the same end are one arrow, ignored events are left out."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {next(iter(table))}"]
    for state, (timeout, row) in table.items():
        arrows: dict[str, list[str]] = {}
        for event, (following, action) in row.items():
            if following is None and action is None:
                continue
            label = f"{event} ({timeout})" if event == "timeout" else event
            arrows.setdefault(following or state, []).append(label)
        lines += [f"    {state} --> {to}: {', '.join(labels)}" for to, labels in arrows.items()]
    return "\n".join([*lines, "```\n"])


def drawn(page: str, micropython: Path) -> str:
    """The page's text with every diagram drawn anew."""
    return _PLACE.sub(
        lambda found: found[1] + mermaid(read_table(found[2], found[3], micropython)) + found[4], page
    )


def main() -> None:
    micropython = Path(sys.executable).parent / "micropython"
    PAGE.write_text(drawn(PAGE.read_text(), micropython))


if __name__ == "__main__":
    main()
