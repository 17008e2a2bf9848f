"""What the models of machine, network and esp32 share: the links to the virtual board, and the faults.

The environment says where: ATA_LINKS is the board's "SPI port, interrupt port, PCM port". In the present
folder are board.json (which pin is what), and for what outlives a restart nvs.json and reset_cause. A test
injects faults by writing the bytes of the file `faults` (FAULT_…), read at every tick of the timer thread.
"""

import json
import os
import socket

from micropython import const

SELECT_RESET = const(0xFE)
SELECT_CLOCK = const(0xFD)
FAULT_BYTES = const(8)
FAULT_NUMBER = const(0)  # counts the faults: each change lets the next two be obeyed once
FAULT_MISSED = const(1)  # ticks of the pump's timer that do not come
FAULT_STALL = const(2)  # units of 10 ms for which nothing runs, as while the flash is erased
FAULT_BUTTON = const(3)  # 1: pressed
FAULT_WIFI = const(4)  # 1: the access point is gone
LOOPBACK = "127.0.0.1"


class Shared:
    """One of it, made when the first model asks: see shared()."""

    def __init__(self):
        self.spi_port, self.irq_port, self.pcm_port = [
            int(word) for word in (os.getenv("ATA_LINKS") or "0 0 0").split()
        ]
        file = open("board.json")
        self.board = json.load(file)
        file.close()
        self.faults = bytearray(FAULT_BYTES)
        try:
            self._faults = open("faults", "rb")
        except OSError:
            self._faults = None
        self._spi = connect(self.spi_port) if self.spi_port else None
        self._head = bytearray(2)
        self._irq = None
        self._irq_byte = bytearray(1)
        self._irq_level = False

    def look_for_faults(self):
        if self._faults is not None:
            self._faults.seek(0)
            self._faults.readinto(self.faults)

    def frame(self, select, tx, rx):
        """One frame of the board's SPI link."""
        link = self._spi
        if link is None:
            for i in range(len(rx)):
                rx[i] = 0xFF
            return
        self._head[0] = select
        self._head[1] = len(tx)
        link.write(self._head)
        link.write(tx)
        if link.readinto(rx) != len(rx):
            stop_process(3)

    def interrupt(self):
        """True while a chip pulls the line low."""
        if self._irq is None:
            if not self.irq_port:
                return False
            self._irq = connect(self.irq_port)
            self._irq.setblocking(False)
        while self._irq.readinto(self._irq_byte):
            self._irq_level = self._irq_byte[0] == 1
        return self._irq_level


def connect(port):
    link = socket.socket()
    link.connect(socket.getaddrinfo(LOOPBACK, port)[0][-1])
    link.setsockopt(6, 1, 1)  # TCP_NODELAY
    return link


def shared():
    if not _kept:
        _kept.append(Shared())
    return _kept[0]


def stop_process(code=0):
    """What a reset is here: whoever has started the process may start it again."""
    import ffi

    ffi.open("libc.so.6").func("v", "_exit", "i")(code)


_kept = []
