"""The SIP task: datagrams between the socket and the exchange, and the exchange's clock."""

import asyncio

from micropython import const

_MAX_DATAGRAM = const(8192)
_IDLE_MS = const(5)
_BURST = const(10)  # datagrams handled before others get a turn
_CACHE = const(16)


class SipTask:
    """`exchange` is set by the composition root: the exchange itself needs `resolve`."""

    def __init__(self, hal, socket, log):
        self.exchange = None  # type: Any
        self._hal = hal
        self._socket = socket
        self._log = log
        self._addresses = {}

    def resolve(self, host, port):
        """What sendto wants for host and port, remembered; None if the name has no address."""
        key = (host, port)
        address = self._addresses.get(key)
        if address is None:
            address = self._hal.net.address(host, port)
            if address is None:
                self._log.warning("net", "no address for %s" % host)
            else:
                if len(self._addresses) >= _CACHE:
                    self._addresses.clear()
                self._addresses[key] = address
        return address

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

    async def run(self):
        while True:
            now = self._hal.ticks()
            for _ in range(_BURST):
                received = self._socket.recvfrom(_MAX_DATAGRAM)
                if received is None:
                    break
                self.exchange.receive(received[0], received[1], now)
            self.exchange.tick(now)
            self.flush(now)
            await asyncio.sleep_ms(_IDLE_MS)
