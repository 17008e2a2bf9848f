"""In the place of ata/hal/esp32_pcm.py for tests of the rest: blocks come and go by the virtual board's PCM
socket instead of through I2S and its DMA."""

import model
import usocket
from machine import Timer  # noqa: F401 (the clock may start only where there is a timer model)
from micropython import const

_BLOCK_BYTES = const(320)


class Esp32PcmPort:
    clock_hz = 512000
    slots = (33, 1)
    echo_delay = -1

    def __init__(self, pcm, bases=None):
        self.lost = 0
        self._socket = usocket.socket(usocket.AF_INET, usocket.SOCK_DGRAM)
        self._peer = _address(model.shared().pcm_port)

    def start(self):
        for port in range(20000, 60000, 7):  # there is no getsockname
            try:
                self._socket.bind(_address(port))
                break
            except OSError:
                pass
        self._socket.setblocking(False)
        model.shared().frame(model.SELECT_CLOCK, bytes((1, port >> 8, port & 255)), bytearray(3))

    def read(self, block):
        return self._socket.readinto(block) == _BLOCK_BYTES

    def write(self, block):
        try:
            self._socket.sendto(block, self._peer)
        except OSError:
            self.lost += 1

    def clock_stopped(self, now):
        return False


def _address(port):
    return usocket.getaddrinfo(model.LOOPBACK, port, usocket.AF_INET, usocket.SOCK_DGRAM)[0][-1]
