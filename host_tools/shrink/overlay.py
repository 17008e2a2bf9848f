"""Puts functions that run only now and then into modules of their own, loaded when one is called.

Why: the bytecode of a .mpy file stays on the heap as long as its module, and most of it runs once a call or
once a start. A function that has a place in host_tools.shrink.places leaves the bundle for the overlay there.
What stays is

* for a method, nothing: its class gets a `__getattr__`, which MicroPython asks for attributes that neither
  the object nor its class has; it loads the overlay and binds the function to the object,
* for `__init__` and for functions of a module, a few bytes that load the overlay and go on there.

Which of them run is counted, so that those that do not can make room for the next one.

An overlay imports what it mentions of the bundle: nothing of the firmware is ever rebound. Those that are
loaded stay until ata.base.unload.drop_overlays() forgets them. Viper code (its memory does not come back),
properties and what runs in the 20 ms step do not move. The sources know nothing of all this.
"""

import ast
import keyword
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from host_tools.shrink.program import FunctionDef
from host_tools.shrink.rom import ROM_NAMES
from host_tools.shrink.scopes import analyse

PREFIX = "ata__"  # of the modules' names, until host_tools.shrink.files gives them others
_IMPORT = ast.Import | ast.ImportFrom
# Names that the renaming gives to nothing.
_BIND, _CALL, _FIND, _LIVE, _REST = "_o", "_c", "_f", "_l", "_a"
# Bytes: before one is loaded, those that do not run go if there is less. Two of them, and what a call makes.
_LEAST_FREE = 12000
_DROP = "base_unload__drop_overlays"
_RUNNING = "base_unload__running"  # the firmware's count of them
_STARTED = "base_unload__started"  # takes the constructors away that are called at start only, by
_TAKE_AWAY, _DONE = "_d", "done"
_HELPERS = f"""
import sys
def {_FIND}(module, holder, name):
    if module not in sys.modules:
        DROP({_LEAST_FREE}, {_LIVE})
        {_LIVE}.setdefault(module, 0)
    module = __import__(module)
    return getattr(getattr(module, holder) if holder else module, name)

def {_CALL}(f, module, {_REST}):
    {_LIVE}[module] += 1
    try:
        return f(*{_REST})
    finally:
        {_LIVE}[module] -= 1

def {_BIND}(module, holder, name, self):
    f = {_FIND}(module, holder, name)
    return lambda *{_REST}: {_CALL}(f, module, (self,) + {_REST})
"""


_Moved = dict[str, tuple[str, str]]  # method → module and class in it


@dataclass
class _Overlay:
    functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = field(default_factory=list)
    methods: dict[str, list[ast.stmt]] = field(default_factory=lambda: defaultdict(list))  # by class

    def body(self) -> list[ast.stmt]:
        holders = [_class(name, body) for name, body in self.methods.items()]
        return [*self.functions, *holders]


def _class(name: str, body: list[ast.stmt]) -> ast.stmt:
    node = ast.parse(f"class {name}: pass").body[0]
    assert isinstance(node, ast.ClassDef)
    node.body = body
    return node


def holders(bundle: ast.Module) -> dict[str, str]:
    """Class → the name of its part in an overlay: one that is in ROM, and that no global has."""
    classes = [node.name for node in bundle.body if isinstance(node, ast.ClassDef)]
    free = sorted(ROM_NAMES - analyse(bundle).bound - {*classes, _BIND, _CALL, _FIND, _LIVE})
    free = [name for name in free if name.isidentifier() and not keyword.iskeyword(name)]
    return {name: free[i] if i < len(free) else name + "_" for i, name in enumerate(classes)}


def labels(tree: ast.Module) -> dict[int, str]:
    """id of each node → "sip_ua__UserAgent", "sip_ua__UserAgent.receive", "sip_ua___line". Ask before
    the renaming."""
    found = {}
    for node in tree.body:
        if isinstance(node, FunctionDef):
            found[id(node)] = node.name
        elif isinstance(node, ast.ClassDef):
            found[id(node)] = node.name
            for method in node.body:
                if isinstance(method, FunctionDef):
                    found[id(method)] = f"{node.name}.{method.name}"
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[id(node)] = node.targets[0].id
    return found


def split(
    trees: Mapping[str, ast.Module],
    known: Mapping[int, str],
    places: Mapping[str, str],
    once: Collection[str],
    bundle: str,
) -> dict[str, ast.Module]:
    """Take functions out of the renamed `bundle` of `trees`. → overlays by module name.

    `known`: what labels() said; `places`: label → overlay; `once`: labels of the constructors in one that are
    not called after the start. ValueError for a function that cannot be moved."""
    tree = trees[bundle]
    found = {node: places[label] for node, label in known.items() if label in places}
    overlays: dict[str, _Overlay] = defaultdict(_Overlay)
    home: dict[str, str] = {}  # function of the bundle → overlay
    body: list[ast.stmt] = []
    moved: dict[str, _Moved] = {}
    parts = holders(tree)
    for node in tree.body:
        place = found.get(id(node))
        if isinstance(node, FunctionDef) and place:
            _movable(node)
            overlays[place].functions.append(node)
            home[node.name] = place
        else:
            body.append(node)
            if isinstance(node, ast.ClassDef):
                _split_class(node, found, overlays, moved, tree, parts[node.name])
    tree.body = body
    started = next((node for node in body if known.get(id(node)) == _STARTED), None)
    names = [node.name for node in body if isinstance(node, ast.ClassDef) and _label(known, node) in once]
    if names and isinstance(started, ast.FunctionDef):
        _take_away(overlays, started, names)
    wanted = analyse(tree).seen_anywhere().union(*(_imports(each, bundle) for each in trees.values()))
    tree.body += [stub for name in home if name in wanted for stub in _stub(name, home[name])]
    if overlays:
        last = max((i for i, node in enumerate(body) if isinstance(node, _IMPORT)), default=-1)
        drop = [node.name for node in body if isinstance(node, FunctionDef) and known.get(id(node)) == _DROP]
        helpers = _HELPERS.replace("DROP", drop[0] if drop else "slice")  # slice: does nothing
        tree.body[last + 1 : last + 1] = ast.parse(helpers).body
        counted = [
            ast.unparse(node.targets[0])
            for node in body
            if isinstance(node, ast.Assign) and known.get(id(node)) == _RUNNING
        ]
        tree.body += ast.parse(f"{_LIVE} = {counted[0] if counted else {}}").body
    there = analyse(tree).bound
    return {PREFIX + name: _module(each, home, there, bundle) for name, each in overlays.items()}


def _take_away(overlays: Mapping[str, _Overlay], started: ast.FunctionDef, classes: Sequence[str]) -> None:
    """Let `started` delete the constructors of `classes`. What does it is in an overlay of its own."""
    lines = [f"    del {name}.__init__" for name in classes]
    [function] = ast.parse("\n".join([f"def {_TAKE_AWAY}():", *lines])).body
    assert isinstance(function, ast.FunctionDef)
    overlays[_DONE].functions.append(function)
    started.body = ast.parse(_call(PREFIX + _DONE, "", _TAKE_AWAY, "()")).body


def _label(known: Mapping[int, str], node: ast.ClassDef) -> str:
    return f"{known.get(id(node), '')}.__init__"


def _movable(node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    if node.decorator_list or (node.name.startswith("__") and node.name != "__init__"):
        raise ValueError(f"{node.name}: with a decorator or a meaning of its own, not for an overlay")


def _not_hidden(node: ast.ClassDef, own: _Moved, tree: ast.Module) -> None:
    """ValueError if a base keeps a method that `node` has moved: MicroPython would find that one."""
    classes = {each.name: each for each in tree.body if isinstance(each, ast.ClassDef)}
    waiting = [base.id for base in node.bases if isinstance(base, ast.Name)]
    while waiting:
        base = classes.get(waiting.pop())
        if base is not None:
            hidden = own.keys() & {each.name for each in base.body if isinstance(each, FunctionDef)}
            if hidden:
                raise ValueError(f"{hidden}: a base of their class has them too, not for an overlay")
            waiting += [each.id for each in base.bases if isinstance(each, ast.Name)]


def _split_class(
    node: ast.ClassDef,
    found: Mapping[int, str],
    overlays: Mapping[str, _Overlay],
    moved: dict[str, _Moved],
    tree: ast.Module,
    home: str,
) -> None:
    """`moved`: class → where its methods went, those of its bases among them. `home`: see holders()."""
    own: _Moved = {}
    body: list[ast.stmt] = []
    for method in node.body:
        place = found.get(id(method))
        if place is None or not isinstance(method, FunctionDef):
            body.append(method)
            continue
        _movable(method)
        overlays[place].methods[home].append(method)
        if method.name == "__init__":
            call = _call(PREFIX + place, home, "__init__", _REST)
            body += ast.parse(f"def __init__(*{_REST}): {call}").body
        else:
            own[method.name] = (PREFIX + place, home)
    bases = [moved.get(base.id, {}) for base in node.bases if isinstance(base, ast.Name)]
    _not_hidden(node, own, tree)
    moved[node.name] = {name: where for each in [*reversed(bases), own] for name, where in each.items()}
    if own:
        # It hides the __getattr__ of a base, and so knows its methods too.
        names: dict[tuple[str, str], list[str]] = defaultdict(list)
        for name, where in moved[node.name].items():
            names[where].append(name)
        *others, last = sorted(names, key=lambda where: len(names[where]))
        which = [repr(word) for word in last]
        if len({home for _, home in names}) == 1:  # one class
            for where in others:
                which[0] = f"{where[0]!r} if name in {tuple(names[where])!r} else {which[0]}"
            call = f"{_BIND}({which[0]}, {which[1]}, name, self)"
        else:
            both = repr(last)
            for where in others:
                both = f"{where!r} if name in {tuple(names[where])!r} else {both}"
            call = f"{_BIND}(*({both}), name, self)"
        body += ast.parse(f"def __getattr__(self, name): return {call}").body
    node.body = body or [ast.Pass()]


def _imports(tree: ast.Module, module: str) -> set[str]:
    """What `tree` imports from `module`."""
    return {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
    }


def _stub(name: str, place: str) -> list[ast.stmt]:
    return ast.parse(f"def {name}(*{_REST}): return {_call(PREFIX + place, '', name, _REST)}").body


def _call(module: str, part: str, name: str, arguments: str) -> str:
    return f"{_CALL}({_FIND}({module!r}, {part!r}, {name!r}), {module!r}, {arguments})"


def look_up(module: str, name: str) -> str:
    """Source for the global `name` of the overlay that the expression `module` names."""
    return f"{_FIND}({module}, '', {name!r})"


def _module(overlay: _Overlay, home: Mapping[str, str], there: set[str], bundle: str) -> ast.Module:
    module = ast.Module(overlay.body(), [])
    own = {node.name for node in overlay.functions}
    needed = analyse(module).seen_anywhere() - own
    elsewhere = {word for word in needed if word in home and word not in there}
    imported = sorted((needed & there) - elsewhere)
    module.body[:0] = [stub for word in sorted(elsewhere) for stub in _stub(word, home[word])]
    imported += [name for name in (_CALL, _FIND) if elsewhere and name not in imported]
    if imported:
        module.body.insert(0, ast.ImportFrom(bundle, [ast.alias(word) for word in imported], 0))
    _name_aliases(module)
    return module


def _name_aliases(module: ast.Module) -> None:
    for node in ast.walk(module):
        if isinstance(node, ast.alias) and node.asname == node.name:
            node.asname = None
