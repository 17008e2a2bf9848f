"""Ethernet by the ESP32's own MAC and an RMII chip. On a board without one this is not loaded."""

import network
from machine import Pin


def interface(lan):
    """The network interface. `lan`: the board's description of it (boards/schema.json)."""
    power = lan["power"]
    return network.LAN(
        mdc=Pin(lan["mdc"]), mdio=Pin(lan["mdio"]), power=None if power is None else Pin(power),
        phy_type=network.PHY_LAN8720, phy_addr=lan["addr"],
        ref_clk=Pin(lan["ref_clk"]), ref_clk_mode=Pin.OUT if lan["ref_clk_out"] else Pin.IN,
    )  # fmt: skip
