from ata.sip.account import Account
from ata.sip.digest import Credentials, answer, choose, parse_auth
from ata.sip.message import Message
from ata.sip.registration import seconds
from support.sip_link import Agent, Link, Peer, randomness

CHALLENGE = 'Digest realm="pbx", nonce="%s", qop="auth", algorithm=MD5'


class Registrar(Peer):
    """Answers REGISTER by a script: a status or function(registrar, message) for each, the last for ever."""

    def __init__(self, link, script):
        super().__init__(link, "10.0.0.9")
        self.script = list(script)

    def receive(self, data, source):
        super().receive(data, source)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if step is None:
            return
        if isinstance(step, int):
            self.answer(self.inbox[-1], step)
        else:
            step(self, self.inbox[-1])


def granted(expires):
    def step(registrar, message):
        contact = message.get("Contact")
        more = [("Contact", "<sip:x@1.2.3.4>;expires=9"), ("Contact", "%s;expires=%d" % (contact, expires))]
        registrar.answer(message, 200, more=more)

    return step


def challenge(nonce, status=401, extra=""):
    def step(registrar, message):
        name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
        registrar.answer(message, status, more=[(name, CHALLENGE % nonce + extra)])

    return step


def setup(*script, **options):
    link = Link()
    phone = Agent(link, "10.0.0.1")
    values = {"password": "secret", "domain": "example.com", "server": "10.0.0.9"}  # type: dict
    values.update(options)
    phone.ua.add_account(1, "101", **values)
    registrar = Registrar(link, script)
    phone.do("start")
    return link, phone, registrar


def gaps_of(times):
    return [times[i + 1] - times[i] for i in range(len(times) - 1)]


def states(phone):
    assert all(event[:2] == ("registration", 1) for event in phone.events)
    return [event[2] for event in phone.events]


def test_a_registration_is_made_and_refreshed_at_80_to_90_percent_of_what_was_granted():
    link, phone, registrar = setup(granted(100))
    link.run(1000)
    first = registrar.inbox[0]
    assert first.uri == "sip:example.com" and first.get("Expires") == "300"
    assert first.get("To") == "<sip:101@example.com>" and first.get("Contact") == "<sip:101@10.0.0.1:5060>"
    assert first.get("From").startswith("<sip:101@example.com>;tag=")
    assert first.get("Via").startswith("SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bK")
    assert states(phone) == ["trying", "registered"]
    link.run(1000000)
    gaps = gaps_of(registrar.came)
    assert len(gaps) >= 10 and all(80000 <= gap <= 90100 for gap in gaps) and len(set(gaps)) > 5
    assert states(phone) == ["trying", "registered"]  # a refresh is no change
    ids = {message.get("Call-ID") for message in registrar.inbox}
    numbers = [message.cseq[0] for message in registrar.inbox]
    assert len(ids) == 1 and numbers == list(range(1, len(numbers) + 1))
    phone.check()


def test_expires_is_taken_from_the_header_if_no_contact_of_ours_has_it():
    link, _, registrar = setup(lambda far, message: far.answer(message, 200, more=[("Expires", "60")]))
    link.run(55000)
    assert 48000 <= registrar.came[1] <= 54100
    link, _, registrar = setup(lambda far, message: far.answer(message, 200, more=[("Contact", "*")]))
    link.run(280000)
    assert 240000 <= registrar.came[1] <= 270100  # what we asked for


def test_a_registrar_that_grants_nothing_is_not_flooded():
    link, _, registrar = setup(granted(1))
    link.run(60000)
    assert 10 <= len(registrar.inbox) <= 15


def test_a_challenge_is_answered_and_then_answered_in_advance_with_a_rising_count():
    link, phone, registrar = setup(challenge("n1"), granted(100))
    link.run(200000)
    assert states(phone) == ["trying", "registered"]
    plain, signed, refresh = registrar.inbox[:3]
    assert plain.get("Authorization") is None
    for count, message in ((1, signed), (2, refresh)):
        has = parse_auth(message.get("Authorization"))[1]
        assert has["nc"] == "%08x" % count and has["uri"] == "sip:example.com" and has["username"] == "101"
        uri = "sip:example.com"
        params = choose([CHALLENGE % "n1"])
        proof = answer(params, "REGISTER", uri, "101", "secret", b"", has["cnonce"], count)
        assert message.get("Authorization") == proof
    assert plain.top_branch != signed.top_branch and plain.get("Call-ID") == signed.get("Call-ID")
    assert signed.cseq[0] == plain.cseq[0] + 1


def test_the_name_for_the_password_may_differ_from_the_user():
    link, _, registrar = setup(challenge("n1"), granted(100), auth_user="anna")
    link.run(1000)
    assert parse_auth(registrar.inbox[1].get("Authorization"))[1]["username"] == "anna"


def test_a_proxys_challenge_and_the_registrars_are_both_answered():
    link, phone, registrar = setup(challenge("p", 407), challenge("r"), granted(100))
    link.run(1000)
    assert states(phone) == ["trying", "registered"]
    last = registrar.inbox[2]
    assert parse_auth(last.get("Proxy-Authorization"))[1]["nc"] == "00000002"
    assert parse_auth(last.get("Authorization"))[1]["nc"] == "00000001"


def test_a_stale_nonce_is_replaced_without_a_word():
    link, phone, registrar = setup(challenge("n1"), challenge("n2", 401, ", stale=TRUE"), granted(100))
    link.run(1000)
    assert states(phone) == ["trying", "registered"]
    has = parse_auth(registrar.inbox[2].get("Authorization"))[1]
    assert has["nonce"] == "n2" and has["nc"] == "00000001"


def test_a_new_nonce_at_a_refresh_is_answered_even_if_it_is_not_called_stale():
    link, phone, registrar = setup(challenge("n1"), granted(100), challenge("n2"), granted(100))
    link.run(95000)
    assert states(phone) == ["trying", "registered"]
    assert parse_auth(registrar.inbox[3].get("Authorization"))[1]["nonce"] == "n2"


def test_a_wrong_password_is_told_and_tried_again_only_slowly():
    link, phone, registrar = setup(challenge("n1"))
    link.run(1000)
    assert states(phone) == ["trying", "rejected 401"] and len(registrar.inbox) == 2
    link.run(3600000)
    assert states(phone) == ["trying", "rejected 401"]
    # at most two messages an attempt, an attempt each 5 to 30 minutes
    assert 4 <= len(registrar.inbox) <= 2 * 12
    phone.check()


def test_a_server_that_calls_every_nonce_stale_is_not_followed_for_ever():
    link, phone, registrar = setup(challenge("n", 401, ", stale=true"))
    link.run(1000)
    assert states(phone) == ["trying", "rejected 401"] and len(registrar.inbox) == 5


def test_without_a_password_a_challenge_is_not_answered():
    link, phone, registrar = setup(challenge("n1"), password="")
    link.run(1000)
    assert states(phone) == ["trying", "rejected 401"] and len(registrar.inbox) == 1


def test_a_challenge_that_cannot_be_understood_is_a_refusal():
    for value in ("Basic realm=x", 'Digest realm="x", nonce="y", algorithm=SHA-999', "Digest", '"'):
        more = [("WWW-Authenticate", value)]
        link, phone, registrar = setup(lambda far, message, m=more: far.answer(message, 401, more=m))
        link.run(1000)
        assert states(phone) == ["trying", "rejected 401"], value
    link, phone, registrar = setup(401)
    link.run(1000)
    assert states(phone) == ["trying", "rejected 401"] and len(registrar.inbox) == 1


def test_423_raises_the_time_asked_for():
    link, phone, registrar = setup(
        lambda far, message: far.answer(message, 423, more=[("Min-Expires", "900")]), granted(900)
    )
    link.run(1000)
    assert [message.get("Expires") for message in registrar.inbox] == ["300", "900"]
    assert states(phone) == ["trying", "registered"]


def test_a_423_that_leads_nowhere_is_a_refusal():
    for more in ([], [("Min-Expires", "10")], [("Min-Expires", "99999999999999")], [("Min-Expires", "soon")]):
        link, phone, registrar = setup(lambda far, message, m=more: far.answer(message, 423, more=m))
        link.run(1000)
        assert states(phone) == ["trying", "rejected 423"] and len(registrar.inbox) == 1


def test_403_backs_off_for_minutes_and_recovers():
    link, phone, registrar = setup(403, 403, granted(3000))
    link.run(149000)
    assert states(phone) == ["trying", "rejected 403"] and len(registrar.inbox) == 1
    link.run(4000000)
    assert states(phone) == ["trying", "rejected 403", "registered"]
    assert all(300000 <= gap <= 1800000 for gap in gaps_of(registrar.came[:3]))


def test_a_server_that_does_not_answer_is_unreachable_and_asked_ever_more_rarely():
    link, phone, registrar = setup(None)
    link.run(33000)
    assert states(phone) == ["trying", "unreachable"]
    assert len(registrar.inbox) == 11  # timer E
    link.run(4 * 3600000)
    starts = []
    for number, message in enumerate(registrar.inbox):
        if len(starts) < message.cseq[0]:
            starts.append(registrar.came[number])
    gaps = [gap - 32000 for gap in gaps_of(starts)]  # from giving up to the next attempt
    assert len(gaps) > 8
    for number, gap in enumerate(gaps):
        most = min(30000 << (number + 1), 1800000)
        assert most // 2 - 100 <= gap <= most + 100, (number, gap)
    assert states(phone) == ["trying", "unreachable"]
    registrar.script = [granted(100)]
    link.run(1900000)
    assert states(phone)[-1] == "registered"


def test_a_server_error_is_retried_soon_but_not_before_retry_after():
    link, phone, registrar = setup(500, granted(100))
    link.run(61000)
    assert states(phone) == ["trying", "rejected 500", "registered"] and 30000 <= registrar.came[1] <= 61000
    more = [("Retry-After", "120 (soon);duration=9")]
    link, phone, registrar = setup(lambda far, message: far.answer(message, 503, more=more), granted(100))
    link.run(119000)
    assert len(registrar.inbox) == 1
    link.run(2000)
    assert states(phone) == ["trying", "rejected 503", "registered"]


def test_a_lost_refresh_says_so_and_the_next_success_too():
    link, phone, registrar = setup(granted(100), None)
    link.run(130000)
    assert states(phone) == ["trying", "registered", "unreachable"]
    registrar.script = [granted(100)]
    link.run(60000)
    assert states(phone) == ["trying", "registered", "unreachable", "registered"]


def test_stop_takes_the_registration_back():
    link, phone, registrar = setup(granted(100), granted(0), granted(100))
    link.run(1000)
    phone.do("stop")
    link.run(1000)
    assert registrar.inbox[-1].get("Expires") == "0" and states(phone)[-1] == "unregistered"
    link.run(1000000)
    assert len(registrar.inbox) == 2
    phone.do("stop")
    phone.do("start")
    link.run(1000)
    assert states(phone)[-2:] == ["trying", "registered"]
    phone.check()


def test_stop_waits_for_the_request_that_is_on_its_way():
    link, phone, registrar = setup(granted(100))
    phone.do("stop")
    link.run(1000)
    assert [message.get("Expires") for message in registrar.inbox] == ["300", "0"]
    assert states(phone) == ["trying", "unregistered"]
    phone.check()


def test_stop_when_the_server_is_gone_or_refuses_sends_nothing_more():
    for script in (None, 403):
        link, phone, registrar = setup(script)
        link.run(40000)
        count = len(registrar.inbox)
        phone.do("stop")
        link.run(4000000)
        assert states(phone)[-1] == "unregistered" and len(registrar.inbox) == count
        phone.check()


def test_start_again_after_a_refusal_tries_at_once():
    link, phone, _registrar = setup(403, granted(100))
    link.run(1000)
    phone.do("start")
    link.run(1000)
    assert states(phone) == ["trying", "rejected 403", "trying", "registered"]


def test_a_server_name_that_does_not_resolve_is_unreachable_at_once():
    phone = setup(None, server="nowhere.example")[1]
    phone.do("unreachable", "nowhere.example")
    assert states(phone) == ["trying", "unreachable"]
    assert phone.ua.deadline() is not None
    phone.check()


def test_an_account_may_be_used_without_registering():
    link = Link()
    phone = Agent(link, "10.0.0.1")
    phone.ua.add_account(1, "101", domain="example.com", register=False)
    phone.ua.add_account(2, "102")
    phone.do("start")
    assert phone.ua.deadline() is None and phone.events == [] and link.seen == []


def test_the_outbound_proxy_takes_the_registration():
    link = Link()
    phone = Agent(link, "10.0.0.1")
    phone.ua.add_account(1, "101", domain="example.com", server="reg.example.com", outbound="10.0.0.7:5099")
    phone.do("start")
    _, _, target, line = link.seen[0]
    assert target == ("10.0.0.7", 5099) and line == "REGISTER sip:example.com SIP/2.0"


def account(**options):
    has = {
        "user": "101",
        "domain": "example.com",
        "server": "",
        "display": "",
        "outbound": "",
        "number": "",
    }  # type: dict
    has.update(options)
    return Account("10.0.0.1", 5060, 1, has.pop("user"), auth_user=None, password="p", **has)


def test_where_a_number_and_an_address_lead():
    a = account(server="10.0.0.9:5080")
    assert a.route("102") == ("sip:102@example.com", "10.0.0.9", 5080)
    assert a.route("*97#") == ("sip:*97%23@example.com", "10.0.0.9", 5080)
    assert a.route("bob@example.com") == ("sip:bob@example.com", "10.0.0.9", 5080)  # our own domain
    assert a.route("bob@10.0.0.5:5070") == ("sip:bob@10.0.0.5:5070", "10.0.0.5", 5070)
    assert a.route("SIP:bob@10.0.0.5;x=1") == ("sip:bob@10.0.0.5;x=1", "10.0.0.5", 5060)
    a = account(outbound="10.0.0.7")
    assert a.route("bob@10.0.0.5") == ("sip:bob@10.0.0.5", "10.0.0.7", 5060)
    a = account(domain="", server="10.0.0.9:5080")
    assert a.route("102") == ("sip:102@10.0.0.9:5080", "10.0.0.9", 5080)
    assert account(domain=None).route("102") is None
    assert account(domain=None).route("bob@10.0.0.5") == ("sip:bob@10.0.0.5", "10.0.0.5", 5060)


def test_identities():
    assert account(display='An "x"').identity == '"An \\"x\\"" <sip:101@example.com>'
    assert account(domain="").identity == "<sip:101@10.0.0.1:5060>"
    assert account(user="a b").contact == "<sip:a%20b@10.0.0.1:5060>"


def test_credentials_are_made_for_the_method_and_body_of_each_request():
    credentials = Credentials(account(), randomness(5))
    message = Message("INVITE", "sip:102@example.com")
    credentials.sign(message)
    assert message.headers == []

    class Challenge:
        status = 407

        def all(self, name):
            return [CHALLENGE % "n"] if name == "Proxy-Authenticate" else []

    assert credentials.challenged(Challenge())
    credentials.sign(message)
    credentials.sign(message)  # again: in place of the first
    assert len(message.all("Proxy-Authorization")) == 1
    assert parse_auth(message.get("Proxy-Authorization"))[1]["nc"] == "00000002"


def test_seconds_of_a_header():
    texts = (None, "", "7", " 60 ", "120;x", "5 (a)", "x", "-1")
    assert [seconds(text) for text in texts] == [0, 0, 7, 60, 120, 5, 0, 0]
    assert seconds("9" * 50) < 1 << 30
