from ata.base.log import Log, render


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
