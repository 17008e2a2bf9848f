"""Makes the firmware small before it is compiled for a device: what it does stays the same, the heap it takes
does not. Sources, unit tests and coverage use the real modules and names.

    bundle      all modules that stay loaded become one; the others can be forgotten one by one
    constants   stand where they are used
    tables      of states are constants too, and not in the bundle
    unused      functions and imports are left out
    names       are few, short, shared, and often in ROM already
    classes     do not keep their own name twice
    overlay     what runs seldom is loaded when it is called
    passing     what is loaded for a moment leaves no strings behind (after compiling: host_tools.mpy)
    files       of overlays are called by names in ROM
    order       puts the names that are used most where they take one byte

Each step says in its file what it saves. They work on the whole program, since a name may be changed only if
all places that mention it are known; and on syntax trees, so that the result is source again and can be read.
"""

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from host_tools.shrink.bundle import BUNDLE, link
from host_tools.shrink.classes import forget_class_names
from host_tools.shrink.constants import inline_constants
from host_tools.shrink.files import name_files
from host_tools.shrink.names import shorten
from host_tools.shrink.order import frequent_first
from host_tools.shrink.overlay import PREFIX, holders, labels, split
from host_tools.shrink.places import ONCE, PLACES
from host_tools.shrink.program import FunctionDef, parse
from host_tools.shrink.tables import flatten, take_out
from host_tools.shrink.unused import remove_unused

__all__ = ["BUNDLE", "Shrunk", "shrink"]


@dataclass
class Shrunk:
    """`modules`: name → source. `unused`: what was left out, as module__function. `legend`: short name → what
    it stands for, for whoever reads a traceback of the device. `origins`: global of the bundle, or class
    in an overlay → the module that it is from. `overlays`: module → what it is called in places.py."""

    modules: dict[str, str]
    unused: list[str]
    legend: dict[str, str]
    origins: dict[str, str]
    overlays: dict[str, str]


def shrink(
    sources: Mapping[str, str],
    entry: str,
    places: Mapping[str, str] = PLACES,
    once: Collection[str] = ONCE,
) -> Shrunk:
    """`sources`: path → text of the whole program, `entry`: the module that the board starts, `places`: which
    function goes to which overlay, `once`: which constructors among them are called at start only."""
    trees = link(parse(sources), entry)
    inline_constants(trees)
    actions, tables = flatten(trees)
    unused = remove_unused(trees)
    known = labels(trees[BUNDLE])
    legend = shorten(trees, actions)
    parts = holders(trees[BUNDLE])
    origins = {
        name: known[id(node)].partition("__")[0]
        for node in trees[BUNDLE].body
        if isinstance(node, FunctionDef | ast.ClassDef)
        for name in (node.name, parts.get(node.name, node.name))
    }
    if places:
        trees.update(take_out(trees[BUNDLE], known, tables))
    trees.update(split(trees, known, places, once, BUNDLE))
    overlays = name_files(
        trees, {name: name.removeprefix(PREFIX) for name in trees if name.startswith(PREFIX)}
    )
    forget_class_names(trees)
    frequent_first(trees[BUNDLE])
    text = {name: ast.unparse(ast.fix_missing_locations(tree)) + "\n" for name, tree in trees.items()}
    return Shrunk(text, unused, legend, origins, overlays)
