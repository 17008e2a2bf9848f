"""State tables (ata.base.fsm) become constants: rows() is done here, once, and not at each start.

Why: the compiler keeps each (next state, action) that a source shows as a constant, for as long as the module
lives, also when the table made of them is long complete. As one constant tuple a state's row is 12 bytes an
event and nothing else.
"""

import ast
from collections.abc import Mapping

from host_tools.shrink.constants import assignments
from host_tools.shrink.scopes import analyse

_ROWS = "fsm__rows"  # as the linked program calls it, behind the name of the package


def flatten(trees: Mapping[str, ast.Module]) -> list[ast.Constant]:
    """Replace each `TABLE = rows({state: (timeout, {event: (next state, action)})})` of the linked program by
    what rows() makes of it. -> the actions: strings that name methods of the table's owner.

    A part of a table may be a global of its module. Raises ValueError for a table that is not plain data."""
    actions: list[ast.Constant] = []
    for tree in trees.values():
        values = dict(assignments(tree, analyse(tree)))
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and _is_rows(node.value):
                assert isinstance(node.value, ast.Call)
                node.value = _flat(node.value.args[0], values, actions)
    return actions


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
