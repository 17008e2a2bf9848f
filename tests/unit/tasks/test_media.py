# runs on: micropython
# RTP sockets live as long as their calls, and a little longer.
from ata.base.errors import HardwareFault
from ata.call.media import MediaPath
from ata.sip.offer import Media
from ata.tasks.media import MediaPump
from hal_virtual import LOOPBACK, Identity, Net


class Pcm:
    def read(self, block):
        return False


class Hal:
    def __init__(self):
        self.pcm = Pcm()
        self.net = Net(LOOPBACK)
        self.now = 0

    def ticks(self):
        return self.now


class World:
    def __init__(self, base_port=0):
        self.hal = Hal()
        self.path = MediaPath(20, 200)
        self.pump = MediaPump(self.hal, self.path, base_port)

    def connect(self, port, slot=0):
        number = self.pump.rtp_port(port, slot)
        media = Media(LOOPBACK, 9, 0, 0, 101, 20, True, True, False, 10)
        self.path.connect(self.path.slot(port, slot), media, "x", "rfc4733", Identity().random)
        return number

    def run(self, ms):
        for _ in range(ms // 10):
            self.hal.now += 10
            self.pump.step()


def free_ports():
    """The first of eight ports that nobody has, as far as one can know."""
    net = Net(LOOPBACK)
    while True:
        sockets = [net.udp(0)]
        first = sockets[0].port
        try:
            for number in range(1, 8):
                sockets.append(net.udp(first + number))
        except HardwareFault:
            first = 0
        for socket in sockets:
            socket.close()
        if first:
            return first


def is_free(port):
    try:
        Net(LOOPBACK).udp(port).close()
    except HardwareFault:
        return False
    return True


def test_a_socket_is_there_from_the_offer_until_a_while_after_the_call():
    first = free_ports()
    world = World(first)
    assert world.pump.legs == [] and is_free(first)
    assert world.pump.rtp_port(1, 0) == first  # offered, and not answered yet
    world.run(500)
    assert not is_free(first)
    assert world.connect(1) == first and world.connect(2, 1) == first + 6
    world.run(500)
    assert len(world.pump.legs) == 2
    world.path.slot(1, 0).close()
    world.run(100)
    assert not is_free(first), "the last report is on its way"
    world.run(300)
    assert is_free(first) and not is_free(first + 6)
    assert [leg.slot for leg in world.pump.legs] == [world.path.slot(2, 1)]
    assert world.connect(1) == first, "the next call"


def test_a_call_that_follows_at_once_has_the_same_socket():
    world = World()
    number = world.connect(1)
    world.run(50)
    world.path.slot(1, 0).close()
    world.run(100)
    assert world.connect(1) == number
    world.run(500)
    assert len(world.pump.legs) == 1 and world.path.slot(1, 0).is_open


def test_what_comes_after_a_call_is_counted_and_harms_nothing():
    world = World()
    number = world.connect(1)
    world.path.slot(1, 0).close()
    other = Net(LOOPBACK).udp(0)
    for data in (b"", b"x", bytes(172)):
        other.sendto(data, world.hal.net.address(LOOPBACK, number))
    world.run(500)
    assert world.pump.ignored == 3 and world.pump.legs == []


def test_a_port_of_another_program_is_told_at_the_start():
    first = free_ports()
    taken = Net(LOOPBACK).udp(first + 4)
    try:
        World(first)
        raise AssertionError("it started")
    except HardwareFault as error:
        assert str(first + 4) in str(error)
    taken.close()


def test_a_call_that_has_ended_has_no_buffers():
    world = World()
    world.connect(1)
    slot = world.path.slot(1, 0)
    opened = slot.opened
    slot.close()
    assert slot.stream is None and slot.plc is None and slot.audio is None
    world.connect(1)
    assert slot.opened == opened + 1 and slot.stream is not None
