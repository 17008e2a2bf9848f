"""Offer and answer (RFC 3264, RFC 6337) for one audio stream of G.711 with telephone events.

A Negotiation lives as long as its dialog and keeps what later offers must repeat: the o= line, the
order of the m= lines and the event's payload type. We answer with one codec, the first of the
offer's that we have, so that it cannot change without a new offer.
"""

from ata.base.errors import PeerError
from ata.sip.sdp import DIRECTIONS, build, parse

_NAMES = {0: "PCMU/8000", 8: "PCMA/8000"}  # RFC 3551 §6
_EVENT = "TELEPHONE-EVENT/8000"


class LocalMedia:
    """Our side: IPv4 address and RTP port, codecs in order of preference (0 PCMU, 8 PCMA), the payload type
    for telephone events (-1 for none) and the milliseconds a packet that we like to receive."""

    def __init__(self, ip, port, codecs=(0, 8), event_type=101, ptime=20):
        self.ip = ip
        self.port = port
        self.codecs = codecs
        self.event_type = event_type
        self.ptime = ptime


class Media:
    """What was agreed, as we see it."""

    def __init__(self, ip, port, codec, payload_type, event_type, ptime, send, receive):
        self.ip = ip  # where to send
        self.port = port
        self.codec = codec  # 0 PCMU, 8 PCMA
        self.payload_type = payload_type  # its number on the wire: the codec's unless the peer mapped another
        self.event_type = event_type  # -1 = no RFC 4733
        self.ptime = ptime  # ms a packet to send
        self.send = send
        self.receive = receive


class Negotiation:
    """The offers and answers of one dialog. `session` is the o= line's number, different for each dialog."""

    def __init__(self, session):
        self.sent = None  # the last description sent, for repeating it in a 2xx after a 183
        self._session = session
        self._version = 1
        self._lines = [None]  # each m= line of the session: None is our audio, text one that is refused
        self._local = None
        self._direction = 3
        self._event_type = None

    def make_offer(self, local, direction="sendrecv"):
        """bytes of an offer; `direction` as we see it ("sendonly" holds the far end)."""
        self._local = local
        self._direction = DIRECTIONS.index(direction)
        if self._event_type is None or local.event_type < 0:
            self._event_type = local.event_type
        formats = []
        for codec in local.codecs:
            formats.append((codec, _NAMES[codec]))
        return self._describe(local, formats, self._event_type, local.ptime, self._direction)

    def accept_answer(self, body):
        """Media from the answer to make_offer()'s. PeerError 400 or 488 if it is not one."""
        streams = parse(body)
        i = self._lines.index(None)
        if i >= len(streams):
            raise PeerError(400, "Answer has too few media")
        media = _agree(streams[i], self._local, self._direction)
        if media is None or media.port == 0:
            raise PeerError(488, "No common codec")
        return media

    def receive_offer(self, body, local, direction="sendrecv"):
        """(bytes of the answer, Media). PeerError 400 for what is not SDP, 488 if nothing in it is for us.

        An offer that ends our stream (port 0) in a session gives a Media with port 0.
        """
        media = None
        lines = []
        for stream in parse(body):
            found = None
            if media is None and None not in lines:
                found = _agree(stream, local, DIRECTIONS.index(direction))
            if found is None:
                lines.append("m=%s 0 %s %s" % (stream.kind, stream.proto, stream.formats[0]))
            else:
                media = found
                lines.append(None)
        if media is None or (media.port == 0 and self.sent is None):
            raise PeerError(488, "No common codec")
        self._lines = lines
        self._local = local
        if media.event_type >= 0:
            self._event_type = media.event_type
        name = _NAMES[media.codec]
        ours = (2 if media.send else 0) | (1 if media.receive else 0)
        formats = [(media.payload_type, name)]
        return self._describe(local, formats, media.event_type, media.ptime, ours, media.port), media

    def _describe(self, local, formats, event_type, ptime, direction, port=1):
        media = []
        for line in self._lines:
            if line is not None:
                media.append(line)
                continue
            numbers = ""
            for number, _ in formats:
                numbers += " %d" % number
            if event_type >= 0:
                numbers += " %d" % event_type
            media.append("m=audio %d RTP/AVP%s" % (local.port if port else 0, numbers))
            if not port:
                continue
            for number, name in formats:
                media.append("a=rtpmap:%d %s" % (number, name))
            if event_type >= 0:
                media.append("a=rtpmap:%d telephone-event/8000" % event_type)
                media.append("a=fmtp:%d 0-15" % event_type)
            media.append("a=ptime:%d" % ptime)
            media.append("a=" + DIRECTIONS[direction])
        body = build(local.ip, self._session, self._version, media)
        if self.sent is not None and self.sent != body:  # RFC 3264 §8: a change raises the version by one
            self._version += 1
            body = build(local.ip, self._session, self._version, media)
        self.sent = body
        return body


def _agree(stream, local, direction):
    """Media from the peer's stream, or None if we cannot take it."""
    if stream.kind != "audio" or stream.proto != "RTP/AVP":
        return None
    codec = payload_type = event_type = -1
    for number in stream.formats:
        name = stream.rtpmap.get(number)
        if not number or number.strip("0123456789") or len(number) > 3 or int(number) > 127:
            continue
        number = int(number)
        if name is None:
            name = _NAMES.get(number)
        elif name.endswith("/1"):  # one channel, said although it is the default
            name = name[:-2]
        if name == _EVENT:
            if event_type < 0 and local.event_type >= 0:
                event_type = number
            continue
        for ours in local.codecs:
            if codec < 0 and _NAMES[ours] == name:
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
    return Media(stream.ip, stream.port, codec, payload_type, event_type, ptime, send, receive)
