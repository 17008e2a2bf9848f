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
_NEAR = const(4)  # bits of a number of packets

_LAST = const(0)  # state: size of the last packet
_RUN = const(1)  # how many voice packets running had it
_LAST_SEQ = const(2)
_LAST_TS = const(3)
_LEFT = const(4)  # the tick at which the exact size was given up
_HELD = const(5)  # 1: that was less than _HOLD ago
_SMALLEST = const(6)
_LARGEST = const(7)
_SIZE = const(8)  # that is given


class ReadSize:
    """`size` is 0: read with recv(1500), or the length of the buffer to read into. Only sizes from `smallest`
    (5 ms) to `largest` (60 ms) are worth one."""

    def __init__(self, smallest=52, largest=492):
        self.size = 0
        self._state = array("i", [0, 0, 0, 0, 0, 0, smallest, largest, 0])

    def seen(self, n, kind, info, now):
        """After every read: n bytes came, RtpStream.receive() said `kind` of them and left its `info`."""
        self.size = _judge(self._state, n, info, kind, now)


@micropython.viper
def _judge(s: ptr32, n: int, info: ptr32, kind: int, now: int) -> int:
    """What the size is to be, after n bytes."""
    # Differences in place of comparisons: only whether they are 0 is asked, which is half the instructions.
    other = kind - 1  # 0: voice
    if not other and s[_RUN] and not info[_MARKER]:
        steps = (info[_SEQ] - s[_LAST_SEQ]) & 0xFFFF
        if not steps >> _NEAR:
            # as many samples must have passed as these packets have
            other = ((info[_TS] - s[_LAST_TS]) & _STAMP) - (s[_LAST] - _HEADER) * steps
    if s[_HELD] and ((now - int(s[_LEFT])) & _TICK) >= _HOLD:
        s[_HELD] = 0
    if s[_SIZE]:
        if other or n - s[_SIZE]:
            s[_SIZE] = 0
            s[_LEFT] = now
            s[_HELD] = 1
            s[_RUN] = 0
    elif other or n - s[_LAST]:
        s[_RUN] = kind & 1
    else:
        s[_RUN] = s[_RUN] + 1
        if not (int(s[_RUN]) < _EQUAL or s[_HELD]):
            s[_RUN] = 1
            if not (n < int(s[_SMALLEST]) or int(s[_LARGEST]) < n):
                s[_SIZE] = n
    s[_LAST] = n
    s[_LAST_SEQ] = info[_SEQ]
    s[_LAST_TS] = info[_TS]
    return s[_SIZE]
