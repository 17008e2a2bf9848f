# runs on: micropython
# The complete 20 ms media step of both ports in a call allocates nothing: 500 steps under a locked heap,
# over real UDP sockets on loopback (port 1 talks to port 2). Sending digits allocates nothing either; the
# datagrams of a received digit are the one exception (they are of another size: see ata.rtp.readsize).
from array import array

import micropython

from ata.call.media import MediaPath
from ata.sip.offer import Media
from ata.tasks.media import MediaPump
from hal_virtual import LOOPBACK, Net

STEPS = 500
WARM_UP = 60  # steps in which sizes are learnt and buffers made


class Pcm:
    """Plays a loop of prepared blocks to the firmware and counts what comes back."""

    def __init__(self, blocks):
        self.blocks = blocks
        self.give = 0  # blocks to hand out now
        self.next = 0
        self.written = 0
        self.energy = 0
        self.lost = 0

    def read(self, block):
        if self.give == 0:
            return False
        self.give -= 1
        source = self.blocks[self.next]
        for i in range(320):  # a slice would be a heap object
            block[i] = source[i]
        self.next += 1
        if self.next == len(self.blocks):
            self.next = 0
        return True

    def write(self, block):
        self.written += 1
        # Loudness, roughly: the high byte of one sample of port 1.
        high = block[4 * 3 + 1]
        self.energy += high if high < 128 else 255 - high


class Hal:
    def __init__(self, pcm):
        self.pcm = pcm
        self.net = Net(LOOPBACK)
        self.now = 0

    def ticks(self):
        return self.now


def make_blocks():
    """A quarter of a second of changing sound on both ports, as 24 blocks of 80 stereo frames."""
    from ata.dsp.tone_script import compile_tone
    from ata.dsp.tones import ToneGenerator

    first, second = ToneGenerator(), ToneGenerator()
    first.start(compile_tone("300@-20+1234@-16;0.11/0.03"))
    second.start(compile_tone("500@-18;0.08/0.03|900@-18;0.1/0.03"))
    blocks = []
    a, b = array("h", bytes(160)), array("h", bytes(160))
    for _ in range(24):
        stereo = array("h", bytes(320))
        for i in range(80):
            a[i] = 0
            b[i] = 0
        first.mix(a, 80)
        second.mix(b, 80)
        for i in range(80):
            stereo[2 * i] = a[i]
            stereo[2 * i + 1] = b[i]
        blocks.append(bytes(stereo))
    return blocks


def digit_blocks():
    """100 ms of digit 5 on port 1."""
    from ata.dsp.tones import ToneGenerator

    tone = ToneGenerator()
    tone.digit(5, 100)
    blocks = []
    for _ in range(12):
        mono = array("h", bytes(160))
        tone.mix(mono, 80)
        stereo = array("h", bytes(320))
        for i in range(80):
            stereo[2 * i] = mono[i]
        blocks.append(bytes(stereo))
    return blocks


def random(count):
    return bytes([17 * (i + 1) & 255 for i in range(count)])


def start_call(law, digits=False, sink=None, ms=20):
    """Port 1 and port 2 in a call with each other; with `sink`, port 1 sends there instead."""
    pcm = Pcm([])
    hal = Hal(pcm)
    path = MediaPath()
    for port in (1, 2):  # the large buffers first, as on the device
        path.reserve(path.slot(port, 0))
    pump = MediaPump(hal, path, 0)
    pcm.blocks = make_blocks() + (digit_blocks() if digits else [])
    pump.rtp_port(1, 0)
    pump.rtp_port(2, 0)
    for port, other in ((1, 2), (2, 1)):
        to = sink if sink and port == 1 else pump.rtp_port(other, 0)
        media = Media(LOOPBACK, to, law, law, 101, ms, True, True, False, to + 1)
        address = hal.net.address(media.ip, media.port)
        path.connect(path.slot(port, 0), media, address, "rfc4733", random)
    return hal, path, pump


def run(hal, pump, steps):
    pcm = hal.pcm
    for _ in range(steps):
        pcm.give = 2
        hal.now = (hal.now + 20) & 0x3FFFFFFF
        pump.step()


def locked_steps(hal, path, pump):
    run(hal, pump, WARM_UP)
    before = path.steps
    micropython.heap_lock()
    try:
        run(hal, pump, STEPS)
    finally:
        micropython.heap_unlock()
    assert path.steps == before + STEPS
    assert hal.pcm.written >= 2 * STEPS
    assert hal.pcm.energy > 100, "nothing was heard"


def prove(law, ms=20):
    hal, path, pump = start_call(law, False, None, ms)
    locked_steps(hal, path, pump)
    for port in (1, 2):
        found = path.slot(port, 0).stream.statistics()
        assert found["received"] > STEPS * 20 // ms and found["lost"] == 0, found


def test_a_pcmu_call_of_both_ports_allocates_nothing_in_500_steps():
    prove(0)


def test_a_pcma_call_of_both_ports_allocates_nothing_in_500_steps():
    prove(8)


def test_packets_of_10_ms_allocate_nothing():
    prove(0, 10)


def test_packets_of_30_ms_allocate_nothing():
    prove(0, 30)


def test_packets_of_60_ms_allocate_nothing():
    prove(8, 60)


def test_dialling_in_a_call_allocates_nothing_and_the_digits_leave_as_events():
    sink = Net(LOOPBACK).udp(0)
    hal, path, pump = start_call(0, True, sink.port)
    locked_steps(hal, path, pump)
    events = set()
    datagram = sink.recv(200)
    while datagram is not None:
        if datagram[1] & 127 == 101:
            events.add((datagram[12], datagram[4:8]))
        datagram = sink.recv(200)
    assert len(events) >= 2 and {event[0] for event in events} == {5}, events
    assert path.port(1).next_digit() == 5


def test_silences_and_comfort_noise_both_ways_allocate_nothing():
    path = MediaPath(vad=True)
    slots = (path.slot(1, 0), path.slot(2, 0))
    for slot in slots:
        path.connect(
            slot, Media(LOOPBACK, 4000, 0, 0, 101, 20, True, True, True, 4001), "x", "rfc4733", random
        )
    blocks = make_blocks()
    loud, quiet = blocks[0] + blocks[1], bytes(640)
    out = bytearray(640)
    voices = noises = now = 0
    for locked in (False, True):
        if locked:
            micropython.heap_lock()
        try:
            for i in range(300):
                path.step(quiet if i % 100 > 25 else loud, out)
                now += 20
                for k in range(2):
                    slot = slots[k]
                    if slot.voice_due:
                        voices += 1
                        slots[1 - k].stream.receive(slot.stream.packet, 172, now)
                    if slot.silence_due:
                        noises += 1
                        slots[1 - k].stream.receive(slot.silence, 15, now)
        finally:
            if locked:
                micropython.heap_unlock()
    assert 2 * 6 * 20 < voices < 2 * 6 * 60 and 2 * 6 <= noises < 2 * 6 * 8, (voices, noises)
    assert slots[0].meter.missing == 0


def test_reports_among_the_audio_allocate_nothing():
    hal, path, pump = start_call(0)
    for leg in pump.legs:
        leg.report = bytearray(256)
    other = Net(LOOPBACK).udp(0)
    reports = [bytes([0x81, 200, 0, 12]) + bytes([number]) * 48 for number in range(3)]
    target = hal.net.address(LOOPBACK, pump.rtp_port(1, 0))
    run(hal, pump, WARM_UP)
    micropython.heap_lock()
    try:
        for report in reports:
            run(hal, pump, 10)
            pump.step()  # nothing waits: what comes now is read alone
            other.sendto(report, target)
            pump.step()
    finally:
        micropython.heap_unlock()
    leg = pump.legs[0]
    assert leg.reported == 52 and leg.report[:52] == reports[2] and pump.ignored == 0
    found = path.slot(1, 0).stream.statistics()
    sent = path.slot(2, 0).stream.statistics()["sent"]
    assert found["received"] == sent > 30 and found["lost"] == 0, found


def test_the_lock_would_notice_an_allocation():
    hal, _path, pump = start_call(0)
    run(hal, pump, WARM_UP)
    micropython.heap_lock()
    caught = False
    try:
        bytearray(10)
    except MemoryError:
        caught = True
    finally:
        micropython.heap_unlock()
    assert caught
