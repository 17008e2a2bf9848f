"""The countries that the firmware knows, as a table for people, and where their figures come from.

`python -m host_tools.countries` prints it. The data are firmware/ata/region/*.py; the sources are the
comments there, so that they cost the device nothing.
"""

import re
import runpy
from collections import Counter
from dataclasses import astuple, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

REGIONS = Path(__file__).resolve().parents[1] / "firmware/ata/region"
LAWS = {0: "µ-law", 8: "A-law"}
COLUMNS = ("code", "name", "dial", "ringback", "busy", "congestion", "ring cadence/Hz", "caller id", "law")

# How the comment beside a figure begins, and the kind of source that this is (firmware/ata/region/__init__.py
# says what each one is).
_ITU = "ITU list (E.180 Sup. 2, OB 781, precise tone plan)"
_STANDARD = "national or regional standard"
_KINDS = {
    "E.180": _ITU,
    "OB 781": _ITU,
    "PTP": _ITU,
    "SIN 350": _STANDARD,
    "BT SIN": _STANDARD,
    "ANSI": _STANDARD,
    "Telcordia": _STANDARD,
    "ETSI": _STANDARD,
    "G.711": _STANDARD,
    "PBX, after": "open PBX tables that name a national document",
    "PBX": "open PBX tables only",
    "SLIC maker": "country tables of chip makers and drivers",
    "FXO table": "country tables of chip makers and drivers",
    "Cisco": "router manuals, textbooks",
    "textbooks": "router manuals, textbooks",
    "as the ringing tone": "follows from the ringing tone",
    "NTT": "practice, no source known",
    "practice": "practice, no source known",
}
_FIGURE = re.compile(r'\s*"(\w+)": ("[^"]*"|\(.*\)|\d+),(?:\s*# (.*))?$')
_IMPEDANCE = re.compile(r".*(Ω|F)\)?: ")  # the value in ohms that comes before its source


@dataclass(frozen=True)
class Country:
    """A row of the table: what a person reads, not what the firmware computes with."""

    code: str
    name: str
    dial: str
    ringback: str
    busy: str
    congestion: str
    ring: str
    caller_id: str
    law: str


def codes() -> list[str]:
    """The code of every region, in alphabetical order."""
    return sorted(path.stem for path in REGIONS.glob("[a-z]*.py"))


def rows() -> list[Country]:
    """Every region, by code."""
    return [_row(code) for code in codes()]


def sources(code: str) -> dict[str, str]:
    """Key of each figure of a region ("busy", "ring_hz", …) -> kind of its source.

    Raises ValueError for a figure without a source that we know.
    """
    found = {}
    above = ""  # a comment on a line of its own belongs to the next figure
    for line in (REGIONS / f"{code}.py").read_text().splitlines():
        if line.lstrip().startswith("#"):
            above = above or line.lstrip("# ")
            continue
        if (figure := _FIGURE.match(line)) and figure[1] != "name":
            found[figure[1]] = _kind(code, figure[1], figure[3] or above)
        above = ""
    return found


def _kind(code: str, key: str, comment: str) -> str:
    stated = _IMPEDANCE.sub("", comment) if key == "impedance" else comment
    for start in sorted(_KINDS, key=len, reverse=True):
        if stated.startswith(start):
            return _KINDS[start]
    raise ValueError(f"region {code}, {key}: no source in {comment!r}")


def source_counts() -> Counter[str]:
    """Kind of source -> number of figures, over all regions."""
    return Counter(kind for code in codes() for kind in sources(code).values())


def readable(script: str) -> str:
    """A tone script without levels: "425 1/4", "400+450 .4/.2 .4/2", "350+440" (for ever)."""
    words: list[str] = []
    last = ""
    for section in script.split("|"):
        signal, _, cadence = section.partition(";")
        hz = re.sub(r"@[^+]*", "", signal)
        if hz != last:
            words.append(hz)
        elif cadence == "0/0":
            words.append("on")
        if cadence != "0/0":
            words.append(cadence)
        last = hz
    return " ".join(words)


def table() -> Table:
    """The rows for a Rich console."""
    shown = Table(*COLUMNS, caption=_caption(), caption_justify="left", pad_edge=False)
    for row in rows():
        shown.add_row(*astuple(row))
    return shown


def main() -> None:
    Console().print(table())


def _row(code: str) -> Country:
    region = runpy.run_path(str(REGIONS / f"{code}.py"))["REGION"]
    tones = {name: readable(script) for name, script in region["tones"].items()}
    cadence = [f"{ms / 1000:g}".removeprefix("0") for ms in region["ring"]]
    ring = " ".join(f"{on}/{off}" for on, off in zip(cadence[::2], cadence[1::2]))
    return Country(
        code, region["name"], tones["dial"], tones["ringback"], tones["busy"], tones["congestion"],
        f"{ring} {region['ring_hz']} Hz", region["caller_id"] or "-", LAWS[region["law"]],
    )  # fmt: skip


def _caption() -> str:
    counts = source_counts()
    lines = [f"{len(codes())} regions, {counts.total()} figures. Frequencies in Hz, on/off in seconds."]
    lines += [f"{number:4} {kind}" for kind, number in counts.most_common()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
