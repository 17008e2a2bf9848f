"""RTCP for one call between two parties (RFC 3550 §6): what each tells the other of the stream it hears.

    compound packet    SR (we sent since the report before the last one) or RR, with a report block if
                       we hear something; SDES with the CNAME; BYE at the end

Sans-IO: report() makes datagrams, receive() reads them, deadline() is the tick of the next report. Two
parties with a 64 kbit/s stream stay far below 5 % of its bandwidth with the least interval of 5 s, so the
rule of §6.2 is this interval, half of it at first, made random (§6.3.1). Not for the 20 ms
step: it allocates.
"""

import struct

from micropython import const

from ata.base.clock import add, diff

_SR = const(200)
_RR = const(201)
_SDES = const(202)
_BYE = const(203)

_INTERVAL = const(5000)  # ms, §6.2
_RANDOM = const(79841)  # 65536 · (e − 3/2): what reconsideration takes off is given back, §6.3.1
_SEEN = const(60)  # s: no round trip takes longer


def is_rtcp(data, n):
    """True if the datagram data[:n] is RTCP where RTP comes to the same port (RFC 5761 §4)."""
    return n >= 8 and 192 <= data[1] <= 223


def whole(data, n):
    """How much of data[:n] is RTCP: what is read from the port of RTP may end with the beginning of an RTP
    packet (ata.rtp.readsize)."""
    at = 0
    while n - at >= 4 and data[at] >> 6 == 2 and 192 <= data[at + 1] <= 223:
        at += 4 * (data[at + 2] << 8 | data[at + 3]) + 4
    return min(at, n)


class Rtcp:
    """`packet`: the buffer of the RTP packets that we send (RtpStream.packet), whose header holds our SSRC
    and the present timestamp. `cname`: bytes, 255 at most, that are ours for the call (§6.5.1). `random(n)`:
    n random bytes. `ntp`: the seconds since 1900 at `now`, 0 if not known (§6.4.1: uptime will do).

    What the peer told last, -1 if nothing: loss (fraction of 256 of our packets lost), lost (in all),
    jitter (timestamp units), rtt (ms). `ended`: it said BYE. `bad`: datagrams that were no RTCP, or broken.
    """

    def __init__(self, packet, cname, random, now, ntp=0):
        self._packet = packet
        self._cname = cname
        self._random = random
        self._ntp = ntp
        self._tick = now
        self._ms = 0  # since then
        self._sent = self._sent_before = 0
        self._source = None  # whom the next ones belong to: the SSRC that we hear
        self._high = 0  # the highest sequence number, with its cycles
        self._received = self._lost = self._lost_first = 0
        self._sr_source = None  # whose sender report came last,
        self._lsr = 0  # its time, the middle 32 bits,
        self._lsr_ms = 0  # and when it came
        self.loss = self.lost = self.jitter = self.rtt = -1
        self.ended = False
        self.bad = 0
        self._plan(_INTERVAL // 2)

    def deadline(self):
        return self._deadline

    def report(self, now, sent, source, high, received, lost, jitter, bye=False):
        """The compound packet that is due; with `bye` the last one. `sent`: RTP packets that we sent in the
        call. Of the stream that we hear: `source` its SSRC or None, `high` its highest sequence number (16
        bit), packets `received` and `lost` (never came) in the call, `jitter` in timestamp units."""
        self._pass(now)
        self._plan(_INTERVAL)
        if source != self._source:
            self._source = source
            self._high = 0
            # the first source from its beginning, another one from now on: the counters are of the call
            if self._received:
                self._received = received
                self._lost_first = self._lost = lost
        block = b""
        if source is not None:
            block = self._block(high, received, lost, jitter)
        packet = self._packet
        ts, ssrc = struct.unpack_from(">II", packet, 4)
        count = 0x81 if block else 0x80
        words = len(block) // 4
        out = struct.pack(">BBHI", count, _RR, words + 1, ssrc)
        if sent != self._sent_before:
            octets = sent * (len(packet) - 12) & 0xFFFFFFFF
            out = struct.pack(">BBHIQIII", count, _SR, words + 6, ssrc, self._time(), ts, sent, octets)
        self._sent_before = self._sent
        self._sent = sent
        # one chunk: its items end with at least one zero octet and at a whole word (§6.5)
        chunk = struct.pack(">IBB", ssrc, 1, len(self._cname)) + self._cname
        chunk += bytes(4 - len(chunk) % 4)
        out += block + struct.pack(">BBH", 0x81, _SDES, len(chunk) // 4) + chunk
        if bye:
            out += struct.pack(">BBHI", 0x81, _BYE, 1, ssrc)
        return out

    def receive(self, data, now):
        """A datagram from the peer. True if it is a compound packet (§A.2); hostile ones are only counted."""
        self._pass(now)
        n = len(data)
        at = 0
        while at < n:  # all of it must be right before any of it counts
            if n - at < 4 or data[at] >> 6 != 2:
                break
            length = 4 * (data[at + 2] << 8 | data[at + 3]) + 4
            at += length
            if data[at - length] & 32 and (at == length or at != n):
                at = -1  # padding: only the last may have it, and not the first
                break
        if n == 0 or at != n or data[1] not in (_SR, _RR):
            self.bad += 1
            return False
        at = 0
        while at < n:
            place = at + 8
            count = data[at] & 31
            kind = data[at + 1]
            at += 4 * (data[at + 2] << 8 | data[at + 3]) + 4
            if kind == _BYE:
                self.ended = self.ended or count > 0
            if kind not in (_SR, _RR):
                continue
            if kind == _SR:
                place += 20
            if at < place + 24 * count:
                self.bad += 1
                continue
            if kind == _SR:
                self._sr_source, _, self._lsr = struct.unpack_from(">IHI", data, place - 24)
                self._lsr_ms = self._ms
            while count:
                count -= 1
                ssrc, lost, _, jitter, lsr, dlsr = struct.unpack_from(">IIIIII", data, place)
                place += 24
                if ssrc != struct.unpack_from(">I", self._packet, 8)[0]:
                    continue
                self.loss = lost >> 24
                self.lost = ((lost & 0xFFFFFF) ^ 0x800000) - 0x800000
                self.jitter = jitter
                if lsr:  # §6.4.1; a time that we cannot have sent is not taken
                    trip = (self._time() >> 16) - lsr - dlsr & 0xFFFFFFFF
                    if trip < _SEEN << 16:
                        self.rtt = trip * 1000 >> 16
        return True

    def _block(self, high, received, lost, jitter):
        high |= self._high & 0xFFFF0000
        if self._high - high > 0x8000:
            high = high + 0x10000 & 0xFFFFFFFF
        self._high = high
        fraction = 0
        gone = lost - self._lost
        expected = received - self._received + gone
        if gone > 0 and expected > 0:
            fraction = min(255, gone * 256 // expected)
        self._received = received
        self._lost = lost
        # cumulative: 24 bits, signed (§6.4.1)
        lost = max(-0x800000, min(0x7FFFFF, lost - self._lost_first)) & 0xFFFFFF
        lsr = delay = 0
        if self._sr_source == self._source:
            lsr = self._lsr
            delay = (self._ms - self._lsr_ms) * 65536 // 1000 & 0xFFFFFFFF
        return struct.pack(">IIIIII", self._source, fraction << 24 | lost, high, jitter, lsr, delay)

    def _time(self):
        """NTP time: 32 bits of seconds, 32 of their fraction."""
        return (self._ntp * 1000 + self._ms) * 4294967296 // 1000 & 0xFFFFFFFFFFFFFFFF

    def _pass(self, now):
        self._ms += diff(now, self._tick)
        self._tick = now

    def _plan(self, ms):
        """The next report in half to one and a half of `ms`, but for the compensation of §6.3.1."""
        data = self._random(2)
        self._deadline = add(self._tick, ms * (32768 + (data[0] << 8 | data[1])) // _RANDOM)
