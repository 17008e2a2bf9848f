"""The SIP user agent: accounts, calls, and the rules for what comes in (RFC 3261 §8), sans-IO.

Give it datagrams with receive(), time with tick() not later than deadline(), and take what it wants done
from poll() until None:

    ("send", bytes, host, port)           a datagram; host may be a name, which the caller resolves
    ("registration", key, state)          "unregistered" "trying" "registered" "rejected 403" "unreachable"
    ("incoming", session)                 a call for port session.account: ring, answer or reject it
    ("progress", session, status, media)  101 to 199 on a call we make; media if it said what to hear, or None
    ("answered", session, media)          the call is up and what was agreed is known
    ("media", session, media)             a re-INVITE, theirs or ours, changed it
    ("failed", session, status)           the call we make was refused; 408 no answer at all, 503 no way there
    ("ended", session, status)            0 hung up by us, 200 by the peer, 487 cancelled, 408 no ACK, 481 the
                                          peer lost it, 488 no media, else what we rejected it with
    ("dtmf", session, digit, ms)          a digit in an INFO
    ("messages", key, waiting, count)     messages wait for the port or not; how many new ones, or None

"failed" or "ended" is the last word about a session. Requests that leave no trace (OPTIONS, and all that
is refused at once) are answered without a transaction (§8.2.7), so that a flood of them holds no memory.
Transport: UDP. Responses go where §18.2.2 and RFC 3581 say, our requests ask for the same with rport.
"""

from micropython import const

from ata.base.clock import sooner
from ata.base.errors import LocalError, PeerError
from ata.base.unload import drop_overlays
from ata.sip.account import Account
from ata.sip.chance import token
from ata.sip.dialog import Dialog, of_request, tag_of
from ata.sip.grammar import parse_name_addr, parse_uri, parse_via, split_list, unescape
from ata.sip.message import parse, response
from ata.sip.offer import LocalMedia, Negotiation
from ata.sip.registration import Registration
from ata.sip.session import Session
from ata.sip.transaction import Transactions, server_key

# Bytes: with less, what was loaded to read a message goes before it is acted upon.
_ROOM = const(20000)
# Methods of other RFCs that are known but not allowed here (405); a name nobody knows is 501 (§8.2.1).
_OTHERS = const("REGISTER, UPDATE, PRACK, REFER, SUBSCRIBE, MESSAGE, PUBLISH")


class UserAgent:
    """The user agent at `host` (an IPv4 literal) and UDP `port`.

    random(n) -> n bytes. trace(sent, start_line, host, port, call_id, cseq), if given, sees each message.
    product: User-Agent and Server. t1: RFC 3261 T1 in ms.
    """

    ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY"

    def __init__(self, host, port, random, trace=None, product="open-ata", t1=500):
        self.host = host
        self.port = port
        self.random = random
        self.trace = trace
        self.product = product
        self.tag = token(random, 4)  # of answers without a transaction (§8.2.7: always the same)
        self.accounts = []
        self.registrations = []
        self.sessions = []
        self.events = []  # what poll() gives next
        self.counts = {}
        self.retry = 30  # s to the second attempt to register, doubled for each further one (RFC 5626 §4.5)
        self.fault = None  # the last error of our own that a datagram brought out
        self.transactions = Transactions(self.transmit, t1)

    def add_account(self, *identity, **options):
        """Give a port an identity: the arguments of Account, from `key` on. Without `domain` and `server` it
        is user@host:port, for direct calls."""
        account = Account(self.host, self.port, *identity, **options)
        self.accounts.append(account)
        if account.expires:
            self.registrations.append(Registration(self, account))

    # time and outputs

    def start(self, now):
        """Begin to register."""
        for registration in self.registrations:
            registration.handle("start", now)

    def move(self, host, now):
        """The network is there (again), and our own address is `host`: register, and if it is another one
        than before, tell it to the peers of our calls."""
        moved = host != self.host
        self.host = host
        for account in self.accounts:
            account.move(host, self.port)
        self.start(now)
        for session in self.sessions:
            if moved and session.local is not None:
                session.local.ip = host
                session.handle("hold", now)  # a re-INVITE as it is, from states that may send one

    def stop(self, now):
        """Unregister."""
        for registration in self.registrations:
            registration.handle("stop", now)

    def poll(self):
        return self.events.pop(0) if self.events else None

    def deadline(self):
        """The tick at which tick() is wanted, or None."""
        end = self.transactions.deadline()
        for each in self.registrations + self.sessions:
            end = sooner(end, each.deadline())
        return end

    def tick(self, now):
        self.transactions.tick(now)
        for each in self.registrations + self.sessions:
            each.tick(now)

    # what the call machine asks for

    def invite(self, key, target, local_media, now):
        """Call `target`: "102" at the account's domain, "user@host[:port]" or "sip:…". -> Session

        A target that leads nowhere fails with 404 through poll().
        """
        for account in self.accounts:
            if account.key == key:
                break
        else:
            raise LocalError("no account")
        status = 404
        way = None
        try:
            way = account.route(target)
        except PeerError as error:
            status = error.status
        uri = way[0] if way else "sip:nobody@invalid"
        tag = token(self.random, 4)
        sender = "%s;tag=%s" % (account.identity, tag)
        dialog = Dialog(token(self.random, 8), sender, "<%s>" % uri, uri, [], 0)
        session = Session(self, account, dialog, tag, parse_name_addr(uri), None)
        if way is None:
            session.handle("refused", now, status)
        else:
            session.local = local_media
            session.modify(now, way[1:])
            self.sessions.append(session)
        return session

    def ring(self, session, now):
        session.handle("ring", now)

    def answer(self, session, local_media, now):
        session.local = local_media
        session.handle("answer", now, session.invite)

    def reject(self, session, status, now):
        """Refuse a call that came in; one that was answered meanwhile is hung up."""
        if not session.handle("reject", now, status):
            session.handle("hangup", now)

    def hangup(self, session, now):
        """End the call by whatever its state asks for: CANCEL, BYE, 480 or nothing any more."""
        session.handle("hangup", now)

    def hold(self, session, on, now):
        """Hold (or resume) the peer with a re-INVITE, at once or as soon as one may be sent."""
        session.want = "sendonly" if on else "sendrecv"
        session.settle(now)

    def send_info(self, session, digit, ms, now):
        """Send a digit, one of "0123456789*#ABCD", of `ms` milliseconds; nothing if the call is not up."""
        from ata.sip.info import send  # loaded only where it is used: memory

        send(session, digit, ms, now)

    def unreachable(self, host, now):
        """The caller could not send to `host` (no such name, no route): do not wait for answers from it."""
        self.transactions.unreachable(host, now)

    # sending

    def send(self, message, host, port, user, now):
        """Send a request, signed by `user`, in a new transaction that reports to it. -> Transaction"""
        if user is not None and user.credentials is not None:
            user.credentials.sign(message)
        message.set("User-Agent", self.product)
        self._stamp(message)
        return self.transactions.request(message, host, port, user, now)

    def _stamp(self, message):
        via = "SIP/2.0/UDP %s:%d;rport;branch=z9hG4bK%s" % (self.host, self.port, token(self.random, 6))
        message.headers.insert(0, ("Via", via))

    def send_ack(self, dialog, answer, transaction):
        """Send the ACK for the 2xx `answer`; leave a copy in its client transaction, for repeated ones."""
        message, host, port = dialog.request("ACK", answer.cseq[0])
        self._stamp(message)
        if transaction is not None:
            # §13.2.2.4: the credentials of the INVITE
            message.copy(transaction.request, ["Authorization", "Proxy-Authorization"])
            transaction.data = message.encode()
            transaction.host = host
            transaction.port = port
        self.transmit(message.encode(), host, port)

    def reply(self, request, status, tag=None):
        """A response of ours to `request`, not yet sent. -> Message"""
        message = response(request, status, tag or self.tag)
        message.add("Server", self.product)
        return message

    def transmit(self, data, host, port):
        self.events.append(("send", data, host, port))
        if self.trace:
            first = data[: data.find(b"\r\n")].decode()
            self.trace(True, first, host, port, _line(data, b"\r\nCall-ID: "), _line(data, b"\r\nCSeq: "))

    def count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1

    # receiving

    def receive(self, data, addr, now):
        """A datagram came from addr = (IPv4 text, port). Raises nothing, whatever it is."""
        try:
            message = self._parsed(data, addr)
            if message is not None:
                # What read it is not needed any more, and what follows takes half of the memory.
                drop_overlays(_ROOM)
                self._dispatch(message, addr, now)
        except PeerError:
            self.count("garbage")
        except Exception as error:
            # A mistake of ours that only this datagram brings out must not end the calls of others.
            self.count("fault")
            self.fault = error

    def _parsed(self, data, addr):
        """-> the Message, or None if there is nothing (more) to be done."""
        if len(data) <= 4 and not data.strip():  # RFC 5626 §4.4.1
            self.count("keepalive")
            return None
        try:
            return parse(data)
        except PeerError as error:
            self.count("garbage")
            message = getattr(error, "message", None)
            if message is not None:
                host, port = self._return_path(message, addr)[:2]
                self.transmit(self.reply(message, error.status).encode(), host, port)
        return None

    def _dispatch(self, message, addr, now):
        if self.trace:
            first = message.start_line()
            self.trace(False, first, *addr, message.get("Call-ID"), message.get("CSeq"))
        if message.method is not None:
            way = self._request(message, addr, now)
            if way is not None:
                key, host, port = way
                status = self._new_call(message, key, host, port, now)
                if status:
                    self._refuse(message, status, None, host, port)
        elif not self.transactions.response(message, now):
            self.count("stray")

    def _return_path(self, message, addr):
        """Complete the top Via (§18.2.1). -> host, port for responses (§18.2.2, RFC 3581 §4), and the Via."""
        text = message.get("Via")
        via = parse_via(text)
        port = via.port or 5060
        if via.host != addr[0] or "rport" in via.params:
            if "rport" in via.params:
                port = addr[1]
            parts = split_list(text, ";")
            if "received" not in via.params:
                parts.append("received=" + addr[0])
            message.set("Via", ";".join(parts).replace(";rport;", ";rport=%d;" % port))
        return addr[0], port, via

    def _request(self, message, addr, now):
        """-> None, or what an INVITE that begins a call needs further: the name of its transaction, and where
        responses go."""
        host, port, via = self._return_path(message, addr)
        method = message.method
        servers = self.transactions.servers
        key = server_key(message, "INVITE" if method == "ACK" else method, via)
        transaction = servers.get(key)
        session = self._session(message)
        if method == "ACK":
            if transaction is not None and transaction.state != "accepted":
                transaction.handle("ack", now)
            elif session is not None:
                session.ack(message, now)
            else:
                self.count("stray")
            return None
        if transaction is not None:
            transaction.handle("request", now)
            return None
        status = 200
        if method == "CANCEL":
            invite = servers.get(server_key(message, "INVITE", via))
            if invite is None:
                status = 481
            elif invite.user is not None:
                session = invite.user
                session.handle("cancel", now, 487)
        elif method not in self.ALLOW.split(", "):
            status = 405 if method in _OTHERS.split(", ") else 501
        elif message.get("Require"):
            status = 420
        elif tag_of(message, "To") is None:
            if method == "INVITE":
                return key, host, port
            if method == "NOTIFY":
                from ata.sip.summary import take  # loaded only where it is used: memory

                try:
                    status = take(self, message, addr[0])
                except PeerError as error:
                    status = error.status
            elif method != "OPTIONS":
                status = 481
        elif session is None:
            status = 481
        elif message.cseq[0] < session.dialog.remote_seq:
            status = 500  # §12.2.2
        elif method != "OPTIONS":
            status = self._in_dialog(message, session, key, host, port, now)
        if status:
            self._refuse(message, status, session, host, port)
        return None

    def _refuse(self, message, status, session, host, port):
        """Answer a request without a transaction; `session`: in whose dialog it is, or None."""
        answer = self.reply(message, status, session and session.local_tag)
        options = message.method == "OPTIONS"
        if status == 420:
            answer.add("Unsupported", message.get("Require"))
        elif status == 503:
            answer.add("Retry-After", "5")
        if options or status in (405, 501):
            answer.add("Allow", self.ALLOW)
        if options or status == 415:
            answer.add("Accept", "application/sdp")
        self.transmit(answer.encode(), host, port)

    def _session(self, message):
        """The session whose dialog `message` belongs to, or None (§12.2.2)."""
        tag = tag_of(message, "To")
        if tag is not None:
            for session in self.sessions:
                if session.local_tag == tag and session.call_id == message.get("Call-ID"):
                    if session.established and session.dialog.remote_tag == tag_of(message, "From"):
                        return session
        return None

    def _in_dialog(self, message, session, key, host, port, now):
        """-> the status to answer without a transaction, or 0."""
        method = message.method
        session.dialog.remote_seq = message.cseq[0]
        user = session if method == "INVITE" else None
        transaction = self.transactions.serve(message, key, user, host, port, now)
        if transaction is None:
            return 503
        status = 200
        if user:
            if session.handle("reinvite", now, transaction):
                return 0
            status = 491
        elif method == "INFO":
            from ata.sip.info import take  # loaded only where it is used: memory

            status = take(session, message)
        transaction.respond(self.reply(message, status, session.local_tag), now)
        if method == "BYE":
            session.handle("bye", now, 487)
        return 0

    def _new_call(self, message, key, host, port, now):
        """An INVITE outside any dialog. -> the status to refuse it with, or 0."""
        uri = parse_uri(message.uri)
        if not uri.host:
            return 416
        user = unescape(uri.user or "")
        for account in self.accounts:
            if user and user in (account.user, account.number):
                break
        else:
            return 404
        call_id = message.get("Call-ID")
        remote = parse_name_addr(message.get("From"))
        tag = remote.params.get("tag")
        for session in self.sessions:
            # The same request by another way (§8.2.2.2); but our two ports may share one forked call.
            if session.call_id == call_id and session.identity is account:
                if session.dialog.remote_tag == tag:
                    return 482
        if message.body:
            if message.media_type != "application/sdp":
                return 415
            try:
                Negotiation("0").receive_offer(message.body, LocalMedia(self.host, 9))
            except PeerError as error:
                return error.status
        local_tag = token(self.random, 4)
        dialog = of_request(message, local_tag)
        if dialog.target is None:
            return 400
        transaction = self.transactions.serve(message, key, None, host, port, now)
        if transaction is None:
            return 503
        session = transaction.user = Session(self, account, dialog, local_tag, remote, transaction)
        self.sessions.append(session)
        transaction.respond(self.reply(message, 100), now)
        self.events.append(("incoming", session))
        return 0


def _line(data, name):
    """The value of a header in a message that we encoded, as text."""
    start = data.find(name) + len(name)
    return data[start : data.find(b"\r\n", start)].decode()
