"""Which scope owns each name: what a renaming must change together.

MicroPython's rules are Python's here: a name that a function binds (parameter, assignment, import, loop) is
its own, a class body's names are seen in that body only, a comprehension is a function.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass
class Ref:
    """One place where a name is written: `node.field`, or an element of it if that is a list."""

    node: ast.AST
    field: str
    scope: "Scope"  # where the place is
    binds: bool
    index: int = -1

    def rename(self, name: str) -> None:
        if self.index >= 0:
            getattr(self.node, self.field)[self.index] = name
        else:
            setattr(self.node, self.field, name)


@dataclass(eq=False)
class Scope:
    """A module, a function (lambda, comprehension) or a class body."""

    kind: str  # "module", "function", "class"
    node: ast.AST
    parent: "Scope | None"
    seen: dict[str, list[Ref]] = field(default_factory=lambda: defaultdict(list))  # written in this scope
    bound: set[str] = field(default_factory=set)
    elsewhere: dict[str, str] = field(default_factory=dict)  # name → "global" or "nonlocal"
    owned: dict[str, list[Ref]] = field(default_factory=lambda: defaultdict(list))  # after analyse()
    inner: "list[Scope]" = field(default_factory=list)

    def everything(self) -> "Iterator[Scope]":
        """This scope and all scopes in it."""
        yield self
        for scope in self.inner:
            yield from scope.everything()

    def seen_anywhere(self) -> set[str]:
        """The names that this scope and those in it mention and that belong to it, or to nothing here."""
        return set(self.owned)

    def loads(self, name: str) -> list[Ref]:
        return [ref for ref in self.owned.get(name, ()) if not ref.binds]


def analyse(tree: ast.Module) -> Scope:
    """The scope of the module. `owned` of each scope in it has every Ref to the names that are its own; that
    of the module also those that nothing binds (built-in functions)."""
    module = Scope("module", tree, None)
    _Reader(module).body(tree.body)
    for scope in module.everything():
        for name, refs in scope.seen.items():
            _owner(scope, name, module).owned[name] += refs
    return module


def _owner(scope: Scope, name: str, module: Scope) -> Scope:
    if scope.elsewhere.get(name) == "global":
        return module
    if name in scope.bound and name not in scope.elsewhere:
        return scope
    outer = scope.parent
    while outer is not None:
        if outer.kind == "function" and name in outer.bound and name not in outer.elsewhere:
            return outer
        outer = outer.parent
    return module


class _Reader(ast.NodeVisitor):
    def __init__(self, scope: Scope):
        self.scope = scope

    def body(self, nodes: list[ast.stmt]) -> None:
        for node in nodes:
            self.visit(node)

    def _note(self, node: ast.AST, name_field: str, name: str, binds: bool, index: int = -1) -> None:
        self.scope.seen[name].append(Ref(node, name_field, self.scope, binds, index))
        if binds:
            self.scope.bound.add(name)

    def _enter(self, kind: str, node: ast.AST) -> "_Reader":
        inner = Scope(kind, node, self.scope)
        self.scope.inner.append(inner)
        return _Reader(inner)

    def visit_Name(self, node: ast.Name) -> None:
        self._note(node, "id", node.id, not isinstance(node.ctx, ast.Load))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._note(node, "name", node.name, True)
        for decorator in node.decorator_list:
            self.visit(decorator)
        # The annotations of viper are words for its compiler: they name nothing.
        self._arguments(node, node.args).body(node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._arguments(node, node.args).visit(node.body)

    def _arguments(self, node: Function, args: ast.arguments) -> "_Reader":
        for default in [*args.defaults, *args.kw_defaults]:
            if default is not None:
                self.visit(default)
        inner = self._enter("function", node)
        for arg in [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]:
            if arg is not None:
                inner._note(arg, "arg", arg.arg, True)
        return inner

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._note(node, "name", node.name, True)
        for part in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(part)
        self._enter("class", node).body(node.body)

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, _COMPREHENSIONS):
            first, *others = node.generators
            self.visit(first.iter)  # before the comprehension's own scope begins
            inner = self._enter("function", node)
            for part in [first.target, *first.ifs, *others]:
                inner.visit(part)
            for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
                inner.visit(part)
        else:
            super().generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self._aliases(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._aliases(node)

    def _aliases(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            # `as` is written out, so that a renaming has a place to write to.
            alias.asname = alias.asname or alias.name.partition(".")[0]
            self._note(alias, "asname", alias.asname, True)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._note(node, "name", node.name, True)
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> None:
        self._declare(node, "global")

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self._declare(node, "nonlocal")

    def _declare(self, node: ast.Global | ast.Nonlocal, where: str) -> None:
        for index, name in enumerate(node.names):
            self.scope.elsewhere[name] = where
            self._note(node, "names", name, False, index)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        raise NotImplementedError("the device build does not know := ")
