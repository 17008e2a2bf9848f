from ata.base import clock


def test_add_wraps():
    assert clock.add(clock.PERIOD - 1, 2) == 1
    assert clock.add(1, -2) == clock.PERIOD - 1


def test_diff_is_signed_and_crosses_the_wrap():
    assert clock.diff(5, 3) == 2
    assert clock.diff(3, 5) == -2
    assert clock.diff(1, clock.PERIOD - 1) == 2
    assert clock.diff(clock.PERIOD - 1, 1) == -2


def test_due():
    assert not clock.due(None, 5)
    assert clock.due(5, 5)
    assert not clock.due(6, 5)
    assert clock.due(clock.PERIOD - 5, 3)


def test_sooner():
    assert clock.sooner(None, None) is None
    assert clock.sooner(7, None) == 7
    assert clock.sooner(None, 7) == 7
    assert clock.sooner(7, 9) == 7
    assert clock.sooner(2, clock.PERIOD - 2) == clock.PERIOD - 2
