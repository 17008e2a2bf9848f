from ata.call.announce import caller, of_call, of_messages, of_waiting_call
from ata.line.callerid import PRIVATE, UNAVAILABLE, call_setup, dtmf, message_waiting

WHEN = (11, 21, 14, 5)


class Request:
    def __init__(self, headers):
        self.headers = headers

    def get(self, name):
        return self.headers.get(name)


class Invite:
    def __init__(self, headers, host):
        self.request = Request(headers)
        self.host = host


class Identity:
    hop = ("192.0.2.9", 5060)


class Session:
    def __init__(self, user="102", display="Anna", host="192.0.2.9", **headers):
        self.remote_user = user
        self.remote_display = display
        self.identity = Identity()
        self.invite = Invite({name.replace("_", "-"): value for name, value in headers.items()}, host)


def data(sequence):
    """What the sequence puts on the line, and in which order, in virtual time from 0."""
    now = 0
    if sequence.in_pause:
        sequence.ring_off(4000, now)
    else:
        sequence.begin(now)
    found = []
    while True:
        output = sequence.poll()
        if output is not None:
            found.append(output)
            continue
        if sequence.deadline() is None:
            return found
        now = sequence.deadline()
        sequence.tick(now)


def test_the_caller_is_the_from_header():
    assert caller(Session()) == ("102", "Anna")
    assert caller(Session("+4930123", "")) == ("+4930123", "")
    assert caller(Session("anna", "")) == (UNAVAILABLE, "anna")
    assert caller(Session("", "")) == (UNAVAILABLE, "")


def test_an_asserted_identity_of_the_own_server_is_believed():
    asserted = '"Bob B." <sip:2000@pbx>'
    assert caller(Session(P_Asserted_Identity=asserted)) == ("2000", "Bob B.")
    assert caller(Session(P_Asserted_Identity=asserted, host="192.0.2.66")) == ("102", "Anna")
    assert caller(Session(Remote_Party_ID="<sip:3000@pbx>;party=calling;privacy=off")) == ("3000", "Anna")
    assert caller(Session(P_Asserted_Identity="<<<")) == ("102", "Anna")
    both = '"Bob, B." <sip:2000@pbx>, <tel:+492000>'  # RFC 3325 §9.1
    assert caller(Session(P_Asserted_Identity=both)) == ("2000", "Bob, B.")


def test_a_caller_who_hides_is_private_whatever_else_is_said():
    assert caller(Session(P_Asserted_Identity="<sip:2000@pbx>", Privacy="id")) == (PRIVATE, "")
    assert caller(Session(Privacy="user;critical")) == (PRIVATE, "")
    assert caller(Session(Privacy="critical; id")) == (PRIVATE, "")
    assert caller(Session(Privacy="id,critical")) == (PRIVATE, "")
    assert caller(Session("anonymous", "Anonymous")) == (PRIVATE, "")
    assert caller(Session(Remote_Party_ID="<sip:3000@pbx>;privacy=full"))[0] == PRIVATE
    assert caller(Session(Privacy="none")) == ("102", "Anna")


def test_each_country_sends_it_its_own_way():
    session = Session()
    told = call_setup(WHEN, "102", "Anna")
    us = data(of_call("bellcore", session, WHEN, 60))
    assert us == [("fsk", call_setup(WHEN, "102", "Anna", 15), 300, 180, "bell202"), ("done", True)]
    assert data(of_call("etsi", session, WHEN, 60))[0] == ("fsk", told, 300, 180, "v23")
    uk = data(of_call("sin227", session, WHEN, 60))
    assert [output[0] for output in uk] == ["linefeed", "tone", "fsk", "done"] and uk[0][1] == "reverse_oht"
    digits = data(of_call("dtmf DC", session, WHEN, 60))
    wanted = dtmf("102", "DC")
    assert ["0123456789*#ABCD"[o[1]] for o in digits if o[0] == "digit"] == list(wanted)
    assert of_call("", session, WHEN, 60) is None and of_call("ntt", session, WHEN, 60) is None


def test_a_waiting_caller_is_told_after_the_phones_ack():
    sequence = of_waiting_call("bellcore", Session(), WHEN, 60, "440;.3/.02|", 320)  # type: Any
    sequence.begin(0)
    assert sequence.poll() == ("mute",)
    assert sequence.poll()[1].startswith("440;.3/.02|2130")
    sequence.heard(15, 500)
    sequence.tick(sequence.deadline())
    assert sequence.poll() == ("fsk", call_setup(WHEN, "102", "Anna", 15), 0, 80, "bell202")
    assert of_waiting_call("dtmf AC", Session(), WHEN, 60, "", 0) is None  # there is no such thing


def test_the_lamp_of_waiting_messages():
    us = data(of_messages("bellcore", True, 2, 60))
    assert us[:2] == [("linefeed", "oht"), ("fsk", message_waiting(True), 300, 180, "bell202")]
    etsi = data(of_messages("etsi", False, 0, 60))
    assert ("fsk", message_waiting(False, 0), 300, 180, "v23") in etsi
    assert of_messages("dtmf AC", True, 2, 60) is None
