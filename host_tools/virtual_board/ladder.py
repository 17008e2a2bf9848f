"""The SIP trace as a ladder: who sent what to whom, found from the trace lines alone.

When one port of the adapter calls the other, the adapter talks to itself: each message is in the trace
twice, sent and received. Here it is one message from one lane to the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from host_tools.virtual_board.history import Entry, sip_user, sip_word


@dataclass(frozen=True)
class Message:
    time: float  # board seconds, when sent (or received, if a peer sent it)
    source: str  # a lane
    target: str
    label: str  # "INVITE", "180 Ringing"
    request: bool
    call: str
    again: bool = False  # a retransmission

    @property
    def method(self) -> str:
        return sip_word(self.label) if self.request else self.label.split()[0]


def lane(port: int) -> str:
    return f"port {port}"


def ladder(entries: Sequence[Entry], numbers: Mapping[str, int]) -> list[Message]:
    """Messages in order of time. `numbers`: the user part of each port's own URI → port."""
    trace = [entry for entry in entries if entry.kind == "sip"]
    received = {_key(entry) for entry in trace if not entry.detail["sent"]}
    looped = {_key(entry) for entry in trace if entry.detail["sent"]} & received
    to_lane: dict[tuple[str, str], tuple[str, str]] = {}  # (call, cseq) → lanes of its request
    owner: dict[str, str] = {}  # call → the lane at our side, in calls with a peer
    hand = 1  # the port last acted upon: who makes a call to a peer
    seen: set[tuple[str, str, str, bool]] = set()
    messages: list[Message] = []
    for entry in entries:
        if entry.kind in ("lift", "dialled", "flash", "hang"):
            hand = entry.port
        if entry.kind != "sip":
            continue
        detail = entry.detail
        key, sent, start = _key(entry), detail["sent"], detail["start"]
        inside = key in looped
        if inside and not sent:
            continue
        request = not start.startswith("SIP/2.0 ")
        transaction = (detail["call"], detail["cseq"].replace("ACK", "INVITE").replace("CANCEL", "INVITE"))
        if request and inside:
            target = numbers.get(sip_user(start), 2 if hand == 1 else 1)
            lanes = (lane(3 - target), lane(target))
        elif request:
            port = numbers.get(sip_user(start)) if not sent else None
            ours = owner.setdefault(detail["call"], lane(port or hand))
            lanes = (ours, detail["peer"]) if sent else (detail["peer"], ours)
        else:
            there = to_lane.get(transaction)
            ours = owner.get(detail["call"], lane(hand))
            lanes = (
                (there[1], there[0]) if there else (ours, detail["peer"]) if sent else (detail["peer"], ours)
            )
        if request:
            to_lane[transaction] = lanes
        label = start.split()[0] if request else " ".join(start.split()[1:])
        mark = (*key, sent)
        messages.append(Message(entry.time, *lanes, label, request, detail["call"], mark in seen))
        seen.add(mark)
    return sorted(messages, key=lambda message: message.time)


def lanes_of(messages: Sequence[Message]) -> list[str]:
    """The lanes from left to right: port 1, peers, port 2 if both ports take part."""
    ports = sorted({name for m in messages for name in (m.source, m.target) if name.startswith("port ")})
    peers = sorted({name for m in messages for name in (m.source, m.target) if not name.startswith("port ")})
    return [*ports[:1], *peers, *ports[1:]]


def _key(entry: Entry) -> tuple[str, str, str]:
    return entry.detail["call"], entry.detail["cseq"], entry.detail["start"]
