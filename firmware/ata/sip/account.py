"""A SIP account: who a port is, and where its requests go."""

from binascii import hexlify

from ata.sip.dialog import next_hop
from ata.sip.grammar import escape, parse_uri, quote, unescape


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
        self.domain = domain = domain or server or None
        self.registrar = "sip:%s" % domain
        self.hop = ()  # (host, port) of the server, or nothing; nobody else is given proof of the password
        self.home = ()  # (host, port) that the domain stands for
        if domain:
            self.hop = next_hop(parse_uri("sip:" + (outbound or server or domain)))
            self.home = next_hop(parse_uri(self.registrar))
        self.all_by_proxy = bool(outbound)  # direct calls as well (RFC 3261 §8.1.2)
        at_home = "sip:%s@%s:%d" % (escape(user), host, port)
        self.contact = "<%s>" % at_home
        aor = self.address(user) if domain else at_home
        self.identity = "%s<%s>" % (quote(display) + " " if display else "", aor)

    def address(self, user):
        """The URI text of `user` at this account's domain."""
        return "sip:%s@%s" % (escape(user), self.domain)

    def called(self, user):
        """True if a call for `user` is for this port."""
        return user is not None and unescape(user) in (self.user, self.number)

    def route(self, target):
        """-> (URI text, host, port) of what the user called: "102", "user@host[:port]" or "sip:…".
        None if it is a number and there is no account to take it to. PeerError if it is no address."""
        if target[:4].lower() == "sip:":
            target = target[4:]
        elif "@" not in target:
            return (self.address(target),) + self.hop if self.domain else None
        target = "sip:" + target
        hop = next_hop(parse_uri(target))
        if self.hop and (self.all_by_proxy or hop == self.home):
            hop = self.hop
        return (target,) + hop

    def credentials(self, random):
        """The answers to challenges for one call or one registration; None without a password."""
        if not self.password:
            return None
        from ata.sip.digest import Credentials  # loaded only where it is used: memory

        return Credentials(self, random)


def token(random, n):
    """`n` random bytes as hexadecimal text."""
    return hexlify(random(n)).decode()
