"""One call as SIP sees it: the INVITE usage of a dialog (RFC 3261 §13 to §15), as one table.

A session says each thing once to the call machine above it (see ata.sip.ua, poll): "failed" or "ended"
is its last word, after which the SIP side may still be busy (a CANCEL waits for its 487, a BYE for its
200) without anybody having to know.

The offer is in the INVITE when we call (§13.2.1). When called we answer what the INVITE offers, or offer
in the 200 and find the answer in the ACK. Hold and resume are re-INVITEs by direction (RFC 3264 §8.4).
"""

from micropython import const

from ata.base.errors import PeerError
from ata.base.fsm import rows
from ata.sip.chance import between, token
from ata.sip.dialog import contact_of, of_response
from ata.sip.grammar import unescape
from ata.sip.offer import Negotiation
from ata.sip.transaction import Machine, derived

_DONE = const(("terminated", "done"))
_RETRY = const((None, "retry"))
_LEFT = const(("terminated", "left"))
_HANG_UP = const(("leaving", "leave"))
_LOST = const(("leaving", "lose"))
_REFUSE = const(("terminated", "refuse"))
_ACCEPT = const(("answered", "reoffer"))
_MODIFY = const(("modifying", "modify"))
_REOFFER = const(("acking", "reoffer"))
_AGREE = const(("confirmed", "agree"))
_FAIL = const(("terminated", "fail"))

# Events of the app: ring answer reject hangup hold. Of our INVITE: 1xx 2xx (the first) challenge (that can be
# answered) glare (491) refused. Of requests that come: cancel bye reinvite ack; noack = the ACK for our 2xx
# did not come. lost = the peer does not know the dialog any more. done = our BYE was answered.
TABLE = rows({
    # we call
    "calling": (None, {"1xx": ("early", "progress"), "2xx": _AGREE, "challenge": _RETRY, "refused": _FAIL,
                       "hangup": ("abandoned", "over")}),
    "early": (None, {"1xx": (None, "progress"), "2xx": _AGREE, "challenge": ("calling", "retry"),
                     "refused": _FAIL, "hangup": ("cancelling", "cancel")}),
    # hung up before any answer: a CANCEL must wait for a provisional one (§9.1)
    "abandoned": (None, {"1xx": ("cancelling", "cancel"), "2xx": _HANG_UP, "challenge": _DONE,
                         "refused": _DONE}),
    "cancelling": ("cancel", {"2xx": _HANG_UP, "challenge": _DONE, "refused": _DONE, "timeout": _DONE}),
    # we are called; the 180 is repeated so that no proxy on the way gives up (§13.3.1.1)
    "incoming": (None, {"ring": ("ringing", "respond"), "answer": _ACCEPT, "reject": _REFUSE,
                        "hangup": _REFUSE, "cancel": _REFUSE, "bye": _REFUSE}),
    "ringing": ("ringing", {"timeout": ("ringing", "respond"), "answer": _ACCEPT, "reject": _REFUSE,
                            "hangup": _REFUSE, "cancel": _REFUSE, "bye": _REFUSE}),
    "answered": (None, {"ack": _AGREE, "noack": _LOST, "declined": _REFUSE, "bye": _LEFT, "lost": _LOST,
                        "hangup": ("closing", "over")}),
    # the call is up
    "confirmed": (None, {"hold": _MODIFY, "reinvite": _REOFFER, "bye": _LEFT, "hangup": _HANG_UP,
                         "lost": _LOST}),
    "modifying": (None, {"2xx": _AGREE, "challenge": _RETRY, "refused": ("confirmed", "unmodified"),
                         "glare": ("glare", None), "bye": _LEFT, "hangup": _HANG_UP, "lost": _LOST}),
    "glare": ("glare", {"timeout": _MODIFY, "reinvite": _REOFFER, "bye": _LEFT, "hangup": _HANG_UP,
                        "lost": _LOST}),
    "acking": (None, {"ack": _AGREE, "noack": _LOST, "declined": ("confirmed", "decline"), "bye": _LEFT,
                      "lost": _LOST, "hangup": ("closing", "over")}),
    # hung up before the ACK for our 2xx: the BYE must wait for it (§15)
    "closing": (None, {"ack": _HANG_UP, "noack": _HANG_UP, "bye": _DONE, "lost": _DONE}),
    # our BYE is on its way
    "leaving": (None, {"done": _DONE}),
    "terminated": (None, {}),
})  # fmt: skip


class Session(Machine):
    """A call of the account `account` (its key). Made by UserAgent.invite and by an INVITE that comes in.

    outgoing: True if we call. remote_user, remote_display, remote_uri: the other party, unescaped text.
    alert_info: the Alert-Info of the INVITE or None. media: what is agreed (ata.sip.offer.Media), or None.
    state: a state of TABLE. invite: the transaction of the last INVITE, either way.
    """

    def __init__(self, ua, account, dialog, local_tag, remote, invite):
        self.ua = ua
        self.identity = account
        self.account = account.key
        self.dialog = dialog
        self.outgoing = outgoing = invite is None
        Machine.__init__(self, "session", TABLE, self, "calling" if outgoing else "incoming", self)
        self.call_id = dialog.call_id
        self.local_tag = local_tag
        self.remote_user = unescape(remote.uri.user or "")
        self.remote_display = remote.display
        self.remote_uri = remote.uri.text
        self.alert_info = None if outgoing else invite.request.get("Alert-Info")
        self.media = None
        self.local = None  # LocalMedia
        self.want = self.said = "sendrecv"  # the direction we want, and the one we said last
        self.trusted = False  # our own server took the call to its destination
        self.established = not outgoing  # the dialog has both ends
        self.early = None  # Media of an answer in a provisional response
        self.invite = invite
        self.seq = dialog.remote_seq  # of the last INVITE, if it was the peer's
        self.offering = False  # our offer waits for its answer
        self.forks = None  # To tags of further 2xx (§13.2.2.4)
        self.told = False  # the last word was said
        self.negotiation = Negotiation("%d" % int(token(ua.random, 3), 16))  # type: Any
        self.credentials = account.credentials(ua.random)

    def __getitem__(self, name):
        # The Fsm asks for a state's timeout in ms.
        if name == "cancel":
            return self.ua.transactions["B"]  # §9.1
        if name == "ringing":
            return 60000  # §13.3.1.1
        # Glare (§14.1): the owner of the Call-ID waits 2.1 to 4 s, the other 0 to 2 s, in steps of 10 ms.
        low, high = (210, 400) if self.outgoing else (0, 200)
        return 10 * between(self.ua.random, low, high)

    def response(self, transaction, status, response, now):
        """A request of ours was answered, or our 2xx was not acknowledged (see Transaction.user)."""
        method = transaction.method
        credentials = self.credentials
        if method == "INVITE":
            if 200 <= status < 300 and not self._acknowledge(transaction, response, now):
                return
            if transaction is not self.invite:
                return
        elif status < 200:
            return
        said = response if status < 300 else status
        event = "refused"
        if response is None and transaction.request is None:
            event = "noack"
        elif status < 200:
            event = "1xx"
        elif status < 300:
            if credentials:
                credentials.tries = 0
            event = "2xx"
        elif (
            status in (401, 407)
            and credentials
            and (self.trusted or transaction.host in self.identity.hop)
            and credentials.challenged(response)
        ):
            event = "challenge"
            said = transaction
        elif status == 481 or (status == 408 and method == "INVITE"):  # §12.2.1.2
            event = "lost"
        elif status == 491:
            event = "glare"
        if method == "INVITE":
            if not self.handle(event, now, said) and status >= 300:
                self.handle("refused", now, status)
        elif event == "challenge":
            self.retry(now, transaction)
        elif method == "BYE":
            self.handle("done", now)
        elif event == "lost":
            self.handle(event, now, status)

    def retry(self, now, transaction):
        """The same request again, with the answer to a challenge (§22.2)."""
        message = transaction.request
        message.headers.pop(0)  # our Via
        self.dialog.local_seq += 1
        message.set("CSeq", "%d %s" % (self.dialog.local_seq, message.method))
        retried = self.ua.send(message, transaction.host, transaction.port, self, now)
        if transaction is self.invite:
            self.invite = retried

    def _offer(self):
        self.said = self.want
        self.offering = True
        return self.negotiation.make_offer(self.local, self.want)

    # we call, or change the call

    def modify(self, now, hop=None):
        """Send an INVITE: the first one by way of `hop`, a re-INVITE on the route of the dialog."""
        message, host, port = self.dialog.request("INVITE")
        if hop:
            host, port = hop
            self.trusted = host in self.identity.hop
        self._complete(message, self._offer())
        self.invite = self.ua.send(message, host, port, self, now)

    def _complete(self, message, body):
        """Add what an INVITE and the answers that lead to a call have; `body` is SDP or None."""
        message.add("Contact", self.identity.contact)
        if body:
            message.add("Allow", self.ua.ALLOW)
            message.add("Content-Type", "application/sdp")
            message.body = body

    def progress(self, now, response):
        media = None
        if response.body:
            media = self.early = self.negotiation.accept_answer(response.body)
        if response.status > 100:
            self.ua.events.append(("progress", self, response.status, media))

    def _acknowledge(self, transaction, response, now):
        """Send the ACK for a 2xx. False if that was all: it is a repeated one, or of another fork."""
        dialog = of_response(response, self.dialog)
        tag = dialog.remote_tag
        if self.established and tag != self.dialog.remote_tag:
            # Only the first branch that answers is the call; the others are thanked and left (§13.2.2.4).
            self.ua.send_ack(dialog, response, None)
            if self.forks is None:
                self.forks = []
            if tag not in self.forks:
                self.forks.append(tag)
                message, host, port = dialog.request("BYE")
                self.ua.send(message, host, port, None, now)
            return False
        if transaction.request is None:
            transaction.send(now)  # by now it holds the ACK
            return False
        if self.established:
            self.dialog.target = contact_of(response, dialog.target)
        else:
            self.dialog = dialog
            self.established = True
        self.ua.send_ack(self.dialog, response, transaction)
        return True

    def agree(self, now, message):
        """The 2xx for our INVITE, or the ACK for our 2xx: with the answer, if the offer was ours."""
        if self.offering:
            self.offering = False
            media = self.early
            self.early = None
            try:
                if message.body or media is None:
                    media = self.negotiation.accept_answer(message.body)
            except PeerError as error:
                self.handle("lost", now, error.status)
                return
            self._agreed(media)
        self.settle(now)

    def settle(self, now):
        """Do what was wished for while another INVITE was on its way (§14.1)."""
        if self.said != self.want:
            self.handle("hold", now)

    def _agreed(self, media):
        if media != self.media:
            self.ua.events.append(("media" if self.media else "answered", self, media))
            self.media = media

    def unmodified(self, now, status):
        # The session stays as it was (§14.1), until it is wished for again.
        self.want = self.said = "sendrecv" if self.said == "sendonly" else "sendonly"

    def fail(self, now, status):
        self.done(now)
        self.over(now, status)

    def cancel(self, now, _=None):
        self.over(now)
        invite = self.invite
        self.ua.transactions.request(derived(invite.request, "CANCEL"), invite.host, invite.port, None, now)

    # we are called, or asked to change the call

    def reoffer(self, now, transaction):
        """Answer 200 to the INVITE of `transaction`, with our answer to its offer or with our offer."""
        self.invite = transaction
        request = transaction.request
        self.seq = request.cseq[0]
        media = None
        try:
            if request.body:
                body, media = self.negotiation.receive_offer(request.body, self.local, self.want)
                self.said = self.want
                self.offering = False
            else:
                body = self._offer()
        except PeerError as error:
            self.handle("declined", now, error.status)
            return
        self.dialog.target = contact_of(request, self.dialog.target)
        self.respond(now, 200, body)
        if media is not None:
            self._agreed(media)

    def respond(self, now, status=180, body=None):
        """Answer the last INVITE of the peer."""
        request = self.invite.request
        response = self.ua.reply(request, status, self.local_tag)
        if status < 300:
            response.copy(request, ["Record-Route"])  # §12.1.1
            self._complete(response, body)
        self.invite.respond(response, now)

    def refuse(self, now, status=480):
        self.respond(now, status)
        self.fail(now, status)

    def decline(self, now, status):
        self.respond(now, status)
        self.settle(now)

    def ack(self, message, now):
        """An ACK that belongs to this dialog came in."""
        if message.cseq[0] == self.seq:
            self.quiet(now)
            self.handle("ack", now, message)

    # the end

    def leave(self, now, _=None):
        self.over(now)
        message, host, port = self.dialog.request("BYE")
        self.ua.send(message, host, port, self, now)

    def lose(self, now, status):
        self.quiet(now)
        self.over(now, status)
        self.leave(now)

    def left(self, now, _):
        self.quiet(now)
        self.fail(now, 200)

    def over(self, now, status=0):
        """Say the last word, once; a status of 0 is our own wish."""
        if not self.told:
            self.told = True
            failed = status and self.outgoing and self.media is None
            self.ua.events.append(("failed" if failed else "ended", self, status))

    def done(self, now, _=None):
        """Nothing more is to come."""
        invite = self.invite
        if invite is not None:
            if invite.state == "proceeding":
                invite.end(now)  # its CANCEL was not answered (§9.1)
            if invite.group is self.ua.transactions.servers:
                invite.user = None  # a client's is still to see further 2xx
        if self in self.ua.sessions:
            self.ua.sessions.remove(self)
        # A client transaction may keep the rest for half a minute.
        self.negotiation = self.local = self.early = None

    def quiet(self, now):
        """Stop repeating our 2xx."""
        self.invite.handle("ack", now)
