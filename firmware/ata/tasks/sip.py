"""The SIP task: datagrams between the socket and the exchange, the exchange's clock, and host names."""

import gc

from micropython import const

from ata.base.clock import add, due
from ata.base.unload import drop_overlays

_MAX_DATAGRAM = const(1536)  # lwIP on the ESP32 puts no fragments together: no longer one can come
_LEAST_DATAGRAM = const(768)  # what the smaller ones fit into
_BURST = const(10)  # datagrams handled before others get a turn
_NAMES = const(8)  # host names remembered
_KNOWN_MS = const(600000)  # an address that was found is asked for again after ten minutes,
_UNKNOWN_MS = const(60000)  # and a name that had none after one: a look-up stops everything for seconds


class SipTask:
    """`exchange` is set by the composition root: the exchange itself needs `resolve`."""

    def __init__(self, hal, socket, log):
        self.exchange = None  # type: Any
        self._hal = hal
        self._socket = socket
        self._log = log
        # Its place is given to a datagram when there is no other of that size in one piece.
        self._ballast = None  # type: Any
        self._names = {}  # host name -> [IPv4 text or None, the tick at which it is old]
        self._deadline = None

    def resolve(self, host, port):
        """What sendto wants for host and port; None if the name has no address. May block for a name."""
        if host[-1:].isdigit():
            return self._hal.net.address(host, port)  # a name never ends in a digit (RFC 1123 §2.1)
        return self._by_name(host, port)

    def _by_name(self, host, port):
        now = self._hal.ticks()
        known = self._names.get(host)
        # While somebody talks, an old address is better than seconds of silence.
        if known is None or (due(known[1], now) and not (known[0] and self.exchange.in_call())):
            ip = self._hal.net.lookup(host)
            if ip is None:
                self._log.warning("net", "no address for %s" % host)
            if len(self._names) >= _NAMES:
                self._names.clear()
            known = self._names[host] = [ip, add(now, _KNOWN_MS if ip else _UNKNOWN_MS)]
        return self._hal.net.address(known[0], port) if known[0] else None

    def flush(self, now):
        """Send what the exchange has to send."""
        while True:
            output = self.exchange.poll()
            if output is None:
                return
            _kind, data, host, port = output
            address = self.resolve(host, port)
            if address is None:
                self.exchange.unreachable(host, now)
            elif not self._socket.sendto(data, address):
                self._log.count("sip unsent")  # the transaction sends it again

    def _squeeze(self):
        """recvfrom() when the heap is full, or in pieces."""
        self._ballast = None
        drop_overlays()
        gc.collect()
        try:
            return self._socket.recvfrom(_MAX_DATAGRAM)
        except MemoryError:
            pass
        received = self._socket.recvfrom(_LEAST_DATAGRAM)
        if received is not None and len(received[0]) == _LEAST_DATAGRAM:
            self._log.count("sip cut")  # it will come again, and may find more room
            return None
        return received

    def _weigh(self):
        try:
            self._ballast = bytearray(_MAX_DATAGRAM)
        except MemoryError:
            pass  # the next step may find room

    def step(self):
        """Take what has come, let timers run out, send."""
        exchange = self.exchange
        now = self._hal.ticks()
        for _ in range(_BURST):
            try:
                received = self._socket.recvfrom(_MAX_DATAGRAM)
            except MemoryError:
                received = self._squeeze()
            if received is None:
                break
            exchange.receive(received[0], received[1], now)
        if self._ballast is None:
            received = None
            self._weigh()
        if exchange.changed:
            exchange.changed = False
            self._deadline = exchange.deadline()
        if due(self._deadline, now):
            exchange.tick(now)
        self.flush(now)
