# runs on: cpython
"""The scenario language: what is understood, and what is said about what is not."""

from pathlib import Path

from host_tools.virtual_board.history import Entry, History
from host_tools.virtual_board.reference import REFERENCE
from host_tools.virtual_board.scenario import (
    Act,
    BoardSetting,
    ConsoleCommand,
    Expect,
    ExpectStatus,
    Fault,
    Measure,
    MeasureSpeech,
    Note,
    Setting,
    Statement,
    Wait,
    load,
    parse,
    parse_line,
)
from host_tools.virtual_board.words import Place, ScenarioError

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"


def one(text: str) -> Statement:
    statement = parse_line(Place("x.call", 3, text))
    assert statement is not None
    return statement


def complaint(text: str) -> str:
    try:
        parse(text, "x.call")
    except ScenarioError as error:
        return str(error)
    raise AssertionError(f"{text!r} was taken")


def test_a_hand_on_the_phone():
    assert one("1 lift") == Act(Place("x.call", 3, "1 lift"), 1, "lift")
    for text in ("2 hang", "2 hang up", "  2   hang  # gone"):
        statement = one(text)
        assert isinstance(statement, Act) and (statement.port, statement.verb) == (2, "hang")


def test_dialling_takes_its_options_as_numbers():
    statement = one("1 dial *72#D on=60 off=45.5 level=-20 error=-1.5")
    assert isinstance(statement, Act) and statement.argument == "*72#D"
    assert statement.options == {"on": 60, "off": 45.5, "level": -20, "error": -1.5}
    statement = one("2 pulse 505 pps=8 break=67")
    assert isinstance(statement, Act) and statement.options == {"pps": 8, "break": 67}


def test_a_hash_is_a_digit_unless_a_blank_follows():
    for text, digits in (("12#", "12#"), ("#31#", "#31#"), ("#", "#"), ("5 # five", "5")):
        statement = one("1 dial " + text)
        assert isinstance(statement, Act) and statement.argument == digits
    assert parse_line(Place("x", 1, "# a comment")) is None
    assert parse_line(Place("x", 1, "#a comment")) is None
    assert parse_line(Place("x", 1, "   ")) is None


def test_times_are_seconds_unless_a_unit_says_so():
    for text, seconds in (("wait 2", 2.0), ("wait .5 s", 0.5), ("wait 80ms", 0.08), ("wait 80 ms", 0.08)):
        statement = one(text)
        assert isinstance(statement, Wait) and abs(statement.seconds - seconds) < 1e-9
    flash = one("1 flash 350")
    assert isinstance(flash, Act) and flash.options == {"ms": 350}
    assert one("wait 2 done") == Wait(Place("x.call", 3, "wait 2 done"), 0.0, 2)


def test_expectations():
    statement = one("expect 2 rings volts=40..60 hz=20 within 500 ms")
    assert isinstance(statement, Expect) and statement.seconds == 0.5 and not statement.never
    assert statement.what.ranges == {"volts": (40, 60), "hz": (20, 20)}
    statement = one("expect 2 not ring for 1")
    assert isinstance(statement, Expect) and statement.never and statement.seconds == 1
    assert statement.what.text == "2 ring"
    statement = one('expect sip > INVITE "102@" within 0.1')
    assert isinstance(statement, Expect)
    assert (statement.what.word, statement.what.contains) == ("INVITE", "102@")
    assert one("expect status ports.1.state idle") == ExpectStatus(
        Place("x.call", 3, "expect status ports.1.state idle"), "ports.1.state", "idle", 2.0
    )


def test_figures():
    statement = one('measure "ring trip" from 2 lifts to 2 stops ringing at most 200 ms')
    assert isinstance(statement, Measure)
    assert (statement.name, statement.bound) == ("ring trip", 0.2)
    assert (statement.start.kind, statement.end.kind, statement.end.detail) == ("lift", "ring", {"on": False})
    statement = one("measure voice speech 1 to 2 at least 0.95")
    assert isinstance(statement, MeasureSpeech)
    assert (statement.talker, statement.listener, statement.bound) == (1, 2, 0.95)


def test_the_other_statements():
    assert isinstance(one("fault 2 chip_reset"), Fault)
    note = one('note "phone 1 calls"')
    assert isinstance(note, Note) and note.text == "phone 1 calls"
    command = one("console status json")
    assert isinstance(command, ConsoleCommand) and command.text == "status json"
    board = one("board parts Si3210 Si3215")
    assert isinstance(board, BoardSetting) and board.values == ("Si3210", "Si3215")


def test_settings_become_the_nested_objects_of_the_configuration():
    lines = ("sip.port 0", 'rtp.codecs ["PCMA"]', "port.1.user alice", 'name "an ata"')
    script = parse("".join(f"config {line}\n" for line in lines) + "1 lift")
    assert script.config == {
        "sip": {"port": 0}, "rtp": {"codecs": ["PCMA"]}, "port": {"1": {"user": "alice"}}, "name": "an ata",
    }  # fmt: skip
    setting = one("config dial.plan xxx|9x.T # all numbers")
    assert isinstance(setting, Setting) and setting.value == "xxx|9x.T"


def test_an_unknown_word_is_told_with_its_place_and_the_nearest_allowed_one():
    text = complaint("1 lift\n1 dail 102")
    assert text.startswith('x.call:2: unknown action "dail": allowed here: lift, hang, flash, dial,')
    assert 'did you mean "dial"?' in text
    assert text.endswith("    1 dail 102\n      ^^^^")
    assert 'did you mean "expect"?' in complaint("expct 1 hears dial")
    assert 'did you mean "ringback"?' in complaint("expect 1 hears ringbak")
    assert 'did you mean "level"?' in complaint("1 dial 5 levle=-3")


def test_what_is_wrong_with_a_line_is_said():
    for text, message in (
        ("3 lift", 'unknown word "3"'),
        ("1", "the line ends too early: one of lift, hang"),
        ("1 dial", "the digits is missing"),
        ("1 dial 12x", '"12x" has no digits to dial: 0123456789*#ABCD are allowed'),
        ("1 pulse 5*", "0123456789 are allowed"),
        ("1 dial 5 on=5", "on = 5: 10 to 5000 is allowed"),
        ("1 dial 5 on=x", '"x" is not a number: on=…'),
        ("1 lift now", '"now" is too much'),
        ("1 flash 6000", "the length of the flash = 6000: at most 5 s is allowed"),
        ("wait soon", '"soon" is not a time'),
        ("wait", "how long to wait is missing"),
        ("expect 1 not hears dial", "one of for is missing"),
        ("expect sip = INVITE", "unknown direction"),
        ("expect sip > 12", "neither a method"),
        ("expect 1 rings volt=3", 'did you mean "volts"?'),
        ("measure x from 1 lifts", "one of to is missing"),
        ('note "open', "a quotation mark is missing"),
        ("config sip.port", "the value is missing"),
        ("config sip.port [1", "[1 is not JSON"),
        ("1 lift\nconfig sip.port 0", "config stands before the first action"),
    ):
        said = complaint(text)
        assert message in said, (text, said)
        assert "\n    " in said and said.rstrip().endswith("^")


def test_a_missing_script_is_told():
    try:
        load("/nonexistent/a.call")
    except ScenarioError as error:
        assert str(error) == "/nonexistent/a.call: No such file or directory"
    else:
        raise AssertionError


def test_every_form_in_the_reference_is_understood():
    count = 0
    for _, forms in REFERENCE:
        for form, _ in forms:
            text = form.replace("N ", "1 ").replace("[N]", "1").replace("[", "").replace("]", "")
            assert text.startswith("#") or one(text), text
            count += 1
    assert count > 20


def test_every_shipped_scenario_is_understood():
    names = [path.name for path in sorted(SCENARIOS.glob("*.call"))]
    assert "demo.call" in names
    for name in names:
        script = load(SCENARIOS / name)
        assert any(isinstance(s, Expect | Measure) for s in script.steps), name
        assert script.title != script.name, f"{name} does not begin with a note"


# ---- what a happening is in the history ----


def happening(text: str):
    statement = one("expect " + text)
    assert isinstance(statement, Expect)
    return statement.what


def test_a_ring_is_matched_by_port_voltage_and_frequency():
    ring = Entry(1.0, "ring", 2, {"on": True, "volts": 45.0, "hz": 20.1})
    assert happening("2 rings").matches(ring)
    assert happening("2 rings volts=40..60 hz=19..21").matches(ring)
    assert not happening("2 rings volts=50..60").matches(ring)
    assert not happening("1 rings").matches(ring)
    assert not happening("2 stops ringing").matches(ring)


def test_a_sip_message_is_matched_by_direction_and_word_not_by_a_part_of_another():
    entry = Entry(1.0, "sip", 0, {"sent": True, "start": "INVITE sip:102@127.0.0.1 SIP/2.0"})
    assert happening("sip > INVITE").matches(entry)
    assert happening('sip > INVITE "102@"').matches(entry)
    assert not happening('sip > INVITE "103@"').matches(entry)
    assert not happening("sip < INVITE").matches(entry)
    assert not happening("sip > BYE").matches(entry)
    answer = Entry(1.0, "sip", 0, {"sent": False, "start": "SIP/2.0 180 Ringing"})
    assert happening("sip < 180").matches(answer)
    assert not happening("sip < 183").matches(answer)


def test_a_state_holds_from_its_begin_to_its_end():
    history = History()
    dial, silent = happening("1 hears dial"), happening("1 stops hearing dial")
    assert dial.holds(history) is None
    assert silent.holds(history) == 0.0
    history.add(Entry(3.0, "tone", 1, {"on": True, "name": "dial"}))
    assert dial.holds(history) == 3.0
    assert silent.holds(history) is None
    history.add(Entry(4.0, "tone", 1, {"on": False, "name": "dial"}))
    assert dial.holds(history) is None
    history.add(Entry(5.0, "linefeed", 1, {"state": "forward"}))
    assert happening("1 linefeed forward").holds(history) == 5.0
    assert happening("sip > INVITE").holds(history) is None
