from ata.base.log import Log, printer, render, surprise, tracer, uptime


def make(capacity=3):
    state = [0]

    def now():
        state[0] += 1500
        return state[0]

    return Log(now, capacity)


def test_the_last_lines_are_kept_oldest_first():
    log = make()
    for text in ("a", "b", "c", "d", "e"):
        log.info("part", text)
    assert [line[3] for line in log.lines()] == ["c", "d", "e"]


def test_every_line_reaches_the_sink_with_its_level():
    log = make()
    seen = []
    log.sink = seen.append
    log.info("a", "1")
    log.warning("b", "2")
    log.error("c", "3")
    assert [(line[1], line[2], line[3]) for line in seen] == [
        ("I", "a", "1"),
        ("W", "b", "2"),
        ("E", "c", "3"),
    ]


def test_a_line_is_shown_with_seconds_level_and_part():
    log = make()
    log.warning("slic", "port 1: power alarm")
    assert render(log.lines()[0]) == "1.500 W slic: port 1: power alarm"


def test_counting_needs_no_line():
    log = make()
    log.count("garbage")
    log.count("garbage")
    assert log.counts == {"garbage": 2} and log.lines() == []


def test_uptime_goes_on_when_the_ticks_wrap():
    now = [(1 << 30) - 5]
    passed = uptime(lambda: now[0])
    assert passed() == 0
    now[0] = 10
    assert passed() == 15
    now[0] = 1 << 29
    assert passed() == 5 + (1 << 29) and passed() == 5 + (1 << 29)


def test_what_is_shown_traced_and_unexpected():
    class Machine:
        name = "line 1"
        state = "idle"

    written = []
    log = Log(lambda: 1500, 8)
    log.sink = printer(log, written.append)
    log.shown = "W"
    tracer(log)(True, "BYE sip:x SIP/2.0", "10.0.0.9", 5060, "id", "2 BYE")
    surprise(log, "line")(Machine, "flash")
    assert written == ["1.500 W line: line 1: event flash in state idle"]
    assert log.counts == {"unexpected event": 1}
    assert log.lines()[0] == (1500, "D", "sip", "> BYE sip:x SIP/2.0 to 10.0.0.9:5060 call=id cseq=2 BYE")
