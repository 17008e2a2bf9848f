"""Offer and answer (RFC 3264, RFC 6337) for one audio stream of G.711 with telephone events.

A Negotiation lives as long as its dialog and keeps what later offers must repeat: the o= line, the
order of the m= lines and the event's payload type. We answer with one codec, the first of the
offer's that we have, so that it cannot change without a new offer.

Of a description (RFC 8866) parse() keeps the connection address, the direction and what describes audio
streams; it keeps the other media lines only so that the answer can refuse each in its place (RFC 3264 §6).
"""

from collections import namedtuple

from micropython import const

from ata.base.errors import PeerError
from ata.sip.grammar import made_of, need, parse_number

DIRECTIONS = ("inactive", "recvonly", "sendonly", "sendrecv")  # bit 0: receives, bit 1: sends
_MOST_STREAMS = const(16)
_MOST_FORMATS = const(32)
_NAMES = {0: "PCMU/8000", 8: "PCMA/8000"}  # RFC 3551 §6
_EVENT = const("telephone-event/8000")
_NOISE = const("13")

# What was agreed, as we see it: the IPv4 address and port to send to, codec (0 PCMU, 8 PCMA), payload_type
# (its number on the wire: the codec's unless the peer mapped another), event_type (-1 = no RFC 4733), ptime
# (ms a packet to send), send and receive (bools), noise (True if comfort noise may stand for silence: RFC
# 3389, payload type 13), rtcp (the port to send reports to; `port`: they come to the RTP port too, RFC 5761).
Media = namedtuple(
    "Media",
    ["ip", "port", "codec", "payload_type", "event_type", "ptime", "send", "receive", "noise", "rtcp"],
)


class LocalMedia:
    """Our side: IPv4 address and RTP port, codecs in order of preference (0 PCMU, 8 PCMA), the payload type
    for telephone events (-1 for none), the milliseconds a packet that we like to receive, whether comfort
    noise may stand for silence, and whether reports may come to the RTP port instead of the one after it."""

    def __init__(self, ip, port, codecs=(0, 8), event_type=101, ptime=20, noise=False, mux=False):
        self.ip = ip
        self.port = port
        self.codecs = codecs
        self.event_type = event_type
        self.ptime = ptime
        self.noise = noise
        self.mux = mux


class Negotiation:
    """The offers and answers of one dialog. `session` is the o= line's number, different for each dialog."""

    def __init__(self, session):
        self.sent = None  # the last description sent
        self._session = session
        self._version = 1
        self._lines = [None]  # each m= line of the session: None is our audio, text one that is refused
        self._local = None  # type: Any
        self._direction = 3
        self._event_type = None

    def make_offer(self, local, direction="sendrecv"):
        """bytes of an offer; `direction` as we see it ("sendonly" holds the far end)."""
        self._local = local
        self._direction = DIRECTIONS.index(direction)
        if self._event_type is None or local.event_type < 0:
            self._event_type = local.event_type
        return self._describe(local.codecs, self._event_type, local.ptime, self._direction)

    def accept_answer(self, body):
        """Media from the answer to make_offer()'s. PeerError 400 or 488 if it is not one."""
        streams = parse(body)
        i = self._lines.index(None)
        need(i < len(streams), "Bad SDP")
        media = _agree(streams[i], self._local, self._direction)
        if media is None or media.port == 0:
            raise PeerError(488, "No codec")
        return media

    def receive_offer(self, body, local, direction="sendrecv"):
        """(bytes of the answer, Media). PeerError 400 for what is not SDP, 488 if nothing in it is for us.

        An offer that ends our stream (port 0) in a session gives a Media with port 0.
        """
        media = None
        lines = []
        for stream in parse(body):
            line = "m=%s 0 %s %s\r\n" % (stream.kind, stream.proto, stream.formats[0])
            if media is None:
                media = _agree(stream, local, DIRECTIONS.index(direction))
                if media is not None:
                    line = None
            lines.append(line)
        if media is None or (media.port == 0 and self.sent is None):
            raise PeerError(488, "No codec")
        self._lines = lines
        self._local = local
        if media.event_type >= 0:
            self._event_type = media.event_type
        ours = (2 if media.send else 0) | (1 if media.receive else 0)
        return self._describe((media.codec,), media.event_type, local.ptime, ours, media), media

    def _describe(self, codecs, event_type, ptime, direction, media=None):
        """The bytes of a description: an offer, or the answer that agrees to `media`."""
        numbers = attributes = ""
        for codec in codecs:
            number = media.payload_type if media else codec
            numbers += " %d" % number
            attributes += "a=rtpmap:%d %s\r\n" % (number, _NAMES[codec])
        if media.noise if media else self._local.noise:
            numbers += " " + _NOISE  # a static type: it needs no name (RFC 3551 §6)
        if event_type >= 0:
            numbers += " %d" % event_type
            attributes += "a=rtpmap:%d %s\r\na=fmtp:%d 0-15\r\n" % (event_type, _EVENT, event_type)
        port = self._local.port
        if media.rtcp == media.port if media else self._local.mux:
            attributes += "a=rtcp-mux\r\n"
        attributes += "a=ptime:%d\r\na=%s\r\n" % (ptime, DIRECTIONS[direction])
        if media and not media.port:
            port = 0
            attributes = ""
        ip = self._local.ip
        text = " IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n" % (ip, ip)
        for line in self._lines:
            text += line or "m=audio %d RTP/AVP%s\r\n%s" % (port, numbers, attributes)
        if self.sent and not self.sent.endswith(text.encode()):
            self._version += 1  # RFC 3264 §8: a change raises the version by one
        self.sent = ("v=0\r\no=- %s %d%s" % (self._session, self._version, text)).encode()
        return self.sent


def _agree(stream, local, direction):
    """Media from the peer's stream, or None if we cannot take it."""
    if stream.kind != "audio" or stream.proto != "RTP/AVP":
        return None
    codec = payload_type = event_type = -1
    noise = local.noise and _NOISE in stream.formats
    for text in stream.formats:
        if len(text) > 3 or not made_of(text, "0123456789") or int(text) > 127:
            continue
        number = int(text)
        name = stream.rtpmap.get(text) or _NAMES.get(number) or ""
        if name.endswith("/1"):  # one channel, said although it is the default
            name = name[:-2]
        if name == _EVENT.upper():
            if event_type < 0 and local.event_type >= 0:
                event_type = number
        elif codec < 0:
            for ours in local.codecs:
                if _NAMES[ours] == name:
                    codec = ours
                    payload_type = number
    if codec < 0 or (stream.port and stream.ip is None):
        return None
    ptime = stream.ptime
    if ptime == 0 or ptime > 60 or ptime % 10:
        ptime = local.ptime
    if 10 <= stream.maxptime < ptime:
        ptime = stream.maxptime // 10 * 10
    theirs = stream.direction
    send = bool(direction & 2 and theirs & 1 and stream.port and stream.ip != "0.0.0.0")
    receive = bool(direction & 1 and theirs & 2 and stream.port)
    rtcp = stream.port
    if not (local.mux and stream.mux):
        # A port that is also that of the audio was not agreed upon.
        rtcp = stream.rtcp if stream.rtcp not in (0, rtcp) else (rtcp + 1) & 0xFFFF
    return Media(stream.ip, stream.port, codec, payload_type, event_type, ptime, send, receive, noise, rtcp)


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
        self.rtcp = 0  # the port for reports (RFC 3605), 0 = the one after `port`
        self.mux = False  # they may come to `port` (RFC 5761)
        self.rtpmap = {}  # format → "PCMU/8000"


def parse(body):
    """bytes → list of Stream. PeerError(400) on what is not SDP."""
    try:
        text = bytes(body).decode()
    except UnicodeError:
        text = ""
    lines = text.replace("\r\n", "\n").split("\n", 256)
    need(lines[0] == "v=0" and len(lines) <= 256, "Bad SDP")
    # What stands before the first m= line is said for all of them.
    stream = Stream("", 0, "", (), None, 3)
    session = stream
    streams = []
    for line in lines:
        kind, equals, value = line.partition("=")
        need(line == "" or (equals and len(kind) == 1), "Bad SDP")
        if kind == "m":
            parts = value.split(" ", _MOST_FORMATS + 3)
            need(4 <= len(parts) <= _MOST_FORMATS + 3 and len(streams) < _MOST_STREAMS, "Bad SDP")
            port = parse_number(parts[1].partition("/")[0], 65535, "Bad SDP")
            stream = Stream(parts[0], port, parts[2], parts[3:], session.ip, session.direction)
            streams.append(stream)
        elif kind == "c":
            stream.ip = _address(value)
        elif kind == "a":
            name, _, value = value.partition(":")
            if name in DIRECTIONS:
                stream.direction = DIRECTIONS.index(name)
            elif name == "rtpmap":
                number, _, encoding = value.partition(" ")
                if number in stream.formats:
                    stream.rtpmap[number] = encoding.strip(" ").upper()
            elif streams and name == "rtcp-mux":
                stream.mux = True
            elif streams and name == "rtcp":
                # Another address than that of the audio is not taken up: reports go where the audio goes.
                stream.rtcp = parse_number(value.partition(" ")[0], 65535, "Bad SDP")
            elif streams and name in ("ptime", "maxptime"):
                value = value.strip(" ").partition(".")[0]  # some send "20.0"
                setattr(stream, name, parse_number(value, 10000, "Bad SDP"))
    return streams


def _address(value):
    """ "IN IP4 192.0.2.1/127" → the address; None for what is not IPv4."""
    parts = value.split(" ", 3)
    need(len(parts) == 3, "Bad SDP")
    address = parts[2].partition("/")[0]
    octets = address.split(".", 4)
    if parts[1] != "IP4" or len(octets) != 4 or address.strip("0123456789."):
        return None
    for octet in octets:
        need(len(octet) < 4, "Bad SDP")
        parse_number(octet, 255, "Bad SDP")
    return address
