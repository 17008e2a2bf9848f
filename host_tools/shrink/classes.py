"""Lets a class forget what it is called.

MicroPython gives each class body the names __module__ and __qualname__ and looks at neither (a class shows
the name of its type object). Deleted first thing, they leave their places in the dictionary to methods.
"""

import ast
from collections.abc import Mapping


def forget_class_names(trees: Mapping[str, ast.Module]) -> None:
    """Change the trees."""
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                node.body[:0] = ast.parse("del __module__, __qualname__").body
