from ata.base.errors import LocalError
from ata.base.fsm import Fsm, entries, rows

TABLE = rows({
    "off": (None, {"press": ("on", "light"), "kick": (None, None)}),
    "on": ("glow", {"press": ("off", "dark"), "timeout": ("off", "dark"), "again": ("on", None)}),
})  # fmt: skip


class Lamp:
    def __init__(self, unexpected=None):
        self.did = []
        self.fsm = Fsm("lamp", TABLE, self, "off", {"glow": 100}, unexpected)

    def light(self, now, *args):
        self.did.append(("light", now) + args)

    def dark(self, now):
        self.did.append(("dark", now))


def test_a_row_is_one_tuple_that_tells_its_entries():
    assert TABLE["off"][0] is None and TABLE["on"][0] == "glow"
    assert sorted(entries(TABLE["on"])) == [
        ("again", "on", None), ("press", "off", "dark"), ("timeout", "off", "dark"),
    ]  # fmt: skip
    assert entries(rows({"end": (None, {})})["end"]) == []


def test_an_action_runs_after_the_state_changed_and_gets_the_arguments():
    lamp = Lamp()
    lamp.fsm.handle("press", 10, "red")
    assert lamp.fsm.state == "on"
    assert lamp.did == [("light", 10, "red")]


def test_the_timeout_belongs_to_the_state():
    lamp = Lamp()
    assert lamp.fsm.deadline() is None
    lamp.fsm.handle("press", 10)
    assert lamp.fsm.deadline() == 110
    lamp.fsm.tick(109)
    assert lamp.fsm.state == "on"
    lamp.fsm.tick(110)
    assert lamp.fsm.state == "off" and lamp.did[-1] == ("dark", 110)
    assert lamp.fsm.deadline() is None


def test_entering_the_same_state_restarts_its_time_and_staying_does_not():
    lamp = Lamp()
    lamp.fsm.handle("press", 0)
    lamp.fsm.handle("again", 60)
    assert lamp.fsm.deadline() == 160
    lamp.fsm.handle("press", 70)
    lamp.fsm.handle("kick", 80)
    assert lamp.fsm.state == "off" and lamp.fsm.since == 70


def test_an_unknown_event_raises_or_is_told():
    lamp = Lamp()
    try:
        lamp.fsm.handle("again", 0)
        raise AssertionError("no error")
    except LocalError as error:
        assert "again" in str(error) and "off" in str(error)
    told = []
    lamp = Lamp(lambda machine, event: told.append((machine.name, machine.state, event)))
    lamp.fsm.handle("again", 0)
    assert told == [("lamp", "off", "again")]
