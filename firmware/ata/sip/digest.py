"""Digest authentication, the client's side (RFC 3261 §22, RFC 7616, RFC 8760).

Credentials keeps the challenges of one call or registration; choose() takes the strongest that we can
answer, answer() computes the proof. Algorithms MD5 and SHA-256, each also -sess; qop auth, auth-int (only if
auth is not offered) or none.
"""

import hashlib
from binascii import hexlify

from micropython import const

from ata.base.errors import PeerError
from ata.sip.chance import token
from ata.sip.grammar import made_of, need, quote, split_list

_STRENGTH = const(("MD5", "MD5-SESS", "SHA-256", "SHA-256-SESS"))  # weakest first


class Credentials:
    """Answers to the challenges that one call, or one registration, has met.

    A challenge is kept and answered in advance in the requests that follow, with a rising nonce count.
    """

    def __init__(self, account, random):
        self.account = account
        self.random = random
        self.challenges = {}  # 401 or 407 -> [parameters of the challenge, how often it was answered]
        self.tries = 0  # challenges in a row; set to 0 when a request is let through

    def challenged(self, response):
        """Note the challenge of a 401 or 407. False if there is no point in trying again."""
        status = response.status
        challenge = choose(response.all("WWW-Authenticate" if status == 401 else "Proxy-Authenticate"))
        self.tries += 1
        old = self.challenges.get(status)
        if challenge and self.tries <= 4:
            # Hopeless if the very first answer to a nonce was refused, and not because the nonce was old.
            if not old or old[1] > 1 or challenge.get("stale", "").lower() == "true":
                self.challenges[status] = [challenge, 0]
                return True
        self.challenges.clear()
        self.tries = 0
        return False

    def sign(self, message):
        """Put the answers to the known challenges into the request `message`."""
        account = self.account
        for status, entry in self.challenges.items():
            entry[1] += 1
            value = answer(entry[0], message.method, message.uri, account.auth_user, account.password,
                           message.body, token(self.random, 8), entry[1])  # fmt: skip
            message.set("Authorization" if status == 401 else "Proxy-Authorization", value)


def parse_auth(text):
    """`Digest realm="a", nonce="b"` → ("Digest", dict of lower-case name → value).

    Values lose their quotes but keep their backslashes: that is what the digest is computed over
    (RFC 7616 §3.4, unq()).
    """
    scheme, _, rest = text.strip(" ").partition(" ")
    need(made_of(scheme), "Bad digest")
    params = {}
    for part in split_list(rest):
        name, _, value = part.partition("=")
        name = name.strip(" ")
        value = value.strip(" ")
        need(made_of(name) and value, "Bad digest")
        if value[0] == '"':
            need(len(value) > 1 and value[-1] == '"', "Bad digest")
            value = value[1:-1]
        params[name.lower()] = value
    return scheme, params


def choose(challenges):
    """The parameters of the strongest of several WWW-Authenticate (or Proxy-Authenticate) values that can be
    answered, of equals the first; or None."""
    best = None
    rank = -1
    for challenge in challenges:
        try:
            scheme, params = parse_auth(challenge)
        except PeerError:
            continue
        algorithm = params.get("algorithm", "MD5").upper()
        if scheme.lower() == "digest" and "realm" in params and "nonce" in params and algorithm in _STRENGTH:
            strength = _STRENGTH.index(algorithm)
            if strength > rank:
                best = params
                rank = strength
    return best


def answer(params, method, uri, user, password, body, cnonce, nc):
    """The value of the Authorization (or Proxy-Authorization) header for the `params` from choose().

    `uri` is the Request-URI as text, `body` bytes, `cnonce` text of [0-9a-zA-Z], `nc` counts the requests
    sent with this nonce, from 1.
    """
    realm = params["realm"]
    nonce = params["nonce"]
    algorithm = params.get("algorithm", "MD5")
    function = hashlib.md5 if algorithm.upper().startswith("MD5") else hashlib.sha256

    def h(text):
        return hexlify(function(text.encode()).digest()).decode()

    a1 = h("%s:%s:%s" % (user, realm, password))
    if algorithm.upper().endswith("-SESS"):
        a1 = h("%s:%s:%s" % (a1, nonce, cnonce))
    a2 = "%s:%s" % (method, uri)
    qop = params.get("qop", "").lower().replace(" ", "").split(",")
    qop = "auth" if "auth" in qop else "auth-int" if "auth-int" in qop else ""
    if qop == "auth-int":
        a2 += ":" + hexlify(function(body).digest()).decode()
    between = nonce
    if qop:
        between = "%s:%08x:%s:%s" % (nonce, nc, cnonce, qop)
    text = 'Digest username=%s, realm="%s", nonce="%s", uri="%s", response="%s"' % (
        quote(user),
        realm,
        nonce,
        uri,
        h("%s:%s:%s" % (a1, between, h(a2))),
    )
    if "algorithm" in params:
        text += ", algorithm=" + algorithm
    if "opaque" in params:
        text += ', opaque="%s"' % params["opaque"]
    if qop:
        text += ', qop=%s, nc=%08x, cnonce="%s"' % (qop, nc, cnonce)
    return text
