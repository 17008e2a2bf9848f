"""Gives the whole program few, short, shared names, of those that are in ROM already as far as they go.

Why: on MicroPython every distinct name is an interned string on the heap, 7 to 9 bytes and its letters, the
table of them doubles when it is full, and code that mentions one of the 128 most frequent is a byte shorter
(order.py). What keeps its name, besides the attributes that have to (attributes.py):

* exceptions, whose names are shown,
* parameters that are passed by keyword somewhere,
* globals of a module of its own that a string mentions.
"""

import ast
import builtins
import itertools
import keyword
import string
from collections.abc import Callable, Iterator, Mapping, Sequence

from host_tools.shrink.attributes import Attributes
from host_tools.shrink.program import strings
from host_tools.shrink.rom import IN_EVERY_ROM, ROM_NAMES
from host_tools.shrink.scopes import Ref, Scope, analyse

# Names that mean something to the compiler, or to code that expects a built-in function.
_RESERVED = {
    *dir(builtins),
    *keyword.kwlist,
    "const",
    "micropython",
    "self",
    "ptr",
    "ptr8",
    "ptr16",
    "ptr32",
    "uint",
}
_LETTERS = [
    "".join(pair)
    for pair in itertools.product(string.ascii_letters, ["", *string.ascii_lowercase, *string.digits])
]
_POOL = [
    name
    for name in [
        *IN_EVERY_ROM,
        *sorted(ROM_NAMES - set(IN_EVERY_ROM), key=lambda name: (len(name), name)),
        *_LETTERS,
    ]
    if name not in _RESERVED
]


def shorten(trees: Mapping[str, ast.Module], actions: Sequence[ast.Constant] = ()) -> dict[str, str]:
    """Change the linked `trees`; `actions`: strings that name methods. New name → the old ones, blanks
    between them."""
    modules = {name: analyse(tree) for name, tree in trees.items()}
    attributes = Attributes(trees, modules, actions)
    new_attributes = _attribute_names(attributes, strings(trees))
    attributes.rename(new_attributes)
    passed = {
        node.arg
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg
    }
    new_globals = _rename_globals(trees, modules, passed | {"self"})
    for module in modules.values():
        _rename_locals(module, passed | {"self"}, {})
    legend: dict[str, list[str]] = {}
    for old, new in [*new_attributes.items(), *((old, new) for (_, old), new in new_globals.items())]:
        legend.setdefault(new, []).append(old)
    return {new: " ".join(old) for new, old in sorted(legend.items())}


def _attribute_names(attributes: Attributes, words: set[str]) -> dict[str, str]:
    """Old → new. Each attribute gets the first name that no family of classes which has it has already. None
    gets one of `words`: getattr and hasattr may ask for it and must not find another attribute."""
    taken = {family: names - attributes.renamable.keys() for family, names in attributes.members.items()}
    for family in attributes.builtin:
        taken.setdefault(family, set()).update(ROM_NAMES)
    anywhere: set[str] = set()  # names of attributes that any object may have
    new: dict[str, str] = {}
    for name, owners in attributes.renamable.items():
        families = owners or list(taken)
        short = next(
            each
            for each in _POOL
            if each not in words | anywhere and not any(each in taken[family] for family in families)
        )
        new[name] = short
        for family in families:
            taken[family].add(short)
        if not owners:
            anywhere.add(short)
    return new


def _rename_globals(
    trees: Mapping[str, ast.Module], modules: Mapping[str, Scope], fixed: set[str]
) -> dict[tuple[str, str], str]:
    """Rename the globals of each module, and in the imports of the others. (module, old) → new."""
    words = strings(trees)
    new: dict[tuple[str, str], str] = {}
    for name, module in modules.items():
        exceptions = _exceptions(module)
        outside = _outside(module, trees)
        kept = (
            {word for word in module.owned if word in words or word.startswith("__")} | exceptions | outside
        )
        taken = set(kept)
        for word in sorted(module.owned.keys() - kept, key=lambda word: (-len(module.owned[word]), word)):
            # A class body, or a function with a fixed parameter, must not hide the global that it mentions.
            hidden = set().union(*(_fixed_around(ref.scope, fixed) for ref in module.owned[word]))
            short = next(each for each in _POOL if each not in taken and each not in hidden)
            new[name, word] = short
            taken.add(short)
        for word in exceptions:
            new[name, word] = word.partition("__")[2] or word
    for name, module in modules.items():
        for node in ast.walk(module.node):
            if isinstance(node, ast.ImportFrom) and node.module in trees:
                for alias in node.names:
                    alias.name = new.get((node.module or "", alias.name), alias.name)
        _rename(module, lambda word, name=name: new.get((name, word), word))
    return new


def _outside(module: Scope, trees: Mapping[str, ast.Module]) -> set[str]:
    """The globals that are nothing of the program: built-in functions, imports from outside."""
    imported: set[ast.AST] = {
        alias
        for node in ast.walk(module.node)
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module not in trees)
        for alias in node.names
    }
    return {
        word
        for word, refs in module.owned.items()
        if word not in module.bound or any(ref.node in imported for ref in refs)
    }


def _exceptions(module: Scope) -> set[str]:
    """The exception classes that the module defines."""
    known = {name for name, value in vars(builtins).items() if _is_exception(value)}
    ours: set[str] = set()
    for node in ast.iter_child_nodes(module.node):
        if isinstance(node, ast.ClassDef):
            if any(isinstance(base, ast.Name) and base.id in known | ours for base in node.bases):
                ours.add(node.name)
    return ours


def _is_exception(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _fixed_around(scope: Scope | None, fixed: set[str]) -> set[str]:
    """The names that keep theirs, in the scopes from `scope` out to the module."""
    names: set[str] = set()
    while scope is not None and scope.kind != "module":
        if isinstance(scope.node, ast.ClassDef):
            names.update(getattr(ref.node, ref.field) for refs in scope.owned.values() for ref in refs)
        names.update(scope.owned.keys() & fixed)
        scope = scope.parent
    return names


def _rename(scope: Scope, new: Callable[[str], str]) -> None:
    """Rename what the scope owns."""
    owned = dict(scope.owned)
    scope.owned.clear()
    for old, refs in owned.items():
        for ref in refs:
            ref.rename(new(old))
        scope.owned[new(old)] += refs


def _rename_locals(scope: Scope, fixed: set[str], names: dict[int, str]) -> None:
    """Rename the locals of all functions in `scope`. `names`: id of a Ref → its name, for what is outside."""
    for name, refs in scope.owned.items():
        names.update((id(ref), name) for ref in refs)
    for inner in scope.inner:
        if inner.kind == "function":
            free = {names[id(ref)] for ref in _mentioned(inner) if id(ref) in names}
            pool = (name for name in _POOL if name not in free and name not in fixed)
            new = {name: name if name in fixed else next(pool) for name in inner.owned}
            _rename(inner, new.__getitem__)
        _rename_locals(inner, fixed, names)


def _mentioned(scope: Scope) -> Iterator[Ref]:
    for inner in scope.everything():
        for refs in inner.seen.values():
            yield from refs
