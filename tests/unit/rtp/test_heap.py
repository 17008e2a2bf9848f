# runs on: micropython
"""The rtp part of the media step, both ways, allocates nothing: it runs under a locked heap."""

from array import array

import micropython

from ata.rtp.readsize import ReadSize
from ata.rtp.stream import RtpStream


def later(now):
    """20 ms later. Not clock.add: its sum is, just before the mask, a heap object on a 32-bit port."""
    return now + 20 if now < 0x3FFFFFFF - 20 else now - 0x3FFFFFFF - 1 + 20


def test_500_steps_of_voice_and_digits_under_a_locked_heap():
    a, b = RtpStream(), RtpStream()
    a.open(0xFEDCBA98, 65500, 0xFFFFF000, 0, 101)
    b.open(0xFFFFFFFF, 65500, 0xFFFFF000, 0, 101)
    sizes = ReadSize()
    out = bytearray(160)
    garbage = bytearray(b"\x80\xff" + bytes(170))
    late = bytearray(172)
    heard = began = ended = size = 0
    now = (1 << 30) - 3000  # the tick wraps
    step = 0
    micropython.heap_lock()
    while step < 500:
        fault = step % 50
        if fault == 3:
            a.digit_begin(step & 15)
        elif fault == 8:
            a.digit_end()
        elif fault == 10:
            a.digit_play(11, 60)
        if fault == 20:
            a.skip()
        elif a.send():
            if fault == 30:  # overtaken
                i = 0
                while i < 172:
                    late[i] = a.packet[i]
                    i += 1
            elif fault != 25:  # lost
                sizes.seen(172, b.receive(a.packet, 172, now), b.info, now)
                if fault == 35:
                    b.receive(a.packet, 172, now)
        if fault == 33:
            b.receive(late, 172, now)
        if fault == 40:
            b.receive(garbage, 9, now)
            b.receive(garbage, 172, now)
        if a.send_event():
            sizes.seen(16, b.receive(a.event_packet, 16, now), b.info, now)
        if step != 45:  # we stall
            heard += b.take(out, 0, 80)
            heard += b.take(out, 80, 80)
        code = b.event_poll()
        while code >= 0:
            if code < 16:
                began += 1
            else:
                ended += 1
            code = b.event_poll()
        if sizes.size:
            size += 1
        now = later(now)
        step += 1
    micropython.heap_unlock()
    assert heard > 600 and began == ended == 20 and size > 100, (heard, began, ended, size)
    counters = b.statistics()
    assert counters["lost"] == 10 and counters["late"] and counters["garbage"] == 10, counters
    assert counters["duplicate"] == 10 and counters["stretched"], counters


def test_a_restart_and_a_change_of_sender_allocate_nothing():
    stream = RtpStream()
    stream.open(1, 2, 3, 0, 101)
    packet = bytearray(172)
    packet[0] = 0x80
    out = bytearray(160)
    info = array("i", [0] * 4)
    micropython.heap_lock()
    step = 0
    while step < 300:
        packet[3] = step & 255
        packet[2] = step >> 8
        stamp = step * 160
        packet[7] = stamp & 255
        packet[6] = (stamp >> 8) & 255
        packet[5] = stamp >> 16
        if step == 100:
            packet[4] = 9  # another time base
        if step == 200:
            packet[11] = 77  # another sender
        stream.receive(packet, 172, step * 20)
        info[0] += stream.take(out, 0, 160)
        step += 1
    micropython.heap_unlock()
    assert stream.statistics()["restarts"] == 1
    assert info[0] > 280
