"""The ESP32's network: UDP sockets, Wi-Fi as a station, Ethernet where the board has it.

Nothing here waits. Only a look-up of a name does (ata.hal.contract), and no scan is ever made: it would stop
everything for two seconds. Networks are tried in the order in which they are given.
"""

import select
import socket

import network
from micropython import const

from ata.base.clock import add, due
from ata.base.errors import HardwareFault

_PATIENCE_MS = const(15000)  # with one network; the driver itself tries again and again meanwhile
_PAUSE_MS = const(1000)  # between giving up one and trying the next: the driver needs some time to stop
_FIRST_FREE = const(49152)  # RFC 6335: ports for whoever asks
_ATTEMPTS = const(20)


class UdpSocket:
    def __init__(self, port, random):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.port = port
        for _ in range(1 if port else _ATTEMPTS):
            # There is no getsockname: a free port is found by trying.
            number = port or _FIRST_FREE + ((random(1)[0] << 8 | random(1)[0]) & 0x3FFF)
            try:
                self._socket.bind(_address("0.0.0.0", number))
                self.port = number
                break
            except OSError:
                pass
        else:
            self._socket.close()
            raise HardwareFault("UDP port %d is in use" % port)
        self._socket.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    def _ready(self):
        # Asking first spares the exception (a heap object) that an empty queue would raise.
        for _socket, event in self._poll.ipoll(0):
            return event & select.POLLIN
        return False

    def recvfrom(self, size):
        if not self._ready():
            return None
        try:
            return self._socket.recvfrom(size)
        except OSError:
            return None

    def readinto(self, buffer):
        return self._socket.readinto(buffer)

    def recv(self, size):
        if not self._ready():
            return None
        try:
            return self._socket.recv(size)
        except OSError:
            return None

    def sendto(self, data, address):
        try:
            self._socket.sendto(data, address)
            return True
        except OSError:  # no network, or ENOMEM while the first datagram to a neighbour waits for ARP
            return False

    def close(self):
        self._poll.unregister(self._socket)
        self._socket.close()


def _address(ip, port):
    """A socket's address of an IPv4 literal: getaddrinfo asks nobody for it, and knows the form."""
    return socket.getaddrinfo(ip, port, 0, socket.SOCK_DGRAM)[0][-1]


class Net:
    """`lan`: the description of the Ethernet chip, None for Wi-Fi. `random(n)` → n bytes."""

    def __init__(self, lan, random):
        self._random = random
        self._networks = ()
        self._at = 0  # index of the network that is tried
        self._next = None  # the tick at which something else is to be tried
        self._joining = False
        self.wired = lan is not None
        if lan is not None:
            from ata.hal.esp32_lan import interface

            self._link = interface(lan)
        else:
            self._link = network.WLAN(network.WLAN.IF_STA)

    def begin(self, name, networks):
        network.hostname(name)
        self._networks = networks
        if self.wired or networks:
            self._link.active(True)
        if not self.wired and networks:
            # Without this the radio sleeps between beacons, and datagrams wait for up to half a second.
            self._link.config(pm=network.WLAN.PM_NONE)

    def configured(self):
        return self.wired or len(self._networks) > 0

    def step(self, now):
        if self.wired or not self._networks:
            return
        if self._link.isconnected():
            self._joining = True
            self._next = add(now, _PATIENCE_MS)
        elif due(self._next, now) or self._next is None:
            if self._joining:
                # Also with one network: the driver gives up on some reasons.
                self._joining = False
                self._at = (self._at + 1) % len(self._networks)
                self._link.disconnect()
                self._next = add(now, _PAUSE_MS)
            else:
                self._joining = True
                self._next = add(now, _PATIENCE_MS)
                try:
                    self._link.connect(*self._networks[self._at])
                except OSError:  # it is still busy with the last one
                    self._next = add(now, _PAUSE_MS)

    def local_ip(self):
        if (self.wired or self._networks) and self._link.isconnected():
            ip = self._link.ifconfig()[0]
            if ip != "0.0.0.0":
                return ip
        return None

    def udp(self, port):
        return UdpSocket(port, self._random)

    def address(self, ip, port):
        return _address(ip, port)

    def lookup(self, host):
        try:
            return socket.getaddrinfo(host, 0, 0, socket.SOCK_DGRAM)[0][-1][0]
        except (OSError, IndexError):
            return None

    def open_point(self, ssid, password):
        """Be an access point (WPA2) for the set-up; our address there."""
        point = network.WLAN(network.WLAN.IF_AP)
        point.active(True)  # the driver takes no settings before
        point.config(ssid=ssid, key=password, security=network.WLAN.SEC_WPA2)
        return point.ifconfig()[0]
