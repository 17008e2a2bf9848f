from ata.base.errors import LocalError
from ata.base.fsm import entries
from ata.line.callerid import CallerIdSequence
from ata.line.machine import LINE_TABLE, Line

WINDOWS = {
    "debounce": 12,
    "flash_min": 300,
    "flash_max": 535,
    "pulse_break_min": 30,
    "pulse_break_max": 100,
    "interdigit": 200,
}
US_CADENCE = (2000, 4000)


def outputs(line):
    found = []
    while True:
        output = line.poll()
        if output is None:
            return found
        found.append(output)


def held(line, level, start, end):
    """Read the level every 5 ms from `start` up to `end`; what came out, each with its tick."""
    found = []
    for now in range(start, end, 5):
        line.sample(level, now)
        line.tick(now)
        for output in outputs(line):
            found.append((now, output))
    return found


def serving():
    line = Line(1, WINDOWS)
    line.in_service(0)
    assert outputs(line) == [("linefeed", "forward")]
    return line


def lifted():
    line = serving()
    held(line, True, 0, 200)
    assert line.state == "off_hook"
    return line


def test_a_line_is_out_of_service_until_told():
    line = Line(1, WINDOWS)
    assert line.state == "down"
    line.start_ringing(US_CADENCE, 0)
    line.ring_trip(0)
    assert held(line, True, 0, 500) == [] and line.state == "down" and line.deadline() is None
    line.in_service(500)
    assert line.state == "idle"


def test_lifting_and_hanging_up_are_told():
    line = serving()
    found = held(line, True, 100, 300)
    assert [output for _at, output in found] == [("off_hook",)] and found[0][0] <= 125
    found = held(line, False, 300, 1000)
    assert [output for _at, output in found] == [("on_hook",)] and found[0][0] <= 860
    assert line.state == "idle"


def test_a_phone_already_off_hook_is_told_when_the_line_comes_into_service():
    line = Line(2, WINDOWS)
    held(line, True, 0, 100)
    line.in_service(100)
    assert outputs(line) == [("linefeed", "forward")]
    assert [output for _at, output in held(line, True, 105, 200)] == [("off_hook",)]


def test_ringing_follows_the_cadence_with_on_hook_transmission_in_the_pauses():
    line = serving()
    line.start_ringing(US_CADENCE, 1000)
    assert outputs(line) == [("linefeed", "ringing")] and line.state == "ringing"
    assert held(line, False, 1000, 9100) == [
        (3000, ("linefeed", "oht")),
        (7000, ("linefeed", "ringing")),
        (9000, ("linefeed", "oht")),
    ]
    assert line.state == "ring_pause"
    line.stop_ringing(9100)
    assert outputs(line) == [("linefeed", "forward")] and line.state == "idle"
    assert held(line, False, 9100, 20000) == []


def test_the_deadline_is_the_next_change_of_the_cadence():
    line = serving()
    line.start_ringing(US_CADENCE, 1000)
    assert line.deadline() == 3000
    line.tick(3000)
    assert line.deadline() == 7000
    line.stop_ringing(3100)
    assert line.deadline() is None


def test_a_ring_trip_answers_at_once_and_ringing_never_comes_back():
    line = serving()
    line.start_ringing(US_CADENCE, 0)
    outputs(line)
    line.ring_trip(700)
    assert outputs(line) == [("off_hook",), ("linefeed", "forward")] and line.state == "off_hook"
    # The chip needs a moment until it sees the loop current; that is not a flash or a pulse.
    assert held(line, False, 705, 850) == []
    assert held(line, True, 850, 20000) == []


def test_lifting_in_the_pause_answers_within_25_ms():
    line = serving()
    line.start_ringing(US_CADENCE, 0)
    held(line, False, 0, 2500)
    found = held(line, True, 2500, 10000)
    assert [output for _at, output in found] == [("off_hook",), ("linefeed", "forward")]
    assert found[0][0] <= 2525


def test_lifting_as_the_pause_ends_gives_no_further_burst():
    line = serving()
    line.start_ringing(US_CADENCE, 0)
    held(line, False, 0, 5990)
    line.sample(True, 5990)
    line.tick(6002)  # both the hook's and the cadence's time have come
    assert ("linefeed", "ringing") not in outputs(line) and line.state == "off_hook"


def test_a_false_trip_ends_on_hook():
    line = serving()
    line.start_ringing(US_CADENCE, 0)
    outputs(line)
    line.ring_trip(100)
    assert ("off_hook",) in outputs(line)
    assert [output for _at, output in held(line, False, 105, 2000)] == [("on_hook",)]


def test_a_second_ringing_replaces_the_first_and_takes_its_cadence():
    line = serving()
    line.start_ringing(US_CADENCE, 0)
    held(line, False, 0, 1000)
    line.start_ringing((400, 200, 400, 2000), 1000)
    assert outputs(line) == []  # still ringing
    assert held(line, False, 1000, 1700) == [(1400, ("linefeed", "oht")), (1600, ("linefeed", "ringing"))]


def test_flash_and_digits_of_a_lifted_phone_are_told():
    line = lifted()
    held(line, False, 200, 600)
    assert [output for _at, output in held(line, True, 600, 1000)] == [("flash",)]
    for start in (1000, 1100):
        held(line, False, start, start + 60)
        held(line, True, start + 60, start + 100)
    assert [output for _at, output in held(line, True, 1200, 1500)] == [("digit", "2")]
    assert line.state == "off_hook"


def test_lifting_again_goes_back_to_expecting_digits():
    line = lifted()
    line.expect_digits(False)
    assert line.hook.dialling is False
    held(line, False, 200, 900)
    held(line, True, 900, 1000)
    assert line.state == "off_hook" and line.hook.dialling is True


def test_ringing_a_lifted_phone_does_nothing():
    line = lifted()
    line.start_ringing(US_CADENCE, 300)
    line.stop_ringing(310)
    line.ring_trip(320)
    assert held(line, True, 320, 5000) == [] and line.state == "off_hook"


def test_a_fault_ends_ringing_and_calls():
    line = serving()
    line.start_ringing(US_CADENCE, 0)
    outputs(line)
    line.out_of_service(100)
    assert outputs(line) == [("linefeed", "open")] and line.state == "down" and line.deadline() is None
    line = lifted()
    line.out_of_service(300)
    assert outputs(line) == [("on_hook",), ("linefeed", "open")]
    line.out_of_service(310)
    line.in_service(400)
    assert outputs(line) == [("linefeed", "forward")]
    assert [output for _at, output in held(line, True, 405, 500)] == [("off_hook",)]  # it is still lifted


def test_every_state_knows_every_call_from_outside():
    outside = ("in_service", "out_of_service", "start_ringing", "stop_ringing")
    for state in LINE_TABLE:
        row = entries(LINE_TABLE[state])
        for event in outside:
            assert event in [entry[0] for entry in row], (state, event)
        for event, after, action in row:
            assert after is None or after in LINE_TABLE, (state, event)
            assert action is None or hasattr(Line, action), (state, event)


def test_an_event_that_cannot_be_is_told_or_raised():
    line = serving()
    line.hook._out.append(("flash",))  # a flash of a phone on-hook
    try:
        line.tick(10)
        raise AssertionError("no error")
    except LocalError as error:
        assert "flash" in str(error) and "idle" in str(error)
    told = []
    line = Line(2, WINDOWS, lambda machine, event: told.append((machine.name, event)))
    line.in_service(0)
    line.hook._out.append(("flash",))
    line.tick(10)
    assert told == [("line 2", "flash")]


# Transmissions

SETUP = b"\x80\x00\x80"


def sequence(method):
    return CallerIdSequence(method, "A102C" if method.endswith("dtmf") else SETUP, 60)


def signals(found):
    return [(now, output[1][0]) for now, output in found if output[0] == "signal"]


def feeds(found):
    return [(now, output[1]) for now, output in found if output[0] == "linefeed"]


def test_a_caller_is_sent_in_the_first_pause_of_ringing_that_is_long_enough():
    line = serving()
    line.start_ringing(US_CADENCE, 0, sequence("ring bell202"))
    found = held(line, False, 0, 9000)
    assert feeds(found) == [(0, "ringing"), (2000, "oht"), (6000, "ringing"), (8000, "oht")]
    (fsk, done) = signals(found)
    assert fsk[1] == "fsk" and 2500 <= fsk[0] <= 3500, "500 to 1500 ms after the burst (GR-30)"
    assert done[1] == "done" and done[0] < 6000 - 200, "and 200 ms of silence before the next one"
    line = serving()
    line.start_ringing((400, 200, 400, 2000), 0, sequence("ring v23"))
    found = held(line, False, 0, 3000)
    assert signals(found)[0][0] > 1000, "not in the short pause"


def test_a_caller_before_the_first_ring_delays_it_until_all_is_sent():
    line = serving()
    line.start_ringing(US_CADENCE, 0, sequence("reverse v23"))
    assert line.state == "transmitting"
    found = held(line, False, 0, 3000)
    (reversed_at, name), (rung_at, ringing) = feeds(found)
    assert (reversed_at, name, ringing) == (0, "reverse_oht", "ringing")
    names = [name for _, name in signals(found)]
    assert names == ["tone", "fsk", "done"]
    (tone_at, _), (fsk_at, _), (done_at, _) = signals(found)
    assert tone_at - reversed_at >= 100 and fsk_at - tone_at >= 88 + 45, "SIN 227"
    assert rung_at == done_at and line.state == "ringing"


def test_lifting_ends_a_transmission_and_no_ring_comes():
    for method in ("ring bell202", "reverse v23", "alert v23", "pulse v23", "quiet dtmf"):
        line = serving()
        line.start_ringing(US_CADENCE, 0, sequence(method))
        before = 3000 if method[:4] == "ring" else 450
        held(line, False, 0, before)
        found = held(line, True, before, before + 3000)
        assert ("off_hook",) in [output for _, output in found], method
        events = [output for _, output in found]
        assert events.index(("signal", ("done", events[0][1][1]))) < events.index(("off_hook",)), method
        assert "ringing" not in [name for _, name in feeds(found)][1:], method
        assert line.state == "off_hook" and line.deadline() is None


def test_a_caller_who_gives_up_ends_it():
    line = serving()
    line.start_ringing(US_CADENCE, 0, sequence("reverse v23"))
    held(line, False, 0, 200)
    line.stop_ringing(200)
    assert outputs(line) == [("signal", ("done", False)), ("linefeed", "forward")]
    assert line.state == "idle" and held(line, False, 200, 4000) == []


def test_a_lamp_is_told_while_the_phone_is_idle_and_a_call_goes_first():
    line = serving()
    line.transmit(sequence("alert v23"), 0)
    found = held(line, False, 0, 3000)
    assert [name for _, name in signals(found)] == ["tone", "fsk", "done"]
    assert feeds(found) == [(0, "oht"), (signals(found)[-1][0], "forward")] and line.state == "idle"
    line.transmit(sequence("alert v23"), 4000)
    held(line, False, 4000, 4200)
    line.start_ringing(US_CADENCE, 4200)
    assert outputs(line) == [("signal", ("done", False)), ("linefeed", "ringing")]


def test_in_a_call_the_digit_d_belongs_to_the_transmission():
    line = lifted()
    line.transmit(sequence("talking bell202"), 1000)
    assert [o[1][0] for o in outputs(line)] == ["mute", "tone"]
    assert line.heard(15, 1200)
    found = held(line, True, 1200, 3000)
    assert [name for _, name in signals(found)] == ["fsk", "done"]
    assert found[-1][1] == ("transmitted",) and not line.heard(15, 3000)
    line.transmit(sequence("talking bell202"), 4000)
    found = held(line, True, 4000, 6000)
    assert [output for _, output in found][-2:] == [("signal", ("done", False)), ("transmitted",)], "no ACK"


def test_out_of_service_and_hanging_up_end_a_transmission():
    line = lifted()
    line.transmit(sequence("talking bell202"), 1000)
    outputs(line)
    line.out_of_service(1100)
    assert ("signal", ("done", False)) in outputs(line) and line.deadline() is None
    line.transmit(sequence("quiet bell202"), 1200)
    assert outputs(line) == [] and line.state == "down"
