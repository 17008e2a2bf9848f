"""The digit map: is what was dialled a number, the beginning of one, or neither (RFC 3435 §2.1.5)?

    *xx.T|[2-8]xx|<9:>0x.T|112

    0-9 * # A-D   that digit
    x             any of 0-9
    [1-46*]       one of these
    .             the item before it, any number of times or not at all
    T             at the end: longer numbers may follow, so it is complete when no digit comes for a while
    a|b           either; (a|b) is the same
    <9:0041>      digits in place of others: "9" is dialled, "0041" is sent; <:0> adds, <9:> removes;
                  once in an alternative, where no "." is before it

A number that one alternative matches is complete at once, as the RFC says, even if another could go on; but
an alternative that ends in "." without T is taken to have the T, or it would be complete too soon. Blanks
mean nothing. Matching takes time in proportion to digits × items and keeps nothing between calls.
"""

from ata.base.errors import ConfigError

NONE = 0  # no number begins like this
PARTIAL = 1  # more digits are needed
COMPLETE_AFTER_T = 2  # a number, but there are longer ones
COMPLETE = 3

_DIGITS = "0123456789*#ABCD"
_ANY = 0x3FF  # x: bits of _DIGITS
_REPEAT = 1 << 16
_MOST_ITEMS = 28  # of an alternative: a set of places in it is one small integer
_MOST_ALTERNATIVES = 40
_MOST_DIGITS = 64


class DialPlan:
    """`text`: the digit map. `extra`: numbers that are complete at once whatever the map says.

    ConfigError names the position of what is wrong (key "dial.plan").
    """

    def __init__(self, text, extra=()):
        self._extra = tuple(extra)
        self._alternatives = _compile(text)

    def match(self, digits):
        """(NONE, PARTIAL, COMPLETE_AFTER_T or COMPLETE; the number as the map rewrites it)."""
        best = NONE
        number = digits
        if not digits:
            return PARTIAL, number
        if digits in self._extra:
            return COMPLETE, number
        for known in self._extra:
            if known.startswith(digits):
                best = PARTIAL
        if len(digits) > _MOST_DIGITS:
            return NONE, number
        for items, timed, start, end, text in self._alternatives:
            verdict = _match(items, timed, digits)
            if verdict > best:
                best = verdict
                number = digits
                if verdict > PARTIAL and start >= 0:
                    number = digits[:start] + text + digits[end:]
        return (best, number) if number else (PARTIAL, digits)


def _match(items, timed, digits):
    count = len(items)
    places = 1  # bit i: the next digit may be that of item i; bit `count`: all were there
    for digit in digits:
        bit = _DIGITS.find(digit)
        reached = 0
        for i in range(count):
            if places >> i & 1:
                item = items[i]
                if item & _REPEAT:
                    places |= 2 << i  # it may be left out
                if bit >= 0 and item >> bit & 1:
                    reached |= (1 if item & _REPEAT else 2) << i
        places = reached
        if not places:
            return NONE
    for i in range(count):
        if places >> i & 1 and items[i] & _REPEAT:
            places |= 2 << i
    if places >> count & 1 == 0:
        return PARTIAL
    return COMPLETE_AFTER_T if timed else COMPLETE


def _compile(text):
    """→ list of (items, timed, start, end, replacement); an item is a set of bits of _DIGITS, and _REPEAT."""
    alternatives = []
    items = []
    timed = False
    start = end = -1  # the digits that are replaced
    replacement = ""
    part = ""  # "[", "-" in a set; "<", ":" in a replacement
    group = 0  # the set
    first = -1  # the last digit in the set, where a range may begin
    closed = False
    for i in range(1, len(text) + 2):
        # A slice: a letter that an index or an iteration gives is interned, for ever.
        c = text[i - 1 : i] or "|"
        bit = _DIGITS.find(c)
        ok = not closed or c in " |"
        if c == " ":
            pass
        elif part == "[":
            if c == "]" and group:
                items.append(group)
                part = ""
            elif c == "-" and 0 <= first < 10:
                part = "-"
            else:
                ok = bit >= 0
                group |= 1 << bit if ok else 0
                first = bit
        elif part == "-":
            ok = first < bit < 10
            while first < bit:
                first += 1
                group |= 1 << first
            first = -1
            part = "["
        elif part == ":" and c != ">":
            ok = bit >= 0
            replacement += c
        elif c == "|" and closed:
            pass
        elif c == "|" or (c == ")" and text[:1] == "("):
            ok = ok and part == "" and 0 < len(items) <= _MOST_ITEMS
            ok = ok and len(alternatives) < _MOST_ALTERNATIVES
            if ok:
                timed = timed or items[-1] & _REPEAT > 0
                alternatives.append((tuple(items), timed, start, end, replacement))
            items = []
            timed = False
            start = end = -1
            replacement = ""
            closed = c == ")"
        elif timed:
            ok = False
        elif bit >= 0:
            items.append(1 << bit)
        elif c in "xX":
            items.append(_ANY)
        elif c == "[":
            group = 0
            first = -1
            part = c
        elif c in ".Tt":
            ok = items and part == "" and end != len(items)
            if c != ".":
                timed = True
            elif ok:
                items[-1] |= _REPEAT
        elif c == "<":
            ok = start < 0
            for item in items:
                ok = ok and item < _REPEAT
            start = len(items)
            part = c
        elif c == ":" and part == "<":
            end = len(items)
            part = c
        elif c == ">" and part == ":":
            part = ""
        else:
            ok = c == "(" and i == 1
        if not ok:
            where = "character %d, %s," % (i, c) if i <= len(text) else "the end"
            raise ConfigError("dial.plan", text[:60], where + " is not expected there")
    if text[:1] == "(" and not closed:
        raise ConfigError("dial.plan", text[:60], "the ( is not closed")
    return alternatives
