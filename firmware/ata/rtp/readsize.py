"""How to read the next datagram of an RTP socket without allocating.

MicroPython's readinto() on a UDP socket reads on until the buffer is full: it *merges* queued datagrams that
are shorter than the buffer, and cuts those that are longer. With a buffer of exactly the packets' size it
reads exactly one. recv(1500) is always right, but allocates. So: read with recv() until three packets running
had one size, then into a buffer of that size until something does not fit, then with recv() for a second.

    shorter packets come (another ptime, an event, comfort noise): the first of those that were merged is
        parsed, and its kind, its length or the timestamp of the following one tells
    longer packets come: they are cut, and the timestamp steps on by more samples than that
"""

from array import array

import micropython
from micropython import const

_MARKER = const(1)  # the words of packet.parse's info that are read here
_SEQ = const(2)
_TS = const(3)
_STAMP = const(0xFFFFFFF)
_TICK = const(0x3FFFFFFF)

_HEADER = const(12)
_EQUAL = const(3)
_HOLD = const(1000)  # ms
_NEAR = const(16)  # packets

_LAST = const(0)  # state: size of the last packet
_RUN = const(1)  # how many voice packets running had it
_LAST_SEQ = const(2)
_LAST_TS = const(3)
_LEFT = const(4)  # the tick at which the exact size was given up
_HELD = const(5)  # 1: that was less than _HOLD ago
_SMALLEST = const(6)
_LARGEST = const(7)


class ReadSize:
    """`size` is 0: read with recv(1500), or the length of the buffer to read into. Only sizes from `smallest`
    (5 ms) to `largest` (60 ms) are worth one."""

    def __init__(self, smallest=52, largest=492):
        self.size = 0
        self._state = array("i", [0, 0, 0, 0, 0, 0, smallest, largest])

    def seen(self, n, kind, info, now):
        """After every read: n bytes came, RtpStream.receive() said `kind` of them and left its `info`."""
        self.size = _judge(self._state, info, self.size, n, kind, now)


@micropython.viper
def _judge(s: ptr32, info: ptr32, size: int, n: int, kind: int, now: int) -> int:
    """What `size` is to be."""
    seq = int(info[_SEQ])
    ts = int(info[_TS])
    voice = 0
    if kind == 1:
        voice = 1
        steps = (seq - int(s[_LAST_SEQ])) & 0xFFFF
        if int(s[_RUN]) and steps < _NEAR and info[_MARKER] == 0:
            # as many samples must have passed as these packets have
            if ((ts - int(s[_LAST_TS])) & _STAMP) != steps * (int(s[_LAST]) - _HEADER):
                voice = 0
    if s[_HELD] and ((now - int(s[_LEFT])) & _TICK) >= _HOLD:
        s[_HELD] = 0
    if size:
        if voice == 0 or n != size:
            size = 0
            s[_LEFT] = now
            s[_HELD] = 1
            s[_RUN] = 0
    elif voice and n == int(s[_LAST]):
        s[_RUN] += 1
        if int(s[_RUN]) >= _EQUAL and s[_HELD] == 0:
            s[_RUN] = 1
            if n >= int(s[_SMALLEST]) and n <= int(s[_LARGEST]):
                size = n
    else:
        s[_RUN] = kind & 1
    s[_LAST] = n
    s[_LAST_SEQ] = seq
    s[_LAST_TS] = ts
    return size
