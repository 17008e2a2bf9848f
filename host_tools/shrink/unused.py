"""Leaves out what nothing mentions: functions, methods, classes, imports.

A function is used if its name stands anywhere outside itself, a method if an attribute or a string of its
name does (tables name their actions). What only unused code mentions is found in the next round.
"""

import ast
from collections import Counter
from collections.abc import Mapping

from host_tools.shrink.program import FunctionDef
from host_tools.shrink.scopes import Ref, Scope, analyse


def remove_unused(trees: Mapping[str, ast.Module]) -> list[str]:
    """Change the linked `trees`; what was left out, by name ("call_phone__Phone.flash"), without imports."""
    removed: list[str] = []
    while True:
        imported = {
            (node.module, alias.name)
            for tree in trees.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        total = _words(*trees.values())
        labels: dict[ast.AST, str] = {}
        for name, tree in trees.items():
            module = analyse(tree)
            for scope in module.everything():
                for word, refs in scope.owned.items():
                    if not (scope is module and (name, word) in imported):
                        labels.update(_unused(scope, word, refs, total))
        if not labels:
            return sorted(removed)
        for tree in trees.values():
            _Remove(labels).visit(tree)
        removed += [label for label in labels.values() if label]


def _words(*trees: ast.AST) -> Counter[str]:
    """How often each word stands in the trees as an attribute or a string."""
    count: Counter[str] = Counter()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                count[node.attr] += 1
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                count[node.value] += 1
    return count


def _unused(scope: Scope, name: str, refs: list[Ref], total: Counter[str]) -> dict[ast.AST, str]:
    """The definition or import of `name` → its label ("" for an import), if that is all there is of it."""
    binding = [ref.node for ref in refs if ref.binds]
    if len(binding) != 1:
        return {}
    node = binding[0]
    if isinstance(node, ast.alias):
        return {node: ""} if len(refs) == 1 else {}
    if not isinstance(node, FunctionDef | ast.ClassDef):
        return {}
    inside = set(map(id, ast.walk(node)))
    if any(not ref.binds and id(ref.node) not in inside for ref in refs):
        return {}
    if isinstance(scope.node, ast.ClassDef):
        if (name.startswith("__") and name.endswith("__")) or total[name] > _words(node)[name]:
            return {}
        return {node: f"{scope.node.name}.{name}"}
    return {node: name}


class _Remove(ast.NodeTransformer):
    def __init__(self, nodes: Mapping[ast.AST, str]):
        self.nodes = nodes

    def visit(self, node: ast.AST) -> ast.AST | None:
        if node in self.nodes:
            return None
        self.generic_visit(node)
        if isinstance(node, ast.Import | ast.ImportFrom) and not node.names:
            return None
        body = getattr(node, "body", None)
        if isinstance(body, list) and not body and not isinstance(node, ast.Module):
            body.append(ast.Pass())
        return node
