"""Net on the model of `network`: joining, losing, coming back, several networks."""

import os
import time

import model
import network

from ata.base.errors import HardwareFault
from ata.hal.esp32_net import Net

HOME = ("home", "secret1234")


def joined(net, within_ms):
    """The ms until the network is there, in steps of 100 ms of its clock but 1 of ours; or None."""
    network._JOIN_MS = 20
    now = 1000
    for _ in range(within_ms // 100):
        net.step(now)
        time.sleep_ms(1)
        now += 100
        if net.local_ip():
            return now - 1000
    return None


def test_without_a_network_set_nothing_is_looked_for():
    net = Net(None, os.urandom)
    net.begin("ata", ())
    assert not net.configured() and net.local_ip() is None
    net.step(0)
    assert not net._link.active()


def test_the_network_is_joined_without_power_save_and_under_our_name():
    net = Net(None, os.urandom)
    net.begin("my-ata", (HOME,))
    assert net.configured() and net.local_ip() is None
    assert joined(net, 12000) is not None
    assert net.local_ip() == "127.0.0.1"
    assert network.hostname() == "my-ata" and net._link.settings == {"pm": network.WLAN.PM_NONE}


def test_the_next_network_is_tried_when_one_is_not_there():
    net = Net(None, os.urandom)
    net.begin("ata", (("away", "whatever12"), ("wrong", "password12"), HOME))
    took = joined(net, 60000)
    assert took is not None and 30000 <= took <= 45000, took


def test_a_wrong_password_is_tried_again_for_ever():
    net = Net(None, os.urandom)
    net.begin("ata", (("home", "not the one"),))
    assert joined(net, 120000) is None
    net._link._known = [("home", "not the one")]  # somebody changes it at the access point
    assert joined(net, 20000) is not None


def test_a_network_that_goes_and_comes_back_is_joined_again():
    net = Net(None, os.urandom)
    net.begin("ata", (HOME,))
    assert joined(net, 12000) is not None
    model.shared().faults[model.FAULT_WIFI] = 1
    assert net.local_ip() is None
    assert joined(net, 30000) is None
    model.shared().faults[model.FAULT_WIFI] = 0
    assert joined(net, 30000) is not None


def test_a_step_never_waits():
    net = Net(None, os.urandom)
    net.begin("ata", (("away", "whatever12"),))
    for now in range(0, 60000, 100):
        began = time.ticks_us()
        net.step(now)
        assert time.ticks_diff(time.ticks_us(), began) < 20000


def test_datagrams_between_two_sockets():
    net = Net(None, os.urandom)
    one, two = net.udp(0), net.udp(0)
    assert one.port != two.port and one.port >= 49152
    assert one.recvfrom(100) is None and one.recv(100) is None
    assert two.sendto(b"hello", net.address("127.0.0.1", one.port))
    for _ in range(100):
        received = one.recvfrom(100)
        if received:
            break
        time.sleep_ms(5)
    assert received == (b"hello", ("127.0.0.1", two.port))
    buffer = bytearray(5)
    two.sendto(b"again", net.address("127.0.0.1", one.port))
    for _ in range(100):
        if one.readinto(buffer):
            break
        time.sleep_ms(5)
    assert buffer == b"again"
    try:
        net.udp(one.port)
    except HardwareFault as fault:
        assert "in use" in fault.reason
    else:
        raise AssertionError("a port for two")
    one.close()
    two.close()


def test_a_datagram_that_does_not_go_is_told_and_no_exception():
    net = Net(None, os.urandom)
    found = net.udp(0)

    class NoMemory:
        def sendto(self, data, address):
            raise OSError(12)

    found._socket.close()
    found._socket = NoMemory()
    assert not found.sendto(b"x", net.address("127.0.0.1", 9))


def test_an_access_point_with_a_password():
    net = Net(None, os.urandom)
    assert net.open_point("open-ata-0102", "abcdefgh") == "127.0.0.1"


def test_ethernet_is_used_where_the_board_has_it():
    lan = {
        "phy": "lan8720",
        "mdc": 23,
        "mdio": 18,
        "addr": 1,
        "power": None,
        "ref_clk": 17,
        "ref_clk_out": True,
    }
    model.shared().board["lan"] = lan
    try:
        net = Net(lan, os.urandom)
        net.begin("ata", (HOME,))
        assert net.wired and net.configured()
        net._link._since = time.ticks_add(time.ticks_ms(), -1000)  # the cable has been in for a second
        net.step(0)
        assert net.local_ip() == "127.0.0.1"
    finally:
        del model.shared().board["lan"]


def test_a_name_without_an_address_is_none():
    net = Net(None, os.urandom)
    assert net.lookup("127.0.0.1") == "127.0.0.1"
    assert net.lookup("no-such-name.invalid") is None
