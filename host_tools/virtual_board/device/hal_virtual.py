"""The virtual board seen from the firmware: the contract of ata/hal/contract.py over three loopback links.

* SPI, TCP: frames [chip select][length][bytes out] -> [bytes in], strictly one after the other. Two further
  selects are wires, not chips: 0xFE the SLIC reset line, 0xFD the PCM clock.
* Interrupt, TCP: one byte (0 or 1) at every change of the line.
* PCM, UDP both ways: one datagram is one 10 ms block of both ports.

Runs on MicroPython's Unix port only.
"""

import os
import select
import socket
import sys
import time

from micropython import const

from ata.base.errors import BoardLost, HardwareFault

_SELECT_RESET = const(0xFE)
_SELECT_CLOCK = const(0xFD)
_BLOCK_BYTES = const(320)
_LONGEST_LINE = const(200)
_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)

LOOPBACK = "127.0.0.1"


_GONE = "the virtual board is gone (its links are closed)"


def _sockaddr(host, port):
    return socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)[0][-1]


def _connect(port):
    link = socket.socket()
    link.connect(socket.getaddrinfo(LOOPBACK, port)[0][-1])
    link.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)
    return link


class _Link:
    """The SPI link: a request, then its answer, of the same length."""

    def __init__(self, port):
        self._socket = _connect(port)
        self._head = bytearray(2)

    def exchange(self, select_byte, tx, rx):
        self._head[0] = select_byte
        self._head[1] = len(tx)
        try:
            self._socket.write(self._head)
            self._socket.write(tx)
            count = self._socket.readinto(rx)
        except OSError:
            count = 0
        if count != len(rx):
            raise BoardLost(_GONE)


class SpiBus:
    def __init__(self, link, select_byte):
        self._link = link
        self._select = select_byte

    def transfer(self, tx, rx):
        self._link.exchange(self._select, tx, rx)


class IrqLine:
    def __init__(self, port):
        self._socket = _connect(port)
        self._socket.setblocking(False)
        self._byte = bytearray(1)
        self._level = False

    def active(self):
        while True:
            try:
                count = self._socket.readinto(self._byte)
            except OSError:
                count = 0
            if count is None:
                return self._level
            if count == 0:
                raise BoardLost(_GONE)
            self._level = self._byte[0] == 1


class PcmPort:
    # Philips framing with 32-bit slots, as on the ESP32: port 1 in the left word, port 2 in the right.
    clock_hz = 512000
    slots = (33, 1)
    echo_delay = -1  # the board's buffer fills as it likes

    def __init__(self, link, port):
        self.lost = 0
        self._link = link
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(_sockaddr(LOOPBACK, 0))
        self._socket.setblocking(False)
        self._peer = _sockaddr(LOOPBACK, port)

    def start(self):
        own = _port_of(self._socket)
        answer = bytearray(3)
        self._link.exchange(_SELECT_CLOCK, bytes((1, own >> 8, own & 255)), answer)

    def clock_stopped(self, now):
        return False  # it is the board's; the chips notice that it is gone

    def read(self, block):
        # The buffer is exactly one datagram, so readinto takes exactly one.
        return self._socket.readinto(block) == _BLOCK_BYTES

    def write(self, block):
        try:
            self._socket.sendto(block, self._peer)
        except OSError:
            self.lost += 1


def _port_of(bound):
    """The port a socket was bound to. MicroPython has no getsockname, so ask /proc for its inode's row."""
    inode = os.stat("/proc/self/fd/%d" % bound.fileno())[1]
    for _ in range(10):  # a row can be missed while others come and go
        table = open("/proc/self/net/udp")
        try:
            for line in table:
                fields = line.split()
                if len(fields) > 9 and fields[9] == str(inode):
                    return int(fields[1].split(":")[1], 16)
        finally:
            table.close()
    raise OSError(2)


class UdpSocket:
    def __init__(self, ip, port):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind(_sockaddr(ip, port))
        except OSError:
            raise HardwareFault("UDP port %d of %s is in use by another program" % (port, ip))
        self._socket.setblocking(False)
        self.port = port or _port_of(self._socket)
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
            data, raw = self._socket.recvfrom(size)
        except OSError:
            return None
        _family, ip, port = socket.sockaddr(raw)
        return data, ("%d.%d.%d.%d" % (ip[0], ip[1], ip[2], ip[3]), port)

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
        except OSError:
            return False

    def close(self):
        self._poll.unregister(self._socket)
        self._socket.close()


class Net:
    def __init__(self, ip):
        self._ip = ip

    def begin(self, name, networks):
        pass

    def configured(self):
        return True

    def step(self, now):
        pass

    def open_point(self, ssid, password):
        raise HardwareFault("the virtual board has no radio")

    def local_ip(self):
        return self._ip

    def udp(self, port):
        return UdpSocket(self._ip, port)

    def address(self, ip, port):
        return _sockaddr(ip, port)

    def lookup(self, host):
        try:
            ip = socket.sockaddr(_sockaddr(host, 0))[1]
        except OSError:
            return None
        return "%d.%d.%d.%d" % (ip[0], ip[1], ip[2], ip[3])


class Store:
    """Files in one folder; a write goes to a second file first and is then renamed over the old one."""

    def __init__(self, folder):
        self._folder = folder

    def read(self, name):
        try:
            file = open(self._folder + "/" + name, "rb")
        except OSError:
            return None
        try:
            return file.read()
        finally:
            file.close()

    def write(self, name, data):
        path = self._folder + "/" + name
        file = open(path + ".new", "wb")
        try:
            file.write(data)
        finally:
            file.close()
        os.rename(path + ".new", path)


class Identity:
    def __init__(self):
        self.mac = b"\x02" + self.random(5)  # locally administered

    def random(self, count):
        return os.urandom(count)


class VirtualHal:
    name = "virtual"
    start_cause = ""
    pump_faults = 0
    ports = (1, 2)

    def __init__(self, spi_port, irq_port, pcm_port, folder, ip=LOOPBACK):
        self._link = _Link(spi_port)
        self.irq = IrqLine(irq_port)
        self.pcm = PcmPort(self._link, pcm_port)
        self.net = Net(ip)
        self.store = Store(folder)
        self.identity = Identity()
        self._typed = select.poll()
        self._typed.register(sys.stdin, select.POLLIN)
        self._line = b""  # what was typed of the present line

    def ticks(self):
        # The 64-bit port's ticks have a longer period than the ESP32's.
        ticks = time.ticks_ms()  # type: Any
        return ticks & 0x3FFFFFFF

    def wall_time(self):
        return time.localtime()[1:5]

    def spi(self, port):
        return SpiBus(self._link, port - 1)

    def slic_reset(self, asserted):
        self._link.exchange(_SELECT_RESET, bytes((1 if asserted else 0,)), bytearray(1))

    def pump(self, step):
        return False

    def console_read(self):
        # Byte by byte: reading a line that is only half typed would wait for its end, and all calls with it.
        while self._can_read():
            byte = sys.stdin.buffer.read(1)
            if not byte:
                self._typed.unregister(sys.stdin)  # no more to come
                return None
            if byte == b"\n":
                line, self._line = self._line, b""
                return "".join([chr(code) for code in line if 32 <= code < 127]).strip()
            if len(self._line) < _LONGEST_LINE:
                self._line += byte
        return None

    def _can_read(self):
        for _stream, event in self._typed.ipoll(0):
            if event & select.POLLIN:
                return True
            self._typed.unregister(sys.stdin)
        return False

    def console_write(self, text, end="\n"):
        sys.stdout.write(text + end)

    def feed_watchdog(self):
        pass

    def led(self, number, on):
        pass

    def button(self):
        return False

    def steady(self):
        pass

    def restart(self):
        raise BoardLost("a restart was asked for")
