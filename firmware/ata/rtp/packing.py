"""Packets of another length than a step of 20 ms: 10, 30, 40, 50 or 60 ms (RFC 3551 §4.2).

                 step 1       step 2       step 3       step 4
    10 ms        sends 2      sends 2      sends 2      sends 2
    30 ms                     sends 1      sends 1                  20 ms kept, then 10 ms, then none
    40 ms                     sends 1                   sends 1

Loaded only for a far end that asks for one of these, or a setting that does.
"""

# A pointer cast is a call of what the stubs know only as a type.
# pyright: reportCallIssue=false

import micropython
from micropython import const

_HEADER = const(12)
_FRAME = const(160)  # samples of a step, an octet each


class Packing:
    """Fills the packets of `stream` (ata.rtp.stream.RtpStream), whose buffer has their length. After each
    step's frame() the packet goes if that said True, and another one as long as another() says so."""

    def __init__(self, stream):
        self._stream = stream
        self._rest = bytearray(_FRAME)  # the end of a frame whose beginning went with the packet before
        self._left = 0  # octets of it
        self._filled = 0  # octets in the stream's packet that wait for the others

    def frame(self, encoded):
        """A step's frame of 160 octets: True if the stream's packet is to be sent now."""
        stream = self._stream
        if stream.is_telling():
            stream.skip()
            return False
        packet = stream.packet
        filled = self._filled
        room = len(packet) - _HEADER - filled
        if room > _FRAME:
            _move(encoded, 0, packet, _HEADER + filled, _FRAME)
            self._filled = filled + _FRAME
            return False
        _move(encoded, 0, packet, _HEADER + filled, room)
        _move(encoded, room, self._rest, 0, _FRAME - room)
        self._left = _FRAME - room
        self._filled = 0
        return stream.send()

    def another(self):
        """After the packet was sent: True if it is another one now, to be sent in this step too."""
        left = self._left
        self._left = 0
        if not left:
            return False
        stream = self._stream
        packet = stream.packet
        _move(self._rest, 0, packet, _HEADER, left)
        if left == len(packet) - _HEADER:
            return stream.send()
        self._filled = left
        return False

    def drop(self):
        """What waits is not to be sent: a pause begins. Returns its samples."""
        dropped = self._filled
        self._filled = 0
        return dropped


@micropython.viper
def _move(source: ptr8, first: int, target: ptr8, at: int, n: int):
    """Copy n octets, a multiple of 8."""
    source = ptr8(uint(source) + first)
    target = ptr8(uint(target) + at)
    while n:
        target[0] = source[0]
        target[1] = source[1]
        target[2] = source[2]
        target[3] = source[3]
        target[4] = source[4]
        target[5] = source[5]
        target[6] = source[6]
        target[7] = source[7]
        target = ptr8(uint(target) + 8)
        source = ptr8(uint(source) + 8)
        n -= 8
