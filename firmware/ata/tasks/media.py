"""The media pump: moves PCM blocks and RTP datagrams through the media path, 20 ms at a time.

`step` is called every 10 ms or sooner, from a soft timer where the board has one, else by the service. In the
steady state (voice packets of one size) it allocates nothing.
"""

from micropython import const

from ata.base.clock import add, due
from ata.base.unload import forget
from ata.rtp.readsize import ReadSize
from ata.rtp.rtcp import is_rtcp

_BLOCK_BYTES = const(320)  # 80 frames × 2 ports × 2 bytes, see hal.contract.PcmPort
_MAX_DATAGRAM = const(600)  # 60 ms of G.711 with its header are 492 bytes
_LINGER_MS = const(200)  # a socket outlives its call: the last report goes, and what is on its way is taken
_DRAIN = const(8)  # datagrams of one leg taken in one call at most: a flood must not hold up the audio


class _LegSocket:
    """One leg slot with its socket and receive buffer. `report`: where a report that comes among RTP (RFC
    5761) is put for ata.tasks.reports, a bytearray, or None where none are taken here."""

    def __init__(self, slot, socket):
        self.slot = slot
        self.socket = socket
        self.report = None  # type: Any
        self.reported = 0  # bytes in it
        self.over = None  # the tick at which it is closed
        self._size = ReadSize()
        self._buffer = None

    def drain(self, now):
        """Take what has come → the datagrams that were not for us: garbage, strangers, late ones."""
        ignored = 0
        is_open = self.slot.is_open
        stream = self.slot.stream
        size = self._size
        for _ in range(_DRAIN):
            exact = size.size
            if exact and is_open:
                data = self._buffer
                if data is None or len(data) != exact:
                    data = self._buffer = bytearray(exact)
                count = self.socket.readinto(data)
                if not count:
                    break
            else:
                data = self.socket.recv(_MAX_DATAGRAM)
                if data is None:
                    break
                count = len(data)
                if not is_open:
                    ignored += 1
                    continue
            if self.report is not None and is_rtcp(data, count):
                self._keep(data, count)
                continue
            kind = stream.receive(data, count, now)
            if kind == 0:
                ignored += 1
            size.seen(count, kind, stream.info, now)
        return ignored

    def _keep(self, data, count):
        report = self.report
        count = min(count, len(report))
        for i in range(count):  # once in some seconds, and a slice would be a heap object
            report[i] = data[i]
        self.reported = count

    def send(self, lost):
        slot = self.slot
        if slot.voice_due:
            lost = self._send_voice(slot, lost)
        if slot.silence_due and not self.socket.sendto(slot.silence, slot.address):
            lost += 1
        if slot.event_due and not self.socket.sendto(slot.stream.event_packet, slot.address):
            lost += 1
        return lost

    def _send_voice(self, slot, lost):
        stream = slot.stream
        if not self.socket.sendto(stream.packet, slot.address):
            lost += 1
        if stream.packing is not None:
            while stream.packing.another():
                if not self.socket.sendto(stream.packet, slot.address):
                    lost += 1
        return lost


class MediaPump:
    """`path`: ata.call.media.MediaPath. `base_port`: the first RTP port (even), 0 for any free ones. Raises
    HardwareFault if another program has one of them."""

    def __init__(self, hal, path, base_port):
        self.unsent = 0  # datagrams that the network did not take
        self.ignored = 0  # datagrams that came to the RTP ports and were not for us
        self._hal = hal
        self._path = path
        self._pcm = hal.pcm
        self._frame = bytearray(2 * _BLOCK_BYTES)  # from the board, and then to it
        view = memoryview(self._frame)
        self._blocks = (view[:_BLOCK_BYTES], view[_BLOCK_BYTES:])
        self._filled = 0
        self.legs = []  # of the calls that there are
        self._base_port = base_port
        if base_port:
            for number in range(4):  # better told now than with the first call
                hal.net.udp(base_port + 2 * number).close()

    def rtp_port(self, port, slot):
        """The local UDP port of slot 0 or 1 of `port`, open until a while after the slot's close()."""
        number = 2 * (port - 1) + slot
        slot = self._path.slot(port, slot)
        slot.wanted = True
        for leg in self.legs:
            if leg.slot is slot:
                break
        else:
            leg = _LegSocket(slot, self._hal.net.udp(self._base_port + 2 * number if self._base_port else 0))
            self.legs.append(leg)
        leg.over = None
        return leg.socket.port

    def _end(self, leg, now):
        if leg.over is None:
            leg.over = add(now, _LINGER_MS)
        elif due(leg.over, now):
            self.legs.remove(leg)
            leg.socket.close()

    def statistics(self, port, slot):
        """Figures of a leg as a dict (ata.call.quality); empty if it has no stream."""
        found = self._path.slot(port, slot)
        if not found.is_open:
            return {}
        from ata.call.quality import figures

        told = figures(found, self._path.steps)
        forget("ata.call.quality")
        return told

    def step(self):
        """Move what is there: all blocks that have come, and the datagrams that belong to them."""
        now = self._hal.ticks()
        for leg in self.legs:
            self.ignored += leg.drain(now)
            if not leg.slot.wanted:
                self._end(leg, now)
        while self._pcm.read(self._blocks[self._filled]):
            self._filled += 1
            if self._filled == 2:
                self._filled = 0
                self._path.step(self._frame, self._frame)
                for leg in self.legs:
                    self.unsent = leg.send(self.unsent)
                self._pcm.write(self._blocks[0])
                self._pcm.write(self._blocks[1])
