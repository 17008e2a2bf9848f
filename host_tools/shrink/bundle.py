"""Joins all modules that stay loaded into one, `ata`.

Why: each module costs a dictionary of its globals, an entry in it for every name it imports, and a table of
all names that its code mentions; most of these names are the same in every module. What is loaded only now
and then stays a module of its own, to be forgotten after use (ata.base.unload):

* a module that is named in a string ("ata.config.schema", or all that begin with "ata.region."),
* one that is imported inside functions only, or by such modules only,
* the entry: what the board starts.

The global `name` of the module ata.call.phone becomes `call_phone__name`, so no two are the same. The modules
of their own get flat names (ata_config_schema), because each package would be a module object too.
"""

import ast
from collections.abc import Collection, Mapping

from host_tools.shrink.program import Imports, become, strings
from host_tools.shrink.scopes import Scope, analyse

BUNDLE = "ata"


def link(trees: Mapping[str, ast.Module], entry: str) -> dict[str, ast.Module]:
    """Dotted module name → tree to flat module name → tree, of what the entry needs; in an order of
    execution, the bundle first. The given trees are changed. Raises NotImplementedError for what it does not
    understand: imports other than `from module import name`, a module used as a value, `global`."""
    return _Linker(trees, entry).link()


class _Linker:
    def __init__(self, trees: Mapping[str, ast.Module], entry: str):
        self.entry = entry
        self.program = set(trees)
        self.imports = Imports(trees)
        live = self.imports.reachable([entry, *_named_in_strings(trees)])
        self.trees = {name: trees[name] for name in live}
        self.words = strings(self.trees)
        eager = {target for name in live for target in self.imports.eager[name]}
        lazy = {target for name in live for target in self.imports.lazy[name]}
        named = _named_in_strings(self.trees)
        passing = lazy - eager - {*named}  # what is named is the start, for one, and what that imports stays
        while more := {name for name in set(live) - passing if self._importers(name) <= passing}:
            passing |= more
        self.separate = {entry, *named, *passing, *(lazy - eager)}
        self.externals: dict[str, tuple[str, str]] = {}  # name in the bundle → (module, name there)

    def link(self) -> dict[str, ast.Module]:
        for name, tree in self.trees.items():
            _Module(self, name, tree).link()
        result = {BUNDLE: ast.Module([], [])}
        for name, tree in self.trees.items():
            if name in self.separate:
                result[_flat(name)] = tree
            else:
                result[BUNDLE].body += tree.body
        result[BUNDLE].body[:0] = [_import(*what, alias) for alias, what in self.externals.items()]
        _collect_after_imports(result[_flat(self.entry)])
        return result

    def _importers(self, module: str) -> set[str]:
        """The modules that import it when they are loaded; the program itself if there are none."""
        return {name for name in self.trees if module in self.imports.eager[name]} or {self.entry}

    def home(self, module: str) -> str:
        return _flat(module) if module in self.separate else BUNDLE

    def unique(self, module: str, name: str) -> str:
        return f"{'_'.join(module.split('.')[1:]) or module}__{name}"

    def name_at_home(self, module: str, name: str) -> str:
        # __import__ of a module of its own may ask for a name by a string.
        return name if module in self.separate and name in self.words else self.unique(module, name)

    def external(self, module: str, name: str, alias: str) -> str:
        """The name that an import from outside the program has in the bundle."""
        if self.externals.setdefault(alias, (module, name)) != (module, name):
            alias = f"{_flat(module)}__{name}"
            self.externals[alias] = (module, name)
        return alias


class _Module:
    """One module's part of the work."""

    def __init__(self, linker: _Linker, name: str, tree: ast.Module):
        self.linker = linker
        self.name = name
        self.tree = tree
        self.bundled = name not in linker.separate

    def link(self) -> None:
        module = analyse(self.tree)
        statements: dict[ast.AST, ast.Import | ast.ImportFrom] = {
            alias: node
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        instead: dict[ast.AST, list[ast.stmt]] = {node: [] for node in statements.values()}
        for scope in module.everything():
            if scope.elsewhere:
                raise NotImplementedError(f"{self.name}: global and nonlocal")
            for name in list(scope.owned):
                for alias in [ref.node for ref in scope.owned[name] if ref.binds]:
                    if isinstance(alias, ast.alias):
                        statement = statements[alias]
                        instead[statement] += self._imported(scope, name, statement, alias)
        for name in module.bound:
            if not any(ref.node in statements for ref in module.owned[name]):
                for ref in module.owned[name]:
                    ref.rename(self.linker.name_at_home(self.name, name))
        _Replace(instead).visit(self.tree)
        self._rename_modules()

    def _imported(
        self, scope: Scope, name: str, statement: ast.Import | ast.ImportFrom, alias: ast.alias
    ) -> list[ast.stmt]:
        """Rewrite the uses of an imported name. What is to stand in place of the import."""
        linker = self.linker
        if isinstance(statement, ast.ImportFrom):
            module, target = statement.module or "", linker.imports.target(statement, alias)
        else:
            module, target = "", None
            if alias.name in linker.program:
                raise NotImplementedError(f"{self.name}: import {alias.name}, not from it")
        if target is None:
            if not self.bundled or scope.kind != "module":
                return [_import(module, alias.name, name)]
            new = linker.external(module, alias.name, name)
            for ref in scope.owned[name]:
                ref.rename(new)
            return []
        module, entity = target
        if entity:
            for ref in scope.owned[name]:
                ref.rename(linker.unique(module, entity))
            used = {entity}
        else:
            used = self._use_members(scope, name, module)
        if self.bundled and linker.home(module) == BUNDLE:
            return []
        return [
            _import(linker.home(module), linker.name_at_home(module, each), linker.unique(module, each))
            for each in sorted(used)
        ]

    def _use_members(self, scope: Scope, name: str, module: str) -> set[str]:
        """`dialplan.NONE` → the global itself, for all uses of an imported module. What was used."""
        members = set()
        loads = {ref.node for ref in scope.loads(name)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute) and node.value in loads:
                loads.remove(node.value)
                members.add(node.attr)
                become(node, ast.Name(self.linker.unique(module, node.attr), node.ctx))
        if loads:
            raise NotImplementedError(f"{self.name}: the module {name} is used as a value")
        return members

    def _rename_modules(self) -> None:
        """The strings that name modules."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
                if node.value in self.linker.separate or _is_prefix(node.value, self.linker.separate):
                    node.value = _flat(node.value)


class _Replace(ast.NodeTransformer):
    def __init__(self, new: Mapping[ast.AST, list[ast.stmt]]):
        self.new = new

    def visit(self, node: ast.AST) -> ast.AST | list[ast.stmt]:
        return self.new[node] or [ast.Pass()] if node in self.new else self.generic_visit(node)


def _collect_after_imports(tree: ast.Module) -> None:
    """Loading the bundle leaves some 20 KB that only its own module code needed, between the functions that
    stay: to be reused from the first object on, or the heap is full of gaps."""
    last = max(
        (i for i, node in enumerate(tree.body) if isinstance(node, ast.Import | ast.ImportFrom)), default=-1
    )
    tree.body[last + 1 : last + 1] = ast.parse("import gc\ngc.collect()").body


def _import(module: str, name: str, alias: str) -> ast.stmt:
    names = [ast.alias(name, None if alias == name else alias)]
    return ast.ImportFrom(module, names, 0) if module else ast.Import(names)


def _flat(name: str) -> str:
    return name.replace(".", "_")


def _is_prefix(word: str, modules: Collection[str]) -> bool:
    return word.endswith(".") and any(name.startswith(word) for name in modules)


def _named_in_strings(trees: Mapping[str, ast.Module]) -> list[str]:
    words = strings(trees)
    prefixes = tuple(word for word in words if _is_prefix(word, trees))
    return [name for name in trees if "." in name and (name in words or name.startswith(prefixes))]
