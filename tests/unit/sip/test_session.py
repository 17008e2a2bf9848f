from ata.sip.message import parse, response
from ata.sip.offer import LocalMedia
from support.sip_link import Agent, Link, Peer, drop, sdp, two_phones

NEAR = ("10.0.0.1", 5060)


def incoming(agent):
    return agent.last("incoming")[1]


def connected(**options):
    """-> link, caller, called, their sessions: a call that is up."""
    link, caller, called = two_phones(**options)
    out = caller.call("102@10.0.0.2")
    link.run(100)
    inside = incoming(called)
    called.do("ring", inside)
    link.run(100)
    called.do("answer", inside, called.local)
    link.run(100)
    assert out.state == inside.state == "confirmed", (out.state, inside.state)
    return link, caller, called, out, inside


def settled(link, *agents):
    """All is said: after the longest timers nothing of a finished call is left."""
    link.run(200000)
    for agent in agents:
        ua = agent.ua
        assert not ua.sessions and not ua.transactions.clients and not ua.transactions.servers, ua.sessions
        assert ua.deadline() is None and not ua.events
        agent.check()


def test_a_call_is_made_rung_answered_and_hung_up():
    link, caller, called = two_phones()
    out = caller.call("102@10.0.0.2")
    assert out.outgoing and out.account == 1 and out.state == "calling" and out.remote_user == "102"
    link.run(100)
    inside = incoming(called)
    assert not inside.outgoing and inside.account == 1 and inside.remote_user == "101"
    assert inside.remote_uri == "sip:101@10.0.0.1:5060" and inside.call_id == out.call_id
    assert link.words(called) == ["100"] and out.state == "early" and inside.state == "incoming"
    called.do("ring", inside)
    link.run(100)
    assert caller.events == [("progress", out, 180, None)] and inside.state == "ringing"
    called.do("answer", inside, called.local)
    media = called.last("answered")[2]
    assert (media.ip, media.port, media.payload_type, media.event_type) == ("10.0.0.1", 10010, 0, 101)
    link.run(100)
    assert caller.names() == ["progress", "answered"] and out.state == inside.state == "confirmed"
    media = caller.last("answered")[2]
    assert out.media is media and (media.ip, media.port) == ("10.0.0.2", 10020)
    assert media.send and media.receive
    assert link.words(caller) == ["INVITE", "ACK"] and link.words(called) == ["100", "180", "200"]
    caller.do("hangup", out)
    assert caller.last("ended") == ("ended", out, 0)
    link.run(100)
    assert called.names() == ["incoming", "answered", "ended"]
    assert called.last("ended") == ("ended", inside, 200)
    assert link.words(caller) == ["INVITE", "ACK", "BYE"] and link.words(called)[-1] == "200"
    settled(link, caller, called)
    assert caller.names() == ["progress", "answered", "ended"]


def test_the_called_side_hangs_up():
    link, caller, called, out, inside = connected()
    called.do("hangup", inside)
    link.run(100)
    assert caller.last("ended") == ("ended", out, 200) and called.last("ended") == ("ended", inside, 0)
    settled(link, caller, called)


def test_both_hang_up_at_once():
    link, caller, called, out, inside = connected()
    caller.do("hangup", out)
    called.do("hangup", inside)
    caller.do("hangup", out)
    link.run(100)
    assert link.words().count("BYE") == 2
    assert caller.names().count("ended") == called.names().count("ended") == 1
    settled(link, caller, called)


def test_a_call_is_refused():
    for status in (486, 603, 480):
        link, caller, called = two_phones()
        out = caller.call("102@10.0.0.2")
        link.run(100)
        called.do("reject", incoming(called), status)
        link.run(100)
        assert caller.last("failed") == ("failed", out, status)
        assert called.last("ended")[2] == status and out.state == "terminated"
        assert link.words(caller) == ["INVITE", "ACK"]
        settled(link, caller, called)


def test_hanging_up_a_ringing_call_refuses_it_with_480():
    link, caller, called = two_phones()
    caller.call("102@10.0.0.2")
    link.run(100)
    called.do("ring", incoming(called))
    called.do("hangup", incoming(called))
    link.run(100)
    assert caller.last("failed")[2] == 480
    settled(link, caller, called)


def test_rejecting_an_answered_call_hangs_it_up():
    link, caller, called, _, inside = connected()
    called.do("reject", inside, 486)
    link.run(100)
    assert "BYE" in link.words(called) and caller.last("ended")[2] == 200
    settled(link, caller, called)


def test_nobody_answers():
    link = Link()
    caller = Agent(link, "10.0.0.1")
    caller.ua.add_account(1, "101")
    out = caller.call("102@10.0.0.2")
    link.run(31999)
    assert caller.events == []
    link.run(1)
    assert caller.events == [("failed", out, 408)] and link.words().count("INVITE") == 7
    settled(link, caller)


def test_a_name_that_does_not_resolve():
    link = Link()
    caller = Agent(link, "10.0.0.1")
    caller.ua.add_account(1, "101")
    out = caller.call("102@nowhere.example")
    assert link.seen[0][2] == ("nowhere.example", 5060)
    caller.do("unreachable", "nowhere.example")
    assert caller.events == [("failed", out, 503)]
    settled(link, caller)


def test_the_180_is_repeated_each_minute():
    link, caller, called = two_phones()
    caller.call("102@10.0.0.2")
    link.run(100)
    called.do("ring", incoming(called))
    link.run(200000)
    assert [ms // 60000 for ms, line in link.lines(called, "180")] == [0, 1, 2, 3]
    assert caller.names() == ["progress"] * 4


# CANCEL in every order (§9)


def test_hanging_up_while_it_rings_cancels():
    link, caller, called = two_phones()
    out = caller.call("102@10.0.0.2")
    link.run(100)
    called.do("ring", incoming(called))
    link.run(100)
    caller.do("hangup", out)
    assert caller.last("ended") == ("ended", out, 0)
    link.run(100)
    assert called.last("ended")[2] == 487
    assert link.words(caller) == ["INVITE", "CANCEL", "ACK"]
    assert link.words(called) == ["100", "180", "487", "200"]
    settled(link, caller, called)
    assert caller.names() == ["progress", "ended"]


def test_a_cancel_waits_for_a_provisional_answer():
    link, caller, called = two_phones()
    link.fate = lambda data, source, target: [300] if source[0] == "10.0.0.2" else [5]
    out = caller.call("102@10.0.0.2")
    link.run(100)
    caller.do("hangup", out)
    link.run(100)
    assert link.words(caller) == ["INVITE"] and caller.names() == ["ended"]
    link.run(1000)
    assert link.words(caller) == ["INVITE", "CANCEL", "ACK"] and called.last("ended")[2] == 487
    settled(link, caller, called)


def test_hanging_up_a_call_that_nobody_answers_goes_quietly():
    link = Link()
    caller = Agent(link, "10.0.0.1")
    caller.ua.add_account(1, "101")
    caller.do("hangup", caller.call("102@10.0.0.2"))
    settled(link, caller)
    assert caller.names() == ["ended"] and "CANCEL" not in link.words()


def test_a_2xx_that_crosses_the_cancel_is_acknowledged_and_hung_up():
    link, caller, called = two_phones()
    out = caller.call("102@10.0.0.2")
    link.run(100)
    called.do("answer", incoming(called), called.local)  # 200 on its way
    caller.do("hangup", out)  # CANCEL on its way
    link.run(100)
    assert link.words(caller) == ["INVITE", "CANCEL", "ACK", "BYE"]
    assert called.names() == ["incoming", "answered", "ended"] and called.last("ended")[2] == 200
    settled(link, caller, called)
    assert caller.names() == ["ended"]


def test_a_2xx_to_a_call_given_up_before_any_answer_is_acknowledged_and_hung_up():
    link = Link()
    caller = Agent(link, "10.0.0.1")
    caller.ua.add_account(1, "101")
    far = Peer(link, "10.0.0.9")
    caller.do("hangup", caller.call("102@10.0.0.9"))
    link.run(100)
    far.answer(far.get("INVITE"), 200, body=sdp("10.0.0.9"))
    link.run(100)
    assert far.got() == ["INVITE", "ACK", "BYE"]
    far.answer(far.get("BYE"), 200)
    settled(link, caller)
    assert caller.names() == ["ended"]


def test_a_refusal_that_crosses_the_cancel_ends_it_all_the_same():
    link, caller, called = two_phones()
    out = caller.call("102@10.0.0.2")
    link.run(100)
    called.do("reject", incoming(called), 486)
    caller.do("hangup", out)
    link.run(100)
    settled(link, caller, called)
    assert caller.names() == ["ended"] and called.names() == ["incoming", "ended"]
    assert "200" in link.words(called)  # the CANCEL found its transaction


def test_a_cancel_that_is_lost_is_repeated_and_one_that_overtakes_its_invite_finds_nothing():
    link, caller, called = two_phones()
    out = caller.call("102@10.0.0.2")
    link.run(100)
    lost = []

    def lossy(data, source, target):
        if data.startswith(b"CANCEL") and not lost:
            lost.append(1)
            return []
        return [5]

    link.fate = lossy
    caller.do("hangup", out)
    link.run(1000)
    assert link.words(caller).count("CANCEL") == 2 and called.last("ended")[2] == 487
    settled(link, caller, called)
    link = Link()
    far = Peer(link, "10.0.0.9")
    Agent(link, "10.0.0.1").ua.add_account(1, "101")
    far.send(far.request("CANCEL", "sip:101@10.0.0.1", "<sip:101@10.0.0.1>"), NEAR)
    link.run(100)
    assert far.got() == [481]


def test_a_cancel_without_any_answer_is_given_up():
    link = Link()
    caller = Agent(link, "10.0.0.1")
    caller.ua.add_account(1, "101")
    far = Peer(link, "10.0.0.9")
    out = caller.call("102@10.0.0.9")
    link.run(10)
    far.answer(far.get("INVITE"), 180)
    link.run(10)
    caller.do("hangup", out)
    settled(link, caller)
    assert caller.names() == ["progress", "ended"] and out.state == "terminated"


def test_a_cancel_after_the_answer_changes_nothing():
    link = Link()
    near = Agent(link, "10.0.0.1")
    near.ua.add_account(1, "101")
    far = Peer(link, "10.0.0.9")
    invite = far.request("INVITE", "sip:101@10.0.0.1", "<sip:101@10.0.0.1>", body=sdp("10.0.0.9"))
    far.send(invite, NEAR)
    link.run(10)
    near.do("answer", incoming(near), near.local)
    cancel = far.request("CANCEL", "sip:101@10.0.0.1", "<sip:101@10.0.0.1>", branch=invite.top_branch)
    drop(cancel, "Contact")
    far.send(cancel, NEAR)
    link.run(10)
    assert far.got() == [100, 200, 200] and incoming(near).state == "answered"
    near.check()


# loss, doubling and reordering


def test_a_lost_ack_is_sent_again_for_each_200():
    link, caller, called = two_phones()
    acks = []

    def lossy(data, source, target):
        if data.startswith(b"ACK"):
            acks.append(data)
            return [] if len(acks) < 3 else [5]
        return [5]

    link.fate = lossy
    out = caller.call("102@10.0.0.2")
    link.run(100)
    inside = incoming(called)
    called.do("answer", inside, called.local)
    link.run(300)
    assert out.state == "confirmed" and inside.state == "answered"
    link.run(2000)
    assert inside.state == "confirmed" and len(acks) == 3 and len(set(acks)) == 1
    assert link.words(called) == ["100", "200", "200", "200"]
    caller.do("hangup", out)
    settled(link, caller, called)


def test_no_ack_at_all_ends_the_call_with_a_bye_after_64_t1():
    link, caller, called = two_phones()
    link.fate = lambda data, source, target: [] if data.startswith(b"ACK") else [5]
    out = caller.call("102@10.0.0.2")
    link.run(100)
    called.do("answer", incoming(called), called.local)
    link.run(31900)
    assert incoming(called).state == "answered"
    link.run(200)
    assert called.last("ended")[2] == 408 and caller.last("ended") == ("ended", out, 200)
    assert link.words(called).count("200") == 11  # Timer G's times (§13.3.1.4)
    settled(link, caller, called)


def test_hanging_up_before_the_ack_waits_for_it():
    link, caller, called = two_phones()
    link.fate = lambda data, source, target: [700] if data.startswith(b"ACK") else [5]
    caller.call("102@10.0.0.2")
    link.run(100)
    called.do("answer", incoming(called), called.local)
    link.run(100)
    called.do("hangup", incoming(called))
    assert called.last("ended")[2] == 0
    link.run(100)
    assert "BYE" not in link.words(called)
    link.run(1000)
    assert "BYE" in link.words(called) and caller.last("ended")[2] == 200
    settled(link, caller, called)


def test_a_bye_may_overtake_the_ack():
    link, caller, called = two_phones()
    link.fate = lambda data, source, target: [700] if data.startswith(b"ACK") else [5]
    out = caller.call("102@10.0.0.2")
    link.run(100)
    called.do("answer", incoming(called), called.local)
    link.run(50)
    caller.do("hangup", out)
    link.run(100)
    assert called.last("ended")[2] == 200
    settled(link, caller, called)
    assert link.words(called).count("200") == 2  # the INVITE's was not repeated after the BYE


def test_a_lost_200_is_repeated():
    link, caller, called = two_phones()
    lost = []

    def lossy(data, source, target):
        if data.startswith(b"SIP/2.0 200") and b"INVITE" in data and len(lost) < 2:
            lost.append(1)
            return []
        return [5]

    link.fate = lossy
    out = caller.call("102@10.0.0.2")
    link.run(100)
    called.do("answer", incoming(called), called.local)
    link.run(2000)
    assert out.state == "confirmed" and link.words(called) == ["100", "200", "200", "200"]
    caller.do("hangup", out)
    settled(link, caller, called)


def test_calls_survive_heavy_loss_doubling_and_reordering():
    seed = [3]

    def dice(n):
        seed[0] = (seed[0] * 1103515245 + 12345) % 2147483648
        return (seed[0] >> 16) % n

    def fate(data, source, target):
        if dice(4) == 0:
            return []
        delays = [5 + dice(300)]
        if dice(4) == 0:
            delays.append(5 + dice(900))
        return delays

    ended = 0
    for number in range(15):
        link, caller, called = two_phones()
        link.fate = fate
        out = caller.call("102@10.0.0.2")
        link.run(20000)
        if "incoming" not in called.names():
            continue
        called.do("ring", incoming(called))
        link.run(500)
        called.do("answer", incoming(called), called.local)
        link.run(20000)
        assert out.state == "confirmed" and incoming(called).state == "confirmed", number
        caller.do("hold", out, True)
        link.run(25000)
        (called if number % 2 else caller).do("hangup", incoming(called) if number % 2 else out)
        settled(link, caller, called)
        for agent in (caller, called):
            assert agent.names().count("answered") == 1 and agent.names().count("ended") == 1, agent.names()
            assert agent.names()[-1] == "ended"
        assert called.names().count("incoming") == 1
        ended += 1
    assert ended >= 13


# digest


def challenged_call(*challenges):
    """A call that is challenged with each of (status, extra). -> link, phone, far, session"""
    link = Link()
    phone = Agent(link, "10.0.0.1")
    phone.ua.add_account(1, "101", domain="example.com", server="10.0.0.9", password="secret", register=False)
    far = Peer(link, "10.0.0.9")
    out = phone.call("102")
    link.run(10)
    for status, extra in challenges:
        name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
        number = len(far.inbox)
        value = 'Digest realm="r", nonce="n%d", qop="auth"%s' % (number, extra)
        far.answer(far.get("INVITE"), status, more=[(name, value)])
        link.run(10)
    return link, phone, far, out


def test_an_invite_is_sent_again_with_credentials():
    link, phone, far, out = challenged_call((407, ""))
    assert far.got() == ["INVITE", "ACK", "INVITE"]
    first, _, second = far.inbox
    assert first.uri == second.uri == "sip:102@example.com" and first.get("Call-ID") == second.get("Call-ID")
    assert second.cseq == (2, "INVITE") and first.get("From") == second.get("From")
    assert second.top_branch != first.top_branch and len(second.all("Via")) == 1
    assert 'nonce="n1"' in second.get("Proxy-Authorization") and second.body == first.body
    far.answer(second, 200, body=sdp("10.0.0.9"))
    link.run(10)
    ack = far.get("ACK")
    assert ack.cseq == (2, "ACK") and ack.get("Proxy-Authorization") == second.get("Proxy-Authorization")
    phone.do("hangup", out)
    link.run(10)
    bye = far.get("BYE")
    assert bye.cseq == (3, "BYE") and "nc=00000002" in bye.get("Proxy-Authorization")
    far.answer(bye, 200)
    settled(link, phone)
    assert phone.names() == ["answered", "ended"]


def test_a_stale_challenge_is_answered_once_more_and_a_wrong_password_is_not():
    link, phone, far, out = challenged_call((407, ""), (407, ", stale=true"))
    assert far.got().count("INVITE") == 3 and out.state == "calling"
    link, phone, far, out = challenged_call((401, ""), (401, ""))
    assert far.got().count("INVITE") == 2 and phone.events == [("failed", out, 401)]
    settled(link, phone)


def test_a_challenge_after_hanging_up_ends_the_call():
    link, phone, far, out = challenged_call()
    phone.do("hangup", out)
    far.answer(far.get("INVITE"), 407, more=[("Proxy-Authenticate", 'Digest realm="r", nonce="n"')])
    settled(link, phone)
    assert far.got() == ["INVITE", "ACK"]


def test_a_challenged_bye_is_sent_again():
    link, phone, far, out = challenged_call()
    far.answer(far.get("INVITE"), 200, body=sdp("10.0.0.9"))
    link.run(10)
    phone.do("hangup", out)
    link.run(10)
    far.answer(far.get("BYE"), 407, more=[("Proxy-Authenticate", 'Digest realm="r", nonce="n"')])
    link.run(10)
    assert far.got() == ["INVITE", "ACK", "BYE", "BYE"]
    assert far.inbox[3].get("Proxy-Authorization") and far.inbox[3].cseq[0] == far.inbox[2].cseq[0] + 1
    far.answer(far.inbox[3], 200)
    settled(link, phone)


def test_only_the_own_server_gets_proof_of_the_password():
    link = Link()
    phone = Agent(link, "10.0.0.1")
    phone.ua.add_account(1, "101", domain="example.com", server="10.0.0.9", password="secret", register=False)
    far = Peer(link, "10.0.0.66")
    out = phone.call("bait@10.0.0.66")
    link.run(10)
    challenge = [("WWW-Authenticate", 'Digest realm="example.com", nonce="n"')]
    far.answer(far.get("INVITE"), 401, more=challenge)
    link.run(10)
    assert far.got() == ["INVITE", "ACK"] and phone.events == [("failed", out, 401)]
    far.send(far.request("INVITE", "sip:101@10.0.0.1", "<sip:101@10.0.0.1>", body=sdp("10.0.0.66")), NEAR)
    link.run(10)
    session = incoming(phone)
    phone.do("answer", session, phone.local)
    link.run(10)
    to = far.get(200).get("To")
    far.send(far.request("ACK", "sip:101@10.0.0.1", to), NEAR)
    link.run(10)
    phone.do("hangup", session)
    link.run(10)
    far.answer(far.get("BYE"), 401, more=challenge)
    settled(link, phone)
    assert far.got().count("BYE") == 1


# forks, early media, odd answers


def far_call(status=None, tag="far", body=b"", more=()):
    """A call of the phone to a hand-written peer. -> link, phone, far, session"""
    link = Link()
    phone = Agent(link, "10.0.0.1")
    phone.ua.add_account(1, "101")
    far = Peer(link, "10.0.0.9")
    out = phone.call("102@10.0.0.9")
    link.run(10)
    if status:
        far.answer(far.get("INVITE"), status, tag, body, more)
        link.run(10)
    return link, phone, far, out


def test_early_media_is_told_and_its_answer_counts_if_the_200_has_none():
    link, phone, far, out = far_call(183, body=sdp("10.0.0.9", 30000))
    _, _, status, media = phone.events[0]
    assert status == 183 and (media.ip, media.port) == ("10.0.0.9", 30000)
    far.answer(far.get("INVITE"), 180)
    link.run(10)
    assert phone.events[1] == ("progress", out, 180, None)
    far.answer(far.get("INVITE"), 200)
    link.run(10)
    assert phone.events[2] == ("answered", out, media) and out.state == "confirmed"


def test_the_answer_in_the_200_wins_over_the_early_one():
    link, phone, far, _out = far_call(183, body=sdp("10.0.0.9", 30000))
    far.answer(far.get("INVITE"), 200, body=sdp("10.0.0.8", 30002, "8"))
    link.run(10)
    media = phone.last("answered")[2]
    assert (media.ip, media.port, media.payload_type, media.event_type) == ("10.0.0.8", 30002, 8, -1)


def test_a_200_without_any_answer_or_with_a_useless_one_is_acknowledged_and_hung_up():
    for body in (b"", b"garbage", sdp("10.0.0.9", formats="18")):
        link, phone, far, _out = far_call(200, body=body)
        assert far.got() == ["INVITE", "ACK", "BYE"], body
        assert phone.names() == ["failed"] and phone.events[0][2] in (400, 488)
        far.answer(far.get("BYE"), 200)
        settled(link, phone)


def test_the_first_fork_that_answers_is_the_call_and_the_others_are_hung_up():
    link, phone, far, out = far_call(180, "a")
    invite = far.get("INVITE")
    far.answer(invite, 180, "b")
    far.answer(invite, 200, "b", sdp("10.0.0.9", 30002))
    link.run(10)
    assert phone.last("answered")[2].port == 30002 and far.got()[-1] == "ACK"
    for _ in range(2):  # the other fork's 200, and its repetition
        far.answer(invite, 200, "a", sdp("10.0.0.9", 30000))
        link.run(10)
    assert far.got() == ["INVITE", "ACK", "ACK", "BYE", "ACK"]
    assert [m.get("To")[-5:] for m in far.inbox[1:]] == ["tag=b", "tag=a", "tag=a", "tag=a"]
    far.answer(far.get("BYE"), 200)
    link.run(10)
    assert out.state == "confirmed" and phone.names() == ["progress", "progress", "answered"]
    phone.do("hangup", out)
    link.run(10)
    assert far.get("BYE").get("To").endswith("tag=b")
    far.answer(invite, 200, "c", sdp("10.0.0.9"))  # a third one, after the call
    link.run(10)
    assert far.got()[-2:] == ["ACK", "BYE"] and far.inbox[-1].get("To").endswith("tag=c")
    far.answer(far.inbox[-1], 200, "c")
    far.answer(far.inbox[-3], 200, "b")
    settled(link, phone)


def test_a_redirection_is_a_refusal_for_now():
    _link, phone, far, out = far_call(302, more=[("Contact", "<sip:103@10.0.0.9>")])
    assert phone.events == [("failed", out, 302)] and far.got() == ["INVITE", "ACK"]


def test_garbage_in_a_provisional_answer_is_counted_and_the_call_goes_on():
    link, phone, far, out = far_call(183, body=b"v=1\r\n")
    assert phone.ua.counts == {"garbage": 1} and out.state == "early"
    far.answer(far.get("INVITE"), 200, body=sdp("10.0.0.9"))
    link.run(10)
    assert phone.names() == ["answered"]


def test_requests_follow_the_route_set_of_loose_and_strict_proxies():
    for lr in (";lr", ""):
        link = Link()
        phone = Agent(link, "10.0.0.1")
        phone.ua.add_account(1, "101")
        far = Peer(link, "10.0.0.9")
        proxy = Peer(link, "10.0.0.5", 5080)
        out = phone.call("102@10.0.0.9")
        link.run(10)
        route = [("Record-Route", "<sip:10.0.0.6;lr>"), ("Record-Route", "<sip:10.0.0.5:5080%s>" % lr)]
        far.answer(far.get("INVITE"), 200, body=sdp("10.0.0.9"), more=route)
        link.run(10)
        phone.do("hangup", out)
        link.run(10)
        assert far.got() == ["INVITE"] and proxy.got() == ["ACK", "BYE"]
        for message in proxy.inbox:
            if lr:
                assert message.uri == "sip:far@10.0.0.9:5060"
                assert message.all("Route") == ["<sip:10.0.0.5:5080;lr>", "<sip:10.0.0.6;lr>"]
            else:
                assert message.uri == "sip:10.0.0.5:5080"
                assert message.all("Route") == ["<sip:10.0.0.6;lr>", "<sip:far@10.0.0.9:5060>"]


# we are called


def called_by_far(body=b"", more=(), answer=True):
    """The peer calls the phone. -> link, phone, far, session, To with our tag"""
    link = Link()
    phone = Agent(link, "10.0.0.1")
    phone.ua.add_account(1, "101")
    far = Peer(link, "10.0.0.9")
    far.send(far.request("INVITE", "sip:101@10.0.0.1", "<sip:101@10.0.0.1>", body=body, more=more), NEAR)
    link.run(10)
    session = incoming(phone)
    to = ""
    if answer:
        phone.do("answer", session, phone.local)
        link.run(10)
        to = far.get(200).get("To")
    return link, phone, far, session, to


def acked(link, far, to, seq=1, body=b""):
    far.send(far.request("ACK", "sip:101@10.0.0.1", to, seq, body=body), NEAR)
    link.run(10)


def test_who_calls_is_known_and_how_it_shall_ring():
    more = [("Alert-Info", "<http://127.0.0.1/Bellcore-dr2>"), ("Record-Route", "<sip:10.0.0.9;lr>")]
    link, phone, far, session, _ = called_by_far(sdp("10.0.0.9"), more, answer=False)
    assert session.alert_info == "<http://127.0.0.1/Bellcore-dr2>" and session.remote_user == "far"
    phone.do("ring", session)
    phone.do("send_info", session, "1", 100)  # not before the call is up
    link.run(10)
    assert far.got() == [100, 180]
    ringing = far.get(180)
    assert ringing.get("Contact") == "<sip:101@10.0.0.1:5060>" and ";tag=" in ringing.get("To")
    assert ringing.all("Record-Route") == ["<sip:10.0.0.9;lr>"] and ";tag=" not in far.get(100).get("To")
    phone.do("answer", session, phone.local)
    link.run(10)
    assert far.get(200).get("To") == ringing.get("To") and far.get(200).all("Record-Route")


def test_a_late_offer_is_ours_and_the_answer_comes_with_the_ack():
    link, phone, far, session, to = called_by_far()
    offer = far.get(200).body
    assert b"m=audio 10010 RTP/AVP 0 8 101" in offer and phone.names() == ["incoming"]
    acked(link, far, to, body=sdp("10.0.0.9", 30000, "8"))
    media = phone.last("answered")[2]
    assert (media.ip, media.port, media.payload_type) == ("10.0.0.9", 30000, 8)
    assert session.state == "confirmed"


def test_an_ack_with_the_branch_of_its_invite_counts_too():
    # Against §13.2.2.4 (an ACK for a 2xx is a request of its own), but seen, and all RFC 2543 peers do it.
    link, phone, far, session, to = called_by_far(sdp("10.0.0.9"))
    far.send(far.request("ACK", "sip:101@10.0.0.1", to, branch="z9hG4bKfar1"), NEAR)
    link.run(10)
    assert session.state == "confirmed"
    phone.check()


def test_a_late_offer_without_an_answer_ends_the_call():
    for body in (b"", b"garbage", sdp("10.0.0.9", formats="18")):
        link, phone, far, _session, to = called_by_far()
        acked(link, far, to, body=body)
        assert phone.names() == ["incoming", "ended"] and far.got()[-1] == "BYE"


def test_an_ack_with_another_number_or_tag_is_not_the_one():
    link, phone, far, session, to = called_by_far(sdp("10.0.0.9"))
    acked(link, far, to, seq=2)
    acked(link, far, to + "x")
    assert session.state == "answered"
    acked(link, far, to)
    acked(link, far, to)
    assert session.state == "confirmed"
    phone.check()


def test_a_bye_before_the_answer_gives_up_the_call():
    link, phone, far, session, _ = called_by_far(sdp("10.0.0.9"), answer=False)
    phone.do("ring", session)
    link.run(10)
    far.send(far.request("BYE", "sip:101@10.0.0.1", far.get(180).get("To"), 2), NEAR)
    link.run(10)
    assert far.got() == [100, 180, 200, 487] and phone.last("ended")[2] == 487


def test_what_the_phone_does_too_late_is_ignored():
    link, phone, far, session, _ = called_by_far(sdp("10.0.0.9"), answer=False)
    phone.do("reject", session, 486)
    late = {"ring": (), "answer": (phone.local,), "reject": (486,), "hangup": (), "hold": (True,)}
    for name, args in late.items():
        phone.do(name, session, *args)
    phone.do("send_info", session, "5", 100)
    link.run(10)
    assert far.got() == [100, 486] and phone.names() == ["incoming", "ended"]
    phone.check()


# re-INVITE


def test_hold_and_resume_change_the_direction_on_both_sides():
    link, caller, called, out, inside = connected()
    caller.do("hold", out, True)
    link.run(100)
    _, session, media = called.last("media")
    assert session is inside and media.receive and not media.send
    media = caller.last("media")[2]
    assert media.send and not media.receive
    assert out.state == inside.state == "confirmed"
    caller.do("hold", out, True)  # again: nothing to do
    link.run(100)
    assert link.words(caller) == ["INVITE", "ACK", "INVITE", "ACK"]
    called.do("hold", inside, True)  # now both hold: nothing is sent either way
    link.run(100)
    assert not called.last("media")[2].send and not called.last("media")[2].receive
    assert not caller.last("media")[2].send and not caller.last("media")[2].receive
    caller.do("hold", out, False)
    called.do("hold", inside, False)
    link.run(10000)
    for agent in (caller, called):
        assert agent.last("media")[2].send and agent.last("media")[2].receive
    caller.do("hangup", out)
    settled(link, caller, called)


def test_hold_waits_for_the_call_and_for_the_invite_that_is_on_its_way():
    link, caller, called = two_phones()
    out = caller.call("102@10.0.0.2")
    caller.do("hold", out, True)
    link.run(100)
    called.do("answer", incoming(called), called.local)
    link.run(100)
    assert called.last("media")[2].receive and not called.last("media")[2].send
    caller.do("hold", out, False)
    caller.do("hold", out, True)  # changed back while the re-INVITE is on its way
    link.run(100)
    assert link.words(caller).count("INVITE") == 4 and not called.last("media")[2].send
    caller.do("hangup", out)
    settled(link, caller, called)


def test_re_invites_that_cross_are_both_refused_and_tried_again_in_turn():
    link, caller, called, out, inside = connected()
    first = link.now - link.start
    caller.do("hold", out, True)
    called.do("hold", inside, True)
    link.run(50)
    assert link.words(caller).count("491") == link.words(called).count("491") == 1
    assert out.state == inside.state == "glare"
    link.run(5000)
    assert out.state == inside.state == "confirmed"
    again = [(ms - first, source) for ms, source, _, line in link.seen if "INVITE" in line][3:]
    # §14.1: the side that does not own the Call-ID waits 0 to 2 s; its offer met by our wish settles both.
    assert len(again) == 1 and again[0][1] == called.addr and 10 <= again[0][0] <= 2010
    assert not out.media.send and not out.media.receive and not inside.media.send
    called.do("hangup", inside)
    settled(link, caller, called)


def test_the_owner_of_the_call_id_waits_2_to_4_seconds_after_a_491():
    link, _phone, far, out = held(491)
    waits = []
    for _ in range(5):
        assert out.state == "glare" and far.got()[-1] == "ACK"
        count = len(far.inbox)
        refused = far.get("INVITE")
        link.run(4050)
        again = far.inbox[count]
        assert again.method == "INVITE" and again.cseq[0] == refused.cseq[0] + 1
        waits.append(far.came[count] - far.came[count - 1])
        far.answer(again, 491)
        link.run(50)
    assert all(2100 <= wait <= 4000 for wait in waits) and len(set(waits)) > 2
    link.run(4050)
    far.answer(far.get("INVITE"), 200, body=sdp("10.0.0.9", direction="recvonly"))
    link.run(10)
    assert out.state == "confirmed" and not out.media.receive


def test_hanging_up_during_glare_and_during_a_re_invite():
    for wait in (0, 50):
        link, caller, called, out, inside = connected()
        caller.do("hold", out, True)
        called.do("hold", inside, True)
        link.run(wait)
        caller.do("hangup", out)
        link.run(100)
        assert called.last("ended")[2] == 200
        settled(link, caller, called)


def test_a_re_invite_moves_the_media_and_the_target():
    link, phone, far, session, to = called_by_far(sdp("10.0.0.9", 30000))
    acked(link, far, to)
    moved = far.request("INVITE", "sip:101@10.0.0.1", to, 2, body=sdp("10.0.0.8", 30008, version=2))
    moved.set("Contact", "<sip:far@10.0.0.9:5099>")
    far.send(moved, NEAR)
    link.run(10)
    assert far.inbox[-1].status == 200 and far.inbox[-1].cseq == (2, "INVITE") and session.state == "acking"
    media = phone.last("media")[2]
    assert (media.ip, media.port) == ("10.0.0.8", 30008)
    acked(link, far, to, 2)
    assert session.state == "confirmed"
    other = Peer(link, "10.0.0.9", 5099)
    phone.do("hangup", session)
    link.run(10)
    assert other.got() == ["BYE"]


def test_a_re_invite_that_changes_nothing_is_answered_without_a_word():
    link, phone, far, session, to = called_by_far(sdp("10.0.0.9", 30000))
    acked(link, far, to)
    far.send(far.request("INVITE", "sip:101@10.0.0.1", to, 2, body=sdp("10.0.0.9", 30000)), NEAR)
    link.run(10)
    acked(link, far, to, 2)
    assert phone.names() == ["incoming", "answered"] and session.state == "confirmed"


def test_a_re_invite_without_an_offer_gets_ours():
    link, phone, far, session, to = called_by_far(sdp("10.0.0.9", 30000))
    acked(link, far, to)
    far.send(far.request("INVITE", "sip:101@10.0.0.1", to, 2), NEAR)
    link.run(10)
    assert b"m=audio 10010" in far.inbox[-1].body
    acked(link, far, to, 2, sdp("10.0.0.9", 30002))
    assert phone.last("media")[2].port == 30002 and session.state == "confirmed"


def test_a_re_invite_we_cannot_take_is_488_and_the_call_goes_on():
    link, phone, far, session, to = called_by_far(sdp("10.0.0.9", 30000))
    acked(link, far, to)
    for seq, body, status in ((2, sdp("10.0.0.9", formats="18"), 488), (3, b"v=?", 400)):
        far.send(far.request("INVITE", "sip:101@10.0.0.1", to, seq, body=body), NEAR)
        link.run(10)
        assert far.inbox[-1].status == status and session.state == "confirmed"
    assert phone.names() == ["incoming", "answered"]
    far.send(far.request("BYE", "sip:101@10.0.0.1", to, 4), NEAR)
    link.run(10)
    assert far.inbox[-1].status == 200 and phone.last("ended")[2] == 200


def test_a_re_invite_before_the_ack_is_told_to_come_later():
    link, _phone, far, session, to = called_by_far(sdp("10.0.0.9"))
    far.send(far.request("INVITE", "sip:101@10.0.0.1", to, 2, body=sdp("10.0.0.9")), NEAR)
    link.run(10)
    assert far.inbox[-1].status == 491 and session.state == "answered"
    acked(link, far, to, 2)  # not the 491's branch and not the number of the 200: of no meaning
    assert session.state == "answered"
    acked(link, far, to, 1)
    assert session.state == "confirmed"


def test_a_re_invite_that_is_not_acknowledged_ends_the_call():
    link, phone, far, _session, to = called_by_far(sdp("10.0.0.9"))
    acked(link, far, to)
    far.send(far.request("INVITE", "sip:101@10.0.0.1", to, 2, body=sdp("10.0.0.9")), NEAR)
    link.run(32100)
    assert phone.last("ended")[2] == 408 and far.got()[-1] == "BYE"


def held(status, body=b""):
    """The phone asks to hold and the peer answers. -> link, phone, far, session"""
    link, phone, far, out = far_call(200, body=sdp("10.0.0.9"))
    phone.do("hold", out, True)
    link.run(10)
    assert b"a=sendonly" in far.get("INVITE").body and b" 2 IN IP4" in far.get("INVITE").body  # o= version
    far.answer(far.get("INVITE"), status, body=body)
    link.run(10)
    return link, phone, far, out


def test_the_answer_to_our_re_invite_moves_the_target():
    link, phone, far, out = far_call(200, body=sdp("10.0.0.9"))
    phone.do("hold", out, True)
    link.run(10)
    moved = Peer(link, "10.0.0.77")
    answer = response(far.get("INVITE"), 200, "far")
    answer.add("Contact", "<sip:far@10.0.0.77>")
    answer.add("Content-Type", "application/sdp")
    answer.body = sdp("10.0.0.9", direction="recvonly")
    far.send(answer, NEAR)
    link.run(10)
    phone.do("hangup", out)
    link.run(10)
    assert moved.got() == ["ACK", "BYE"]


def test_a_refused_hold_leaves_the_call_as_it_was():
    link, phone, far, out = held(488)
    assert out.state == "confirmed" and far.got().count("INVITE") == 2
    link.run(10000)
    assert far.got().count("INVITE") == 2
    phone.do("hold", out, True)  # wished for again: asked again
    link.run(10)
    assert far.got().count("INVITE") == 3


def test_a_re_invite_answered_481_or_not_at_all_ends_the_call():
    link, phone, far, out = held(481)
    assert phone.last("ended")[2] == 481 and far.got()[-1] == "BYE"
    link, phone, far, out = far_call(200, body=sdp("10.0.0.9"))
    phone.do("hold", out, True)
    link.run(32100)
    assert phone.last("ended")[2] == 408 and far.got()[-1] == "BYE"


def test_a_re_invite_answered_without_a_description_ends_the_call():
    _link, phone, far, _out = held(200)
    assert phone.names()[-1] == "ended" and far.got()[-2:] == ["ACK", "BYE"]


def test_a_bye_while_our_re_invite_is_on_its_way():
    link, phone, far, out = far_call(200, body=sdp("10.0.0.9"))
    phone.do("hold", out, True)
    link.run(10)
    invite = far.get("INVITE")
    far.send(far.request("BYE", "sip:101@10.0.0.1", invite.get("From"), 1, call_id=out.call_id), NEAR)
    link.run(10)
    assert phone.last("ended")[2] == 200
    far.answer(invite, 200, body=sdp("10.0.0.9"))
    link.run(10)
    assert far.got()[-1] == "ACK"
    settled(link, phone)


# digits in INFO


def test_digits_go_both_ways_in_info():
    link, caller, called, out, inside = connected()
    caller.do("send_info", out, "5", 120)
    called.do("send_info", inside, "#", 80)
    link.run(100)
    assert called.last("dtmf") == ("dtmf", inside, "5", 120) and caller.last("dtmf") == ("dtmf", out, "#", 80)
    caller.do("hangup", out)
    settled(link, caller, called)


def test_what_infos_may_look_like():
    link, phone, far, session, to = called_by_far(sdp("10.0.0.9"))
    acked(link, far, to)
    seq = 1
    relay = "application/dtmf-relay"
    for kind, body, status, digit in (
        (relay, b"Signal=7\r\nDuration=160\r\n", 200, ("7", 160)),
        (relay, b"Signal= * \nDuration= 2000", 200, ("*", 2000)),
        (relay, b"Signal=11\r\nDuration=1", 200, ("#", 40)),
        (relay.upper() + ";x=y", b"signal=d", 200, ("D", 160)),
        ("application/dtmf", b"3", 200, ("3", 160)),
        (relay, b"Signal=77", 400, None),
        (relay, b"Signal=", 400, None),
        (relay, b"Duration=5", 400, None),
        (relay, b"Signal=5\r\nDuration=long", 400, None),
        (relay, b"\xff\xfe", 400, None),
        ("text/plain", b"hello", 415, None),
    ):
        seq += 1
        before = phone.names().count("dtmf")
        more = [("Content-Type", kind)]
        far.send(far.request("INFO", "sip:101@10.0.0.1", to, seq, body=body, more=more), NEAR)
        link.run(10)
        assert far.inbox[-1].status == status, (body, far.inbox[-1].status)
        if digit:
            assert phone.last("dtmf")[2:] == digit
        else:
            assert phone.names().count("dtmf") == before
    seq += 1
    far.send(far.request("INFO", "sip:101@10.0.0.1", to, seq), NEAR)
    link.run(10)
    assert far.inbox[-1].status == 200 and session.state == "confirmed"
    phone.check()


def test_an_info_answered_481_ends_the_call_and_other_refusals_do_not():
    link, phone, far, out = far_call(200, body=sdp("10.0.0.9"))
    for status in (415, 500, 481):
        phone.do("send_info", out, "1", 100)
        link.run(10)
        assert out.state == "confirmed"
        far.answer(far.inbox[-1], status)
        link.run(10)
    assert phone.last("ended")[2] == 481 and far.got()[-1] == "BYE"


def test_every_state_of_the_table_is_met_by_its_own_kind_of_event_only():
    # The table is complete in itself: what follows is a state, what is done is a method.
    from ata.base.fsm import entries
    from ata.sip.session import TABLE, Session

    for state in TABLE:
        row = entries(TABLE[state])
        assert (TABLE[state][0] is not None) == ("timeout" in [entry[0] for entry in row]), state
        for event, after, action in row:
            assert after is None or after in TABLE, (state, event)
            assert action is None or hasattr(Session, action), (state, event)


def test_the_ports_codecs_are_those_of_the_call():
    link, caller, called = two_phones()
    out = caller.do("invite", 1, "102@10.0.0.2", LocalMedia("10.0.0.1", 10010, (8,), -1))
    link.run(100)
    called.do("answer", incoming(called), called.local)
    link.run(100)
    assert out.media.payload_type == 8 and out.media.event_type == -1
    # and an offer without one of ours is refused when it is answered
    link, caller, called = two_phones()
    out = caller.do("invite", 1, "102@10.0.0.2", LocalMedia("10.0.0.1", 10010, (8,)))
    link.run(100)
    called.do("answer", incoming(called), LocalMedia("10.0.0.2", 10020, (0,)))
    link.run(100)
    assert caller.last("failed") == ("failed", out, 488) and called.last("ended")[2] == 488
    settled(link, caller, called)


def test_offers_are_parsed_as_sent():
    link, caller, called = two_phones(start=(1 << 30) - 50)  # the clock wraps during the call
    out = caller.call("102@10.0.0.2")
    data = link.flying[0][2]
    invite = parse(data)
    assert invite.get("Content-Type") == "application/sdp" and invite.get("Allow")
    link.run(100)
    called.do("answer", incoming(called), called.local)
    link.run(100)
    caller.do("hangup", out)
    settled(link, caller, called)
