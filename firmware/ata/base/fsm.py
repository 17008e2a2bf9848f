"""A state machine as one visible table.

    TABLE = rows({
        #  state       timeout            event          next state     action
        "idle":      (None,          {"off_hook":    ("dial_tone",   "start_dial_tone")}),
        "dial_tone": ("first_digit", {"digit":       ("dialling",    "collect"),
                                      "timeout":     ("howler",      "start_howler"),
                                      "flash":       (None,          None)}),      # known, ignored
    })

* The timeout belongs to the state: the name of an entry of `timeouts` (milliseconds, None for none)
  or a number of milliseconds. It starts when the state is entered, the same state again included;
  a next state of None stays without restarting it. When it runs out the event is "timeout".
* The action is the name of a method of the owner, called as `action(now, *args)` after the state
  has changed. An action may raise further events with `handle`.
* An event that the state's row does not have goes to `unexpected(machine, event)`; without one it
  raises LocalError.
"""

from ata.base.clock import add, due
from ata.base.errors import LocalError


def rows(table):
    """The table as an Fsm takes it, a third of the size: {state: (timeout, event, next state, action, event,
    next state, action …)}."""
    packed = {}
    for state in table:
        timeout, events = table[state]
        row = [timeout]
        for event in events:
            row.append(event)
            row.extend(events[event])
        packed[state] = tuple(row)
    return packed


def row_of(table, state):
    """The row of `state` in what rows() made. The device build writes this function: there the tables are in
    modules that are loaded for a moment (host_tools.shrink.states)."""
    return table[state]


def entries(row):
    """(event, next state, action) of each entry of a state's row."""
    return [tuple(row[at : at + 3]) for at in range(1, len(row), 3)]


def _find(row, event):
    """Where the entry of `event` begins in a row, or 0."""
    for at in range(1, len(row), 3):
        if row[at] == event:
            return at
    return 0


class Fsm:
    """`table`: what rows() made. `owner`: whose methods the actions are."""

    def __init__(self, name, table, owner, state, timeouts=None, unexpected=None):
        self.name = name
        self.state = state
        self.since = 0  # the tick at which the state was entered
        self._table = table
        self._owner = owner
        self._timeouts = timeouts or {}
        self._unexpected = unexpected
        self._deadline = None

    def handle(self, event, now, *args):
        row = row_of(self._table, self.state)
        at = _find(row, event)
        if not at:
            if self._unexpected is None:
                raise LocalError("%s: event %s in state %s" % (self.name, event, self.state))
            self._unexpected(self, event)
            return
        state = row[at + 1]
        action = row[at + 2]
        if state is not None:
            self.state = state
            self.since = now
            timeout = row_of(self._table, state)[0]
            if isinstance(timeout, str):
                timeout = self._timeouts[timeout]
            self._deadline = None if timeout is None else add(now, timeout)
        if action is not None:
            getattr(self._owner, action)(now, *args)

    def knows(self, event):
        """True if the present state has a row for `event`."""
        return _find(row_of(self._table, self.state), event) > 0

    def deadline(self):
        """The tick at which the present state's timeout runs out, or None."""
        return self._deadline

    def tick(self, now):
        """Handle "timeout" if the present state's time is up."""
        if due(self._deadline, now):
            self._deadline = None
            self.handle("timeout", now)
