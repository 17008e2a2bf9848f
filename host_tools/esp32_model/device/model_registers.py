"""The registers of the modelled ESP32 on MicroPython's Unix port (32 bit): `mem32` and `I2S` as of `machine`.

Every access of mem32 goes to the model over a socket and waits for its end (host_tools/esp32_model); the
memory behind it is mapped at its true address too, for viper code. ATA_ESP32_REGISTERS and ATA_ESP32_WINDOW
say where the model is.
"""

import os
import socket
import struct

_FIRST = 0x3FF00000
_SIZE = 0x100000
_RDWR = 2
_READ_WRITE = 3
_SHARED_FIXED = 0x11


class _Link:
    def __init__(self):
        self._request = bytearray(9)
        self._answer = bytearray(4)
        self._socket = socket.socket()
        port = int(os.getenv("ATA_ESP32_REGISTERS"))
        self._socket.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
        self._socket.setsockopt(6, 1, 1)  # TCP_NODELAY
        self._map(os.getenv("ATA_ESP32_WINDOW"))

    @staticmethod
    def _map(path):
        import ffi

        libc = ffi.open("libc.so.6")
        fd = libc.func("i", "open", "si")(path, _RDWR)
        at = libc.func("P", "mmap", "PIiiii")(_FIRST, _SIZE, _READ_WRITE, _SHARED_FIXED, fd, 0)
        if at != _FIRST:
            raise OSError("the window could not be mapped")

    def ask(self, kind, one=0, two=0):
        struct.pack_into("<BII", self._request, 0, ord(kind), one, two & 0xFFFFFFFF)
        self._socket.write(self._request)
        if self._socket.readinto(self._answer) != 4:
            raise OSError("the model of the ESP32 is gone")
        return struct.unpack("<I", self._answer)[0]


_link = _Link()


class _Mem32:
    def __getitem__(self, address):
        return _link.ask("R", address)

    def __setitem__(self, address, value):
        _link.ask("W", address, value)


mem32 = _Mem32()


def advance(frames):
    """Let 1/8000 s pass so many times (where the model's time does not go on by itself)."""
    _link.ask("A", frames)


def milliseconds():
    """Of the model, since its start."""
    return _link.ask("T")


class I2S:
    """The part of machine.I2S that the firmware uses: a sender that takes memory and starts."""

    RX = 0
    TX = 1
    MONO = 0
    STEREO = 1

    def __init__(self, number, sck, ws, sd, mode, bits, format, rate, ibuf):
        self._number = number
        if mode != I2S.TX or bits not in (16, 32):
            raise ValueError("invalid mode or bits")
        frame = bits // 8 * (2 if format == I2S.STEREO else 1)
        if not _link.ask("I", number << 8 | frame, ibuf):
            raise OSError(12)

    def deinit(self):
        _link.ask("D", self._number)
