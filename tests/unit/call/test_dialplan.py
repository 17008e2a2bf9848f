from ata.base.errors import ConfigError
from ata.call.dialplan import COMPLETE, COMPLETE_AFTER_T, NONE, PARTIAL, DialPlan

DEFAULT = "*47[0-9*].T|*xx.T|x.T"


def position_of_error(text):
    try:
        DialPlan(text)
    except ConfigError as error:
        assert error.key == "dial.plan"
        return error.allowed.split(" is not expected")[0]
    return "none"


def test_numbers_of_fixed_length_are_complete_at_once():
    plan = DialPlan("112|[2-4]xx|0[19]xx")
    for digits, verdict in (
        ("", PARTIAL),
        ("1", PARTIAL),
        ("11", PARTIAL),
        ("112", COMPLETE),
        ("1122", NONE),
        ("113", NONE),
        ("2", PARTIAL),
        ("20", PARTIAL),
        ("200", COMPLETE),
        ("499", COMPLETE),
        ("5", NONE),
        ("2*", NONE),
        ("01", PARTIAL),
        ("0912", COMPLETE),
        ("02", NONE),
        ("0", PARTIAL),
    ):
        assert plan.match(digits) == (verdict, digits), digits


def test_the_default_map():
    plan = DialPlan(DEFAULT, ("101", "102", "55"))
    for digits, verdict in (
        ("1", COMPLETE_AFTER_T),
        ("10", COMPLETE_AFTER_T),
        ("101", COMPLETE),
        ("1011", COMPLETE_AFTER_T),
        ("55", COMPLETE),
        ("*", PARTIAL),
        ("*6", COMPLETE_AFTER_T),
        ("*69", COMPLETE_AFTER_T),
        ("*6*", NONE),
        ("#", NONE),
        ("*47", COMPLETE_AFTER_T),
        ("*47192*168*1*20", COMPLETE_AFTER_T),
        ("0049301234567890", COMPLETE_AFTER_T),
    ):
        assert plan.match(digits) == (verdict, digits), digits


def test_extra_numbers_need_not_be_in_the_map():
    plan = DialPlan("911", ("101", "*5"))
    assert plan.match("1") == (PARTIAL, "1")
    assert plan.match("10")[0] == PARTIAL
    assert plan.match("101")[0] == COMPLETE
    assert plan.match("1010")[0] == NONE
    assert plan.match("*")[0] == PARTIAL
    assert plan.match("*5")[0] == COMPLETE


def test_a_dot_is_any_number_of_the_item_before_it():
    plan = DialPlan("1[23].4")
    for digits, verdict in (
        ("1", PARTIAL),
        ("14", COMPLETE),
        ("124", COMPLETE),
        ("123232", PARTIAL),
        ("1232324", COMPLETE),
        ("15", NONE),
        ("1244", NONE),
    ):
        assert plan.match(digits)[0] == verdict, digits


def test_t_and_a_dot_at_the_end_wait_for_more():
    assert DialPlan("0T|00T|0[1-9]xx").match("0")[0] == COMPLETE_AFTER_T
    assert DialPlan("0T|00T|0[1-9]xx").match("00")[0] == COMPLETE_AFTER_T
    assert DialPlan("0T|00T|0[1-9]xx").match("012")[0] == PARTIAL
    assert DialPlan("0T|00T|0[1-9]xx").match("0123")[0] == COMPLETE
    assert DialPlan("2x.").match("2") == (COMPLETE_AFTER_T, "2")
    assert DialPlan("2xT").match("23")[0] == COMPLETE_AFTER_T
    assert DialPlan("2xT").match("234")[0] == NONE


def test_a_complete_number_wins_over_a_longer_one():
    assert DialPlan("x.T|112").match("112")[0] == COMPLETE
    assert DialPlan("xxxx|112").match("112")[0] == COMPLETE


def test_forms_of_the_same_map():
    for text in ("1xx|2X.T", "(1xx|2x.T)", " ( 1xx | 2x.t ) ".strip(), "1[0-9][0123456789]|2[0-46-95].T"):
        plan = DialPlan(text)
        assert plan.match("199")[0] == COMPLETE, text
        assert plan.match("2")[0] == COMPLETE_AFTER_T, text
        assert plan.match("25")[0] == COMPLETE_AFTER_T, text
        assert plan.match("3")[0] == NONE, text


def test_letters_and_signs():
    assert DialPlan("A*#D").match("A*#D") == (COMPLETE, "A*#D")
    assert DialPlan("[*#A-]x".replace("-", "")).match("#1")[0] == COMPLETE
    assert DialPlan("x").match("A")[0] == NONE


def test_rewriting():
    for text, digits, sent in (
        ("<9:>[2-9]xx", "9234", "234"),
        ("<9:0041>x.T", "944123", "004144123"),
        ("<:0049>[1-9]x.T", "301", "0049301"),
        ("00<49:>xx", "004912", "0012"),
        ("12<3:*#D>", "123", "12*#D"),
    ):
        verdict, number = DialPlan(text).match(digits)
        assert number == sent, text
        assert verdict >= COMPLETE_AFTER_T
    assert DialPlan("<9:>[2-9]xx").match("923") == (PARTIAL, "923")
    assert DialPlan("9|<9:8>").match("9") == (COMPLETE, "9")


def test_nothing_left_after_rewriting_is_no_number_yet():
    assert DialPlan("<9:>x.T").match("9") == (PARTIAL, "9")
    assert DialPlan("<9:>x.T").match("91") == (COMPLETE_AFTER_T, "1")


def test_broken_maps_say_where():
    for text, where in (
        ("", "the end"),
        ("1||2", "character 3, |,"),
        ("|1", "character 1, |,"),
        ("1|", "the end"),
        ("T", "character 1, T,"),
        ("1T2", "character 3, 2,"),
        (".1", "character 1, .,"),
        ("1a", "character 2, a,"),
        ("1[", "the end"),
        ("1[]", "character 3, ],"),
        ("1[3-1]", "character 5, 1,"),
        ("1[1-]", "character 5, ],"),
        ("[*-9]", "character 3, -,"),
        ("[1-2-3]", "character 5, -,"),
        ("[x]", "character 2, x,"),
        ("[1|2]", "character 3, |,"),
        ("<9>", "character 3, >,"),
        ("<9:1", "the end"),
        ("<9:x>1", "character 4, x,"),
        ("<9:1>.", "character 6, .,"),
        ("x.<9:1>", "character 3, <,"),
        ("<1:2><3:4>", "character 6, <,"),
        ("<1.:2>", "character 3, .,"),
        ("1)", "character 2, ),"),
        ("1(2)", "character 2, (,"),
        ("(1)2", "character 4, 2,"),
        ("(1", "the ( is not closed"),
        ("((1))", "character 2, (,"),
        ("1;2", "character 2, ;,"),
        ("x" * 29, "the end"),
        ("1|" * 40 + "1", "the end"),
        ("1\n", "character 2, \n,"),
        ("\xe4", "character 1, \xe4,"),
    ):
        assert position_of_error(text) == where, (text, position_of_error(text))


def test_the_largest_map_is_accepted():
    plan = DialPlan("|".join(["9" * 28] * 40))
    assert plan.match("9" * 27)[0] == PARTIAL
    assert plan.match("9" * 28)[0] == COMPLETE


def test_too_many_digits_are_no_number():
    assert DialPlan("x.T").match("1" * 64)[0] == COMPLETE_AFTER_T
    assert DialPlan("x.T").match("1" * 65)[0] == NONE


def test_repetitions_do_not_multiply_the_work():
    # A backtracking matcher needs 2**28 steps for this.
    plan = DialPlan("x." * 27 + "#")
    assert plan.match("1" * 60)[0] == PARTIAL
    assert plan.match("1" * 60 + "#")[0] == COMPLETE
