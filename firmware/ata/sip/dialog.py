"""The dialog (RFC 3261 §12): what two user agents remember of each other between requests.

Tags, sequence numbers both ways, the route set and the remote target; from these every request inside
the dialog is built. `local` and `remote` are the values of From and To of a request we send, tags included.
"""

from ata.sip.grammar import parse_name_addr, parse_uri
from ata.sip.message import Message


class Dialog:
    """A dialog, early or confirmed.

    target: URI text of the peer's Contact. route: list of name-addr texts, the nearest proxy first.
    local_seq, remote_seq: the last CSeq number each way; remote_seq -1 = none seen yet.
    """

    def __init__(self, call_id, local, remote, target, route, local_seq, remote_seq=-1):
        self.call_id = call_id
        self.local = local
        self.remote = remote
        self.remote_tag = parse_name_addr(remote).params.get("tag")
        self.target = target
        self.route = route
        self.local_seq = local_seq
        self.remote_seq = remote_seq

    def request(self, method, seq=None):
        """-> (Message, host, port): a request of this dialog and where it goes (§12.2.1.1).

        seq: the CSeq number of the INVITE that an ACK is for; otherwise the next one is taken.
        """
        if seq is None:
            seq = self.local_seq = self.local_seq + 1
        uri = self.target
        route = self.route
        first = parse_name_addr(route[0]).uri if route else parse_uri(uri)
        if route and "lr" not in first.params:
            # A strict router (RFC 2543) wants itself as Request-URI, without what may not stand there, and
            # the target as last Route.
            route = route[1:] + ["<%s>" % uri]
            uri = first.text.replace(";method=%s" % first.params.get("method"), "")
            if first.headers:
                uri = uri[: -1 - len(first.headers)]
        message = Message(method, uri)
        for hop in route:
            message.add("Route", hop)
        message.headers += [
            ("Max-Forwards", "70"),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", "%d %s" % (seq, method)),
        ]
        host, port = next_hop(first)
        return message, host, port


def of_response(response, asked):
    """The dialog that the 2xx `response` makes; asked: the one its INVITE was sent in (§12.1.2)."""
    route = response.all("Record-Route")
    route.reverse()
    return Dialog(asked.call_id, asked.local, response.get("To"), contact_of(response, asked.target),
                  route, response.cseq[0])  # fmt: skip


def of_request(received, tag):
    """The dialog that our answer with `tag` to the INVITE `received` makes (§12.1.1)."""
    return Dialog(received.get("Call-ID"), "%s;tag=%s" % (received.get("To"), tag), received.get("From"),
                  contact_of(received), received.all("Record-Route"), 0, received.cseq[0])  # fmt: skip


def contact_of(message, otherwise=None):
    """The URI text of the first Contact: the remote target; `otherwise` if it is no SIP URI."""
    value = message.get("Contact")
    if not value or value == "*":
        return otherwise
    uri = parse_name_addr(value).uri
    return uri.text if uri.host else otherwise


def tag_of(message, name):
    """The tag of "From" or "To", or None (an RFC 2543 peer)."""
    return parse_name_addr(message.get(name)).params.get("tag")


def next_hop(uri):
    """-> (host, port) that a Uri leads to, without DNS (RFC 3263 §4)."""
    return uri.params.get("maddr") or uri.host, uri.port or 5060
