# runs on: cpython
"""Who sent what to whom, from the lines of the SIP trace."""

from host_tools.virtual_board.history import Entry
from host_tools.virtual_board.ladder import Message, ladder, lanes_of

OWN = "127.0.0.1:40000"
PEER = "127.0.0.1:5080"
NUMBERS = {"101": 1, "102": 2}


def sip(time: float, sent: bool, start: str, cseq: str, peer: str = OWN, call: str = "abc") -> Entry:
    return Entry(time, "sip", 0, {"sent": sent, "start": start, "peer": peer, "call": call, "cseq": cseq})


def looped(time: float, start: str, cseq: str) -> list[Entry]:
    return [sip(time, True, start, cseq), sip(time + 0.005, False, start, cseq)]


def rows(messages: list[Message]) -> list[tuple[str, str, str]]:
    return [(m.source, m.label, m.target) for m in messages]


def test_a_call_from_port_to_port_is_told_once_from_lane_to_lane():
    entries = [
        *looped(1.0, "INVITE sip:102@127.0.0.1:40000 SIP/2.0", "1 INVITE"),
        *looped(1.1, "SIP/2.0 180 Ringing", "1 INVITE"),
        *looped(2.0, "SIP/2.0 200 OK", "1 INVITE"),
        *looped(2.1, "ACK sip:102@127.0.0.1:40000 SIP/2.0", "1 ACK"),
        *looped(5.0, "BYE sip:101@127.0.0.1:40000 SIP/2.0", "1 BYE"),
        *looped(5.1, "SIP/2.0 200 OK", "1 BYE"),
    ]
    messages = ladder(entries, NUMBERS)
    assert rows(messages) == [
        ("port 1", "INVITE", "port 2"),
        ("port 2", "180 Ringing", "port 1"),
        ("port 2", "200 OK", "port 1"),
        ("port 1", "ACK", "port 2"),
        ("port 2", "BYE", "port 1"),
        ("port 1", "200 OK", "port 2"),
    ]
    assert [m.time for m in messages] == [1.0, 1.1, 2.0, 2.1, 5.0, 5.1]
    assert lanes_of(messages) == ["port 1", "port 2"]
    assert messages[1].method == "180" and messages[0].method == "INVITE"


def test_calls_with_a_peer_have_a_lane_of_their_own():
    entries = [
        Entry(0.5, "lift", 2),
        sip(1.0, True, "INVITE sip:bob@127.0.0.1:5080 SIP/2.0", "1 INVITE", PEER),
        sip(1.1, False, "SIP/2.0 486 Busy Here", "1 INVITE", PEER),
        sip(1.2, True, "ACK sip:bob@127.0.0.1:5080 SIP/2.0", "1 ACK", PEER),
        sip(3.0, False, "INVITE sip:101@127.0.0.1:40000 SIP/2.0", "7 INVITE", PEER, "xyz"),
        sip(3.1, True, "SIP/2.0 180 Ringing", "7 INVITE", PEER, "xyz"),
        sip(4.0, False, "CANCEL sip:101@127.0.0.1:40000 SIP/2.0", "7 CANCEL", PEER, "xyz"),
        sip(4.1, True, "SIP/2.0 200 OK", "7 CANCEL", PEER, "xyz"),
        sip(4.1, True, "SIP/2.0 487 Request Terminated", "7 INVITE", PEER, "xyz"),
    ]
    messages = ladder(entries, NUMBERS)
    assert rows(messages) == [
        ("port 2", "INVITE", PEER),
        (PEER, "486 Busy Here", "port 2"),
        ("port 2", "ACK", PEER),
        (PEER, "INVITE", "port 1"),
        ("port 1", "180 Ringing", PEER),
        (PEER, "CANCEL", "port 1"),
        ("port 1", "200 OK", PEER),
        ("port 1", "487 Request Terminated", PEER),
    ]
    assert lanes_of(messages) == ["port 1", PEER, "port 2"]


def test_a_retransmission_is_marked():
    start = "INVITE sip:bob@127.0.0.1:5080 SIP/2.0"
    messages = ladder([sip(t, True, start, "1 INVITE", PEER) for t in (1.0, 1.5, 2.5)], NUMBERS)
    assert [m.again for m in messages] == [False, True, True]


def test_a_trace_without_messages_is_empty():
    assert ladder([Entry(1.0, "lift", 1)], NUMBERS) == []
    assert lanes_of([]) == []
