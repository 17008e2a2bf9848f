"""RTCP: tells the far end of each call how it is heard, and learns how we are, on the port after RTP's.

A leg's socket exists only as long as its stream: an ESP32 has ten in all. A far end that sends from another
port than the one after its RTP (a NAT, a=rtcp) is answered where it sends from. Without a free port a call
has no reports, and sounds the same.
"""

import binascii

from ata.base.clock import due
from ata.base.errors import HardwareFault
from ata.rtp.rtcp import Rtcp

_DATAGRAM = 512
_BURST = 4  # datagrams of one leg taken in one step


class _Report:
    def __init__(self, rtcp, socket, address, opened):
        self.rtcp = rtcp
        self.socket = socket
        self.address = address
        self.opened = opened  # LegSlot.opened of the stream that it is about
        self.last = None  # what was known of it last, for its BYE


class Reports:
    """`legs`: ata.tasks.media.MediaPump.legs. Call step() often: what is read late counts as a
    longer round trip."""

    def __init__(self, hal, legs, log):
        self._hal = hal
        self._legs = legs
        self._log = log
        self._open = {}  # place in legs -> _Report

    def step(self):
        now = self._hal.ticks()
        for place, leg in enumerate(self._legs):
            slot = leg.slot
            report = self._open.get(place)
            if report is not None and not (slot.is_open and slot.opened == report.opened):
                self._end(place, report, now)
                report = None
            if slot.is_open and slot.address is not None:
                if report is None:
                    report = self._begin(place, leg, now)
                self._serve(slot, report, now)

    def _begin(self, place, leg, now):
        slot = leg.slot
        try:
            socket = self._hal.net.udp(leg.socket.port + 1)
        except HardwareFault:
            socket = None
            self._log.count("no rtcp port")
        random = self._hal.identity.random
        # A name for this call only (RFC 7022); the time counts from our start (RFC 3550 §6.4.1).
        rtcp = Rtcp(slot.stream.packet, binascii.hexlify(random(6)), random, now, 1 + now // 1000)
        address = self._hal.net.address(slot.media.ip, slot.media.rtcp)
        report = self._open[place] = _Report(rtcp, socket, address, slot.opened)
        return report

    def _serve(self, slot, report, now):
        if report.socket is None:
            return
        for _ in range(_BURST):
            received = report.socket.recvfrom(_DATAGRAM)
            if received is None:
                break
            self._receive(slot, report, received, now)
        if due(report.rtcp.deadline(), now):
            report.last = slot.stream.reception()
            self._send(report, now, False)

    def _receive(self, slot, report, received, now):
        rtcp = report.rtcp
        if rtcp.receive(received[0], now):
            report.address = self._hal.net.address(received[1][0], received[1][1])
        else:
            self._log.count("bad rtcp")
        slot.rtt = rtcp.rtt
        slot.far_loss = rtcp.loss

    def _end(self, place, report, now):
        del self._open[place]
        if report.socket is not None:
            if report.last is not None:
                self._send(report, now, True)
            report.socket.close()

    def _send(self, report, now, bye):
        sent, source, high, received, lost, jitter = report.last
        data = report.rtcp.report(now, sent, source, high, received, lost, jitter, bye)
        if not report.socket.sendto(data, report.address):
            self._log.count("rtcp unsent")
