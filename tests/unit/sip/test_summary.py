from ata.base.errors import PeerError
from ata.sip.account import Account
from ata.sip.message import parse
from ata.sip.summary import from_server, take

BODY = b"Messages-Waiting: yes\r\nMessage-Account: sip:101@pbx\r\nVoice-Message: 2/8 (0/2)\r\n"


class Agent:
    def __init__(self, server="192.0.2.9"):
        self.events = []
        self.accounts = [
            Account("192.0.2.1", 5060, 1, "anna", server and "pbx.example", server, number="101"),
            Account("192.0.2.1", 5060, 2, "102"),
        ]


def notify(
    body=BODY, uri="sip:101@192.0.2.1", event="message-summary", kind="application/simple-message-summary"
):
    head = "NOTIFY %s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\nMax-Forwards: 9\r\n" % uri
    head += (
        "From: <sip:asterisk@192.0.2.9>;tag=a\r\nTo: <sip:101@192.0.2.1>\r\nCall-ID: x\r\nCSeq: 1 NOTIFY\r\n"
    )
    head += "Event: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (event, kind, len(body))
    return parse(head.encode() + body)


def test_the_server_tells_that_messages_wait_and_how_many():
    agent = Agent()
    assert take(agent, notify(), "192.0.2.9") == 200
    assert take(agent, notify(uri="sip:anna@192.0.2.1"), "192.0.2.9") == 200
    assert take(agent, notify(b"messages-waiting:no\r\n"), "192.0.2.9") == 200
    assert agent.events == [("messages", 1, True, 2), ("messages", 1, True, 2), ("messages", 1, False, None)]


def test_only_the_ports_own_server_lights_its_lamp():
    agent = Agent()
    assert take(agent, notify(), "192.0.2.66") == 403
    assert take(agent, notify(uri="sip:102@192.0.2.1"), "192.0.2.9") == 403  # it has no server
    assert take(agent, notify(uri="sip:103@192.0.2.1"), "192.0.2.9") == 404
    assert agent.events == []
    assert from_server(Agent("pbx.example").accounts[0], "192.0.2.66")  # a name may have any address


def test_what_is_no_message_summary_is_refused():
    agent = Agent()
    assert take(agent, notify(event="presence"), "192.0.2.9") == 489
    assert take(agent, notify(kind="text/plain"), "192.0.2.9") == 415
    for body in (b"Voice-Message: 2/8\r\n", b"\xff\xfe", b"\r\n"):
        try:
            take(agent, notify(body), "192.0.2.9")
        except PeerError as error:
            assert error.status == 400
        else:
            raise AssertionError(body)
    assert agent.events == []


def test_a_summary_without_a_body_changes_nothing():
    agent = Agent()
    assert take(agent, notify(b""), "192.0.2.9") == 200 and agent.events == []
