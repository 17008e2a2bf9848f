"""The digit map against regular expressions, and against nonsense."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from ata.base.errors import ConfigError
from ata.call.dialplan import COMPLETE, COMPLETE_AFTER_T, NONE, PARTIAL, DialPlan

items = st.sampled_from(["0", "1", "9", "*", "x", "[0-2]", "[19*]"])
parts = st.tuples(items, st.sampled_from(["", "", "."])).map("".join)
alternatives = st.tuples(st.lists(parts, min_size=1, max_size=5).map("".join), st.sampled_from(["", "T"]))
maps = st.lists(alternatives, min_size=1, max_size=4)
dialled = st.text("0129*#", max_size=7)


def expression(alternative: str) -> str:
    return alternative.replace("*", r"\*").replace(".", "*").replace("x", "[0-9]")


def expected(plan: list[tuple[str, str]], digits: str) -> int:
    """What RFC 3435 §2.1.5 says, by brute force: PARTIAL if some longer string matches."""
    best = NONE
    for alternative, timer in plan:
        pattern = re.compile(expression(alternative))
        if pattern.fullmatch(digits):
            best = max(best, COMPLETE_AFTER_T if timer or alternative.endswith(".") else COMPLETE)
        elif any(pattern.fullmatch(digits + rest) for rest in CONTINUATIONS):
            best = max(best, PARTIAL)
    return best if digits else PARTIAL


# Every continuation of up to five symbols, one symbol of each class that the maps above can tell apart.
CONTINUATIONS = [""]
for _ in range(5):
    CONTINUATIONS += [rest + c for rest in CONTINUATIONS for c in "019*" if len(rest) < 5]
CONTINUATIONS = sorted(set(CONTINUATIONS), key=len)


@given(maps, dialled)
@settings(max_examples=300, deadline=None)
def test_the_verdict_is_that_of_the_regular_expressions(plan, digits):
    text = "|".join(alternative + timer for alternative, timer in plan)
    assert DialPlan(text).match(digits) == (expected(plan, digits), digits)


@given(st.text(max_size=60) | st.text("0123456789*#xT.[]()<>:|- ", max_size=60), dialled)
@settings(max_examples=1500, deadline=None)
def test_any_text_is_a_map_or_a_config_error(text, digits):
    try:
        plan = DialPlan(text)
    except ConfigError as error:
        assert error.key == "dial.plan" and str(error)
        return
    verdict, number = plan.match(digits)
    assert NONE <= verdict <= COMPLETE
    assert number or not digits


@given(maps, st.text("0129*", min_size=1, max_size=7))
@settings(max_examples=300, deadline=None)
def test_every_beginning_of_a_number_is_accepted(plan, digits):
    machine = DialPlan("|".join(alternative + timer for alternative, timer in plan))
    if machine.match(digits)[0] != NONE:
        for i in range(len(digits)):
            assert machine.match(digits[:i])[0] != NONE
