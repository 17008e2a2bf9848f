"""Puts constants where they are used.

Why: a module's constant is an entry of its dictionary and an interned name, and reading it takes as much code
as the value itself. mpy-cross does this for `_X = const(…)`, but only within the module; and it keeps equal
strings and tuples of a module once, so that it costs nothing to write them twice.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping

from host_tools.shrink.program import become
from host_tools.shrink.scopes import Ref, Scope, analyse

_Key = tuple[str, str]  # module, name


def inline_constants(trees: Mapping[str, ast.Module]) -> None:
    """Change the linked `trees` (host_tools.shrink.bundle), which come in an order of execution."""
    values: dict[_Key, object] = {}
    _collect(trees, values)
    # Once more: a function may import from a module that comes later.
    uses = _collect(trees, values)
    for key, refs in uses.items():
        for ref in refs:
            become(ref.node, ast.parse(repr(values[key]), mode="eval").body)
    for name, tree in trees.items():
        _Remove({target for module, target in values if module == name}, values).visit(tree)


def _collect(trees: Mapping[str, ast.Module], values: dict[_Key, object]) -> dict[_Key, list[Ref]]:
    """Add to `values` what can be known by now. → where these are used."""
    uses: dict[_Key, list[Ref]] = defaultdict(list)
    for name, tree in trees.items():
        module = analyse(tree)
        known: dict[str, object] = {}
        for scope in module.everything():
            for local, key in _imported(scope, trees).items():
                if key in values:
                    known[local] = values[key]
                    uses[key] += scope.loads(local)
        for target, value in assignments(tree, module):
            try:
                found = _evaluate(value, known)
            except ValueError:
                continue
            known[target] = values[name, target] = found
            uses[name, target] += module.loads(target)
    return uses


def assignments(tree: ast.Module, module: Scope) -> Iterator[tuple[str, ast.expr]]:
    """(name, value) of what is bound once, by a plain assignment at the top level."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if sum(ref.binds for ref in module.owned[name]) == 1:
                yield name, node.value


def _imported(scope: Scope, trees: Mapping[str, ast.Module]) -> dict[str, _Key]:
    """The names that the scope binds by importing them from modules of the program."""
    found = {}
    for node in ast.walk(scope.node):
        if isinstance(node, ast.ImportFrom) and node.module in trees:
            for alias in node.names:
                name = alias.asname or alias.name
                if any(ref.node is alias for ref in scope.owned.get(name, ())):
                    found[name] = (node.module, alias.name)
    return found


def _evaluate(node: ast.expr | None, known: Mapping[str, object]) -> object:
    """The value of a constant expression; ValueError if it is none."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in known:
        return known[node.id]
    if isinstance(node, ast.Tuple):
        return tuple([_evaluate(element, known) for element in node.elts])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "const":
        return _evaluate(node.args[0], known)
    if isinstance(node, ast.UnaryOp):
        return _calculate([node.operand], lambda parts: ast.UnaryOp(node.op, *parts), known)
    if isinstance(node, ast.BinOp):
        return _calculate(
            [node.left, node.right], lambda parts: ast.BinOp(parts[0], node.op, parts[1]), known
        )
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and node.slice.step is None:
        value = _evaluate(node.value, known)
        first, last = [part and _evaluate(part, known) for part in (node.slice.lower, node.slice.upper)]
        if isinstance(value, str | tuple) and isinstance(first, int | None) and isinstance(last, int | None):
            return value[first:last]
    raise ValueError("not a constant")


def _calculate(parts: list[ast.expr], join, known: Mapping[str, object]) -> object:
    """The value of an operation on whole numbers, or on strings."""
    values = [_evaluate(part, known) for part in parts]
    if len({type(value) for value in values}) != 1 or not isinstance(values[0], int | str):
        raise ValueError("not a constant")
    names = {f"x{number}": value for number, value in enumerate(values)}
    operation = ast.Expression(join([ast.Name(name, ast.Load()) for name in names]))
    return eval(compile(ast.fix_missing_locations(operation), "constant", "eval"), {}, names)


class _Remove(ast.NodeTransformer):
    """Removes the assignments to constants, and their imports."""

    def __init__(self, names: set[str], constants: Mapping[_Key, object]):
        self.names = names
        self.constants = constants

    def visit_Module(self, node: ast.Module) -> ast.Module:
        node.body = [statement for statement in node.body if not self._assigns(statement)]
        self.generic_visit(node)
        return node

    def _assigns(self, node: ast.stmt) -> bool:
        return (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id in self.names
        )

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        node.names = [alias for alias in node.names if (node.module or "", alias.name) not in self.constants]
        return node if node.names else ast.Pass()
