"""What a captive portal says and understands, without sockets: names (DNS), requests, forms and text (HTTP).

Everything that comes in is bounded, and whatever breaks a rule raises PeerError or is not answered.
"""

from micropython import const

from ata.base.errors import PeerError

_MOST_HEADER = const(2048)  # bytes of request line and headers
_MOST_BODY = const(2048)
_MOST_FIELDS = const(24)
_DNS_HEADER = const(12)  # bytes, RFC 1035 §4.1.1
_MOST_DNS = const(512)  # §4.2.1
_MOST_NAME = const(255)  # §2.3.4
_A = const(1)
_ANY = const(255)
_HEX = "0123456789abcdefABCDEF"
_SAFE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_.,:;!?*()/@+%$"


def dns_answer(query, ip):
    """The answer to a DNS query: every name has the address `ip` (four bytes). None if it deserves none.

    RFC 1035 §4.1: one question, a standard query. Other types than A get no record and no error, so that the
    asker goes on with A.
    """
    if not _DNS_HEADER < len(query) <= _MOST_DNS or query[2] & 0xF8 or query[4] or query[5] != 1:
        return None
    at = _DNS_HEADER
    while True:
        if at >= len(query) or at - _DNS_HEADER >= _MOST_NAME or query[at] > 63:
            return None  # cut off, too long, or compressed, which a question has no use for
        size = query[at]
        at += 1 + size
        if size == 0:
            break
    if at + 4 > len(query):
        return None
    kind = query[at] << 8 | query[at + 1]
    found = kind in (_A, _ANY) and query[at + 2] == 0 and query[at + 3] == 1
    # An answer, with recursion desired as asked, recursion available, no error.
    head = bytes((query[0], query[1], 0x80 | query[2] & 1, 0x80, 0, 1, 0, 1 if found else 0, 0, 0, 0, 0))
    answer = head + query[_DNS_HEADER : at + 4]
    if found:
        # The question's name (pointer to byte 12), class IN, no time to live: nobody is to remember it.
        answer += b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04" + ip
    return answer


def parse_request(data):
    """(method, path, host, body) of an HTTP/1 request, or None as long as it is not complete.

    PeerError with the HTTP status: 400, 413 (too long), 431 (headers too long).
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        if len(data) > _MOST_HEADER:
            raise PeerError(431, "headers too long")
        return None
    if end > _MOST_HEADER:
        raise PeerError(431, "headers too long")
    lines = _text(data[:end]).split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or words[2][:7] != "HTTP/1." or words[1][:1] != "/":
        raise PeerError(400, "no request")
    host = ""
    size = 0
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        name, value = name.lower(), value.strip()
        if not colon:
            raise PeerError(400, "no header")
        if name == "host":
            host = value.lower()
        elif name == "content-length":
            if not value.isdigit() or len(value) > 6:
                raise PeerError(400, "no length")
            size = int(value)
        elif name == "transfer-encoding":
            raise PeerError(400, "in chunks")
    if size > _MOST_BODY:
        raise PeerError(413, "too long")
    body = data[end + 4 : end + 4 + size]
    return (words[0], words[1], host, body) if len(body) == size else None


def parse_form(body):
    """The fields of an application/x-www-form-urlencoded body as a dict of text. PeerError 400."""
    fields = {}
    for part in bytes(body).split(b"&"):
        name, equals, value = part.partition(b"=")
        if part and equals:
            fields[_unquote(name)] = _unquote(value)
        if len(fields) > _MOST_FIELDS:
            raise PeerError(400, "too many fields")
    return fields


def _unquote(text):
    found = bytearray()
    at = 0
    while at < len(text):
        code = text[at]
        if code == 0x2B:  # +
            code = 0x20
        elif code == 0x25:  # %
            digits = _text(text[at + 1 : at + 3])
            if len(digits) != 2 or digits[0] not in _HEX or digits[1] not in _HEX:
                raise PeerError(400, "bad escape")
            code = int(digits, 16)
            at += 2
        found.append(code)
        at += 1
    return _text(found)


def _text(data):
    try:
        return bytes(data).decode()
    except UnicodeError:
        raise PeerError(400, "not UTF-8")


def escape(text):
    """Text as it may stand in HTML, between tags or in an attribute."""
    return "".join([c if c in _SAFE else "&#%d;" % ord(c) for c in text])
