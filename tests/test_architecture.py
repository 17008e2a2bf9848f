"""Arrows go down only: who may import whom in firmware/, and what the cores must not touch."""

import ast
from pathlib import Path

import pytest

from host_tools import diagrams
from support.runtimes import micropythons

ROOT = Path(__file__).resolve().parents[1]
FIRMWARE = ROOT / "firmware"
ATA = FIRMWARE / "ata"

# Package -> the packages of ours that it may import (its own is always allowed).
L1 = ("dsp", "rtp", "sip", "line", "config", "region")
L2 = ("call", "slic", "hal")
MAY_IMPORT: dict[str, set[str]] = {
    "base": set(),
    **{package: {"base"} for package in L1},
    **{package: {"base", *L1} for package in L2},
    "tasks": {"base", *L1, *L2},
    "app": {"base", *L1, *L2, "tasks"},
}

# Modules outside our own tree that only some places may import.
RESERVED = {
    "asyncio": ("tasks", "hal"),
    "socket": ("tasks", "hal"),
    "select": ("tasks", "hal"),
    "time": ("tasks", "hal"),
    "random": ("hal",),
    "machine": ("hal",),
    "network": ("hal",),
    "esp32": ("hal",),
}
NOT_ON_MICROPYTHON = {"typing", "enum", "dataclasses", "abc", "pathlib", "functools", "itertools"}

MODULES = sorted(ATA.rglob("*.py"))


def package_of(path: Path) -> str:
    parts = path.relative_to(ATA).parts
    return parts[0] if len(parts) > 1 else path.stem


def imports(path: Path) -> list[str]:
    """Every module that the file imports, anywhere in it, as a dotted name."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found += [f"{module}.{alias.name}" if module == "ata" else module for alias in node.names]
            # `from ata.call import media` names a module of that package too.
            if module.startswith("ata."):
                found += [f"{module}.{alias.name}" for alias in node.names]
            assert node.level == 0, f"{path}: relative imports hide the layer; name the package"
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ATA)))
def test_arrows_go_down(path: Path):
    package = package_of(path)
    allowed = MAY_IMPORT[package] | {package}
    for name in imports(path):
        if name.startswith("ata."):
            target = name.split(".")[1]
            assert target in allowed, f"{package} must not import {target} ({name})"
        else:
            top = name.split(".")[0]
            assert top != "host_tools", "firmware never imports host tools"
            assert top not in NOT_ON_MICROPYTHON, f"{top} does not exist on MicroPython"
            if top in RESERVED:
                assert package in RESERVED[top], f"only {RESERVED[top]} may import {top}, not {package}"
            if top in ("machine", "network", "esp32"):
                assert path.name.startswith("esp32"), f"{top} belongs to hal/esp32*.py"


def test_every_package_has_a_layer():
    assert {package_of(path) for path in MODULES} <= set(MAY_IMPORT)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ATA)))
def test_a_module_only_defines_things_at_import(path: Path):
    """No work, no state: only imports, constants, functions and classes at module level."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Expr):
            assert isinstance(node.value, ast.Constant), f"{path.name}:{node.lineno} does something at import"
        else:
            functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
            kinds = (ast.Import, ast.ImportFrom, ast.Assign, *functions)
            assert isinstance(node, kinds), f"{path.name}:{node.lineno} does something at import"
        if isinstance(node, ast.Assign):
            value = node.value
            if isinstance(value, ast.Call):
                called = getattr(value.func, "id", "")
                assert called in ("const", "namedtuple", "rows"), f"{path.name}:{node.lineno} calls {called}"
                continue
            for part in ast.walk(value):
                state = isinstance(part, (ast.List, ast.Set, ast.ListComp, ast.Await, ast.Call))
                assert not state, f"{path.name}:{node.lineno} makes state at import"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ATA)))
def test_no_bare_except(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{path.name}:{node.lineno} catches everything"


def test_the_pictures_of_the_state_machines_are_drawn_from_the_tables():
    page = diagrams.PAGE.read_text()
    program = next(iter(micropythons().values()))
    assert diagrams.drawn(page, program) == page, "make diagrams draws them anew"
