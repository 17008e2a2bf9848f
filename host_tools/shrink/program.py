"""The firmware as the device build sees it: modules by name, and what each of them imports."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

# mpy-cross makes strings up to this length interned ones, as names are
# (MICROPY_ALLOC_PARSE_INTERN_STRING_LEN).
INTERNED = 10

FunctionDef = ast.FunctionDef | ast.AsyncFunctionDef
Target = tuple[str, str]  # a module of the program, and a name in it or "" for the module itself


def parse(sources: Mapping[str, str]) -> dict[str, ast.Module]:
    """Path → source to dotted module name → tree without docstrings, which mean nothing to the program."""
    trees = {}
    for path, text in sources.items():
        parts = PurePosixPath(path).with_suffix("").parts
        tree = ast.parse(text, path)
        for node in ast.walk(tree):
            _strip_docstring(node)
        trees[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = tree
    return trees


def _strip_docstring(node: ast.AST) -> None:
    if isinstance(node, ast.Module | ast.ClassDef | FunctionDef):
        node.body = [
            s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        ]
        if not node.body and not isinstance(node, ast.Module):
            node.body.append(ast.Pass())


def become(node: ast.AST, new: ast.AST) -> None:
    """Turn a node into another in place: whoever holds it sees the change."""
    setattr(node, "__class__", new.__class__)  # noqa: B010 (the type checker does not know this freedom)
    node.__dict__ = new.__dict__


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, FunctionDef):
            yield node


def is_viper(node: ast.AST) -> bool:
    """Is it a function that is compiled to machine code?"""
    return isinstance(node, FunctionDef) and any(
        isinstance(each, ast.Attribute) and each.attr == "viper" for each in node.decorator_list
    )


def strings(trees: Mapping[str, ast.Module]) -> set[str]:
    """Every string constant."""
    return {
        node.value
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


class Imports:
    """Which modules of the program each module imports: `eager` at its top level, `lazy` inside functions."""

    def __init__(self, trees: Mapping[str, ast.Module]):
        self._trees = trees
        self.eager: dict[str, list[str]] = {}
        self.lazy: dict[str, list[str]] = {}
        for name, tree in trees.items():
            deep = {id(node) for function in functions(tree) for node in ast.walk(function)}
            self.eager[name] = []
            self.lazy[name] = []
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom):
                    kind = self.lazy if id(node) in deep else self.eager
                    kind[name] += [found[0] for alias in node.names if (found := self.target(node, alias))]

    def target(self, node: ast.ImportFrom, alias: ast.alias) -> Target | None:
        """What is imported; None if it is no part of the program."""
        module = node.module or ""
        if node.level or alias.name == "*":
            raise NotImplementedError(f"line {node.lineno}: imports by full name only")
        if f"{module}.{alias.name}" in self._trees:
            return f"{module}.{alias.name}", ""
        return (module, alias.name) if module in self._trees else None

    def reachable(self, roots: list[str]) -> list[str]:
        """The modules that the roots import, directly or not, eagerly or not; themselves too. In an order in
        which they can be executed: each after what it imports at its top level."""
        done: list[str] = []
        waiting = list(roots)
        while waiting:
            self._execute(waiting.pop(0), done, waiting, ())
        return done

    def _execute(self, name: str, done: list[str], later: list[str], importing: tuple[str, ...]) -> None:
        if name in done:
            return
        if name in importing:
            raise ValueError(f"modules import each other: {' → '.join([*importing, name])}")
        for target in self.eager[name]:
            self._execute(target, done, later, (*importing, name))
        done.append(name)
        later += self.lazy[name]
