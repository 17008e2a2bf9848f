"""What the compiled firmware takes of the heap, part by part, read from its .mpy files.

The sizes are those of MicroPython on 32 bits: blocks of 16 bytes; a function is a block and its bytecode; a
class is its type, a dictionary and the table of it. Native code goes to executable memory and is counted for
xtensawin, where it has the size that it has on the board. Not in here: names (they are shared) and objects.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from host_tools import mpy
from host_tools.shrink import BUNDLE, shrink
from host_tools.xtensa import mpy_file

_ESP32 = "hal_esp32"
_BLOCK = 16
_FUNCTION = 16  # mp_obj_fun_bc_t
_CLASS = 80 + 16  # mp_obj_type_t with its slots, and the dictionary
# Places of a dictionary as it grows (py/map.c), 8 bytes each.
_GROWTH = (0, 1, 2, 4, 6, 8, 10, 12, 17, 23, 29, 37, 47, 59, 73, 97, 127, 167, 223, 293, 389)


@dataclass
class Part:
    """Bytes of one package: kept all the time, on the heap; native code; and in overlays, while loaded."""

    kept: int = 0
    native: int = 0
    overlays: int = 0


def parts() -> dict[str, Part]:
    """Package ("sip", "dsp" …, the board's is "hal_virtual") → its Part; and "hal_esp32", the drivers that an
    ESP32 has in the place of those."""
    found = _parts((mpy.FIRMWARE, mpy.VIRTUAL_BOARD), mpy.ENTRY)
    for name, part in _parts((mpy.FIRMWARE,), "main").items():
        if name.startswith(_ESP32):
            own = found.setdefault(_ESP32, Part())
            own.kept += part.kept
            own.native += part.native
            own.overlays += part.overlays
    return found


def _parts(folders: tuple[Path, ...], entry: str) -> dict[str, Part]:
    sources = {
        str(path.relative_to(folder)): path.read_text()
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
    }
    shrunk = shrink(sources, entry)
    found: dict[str, Part] = defaultdict(Part)
    for name, text in shrunk.modules.items():
        if name == BUNDLE or name in shrunk.overlays:
            code = mpy_file.parse(mpy.compile_module(name, text, "xtensawin")).code
            for place, kind, size in _sizes(code, ast.parse(text), shrunk.origins):
                part = found[place.split("_")[0] if not place.startswith("hal") else place]
                if kind == "viper":
                    part.native += size
                elif name == BUNDLE:
                    part.kept += size
                else:
                    part.overlays += size
    return dict(found)


def _sizes(
    code: mpy_file.RawCode, tree: ast.AST, origins: dict[str, str], place: str = ""
) -> Iterator[tuple[str, str, int]]:
    """(module of the sources, kind, bytes) of every function and class in `code`, compiled from `tree`."""
    for node, child in zip(_scopes(tree), code.children, strict=True):
        here = place or origins.get(getattr(node, "name", ""), "build")
        if isinstance(node, ast.ClassDef):
            names = sum(
                isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign) for each in node.body
            )
            yield here, "class", _CLASS + _blocks(8 * next(size for size in _GROWTH if size >= names))
        else:
            yield (
                here,
                child.kind,
                _FUNCTION + _blocks(len(child.data)) if child.kind == "bytecode" else len(child.data),
            )
        yield from _sizes(child, node, origins, here)


def _blocks(size: int) -> int:
    return (size + _BLOCK - 1) // _BLOCK * _BLOCK


def _scopes(tree: ast.AST) -> list[ast.AST]:
    """The functions and classes right inside `tree`, in the order in which the compiler meets them."""
    found: list[ast.AST] = []
    if isinstance(tree, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        first, *others = tree.generators
        inside = [first.target, *first.ifs, *others]
        inside += [tree.key, tree.value] if isinstance(tree, ast.DictComp) else [tree.elt]
    elif isinstance(tree, ast.Lambda):
        inside = [tree.body]
    else:
        assert isinstance(tree, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        inside = list(tree.body)
    for node in inside:
        _meet(node, found)
    return found


def _meet(node: ast.AST, found: list[ast.AST]) -> None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        for default in node.args.defaults:
            _meet(default, found)
        found.append(node)
    elif isinstance(node, ast.ClassDef):
        found.append(node)
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        found.append(node)
        _meet(node.generators[0].iter, found)
    else:
        for child in ast.iter_child_nodes(node):
            _meet(child, found)
