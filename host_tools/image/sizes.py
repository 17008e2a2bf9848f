"""What the firmware takes on the flash, per package, and the change since the last release
(boards/sizes.json).

The bundle holds most packages in one file with shared tables of names, so a package's part of it is a
share: its functions and classes compiled by themselves, and scaled so that all of them are the file together.
"""

import ast
import json
from collections.abc import Mapping
from pathlib import Path

from rich.table import Table

from host_tools.boards import FOLDER
from host_tools.mpy import compile_module
from host_tools.shrink import BUNDLE

RELEASE = FOLDER / "sizes.json"
_OTHER = "start and common"
_RARE = "functions loaded when needed"  # of all packages, cut out of the bundle
_PACKAGES = ("base", "call", "config", "dsp", "hal", "line", "region", "rtp", "sip", "slic", "tasks", "app")


def by_package(files: Mapping[str, bytes], tree: Path) -> dict[str, int]:
    """Package → bytes on the flash; `tree`: the folder of device_tree that the files are from."""
    sizes: dict[str, int] = dict.fromkeys((*_PACKAGES, _RARE, _OTHER), 0)
    rare = {line.partition(":")[0] + ".mpy" for line in (tree / "overlays.txt").read_text().splitlines()}
    for name, data in files.items():
        if name == f"{BUNDLE}.mpy":
            for package, size in _shares(tree, len(data)).items():
                sizes[package] += size
        elif name in rare:
            sizes[_RARE] += len(data)
        elif name.endswith((".mpy", ".py")):
            sizes[_package(name.partition(".")[0].removeprefix("ata_"))] += len(data)
    return {package: size for package, size in sizes.items() if size}


def _package(word: str) -> str:
    first = word.partition("_")[0]
    return first if first in _PACKAGES else _OTHER


def _shares(tree: Path, whole: int) -> dict[str, int]:
    legend = {}
    for line in (tree / "names.txt").read_text().splitlines():
        short, _, old = line.partition(": ")
        legend[short] = next((word for word in old.split() if "__" in word.strip("_")), "")
    groups: dict[str, list[ast.stmt]] = {}
    for node in ast.parse((tree / "bundle.txt").read_text()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = node.name
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        else:
            name = ""
        groups.setdefault(_package(legend.get(name) or name), []).append(node)
    alone = {}
    for package, body in groups.items():
        source = ast.unparse(ast.Module(body, [])) + "\n"
        alone[package] = len(compile_module(package.replace(" ", "_"), source, "xtensawin"))
    scale = whole / sum(alone.values())
    shares = {package: int(size * scale) for package, size in alone.items()}
    shares[_OTHER] = shares.get(_OTHER, 0) + whole - sum(shares.values())
    return shares


def released(board: str) -> dict[str, int]:
    """The sizes at the last release; empty if there was none."""
    return json.loads(RELEASE.read_text()).get(board, {}) if RELEASE.exists() else {}


def record(board: str, sizes: Mapping[str, int]) -> None:
    """Keep them as those of the release."""
    known = json.loads(RELEASE.read_text()) if RELEASE.exists() else {}
    known[board] = dict(sizes)
    RELEASE.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


def changes(board: str, sizes: Mapping[str, int]) -> dict[str, int | None]:
    """Package → bytes more than at the last release; None where that is not known."""
    before = released(board)
    if not before:
        return dict.fromkeys(sizes)
    return {name: sizes.get(name, 0) - before.get(name, 0) for name in {**before, **sizes}}


def table(board: str, sizes: Mapping[str, int]) -> Table:
    shown = Table(title=f"{board}: bytes on the flash", title_justify="left")
    shown.add_column("package")
    shown.add_column("bytes", justify="right")
    shown.add_column("since release", justify="right")
    delta = changes(board, sizes)
    for name, change in delta.items():
        shown.add_row(name, f"{sizes.get(name, 0):,}", "–" if change is None else f"{change:+,}")
    known = [change for change in delta.values() if change is not None]
    shown.add_section()
    shown.add_row("together", f"{sum(sizes.values()):,}", f"{sum(known):+,}" if known else "–")
    return shown
