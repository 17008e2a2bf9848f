import gc

from ata.base.errors import LocalError
from ata.sip.grammar import parse_via
from ata.sip.message import parse
from ata.sip.ua import UserAgent
from support.sip_link import Agent, Link, Peer, drop, randomness, sdp, two_phones

NEAR = ("10.0.0.1", 5060)
ME = "<sip:101@10.0.0.1>"


def phone_and_far(port=5060):
    link = Link()
    phone = Agent(link, "10.0.0.1")
    phone.ua.add_account(1, "101")
    return link, phone, Peer(link, "10.0.0.9", port)


def ask(link, far, method, uri="sip:101@10.0.0.1", to=ME, **options):
    """The peer sends a request. -> what it got for it"""
    count = len(far.inbox)
    far.send(far.request(method, uri, to, **options), NEAR)
    link.run(10)
    return far.inbox[count:]


def test_options_tell_what_we_can():
    link, phone, far = phone_and_far()
    (answer,) = ask(link, far, "OPTIONS")
    assert answer.status == 200 and answer.get("Allow") == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY"
    assert answer.get("Accept") == "application/sdp" and answer.get("Server") == "open-ata"
    assert ";tag=" in answer.get("To")
    (answer,) = ask(link, far, "OPTIONS", "sip:10.0.0.1", "<sip:10.0.0.1>")
    assert answer.status == 200
    assert not phone.ua.transactions.servers and phone.ua.deadline() is None


def test_a_call_for_nobody_here_is_404_and_makes_no_session():
    link, phone, far = phone_and_far()
    for uri in ("sip:999@10.0.0.1", "sip:10.0.0.1", "sip:1011@10.0.0.1"):
        (answer,) = ask(link, far, "INVITE", uri, body=sdp("10.0.0.9"))
        assert answer.status == 404 and ";tag=" in answer.get("To")
    assert phone.events == [] and not phone.ua.sessions and not phone.ua.transactions.servers
    far.send(far.request("ACK", "sip:999@10.0.0.1", answer.get("To")), NEAR)
    link.run(10)
    assert phone.ua.counts == {"stray": 1}


def test_a_port_is_called_by_its_user_its_number_and_escaped_forms():
    link = Link()
    phone = Agent(link, "10.0.0.1")
    phone.ua.add_account(1, "anna", number="101")
    phone.ua.add_account(2, "102")
    far = Peer(link, "10.0.0.9")
    for uri, port in (("sip:anna@x", 1), ("sip:101@y:5090;z=1", 1), ("sip:%61nna@x", 1), ("sips:102@x", 2)):
        ask(link, far, "INVITE", uri, call_id=uri[5:9], body=sdp("10.0.0.9"))
        assert phone.last("incoming")[1].account == port


def test_no_common_codec_is_488_by_itself():
    link, phone, far = phone_and_far()
    (answer,) = ask(link, far, "INVITE", body=sdp("10.0.0.9", formats="18 3"))
    assert answer.status == 488 and phone.events == []
    (answer,) = ask(link, far, "INVITE", body=b"nonsense")
    assert answer.status == 400 and phone.events == []


def test_what_is_not_understood_is_refused_as_the_rfc_says():
    link, phone, far = phone_and_far()
    body = sdp("10.0.0.9")
    text = [("Content-Type", "text/plain")]
    cases = (
        ("UPDATE", "sip:101@10.0.0.1", {}, 405, "Allow", phone.ua.ALLOW),
        ("PRACK", "sip:101@10.0.0.1", {}, 405, "Allow", phone.ua.ALLOW),
        ("REFER", "sip:101@10.0.0.1", {}, 405, "Allow", phone.ua.ALLOW),
        ("NOTIFY", "sip:101@10.0.0.1", {}, 489, "Server", "open-ata"),
        ("NOTIFY", "sip:101@10.0.0.1", {"more": [("Event", "dialog;id=1")]}, 489, "Server", "open-ata"),
        ("REGISTER", "sip:10.0.0.1", {}, 405, "Allow", phone.ua.ALLOW),
        ("DANCE", "sip:101@10.0.0.1", {}, 501, "Allow", phone.ua.ALLOW),
        ("invite", "sip:101@10.0.0.1", {}, 501, "Allow", phone.ua.ALLOW),
        ("INVITE", "sip:101@10.0.0.1", {"more": [("Require", "100rel, x")]}, 420, "Unsupported", "100rel, x"),
        ("INVITE", "tel:+4930", {"body": body}, 416, "Server", "open-ata"),
        ("INVITE", "sip:101@10.0.0.1", {"body": b"x", "more": text}, 415, "Accept", "application/sdp"),
        ("BYE", "sip:101@10.0.0.1", {}, 481, "Server", "open-ata"),
        ("INFO", "sip:101@10.0.0.1", {}, 481, "Server", "open-ata"),
        ("BYE", "sip:101@10.0.0.1", {"to": ME + ";tag=none"}, 481, "Server", "open-ata"),
        ("INVITE", "sip:101@10.0.0.1", {"to": ME + ";tag=none", "body": body}, 481, "Server", "open-ata"),
    )  # type: tuple  # fmt: skip
    for method, uri, options, status, name, value in cases:
        (answer,) = ask(link, far, method, uri, **options)
        assert answer.status == status and answer.get(name) == value, (method, answer.status)
        assert answer.cseq == (1, method) and answer.get("From").endswith("tag=far")
    assert phone.events == [] and not phone.ua.transactions.servers
    phone.check()


def test_an_invite_without_a_usable_contact_is_400():
    link, phone, far = phone_and_far()
    for contact in (None, "*", "<tel:+49>"):
        message = far.request("INVITE", "sip:101@10.0.0.1", ME, body=sdp("10.0.0.9"))
        drop(message, "Contact")
        if contact:
            message.add("Contact", contact)
        far.send(message, NEAR)
        link.run(10)
        assert far.inbox[-1].status == 400
    assert phone.events == [] and not phone.ua.transactions.servers and not phone.ua.sessions


def test_the_same_invite_by_another_way_is_482_but_our_two_ports_may_share_one():
    link = Link()
    phone = Agent(link, "10.0.0.1")
    phone.ua.add_account(1, "101")
    phone.ua.add_account(2, "102")
    far = Peer(link, "10.0.0.9")
    ask(link, far, "INVITE", body=sdp("10.0.0.9"))
    (answer,) = ask(link, far, "INVITE", body=sdp("10.0.0.9"))  # a new branch
    assert answer.status == 482
    ask(link, far, "INVITE", "sip:102@10.0.0.1", body=sdp("10.0.0.9"))
    assert [event[1].account for event in phone.events] == [1, 2]


def test_old_numbers_in_a_dialog_are_500():
    link, phone, far = phone_and_far()
    ask(link, far, "INVITE", seq=10, body=sdp("10.0.0.9"))
    session = phone.last("incoming")[1]
    phone.do("answer", session, phone.local)
    link.run(10)
    to = far.get(200).get("To")
    ask(link, far, "ACK", to=to, seq=10)
    assert [m.status for m in ask(link, far, "INFO", to=to, seq=9)] == [500]
    assert [m.status for m in ask(link, far, "OPTIONS", to=to, seq=11)] == [200]
    assert [m.status for m in ask(link, far, "UPDATE", to=to, seq=12)] == [405]
    assert [m.status for m in ask(link, far, "BYE", to=to, seq=13, tag="other")] == [481]
    assert session.state == "confirmed"
    assert [m.status for m in ask(link, far, "BYE", to=to, seq=13)] == [200]


def via_answer(via, source):
    """OPTIONS with this Via from this source: -> (host, port) that the answer goes to, and its Via."""
    ua = UserAgent("10.0.0.1", 5060, randomness(1))
    text = "OPTIONS sip:101@10.0.0.1 SIP/2.0\r\nVia: %s\r\nFrom: <sip:a@b>;tag=1\r\n"
    text += "To: <sip:101@10.0.0.1>\r\n"
    text += "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n"
    ua.receive((text % via).encode(), source, 0)
    output = ua.poll()
    assert output is not None and ua.poll() is None
    return output[2:], parse(output[1]).get("Via")


def test_answers_go_where_the_via_and_rfc_3581_say():
    # no rport, Via host = source: to the port of the Via
    to, via = via_answer("SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bK1", ("10.0.0.9", 4444))
    assert to == ("10.0.0.9", 5070) and via == "SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bK1"
    to, via = via_answer("SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK1", ("10.0.0.9", 4444))
    assert to == ("10.0.0.9", 5060)
    # another source address, or a name: received (§18.2.1)
    to, via = via_answer("SIP/2.0/UDP 192.168.1.9:5070;branch=z9hG4bK1", ("10.0.0.9", 4444))
    assert to == ("10.0.0.9", 5070) and parse_via(via).params["received"] == "10.0.0.9"
    to, via = via_answer("SIP/2.0/UDP pbx.example.com;branch=z9hG4bK1", ("10.0.0.9", 4444))
    assert to == ("10.0.0.9", 5060) and parse_via(via).params["received"] == "10.0.0.9"
    # rport: to the source port, both parameters filled in (RFC 3581 §4)
    to, via = via_answer("SIP/2.0/UDP 192.168.1.9:5070;rport;branch=z9hG4bK1", ("10.0.0.9", 4444))
    assert to == ("10.0.0.9", 4444) and parse_via(via).params["rport"] == "4444"
    to, via = via_answer("SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bK1;rport", ("10.0.0.9", 4444))
    assert to == ("10.0.0.9", 4444) and parse_via(via).params["received"] == "10.0.0.9"


def test_only_the_topmost_via_is_completed_and_all_come_back():
    link, _, far = phone_and_far()
    message = far.request("OPTIONS", "sip:101@10.0.0.1", ME)
    message.headers.insert(1, ("Via", "SIP/2.0/UDP inner;branch=z9hG4bKinner;rport"))
    far.send(message, NEAR)
    link.run(10)
    vias = far.inbox[0].all("Via")
    assert len(vias) == 2 and "rport=5060" in vias[0]
    assert vias[1] == "SIP/2.0/UDP inner;branch=z9hG4bKinner;rport"


def test_port_1_calls_port_2_through_our_own_socket():
    link = Link()
    phone = Agent(link, "10.0.0.1")
    phone.ua.add_account(1, "101", display="One")
    phone.ua.add_account(2, "102")
    out = phone.call("102@10.0.0.1")
    link.run(50)
    inside = phone.last("incoming")[1]
    assert inside is not out and inside.call_id == out.call_id and inside.account == 2
    assert inside.remote_display == "One" and inside.local_tag != out.local_tag
    phone.do("ring", inside)
    link.run(50)
    phone.do("answer", inside, phone.local)
    link.run(50)
    assert phone.names() == ["incoming", "progress", "answered", "answered"]
    assert out.state == inside.state == "confirmed" and out.media.port == inside.media.port == 10010
    phone.do("hold", inside, True)
    link.run(50)
    assert not out.media.send and out.media.receive and inside.media.send
    phone.do("send_info", out, "9", 100)
    link.run(50)
    assert phone.last("dtmf")[1] is inside
    phone.do("hangup", inside)
    link.run(50)
    assert phone.last("ended") == ("ended", out, 200) and phone.names().count("ended") == 2
    link.run(100000)
    assert held_objects(phone.ua) == [0, 0, 0, 0]
    phone.check()
    # given up while it rings, and refused
    for name, args in (("hangup", ()), ("reject", (486,))):
        out = phone.call("102@10.0.0.1")
        link.run(50)
        phone.do(name, phone.last("incoming")[1] if args else out, *args)
        link.run(100000)
        assert held_objects(phone.ua) == [0, 0, 0, 0]
    phone.check()


def test_a_call_at_the_accounts_domain_goes_to_its_server():
    link = Link()
    phone = Agent(link, "10.0.0.1", 5062)
    phone.ua.add_account(1, "101", "example.com", "10.0.0.9:5070", display="Anna", register=False)
    server = Peer(link, "10.0.0.9", 5070)
    session = phone.call("*98#")
    link.run(10)
    invite = server.get("INVITE")
    assert invite.uri == "sip:*98%23@example.com" and invite.get("To") == "<sip:*98%23@example.com>"
    assert invite.get("From").startswith('"Anna" <sip:101@example.com>;tag=')
    assert invite.get("Contact") == "<sip:101@10.0.0.1:5062>" and invite.get("Max-Forwards") == "70"
    assert invite.get("User-Agent") == "open-ata" and session.remote_user == "*98#"
    via = parse_via(invite.get("Via"))
    assert (via.host, via.port, via.params["rport"]) == ("10.0.0.1", 5062, None)


def test_a_number_without_an_account_and_a_broken_address_fail_at_once():
    link, phone, _ = phone_and_far()
    session = phone.call("102")
    assert phone.events == [("failed", session, 404)] and session.state == "terminated"
    session = phone.call("x@y z")
    assert phone.events[1:] == [("failed", session, 400)]
    assert not phone.ua.sessions and link.seen == []
    phone.do("hangup", session)
    phone.check()
    try:
        phone.call("102@10.0.0.2", key=7)
        raise AssertionError("no error")
    except LocalError:
        pass


def test_keep_alives_are_no_garbage():
    ua = UserAgent("10.0.0.1", 5060, randomness(1))
    for data in (b"\r\n\r\n", b"\r\n", b""):
        ua.receive(data, ("10.0.0.9", 5060), 0)
    assert ua.counts == {"keepalive": 3} and ua.poll() is None


def test_a_broken_request_is_400_if_it_can_be_answered_and_counted_in_any_case():
    link, phone, far = phone_and_far()
    message = far.request("INVITE", "sip:101@10.0.0.1", ME, body=sdp("10.0.0.9"))
    del link.ends[far.addr]  # the answers have what was broken in them
    for name, value, status in (
        ("To", '"x <sip:101@10.0.0.1>', 400),
        ("CSeq", "1 BYE", 400),
        ("Contact", "<sip:", 400),
        ("Content-Length", "99999", 400),
    ):
        broken = parse(message.encode())
        broken.set(name, value)
        data = "%s %s SIP/2.0\r\n" % (broken.method, broken.uri)
        data += "".join(["%s: %s\r\n" % (n, v) for n, v in broken.headers]) + "\r\n"
        link.put(data.encode(), far.addr, NEAR)
        link.run(10)
        _, source, _, line = link.seen[-1]
        assert source == NEAR and line.startswith("SIP/2.0 %d" % status), (name, line)
    link.ends[far.addr] = far
    link.put(message.encode().replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1), far.addr, NEAR)
    link.run(10)
    assert far.got() == [505]
    assert phone.ua.counts == {"garbage": 5} and phone.events == []
    phone.check()


def test_garbage_never_raises_and_never_harms_a_call():
    link, caller, called = two_phones()
    out = caller.call("102@10.0.0.2")
    link.run(100)
    called.do("answer", called.last("incoming")[1], called.local)
    link.run(100)
    samples = []
    far = Peer(link, "10.0.0.9")
    tag = ";tag=" + out.local_tag
    for method in ("INVITE", "ACK", "BYE", "CANCEL", "INFO", "OPTIONS"):
        samples.append(far.request(method, "sip:101@10.0.0.1", ME + tag, body=sdp("10.0.0.9")).encode())
        samples.append(far.request(method, "sip:101@10.0.0.1", ME, body=sdp("10.0.0.9")).encode())
    samples.append(b"SIP/2.0 200 OK" + samples[0][samples[0].find(b"\r\n") :])
    random = randomness(77)
    ua = caller.ua
    for number in range(1500):
        data = bytearray(samples[number % len(samples)])
        kind, where, what, count = random(4)
        where = where * len(data) // 256
        if kind < 100:
            for _ in range(1 + count % 4):
                data[random(1)[0] * len(data) // 256] = what
        elif kind < 160:
            data = data[:where]
        elif kind < 200:
            data = data[:where] + data[where + count :]
        elif kind < 230:
            data = data[:where] + data[where // 2 : where] + data[where:]
        else:
            data = bytearray(random(count))
        ua.receive(bytes(data), ("10.0.0.9", 5060), link.now)
        while True:
            output = ua.poll()
            if output is None:
                break
            if output[0] == "incoming":  # some mutations leave it whole
                ua.reject(output[1], 486, link.now)
            assert output[0] in ("send", "incoming", "ended"), output
    assert ua.fault is None, ua.fault
    assert out.state == "confirmed" and ua.counts["garbage"] > 500
    assert len(ua.transactions.servers) <= ua.transactions.limit
    caller.do("hangup", out)
    link.run(100)
    assert called.last("ended")[2] == 200


def test_answers_that_belong_to_nothing_are_counted():
    link, phone, far = phone_and_far()
    ask(link, far, "OPTIONS")
    answer = far.inbox[0]
    far.send(answer, NEAR)
    link.run(10)
    assert phone.ua.counts == {"stray": 1}


def test_a_flood_of_requests_leaves_nothing_and_one_of_calls_is_bounded():
    link, phone, far = phone_and_far()
    for number in range(100):
        ask(link, far, "OPTIONS", call_id="o%d" % number)
        ask(link, far, "INVITE", "sip:999@10.0.0.1", call_id="n%d" % number)
        ask(link, far, "BYE", call_id="b%d" % number)
    assert not phone.ua.transactions.servers
    for number in range(40):
        ask(link, far, "INVITE", call_id="c%d" % number, body=sdp("10.0.0.9"))
    assert len(phone.ua.transactions.servers) == len(phone.ua.sessions) == phone.ua.transactions.limit
    assert far.inbox[-1].status == 503 and far.inbox[-1].get("Retry-After") == "5"
    assert phone.names() == ["incoming"] * phone.ua.transactions.limit
    for event in list(phone.events):
        phone.do("reject", event[1], 486)
    link.run(100000)
    assert not phone.ua.transactions.servers and not phone.ua.sessions
    phone.check()


def held_objects(ua):
    return [len(each) for each in (ua.sessions, ua.events, ua.transactions.clients, ua.transactions.servers)]


def test_a_hundred_calls_leave_no_growth():
    link, caller, called = two_phones()
    after = []
    for number in range(100):
        out = caller.call("102@10.0.0.2")
        link.run(20)
        inside = called.last("incoming")[1]
        called.do("ring", inside)
        link.run(20)
        if number % 4 == 0:
            caller.do("hangup", out)
        elif number % 4 == 1:
            called.do("reject", inside, 486)
        else:
            called.do("answer", inside, called.local)
            link.run(20)
            caller.do("hold", out, True)
            link.run(20)
            caller.do("send_info", out, "1", 100)
            link.run(20)
            (caller if number % 2 else called).do("hangup", out if number % 2 else inside)
        link.run(200)
        for agent in (caller, called):
            assert len(agent.ua.sessions) == 0
            limit = agent.ua.transactions.limit
            assert len(agent.ua.transactions.clients) <= limit >= len(agent.ua.transactions.servers)
            assert agent.names().count("ended") + agent.names().count("failed") == 1
            agent.events.clear()
            agent.check()
        link.seen.clear()
        out = inside = None
        if number % 20 == 19:
            gc.collect()
            link.run(100000)
            after.append(held_objects(caller.ua) + held_objects(called.ua))
    assert after == [[0] * 8] * 5
    assert not caller.ua.counts and not called.ua.counts


def test_memory_of_finished_calls_is_given_back():
    if not hasattr(gc, "mem_alloc"):
        return
    link, caller, called = two_phones()

    def one():
        out = caller.call("102@10.0.0.2")
        link.run(20)
        called.do("answer", called.last("incoming")[1], called.local)
        link.run(20)
        caller.do("hangup", out)
        link.run(100000)
        caller.events.clear()
        called.events.clear()
        link.seen.clear()

    used = []
    for _ in range(4):
        one()
        gc.collect()
        used.append(gc.mem_alloc())  # pyright: ignore[reportAttributeAccessIssue]
    assert used[3] - used[1] < 200, used


def test_the_trace_sees_every_message_both_ways():
    lines = []
    link = Link()
    phone = Agent(link, "10.0.0.1", trace=lambda *args: lines.append(args))
    phone.ua.add_account(1, "101")
    far = Peer(link, "10.0.0.9")
    session = phone.call("102@10.0.0.9")
    link.run(600)
    far.answer(far.get("INVITE"), 486)
    link.run(10)
    call = session.call_id
    assert lines == [
        (True, "INVITE sip:102@10.0.0.9 SIP/2.0", "10.0.0.9", 5060, call, "1 INVITE"),
        (True, "INVITE sip:102@10.0.0.9 SIP/2.0", "10.0.0.9", 5060, call, "1 INVITE"),
        (False, "SIP/2.0 486 Busy Here", "10.0.0.9", 5060, call, "1 INVITE"),
        (True, "ACK sip:102@10.0.0.9 SIP/2.0", "10.0.0.9", 5060, call, "1 ACK"),
    ]


def test_a_mistake_of_ours_is_kept_and_does_not_come_out_of_receive():
    link, phone, far = phone_and_far()

    def broken(request, status, tag=None):
        raise ValueError("ours")

    phone.ua.reply = broken
    ask(link, far, "OPTIONS")
    assert phone.ua.counts == {"fault": 1} and str(phone.ua.fault) == "ours"


def test_two_calls_at_once_on_one_port_stay_apart():
    link, phone, far = phone_and_far()
    other = Peer(link, "10.0.0.8")
    ask(link, far, "INVITE", call_id="same", body=sdp("10.0.0.9"))
    invite = other.request("INVITE", "sip:101@10.0.0.1", ME, call_id="same", tag="two", body=sdp("10.0.0.8"))
    other.send(invite, NEAR)
    link.run(10)
    first, second = [event[1] for event in phone.events]
    phone.do("answer", first, phone.local)
    phone.do("reject", second, 486)
    link.run(10)
    ask(link, far, "ACK", to=far.get(200).get("To"), call_id="same")
    assert first.state == "confirmed" and other.got() == [100, 486]
    phone.check()
