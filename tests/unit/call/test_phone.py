from ata.base.fsm import entries
from ata.call import dialplan
from ata.call.phone import PHONE_TABLE, Leg, Phone

TIMEOUTS = {
    "ring_for": 180000,
    "first_digit": 15000,
    "interdigit": 4000,
    "short": 2000,
    "howl_after": 30000,
    "howl_for": 60000,
}


class Plan:
    """102 and *1# are whole at once, 9… may always go on, nothing starts with 5."""

    def match(self, digits):
        if digits == "102":
            return dialplan.COMPLETE, digits
        if digits.startswith("5") or (digits.endswith("#") and digits != "*1#"):
            return dialplan.NONE, digits
        if digits == "*1#":
            return dialplan.COMPLETE, digits
        if digits.startswith("9"):
            return dialplan.COMPLETE_AFTER_T, digits
        return dialplan.PARTIAL, digits


class Exchange:
    """Notes what the phone asks for."""

    def __init__(self):
        self.did = []

    def log(self, port, text):
        pass

    def tone(self, port, name):
        self.did.append(("tone", name))

    def ring(self, leg):
        self.did.append(("ring", leg))

    def call_waiting(self, leg, now):
        self.tone(leg.phone.port, "call_waiting")

    def stop_ringing(self, port, now):
        self.did.append(("stop_ringing",))

    def new_leg(self, phone, outgoing):
        other = phone.other or phone.active
        return Leg(phone, 1 if other is not None and other.slot == 0 else 0, outgoing)

    def place(self, leg, number):
        self.did.append(("place", number))

    def answer(self, leg):
        self.did.append(("answer", leg))

    def hang_up(self, leg):
        self.did.append(("hang_up", leg))

    def hold(self, leg, on):
        self.did.append(("hold", leg, on))

    def connect(self, leg):
        self.did.append(("connect", leg))

    def disconnect(self, leg):
        self.did.append(("disconnect", leg))

    def release(self, leg):
        self.did.append(("release", leg))

    def send_digit(self, leg, digit, now):
        self.did.append(("send_digit", digit))


def make():
    exchange = Exchange()
    return Phone(1, exchange, Plan(), TIMEOUTS), exchange


def dial(phone, digits, now=100):
    for digit in digits:
        phone.digit(digit, now)


def talking():
    phone, exchange = make()
    phone.off_hook(0)
    dial(phone, "102")
    phone.leg_event("answered", phone.active, 200)
    exchange.did.clear()
    return phone, exchange, phone.active


def test_every_next_state_is_a_state_and_every_action_a_method():
    for state in PHONE_TABLE:
        for event, following, action in entries(PHONE_TABLE[state]):
            assert following is None or following in PHONE_TABLE, (state, event)
            assert action is None or hasattr(Phone, action), (state, event)


def test_on_hook_is_understood_in_every_state():
    for state in PHONE_TABLE:
        assert "on_hook" in [entry[0] for entry in entries(PHONE_TABLE[state])] or state == "idle"


def test_lifting_gives_dial_tone_and_the_first_digit_ends_it():
    phone, exchange = make()
    phone.off_hook(0)
    assert exchange.did == [("tone", "dial")]
    phone.digit("1", 100)
    assert exchange.did[-1] == ("tone", None)
    assert phone.fsm.state == "dialling"


def test_a_whole_number_is_called_at_once():
    phone, exchange = make()
    phone.off_hook(0)
    dial(phone, "102")
    assert ("place", "102") in exchange.did
    assert phone.fsm.state == "calling"


def test_a_number_that_could_go_on_waits_for_the_short_time_or_the_hash():
    phone, exchange = make()
    phone.off_hook(0)
    dial(phone, "911", 100)
    assert phone.fsm.state == "dialled"
    phone.tick(2099)
    assert phone.fsm.state == "dialled"
    phone.tick(2100)
    assert ("place", "911") in exchange.did
    phone, exchange = make()
    phone.off_hook(0)
    dial(phone, "911#")
    assert ("place", "911") in exchange.did


def test_a_hash_that_the_plan_knows_is_a_digit():
    phone, exchange = make()
    phone.off_hook(0)
    dial(phone, "*1#")
    assert ("place", "*1#") in exchange.did


def test_a_waiting_caller_that_dies_is_given_up():
    phone, exchange, _first = talking()
    phone.incoming(Leg(phone, 1, False), 500)
    waiting = phone.other
    assert phone.deadline() == 180500
    phone.tick(180500)
    assert exchange.did[-2:] == [("hang_up", waiting), ("tone", None)]
    assert phone.other is None and phone.deadline() is None and phone.can_take()


def test_a_held_call_is_not_given_up():
    phone, exchange, first = talking()
    phone.incoming(Leg(phone, 1, False), 500)
    phone.flash(600)
    phone.tick(200000)
    assert phone.other is first and ("hang_up", first) not in exchange.did


def test_a_callee_that_rings_for_ever_is_given_up():
    phone, exchange = make()
    phone.off_hook(0)
    dial(phone, "102")
    leg = phone.active
    phone.leg_event("alerting", leg, 200)
    phone.tick(180100)
    assert exchange.did[-2:] == [("hang_up", leg), ("tone", "congestion")]
    assert phone.fsm.state == "refused"


def test_a_number_outside_the_plan_gets_congestion_tone():
    phone, exchange = make()
    phone.off_hook(0)
    phone.digit("5", 100)
    assert exchange.did[-1] == ("tone", "congestion")
    assert phone.fsm.state == "refused"


def test_an_unfinished_number_times_out_then_howls_then_falls_silent():
    phone, exchange = make()
    phone.off_hook(0)
    phone.digit("1", 100)
    phone.tick(4100)
    assert exchange.did[-1] == ("tone", "congestion")
    phone.tick(34100)
    assert exchange.did[-1] == ("tone", "howler")
    phone.tick(94100)
    assert exchange.did[-1] == ("tone", None) and phone.fsm.state == "parked"
    phone.on_hook(95000)
    assert phone.fsm.state == "idle"


def test_no_digit_at_all_times_out():
    phone, exchange = make()
    phone.off_hook(0)
    phone.tick(15000)
    assert exchange.did[-1] == ("tone", "congestion")


def test_no_route_is_heard_as_congestion():
    phone, exchange = make()
    phone.off_hook(0)
    dial(phone, "102")
    phone.leg_event("failed", phone.active, 60, 404)
    assert exchange.did[-1] == ("tone", "congestion")
    assert phone.active is None


def test_ringback_until_the_answer_then_both_hear_each_other():
    phone, exchange = make()
    phone.off_hook(0)
    dial(phone, "102")
    leg = phone.active
    phone.leg_event("alerting", leg, 200)
    assert exchange.did[-1] == ("tone", "ringback")
    phone.leg_event("answered", leg, 300)
    assert exchange.did[-2:] == [("tone", None), ("connect", leg)]
    assert phone.fsm.state == "talking" and leg.up


def test_early_media_replaces_the_ringback():
    phone, exchange = make()
    phone.off_hook(0)
    dial(phone, "102")
    leg = phone.active
    leg.media = "agreed"
    phone.leg_event("early", leg, 200)
    assert exchange.did[-2:] == [("tone", None), ("connect", leg)]
    phone.leg_event("alerting", leg, 250)
    assert ("tone", "ringback") not in exchange.did


def test_busy_is_busy_and_everything_else_congestion():
    for status, tone in (
        (486, "busy"),
        (600, "busy"),
        (603, "busy"),
        (404, "congestion"),
        (503, "congestion"),
    ):
        phone, exchange = make()
        phone.off_hook(0)
        dial(phone, "102")
        leg = phone.active
        phone.leg_event("failed", leg, 200, status)
        assert exchange.did[-2:] == [("release", leg), ("tone", tone)]
        assert phone.active is None


def test_hanging_up_while_calling_gives_the_call_up():
    phone, exchange = make()
    phone.off_hook(0)
    dial(phone, "102")
    leg = phone.active
    phone.on_hook(300)
    assert exchange.did[-1] == ("hang_up", leg)
    assert phone.fsm.state == "idle" and phone.active is None


def test_an_incoming_call_rings_and_lifting_answers_it():
    phone, exchange = make()
    leg = Leg(phone, 0, False)
    assert phone.can_take()
    phone.incoming(leg, 0)
    assert exchange.did == [("ring", leg)]
    assert not phone.can_take()
    phone.off_hook(1000)
    assert exchange.did[1:] == [("stop_ringing",), ("answer", leg), ("connect", leg)]
    assert phone.fsm.state == "talking"


def test_a_caller_that_gives_up_stops_the_ringing():
    phone, exchange = make()
    leg = Leg(phone, 0, False)
    phone.incoming(leg, 0)
    phone.leg_event("ended", leg, 500, 487)
    assert exchange.did[-2:] == [("release", leg), ("stop_ringing",)]
    assert phone.fsm.state == "idle" and phone.can_take()


def test_a_call_that_nobody_answers_is_given_up():
    phone, exchange = make()
    leg = Leg(phone, 0, False)
    phone.incoming(leg, 0)
    phone.tick(179999)
    assert phone.fsm.state == "ringing"
    phone.tick(180000)
    assert exchange.did[1:] == [("stop_ringing",), ("hang_up", leg)]
    assert phone.fsm.state == "idle" and phone.can_take()


def test_the_far_end_hanging_up_is_heard():
    phone, exchange, leg = talking()
    phone.leg_event("ended", leg, 500)
    assert exchange.did == [("release", leg), ("tone", "congestion")]
    phone.on_hook(600)
    assert phone.fsm.state == "idle"


def test_pulse_digits_in_a_call_are_sent_on():
    phone, exchange, _leg = talking()
    phone.digit("7", 500)
    assert exchange.did == [("send_digit", "7")]


def test_flash_holds_and_dials_and_flash_again_returns():
    phone, exchange, leg = talking()
    phone.flash(500)
    assert exchange.did == [("disconnect", leg), ("hold", leg, True), ("tone", "stutter")]
    assert phone.fsm.state == "dial_tone" and phone.other is leg
    exchange.did.clear()
    phone.flash(900)
    assert exchange.did == [("tone", None), ("hold", leg, False), ("connect", leg)]
    assert phone.active is leg and phone.other is None


def test_flash_swaps_between_two_calls():
    phone, exchange, first = talking()
    phone.flash(500)
    dial(phone, "102", 600)
    second = phone.active
    assert second.slot != first.slot
    phone.leg_event("answered", second, 700)
    exchange.did.clear()
    phone.flash(800)
    assert phone.active is first and phone.other is second
    assert ("hold", second, True) in exchange.did and ("hold", first, False) in exchange.did
    assert not phone.can_take()


def test_a_waiting_call_is_told_and_taken_by_flash():
    phone, exchange, first = talking()
    waiting = Leg(phone, 1, False)
    phone.incoming(waiting, 500)
    assert exchange.did == [("tone", "call_waiting")]
    phone.flash(600)
    assert phone.active is waiting and phone.other is first
    assert ("answer", waiting) in exchange.did and ("hold", first, True) in exchange.did


def test_a_waiting_caller_that_gives_up_ends_the_waiting_tone():
    phone, exchange, _first = talking()
    waiting = Leg(phone, 1, False)
    phone.incoming(waiting, 500)
    phone.leg_event("ended", waiting, 600, 487)
    assert exchange.did[-1] == ("tone", None) and phone.other is None


def test_hanging_up_with_a_held_call_rings_back_for_it():
    phone, exchange, first = talking()
    phone.flash(500)
    phone.on_hook(900)
    assert exchange.did[-1] == ("ring", first)
    assert phone.fsm.state == "ringing"
    exchange.did.clear()
    phone.off_hook(1500)
    assert exchange.did == [("stop_ringing",), ("hold", first, False), ("connect", first)]


def test_the_held_party_can_hang_up_unnoticed():
    phone, _exchange, first = talking()
    phone.flash(500)
    phone.leg_event("ended", first, 600)
    assert phone.other is None and phone.fsm.state == "dial_tone"
    phone.on_hook(700)
    assert phone.fsm.state == "idle"


def test_a_line_out_of_service_ends_every_call():
    phone, exchange, first = talking()
    phone.incoming(Leg(phone, 1, False), 500)
    waiting = phone.other
    phone.line_lost(600)
    assert ("hang_up", waiting) in exchange.did and ("hang_up", first) in exchange.did
    assert phone.fsm.state == "idle" and phone.active is None and phone.other is None
    phone, exchange = make()
    leg = Leg(phone, 0, False)
    phone.incoming(leg, 0)
    phone.line_lost(100)
    assert exchange.did[-1] == ("hang_up", leg) and phone.fsm.state == "idle"
    phone.line_lost(200)
    assert phone.fsm.state == "idle"


def test_hook_events_that_change_nothing_are_ignored_in_idle():
    phone, exchange = make()
    phone.on_hook(0)
    phone.flash(0)
    phone.digit("1", 0)
    assert exchange.did == [] and phone.fsm.state == "idle"
