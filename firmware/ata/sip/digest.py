"""Digest authentication, the client's side (RFC 3261 §22, RFC 7616, RFC 8760).

choose() takes the strongest challenge that we can answer; answer() computes the credentials for it.
Algorithms MD5 and SHA-256, each also -sess; qop auth, auth-int (only if auth is not offered) or none.
"""

import hashlib
from binascii import hexlify

from ata.base.errors import PeerError
from ata.sip.grammar import parse_auth, quote

_STRENGTH = ("MD5", "MD5-SESS", "SHA-256", "SHA-256-SESS")  # weakest first


def _strength(challenge):
    """The rank of a challenge's algorithm, or -1 if it cannot be answered."""
    try:
        scheme, params = parse_auth(challenge)
    except PeerError:
        return -1
    algorithm = params.get("algorithm", "MD5").upper()
    if scheme.lower() == "digest" and "realm" in params and "nonce" in params and algorithm in _STRENGTH:
        return _STRENGTH.index(algorithm)
    return -1


def choose(challenges):
    """Of several WWW-Authenticate (or Proxy-Authenticate) values the strongest (first of equals), or None."""
    best = None
    rank = -1
    for challenge in challenges:
        strength = _strength(challenge)
        if strength > rank:
            best = challenge
            rank = strength
    return best


def is_stale(challenge):
    """True if only the nonce was too old: the same password is to be tried again (RFC 7616 §3.3)."""
    return parse_auth(challenge)[1].get("stale", "").lower() == "true"


def answer(challenge, method, uri, user, password, body, cnonce, nc):
    """The value of the Authorization (or Proxy-Authorization) header for a challenge from choose().

    `uri` is the Request-URI as text, `body` bytes, `cnonce` text of [0-9a-zA-Z], `nc` counts the requests
    sent with this nonce, from 1.
    """
    params = parse_auth(challenge)[1]
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
        quote(user), realm, nonce, uri, h("%s:%s:%s" % (a1, between, h(a2))),
    )
    if "algorithm" in params:
        text += ", algorithm=" + algorithm
    if "opaque" in params:
        text += ', opaque="%s"' % params["opaque"]
    if qop:
        text += ', qop=%s, nc=%08x, cnonce="%s"' % (qop, nc, cnonce)
    return text
