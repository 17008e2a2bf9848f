"""Model of the ESP32's `network`: joining takes time and can fail, the access point can go and come back.

Every network named in ATA_WIFI ("ssid password" words, pair after pair; none: "home secret1234") is in
reach until the fault byte FAULT_WIFI says otherwise. Our address is always the loopback address.
"""

import os
import time

import model

PHY_LAN8720 = 0
_JOIN_MS = 300
_names = [None]


def hostname(name=None):
    if name is not None:
        _names[0] = name
    return _names[0]


class WLAN:
    IF_STA = 0
    IF_AP = 1
    PM_NONE = 0
    SEC_WPA2 = 3

    def __init__(self, interface):
        self._point = interface == WLAN.IF_AP
        self._active = False
        self._wanted = None
        self._since = None  # the tick at which joining began
        self.settings = {}
        words = (os.getenv("ATA_WIFI") or "home secret1234").split()
        self._known = [(words[i], words[i + 1]) for i in range(0, len(words), 2)]

    def active(self, on=None):
        if on is not None:
            self._active = on
            if not on:
                self._wanted = self._since = None
        return self._active

    def config(self, *names, **settings):
        if not self._active and "ssid" in settings:
            raise OSError(0x3001)  # ESP_ERR_WIFI_NOT_INIT
        self.settings.update(settings)
        return self.settings.get(names[0]) if names else None

    def connect(self, ssid, password):
        if not self._active or self._wanted is not None:
            raise OSError("Wifi Internal State Error")
        self._wanted = (ssid, password)
        self._since = time.ticks_ms()

    def disconnect(self):
        self._wanted = self._since = None

    def isconnected(self):
        if model.shared().faults[model.FAULT_WIFI]:
            self._since = time.ticks_ms()  # the driver tries again by itself, as long as it takes
            return False
        return (
            self._wanted in self._known and self._active
            and time.ticks_diff(time.ticks_ms(), self._since) >= _JOIN_MS
        )  # fmt: skip

    def ifconfig(self):
        if self._point:
            return (model.LOOPBACK, "255.0.0.0", model.LOOPBACK, model.LOOPBACK)
        ip = model.LOOPBACK if self.isconnected() else "0.0.0.0"
        return (ip, "255.0.0.0", ip, ip)


class LAN(WLAN):
    def __init__(
        self, mdc=None, mdio=None, power=None, phy_type=None, phy_addr=None, ref_clk=None, ref_clk_mode=None
    ):
        WLAN.__init__(self, WLAN.IF_STA)
        wiring = model.shared().board["lan"]
        assert (mdc.number, mdio.number, ref_clk.number) == (wiring["mdc"], wiring["mdio"], wiring["ref_clk"])
        assert phy_type == PHY_LAN8720 and phy_addr == wiring["addr"]
        self._wanted = self._known[0]
        self._since = time.ticks_ms()

    def connect(self, *_):
        raise AttributeError("connect")
