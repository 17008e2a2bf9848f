"""SIP messages (RFC 3261 §7): bytes → Message → bytes.

A Message is its start line, headers as an ordered list of [name, value] under canonical names, and a
body. parse() accepts only messages whose parts an element must understand to go on (start line,
Via, From, To, Call-ID, CSeq, Contact, Route, Record-Route, Content-Length) are well formed, so that
whoever uses one later need not expect PeerError from them.
"""

from ata.base.errors import PeerError
from ata.sip.grammar import (
    is_token,
    need,
    parse_cseq,
    parse_name_addr,
    parse_number,
    parse_uri,
    parse_via,
    split_list,
)

LARGEST = 8192  # bytes of a datagram; more is answered 513
_MOST_HEADERS = 64
_LONGEST_HEADER = 2048

# Compact forms that this UA uses (§7.3.3 and others), and names that are not just capitalised words.
_NAMES = (
    " b:Referred-By c:Content-Type e:Content-Encoding f:From i:Call-ID k:Supported l:Content-Length m:Contact"
    " o:Event r:Refer-To s:Subject t:To u:Allow-Events v:Via x:Session-Expires call-id:Call-ID cseq:CSeq"
    " www-authenticate:WWW-Authenticate rseq:RSeq rack:RAck "
)
_ONCE = ("From", "To", "Call-ID", "CSeq", "Content-Length", "Max-Forwards", "Content-Type", "Expires")
_LISTS = ("Via", "Route", "Record-Route", "Contact")  # these are one header for each value after parsing
_MANDATORY = _ONCE[:4]
_ADDRESSES = ("From", "To", "Contact", "Route", "Record-Route")

REASONS = (
    "100 Trying|180 Ringing|183 Session Progress|200 OK|400 Bad Request|403 Forbidden|404 Not Found"
    "|405 Method Not Allowed|408 Request Timeout|415 Unsupported Media Type|416 Unsupported URI Scheme"
    "|420 Bad Extension|480 Temporarily Unavailable|481 Call/Transaction Does Not Exist|482 Loop Detected"
    "|486 Busy Here|487 Request Terminated|488 Not Acceptable Here|489 Bad Event|491 Request Pending"
    "|500 Server Internal Error|501 Not Implemented|503 Service Unavailable|603 Decline|"
)


def reason_phrase(status):
    """The phrase of RFC 3261 §21 for a status, "" if it is not one that this UA sends."""
    return REASONS.partition("%d " % status)[2].partition("|")[0]


def canonical_name(name):
    """A header name in any case, long or compact, as RFC 3261 prints it."""
    lower = name.lower()
    found = _NAMES.partition(" %s:" % lower)[2].partition(" ")[0]
    if not found:
        for word in lower.split("-"):
            found += "-" + word[:1].upper() + word[1:]
        found = found[1:]
    return found


class Message:
    def __init__(self, method=None, uri=None, status=0, reason=""):
        self.method = method  # None for a response
        self.uri = uri  # the Request-URI as text
        self.status = status  # 0 for a request
        self.reason = reason
        self.headers = []  # [canonical name, value] in order
        self.body = b""

    def get(self, name):
        """The first value under this canonical name, or None."""
        for header in self.headers:
            if header[0] == name:
                return header[1]
        return None

    def all(self, name):
        """Every value under this canonical name, in order."""
        values = []
        for header, value in self.headers:
            if header == name:
                values.append(value)
        return values

    def add(self, name, value):
        self.headers.append([name, str(value)])

    def insert_first(self, name, value):
        """Before all others, where a Via or Record-Route is pushed."""
        self.headers.insert(0, [name, str(value)])

    def set(self, name, value):
        """Put `value` in the place of the first of that name (of several Via: the topmost), or add it."""
        for header in self.headers:
            if header[0] == name:
                header[1] = str(value)
                return
        self.add(name, value)

    def remove(self, name):
        """Drop all of that name."""
        for header in list(self.headers):
            if header[0] == name:
                self.headers.remove(header)

    @property
    def call_id(self):
        return self.get("Call-ID")

    @property
    def cseq(self):
        """(number, method)"""
        return parse_cseq(self.get("CSeq") or "")

    @property
    def top_branch(self):
        """The branch of the topmost Via, or None (an RFC 2543 element sends none)."""
        return parse_via(self.get("Via") or "").params.get("branch")

    def encode(self):
        """The bytes to send. Content-Length is set to the body's."""
        self.set("Content-Length", len(self.body))
        if self.method is None:
            lines = ["SIP/2.0 %d %s" % (self.status, self.reason)]
        else:
            lines = ["%s %s SIP/2.0" % (self.method, self.uri)]
        for name, value in self.headers:
            lines.append("%s: %s" % (name, value))
        lines.append("\r\n")
        return "\r\n".join(lines).encode() + self.body


def request(method, uri):
    """An empty request; uri is text or a Uri."""
    return Message(method, str(uri))


def response(request, status, reason=None, to_tag=None):
    """A response with the headers that §8.2.6.2 copies. `request` may be the `message` of parse()'s error."""
    answer = Message(None, None, status, reason or reason_phrase(status))
    for name, value in request.headers:
        if name in ("Via", "From", "To", "Call-ID", "CSeq"):
            if name == "To" and to_tag and status != 100:
                try:
                    if "tag" not in parse_name_addr(value).params:
                        value += ";tag=" + to_tag
                except PeerError:  # it is the very thing complained about: copied as it came
                    pass
            answer.headers.append([name, value])
    return answer


def parse(data):
    """One datagram → Message. Bytes beyond Content-Length are ignored (§18.3).

    PeerError 400, 505 or 513; the error's `message` is the broken request if there is enough of it for
    response(), else None. White space alone (a keep-alive, RFC 5626 §4.4.1) is for the caller to see
    first: here it is an error.
    """
    message = Message()
    try:
        if len(data) > LARGEST:
            raise PeerError(513, "Message too large")
        if not isinstance(data, bytes):
            data = bytes(data)
        _parse(message, data.lstrip(b"\r\n"))  # §7.5
        return message
    except PeerError as caught:
        error = caught
    except UnicodeError:
        error = PeerError(400, "Not UTF-8")
    if message.method in (None, "ACK") or not (message.get("Via") and message.get("CSeq")):
        message = None
    error.message = message  # pyright: ignore[reportAttributeAccessIssue]
    raise error


def _parse(message, data):
    end = data.find(b"\r\n\r\n")
    need(end >= 0, "No end of headers")
    head = data[:end].replace(b"\t", b" ")
    if b"\r\n " in head:
        head = head.replace(b"\r\n ", b" ")  # folds (§7.3.1)
    lines = head.split(b"\r\n", _MOST_HEADERS + 1)
    del head  # a datagram of 8 KB is a large part of the heap
    if lines[0][:4].upper() != b"SIP/":
        message.method = "?"  # a request, whatever else is wrong

    bad = False
    for i in range(1, len(lines)):
        need(len(lines[i]) <= _LONGEST_HEADER, "Header too long")
        name, colon, value = lines[i].decode().partition(":")
        name = name.strip(" ")
        if not (colon and is_token(name)) or "\n" in value or "\r" in value:
            bad = True  # raised below: the headers after it are wanted for the answer
            continue
        name = canonical_name(name)
        value = value.strip(" ")
        for part in split_list(value) if name in _LISTS else (value,):
            message.headers.append([name, part])
        need(len(message.headers) <= _MOST_HEADERS, "Too many headers")
    need(not bad, "Bad header line")

    first, _, rest = lines[0].decode().partition(" ")
    second, _, rest = rest.partition(" ")
    if message.method is None:
        version = first
        message.reason = rest
        message.status = parse_number(second, 699, "Bad status")
        need(len(second) == 3 and message.status >= 100, "Bad status")
    else:
        version = rest
        message.method = first
        message.uri = second
        need(is_token(first), "Bad method")
        need(not parse_uri(second).headers, "Headers in Request-URI")  # Table 1
    if version.upper() != "SIP/2.0":
        known = version[:4].upper() == "SIP/" and not version[4:].strip("0123456789.")
        raise PeerError(505 if known else 400, "Bad SIP version")
    need("\r" not in rest and "\n" not in rest, "Bad start line")

    for name in _ONCE:
        count = len(message.all(name))
        need(count < 2, "Two " + name)
        need(count or name not in _MANDATORY, "No " + name)
    message.top_branch  # noqa: B018  (its errors are wanted)
    for name, value in message.headers:
        if name in _ADDRESSES and (value != "*" or name != "Contact"):
            parse_name_addr(value)
    method = message.cseq[1]
    need(message.method in (None, method), "CSeq method does not match")

    message.body = data[end + 4 :]
    length = message.get("Content-Length")
    if length is not None:
        size = parse_number(length, LARGEST, "Bad Content-Length")
        need(size <= len(message.body), "Content-Length beyond the datagram")
        message.body = message.body[:size]
