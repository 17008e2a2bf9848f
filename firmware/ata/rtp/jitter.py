"""The jitter buffer: encoded audio of one byte a sample, put in as packets, taken out as a steady stream.

How it works. A ring of 280 ms is addressed by RTP timestamp, in grains of 8 bytes (1 ms) with a "filled" flag
each, so every packet length, reordering, duplicates and loss are one mechanism. The play-out position steps
on with each take(). How far a packet's timestamp lies ahead of it on arrival is the packet's *slack*: the
time it waits in the buffer. Only differences of slack matter, so no clock is needed, and skew is seen too.

* A packet that comes too late (slack < 0) moves the position back at once so that it still plays: nothing of
  the speech is lost, it is stretched by a gap that has already been heard. If it was overtaken, what follows
  it has been heard as well, so it is dropped; a second one within 200 packets moves the position anyway.
* When no packet of the last 2.5 to 5 s had less slack than the least depth and 10 ms more, 10 ms are skipped:
  such as are missing or quiet, every 200 ms at most; if there are none for 2 s and 20 ms are too much, any.
* More slack than the greatest depth is skipped at once. Least = greatest depth is a fixed buffer.
* Packets that lie outside of what can be mended for 80 ms of playing are a restarted sender, and so is the
  first one after 1 s of nothing: the position is set anew, with the depth there was less what was too much.

How to use it. put() what has come, then take() what is to be played, once a step each.
"""

# ptr8(), ptr32() and uint() are called here; in typings/__builtins__.pyi they are only names of types.
# pyright: reportCallIssue=false

from array import array

import micropython
from micropython import const

_RING = const(2240)  # samples
_STAMP = const(0xFFFFFFF)  # timestamps have 28 bits
_HALF = const(0x8000000)
_NONE = const(0x1000000)  # a least slack when there was no packet
_STEP = const(80)  # the position is moved by 10 ms

_WINDOW = const(20480)  # samples of each of the two windows in which slack is watched
_REST = const(1600)  # samples between two skips
_PATIENCE = const(16000)  # samples to wait for a quiet chunk
_QUIET = const(0x1A)  # of the 7 bits of magnitude, about −40 dBm0 in both laws
_RESTART = const(640)  # samples
_STARVED = const(8000)  # samples
_LEAP = const(8000)  # samples ahead that are a stall of ours and not another time base
_OVERTAKEN = const(200)  # packets
_MAX_DROPOUT = const(3000)  # RFC 3550 appendix A.1
_MAX_MISORDER = const(100)
_LONGEST = const(1600)  # bytes of a packet, 200 ms (RFC 3551 §4.2)

# Words of the state, none ever negative: a ptr32 load is not sign-extended on a 64-bit port.
_PLAY = const(0)  # timestamp of the sample that is taken next
_HEAD = const(1)  # its place in the ring
_RUNNING = const(2)  # 1: the two above are valid
_HEARD = const(3)  # 1: the next two are valid, 2: _TRANSIT too
_HIGH = const(4)  # greatest sequence number
_MASK = const(5)  # which of the 24 up to it have come, bit 0 is the greatest
_TRANSIT = const(6)  # RFC 3550 §6.4.1, timestamp units
_JITTER = const(7)  # the same, times 16
_LEAST = const(8)  # least slack in this window
_LEAST_BEFORE = const(9)  # … in the one before
_MOST = const(10)
_MOST_BEFORE = const(11)
_AGE = const(12)  # samples taken in this window
_BAD = const(13)  # samples taken since the first packet that could not be placed, 0: the last one could
_SILENT = const(14)  # samples taken since a packet was stored
_WAIT = const(15)  # samples until a skip is allowed
_TRIED = const(16)  # samples for which a quiet chunk was looked for
_STRIKE = const(17)  # packets for which an overtaken one is remembered
_MIN = const(18)  # least depth
_MAX = const(19)  # greatest depth, for the longest packet seen
_FLIP = const(20)
_RECEIVED = const(21)
_LATE = const(22)
_LOST = const(23)
_DUPLICATE = const(24)
_DISCARDED = const(25)
_STRETCHED = const(26)
_SKIPPED = const(27)
_RESTARTS = const(28)
_WORDS = const(29)


class JitterBuffer:
    """`minimum` and `maximum` depth in whole ms, kept within 8 … 200; equal for a fixed depth."""

    def __init__(self, minimum=20, maximum=200):
        minimum = min(max(minimum, 8), 200)
        self._limits = (minimum * 8, min(max(maximum, minimum), 200) * 8)
        self._ring = bytearray(_RING + _RING // 8)  # and the flags
        self._state = array("i", [0] * _WORDS)
        self.open()

    def open(self, flip=0x7F):
        """A new stream. `flip` is what its law inverts in each byte, 0x7F for µ-law and 0x55 for A-law: with
        it quiet audio is found without decoding."""
        for i in range(_FLIP, _WORDS):
            self._state[i] = 0
        self._state[_FLIP] = flip
        self.renew()

    def renew(self):
        """Another sender: forget what was heard. The counters go on."""
        state = self._state
        for i in range(_FLIP):
            state[i] = 0
        state[_LEAST] = _NONE  # and 0 before: nothing is skipped until a whole window was watched
        state[_MIN], state[_MAX] = self._limits
        state[_MOST] = state[_MOST_BEFORE] = state[_MIN]

    def fix(self, least):
        """Keep the present depth, at least `least` ms, from now on until open(): for data, to which every
        skip and every stretch is an error."""
        state = self._state
        depth = min(max(state[_MOST], state[_MOST_BEFORE], least * 8), 1600)
        state[_MIN] = state[_MAX] = state[_MOST] = state[_MOST_BEFORE] = depth

    def statistics(self):
        """A dict of counters: packets received, late, lost (never came), duplicate, discarded (came but could
        not be played); pieces of 10 ms stretched and skipped; restarts; and depth_ms, what the fastest
        packets wait, and jitter, the interarrival jitter of RFC 3550 §6.4.1 in timestamp units."""
        state = self._state
        found = {"depth_ms": max(state[_MOST], state[_MOST_BEFORE]) >> 3, "jitter": state[_JITTER] >> 4}
        place = _RECEIVED
        for name in "received late lost duplicate discarded stretched skipped restarts".split():
            found[name] = state[place]
            place += 1
        return found

    def put(self, buf, offset, n, seq, ts, now):
        """A packet's n bytes at buf[offset], which came at tick `now`; `ts` has 28 bits. With n = 0 only the
        sequence number counts: a packet of the same sender that is no audio, such as an event."""
        _put(self._state, self._ring, buf, self._state, self._ring, offset, n, seq, ts, now)

    def take(self, out, offset, n):
        """Play n bytes, a multiple of 8: 1 and out[offset : offset + n] is filled, or 0 and it is not
        touched, not all being here. They are gone either way: two takes of 80 lose less than one of 160."""
        return _take(self._state, out, self._ring, self._state, self._ring, offset, n)


# The kernels have state and ring as pointers, and once more as the objects that _move() is called with. The
# first two parameters live in registers. 8 bytes, a grain, are copied at once, with constant indexes.


@micropython.viper
def _put(s: ptr32, ring: ptr8, src: ptr8, state, flags, offset: int, n: int, seq: int, ts: int, now: int):
    overtaken = 0
    if s[_HEARD]:
        d = (seq - int(s[_HIGH])) & 0xFFFF
        if d >= 0x10000 - _MAX_MISORDER or d == 0:
            overtaken = (0x10000 - d) & 0xFFFF
            if overtaken < 24:
                if (s[_MASK] >> overtaken) & 1:
                    s[_DUPLICATE] += 1
                    return
                s[_MASK] = s[_MASK] | (1 << overtaken)
            if s[_LOST]:
                s[_LOST] -= 1
        else:
            if d < _MAX_DROPOUT:
                s[_LOST] += d - 1
            if d < 24:
                s[_MASK] = ((s[_MASK] & ((1 << (24 - d)) - 1)) << d) | 1
            else:
                s[_MASK] = 1
            s[_HIGH] = seq
    else:
        s[_HEARD] = 1
        s[_HIGH] = seq
        s[_MASK] = 1
    s[_RECEIVED] += 1
    if s[_STRIKE]:
        s[_STRIKE] -= 1
    if n == 0:
        return
    transit = (((now & 0x1FFFFFF) << 3) - ts) & _STAMP
    if int(s[_HEARD]) == 2:
        d = (transit - int(s[_TRANSIT])) & _STAMP
        if d >= _HALF:
            d = _STAMP + 1 - d
        if d < _LEAP:  # else another time base
            jitter = int(s[_JITTER])
            s[_JITTER] = jitter + d - ((jitter + 8) >> 4)
    s[_HEARD] = 2
    s[_TRANSIT] = transit
    if n > _LONGEST:
        n = _LONGEST
    n = n & -8
    if n <= 0:
        s[_DISCARDED] += 1
        return
    if n > _RING - int(s[_MAX]):  # so that what is stored always stays in the ring when the depth grows
        s[_MAX] = _RING - n
    most = int(s[_MOST])
    if most < int(s[_MOST_BEFORE]):
        most = int(s[_MOST_BEFORE])

    slack = 0
    anchor = 1
    if s[_RUNNING]:
        slack = (ts - int(s[_PLAY])) & _STAMP
        if slack >= _HALF:
            slack -= _STAMP + 1
        r = slack & 7  # off the grid of grains: the grid moves, by half a millisecond at most
        if r > 4:
            r -= 8
        slack -= r
        bad = 0
        move = 0
        if slack < 0:
            s[_LATE] += 1
            bad = 1
            if slack >= -_RING:
                move = ((_STEP - 1 - slack) // _STEP) * _STEP
                if most + move <= int(s[_MAX]):
                    bad = 0
                    if overtaken == 0 or s[_STRIKE]:
                        _move(state, flags, 0 - move)
                        s[_STRETCHED] += move // _STEP
                        if slack + move < int(s[_LEAST]):
                            s[_LEAST] = slack + move
                    if overtaken:  # what follows it has been heard
                        s[_STRIKE] = _OVERTAKEN
                        s[_DISCARDED] += 1
                        return
        elif slack > int(s[_MAX]):
            move = slack - int(s[_MAX])
            bad = 1
            if move < _LEAP:
                bad = 0
                _move(state, flags, move)
                s[_SKIPPED] += (move + _STEP - 1) // _STEP
                move = 0 - move
        if bad:
            if s[_BAD] == 0:
                s[_BAD] = 1
            if int(s[_BAD]) <= _RESTART:
                s[_DISCARDED] += 1
                return
            s[_RESTARTS] += 1
            s[_LEAST] = _NONE
            s[_LEAST_BEFORE] = 0
        else:
            anchor = 0
            slack += move
            s[_PLAY] = (int(s[_PLAY]) + r) & _STAMP
    if anchor:
        surplus = int(s[_LEAST])
        if surplus > int(s[_LEAST_BEFORE]):
            surplus = int(s[_LEAST_BEFORE])
        surplus -= int(s[_MIN])
        if surplus > 0 and surplus < most:
            _move(state, flags, surplus)
            most -= surplus
        if most < int(s[_MIN]):
            most = int(s[_MIN])
        if most > int(s[_MAX]):
            most = int(s[_MAX])
        slack = most
        s[_PLAY] = (ts - slack) & _STAMP
        s[_HEAD] = 0
        s[_RUNNING] = 1
        flags4 = ptr32(uint(ring) + _RING)
        w = _RING // 64
        while w:
            flags4[0] = 0
            flags4[1] = 0
            flags4 = ptr32(uint(flags4) + 8)
            w -= 1
    s[_BAD] = 0
    s[_SILENT] = 0
    if slack < int(s[_LEAST]):
        s[_LEAST] = slack
    if slack > int(s[_MOST]):
        s[_MOST] = slack

    w = int(s[_HEAD]) + slack
    if w >= _RING:
        w -= _RING
    first = ring
    flag = ptr8(uint(ring) + _RING + (w >> 3))
    ring = ptr8(uint(ring) + w)
    src = ptr8(uint(src) + offset)
    while n:
        ring[0] = src[0]
        ring[1] = src[1]
        ring[2] = src[2]
        ring[3] = src[3]
        ring[4] = src[4]
        ring[5] = src[5]
        ring[6] = src[6]
        ring[7] = src[7]
        flag[0] = 1
        ring = ptr8(uint(ring) + 8)
        src = ptr8(uint(src) + 8)
        flag = ptr8(uint(flag) + 1)
        w += 8
        if w == _RING:
            w = 0
            ring = first
            flag = ptr8(uint(first) + _RING)
        n -= 8


@micropython.viper
def _take(s: ptr32, dst: ptr8, ring: ptr8, state, flags, offset: int, n: int) -> int:
    if s[_RUNNING] == 0 or n <= 0 or n & 7:
        return 0
    s[_AGE] += n
    s[_SILENT] += n
    if int(s[_WAIT]) > n:
        s[_WAIT] -= n
    else:
        s[_WAIT] = 0
    if s[_BAD]:
        s[_BAD] += n
    if int(s[_AGE]) >= _WINDOW:
        s[_AGE] = 0
        if int(s[_LEAST]) != _NONE:
            s[_LEAST_BEFORE] = s[_LEAST]
            s[_MOST_BEFORE] = s[_MOST]
            s[_LEAST] = _NONE
            s[_MOST] = 0

    # Less delay, if every packet comes earlier than it need.
    w = int(s[_HEAD])
    surplus = int(s[_LEAST])
    if surplus > int(s[_LEAST_BEFORE]):
        surplus = int(s[_LEAST_BEFORE])
    surplus -= int(s[_MIN])
    if surplus >= _STEP and s[_WAIT] == 0:
        s[_TRIED] += n
        skip = 1
        if surplus < 2 * _STEP or int(s[_TRIED]) < _PATIENCE:
            flip = int(s[_FLIP])
            left = _STEP
            while left:
                if ring[_RING + (w >> 3)] and ((ring[w] ^ flip) & 127) > _QUIET:
                    skip = 0
                    left = 1
                w += 1
                if w == _RING:
                    w = 0
                left -= 1
        if skip:
            s[_TRIED] = 0
            s[_WAIT] = _REST
            s[_SKIPPED] += 1
            _move(state, flags, _STEP)
        w = int(s[_HEAD])

    found = 1
    flag = ptr8(uint(ring) + _RING + (w >> 3))
    left = n
    while left:
        found = flag[0] & found
        flag[0] = 0
        flag = ptr8(uint(flag) + 1)
        left -= 8
        w += 8
        if w == _RING:
            w = 0
            flag = ptr8(uint(ring) + _RING)
    if found:
        left = n
        at = int(s[_HEAD])
        dst = ptr8(uint(dst) + offset)
        first = ring
        ring = ptr8(uint(ring) + at)
        while left:
            dst[0] = ring[0]
            dst[1] = ring[1]
            dst[2] = ring[2]
            dst[3] = ring[3]
            dst[4] = ring[4]
            dst[5] = ring[5]
            dst[6] = ring[6]
            dst[7] = ring[7]
            dst = ptr8(uint(dst) + 8)
            ring = ptr8(uint(ring) + 8)
            left -= 8
            at += 8
            if at == _RING:
                at = 0
                ring = first
    s[_HEAD] = w
    s[_PLAY] = (int(s[_PLAY]) + n) & _STAMP
    if int(s[_SILENT]) >= _STARVED:
        s[_RUNNING] = 0
    return found


@micropython.viper
def _move(s: ptr32, ring: ptr8, by: int):
    """Move the play-out position by `by` samples: on, dropping what lies between, or back, by less than the
    ring; and all the slacks with it."""
    s[_PLAY] = (int(s[_PLAY]) + by) & _STAMP
    w = int(s[_HEAD])
    left = by
    while left > 0:
        ring[_RING + (w >> 3)] = 0
        w += 8
        if w == _RING:
            w = 0
        left -= 8
    if by < 0:
        w += by
        if w < 0:
            w += _RING
    s[_HEAD] = w
    i = _LEAST
    while i <= _MOST_BEFORE:
        slack = int(s[i])
        if slack != _NONE:
            slack -= by
            if slack < 0:
                slack = 0
            s[i] = slack
        i += 1
