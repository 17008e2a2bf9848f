"""The transaction layer: the four state machines of RFC 3261 §17 with the corrections of RFC 6026.

How it works. A transaction is a row of one of four tables, a copy of what it sent last (to send it
again), and a user: the registration or the session that is told the outcome. The layer keeps two
dictionaries, clients and servers, so that a user agent that calls itself through its own socket,
where both sides have the same branch, stays two transactions.

Timers: the one that ends a state is the state's timeout in the table, with the letter of RFC 3261
§17 table 4. The one that repeats a message (A, E, G) is the event "again": it runs in exactly the
states that know it, starts at T1 and doubles (A without bound, E and G up to T2).

Three differences from the figures of the RFC, none visible on the wire:
* Trying and Proceeding of a transaction other than INVITE are one state. For a client because Timer F runs
  through both (§17.1.2.2; a provisional answer sets Timer E to T2), for a server because it answers at once.
* The INVITE server repeats the 2xx itself in Accepted until its user has seen the ACK (§13.3.1.4
  asks this of the user, with the intervals of Timer G), and Timer L without an ACK tells the user.
* What a state has no row for is passed over: a 1xx after a final answer, an INVITE after its 2xx.
"""

from micropython import const

from ata.base.clock import add, diff, due, sooner
from ata.base.fsm import Fsm, rows
from ata.sip.dialog import tag_of
from ata.sip.message import Message

_OVER = const(("terminated", "end"))
_EXPIRED = const(("terminated", "expire"))
_TOLD = const((None, "inform"))
_ACCEPTED = const(("accepted", "inform"))
_REFUSED = const(("completed", "refused"))
_ANSWERED = const(("completed", "inform"))
_SAID = const(("completed", "say"))
_AGAIN = const((None, "retransmit"))
_REPEAT = const((None, "send"))

# Figure 5 and RFC 6026 §7.2. "final" is a status from 300 to 699.
INVITE_CLIENT = rows({
    "calling": ("B", {"start": ("calling", "say"), "again": _AGAIN, "1xx": ("proceeding", "inform"),
                      "2xx": _ACCEPTED, "final": _REFUSED, "timeout": _EXPIRED, "unreachable": _EXPIRED}),
    "proceeding": (None, {"1xx": _TOLD, "2xx": _ACCEPTED, "final": _REFUSED}),
    "accepted": ("M", {"2xx": _TOLD, "timeout": _OVER}),
    "completed": ("D", {"final": _REPEAT, "timeout": _OVER}),
    "terminated": (None, {}),
})  # fmt: skip

# Figure 6.
OTHER_CLIENT = rows({
    "trying": ("F", {"start": ("trying", "say"), "again": _AGAIN, "1xx": _TOLD, "2xx": _ANSWERED,
                     "final": _ANSWERED, "timeout": _EXPIRED, "unreachable": _EXPIRED}),
    "completed": ("K", {"timeout": _OVER}),
    "terminated": (None, {}),
})  # fmt: skip

# Figure 7 and RFC 6026 §7.1.
INVITE_SERVER = rows({
    "proceeding": (None, {"request": _REPEAT, "1xx": (None, "say"), "2xx": ("accepted", "say"),
                          "final": _SAID}),
    "accepted": ("L", {"again": _AGAIN, "ack": (None, "quiet"), "timeout": _EXPIRED}),
    "completed": ("H", {"request": _REPEAT, "again": _AGAIN, "ack": ("confirmed", "quiet"),
                        "timeout": _OVER}),
    "confirmed": ("I", {"timeout": _OVER}),
    "terminated": (None, {}),
})  # fmt: skip

# Figure 8.
OTHER_SERVER = rows({
    "trying": (None, {"2xx": _SAID, "final": _SAID}),
    "completed": ("J", {"request": _REPEAT, "timeout": _OVER}),
    "terminated": (None, {}),
})  # fmt: skip


class Machine(Fsm):
    """A state machine of this package: what its present state has no row for came too late or from a confused
    peer, and changes nothing."""

    def handle(self, event, now, *args):
        """-> True if the event meant something in the present state."""
        known = self.knows(event)
        if known:
            Fsm.handle(self, event, now, *args)
        return known


class Transaction(Machine):
    """One transaction of `layer`, in its dictionary `group` under `key`.

    user: who is told, or None. Its `response(transaction, status, response, now)` is called for each response
    that a client lets through. Status 408 and response None: nobody answered a client, or nobody sent an ACK
    for a server's 2xx; 503 and None: the host cannot be reached.
    host, port: where it sends. request: the Message, or None after its final response.
    """

    def __init__(self, layer, group, key, table, request, user, host, port):
        start = "calling" if table is INVITE_CLIENT else "proceeding" if table is INVITE_SERVER else "trying"
        Machine.__init__(self, key, table, self, start, layer)
        self.layer = layer
        self.group = group
        self.user = user
        self.host = host
        self.port = port
        self.request = request
        self.method = request.method
        self.data = b""
        self.interval = 0
        self.again_at = None
        group[key] = self

    def respond(self, response, now):
        """A response: send it, from a server, or take it, in a client."""
        status = response.status
        self.handle("1xx" if status < 200 else "2xx" if status < 300 else "final", now, response)

    def repeats(self):
        """True while a message is being repeated until an answer comes."""
        return self.again_at is not None and self.knows("again")

    def deadline(self):
        end = Machine.deadline(self)
        return sooner(end, self.again_at) if self.repeats() else end

    def tick(self, now):
        if due(self.again_at, now):
            self.handle("again", now)
        Machine.tick(self, now)

    # actions of the tables

    def send(self, now, _=None):
        """Send, or send again, what the transaction sent last."""
        if self.data:
            self.layer.transmit(self.data, self.host, self.port)

    def say(self, now, message):
        """Send the request of a client, or a response of a server."""
        self.data = message.encode()
        if message.status >= 200:
            self.request = None
        self.interval = self.layer.t1
        self.again_at = add(now, self.interval)
        self.send(now)

    def retransmit(self, now):
        self.interval *= 2
        if self.state != "calling":
            self.interval = min(self.interval, self.layer.t2)
        self.again_at = add(now, self.interval)
        self.send(now)

    def quiet(self, now):
        """The ACK has come: there is nothing to send again any more."""
        self.again_at = None
        self.data = b""

    def refused(self, now, response):
        # The ACK for a refusal belongs to the transaction and goes where the INVITE went (§17.1.1.3).
        ack = derived(self.request, "ACK")
        ack.set("To", response.get("To"))
        self.data = ack.encode()
        self.send(now)
        self.inform(now, response)

    def inform(self, now, response):
        if response.status >= 200 and self.method != "INVITE":
            self.data = b""  # nothing is sent again; of an INVITE it is the ACK now
        self.interval = self.layer.t2  # of Timer E after a provisional answer; nothing else is repeated then
        if self.user is not None:
            self.user.response(self, response.status, response, now)
        if response.status >= 200:
            self.request = None

    def expire(self, now, status=408):
        self.end(now)
        # A server that was made quiet has had its ACK: then Timer L ends it without a word.
        if self.user is not None and self.again_at is not None:
            self.user.response(self, status, None, now)

    def end(self, now):
        self.data = b""  # its session may keep the rest as long as the call
        if self.group.get(self.name) is self:
            del self.group[self.name]


class Transactions:
    """All transactions of one user agent.

    transmit(data, host, port) sends a datagram. t1, t2, t4 in ms. limit: how many client and how many server
    transactions may be held, and `kept` how many of those that only wait for stray repetitions, of the half
    minute that the RFC asks for: beyond it the oldest go first. Each is about 0.8 KB.
    """

    def __init__(self, transmit, t1=500, t2=4000, t4=5000, limit=8, kept=2):
        self.transmit = transmit
        self.t1 = t1
        self.t2 = t2
        self.t4 = t4
        self.limit = limit
        self.kept = kept
        self.clients = {}
        self.servers = {}

    def __getitem__(self, timer):
        """The ms of a timer, by its letter: §17 table 4, RFC 6026 §7."""
        if timer in "IK":
            return self.t4
        # B, F, H, J, L, M: 64 × T1. On UDP, D is not shorter than 32 s.
        return max(64 * self.t1, 32000 if timer == "D" else 0)

    def request(self, message, host, port, user, now):
        """Send `message`, with our Via on it, in a new client transaction. -> Transaction"""
        clients = self.clients
        self._make_room(clients, now)
        key = message.top_branch + message.method
        table = INVITE_CLIENT if message.method == "INVITE" else OTHER_CLIENT
        transaction = Transaction(self, clients, key, table, message, user, host, port)
        transaction.handle("start", now, message)
        return transaction

    def response(self, message, now):
        """A response came in. False if it belongs to no transaction (§17.1.3)."""
        transaction = self.clients.get((message.top_branch or "") + message.cseq[1])
        if transaction is None:
            return False
        transaction.respond(message, now)
        return True

    def serve(self, message, key, user, host, port, now):
        """A new server transaction for a request, or None if there is no room for one."""
        servers = self.servers
        self._make_room(servers, now)
        if len(servers) >= self.limit:
            return None
        table = INVITE_SERVER if message.method == "INVITE" else OTHER_SERVER
        return Transaction(self, servers, key, table, message, user, host, port)

    def unreachable(self, host, now):
        """Nothing can be sent to `host`: what waits for it fails with 503 (§8.1.3.1)."""
        for transaction in list(self.clients.values()):
            if transaction.host == host:
                transaction.handle("unreachable", now, 503)

    def deadline(self):
        end = None
        for group in (self.clients, self.servers):
            for transaction in group.values():
                end = sooner(end, transaction.deadline())
        return end

    def tick(self, now):
        for group in (self.clients, self.servers):
            for transaction in list(group.values()):
                transaction.tick(now)

    def _make_room(self, group, now):
        while True:
            oldest = None
            kept = 0
            for each in group.values():
                if each.state in ("accepted", "completed", "confirmed") and not each.repeats():
                    kept += 1
                    # The INVITE of a call comes last: a lost ACK costs the call, other repetitions nothing.
                    call = each.state == "accepted"
                    if oldest is None or (oldest.state == "accepted") > call:
                        oldest = each
                    elif call == (oldest.state == "accepted") and diff(each.since, oldest.since) < 0:
                        oldest = each
            if oldest is None or (kept < self.kept and len(group) < self.limit):
                return
            oldest.end(now)


def server_key(message, method, via):
    """The name of the server transaction that `message` belongs to as `method` (§17.2.3): an ACK and a
    CANCEL also belong to that of their INVITE. via: its parsed top Via."""
    branch = via.params.get("branch") or ""
    if branch.startswith("z9hG4bK"):
        return "%s %s %s:%s" % (branch, method, via.host, via.port)
    # RFC 2543: the To tag is left out, since the INVITE has none and its ACK has.
    return "%s %s %s %s %d %s" % (
        message.uri, tag_of(message, "From"), message.get("Call-ID"), method, message.cseq[0], branch
    )  # fmt: skip


def derived(invite, method):
    """The CANCEL of the request `invite` (§9.1), or all but the To of the ACK for its refusal (§17.1.1.3):
    with the branch of the request, to go where it went."""
    message = Message(method, invite.uri)
    message.copy(invite, ["Via", "Route", "From", "To", "Call-ID", "Max-Forwards"])
    message.add("CSeq", "%d %s" % (invite.cseq[0], method))
    return message
