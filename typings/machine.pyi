# The part of the ESP32's `machine` that the firmware uses (docs.micropython.org, library/machine).
from collections.abc import Callable
from typing import Any

PWRON_RESET: int
HARD_RESET: int
WDT_RESET: int
DEEPSLEEP_RESET: int
SOFT_RESET: int

class Pin:
    IN: int
    OUT: int
    PULL_UP: int
    def __init__(self, id: int, mode: int = ..., pull: int = ..., *, value: int = ...) -> None: ...
    def __call__(self, value: int = ...) -> int: ...

class SPI:
    def __init__(
        self,
        id: int,
        baudrate: int = ...,
        *,
        polarity: int = ...,
        phase: int = ...,
        sck: Pin = ...,
        mosi: Pin = ...,
        miso: Pin = ...,
    ) -> None: ...
    def write_readinto(self, write_buf: bytes | bytearray, read_buf: bytearray) -> None: ...

class Timer:
    PERIODIC: int
    def __init__(self, id: int) -> None: ...
    def init(self, *, mode: int, period: int, callback: Callable[[Timer], Any], hard: bool = ...) -> None: ...
    def deinit(self) -> None: ...

class WDT:
    def __init__(self, id: int = ..., timeout: int = ...) -> None: ...
    def feed(self) -> None: ...

class I2S:
    TX: int
    STEREO: int
    MONO: int
    def __init__(
        self, id: int, *, sck: Pin, ws: Pin, sd: Pin, mode: int, bits: int, format: int, rate: int, ibuf: int
    ) -> None: ...
    def deinit(self) -> None: ...

class _Memory:
    def __getitem__(self, address: int) -> int: ...
    def __setitem__(self, address: int, value: int) -> None: ...

mem32: _Memory

def freq(hz: int = ...) -> int: ...
def reset() -> None: ...
def reset_cause() -> int: ...
def unique_id() -> bytes: ...
