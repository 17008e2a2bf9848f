"""A SIP account: who a port is, and where its requests go."""

from ata.sip.dialog import next_hop
from ata.sip.digest import Credentials
from ata.sip.grammar import escape, parse_uri, quote


class Account:
    """The identity of port `key`. Without `domain` and `server` it knows only direct calls.

    host, port: our own address. domain, server, outbound: "host" or "host:port" text, or empty.
    register: whether to, for `expires` seconds at a time. number: a second name that calls the port as well
    as `user`.
    """

    def __init__(self, host, port, key, user, domain=None, server=None, auth_user=None, password="",
                 display="", expires=300, register=True, outbound=None, number=None):  # fmt: skip
        self.key = key
        self.user = user
        self.number = number
        self.auth_user = auth_user or user
        self.password = password
        self.domain = domain = domain or server or None
        self.expires = expires if domain and register else 0  # 0 = it does not register
        self.registrar = "sip:%s" % domain
        self.hop = ()  # (host, port) of the server, or nothing; nobody else is given proof of the password
        self.home = ()  # (host, port) that the domain stands for
        if domain:
            self.hop = next_hop(parse_uri("sip:" + (outbound or server or domain)))
            self.home = next_hop(parse_uri(self.registrar))
        self.all_by_proxy = bool(outbound)  # direct calls as well (RFC 3261 §8.1.2)
        self.display = quote(display) + " " if display else ""
        self.move(host, port)

    def move(self, host, port):
        """Our own address is this from now on."""
        here = "%s:%d" % (host, port)
        self.contact = "<sip:%s@%s>" % (escape(self.user), here)
        self.identity = "%s<sip:%s@%s>" % (self.display, escape(self.user), self.domain or here)

    def route(self, target):
        """-> (URI text, host, port) of what the user called: "102", "user@host[:port]" or "sip:…".
        None if it is a number and there is no account to take it to. PeerError if it is no address."""
        if target[:4].lower() == "sip:":
            target = target[4:]
        elif "@" not in target:
            if not self.domain:
                return None
            return ("sip:%s@%s" % (escape(target), self.domain),) + self.hop
        target = "sip:" + target
        hop = next_hop(parse_uri(target))
        if self.hop and (self.all_by_proxy or hop == self.home):
            hop = self.hop
        return (target,) + hop

    def credentials(self, random):
        """The answers to challenges for one call or one registration; None without a password."""
        if not self.password:
            return None
        return Credentials(self, random)
