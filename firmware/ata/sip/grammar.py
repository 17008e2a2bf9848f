"""The grammar of header values (RFC 3261 §25): URIs, name-addr, Via, parameters, challenges.

Every parser takes text without line folds (ata.sip.message removes them and turns tabs into spaces),
takes time and memory linear in its length, and raises nothing but PeerError(400, what). str() of
what was parsed is the canonical form: parameter names in lower case, display names quoted, no
optional white space. Escapes (%41) are kept as they came: see unescape() before comparing.
"""

from collections import OrderedDict

from ata.base.errors import PeerError

_MOST_PARTS = 64  # elements of a list, parameters, escapes: more in one value is an attack
_ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_HEX = "0123456789abcdefABCDEF"
_TOKEN = _ALNUM + "-.!%*_+`'~"
_VALUE = _TOKEN + "()[]/:&$="  # a parameter's value: token, host or paramchar
_USER = _ALNUM + "-_.!~*'()&=+$,;?/"
_URI = _USER + "%:@[]"


def need(ok, what):
    """PeerError(400, what) unless `ok`."""
    if not ok:
        raise PeerError(400, what)


def _only(text, allowed):
    """True if `text` is not empty and has only characters of `allowed`."""
    return text and not text.strip(allowed)


def is_token(text):
    """True for a token (§25.1): a method, header name, parameter name."""
    return bool(_only(text, _TOKEN))


def parse_number(text, most, what="Bad number"):
    """Digits → int, 0 … `most`. PeerError(400, what)."""
    need(len(text) <= 10 and _only(text, "0123456789"), what)
    n = int(text)
    need(n <= most, what)
    return n


def split_list(text, separator=","):
    """The parts between separators, stripped; those inside "quoted strings" and <…> do not separate."""
    parts = []
    if '"' not in text and "<" not in text:
        parts = text.split(separator, _MOST_PARTS)
    else:
        start = i = 0
        closing = ""
        literal = False
        for c in text:
            if literal:
                literal = False
            elif closing:
                if c == closing:
                    closing = ""
                elif c == "\\" and closing == '"':
                    literal = True
            elif c == '"':
                closing = c
            elif c == "<":
                closing = ">"
            elif c == separator and len(parts) <= _MOST_PARTS:
                parts.append(text[start:i])
                start = i + 1
            i += 1
        need(not closing, "Unbalanced quotes")
        parts.append(text[start:])
    need(len(parts) <= _MOST_PARTS, "Too many parts")
    for i in range(len(parts)):
        parts[i] = parts[i].strip(" ")
    return parts


def parse_params(text):
    """";a=b;c" or "" → ordered dict of lower-case name → value (quotes kept) or None."""
    params = OrderedDict()
    parts = split_list(text, ";")
    need(not parts[0], "Bad parameters")
    for part in parts[1:]:
        name, equals, value = part.partition("=")
        name = name.strip(" ")
        value = value.strip(" ")
        if not equals:
            value = None
        elif value[:1] == '"':
            need(len(value) > 1 and value[-1] == '"', "Bad parameter")
        else:
            need(_only(value, _VALUE), "Bad parameter")
        need(_only(name, _VALUE), "Bad parameter")
        name = name.lower()
        need(name not in params, "Parameter twice")
        params[name] = value
    return params


def params_text(params):
    """The inverse of parse_params."""
    text = ""
    for name, value in params.items():
        text += ";" + name
        if value is not None:
            text += "=" + value
    return text


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
    content = bytearray()
    literal = False
    i = 0
    data = text.encode()
    for c in data:
        i += 1
        if literal:
            literal = False
        elif c == 0x5C:
            literal = True
            continue
        elif c == 0x22 and i > 1:
            return content.decode(), data[i:].decode()
        if i > 1:
            content.append(c)
    raise PeerError(400, "Unbalanced quotes")


def unquote(text):
    """The content of a quoted-string; other text as it is."""
    return _quoted(text)[0] if text[:1] == '"' else text


def escape(text):
    """`text` as the user part of a URI: what may not stand there becomes %XX ("*98#" → "*98%23")."""
    out = ""
    for c in text.encode():
        out += chr(c) if chr(c) in _USER else "%%%02X" % c
    return out


def unescape(text):
    """`text` with its %XX resolved; left alone where that would not be UTF-8."""
    if "%" not in text:
        return text
    first, *rest = text.split("%", _MOST_PARTS)
    data = bytearray(first.encode())
    try:
        for part in rest:
            data.append(int(part[:2], 16))
            data.extend(part[2:].encode())
        return data.decode()
    except ValueError:  # UnicodeError is one
        return text


class Uri:
    """A SIP or SIPS URI (§19.1); of any other scheme, `user` is all that follows and `host` is ""."""

    def __init__(self, scheme, user, host, port=None, params=None, password=None, headers=""):
        self.scheme = scheme
        self.user = user  # escaped as received, or None
        self.password = password
        self.host = host
        self.port = port  # int, or None if not given
        self.params = OrderedDict() if params is None else params
        self.headers = headers  # the text after "?"

    def __str__(self):
        if not self.host:
            return "%s:%s" % (self.scheme, self.user)
        user = ""
        if self.user is not None:
            user = self.user + "@" if self.password is None else "%s:%s@" % (self.user, self.password)
        return "%s:%s%s%s%s" % (
            self.scheme, user, host_port_text(self.host, self.port), params_text(self.params),
            "?" + self.headers if self.headers else "",
        )


class NameAddr:
    """From, To, Contact, Route …: a display name (unquoted text), a Uri and header parameters."""

    def __init__(self, display, uri, params=None):
        self.display = display
        self.uri = uri
        self.params = OrderedDict() if params is None else params

    def __str__(self):
        display = quote(self.display) + " " if self.display else ""
        return "%s<%s>%s" % (display, self.uri, params_text(self.params))


class Via:
    """One Via value (§20.42)."""

    def __init__(self, transport, host, port=None, params=None):
        self.transport = transport  # "UDP", "TCP", …
        self.host = host
        self.port = port
        self.params = OrderedDict() if params is None else params

    def __str__(self):
        host = host_port_text(self.host, self.port)
        return "SIP/2.0/%s %s%s" % (self.transport, host, params_text(self.params))


def host_port_text(host, port):
    return host if port is None else "%s:%d" % (host, port)


def parse_host_port(text):
    """"host", "192.0.2.1:5060", "[2001:db8::1]:5060" → (host, port or None)."""
    bracket = ""
    host = ""
    if text[:1] == "[":
        host, bracket, text = text.partition("]")
        need(bracket and _only(host[1:], _HEX + ":."), "Bad host")
    name, colon, port = text.partition(":")
    host += bracket + name.strip(" ")
    need(host[-1:] == "]" if bracket else _only(host, _ALNUM + "-._"), "Bad host")
    return host, parse_number(port.strip(" "), 65535, "Bad port") if colon else None


def parse_uri(text):
    """Text without white space around → Uri."""
    scheme, colon, rest = text.partition(":")
    need(colon and rest and _only(scheme, _ALNUM + "+-."), "Bad URI")
    need(not text.strip(_URI), "Bad URI")
    escapes = text.split("%", _MOST_PARTS)
    need(len(escapes) <= _MOST_PARTS, "Bad URI")
    for part in escapes[1:]:
        need(len(part) > 1 and _only(part[:2], _HEX), "Bad escape in URI")
    scheme = scheme.lower()
    if scheme not in ("sip", "sips"):
        return Uri(scheme, rest, "")
    user = password = None
    if "@" in rest:
        user, _, rest = rest.partition("@")
        need("@" not in rest, "Bad URI")
        user, colon, password = user.partition(":")
        need(user, "Bad URI")
        if not colon:
            password = None
    rest, _, headers = rest.partition("?")
    host, semicolon, params = rest.partition(";")
    host, port = parse_host_port(host)
    return Uri(scheme, user, host, port, parse_params(semicolon + params), password, headers)


def parse_name_addr(text):
    """`"Bob" <sip:bob@example.com>;tag=1` or `sip:bob@example.com;tag=1` → NameAddr."""
    text = text.strip(" ")
    if text[:1] == '"':
        display, text = _quoted(text)
        between, bracket, text = text.partition("<")
        need(bracket and not between.strip(" "), "Bad address")
    else:
        display, bracket, after = text.partition("<")
        if not bracket:  # §20.10: without brackets, parameters are the header's
            uri, semicolon, params = text.partition(";")
            uri = uri.strip(" ")
            need("?" not in uri and "," not in uri, "Bad address")
            return NameAddr("", parse_uri(uri), parse_params(semicolon + params))
        text = after
        display = display.strip(" ")
        for c in '",:;\\@':
            need(c not in display, "Bad display name")
    uri, bracket, params = text.partition(">")
    need(bracket, "Bad address")
    return NameAddr(display, parse_uri(uri), parse_params(params.strip(" ")))


def parse_via(text):
    """`SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1` → Via."""
    protocol, semicolon, params = text.partition(";")
    sip, _, protocol = protocol.partition("/")
    version, _, protocol = protocol.partition("/")
    need(sip.strip(" ").upper() == "SIP" and version.strip(" ") == "2.0", "Bad Via")
    transport, _, host = protocol.strip(" ").partition(" ")
    need(is_token(transport), "Bad Via")
    host, port = parse_host_port(host.strip(" "))
    return Via(transport.upper(), host, port, parse_params(semicolon + params))


def parse_cseq(text):
    """`4711 INVITE` → (4711, "INVITE")."""
    number, _, method = text.strip(" ").partition(" ")
    method = method.strip(" ")
    need(is_token(method), "Bad CSeq")
    return parse_number(number, 0x7FFFFFFF, "Bad CSeq"), method


def parse_auth(text):
    """`Digest realm="a", nonce="b"` → ("Digest", dict of lower-case name → value).

    Values lose their quotes but keep their backslashes: that is what the digest is computed over
    (RFC 7616 §3.4, unq()).
    """
    scheme, _, rest = text.strip(" ").partition(" ")
    need(is_token(scheme), "Bad challenge")
    params = {}
    for part in split_list(rest):
        name, _, value = part.partition("=")
        name = name.strip(" ")
        value = value.strip(" ")
        need(is_token(name) and value, "Bad challenge")
        if value[0] == '"':
            need(len(value) > 1 and value[-1] == '"', "Bad challenge")
            value = value[1:-1]
        params[name.lower()] = value
    return scheme, params
