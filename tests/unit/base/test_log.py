from ata.base.log import Log, printer, surprise, tracer, uptime


def make(size=64):
    state = [0]

    def now():
        state[0] += 1500
        return state[0]

    return Log(now, size)


def test_the_last_whole_lines_are_kept_oldest_first():
    log = make(40)  # a line is 15 letters and its end
    for text in ("aaaa", "bbbb", "cccc", "dddd"):
        log.info("p", text)
    assert log.lines() == ["4.500 I p: cccc", "6.000 I p: dddd"]
    log.info("p", "eeee")
    assert log.lines() == ["6.000 I p: dddd", "7.500 I p: eeee"]


def test_in_a_full_log_the_oldest_line_counts_as_cut():
    log = make(32)
    log.info("p", "aaaa")
    assert log.lines() == ["1.500 I p: aaaa"]
    log.info("p", "bbbb")
    assert log.lines() == ["3.000 I p: bbbb"]


def test_a_line_longer_than_the_log_keeps_its_end():
    log = make(32)
    log.info("p", "x" * 100 + " the end")
    log.info("p", "y")
    assert log.lines() == ["3.000 I p: y"]


def test_other_letters_than_ascii_are_kept_and_a_cut_one_is_not():
    log = make(40)
    for _ in range(7):
        log.info("p", "\xe9\xe9\u20ac")
    assert log.lines()[-1].endswith("I p: \xe9\xe9\u20ac")


def test_every_line_reaches_the_sink_with_its_level():
    log = make()
    seen = []
    log.sink = lambda level, line: seen.append((level, line))
    log.info("a", "1")
    log.warning("b", "2")
    log.error("slic", "port 1: power alarm")
    assert seen == [
        ("I", "1.500 I a: 1"),
        ("W", "3.000 W b: 2"),
        ("E", "4.500 E slic: port 1: power alarm"),
    ]


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
    log = Log(lambda: 1500)
    log.sink = printer(log, written.append)
    log.shown = "W"
    tracer(log)(True, "BYE sip:x SIP/2.0", "10.0.0.9", 5060, "id", "2 BYE")
    surprise(log, "line")(Machine, "flash")
    assert written == ["1.500 W line: line 1: event flash in state idle"]
    assert log.counts == {"unexpected event": 1}
    assert log.lines()[0] == "1.500 D sip: > BYE sip:x SIP/2.0 to 10.0.0.9:5060 call=id cseq=2 BYE"
