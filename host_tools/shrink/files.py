"""Overlays get names that are in ROM already.

Why: the name of a module and that of its file are interned for ever when it is imported, 30 to 40 bytes each.
There are forty overlays, and the table of names doubles, by 2 KB, with the 301st. That of the file is not to
be had from the ROM; it gets short.
"""

import ast
from collections.abc import Mapping

from host_tools.shrink.rom import IN_EVERY_ROM

# There is another module of that name, or will be one on some board.
_TAKEN = {"main", "start", "key", "send", "update"}
_FREE = [name for name in IN_EVERY_ROM if name not in _TAKEN]


def name_files(trees: dict[str, ast.Module], overlays: Mapping[str, str]) -> dict[str, str]:
    """Rename modules of `trees`. `overlays`: module -> what people call it. -> new name -> the same.

    ValueError if there are more than names."""
    if len(overlays) > len(_FREE):
        raise ValueError(f"{len(overlays)} overlays, and only {len(_FREE)} names for them")
    new = dict(zip(sorted(overlays), _FREE, strict=False))
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                node.value = new.get(node.value, node.value)
    for old, name in new.items():
        trees[name] = trees.pop(old)
    return {name: overlays[old] for old, name in new.items()}
