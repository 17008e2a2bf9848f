# Our own address changes: when the network comes, and when it comes back with another one.
from support.sip_link import Agent, Link, Peer, two_phones


class Registrar(Peer):
    def receive(self, data, source):
        super().receive(data, source)
        message = self.inbox[-1]
        self.answer(message, 200, more=[("Contact", message.get("Contact") + ";expires=100")])


def setup():
    link = Link()
    phone = Agent(link, "10.0.0.1")
    phone.ua.add_account(1, "101", domain="example.com", server="10.0.0.9")
    return link, phone, Registrar(link, "10.0.0.9")


def move(link, agent, host):
    """The agent has another address from now on, and is told."""
    agent.addr = (host, 5060)
    link.ends[agent.addr] = agent
    agent.do("move", host)


def contacts(registrar):
    return [message.get("Contact") for message in registrar.inbox]


def test_nothing_is_registered_before_there_is_an_address():
    link, phone, registrar = setup()
    link.run(100000)
    assert registrar.inbox == []
    phone.do("move", "10.0.0.1")
    link.run(1000)
    assert contacts(registrar) == ["<sip:101@10.0.0.1:5060>"]


def test_the_new_address_is_registered_at_once():
    link, phone, registrar = setup()
    phone.do("move", "10.0.0.1")
    link.run(1000)
    move(link, phone, "10.0.0.2")
    link.run(1000)
    assert contacts(registrar)[1:] == ["<sip:101@10.0.0.2:5060>"]
    first, second = registrar.inbox
    assert first.get("Call-ID") == second.get("Call-ID") and second.cseq[0] == first.cseq[0] + 1
    assert second.get("Via")[:24] == "SIP/2.0/UDP 10.0.0.2:506"
    assert second.get("To") == "<sip:101@example.com>"


def test_a_change_while_the_registration_is_on_its_way_is_registered_after_it():
    link, phone, registrar = setup()
    phone.do("move", "10.0.0.1")
    move(link, phone, "10.0.0.2")
    link.run(1000)
    assert contacts(registrar) == ["<sip:101@10.0.0.1:5060>", "<sip:101@10.0.0.2:5060>"]
    assert [event[2] for event in phone.events] == ["trying", "registered"]


def test_the_same_address_again_registers_again_and_leaves_calls_alone():
    link, phone, registrar = setup()
    phone.do("move", "10.0.0.1")
    link.run(1000)
    phone.do("move", "10.0.0.1")
    link.run(1000)
    assert contacts(registrar) == ["<sip:101@10.0.0.1:5060>"] * 2


def test_the_peer_of_a_call_is_told_the_new_address_and_nobody_hangs_up():
    link, one, two = two_phones()
    session = one.call("102@%s" % two.ua.host)
    link.run(500)
    incoming = two.last("incoming")[1]
    two.do("answer", incoming, two.local)
    link.run(1000)
    assert session.state == "confirmed"
    seen = len(link.seen)
    one.do("move", one.ua.host)
    link.run(1000)
    assert not [each for each in link.seen[seen:] if "INVITE" in each[3]], "the same address: nothing to tell"
    move(link, one, "10.0.0.77")
    link.run(2000)
    assert two.last("media")[2].ip == "10.0.0.77"
    assert session.state == "confirmed" and "ended" not in one.names() + two.names()
