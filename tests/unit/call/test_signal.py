"""Transmissions to the phone in a port's audio: what is heard, what is cut; and a step allocates nothing."""

from array import array

import micropython

from ata.call.media import MediaPath
from ata.dsp.tone_script import compile_tone
from ata.dsp.tones import ToneGenerator
from ata.line.callerid import call_setup
from ata.sip.offer import Media

FRAME = 160
SETUP = call_setup((11, 21, 14, 5), "102", "Anna")


def random(count):
    return bytes([37 * (i + 3) & 255 for i in range(count)])


def in_a_call(fax=False):
    path = MediaPath(20, 200, fax=fax)
    slot = path.slot(1, 0)
    path.connect(
        slot, Media("192.0.2.9", 4000, 0, 0, 101, 20, True, True, False, 4001), "address", "rfc4733", random
    )
    return path, slot


class Speech:
    """Blocks of both ports in which the phone of port 1 sounds."""

    def __init__(self, script):
        self.tone = ToneGenerator()
        self.tone.start(compile_tone(script))
        self.mono = array("h", bytes(2 * FRAME))
        self.stereo = array("h", bytes(4 * FRAME))
        self.out = array("h", bytes(4 * FRAME))

    def step(self, path):
        for i in range(FRAME):
            self.mono[i] = 0
        self.tone.mix(self.mono, FRAME)
        for i in range(FRAME):
            self.stereo[2 * i] = self.mono[i]
        path.step(self.stereo, self.out)
        return max([abs(self.out[2 * i]) for i in range(FRAME)])


def voice(slot):
    """How far the packet's µ-law codes are from silence."""
    return max([127 - (code & 127) for code in slot.stream.packet[12:]])


def test_a_message_is_heard_for_as_long_as_it_takes_and_then_nothing():
    path = MediaPath(20, 200)
    port = path.port(2)
    port.signal(("fsk", SETUP, 300, 180, "bell202"))
    blank, out = array("h", bytes(4 * FRAME)), array("h", bytes(4 * FRAME))
    heard = 0
    for _ in range(200):
        path.step(blank, out)
        assert max([out[2 * i] for i in range(FRAME)]) == 0, "the other port is silent"
        heard += max([out[2 * i + 1] for i in range(FRAME)]) > 3000
    bits = 300 + 180 + 10 * len(SETUP) + 5
    assert heard == -(-bits * 8000 // 1200 // FRAME)


def test_while_the_voice_is_cut_neither_side_hears_the_other_and_no_digit_leaves():
    path, slot = in_a_call()
    speech = Speech("941@-8+1633@-6;0/0")  # the phone's ACK: D
    for _ in range(10):
        speech.step(path)
    assert slot.event_due, "a digit leaves as an event"
    path, slot = in_a_call()
    speech = Speech("941@-8+1633@-6;0/0")
    path.port(1).signal(("mute",))
    events = 0
    for _ in range(10):
        speech.step(path)
        events += slot.event_due
        assert voice(slot) == 0
    assert not events and path.port(1).next_digit() == 15, "but the transmission gets it"
    speech = Speech("1000@-10;0/0")
    path.port(1).signal(("done", True))
    for _ in range(12):
        speech.step(path)
    assert voice(slot) > 60


def test_its_end_silences_tone_digit_and_message():
    path = MediaPath(20, 200)
    port = path.port(1)
    speech = Speech("0;0/0")
    for output in (
        ("tone", "2130@-15+2750@-15;.1/0|0;0/0"),
        ("digit", 10, 500),
        ("fsk", SETUP, 300, 180, "v23"),
    ):
        port.signal(output)
        assert speech.step(path) > 2000
        port.signal(("done", False))
        assert speech.step(path) == 0


def test_a_step_in_which_a_message_is_sent_allocates_nothing():
    if not hasattr(micropython, "heap_lock"):
        return  # CPython
    path, _slot = in_a_call(True)
    path.port(1).signal(("fsk", SETUP, 300, 180, "bell202"))
    blank, out = array("h", bytes(4 * FRAME)), array("h", bytes(4 * FRAME))
    path.step(blank, out)
    micropython.heap_lock()
    steps = 0
    while steps < 60:
        path.step(blank, out)
        steps += 1
    micropython.heap_unlock()
    assert steps == 60 and not path.port(1).modem.active


def fax_call(near):
    """A call of port 1 whose phone sounds like `near`; looked for fax."""
    path = MediaPath(20, 200, fax=True)
    slot = path.slot(1, 0)
    path.connect(
        slot, Media("192.0.2.9", 4000, 0, 0, 101, 20, True, True, False, 4001), "address", "rfc4733", random
    )
    speech = Speech(near)
    for _ in range(60):
        speech.step(path)
    return path, slot, speech


def test_an_answer_tone_makes_the_call_carry_data_until_it_ends():
    path, slot, _speech = fax_call("2100@-12;0/0")
    assert slot.data
    depth = slot.stream.statistics()["depth_ms"]
    assert depth >= 80
    assert not path.slot(2, 0).data
    slot.close()
    path.connect(
        slot, Media("192.0.2.9", 4000, 0, 0, 101, 20, True, True, False, 4001), "address", "rfc4733", random
    )
    assert not slot.data and slot.stream.statistics()["depth_ms"] < 80


def test_speech_dial_tone_and_a_calling_tone_alone_do_not():
    for script in ("350@-13+440@-13;0/0", "1100@-12;.5/3", "440;.3/.2|880;.2/.1"):
        _path, slot, _speech = fax_call(script)
        assert not slot.data, script


def test_nothing_is_invented_for_a_modem():
    path, slot, _speech = fax_call("2100@-12;0/0")
    packet = bytearray(12 + FRAME)
    packet[0] = 0x80
    blank, out = array("h", bytes(4 * FRAME)), array("h", bytes(4 * FRAME))
    heard = []
    for i in range(40):
        packet[2], packet[3] = i >> 8, i & 255
        stamp = i * FRAME
        packet[4:8] = bytes((stamp >> 24, stamp >> 16 & 255, stamp >> 8 & 255, stamp & 255))
        for k in range(FRAME):
            packet[12 + k] = 0x20 + (k & 15)
        if i < 25:
            slot.stream.receive(packet, len(packet), 20 * i)
        path.step(blank, out)
        heard.append(max([abs(out[2 * k]) for k in range(FRAME)]))
    loud = [i for i in range(40) if heard[i] > 1000]
    assert len(loud) == 25 and heard[loud[-1] + 1] == 0, heard
