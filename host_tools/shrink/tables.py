"""State tables (ata.base.fsm) name methods of their owner by strings: which strings these are."""

import ast
from collections.abc import Iterator, Mapping

from host_tools.shrink.constants import assignments
from host_tools.shrink.scopes import analyse


def action_strings(trees: Mapping[str, ast.Module]) -> list[ast.Constant]:
    """The action constants of all {state: (timeout, {event: (next state, action)})}. (timeout, {…}) may be a
    global of the module."""
    found: list[ast.Constant] = []
    for tree in trees.values():
        values = dict(assignments(tree, analyse(tree)))
        for value in values.values():
            for row in _rows(value, values):
                action = row.elts[1] if isinstance(row, ast.Tuple) and len(row.elts) == 2 else None
                if isinstance(action, ast.Constant) and isinstance(action.value, str):
                    found.append(action)
    return found


def _rows(table: ast.expr, values: Mapping[str, ast.expr]) -> Iterator[ast.expr]:
    """The (next state, action) expressions of a dictionary, if it is a state table."""
    if isinstance(table, ast.Dict):
        states = [values.get(state.id) if isinstance(state, ast.Name) else state for state in table.values]
        events = [state.elts[1] for state in states if isinstance(state, ast.Tuple) and len(state.elts) == 2]
        if len(events) == len(states) and all(isinstance(event, ast.Dict) for event in events):
            for event in events:
                yield from event.values if isinstance(event, ast.Dict) else ()
