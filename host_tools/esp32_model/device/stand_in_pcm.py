"""In the place of ata/hal/esp32_pcm.py for tests of the rest: blocks come and go by the virtual board's PCM
socket instead of through I2S and its DMA."""

import os

import model
import usocket
from micropython import const

_BLOCK_BYTES = const(320)


class Esp32PcmPort:
    clock_hz = 512000
    slots = (33, 1)
    echo_delay = -1

    def __init__(self, pcm, bases=None):
        self.lost = 0
        self._port = 0
        self._socket = usocket.socket(usocket.AF_INET, usocket.SOCK_DGRAM)
        self._peer = _address(model.shared().pcm_port)

    def start(self):
        while not self._port:  # there is no getsockname
            port = 20000 + (os.urandom(1)[0] << 7 | os.urandom(1)[0] >> 1)
            try:
                self._socket.bind(_address(port))
                self._port = port
            except OSError:
                pass
        port = self._port
        self._socket.setblocking(False)
        model.shared().frame(model.SELECT_CLOCK, bytes((1, port >> 8, port & 255)), bytearray(3))

    def clock_stopped(self, now):
        return False

    def read(self, block):
        return self._socket.readinto(block) == _BLOCK_BYTES

    def write(self, block):
        try:
            self._socket.sendto(block, self._peer)
        except OSError:
            self.lost += 1


def _address(port):
    return usocket.getaddrinfo(model.LOOPBACK, port, usocket.AF_INET, usocket.SOCK_DGRAM)[0][-1]
