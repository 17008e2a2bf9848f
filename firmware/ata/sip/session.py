"""One call as SIP sees it: the INVITE usage of a dialog (RFC 3261 §13 to §15), as one table.

A session says each thing once to the call machine above it (see ata.sip.ua, poll): "failed" or "ended"
is its last word, after which the SIP side may still be busy (a CANCEL waits for its 487, a BYE for its
200) without anybody having to know.

The offer is in the INVITE when we call (§13.2.1). When called we answer what the INVITE offers, or offer
in the 200 and find the answer in the ACK. Hold and resume are re-INVITEs by direction (RFC 3264 §8.4).
"""

from ata.base.errors import PeerError
from ata.base.fsm import Fsm
from ata.sip.account import Credentials, token
from ata.sip.dialog import of_response, tag_of
from ata.sip.grammar import unescape
from ata.sip.offer import Negotiation

_IGNORED = (None, None)
_DONE = ("terminated", "done")
_RETRY = (None, "retry")
_LEFT = ("terminated", "left")
_HANG_UP = ("leaving", "leave")
_LOST = ("leaving", "lose")
_REFUSE = ("terminated", "refuse")
_CANCELLED = ("terminated", "cancelled")
_PENDING = (None, "pending")
_ACCEPT = ("answered", "accept")
_MODIFY = ("modifying", "modify")
_REOFFER = ("acking", "reoffer")
_CONNECT = ("confirmed", "connect")
_FAIL = ("terminated", "fail")

# Events of the app: ring answer reject hangup hold. Of our INVITE: 1xx 2xx (the first) challenge (that can be
# answered) glare (491) refused. Of requests that come: cancel bye reinvite ack; noack = the ACK for our 2xx
# did not come. lost = the peer does not know the dialog any more. done = our BYE was answered.
TABLE = {
    # we call
    "calling": (None, {"1xx": ("early", "progress"), "2xx": _CONNECT, "challenge": _RETRY, "refused": _FAIL,
                       "hangup": ("abandoned", "over"), "hold": _IGNORED}),
    "early": (None, {"1xx": (None, "progress"), "2xx": _CONNECT, "challenge": ("calling", "retry"),
                     "refused": _FAIL, "hangup": ("cancelling", "cancel"), "hold": _IGNORED}),
    # hung up before any answer: a CANCEL must wait for a provisional one (§9.1)
    "abandoned": (None, {"1xx": ("cancelling", "cancel"), "2xx": _HANG_UP, "challenge": _DONE,
                         "refused": _DONE, "hangup": _IGNORED}),
    "cancelling": ("cancel", {"1xx": _IGNORED, "2xx": _HANG_UP, "challenge": _DONE, "refused": _DONE,
                              "timeout": ("terminated", "forget"), "hangup": _IGNORED}),
    # we are called
    "incoming": (None, {"ring": ("ringing", "ring"), "answer": _ACCEPT, "reject": _REFUSE, "hangup": _REFUSE,
                        "cancel": _CANCELLED, "bye": _CANCELLED, "reinvite": _PENDING, "hold": _IGNORED}),
    # the 180 is repeated so that no proxy on the way gives up (§13.3.1.1)
    "ringing": ("ringing", {"timeout": ("ringing", "ring"), "ring": _IGNORED, "answer": _ACCEPT,
                            "reject": _REFUSE, "hangup": _REFUSE, "cancel": _CANCELLED, "bye": _CANCELLED,
                            "reinvite": _PENDING, "hold": _IGNORED}),
    "answered": (None, {"ack": ("confirmed", "agree"), "noack": _LOST, "reject": _REFUSE, "bye": _LEFT,
                        "hangup": ("closing", "over"), "cancel": _IGNORED, "reinvite": _PENDING,
                        "lost": _LOST, "hold": _IGNORED, "answer": _IGNORED}),
    # the call is up
    "confirmed": (None, {"hold": _MODIFY, "reinvite": _REOFFER, "bye": _LEFT, "hangup": _HANG_UP,
                         "lost": _LOST, "ack": _IGNORED, "noack": _IGNORED, "cancel": _IGNORED,
                         "answer": _IGNORED}),
    "modifying": (None, {"1xx": _IGNORED, "2xx": ("confirmed", "modified"), "challenge": _RETRY,
                         "refused": ("confirmed", "unmodified"), "glare": ("glare", None),
                         "reinvite": _PENDING, "bye": _LEFT, "hangup": _HANG_UP, "lost": _LOST,
                         "hold": _IGNORED, "ack": _IGNORED, "noack": _IGNORED, "cancel": _IGNORED}),
    "glare": ("glare", {"timeout": _MODIFY, "reinvite": _REOFFER, "bye": _LEFT, "hangup": _HANG_UP,
                        "lost": _LOST, "hold": _IGNORED, "ack": _IGNORED, "noack": _IGNORED,
                        "cancel": _IGNORED}),
    "acking": (None, {"ack": ("confirmed", "agree"), "noack": _LOST, "declined": ("confirmed", "settle"),
                      "reinvite": _PENDING, "bye": _LEFT, "hangup": ("closing", "over"), "lost": _LOST,
                      "hold": _IGNORED, "cancel": _IGNORED}),
    # hung up before the ACK for our 2xx: the BYE must wait for it (§15)
    "closing": (None, {"ack": _HANG_UP, "noack": _HANG_UP, "bye": _DONE, "lost": _DONE, "reinvite": _PENDING,
                       "hangup": _IGNORED, "hold": _IGNORED, "cancel": _IGNORED}),
    # our BYE is on its way
    "leaving": (None, {"done": _DONE, "bye": _IGNORED, "reinvite": _PENDING, "ack": _IGNORED,
                       "noack": _IGNORED, "cancel": _IGNORED, "1xx": _IGNORED, "2xx": _IGNORED,
                       "challenge": _IGNORED, "refused": _IGNORED, "glare": _IGNORED, "lost": _IGNORED,
                       "hangup": _IGNORED, "hold": _IGNORED}),
    "terminated": (None, {"done": _IGNORED, "ring": _IGNORED, "answer": _IGNORED, "reject": _IGNORED,
                          "hangup": _IGNORED, "hold": _IGNORED, "cancel": _IGNORED, "noack": _IGNORED,
                          "1xx": _IGNORED, "2xx": _IGNORED, "challenge": _IGNORED, "refused": _IGNORED,
                          "glare": _IGNORED, "lost": _IGNORED}),
}  # fmt: skip

_TALKING = ("confirmed", "modifying", "glare", "acking")
DTMF = "application/dtmf-relay"


class Session:
    """A call of the account `account` (its key). Made by UserAgent.invite and by an INVITE that comes in.

    outgoing: True if we call. remote_user, remote_display, remote_uri: the other party, unescaped text.
    alert_info: the Alert-Info of the INVITE or None. media: what is agreed (ata.sip.offer.Media), or None.
    state: a state of TABLE. invite: the server transaction of the INVITE that came in, or None.
    """

    def __init__(self, ua, account, dialog, local_tag, remote, invite):
        self.ua = ua
        self.identity = account
        self.account = account.key
        self.dialog = dialog
        self.outgoing = outgoing = invite is None
        self.call_id = dialog.call_id
        self.local_tag = local_tag
        self.remote_user = unescape(remote.uri.user or "")
        self.remote_display = remote.display
        self.remote_uri = str(remote.uri)
        self.alert_info = None if outgoing else invite.request.get("Alert-Info")
        self.media = None
        self.local = None  # LocalMedia
        self.direction = self.asked = "sendrecv"  # what we want, and what we said last
        self.established = not outgoing  # the dialog has both ends
        self._negotiation = Negotiation("%d" % int(token(ua.random, 3), 16))
        self._credentials = Credentials(account, ua.random)
        self._trusted = False  # our own server took the call to its destination
        self._early = None  # Media of an answer in a provisional response
        self._invite = invite  # transaction of the last INVITE, either way
        self._invite_seq = dialog.remote_seq  # its CSeq number, if it was the peer's
        self._offering = False  # our offer waits for its answer
        self._forks = None  # To tags of further 2xx (§13.2.2.4)
        self._told = False  # the last word was said
        self._fsm = Fsm("session", TABLE, self, "calling" if outgoing else "incoming", self, ua.unexpected)

    @property
    def state(self):
        return self._fsm.state

    def __getitem__(self, name):
        # The Fsm asks for a state's timeout in ms.
        if name == "cancel":
            return self.ua.transactions.timers["B"]  # §9.1
        if name == "ringing":
            return 60000  # §13.3.1.1
        # Glare (§14.1): the owner of the Call-ID waits 2.1 to 4 s, the other 0 to 2 s, in steps of 10 ms.
        part = self.ua.random(1)[0]
        return 2100 + 10 * (190 * part // 255) if self.outgoing else 10 * (200 * part // 255)

    def handle(self, event, now, *args):
        self._fsm.handle(event, now, *args)

    def deadline(self):
        return self._fsm.deadline()

    def tick(self, now):
        self._fsm.tick(now)

    # we call

    def start(self, host, port, local, now):
        """Send the INVITE by way of host:port, offering `local`."""
        self.local = local
        self._trusted = self.identity.trusts(host)
        self._send_invite(self.dialog.request("INVITE")[0], host, port, now)

    def _send_invite(self, message, host, port, now):
        message.add("Contact", self.identity.contact)
        message.add("Allow", self.ua.ALLOW)
        _with_sdp(message, self._offer())
        self._invite = self._send(message, host, port, now)

    def _offer(self):
        self.asked = self.direction
        self._offering = True
        return self._negotiation.make_offer(self.local, self.direction)

    def _send(self, message, host, port, now):
        self._credentials.sign(message)
        return self.ua.send(message, host, port, self, now)

    def response(self, transaction, status, response, now):
        """A request of ours was answered (see Transaction.user)."""
        method = transaction.method
        invite = method == "INVITE"
        if invite and 200 <= status < 300 and not self._acknowledge(transaction, response, now):
            return
        if transaction is not self._invite if invite else status < 200:
            return
        event = "refused"
        if status < 200:
            event = "1xx"
        elif status < 300:
            self._credentials.passed()
            event = "2xx" if invite else "done" if method == "BYE" else None
        elif status in (401, 407) and self._answers(transaction, response):
            event = "challenge" if invite else "again"
        elif method == "BYE":
            event = "done"
        elif status == 481 or (invite and status == 408):  # §12.2.1.2
            event = "lost"
        elif status == 491:
            event = "glare"
        if not self._fsm.knows(event):
            if not invite:
                if event == "again":
                    self.retry(now, transaction)
                return
            event = "refused"
        if event == "challenge":
            self.handle(event, now, transaction)
        else:
            self.handle(event, now, response if status < 300 else status)

    def _answers(self, transaction, challenge):
        trusted = self._trusted or self.identity.trusts(transaction.host)
        return trusted and self._credentials.challenged(challenge)

    def no_ack(self, now):
        """Our 2xx was never acknowledged (see Transaction.user)."""
        self.handle("noack", now, 408)

    def retry(self, now, transaction):
        """The same request again, with the answer to a challenge (§22.2)."""
        message = transaction.request
        message.remove("Via")
        self.dialog.local_seq += 1
        message.set("CSeq", "%d %s" % (self.dialog.local_seq, message.method))
        retried = self._send(message, transaction.host, transaction.port, now)
        if transaction is self._invite:
            self._invite = retried

    def progress(self, now, response):
        if response.body and response.get("Content-Type") == "application/sdp":
            self._early = self._negotiation.accept_answer(response.body)
        if response.status > 100:
            self.ua.events.append(("progress", self, response.status, self._early if response.body else None))

    def _acknowledge(self, transaction, response, now):
        """Send the ACK for a 2xx. False if that was all: it is a repeated one, or of another fork."""
        tag = tag_of(response, "To")
        if self.established and tag != self.dialog.remote_tag:
            # Only the first branch that answers is the call; the others are thanked and left (§13.2.2.4).
            other = of_response(response, self.dialog)
            self.ua.send_ack(other, response, None)
            if self._forks is None:
                self._forks = []
            if tag not in self._forks:
                self._forks.append(tag)
                message, host, port = other.request("BYE")
                self.ua.send(message, host, port, None, now)
            return False
        if transaction.request is None:
            transaction.send()  # by now it holds the ACK
            return False
        if not self.established:
            self.dialog = of_response(response, self.dialog)
            self.established = True
        else:
            self.dialog.refresh(response)
        self.ua.send_ack(self.dialog, response, transaction)
        return True

    def connect(self, now, response):
        try:
            if response.body:
                self._early = self._negotiation.accept_answer(response.body)
            if self._early is None:
                raise PeerError(488, "No answer in the 2xx")
        except PeerError:
            self.handle("lost", now, 488)
            return
        self._agreed(self._early)
        self._early = None
        self.settle(now)

    def fail(self, now, status):
        self.done(now)
        self.over(now, status, "failed")

    def cancel(self, now, _=None):
        self.over(now)
        self.ua.transactions.cancel(self._invite, now)

    # we are called

    def ring(self, now):
        self._answer(180, now)

    def accept(self, now, local):
        self.local = local
        try:
            media = self._answer_offer(now)
        except PeerError as error:
            self.handle("reject", now, error.status)
            return
        if media is not None:
            self._agreed(media)

    def _answer_offer(self, now):
        """Send the 200 for the INVITE that waits. -> Media, or None if the answer comes with the ACK."""
        media = None
        offer = self._invite.request.body
        if offer:
            body, media = self._negotiation.receive_offer(offer, self.local, self.direction)
            self.asked = self.direction
            self._offering = False
        else:
            body = self._offer()
        self._answer(200, now, body)
        return media

    def _answer(self, status, now, body=None):
        request = self._invite.request
        response = self.ua.reply(request, status, self.local_tag)
        if status < 300:
            for route in request.all("Record-Route"):  # §12.1.1
                response.add("Record-Route", route)
            response.add("Contact", self.identity.contact)
        if body:
            response.add("Allow", self.ua.ALLOW)
            _with_sdp(response, body)
        self._invite.answer(response, now)

    def refuse(self, now, status=480):
        self._answer(status, now)
        self.done(now)
        self.over(now, status)

    def cancelled(self, now):
        self.refuse(now, 487)

    # the call is up

    def agree(self, now, ack):
        """The ACK for our 2xx came, with the answer if our 2xx had the offer."""
        if self._offering:
            self._offering = False
            try:
                media = self._negotiation.accept_answer(ack.body)
            except PeerError:
                self.handle("lost", now, 488)
                return
            self._agreed(media)
        self.settle(now)

    def settle(self, now):
        """Do what was wished for while another INVITE was on its way (§14.1)."""
        if self.asked != self.direction and self._fsm.state == "confirmed":
            self.handle("hold", now)

    def modify(self, now):
        message, host, port = self.dialog.request("INVITE")
        self._send_invite(message, host, port, now)

    def modified(self, now, response):
        try:
            media = self._negotiation.accept_answer(response.body)
        except PeerError:
            self.handle("lost", now, 488)
            return
        self._agreed(media)
        self.settle(now)

    def unmodified(self, now, status):
        # The session stays as it was (§14.1), until it is wished for again.
        self.direction = self.asked = "sendrecv" if self.asked == "sendonly" else "sendonly"

    def reoffer(self, now, request, transaction):
        self._invite = transaction
        self._invite_seq = request.cseq[0]
        try:
            media = self._answer_offer(now)
        except PeerError as error:
            self._answer(error.status, now)
            self.handle("declined", now)
            return
        self.dialog.refresh(request)
        if media is not None:
            self._agreed(media)

    def pending(self, now, request, transaction):
        transaction.answer(self.ua.reply(request, 491), now)

    def ack(self, message, now):
        """An ACK that belongs to this dialog came in."""
        if message.cseq[0] == self._invite_seq:
            self._quiet(now)
            if self._fsm.knows("ack"):
                self.handle("ack", now, message)

    def info(self, request, now):
        """An INFO came in. -> the status to answer with."""
        kind = (request.get("Content-Type") or "").split(";")[0].strip(" ").lower()
        if not request.body:
            return 200
        if kind not in (DTMF, "application/dtmf"):
            return 415
        digit, ms = _digit_of(request.body)
        if digit:
            self.ua.events.append(("dtmf", self, digit, ms))
        return 200 if digit else 400

    def send_info(self, digit, ms, now):
        """Send a digit in an INFO; nothing before the call is up."""
        if self._fsm.state in _TALKING:
            message, host, port = self.dialog.request("INFO")
            message.add("Content-Type", DTMF)
            message.body = ("Signal=%s\r\nDuration=%d\r\n" % (digit, ms)).encode()
            self._send(message, host, port, now)

    def _agreed(self, media):
        before = self.media
        self.media = media
        if before is None:
            self.ua.events.append(("answered", self, media))
        elif _differ(before, media):
            self.ua.events.append(("media", self, media))

    # the end

    def leave(self, now, _=None):
        self.over(now)
        message, host, port = self.dialog.request("BYE")
        self._send(message, host, port, now)

    def lose(self, now, status=481):
        self._quiet(now)
        self.over(now, status, "failed" if self.outgoing and self.media is None else "ended")
        self.leave(now)

    def left(self, now):
        self._quiet(now)
        self.done(now)
        self.over(now, 200)

    def over(self, now, status=0, word="ended"):
        """Say the last word, once."""
        if not self._told:
            self._told = True
            self.ua.events.append((word, self, status))

    def forget(self, now):
        self._invite.end(now)
        self.done(now)

    def done(self, now, _=None):
        if self in self.ua.sessions:
            self.ua.sessions.remove(self)

    def _quiet(self, now):
        """Stop repeating our 2xx."""
        invite = self._invite
        if invite.fsm.state == "accepted" and invite.fsm.knows("ack"):
            invite.fsm.handle("ack", now)


def _with_sdp(message, body):
    message.add("Content-Type", "application/sdp")
    message.body = body


def _differ(a, b):
    return (a.ip, a.port, a.payload_type, a.event_type, a.ptime, a.send, a.receive) != (
        b.ip, b.port, b.payload_type, b.event_type, b.ptime, b.send, b.receive)  # fmt: skip


def _digit_of(body):
    """-> (character or None, ms) of a dtmf-relay body, "Signal=5\\r\\nDuration=160", or a bare digit."""
    digit = None
    ms = 160
    try:
        for line in body.decode().split("\n"):
            name, equals, value = line.partition("=")
            name = name.strip().lower()
            value = value.strip().upper()
            if name == "duration":
                ms = min(max(int(value), 40), 5000)
            elif name == "signal" or (name and not equals):
                digit = value or name.upper()
    except ValueError:  # UnicodeError is one
        return None, 0
    if digit in ("10", "11"):
        digit = "*#"[int(digit) - 10]  # as some gateways write them, after RFC 4733
    return digit if digit and len(digit) == 1 and digit in "0123456789*#ABCD" else None, ms
