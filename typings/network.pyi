# The part of the ESP32's `network` that the firmware uses (docs.micropython.org, library/network).
from typing import Any

from machine import Pin

PHY_LAN8720: int

class _Interface:
    def active(self, on: bool = ...) -> bool: ...
    def connect(self, ssid: str, key: str = ...) -> None: ...
    def disconnect(self) -> None: ...
    def isconnected(self) -> bool: ...
    def ifconfig(self) -> tuple[str, str, str, str]: ...
    def config(self, *names: str, **settings: Any) -> Any: ...

class WLAN(_Interface):
    IF_STA: int
    IF_AP: int
    PM_NONE: int
    SEC_WPA2: int
    def __init__(self, interface: int) -> None: ...

class LAN(_Interface):
    def __init__(
        self,
        *,
        mdc: Pin,
        mdio: Pin,
        power: Pin | None,
        phy_type: int,
        phy_addr: int,
        ref_clk: Pin,
        ref_clk_mode: int,
    ) -> None: ...

def hostname(name: str = ...) -> str: ...
