"""The dialog (RFC 3261 §12): what two user agents remember of each other between requests.

Tags, sequence numbers both ways, the route set and the remote target; from these every request inside
the dialog is built. `local` and `remote` are the values of From and To of a request we send, tags included.
"""

from ata.sip.grammar import parse_name_addr, parse_uri
from ata.sip.message import request


class Dialog:
    """A dialog, early or confirmed.

    target: URI text of the peer's Contact. route: list of name-addr texts, the nearest proxy first.
    local_seq, remote_seq: the last CSeq number each way; remote_seq None = none seen yet.
    """

    def __init__(self, call_id, local, remote, target, route, local_seq, remote_seq=None):
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
        host, port = next_hop(route[0] if route else uri)
        if route:
            first = parse_name_addr(route[0]).uri
            if "lr" not in first.params:
                # A strict router (RFC 2543) wants itself as Request-URI and the target as last Route.
                first.headers = ""
                first.params.pop("method", None)
                route = route[1:] + ["<%s>" % uri]
                uri = str(first)
        message = request(method, uri)
        for hop in route:
            message.add("Route", hop)
        message.add("Max-Forwards", "70")
        message.add("From", self.local)
        message.add("To", self.remote)
        message.add("Call-ID", self.call_id)
        message.add("CSeq", "%d %s" % (seq, method))
        return message, host, port

    def in_order(self, number):
        """Note the CSeq number of a request of the peer. False if it is older than one seen (§12.2.2)."""
        if self.remote_seq is not None and number < self.remote_seq:
            return False
        self.remote_seq = number
        return True

    def refresh(self, message):
        """Take the remote target of a target refresh: an INVITE or its 2xx (§12.2.1.2, §12.2.2)."""
        target = contact_of(message)
        if target:
            self.target = target


def of_response(response, asked):
    """The dialog that the 2xx `response` makes; asked: the one its INVITE was sent in (§12.1.2)."""
    route = response.all("Record-Route")
    route.reverse()
    return Dialog(asked.call_id, asked.local, response.get("To"), contact_of(response) or asked.target,
                  route, response.cseq[0])  # fmt: skip


def of_request(received, tag):
    """The dialog that our answer with `tag` to the INVITE `received` makes (§12.1.1)."""
    return Dialog(received.call_id, "%s;tag=%s" % (received.get("To"), tag), received.get("From"),
                  contact_of(received), received.all("Record-Route"), 0, received.cseq[0])  # fmt: skip


def contact_of(message):
    """The URI text of the first Contact, or None if it is no SIP URI."""
    value = message.get("Contact")
    if not value or value == "*":
        return None
    uri = parse_name_addr(value).uri
    return str(uri) if uri.host else None


def tag_of(message, name):
    """The tag of "From" or "To", or None (an RFC 2543 peer)."""
    return parse_name_addr(message.get(name)).params.get("tag")


def next_hop(value):
    """-> (host, port) that a URI or name-addr text leads to, without DNS (RFC 3263 §4)."""
    uri = parse_name_addr(value).uri if "<" in value else parse_uri(value)
    return uri.params.get("maddr") or uri.host, uri.port or 5060
