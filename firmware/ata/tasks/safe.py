"""The network alone, for safe mode: nothing of the telephone service is loaded."""

import os
import time

from ata.hal.esp32_net import Net
from ata.hal.esp32_store import Store

_FOR_MS = 20000


def join_network(board, log):
    """Join the Ethernet of the `board` (its description) or a Wi-Fi network of the settings, and wait for it.
    What came of it, as text."""
    from ata.config.stored import load_stored

    get = load_stored(Store(""), log)[0].get
    names = ["wifi.%d." % number for number in (1, 2, 3)]
    networks = tuple([(get(name + "ssid"), get(name + "password")) for name in names if get(name + "ssid")])
    net = Net(board.get("lan"), os.urandom)
    net.begin(get("name"), networks)
    if not net.configured():
        return "no network is set"
    for _ in range(_FOR_MS // 100):
        net.step(time.ticks_ms())
        ip = net.local_ip()
        if ip is not None:
            return "on the network as %s" % ip
        time.sleep_ms(100)
    return "no network"
