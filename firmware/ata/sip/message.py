"""SIP messages (RFC 3261 §7): bytes → Message → bytes.

A Message is its start line, headers as an ordered list of (name, value) under canonical names, and a
body. parse() accepts only messages whose parts an element must understand to go on (start line,
Via, From, To, Call-ID, CSeq, Contact, Route, Record-Route, Content-Length) are well formed, so that
whoever uses one later need not expect PeerError from them.
"""

from micropython import const

from ata.base.errors import PeerError
from ata.sip.grammar import (
    made_of,
    need,
    parse_name_addr,
    parse_number,
    parse_uri,
    parse_via,
    split_list,
)

LARGEST = 8192  # bytes of a datagram; more is answered 513
_MOST_HEADERS = const(64)
_LONGEST_HEADER = const(2048)

# The compact forms of what is read here (§7.3.3), and names that are not just capitalised words.
_NAMES = {
    "c": "Content-Type", "f": "From", "i": "Call-ID", "l": "Content-Length", "m": "Contact", "t": "To",
    "v": "Via", "call-id": "Call-ID", "cseq": "CSeq", "www-authenticate": "WWW-Authenticate",
}  # fmt: skip
_COPIED = ("Via", "From", "To", "Call-ID", "CSeq")  # into every response, and so in every request
_ONCE = _COPIED[1:] + ("Content-Length", "Max-Forwards", "Content-Type", "Expires")
_LISTS = ("Via", "Route", "Record-Route", "Contact")  # these are one header for each value after parsing
_ADDRESSES = _LISTS[1:] + ("From", "To")

# What this UA answers with; what a call is rejected with may be another (§21).
_REASONS = const(
    "100 Trying|180 Ringing|200 OK|400 Bad Request|404 Not Found|405 Method Not Allowed"
    "|415 Unsupported Media Type|416 Unsupported URI Scheme|420 Bad Extension|480 Temporarily Unavailable"
    "|481 Call/Transaction Does Not Exist|482 Loop Detected|486 Busy Here|487 Request Terminated"
    "|488 Not Acceptable Here|491 Request Pending|500 Server Internal Error|501 Not Implemented"
    "|503 Service Unavailable|505 Version Not Supported|513 Message Too Large|603 Decline|"
)


def canonical_name(name):
    """A header name in any case, long or compact, as RFC 3261 prints it."""
    if name in _ONCE or name in _LISTS:
        return name
    found = _NAMES.get(name.lower())
    if found:
        return found
    letters = bytearray(name.encode())
    capital = True
    for i in range(len(letters)):
        c = letters[i]
        if 0x41 <= c & 0xDF <= 0x5A:  # a letter
            letters[i] = c & ~0x20 if capital else c | 0x20
        capital = c == 0x2D
    return letters.decode()


class Message:
    def __init__(self, method=None, uri=None, status=0, reason=""):
        self.method = method  # None for a response
        self.uri = uri  # the Request-URI as text
        self.status = status  # 0 for a request
        self.reason = reason
        self.headers = []  # (canonical name, value) in order
        self.body = b""

    def get(self, name):
        """The first value under this canonical name, or None."""
        for header, value in self.headers:
            if header == name:
                return value
        return None

    def all(self, name):
        """Every value under this canonical name, in order."""
        values = []
        for header, value in self.headers:
            if header == name:
                values.append(value)
        return values

    def add(self, name, value):
        self.headers.append((name, str(value)))

    def set(self, name, value):
        """Put `value` in the place of the first of that name (of several Via: the topmost), or add it."""
        headers = self.headers
        for i in range(len(headers)):
            if headers[i][0] == name:
                headers[i] = (name, str(value))
                return
        self.add(name, value)

    def copy(self, source, names):
        """Add the headers of the Message `source` that have one of these names."""
        for header in source.headers:
            if header[0] in names:
                self.headers.append(header)

    @property
    def cseq(self):
        """(number, method)"""
        number, _, method = (self.get("CSeq") or "").strip(" ").partition(" ")
        method = method.strip(" ")
        need(made_of(method), "Bad CSeq")
        return parse_number(number, 0x7FFFFFFF, "Bad CSeq"), method

    @property
    def top_branch(self):
        """The branch of the topmost Via, or None (an RFC 2543 element sends none)."""
        return parse_via(self.get("Via") or "").params.get("branch")

    @property
    def media_type(self):
        """The Content-Type without parameters, lower case."""
        return (self.get("Content-Type") or "").partition(";")[0].strip(" ").lower()

    def start_line(self):
        if self.method is None:
            return "SIP/2.0 %d %s" % (self.status, self.reason)
        return "%s %s SIP/2.0" % (self.method, self.uri)

    def encode(self):
        """The bytes to send. Content-Length is set to the body's."""
        self.set("Content-Length", len(self.body))
        lines = [self.start_line()]
        for header in self.headers:
            lines.append("%s: %s" % header)
        lines.append("\r\n")
        return "\r\n".join(lines).encode() + self.body


def response(request, status, to_tag=None):
    """A response with the headers that §8.2.6.2 copies. `request` may be the `message` of parse()'s error."""
    answer = Message(None, None, status, _REASONS.partition("%d " % status)[2].partition("|")[0])
    answer.copy(request, _COPIED)
    to = answer.get("To")
    if to and to_tag and status != 100:
        try:
            if "tag" not in parse_name_addr(to).params:
                answer.set("To", "%s;tag=%s" % (to, to_tag))
        except PeerError:  # it is the very thing complained about: copied as it came
            pass
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
            raise PeerError(513, "Too long")
        _parse(message, bytes(data).lstrip(b"\r\n"))  # §7.5
        return message
    except PeerError as caught:
        error = caught
    except UnicodeError:
        error = PeerError(400, "Not UTF-8")
    if message.method not in (None, "ACK") and message.get("Via") and message.get("CSeq"):
        error.message = message  # pyright: ignore[reportAttributeAccessIssue]
    raise error


def _parse(message, data):
    end = data.find(b"\r\n\r\n")
    need(end >= 0, "Bad header")
    bad = None  # a reason that is raised later: the headers after the bad one are wanted for the answer
    head = memoryview(data)[:end]
    try:
        head = str(head, "utf-8")
    except UnicodeError:
        bad = "Not UTF-8"
        head = bytearray(head)
        for i in range(end):
            head[i] &= 0x7F
        head = head.decode()
    lines = head.replace("\t", " ").replace("\r\n ", " ").split("\r\n", _MOST_HEADERS + 1)  # folds: §7.3.1
    del head  # a datagram of 8 KB is a large part of the heap
    first = lines.pop(0)
    if first[:4].upper() != "SIP/":
        message.method = "?"  # a request, whatever else is wrong

    for line in lines:
        need(len(line) <= _LONGEST_HEADER, "Too long")
        name, colon, value = line.partition(":")
        name = name.strip(" ")
        if not (colon and made_of(name)) or "\n" in value or "\r" in value:
            bad = "Bad header"
            continue
        name = canonical_name(name)
        value = value.strip(" ")
        if name in _ONCE and message.get(name) is not None:
            bad = "Twice"
        for part in split_list(value) if name in _LISTS else (value,):
            message.headers.append((name, part))
        need(len(message.headers) <= _MOST_HEADERS, "Too many")
    need(not bad, bad)

    first, _, rest = first.partition(" ")
    second, _, rest = rest.partition(" ")
    if message.method is None:
        version = first
        message.reason = rest
        message.status = parse_number(second, 699, "Bad start")
        need(len(second) == 3 and message.status >= 100, "Bad start")
    else:
        version = rest
        message.method = first
        message.uri = second
        need(made_of(first), "Bad start")
        need(not parse_uri(second).headers, "Bad URI")  # Table 1
    if version.upper() != "SIP/2.0":
        known = version[:4].upper() == "SIP/" and not version[4:].strip("0123456789.")
        raise PeerError(505 if known else 400, "Bad start")
    need("\r" not in rest and "\n" not in rest, "Bad start")

    for name in _COPIED:
        need(message.get(name) is not None, "No " + name)
    message.top_branch  # noqa: B018  (its errors are wanted)
    for name, value in message.headers:
        if name in _ADDRESSES and (value != "*" or name != "Contact"):
            parse_name_addr(value)
    need(message.method in (None, message.cseq[1]), "Bad CSeq")

    message.body = data[end + 4 :]
    length = message.get("Content-Length")
    if length is not None:
        size = parse_number(length, LARGEST, "Bad length")
        need(size <= len(message.body), "Bad length")
        message.body = message.body[:size]
