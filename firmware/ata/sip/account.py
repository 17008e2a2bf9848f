"""A SIP account: who a port is, where its requests go, and its answers to digest challenges."""

from binascii import hexlify

from ata.sip.dialog import next_hop
from ata.sip.grammar import Uri, escape, parse_uri, quote, unescape


class Account:
    """The identity of port `key`. Without `domain` and `server` it knows only direct calls.

    domain, server, outbound: "host" or "host:port" text, or empty. host, port: our own address.
    number: a second name that calls the port as well as `user`.
    """

    def __init__(self, key, user, domain, server, auth_user, password, display, outbound, number, host, port):
        self.key = key
        self.user = user
        self.number = number
        self.auth_user = auth_user or user
        self.password = password
        self.domain = domain or server or None
        self.registrar = "sip:%s" % self.domain
        self.hop = ()  # (host, port) of the server, or nothing; nobody else is given proof of the password
        self.home = ()  # (host, port) that the domain stands for
        if self.domain:
            self.hop = next_hop("sip:" + (outbound or server or domain))
            self.home = next_hop(self.registrar)
        self.all_by_proxy = bool(outbound)  # direct calls as well (RFC 3261 §8.1.2)
        self.contact = "<%s>" % Uri("sip", escape(user), host, port)
        aor = self.address(user) if self.domain else self.contact[1:-1]
        self.identity = "%s<%s>" % (quote(display) + " " if display else "", aor)

    def address(self, user):
        """The URI text of `user` at this account's domain."""
        uri = parse_uri(self.registrar)
        uri.user = escape(user)
        return str(uri)

    def called(self, user):
        """True if a call for `user` is for this port."""
        return user is not None and unescape(user) in (self.user, self.number)

    def route(self, target):
        """-> (URI text, host, port) of what the user called: "102", "user@host[:port]" or "sip:…".
        None if it is a number and there is no account to take it to. PeerError if it is no address."""
        if target[:4].lower() != "sip:":
            if "@" in target:
                target = "sip:" + target
            elif self.domain:
                return (self.address(target),) + self.hop
            else:
                return None
        uri = str(parse_uri(target))
        hop = next_hop(uri)
        if self.hop and (self.all_by_proxy or hop == self.home):
            hop = self.hop
        return (uri,) + hop


class Credentials:
    """Answers to the challenges that one call, or one registration, has met (RFC 3261 §22, RFC 7616).

    A challenge is kept and answered in advance in the requests that follow, with a rising nonce count.
    """

    def __init__(self, account, random):
        self.account = account
        self.random = random
        self.challenges = {}  # 401 or 407 -> [challenge text, how often it was answered]
        self.tries = 0  # challenges in a row; set to 0 when a request is let through

    def challenged(self, response):
        """Note the challenge of a 401 or 407. False if there is no point in trying again."""
        from ata.sip.digest import choose, is_stale  # loaded only where it is used: memory

        status = response.status
        challenge = choose(response.all("WWW-Authenticate" if status == 401 else "Proxy-Authenticate"))
        self.tries += 1
        old = self.challenges.get(status)
        if challenge is None or not self.account.password or self.tries > 4:
            hopeless = True
        else:
            # The very first answer to a nonce was refused, and not because the nonce was old.
            hopeless = old is not None and old[1] == 1 and not is_stale(challenge)
        if hopeless:
            self.challenges.clear()
            self.tries = 0
            return False
        self.challenges[status] = [challenge, 0]
        return True

    def sign(self, message):
        """Put the answers to the known challenges into the request `message`."""
        if not self.challenges:
            return
        from ata.sip.digest import answer

        account = self.account
        for status in self.challenges:
            entry = self.challenges[status]
            entry[1] += 1
            value = answer(entry[0], message.method, message.uri, account.auth_user, account.password,
                           message.body, token(self.random, 8), entry[1])  # fmt: skip
            message.set("Authorization" if status == 401 else "Proxy-Authorization", value)


def token(random, n):
    """`n` random bytes as hexadecimal text."""
    return hexlify(random(n)).decode()
