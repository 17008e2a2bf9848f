"""Model of the ESP32's `socket` where it differs from the Unix port's: addresses of datagrams are tuples, and
without a network nothing goes out."""

import os as _os

import model
import usocket
from usocket import *  # noqa: F403

_ANYWHERE = "0.0.0.0"
_EHOSTUNREACH = 118


def _mine(port):
    """Ports below 1024 are others here: ATA_LOW_PORTS is added to them."""
    return port + int(_os.getenv("ATA_LOW_PORTS") or "0") if 0 < port < 1024 else port


def getaddrinfo(host, port, family=0, kind=0, *more):
    if kind != usocket.SOCK_DGRAM:
        return usocket.getaddrinfo(host, _mine(port), family, kind, *more)
    raw = usocket.getaddrinfo(host, port, usocket.AF_INET, kind)[0][-1]
    return [(usocket.AF_INET, kind, 0, "", _tuple(raw))]


def _tuple(raw):
    _family, ip, port = usocket.sockaddr(raw)
    return "%d.%d.%d.%d" % tuple(ip), port


class Datagrams:
    """A UDP socket. On this computer it is bound to the loopback address instead of to all."""

    def __init__(self):
        self.raw = usocket.socket(usocket.AF_INET, usocket.SOCK_DGRAM)
        self._known = {}  # address → what the Unix port wants

    def _raw(self, address):
        if address not in self._known:
            ip = model.LOOPBACK if address[0] == _ANYWHERE else address[0]
            self._known[address] = usocket.getaddrinfo(ip, address[1], usocket.AF_INET, usocket.SOCK_DGRAM)[
                0
            ][-1]
        return self._known[address]

    def bind(self, address):
        self.raw.bind(self._raw((address[0], _mine(address[1]))))

    def setblocking(self, on):
        self.raw.setblocking(on)

    def sendto(self, data, address):
        return self.raw.sendto(data, self._raw(address))

    def recvfrom(self, size):
        data, raw = self.raw.recvfrom(size)
        return data, _tuple(raw)

    def recv(self, size):
        return self.raw.recv(size)

    def readinto(self, buffer):
        return self.raw.readinto(buffer)

    def close(self):
        self.raw.close()


def socket(family=usocket.AF_INET, kind=usocket.SOCK_STREAM, *more):
    return Datagrams() if kind == usocket.SOCK_DGRAM else usocket.socket(family, kind, *more)
