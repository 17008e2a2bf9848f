"""Session descriptions (RFC 8866), as much as an audio adapter needs.

parse() keeps the connection address, the direction and what describes audio streams; it keeps the
other media lines only so that the answer can refuse each in its place (RFC 3264 §6).
"""

from ata.sip.grammar import need, parse_number

DIRECTIONS = ("inactive", "recvonly", "sendonly", "sendrecv")  # bit 0: receives, bit 1: sends
_MOST_STREAMS = 16
_MOST_FORMATS = 32


class Stream:
    """One m= line with the attributes under it."""

    def __init__(self, kind, port, proto, formats, ip, direction):
        self.kind = kind  # "audio", "video", "image" …
        self.port = port  # 0 = refused or ended
        self.proto = proto  # "RTP/AVP" …
        self.formats = formats  # payload types as text, in order of preference
        self.ip = ip  # the sender's IPv4 address for this stream, or None if it is not one
        self.direction = direction  # as the sender of the description sees it: an index into DIRECTIONS
        self.ptime = 0  # ms that the sender wants to receive, 0 = not said
        self.maxptime = 0
        self.rtpmap = {}  # format → "PCMU/8000"


def parse(body):
    """bytes → list of Stream. PeerError(400) on what is not SDP."""
    try:
        text = bytes(body).decode()
    except UnicodeError:
        text = ""
    lines = text.replace("\r\n", "\n").split("\n", 256)
    need(lines[0] == "v=0" and len(lines) <= 256, "Bad SDP")
    ip = None
    direction = 3
    streams = []
    stream = None
    for line in lines:
        if not line:
            continue
        need(line[1:2] == "=", "Bad SDP line")
        kind = line[0]
        value = line[2:]
        if kind == "m":
            stream = _media(value, ip, direction)
            streams.append(stream)
            need(len(streams) <= _MOST_STREAMS, "Too many media")
        elif kind == "c":
            address = _address(value)
            if stream is None:
                ip = address
            else:
                stream.ip = address
        elif kind == "a":
            name, _, value = value.partition(":")
            if name in DIRECTIONS:
                if stream is None:
                    direction = DIRECTIONS.index(name)
                else:
                    stream.direction = DIRECTIONS.index(name)
            elif stream is not None:
                _attribute(stream, name, value)
    return streams


def _media(value, ip, direction):
    parts = value.split(" ", _MOST_FORMATS + 3)
    need(4 <= len(parts) <= _MOST_FORMATS + 3, "Bad m= line")
    port = parts[1].partition("/")[0]
    return Stream(parts[0], parse_number(port, 65535, "Bad m= line"), parts[2], parts[3:], ip, direction)


def _address(value):
    """"IN IP4 192.0.2.1/127" → the address; None for what is not IPv4."""
    parts = value.split(" ", 3)
    need(len(parts) == 3, "Bad c= line")
    address = parts[2].partition("/")[0]
    octets = address.split(".", 4)
    if parts[1] != "IP4" or len(octets) != 4 or address.strip("0123456789."):
        return None
    for octet in octets:
        need(octet and len(octet) < 4 and int(octet) < 256, "Bad c= line")
    return address


def _attribute(stream, name, value):
    if name == "rtpmap":
        number, _, encoding = value.partition(" ")
        if number in stream.formats:
            stream.rtpmap[number] = encoding.strip(" ").upper()
    elif name == "ptime" or name == "maxptime":
        milliseconds = value.strip(" ").partition(".")[0]  # some send "20.0"
        milliseconds = parse_number(milliseconds, 10000, "Bad ptime")
        if name == "ptime":
            stream.ptime = milliseconds
        else:
            stream.maxptime = milliseconds


def build(ip, session, version, media):
    """The bytes of a description; `media` is a list of lines from the first m= on."""
    lines = [
        "v=0",
        "o=- %s %d IN IP4 %s" % (session, version, ip),
        "s=-",
        "c=IN IP4 " + ip,
        "t=0 0",
    ]
    lines.extend(media)
    lines.append("")
    return "\r\n".join(lines).encode()
