"""The grammar of header values (RFC 3261 §25): URIs, name-addr, Via, parameters.

Every parser takes text without line folds (ata.sip.message removes them and turns tabs into spaces),
takes time and memory linear in its length, and raises nothing but PeerError(400, what). Escapes (%41)
are kept as they came: see unescape() before comparing. Loops go over bytes, not characters: MicroPython
keeps every character that a string gives as a name for ever.

The words of the errors have ten letters at most: those cost half the memory of longer ones.
"""

from collections import namedtuple

from micropython import const

from ata.base.errors import PeerError

_MOST_PARTS = const(64)  # elements of a list, parameters, escapes: more in one value is an attack
_HEX = const("0123456789abcdefABCDEF")
_HOST = const("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")
_TOKEN = _HOST + "!%*+`'~"
_RESERVED = const(":@[]`%")  # stands in a URI or a parameter's value, but not in a user name
_URI = _TOKEN + "()&=$,;?/:@[]"

# A URI: `text` as it came. Of a SIP or SIPS URI (§19.1) user (escaped as received, or None), host, port (int,
# or None if not given), params and headers (the text after "?"); of any other scheme, `host` is "".
Uri = namedtuple("Uri", ["text", "user", "host", "port", "params", "headers"])

# From, To, Contact, Route …: a display name (unquoted text), a Uri and header parameters.
NameAddr = namedtuple("NameAddr", ["display", "uri", "params"])

# A Via (§20.42), without the transport.
Via = namedtuple("Via", ["host", "port", "params"])


def need(ok, what):
    """PeerError(400, what) unless `ok`."""
    if not ok:
        raise PeerError(400, what)


def made_of(text, signs=_TOKEN):
    """True if `text` is not empty and has only these signs, by default those of a token (§25.1)."""
    return text != "" and not text.strip(signs)


def parse_number(text, most, what):
    """Digits → int, 0 … `most`. PeerError(400, what)."""
    need(len(text) <= 10 and made_of(text, "0123456789"), what)
    n = int(text)
    need(n <= most, what)
    return n


def split_list(text, separator=","):
    """The parts between separators, stripped; those inside "quoted strings" and <…> do not separate."""
    if '"' not in text and "<" not in text:
        parts = text.split(separator, _MOST_PARTS)
    elif separator not in text:
        parts = [text]
    else:
        parts = []
        data = text.encode()
        mark = ord(separator)
        start = i = closing = 0
        literal = False
        for c in data:
            if literal:
                literal = False
            elif c == closing:
                closing = 0
            elif closing:
                literal = c == 0x5C and closing == 0x22  # \ and "
            elif c == 0x22:
                closing = c
            elif c == 0x3C:  # < to >
                closing = 0x3E
            elif c == mark and len(parts) <= _MOST_PARTS:
                parts.append(data[start:i].decode())
                start = i + 1
            i += 1
        need(not closing, "Bad quotes")
        parts.append(data[start:].decode())
    need(len(parts) <= _MOST_PARTS, "Too many")
    for i in range(len(parts)):
        parts[i] = parts[i].strip(" ")
    return parts


def parse_params(text):
    """ "x;a=b;c" → ("x", dict of lower-case name → value (quotes kept) or None)."""
    params = {}
    if not text:
        return text, params
    parts = split_list(text, ";")
    first = parts.pop(0)
    for part in parts:
        name, equals, value = part.partition("=")
        name = name.strip(" ").lower()
        value = value.strip(" ")
        if not equals:
            value = None
        elif value[:1] == '"':
            need(len(value) > 1 and value[-1] == '"', "Bad params")
        else:
            need(made_of(value, _URI), "Bad params")
        need(made_of(name, _URI) and name not in params, "Bad params")
        params[name] = value
    return first, params


def quote(text):
    """A quoted-string with this content."""
    data = bytearray(b'"')
    for c in text.encode():
        if c < 32 or c in b'"\\\x7f':
            data.append(0x5C)
        data.append(c)
    return data.decode() + '"'


def _quoted(text):
    """The content of the quoted string that `text` begins with, and what follows it."""
    data = text.encode()
    content = bytearray()
    i = 1
    try:
        while data[i] != 0x22:
            if data[i] == 0x5C:
                i += 1
            content.append(data[i])
            i += 1
    except IndexError:
        raise PeerError(400, "Bad quotes")
    return content.decode(), data[i + 1 :].decode()


def escape(text):
    """`text` as the user part of a URI: what may not stand there becomes %XX ("*98#" → "*98%23")."""
    out = ""
    for c in text.encode():
        sign = chr(c)
        out += sign if sign in _URI and sign not in _RESERVED else "%%%02X" % c
    return out


def unescape(text):
    """`text` with its %XX resolved; left alone where that would not be UTF-8."""
    first, *rest = text.split("%", _MOST_PARTS)
    data = bytearray(first.encode())
    try:
        for part in rest:
            data.append(int(part[:2], 16))
            data.extend(part[2:].encode())
        return data.decode()
    except ValueError:  # UnicodeError is one
        return text


def parse_host_port(text):
    """ "host", "192.0.2.1:5060", "[2001:db8::1]:5060" → (host, port or None)."""
    if text[:1] == "[":
        host, bracket, text = text.partition("]")
        need(bracket and made_of(host[1:], _HEX + ":."), "Bad host")
        host += bracket
        nothing, colon, port = text.partition(":")
        need(not nothing.strip(" "), "Bad host")
    else:
        host, colon, port = text.partition(":")
        host = host.strip(" ")
        need(made_of(host, _HOST), "Bad host")
    return host, parse_number(port.strip(" "), 65535, "Bad host") if colon else None


def parse_uri(text):
    """Text without white space around → Uri."""
    scheme, _, rest = text.partition(":")
    need(rest and made_of(scheme) and made_of(text, _URI), "Bad URI")
    if "%" in text:
        escapes = text.split("%", _MOST_PARTS)
        need(len(escapes) <= _MOST_PARTS, "Bad URI")
        for part in escapes[1:]:
            need(len(part) > 1 and made_of(part[:2], _HEX), "Bad URI")
    if scheme.lower() not in ("sip", "sips"):
        return Uri(text, rest, "", None, {}, "")
    user = None
    if "@" in rest:
        user, _, rest = rest.partition("@")
        user = user.partition(":")[0]  # the rest of it is a password
        need(user and "@" not in rest, "Bad URI")
    rest, _, headers = rest.partition("?")
    rest, params = parse_params(rest)
    host, port = parse_host_port(rest)
    return Uri(text, user, host, port, params, headers)


def parse_name_addr(text):
    """`"Bob" <sip:bob@example.com>;tag=1` or `sip:bob@example.com;tag=1` → NameAddr."""
    text = text.strip(" ")
    if text[:1] == '"':
        display, text = _quoted(text)
        between, bracket, text = text.partition("<")
        need(bracket and not between.strip(" "), "Bad name")
    else:
        display, bracket, rest = text.partition("<")
        if not bracket:  # §20.10: without brackets, parameters are the header's
            text, params = parse_params(text)
            need("?" not in text and "," not in text, "Bad name")
            return NameAddr("", parse_uri(text), params)
        text = rest
        display = display.strip(" ")
        for sign in '",:;\\@':
            need(sign not in display, "Bad name")
    uri, bracket, rest = text.partition(">")
    between, params = parse_params(rest)
    need(bracket and not between, "Bad name")
    return NameAddr(display, parse_uri(uri), params)


def parse_via(text):
    """`SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1` → Via."""
    text, params = parse_params(text)
    sip, _, text = text.partition("/")
    version, _, text = text.partition("/")
    need(sip.strip(" ").upper() == "SIP" and version.strip(" ") == "2.0", "Bad Via")
    transport, _, text = text.strip(" ").partition(" ")
    need(made_of(transport), "Bad Via")
    host, port = parse_host_port(text.strip(" "))
    return Via(host, port, params)
