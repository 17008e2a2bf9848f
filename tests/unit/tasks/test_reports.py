# runs on: micropython
# RTCP reports of two legs that talk to each other over loopback sockets, in virtual time.
from ata.call.media import MediaPath
from ata.sip.offer import Media
from ata.tasks.media import MediaPump
from ata.tasks.reports import Reports
from hal_virtual import LOOPBACK, Identity, Net

SECOND = 50  # steps


class Pcm:
    lost = 0

    def __init__(self):
        self.give = 0

    def read(self, block):
        if not self.give:
            return False
        self.give -= 1
        return True

    def write(self, block):
        pass


class Log:
    def __init__(self):
        self.counts = {}

    def count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1


class Hal:
    def __init__(self):
        self.pcm = Pcm()
        self.net = Net(LOOPBACK)
        self.identity = Identity()
        self.now = 0

    def ticks(self):
        return self.now


class World:
    def __init__(self):
        self.hal = Hal()
        self.log = Log()
        self.path = MediaPath(20, 200)
        self.pump = MediaPump(self.hal, self.path, 0)
        self.reports = Reports(self.hal, self.pump.legs, self.log)

    def connect(self, mux=False):
        ports = [self.pump.rtp_port(port, 0) for port in (1, 2)]
        for port in (1, 2):
            far = ports[2 - port]
            address = self.hal.net.address(LOOPBACK, far)
            rtcp = far if mux else far + 1
            media = Media(LOOPBACK, far, 0, 0, 101, 20, True, True, False, rtcp)
            self.path.connect(self.path.slot(port, 0), media, address, "rfc4733", self.hal.identity.random)

    def report(self, port):
        return self.reports._open[self.path.slot(port, 0)]

    def run(self, seconds):
        for _ in range(seconds):
            for _ in range(SECOND):
                self.hal.pcm.give = 2
                self.hal.now += 20
                self.pump.step()
                self.reports.step()


def test_each_end_learns_how_it_is_heard():
    world = World()
    world.connect()
    world.run(20)
    for port in (1, 2):
        slot = world.path.slot(port, 0)
        assert slot.far_loss == 0 and 0 <= slot.rtt <= 40, (slot.far_loss, slot.rtt)
    assert world.log.counts == {}


def test_a_call_that_ends_says_so_and_gives_its_sockets_back():
    world = World()
    world.connect()
    world.run(8)
    rtcp = world.report(2).rtcp
    world.path.slot(1, 0).close()
    world.run(2)
    assert rtcp.ended, "BYE"
    world.path.slot(2, 0).close()
    world.run(1)
    assert not world.reports._open
    world.connect()  # the ports are free again
    world.run(8)
    assert world.path.slot(1, 0).far_loss == 0 and world.log.counts == {}


def test_garbage_is_counted_and_a_port_in_use_costs_only_the_reports():
    world = World()
    taken = world.hal.net.udp(world.pump.rtp_port(2, 0) + 1)
    world.connect()
    world.run(2)
    assert world.log.counts == {"no rtcp port": 1}
    target = world.hal.net.address(LOOPBACK, world.pump.rtp_port(1, 0) + 1)
    for data in (b"", b"x", b"\x80\xc8\x00\x06" + bytes(3), bytes(300)):
        taken.sendto(data, target)
    world.run(1)
    assert world.log.counts["bad rtcp"] >= 3, world.log.counts
    taken.close()


def test_reports_come_and_go_on_the_rtp_port_where_that_is_agreed():
    world = World()
    taken = [world.hal.net.udp(world.pump.rtp_port(port, 0) + 1) for port in (1, 2)]
    world.connect(True)
    world.run(20)
    for port in (1, 2):
        slot = world.path.slot(port, 0)
        assert slot.far_loss >= 0 and 0 <= slot.rtt <= 60, (slot.far_loss, slot.rtt)
        assert taken[port - 1].recv(200) is None, "nothing goes to the port after it"
        found = slot.stream.statistics()
        # a report that is read together with the beginning of the next packet costs that one
        assert found["garbage"] == found["ignored"] == 0 and found["lost"] <= 5, found
    assert world.pump.ignored == 0 and world.log.counts == {}
    rtcp = world.report(2).rtcp
    world.path.slot(1, 0).close()
    world.run(1)
    assert rtcp.ended, "BYE"
    world.path.slot(2, 0).close()
    world.run(1)
    assert world.pump.legs == [] and not world.reports._open
    world.connect(True)  # other sockets
    world.run(8)
    assert world.path.slot(1, 0).far_loss == 0 and world.log.counts == {}
    for socket in taken:
        socket.close()


def test_what_was_read_with_the_beginning_of_a_packet_is_a_report_all_the_same():
    world = World()
    world.connect(True)
    world.run(10)
    leg = world.pump.legs[0]
    rtcp = world.report(1).rtcp
    other = world.report(2).rtcp
    data = other.report(world.hal.now, 9, None, 0, 0, 0, 0, True) + bytes(world.path.slot(2, 0).stream.packet)
    assert not rtcp.ended
    leg._keep(data[:172], 172)
    world.reports.step()
    assert rtcp.ended and world.log.counts == {}
    leg._keep(bytes([0x80, 192]) + bytes(300), 302)  # and one that says nothing
    world.reports.step()
    assert world.log.counts == {"bad rtcp": 1}


def test_a_stream_whose_reports_are_to_go_elsewhere_says_no_farewell():
    world = World()
    world.connect()
    world.run(8)
    rtcp = world.report(2).rtcp
    world.connect(True)
    world.run(1)
    assert world.report(1).socket is None and not rtcp.ended
    world.run(8)
    assert world.path.slot(1, 0).far_loss >= 0 and world.log.counts == {}
    world.connect()
    world.run(8)
    assert world.path.slot(2, 0).far_loss >= 0 and world.pump.legs[0].report is None
