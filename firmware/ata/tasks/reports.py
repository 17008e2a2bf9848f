"""RTCP: tells the far end of each call how it is heard, and learns how we are, on the port after RTP's or,
where both ends want that, on RTP's own (RFC 5761).

A leg's socket exists only as long as its stream: an ESP32 has ten in all. A far end that sends from another
port than the one after its RTP (a NAT, a=rtcp) is answered where it sends from. Without a free port a call
has no reports, and sounds the same.
"""

import binascii

from ata.base.clock import due
from ata.base.errors import HardwareFault
from ata.rtp.rtcp import Rtcp, whole

_DATAGRAM = 512
_MUXED = 256  # bytes: of one that comes among RTP
_BURST = 4  # datagrams of one leg taken in one step


class _Report:
    def __init__(self, rtcp, socket, address, opened, port):
        self.rtcp = rtcp
        self.socket = socket
        self.address = address
        self.opened = opened  # LegSlot.opened of the stream that it is about
        self.port = port  # Media.rtcp
        self.last = None  # what was known of it last, for its BYE


class Reports:
    """`legs`: ata.tasks.media.MediaPump.legs. Call step() often: what is read late counts as a
    longer round trip."""

    def __init__(self, hal, legs, log):
        self._hal = hal
        self._legs = legs
        self._log = log
        self._open = {}  # LegSlot → _Report

    def step(self):
        now = self._hal.ticks()
        for leg in self._legs:
            slot = leg.slot
            report = self._open.get(slot)
            if report is not None:
                goes_on = slot.is_open and slot.opened == report.opened
                if goes_on and slot.media.rtcp != report.port:
                    goes_on = False
                    report.last = None  # the stream does go on: no farewell
                if not goes_on:
                    self._end(leg, report, now)
                    report = None
            if slot.is_open and slot.address is not None:
                if report is None:
                    report = self._begin(leg, now)
                self._serve(leg, report, now)

    def _begin(self, leg, now):
        slot = leg.slot
        port = slot.media.rtcp
        socket = None
        if port == slot.media.port:
            leg.report = bytearray(_MUXED)
            leg.reported = 0
        else:
            try:
                socket = self._hal.net.udp(leg.socket.port + 1)
            except HardwareFault:
                self._log.count("no rtcp port")
        random = self._hal.identity.random
        # A name for this call only (RFC 7022); the time counts from our start (RFC 3550 §6.4.1).
        rtcp = Rtcp(slot.stream.packet, binascii.hexlify(random(6)), random, now, 1 + now // 1000)
        address = self._hal.net.address(slot.media.ip, port)
        report = self._open[slot] = _Report(rtcp, socket, address, slot.opened, port)
        return report

    def _serve(self, leg, report, now):
        slot = leg.slot
        if leg.report is not None:
            report.address = slot.address
            if leg.reported:
                data = leg.report[: whole(leg.report, leg.reported)]
                leg.reported = 0
                self._receive(slot, report, data, None, now)
        elif report.socket is None:
            return
        else:
            for _ in range(_BURST):
                received = report.socket.recvfrom(_DATAGRAM)
                if received is None:
                    break
                self._receive(slot, report, received[0], received[1], now)
        if due(report.rtcp.deadline(), now):
            report.last = slot.stream.reception()
            self._send(leg, report, now, False)

    def _receive(self, slot, report, data, sender, now):
        rtcp = report.rtcp
        if rtcp.receive(data, now):
            if sender is not None:
                report.address = self._hal.net.address(sender[0], sender[1])
        else:
            self._log.count("bad rtcp")
        slot.rtt = rtcp.rtt
        slot.far_loss = rtcp.loss

    def _end(self, leg, report, now):
        del self._open[leg.slot]
        if report.last is not None:
            self._send(leg, report, now, True)
        if report.socket is not None:
            report.socket.close()
        leg.report = None

    def _send(self, leg, report, now, bye):
        sent, source, high, received, lost, jitter = report.last
        data = report.rtcp.report(now, sent, source, high, received, lost, jitter, bye)
        socket = report.socket or leg.socket
        if not socket.sendto(data, report.address):
            self._log.count("rtcp unsent")
