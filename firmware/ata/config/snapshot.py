"""The settings as one immutable snapshot, made from JSON text through the schema.

load(text) -> Snapshot        ConfigError says key, value and what is allowed, or the line of a JSON error
snapshot.get("sip.port")      the value, or the default
diff(old, new)                the keys whose values differ
"""

import io
import json

from ata.base.errors import ConfigError
from ata.config import schema

_LONGEST = 16384  # bytes of JSON text
_DEEPEST = 6  # brackets inside brackets

# If neither is 0 (which stands for "as the region says"), the first must not be above the second.
_ORDERED = (
    ("rtp.jitter_min", "rtp.jitter_max"),
    ("hook.flash_min", "hook.flash_max"),
    ("hook.pulse_break_min", "hook.pulse_break_max"),
)


class Snapshot:
    """Made by load(); only what differs from nothing said is kept."""

    def __init__(self, values):
        self._values = values  # key → checked value

    def get(self, key):
        """The value of a known key: int, bool, str, tuple of str (list), or dict (directory; a copy)."""
        value = self._values.get(key)
        if value is None:
            value = schema.default(key)
        return dict(value) if isinstance(value, dict) else value

    def public(self):
        """Every key → value, with "***" for each secret that is set."""
        shown = {}
        for key in schema.keys():
            value = self.get(key)
            shown[key] = "***" if value and schema.has_flag(key, "secret") else value
        return shown


def load(text):
    """JSON text (str or bytes) → Snapshot. An object inside an object is a dot of the key."""
    if len(text) > _LONGEST:
        raise ConfigError("", "%d bytes" % len(text), "the settings may have %d" % _LONGEST)
    try:
        if not isinstance(text, str):
            text = bytes(text).decode()
    except UnicodeError:
        text = None
    if text is None:
        raise ConfigError("", "the settings", "not UTF-8 text")
    given = _parse(text)
    if not isinstance(given, dict):
        raise ConfigError("", "the settings", 'must be one JSON object, {"key": value, ...}')
    values = {}
    _flatten(given, "", values)
    found = Snapshot(values)
    for low, high in _ORDERED:
        least = values.get(low, 0)  # the defaults are in order with whatever the other may be
        most = values.get(high, 0)
        if least and most and least > most:
            raise ConfigError(high, most, "not less than %s, which is %d" % (low, least))
    number = found.get("port.1.number")
    if number == found.get("port.2.number"):
        raise ConfigError("port.2.number", number, "not the number of port 1")
    return found


def diff(old, new):
    """The keys whose values differ between two snapshots, sorted."""
    changed = []
    for key in schema.keys():
        if old.get(key) != new.get(key):
            changed.append(key)
    return sorted(changed)


def _parse(text):
    line = _unbalanced(text)
    if line == 0:
        stream = io.StringIO(text)  # type: Any
        try:
            return json.load(stream)
        except ValueError as error:
            line = getattr(error, "lineno", 0)  # CPython's says it; MicroPython stops reading there
        if line == 0:
            line = 1 + text.count("\n") - stream.read().count("\n")
    raise ConfigError("", "line %d" % line, "not JSON: a comma, colon, quote or bracket too few or too many?")


def _unbalanced(text):
    """The line where brackets or quotes do not match, or 0. Some MicroPythons take text that was cut off."""
    line = 1
    depth = 0
    quoted = escaped = False
    for c in text.encode():  # as numbers: each letter of a string would be interned, for ever
        if c == 0x0A:
            line += 1
        if escaped:
            escaped = False
        elif c == 0x22:
            quoted = not quoted
        elif quoted:
            escaped = c == 0x5C
        elif c == 0x7B or c == 0x5B:
            depth += 1
        elif c == 0x7D or c == 0x5D:
            depth -= 1
        if not 0 <= depth <= _DEEPEST:
            return line
    return line if depth or quoted else 0


def _flatten(given, prefix, values):
    for name, value in given.items():
        key = "%s%s" % (prefix, name)
        if isinstance(value, dict) and schema.row(key) is None and key.count(".") < 2:
            _flatten(value, key + ".", values)
        else:
            values[key] = schema.check(key, value)
