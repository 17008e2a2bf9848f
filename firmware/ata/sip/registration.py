"""REGISTER of one account (RFC 3261 §10.2), and its patience.

What a person sees, and poll() gives, is "unregistered", "trying", "registered", "rejected <status>" or
"unreachable". It stays while a refresh or a further attempt is on its way. Attempts after a failure follow
RFC 5626 §4.5: the wait doubles from 30 s to 30 min, and is shortened by up to half at random so that a server
that comes back is not met by everybody at once. A refusal that a person must mend (a wrong password)
waits ten times as long.
"""

from micropython import const

from ata.base.fsm import rows
from ata.sip.chance import between, token
from ata.sip.dialog import Dialog
from ata.sip.grammar import parse_name_addr
from ata.sip.transaction import Machine

_SEND = const((None, "send"))
_GONE = const(("unregistered", "publish"))
_WAITING = ("wait", {"timeout": ("trying", "send"), "start": ("trying", "begin"), "stop": _GONE})

TABLE = rows({
    "unregistered": (None, {"start": ("trying", "begin")}),
    "trying": (None, {"ok": ("registered", "publish"), "again": _SEND, "refused": ("rejected", "publish"),
                      "lost": ("unreachable", "publish"), "stop": ("stopping", None)}),
    "registered": ("wait", {"timeout": ("trying", "send"), "start": ("trying", "send"),
                            "stop": ("leaving", "send")}),
    "rejected": _WAITING,
    "unreachable": _WAITING,
    # Stopped with a REGISTER on its way: a second one must wait for its answer (§10.2).
    "stopping": (None, {"ok": ("leaving", "send"), "again": _GONE, "refused": _GONE, "lost": _GONE,
                        "start": ("trying", None)}),
    "leaving": (None, {"ok": _GONE, "again": _SEND, "refused": _GONE, "lost": _GONE}),
})  # fmt: skip

_MAXIMUM = const(1800)  # s, "max-time"
_DAY = const(86400)


class Registration(Machine):
    """The registration of `account` through the user agent `ua`."""

    def __init__(self, ua, account):
        self.ua = ua
        self.account = account
        self.expires = account.expires  # s, more if the server asks for more
        self.credentials = account.credentials(ua.random)
        self.said = "unregistered"
        # Not a dialog (§10.2), but the same Call-ID, tag and rising numbers.
        sender = "%s;tag=%s" % (account.identity, token(ua.random, 4))
        self.dialog = Dialog(token(ua.random, 8), sender, account.identity, account.registrar, [], 0)
        self.failures = 0
        self.contact = ""  # as sent last
        self.wait = 0  # ms until the next REGISTER, the timeout of the states that wait
        Machine.__init__(self, "registration", TABLE, self, "unregistered", self)

    def __getitem__(self, name):
        # The Fsm asks for the timeout "wait" when it enters a state.
        return self.wait

    # actions of the table

    def begin(self, now):
        self.publish(now)
        self.send(now)

    def send(self, now, _=None):
        account = self.account
        message = self.dialog.request("REGISTER")[0]
        self.contact = account.contact
        message.add("Contact", account.contact)
        message.add("Expires", 0 if self.state == "leaving" else self.expires)
        host, port = account.hop
        self.ua.send(message, host, port, self, now)

    def publish(self, now, status=None):
        state = self.state
        if state == "rejected":
            state = "rejected %d" % status
        if state != self.said:
            self.said = state
            self.ua.events.append(("registration", self.account.key, state))

    def response(self, transaction, status, response, now):
        """A REGISTER was answered (see Transaction.user)."""
        if status < 200:
            return
        credentials = self.credentials
        again = status in (401, 407) and credentials and credentials.challenged(response)
        if status == 423:
            least = seconds(response.get("Min-Expires"))
            if self.expires < least <= _DAY:
                self.expires = least
                again = True
        if again:
            self.handle("again", now)
            return
        if status < 300:
            if credentials:
                credentials.tries = 0
            if self.contact != self.account.contact and self.state == "trying":
                self.handle("again", now)  # our address has changed meanwhile
                return
            self.failures = 0
            # Refreshed at 80 to 90 % of what was granted, so that a lost REGISTER does not lose a call.
            self.wait = min(max(self._granted(response), 5), _DAY) * between(self.ua.random, 800, 900)
            self.handle("ok", now)
            return
        self.failures += 1
        lost = response is None or status == 408
        wait = self.ua.retry << min(self.failures, 6)
        if not lost and not 500 <= status < 600:
            wait *= 10
        wait = min(wait, _MAXIMUM) * between(self.ua.random, 500, 1000)
        if response is not None:
            wait = max(wait, 1000 * min(seconds(response.get("Retry-After")), _DAY))
        self.wait = wait
        self.handle("lost" if lost else "refused", now, status)

    def _granted(self, response):
        """Seconds granted: of our own Contact, else of the whole answer (§10.2.4)."""
        ours = parse_name_addr(self.account.contact).uri[1:4]
        for value in response.all("Contact"):
            if value != "*":
                contact = parse_name_addr(value)
                uri = contact.uri
                granted = seconds(contact.params.get("expires"))
                if granted and (uri.user, uri.host, uri.port or 5060) == ours:
                    return granted
        return seconds(response.get("Expires")) or self.expires


def seconds(value):
    """Leading decimal digits of a header value as a number, 0 if there are none (§25.1 delta-seconds)."""
    number = 0
    for c in (value or "").strip().encode():
        if not 48 <= c <= 57 or number > 100000000:
            break
        number = number * 10 + c - 48
    return number
