"""Gives the firmware's private names short, shared names before it is compiled for a device.

Why: on MicroPython every distinct attribute, parameter and global name is an interned string on the heap,
and the table of them grows by doubling. What only one class or one function sees need not have a name of its
own: `_deadline` of one class and `_socket` of another can both be `_a`. Behaviour does not change; public
names, names that are used as strings, and parameters that are passed by keyword stay as they are.

    self._x         → a short name that is unique in the class (and the classes it inherits from)
    _function       → a short name that is unique in the module
    parameters      → the same few letters in every function

This is for compiled firmware only: sources, unit tests and coverage use the real names.
"""

import ast
import itertools
import string

_LETTERS = [*string.ascii_lowercase, *("".join(pair) for pair in itertools.product(string.ascii_lowercase, repeat=2))]


def shrink(sources: dict[str, str]) -> dict[str, str]:
    """Path → source, for the whole program at once; returns the same with shortened names."""
    trees = {path: ast.parse(text, path) for path, text in sources.items()}
    facts = _Facts(trees.values())
    groups = _class_groups(trees.values())
    for tree in trees.values():
        _shrink_module(tree, facts, groups)
    return {path: ast.unparse(ast.fix_missing_locations(tree)) + "\n" for path, tree in trees.items()}


def _private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


class _Facts:
    """What must keep its name, gathered from the whole program."""

    def __init__(self, trees) -> None:
        self.keywords: set[str] = set()  # passed by keyword somewhere
        self.shared: set[str] = set()  # private attributes reached from outside their class, or by string
        for tree in trees:
            for node in ast.walk(tree):
                if isinstance(node, ast.keyword) and node.arg:
                    self.keywords.add(node.arg)
                elif isinstance(node, ast.Attribute) and _private(node.attr):
                    if not (isinstance(node.value, ast.Name) and node.value.id == "self"):
                        self.shared.add(node.attr)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    self.shared.add(node.value)
                elif isinstance(node, ast.ImportFrom):
                    self.shared.update(alias.name for alias in node.names)


def _class_groups(trees) -> dict[str, dict[str, str]]:
    """Class name → the map of its private attributes; classes that inherit from each other share one."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for node in classes:
        root(node.name)
        for base in node.bases:
            if isinstance(base, ast.Name):
                parent[root(base.id)] = root(node.name)
    maps: dict[str, dict[str, str]] = {}
    return {name: maps.setdefault(root(name), {}) for name in list(parent)}


def _shrink_module(tree: ast.Module, facts: _Facts, groups: dict[str, dict[str, str]]) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            _shrink_class(node, facts, groups[node.name])
    _shrink_globals(tree, facts)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            _shrink_parameters(node, facts)


def _shrink_class(node: ast.ClassDef, facts: _Facts, names: dict[str, str]) -> None:
    # Names assigned in the class body are looked up without self in there: they stay.
    fixed = {
        target.id
        for statement in node.body if isinstance(statement, ast.Assign)
        for target in statement.targets if isinstance(target, ast.Name)
    } | facts.shared

    def short(name: str) -> str:
        if name not in names:
            taken = set(names.values()) | facts.shared
            names[name] = next(f"_{letter}" for letter in _LETTERS if f"_{letter}" not in taken)
        return names[name]

    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and _private(inner.attr) and inner.attr not in fixed:
            inner.attr = short(inner.attr)
    for method in node.body:
        if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) and _private(method.name) and method.name not in fixed:
            method.name = short(method.name)


def _shrink_globals(tree: ast.Module, facts: _Facts) -> None:
    functions = [
        node for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and _private(node.name) and node.name not in facts.shared
    ]
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names: dict[str, str] = {}
    for function in functions:
        taken = used | set(names.values())
        names[function.name] = next(f"_{letter}" for letter in _LETTERS if f"_{letter}" not in taken)
        function.name = names[function.name]
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in names:
            node.id = names[node.id]


def _shrink_parameters(function: ast.FunctionDef | ast.AsyncFunctionDef, facts: _Facts) -> None:
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)
    inner = list(ast.walk(function))
    if any(isinstance(node, scopes) for node in inner if node is not function):
        return  # a closure or a comprehension may hold a name of its own
    if function.args.vararg or function.args.kwarg or function.args.kwonlyargs:
        return
    used = {node.id for node in inner if isinstance(node, ast.Name)}
    parameters = [arg for arg in function.args.args if arg.arg != "self"]
    names: dict[str, str] = {}
    for arg in parameters:
        if arg.arg in facts.keywords:
            continue
        taken = used | set(names.values()) | {other.arg for other in parameters}
        names[arg.arg] = next(letter for letter in _LETTERS if letter not in taken)
    for arg in parameters:
        arg.arg = names.get(arg.arg, arg.arg)
    for node in inner:
        if isinstance(node, ast.Name) and node.id in names:
            node.id = names[node.id]
