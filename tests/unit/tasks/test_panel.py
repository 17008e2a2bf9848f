# runs on: micropython
from ata.tasks.panel import IN_SERVICE, OUT_OF_SERVICE, STARTING, Button, lamp


def press(button, ms, begin=1000):
    """What a press of `ms` means, the button being looked at ten times a second."""
    said = []
    for now in range(begin, begin + ms, 100):
        said.append(button.step(True, now))
    said.append(button.step(False, begin + ms))
    assert said[:-1] == [""] * (len(said) - 1), "nothing before it is let go"
    return said[-1]


def test_a_short_press_asks_for_the_status():
    assert press(Button(), 100) == "status"
    assert press(Button(), 1400) == "status"


def test_eight_seconds_ask_for_factory_settings():
    assert press(Button(), 8000) == "factory"
    assert press(Button(), 60000) == "factory"


def test_what_is_neither_means_nothing():
    assert press(Button(), 1500) == "" and press(Button(), 7900) == ""


def test_a_bounce_means_nothing():
    button = Button()
    button.step(True, 1000)
    assert button.step(False, 1010) == ""


def test_presses_do_not_add_up():
    button = Button()
    for begin in range(0, 60000, 2000):
        assert press(button, 1600, begin) == ""


def test_a_press_across_the_wrap_of_the_clock():
    button = Button()
    button.step(True, (1 << 30) - 4000)
    assert button.held(100) == 4100
    assert button.step(False, 4200) == "factory"


def blinks(state, held):
    """The half periods of the lamp, in ms, over some seconds."""
    lit = [lamp(state, held, now) for now in range(0, 8192, 8)]
    changes = [i for i in range(1, len(lit)) if lit[i] != lit[i - 1]]
    if not changes:
        return lit[0]
    return (changes[1] - changes[0]) * 8


def test_the_lamp():
    assert blinks(STARTING, 0) == 512
    assert blinks(IN_SERVICE, 0) is True
    assert blinks(OUT_OF_SERVICE, 0) is False
    for state in (STARTING, IN_SERVICE, OUT_OF_SERVICE):
        assert blinks(state, 3000) == 128, "the press is seen"
        assert blinks(state, 8000) is True, "it may be let go"
