from ata.sip.grammar import parse_via
from ata.sip.message import Message, parse, response
from ata.sip.transaction import Transactions, derived, server_key

START = (1 << 30) - 700  # so that the ticks wrap in every test


class Wire:
    """A transaction layer in virtual time that writes down what it sends and says."""

    def __init__(self, t1=500, limit=12):
        self.ms = 0
        self.sent = []  # (ms, first word, host, port)
        self.messages = []  # the same, parsed
        self.told = []
        self.layer = Transactions(self.transmit, t1, limit=limit)

    @property
    def last(self):
        return self.messages[-1]

    @property
    def now(self):
        return (START + self.ms) % (1 << 30)

    def transmit(self, data, host, port):
        message = parse(data)
        self.messages.append(message)
        self.sent.append((self.ms, message.method or message.status, host, port))

    def times(self, word):
        return [ms for ms, what, _, _ in self.sent if what == word]

    def response(self, transaction, status, answer, now):
        self.told.append((self.ms, transaction.method, status))

    def run(self, ms):
        """Let ms pass, ticking at each deadline exactly."""
        end = self.ms + ms
        while True:
            deadline = self.layer.deadline()
            if deadline is None:
                break
            wait = (deadline - self.now) % (1 << 30)
            if self.ms + wait > end:
                break
            self.ms += wait
            self.layer.tick(self.now)
        self.ms = end

    def ask(self, method, branch="z9hG4bKx"):
        message = ask(method)
        message.headers.insert(0, ("Via", "SIP/2.0/UDP 10.0.0.1:5060;rport;branch=" + branch))
        return self.layer.request(message, "10.0.0.9", 5070, self, self.now)


def ask(method, seq=1, to="<sip:b@10.0.0.9>"):
    message = Message(method, "sip:b@10.0.0.9")
    message.add("Route", "<sip:proxy;lr>")
    message.add("From", "<sip:a@10.0.0.1>;tag=1")
    message.add("To", to)
    message.add("Call-ID", "one")
    message.add("CSeq", "%d %s" % (seq, method))
    return message


def via_of(message):
    return parse_via(message.get("Via"))


def answer_to(asked, status, tag="z"):
    return parse(response(asked, status, tag).encode())


def client(method, t1=500):
    """-> wire, transaction, a copy of the request as the far end has it"""
    wire = Wire(t1)
    transaction = wire.ask(method)
    return wire, transaction, wire.last


def server(method, t1=500):
    """-> wire, transaction, the request"""
    wire = Wire(t1)
    asked = ask(method)
    asked.headers.insert(0, ("Via", "SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bKs"))
    asked = parse(asked.encode())
    key = server_key(asked, method, via_of(asked))
    transaction = wire.layer.serve(asked, key, wire, "10.0.0.9", 5070, wire.now)
    assert transaction is not None and wire.layer.servers[key] is transaction
    return wire, transaction, asked


INVITE_TIMES = [0, 500, 1500, 3500, 7500, 15500, 31500]  # Timer A, §17.1.1.2
OTHER_TIMES = [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]  # Timer E, §17.1.2.2


def test_timer_a_doubles_without_bound_and_timer_b_ends_an_invite_nobody_answers():
    wire, _, _ = client("INVITE")
    wire.run(31999)
    assert wire.times("INVITE") == INVITE_TIMES and wire.told == []
    wire.run(100000)
    assert wire.times("INVITE") == INVITE_TIMES
    assert wire.told == [(32000, "INVITE", 408)]
    assert not wire.layer.clients and wire.layer.deadline() is None


def test_timer_e_doubles_up_to_t2_and_timer_f_ends_a_request_nobody_answers():
    wire, _, _ = client("OPTIONS")
    wire.run(100000)
    assert wire.times("OPTIONS") == OTHER_TIMES
    assert wire.told == [(32000, "OPTIONS", 408)] and not wire.layer.clients


def test_a_shorter_t1_makes_all_of_them_faster():
    wire, _, _ = client("INVITE", t1=100)
    wire.run(100000)
    assert wire.times("INVITE") == [ms // 5 for ms in INVITE_TIMES]
    assert wire.told == [(6400, "INVITE", 408)]


def test_a_provisional_answer_slows_timer_e_to_t2_and_leaves_timer_f():
    wire, _, asked = client("REGISTER")
    wire.run(600)
    assert wire.layer.response(answer_to(asked, 100), wire.now)
    wire.run(100000)
    assert wire.times("REGISTER") == [0, 500, 1500, 5500, 9500, 13500, 17500, 21500, 25500, 29500]
    assert wire.told == [(600, "REGISTER", 100), (32000, "REGISTER", 408)]


def test_a_provisional_answer_stops_the_invite_and_timer_b():
    wire, transaction, asked = client("INVITE")
    wire.run(700)
    wire.layer.response(answer_to(asked, 180), wire.now)
    wire.layer.response(answer_to(asked, 183), wire.now)
    assert transaction.state == "proceeding"
    wire.run(1000000)
    assert wire.times("INVITE") == [0, 500]
    assert wire.told == [(700, "INVITE", 180), (700, "INVITE", 183)]


def test_a_refusal_is_acknowledged_each_time_but_told_once_until_timer_d():
    wire, transaction, asked = client("INVITE")
    refusal = answer_to(asked, 486)
    wire.run(100)
    assert wire.layer.response(refusal, wire.now)
    ack = wire.last
    assert ack.method == "ACK" and ack.uri == asked.uri and ack.top_branch == "z9hG4bKx"
    assert ack.all("Route") == ["<sip:proxy;lr>"] and ack.get("From") == asked.get("From")
    assert ack.get("To") == refusal.get("To") and ack.get("CSeq") == "1 ACK" and len(ack.all("Via")) == 1
    assert wire.sent[-1] == (100, "ACK", "10.0.0.9", 5070)
    wire.run(400)
    wire.layer.response(refusal, wire.now)
    wire.layer.response(answer_to(asked, 200), wire.now)  # cannot be: ignored
    assert wire.times("ACK") == [100, 500] and wire.told == [(100, "INVITE", 486)]
    assert transaction.state == "completed" and transaction.request is None
    wire.run(31599)
    assert wire.layer.clients
    wire.run(1)
    assert not wire.layer.clients
    assert not wire.layer.response(refusal, wire.now)


def test_timer_d_is_not_shorter_than_32_seconds_on_udp():
    wire, _, asked = client("INVITE", t1=100)
    wire.layer.response(answer_to(asked, 486), wire.now)
    wire.run(31999)
    assert wire.layer.clients
    wire.run(1)
    assert not wire.layer.clients


def test_timer_d_grows_with_t1():
    wire, _, asked = client("INVITE", t1=1000)
    wire.layer.response(answer_to(asked, 486), wire.now)
    wire.run(63999)
    assert wire.layer.clients
    wire.run(1)
    assert not wire.layer.clients


def test_every_2xx_is_told_until_timer_m():
    wire, transaction, asked = client("INVITE")
    wire.run(50)
    wire.layer.response(answer_to(asked, 200, "x"), wire.now)
    assert transaction.state == "accepted"
    wire.run(100)
    wire.layer.response(answer_to(asked, 200, "y"), wire.now)
    wire.layer.response(answer_to(asked, 180, "y"), wire.now)
    wire.layer.response(answer_to(asked, 486, "y"), wire.now)
    assert wire.told == [(50, "INVITE", 200), (150, "INVITE", 200)]
    assert wire.times("ACK") == []  # of a 2xx it is the user's (§13.2.2.4)
    wire.run(31899)
    assert wire.layer.clients
    wire.run(1)
    assert not wire.layer.clients


def test_a_final_answer_to_another_request_is_told_once_until_timer_k():
    for status in (200, 404):
        wire, _, asked = client("BYE")
        wire.run(300)
        wire.layer.response(answer_to(asked, status), wire.now)
        wire.layer.response(answer_to(asked, status), wire.now)
        wire.run(4999)
        assert wire.layer.clients and wire.told == [(300, "BYE", status)] and wire.times("BYE") == [0]
        wire.run(1)
        assert not wire.layer.clients


def test_a_response_is_matched_by_branch_and_method():
    wire, transaction, asked = client("INVITE")
    other = answer_to(asked, 200)
    other.set("CSeq", "1 CANCEL")
    assert not wire.layer.response(other, wire.now)
    other = answer_to(asked, 200)
    other.set("Via", "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKother")
    assert not wire.layer.response(other, wire.now)
    other.set("Via", "SIP/2.0/UDP 10.0.0.1:5060")
    assert not wire.layer.response(other, wire.now)
    assert transaction.state == "calling"


def test_cancel_has_the_branch_route_and_number_of_its_invite_and_its_own_transaction():
    wire, transaction, asked = client("INVITE")
    wire.layer.response(answer_to(asked, 180), wire.now)
    wire.layer.request(derived(transaction.request, "CANCEL"), "10.0.0.9", 5070, None, wire.now)
    cancel = wire.last
    assert cancel.method == "CANCEL" and cancel.uri == asked.uri and cancel.top_branch == asked.top_branch
    assert cancel.get("CSeq") == "1 CANCEL" and cancel.get("To") == asked.get("To")  # no tag: §9.1
    assert cancel.all("Route") == asked.all("Route") and len(wire.layer.clients) == 2
    assert wire.layer.response(answer_to(cancel, 200), wire.now)
    assert transaction.state == "proceeding"
    wire.layer.response(answer_to(asked, 487), wire.now)
    assert wire.told[-1] == (0, "INVITE", 487)


def test_timer_g_repeats_a_refusal_until_its_ack_and_timer_i_then_absorbs_more():
    wire, transaction, asked = server("INVITE")
    transaction.respond(answer_to(asked, 486), wire.now)
    wire.run(1600)
    assert wire.times(486) == [0, 500, 1500]
    transaction.handle("request", wire.now)  # the INVITE again: at once, and Timer G goes on as it was
    wire.run(1900)
    assert wire.times(486) == [0, 500, 1500, 1600, 3500]
    transaction.handle("ack", wire.now)
    transaction.handle("ack", wire.now)
    transaction.handle("request", wire.now)
    wire.run(4999)
    assert len(wire.times(486)) == 5 and wire.layer.servers
    wire.run(1)
    assert not wire.layer.servers and wire.told == []


def test_timer_h_gives_up_on_the_ack_of_a_refusal():
    wire, transaction, asked = server("INVITE")
    transaction.respond(answer_to(asked, 603), wire.now)
    wire.run(100000)
    assert wire.times(603) == OTHER_TIMES and not wire.layer.servers


def test_a_repeated_invite_gets_the_last_provisional_answer():
    wire, transaction, asked = server("INVITE")
    transaction.handle("request", wire.now)
    assert wire.sent == []
    transaction.respond(answer_to(asked, 100), wire.now)
    transaction.respond(answer_to(asked, 180), wire.now)
    wire.run(70000)
    transaction.handle("request", wire.now)
    assert [what for _, what, _, _ in wire.sent] == [100, 180, 180]
    assert transaction.request is asked


def test_a_2xx_is_repeated_until_its_ack_and_timer_l_absorbs_the_invite():
    wire, transaction, asked = server("INVITE")
    transaction.respond(answer_to(asked, 200), wire.now)
    wire.run(600)
    transaction.handle("request", wire.now)  # RFC 6026 §7.1: absorbed without an answer
    transaction.handle("ack", wire.now)
    wire.run(31399)
    assert wire.times(200) == [0, 500] and wire.layer.servers
    wire.run(1)
    assert not wire.layer.servers and wire.told == [] and transaction.request is None


def test_a_2xx_without_an_ack_is_told_after_64_t1():
    wire, transaction, asked = server("INVITE")
    transaction.respond(answer_to(asked, 200), wire.now)
    wire.run(100000)
    assert wire.times(200) == OTHER_TIMES
    assert wire.told == [(32000, "INVITE", 408)]


def test_another_server_transaction_repeats_its_answer_until_timer_j():
    wire, transaction, asked = server("BYE")
    transaction.handle("request", wire.now)
    assert wire.sent == []
    transaction.respond(answer_to(asked, 200), wire.now)
    wire.run(31999)
    transaction.handle("request", wire.now)
    assert wire.times(200) == [0, 31999]
    wire.run(1)
    assert not wire.layer.servers


def test_ack_and_cancel_belong_to_the_transaction_of_their_invite():
    invite = ask("INVITE")
    via = "SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bKs"
    invite.headers.insert(0, ("Via", via))
    ack = ask("ACK", to="<sip:b@10.0.0.9>;tag=z")
    ack.headers.insert(0, ("Via", via))
    assert server_key(ack, "INVITE", via_of(ack)) == server_key(invite, "INVITE", via_of(invite))
    assert server_key(ack, "ACK", via_of(ack)) != server_key(invite, "INVITE", via_of(invite))
    ack.set("Via", "SIP/2.0/UDP 10.0.0.8:5070;branch=z9hG4bKs")  # another sender may use the same branch
    assert server_key(ack, "INVITE", via_of(ack)) != server_key(invite, "INVITE", via_of(invite))


def test_an_rfc_2543_peer_without_magic_branch_is_matched_by_its_headers():
    keys = []
    for via in ("SIP/2.0/UDP 10.0.0.9:5070", "SIP/2.0/UDP 10.0.0.9:5070;branch=1"):
        invite = ask("INVITE")
        invite.headers.insert(0, ("Via", via))
        key = server_key(invite, "INVITE", via_of(invite))
        ack = ask("ACK", to="<sip:b@10.0.0.9>;tag=z")
        ack.headers.insert(0, ("Via", via))
        assert server_key(ack, "INVITE", via_of(ack)) == key
        later = ask("INVITE", seq=2)
        later.headers.insert(0, ("Via", via))
        assert server_key(later, "INVITE", via_of(later)) != key
        keys.append(key)
    assert keys[0] != keys[1]


def test_an_unreachable_host_fails_what_waits_for_it_and_nothing_else():
    wire = Wire()
    invite = wire.ask("INVITE", "z9hG4bKa")
    wire.ask("REGISTER", "z9hG4bKb")
    early = wire.ask("INVITE", "z9hG4bKc")
    wire.layer.response(answer_to(wire.last, 180), wire.now)
    wire.told.clear()
    wire.layer.unreachable("10.0.0.8", wire.now)
    assert wire.told == []
    wire.layer.unreachable("10.0.0.9", wire.now)
    assert sorted(wire.told) == [(0, "INVITE", 503), (0, "REGISTER", 503)]
    assert invite.state == "terminated" and early.state == "proceeding"
    assert list(wire.layer.clients.values()) == [early]


def test_beyond_the_limit_the_oldest_that_only_absorb_repetitions_go_first():
    wire = Wire(limit=3)
    for number in range(3):
        wire.ask("BYE", "z9hG4bK%d" % number)
        wire.layer.response(answer_to(wire.last, 200), wire.now)
        wire.run(10)
    for number in range(3, 6):
        wire.ask("BYE", "z9hG4bK%d" % number)
        kept = sorted(wire.layer.clients)
        first = max(2, number - 2)
        assert kept == ["z9hG4bK%dBYE" % n for n in range(first, number + 1)]
    wire.ask("BYE", "z9hG4bK6")  # those that still wait for an answer stay, beyond the limit
    assert len(wire.layer.clients) == 4


def test_no_server_transaction_is_made_when_all_are_busy():
    wire = Wire(limit=2)
    held = []
    asked = ask("INVITE")
    for number in range(3):
        asked = ask("INVITE")
        asked.headers.insert(0, ("Via", "SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bK%d" % number))
        held.append(wire.layer.serve(asked, str(number), wire, "10.0.0.9", 5070, wire.now))
    assert held[1] is not None and held[2] is None
    held[0].respond(answer_to(held[0].request, 486), wire.now)  # still repeats it: not to be dropped
    assert wire.layer.serve(asked, "3", wire, "10.0.0.9", 5070, wire.now) is None
    held[0].handle("ack", wire.now)
    assert wire.layer.serve(asked, "4", wire, "10.0.0.9", 5070, wire.now) is not None
    assert sorted(wire.layer.servers) == ["1", "4"]


def test_few_finished_transactions_are_kept_and_the_invite_of_a_call_longest():
    wire = Wire()
    call = wire.ask("INVITE", "z9hG4bKcall")
    wire.layer.response(answer_to(wire.last, 200), wire.now)
    for number in range(6):
        wire.run(10)
        wire.ask("INFO", "z9hG4bK%d" % number)
        wire.layer.response(answer_to(wire.last, 200), wire.now)
        assert wire.layer.clients.get("z9hG4bKcallINVITE") is call  # a lost ACK would cost the call
        assert len(wire.layer.clients) <= wire.layer.kept
