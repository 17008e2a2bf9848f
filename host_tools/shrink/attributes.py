"""Attributes and methods: which have to keep their names, and which of the others cannot share one.

Two attributes can have one name if no object has both. Objects are known by their classes, so this stands on
a rule of the house: an object has the attributes that its class gives it (a method, a class variable, what a
method sets on self) and no others.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from host_tools.shrink.program import FunctionDef
from host_tools.shrink.rom import BOARD_NAMES, ROM_NAMES
from host_tools.shrink.scopes import Scope


class Attributes:
    """`members`: family of classes → all attributes of its objects; classes that inherit from each other are
    one family. `renamable`: attribute → the families that have it, most frequent first; empty if it is only
    ever set from outside, on objects of who knows which. `builtin`: families that inherit from a built-in
    class.

    What keeps its name is not renamable: what has a string of its name (getattr, dictionaries, messages)
    unless that is one of `actions`, strings that name methods, what may be an attribute of something from
    outside the program, and what is in ROM already.
    """

    def __init__(
        self, trees: Mapping[str, ast.Module], modules: Mapping[str, Scope], actions: Sequence[ast.Constant]
    ):
        self._actions = actions
        self._places: list[tuple[ast.AST, str]] = []  # node and field that hold an attribute's name
        self._family, self.builtin = _families(trees)
        self.members: dict[int, set[str]] = defaultdict(set)
        for module in modules.values():
            for scope in module.everything():
                if isinstance(scope.node, ast.ClassDef):
                    self._read_class(scope, self._family[scope.node.name])
        self._places += [
            (node, "attr")
            for tree in trees.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
        ]
        count = Counter([getattr(node, field) for node, field in self._places])
        fixed = self._fixed(trees, modules)
        self.renamable = {
            name: [family for family, names in self.members.items() if name in names]
            for name, _ in count.most_common()
            if name not in fixed
        }

    def rename(self, new: Mapping[str, str]) -> None:
        for node, field in self._places:
            old = getattr(node, field)
            setattr(node, field, new.get(old, old))
        for action in self._actions:
            action.value = new.get(str(action.value), action.value)

    def _read_class(self, scope: Scope, family: int) -> None:
        assert isinstance(scope.node, ast.ClassDef)
        for name, refs in scope.owned.items():
            self.members[family].add(name)
            self._places += [(ref.node, ref.field) for ref in refs]
        for method in scope.node.body:
            if isinstance(method, FunctionDef) and method.args.args:
                own = method.args.args[0].arg
                for node in ast.walk(method):
                    if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                        if isinstance(node.value, ast.Name) and node.value.id == own:
                            self.members[family].add(node.attr)

    def _fixed(self, trees: Mapping[str, ast.Module], modules: Mapping[str, Scope]) -> set[str]:
        ours = set().union(*self.members.values())
        ours.update(
            node.attr
            for node, _ in self._places
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
        )
        used = {getattr(node, field) for node, field in self._places}
        fixed = {name for name in used if name.startswith("__") or name not in ours} | ROM_NAMES | BOARD_NAMES
        actions = set(map(id, self._actions))
        for tree in trees.values():
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in actions:
                    fixed.add(node.value)
        for module in modules.values():
            outside = _from_outside(module, trees)
            for node in ast.walk(module.node):
                if isinstance(node, ast.Attribute) and _root(node) in outside:
                    fixed.add(node.attr)
        return fixed


def _families(trees: Mapping[str, ast.Module]) -> tuple[dict[str, int], set[int]]:
    """Class name → number of its family; the families that inherit from outside the program."""
    classes = [node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    family = {node.name: number for number, node in enumerate(classes)}
    outside: list[str] = []
    for node in classes:
        for base in node.bases:
            if isinstance(base, ast.Name) and base.id in family:
                old, new = family[base.id], family[node.name]
                family = {name: new if number == old else number for name, number in family.items()}
            else:
                outside.append(node.name)
    return family, {family[name] for name in outside}


def _from_outside(module: Scope, trees: Mapping[str, ast.Module]) -> set[ast.AST]:
    """The Name nodes that are something imported from outside the program."""
    imported: set[ast.AST] = {
        alias
        for node in ast.walk(module.node)
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module not in trees)
        for alias in node.names
    }
    return {
        ref.node
        for scope in module.everything()
        for refs in scope.owned.values()
        if any(ref.node in imported for ref in refs)
        for ref in refs
    }


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node
