"""Message waiting: the NOTIFY that a server sends to a port without being asked (RFC 3842, and the practice
of Asterisk and others, whose mailboxes belong to the account and need no subscription).

Loaded with the first of them.
"""

from ata.base.errors import PeerError
from ata.sip.grammar import parse_uri, unescape


def from_server(account, host):
    """True if `host` (IPv4 text), where a request came from, is or may be the account's own server: a server
    that is known by name may have any address."""
    server = account.hop[0] if account.hop else ""
    return bool(server) and (server == host or not server[-1:].isdigit())


def take(ua, message, host):
    """A NOTIFY outside any dialog came from `host`. -> the status to answer with."""
    if (message.get("Event") or "").partition(";")[0].strip().lower() != "message-summary":
        return 489  # Bad Event (RFC 6665 §8.3.2)
    user = unescape(parse_uri(message.uri).user or "")
    for account in ua.accounts:
        if user and user in (account.user, account.number):
            break
    else:
        return 404
    if not from_server(account, host):
        return 403
    if not message.body:
        return 200
    if message.media_type != "application/simple-message-summary":
        return 415
    waiting, count = _summary(message.body)
    ua.events.append(("messages", account.key, waiting, count))
    return 200


def _summary(body):
    """-> (True if messages wait, how many new voice messages or None). PeerError without the first line."""
    waiting = count = None
    try:
        for line in body.decode().lower().split("\n"):
            name, _, value = line.partition(":")
            name, value = name.strip(), value.strip()
            if name == "messages-waiting":
                waiting = value == "yes"
            elif name == "voice-message":
                count = int(value.partition("/")[0])
    except ValueError:  # UnicodeError is one
        pass
    if waiting is None:
        raise PeerError(400, "a message summary without Messages-Waiting")
    return waiting, count
