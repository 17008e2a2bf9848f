"""State tables (ata.base.fsm) become constants: rows() is done here, once, and not at each start.

Why: the compiler keeps each (next state, action) that a source shows as a constant, for as long as the module
lives, also when the table made of them is long complete. As one constant tuple a state's row is 12 bytes an
event and nothing else.

Those of the bundle then leave it: a table is looked into when something happens, and its rows and the names
of its events and states are 5 KB. In the bundle a number stands for each. As lines of text, of which the
one that is wanted is split into words, a table is half of what its tuples and strings would be.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping

from host_tools.shrink.constants import assignments
from host_tools.shrink.overlay import PREFIX, look_up
from host_tools.shrink.program import FunctionDef
from host_tools.shrink.scopes import analyse

_ROWS = "fsm__rows"  # as the linked program calls it, behind the name of the package
_ROW_OF = "base_fsm__row_of"  # looks into a table
_TABLES = "all"  # in a module of tables: a name that is in ROM
_MOST = 8  # tables in one of them


def flatten(trees: Mapping[str, ast.Module]) -> tuple[list[ast.Constant], dict[int, str]]:
    """Replace each `TABLE = rows({state: (timeout, {event: (next state, action)})})` of the linked program by
    what rows() makes of it. -> the actions: strings that name methods of the table's owner; and id of the
    assignment of a table -> the module of the sources that it is from.

    A part of a table may be a global of its module. Raises ValueError for a table that is not plain data."""
    actions: list[ast.Constant] = []
    tables: dict[int, str] = {}
    for tree in trees.values():
        values = dict(assignments(tree, analyse(tree)))
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and _is_rows(node.value):
                assert isinstance(node.value, ast.Call)
                node.value = _flat(node.value.args[0], values, actions)
                tables[id(node)] = ast.unparse(node.targets[0]).partition("__")[0]
    return actions, tables


def take_out(
    tree: ast.Module, functions: Mapping[int, str], tables: Mapping[int, str]
) -> dict[str, ast.Module]:
    """Take the flat tables out of the renamed bundle `tree`. → modules of tables by name.

    `functions`: what overlay.labels() said; `tables`: id of the assignment of a table → module of the sources
    that it is from."""
    found: dict[str, list[ast.expr]] = defaultdict(list)
    look = next((node for node in tree.body if functions.get(id(node)) == _ROW_OF), None)
    if not isinstance(look, FunctionDef):
        return {}
    for node in tree.body:
        if id(node) in tables and isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            module = tables[id(node)]
            found[module].append(ast.Tuple([ast.Constant(line) for line in _lines(node.value)], ast.Load()))
            node.value = ast.Constant(_MOST * list(found).index(module) + len(found[module]) - 1)
    names = {module: f"{PREFIX}states_{module.rpartition('_')[2]}" for module in found}
    if found:
        table, state = [argument.arg for argument in look.args.args]
        module = f"{tuple(names.values())!r}[{table} // {_MOST}]"
        # A table of another module than the bundle is what it was.
        look.body = ast.parse(
            f"if not isinstance({table}, int): return {table}[{state}]\n"
            f"for {table} in {look_up(module, _TABLES)}[{table} % {_MOST}]:\n"
            f"    if {table}.startswith({state} + ' '):\n"
            f"        return [None if {state} == '-' else {state} for {state} in {table}.split(' ')[1:]]"
        ).body
    return {
        names[module]: ast.Module(
            [ast.Assign([ast.Name(_TABLES, ast.Store())], ast.Tuple(texts, ast.Load()))], []
        )
        for module, texts in found.items()
    }


def _lines(table: ast.Dict) -> Iterator[str]:
    """A line for each state: its name, its timeout, and event, next state and action again and again; "-" for
    None. Raises ValueError for what is not a name."""
    for state, row in zip(table.keys, table.values, strict=True):
        assert isinstance(row, ast.Tuple)
        words: list[str] = []
        for node in (state, *row.elts):
            word = ast.literal_eval(node) if node else None
            if word is not None and not (isinstance(word, str) and word.replace("_", "").isalnum()):
                raise ValueError(f"a state table of the bundle holds names, not {word!r}")
            words.append(word or "-")
        yield " ".join(words)


def _is_rows(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id.endswith(_ROWS)


def _flat(table: ast.expr, values: Mapping[str, ast.expr], actions: list[ast.Constant]) -> ast.Dict:
    def plain(node: ast.expr | None) -> ast.expr | None:
        return values.get(node.id) if isinstance(node, ast.Name) else node

    table = plain(table) or table
    if not isinstance(table, ast.Dict):
        raise ValueError(f"a state table is a dictionary, not {ast.unparse(table)}")
    rows: list[ast.expr] = []
    for state in table.values:
        row = plain(state)
        events = plain(row.elts[1]) if isinstance(row, ast.Tuple) and len(row.elts) == 2 else None
        if not isinstance(row, ast.Tuple) or not isinstance(events, ast.Dict):
            raise ValueError(f"a state has (timeout, {{event: …}}), not {ast.unparse(state)}")
        flat = [row.elts[0]]
        for event, value in zip(events.keys, events.values, strict=True):
            entry = plain(value)
            if event is None or not isinstance(entry, ast.Tuple) or len(entry.elts) != 2:
                raise ValueError(f"an event has (next state, action), not {ast.unparse(value)}")
            after, action = entry.elts
            # A node of its own each time: a global may be in many rows, and each is renamed.
            if isinstance(action, ast.Constant):
                action = ast.Constant(action.value)
                if isinstance(action.value, str):
                    actions.append(action)
            flat += [event, after, action]
        rows.append(ast.Tuple(flat, ast.Load()))
    return ast.Dict(table.keys, rows)
