# runs on: micropython
"""What ReadSize is built on, seen on real sockets: so that a MicroPython that reads otherwise is noticed."""

import socket

from ata.rtp.readsize import ReadSize
from ata.rtp.stream import RtpStream


def readinto(receiver, buffer):  # CPython's sockets have none
    return receiver.readinto(buffer)


def pair():
    here = socket.getaddrinfo("127.0.0.1", 0)[0][-1]
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    port = 20000
    while True:
        try:
            address = socket.getaddrinfo("127.0.0.1", port)[0][-1]
            receiver.bind(address)
            break
        except OSError:
            port += 2
    sender.bind(here)
    sender.connect(address)
    receiver.setblocking(False)
    return sender, receiver


def test_readinto_merges_shorter_and_cuts_longer_datagrams():
    sender, receiver = pair()
    buffer = bytearray(172)
    sender.send(b"a" * 16)
    sender.send(b"b" * 172)
    assert readinto(receiver, buffer) == 172
    assert bytes(buffer) == b"a" * 16 + b"b" * 156
    assert readinto(receiver, buffer) is None
    sender.send(b"c" * 300)
    sender.send(b"d" * 172)
    assert readinto(receiver, buffer) == 172 and bytes(buffer) == b"c" * 172
    assert readinto(receiver, buffer) == 172 and bytes(buffer) == b"d" * 172
    sender.close()
    receiver.close()


def test_a_stream_is_read_exactly_from_a_real_socket():
    sender, receiver = pair()
    a, b = RtpStream(), RtpStream()
    a.open(1, 2, 3, 0, 101)
    b.open(4, 5, 6, 0, 101)
    sizes = ReadSize()
    exact = bytearray(172)
    reads = 0
    for step in range(200):
        if step == 50:
            a.digit_play(4, 100)
        if a.send():
            sender.send(a.packet)
        if a.send_event():
            sender.send(a.event_packet)
        if step % 4 == 3:  # in bursts
            while True:
                if sizes.size == 172:
                    data = exact
                    n = readinto(receiver, exact)
                    reads += 1
                    if n is None:
                        break
                else:
                    try:
                        data = receiver.recv(1500)
                    except OSError:
                        break
                    n = len(data)
                sizes.seen(n, b.receive(data, n, 20 * step), b.info, 20 * step)
    counters = b.statistics()
    assert counters["received"] >= 199 and reads > 120, (counters, reads)
    sender.close()
    receiver.close()
