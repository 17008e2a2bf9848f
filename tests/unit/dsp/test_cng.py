"""Payloads of RFC 3389 and the noise that is made of them."""

import math
from array import array

from ata.dsp.cng import Noise, NoiseSender
from ata.dsp.level import level_dbm0

DBOV = 32768.0


def made(noise, frames=100):
    pcm = []
    for _ in range(frames):
        frame = array("h", bytes(320))
        noise.make(frame, 160)
        pcm += list(frame)
    return pcm


def power(pcm):
    return sum(x * x for x in pcm) / len(pcm)


def correlation(pcm, lag):
    return sum(pcm[i] * pcm[i - lag] for i in range(lag, len(pcm))) / len(pcm) / power(pcm)


def describe(pcm, out, offset):
    """The payload that is sent for this frame."""
    return NoiseSender().step(0, level_dbm0(pcm, 160), pcm, 160, out, offset)


def test_the_level_is_that_of_the_payload():
    for level in (30, 36, 41, 55, 64, 70):
        noise = Noise()
        noise.update(bytes([level]), 0, 1)
        made(noise, 20)
        assert abs(10 * math.log10(power(made(noise)) / DBOV**2) + level) < 0.6, level


def test_the_spectrum_is_that_of_the_coefficients():
    for octet in (40, 90, 127, 160, 220):
        k1 = (octet - 127) * 258 / 32768  # RFC 3389 §3.2
        noise = Noise()
        noise.update(bytes([99, 40, octet]), 1, 2)
        made(noise, 20)
        pcm = made(noise)
        assert abs(correlation(pcm, 1) + k1) < 0.03, octet
        assert abs(10 * math.log10(power(pcm) / DBOV**2) + 40) < 0.6, octet
    noise.update(bytes([40, 127, 220, 1, 2, 3]), 0, 6)  # the third and later ones are left out
    made(noise, 20)
    pcm = made(noise)
    assert abs(correlation(pcm, 1)) < 0.03
    assert abs(correlation(pcm, 2) + 93 * 258 / 32768) < 0.04


def test_what_is_described_is_made_again():
    for payload in ((35, 127, 127), (50, 60, 140), (60, 30, 200), (45, 200, 100)):
        noise = Noise()
        noise.update(bytes(payload), 0, 3)
        made(noise, 20)
        found = [0, 0, 0]
        out = bytearray(5)
        for _ in range(100):
            assert describe(array("h", made(noise, 1)), out, 2) == 3
            for i in range(3):
                found[i] += out[2 + i]
        for i in range(3):
            assert abs(found[i] / 100 - payload[i]) < (0.7, 4, 8)[i], (payload, found)
        assert out[:2] == bytes(2)


def test_silence_and_full_scale_can_be_described():
    out = bytearray(3)
    describe(array("h", bytes(320)), out, 0)
    assert list(out) == [127, 127, 127]
    describe(array("h", [32767] * 160), out, 0)
    assert out[0] == 0 and out[1] == 6  # −0.95
    describe(array("h", [-32768, 32767] * 80), out, 0)
    assert out[0] == 0 and out[1] == 248


def test_hostile_payloads_never_make_loud_noise_nor_wrap_around():
    for payload in (b"\x00", b"\x80\xff\xff", b"\x00\x00\x00", b"\x00\x00\xff", b"\x00\xff\x00", b"\xff"):
        noise = Noise(12345)
        noise.update(payload, 0, len(payload))
        pcm = made(noise, 50)
        assert max(pcm) < 8000 and min(pcm) > -8000, payload
        assert 10 * math.log10(power(pcm[3200:]) / DBOV**2) < -28, payload


def test_an_empty_payload_changes_nothing_and_a_new_one_does_so_gently():
    noise = Noise()
    noise.update(b"\x28", 0, 1)
    made(noise, 20)
    noise.update(b"", 0, 0)
    before = power(made(noise, 10))
    assert abs(10 * math.log10(before / DBOV**2) + 40) < 1
    noise.update(b"\x46", 0, 1)
    steps = [power(made(noise, 1)) for _ in range(20)]
    assert steps[0] > before / 4 and steps[-1] < before / 500


def test_two_seeds_make_two_noises():
    assert made(Noise(1), 2) != made(Noise(3), 2)


def test_a_payload_is_sent_at_once_on_change_and_each_second():
    noise = Noise()
    noise.update(b"\x32", 0, 1)
    made(noise, 20)
    sender = NoiseSender()
    out = bytearray(15)
    frame = array("h", bytes(320))

    def sent(steps, voice=0):
        found = []
        for step in range(steps):
            noise.make(frame, 160)
            if sender.step(voice, level_dbm0(frame, 160), frame, 160, out, 12):
                found.append(step)
        return found

    assert sent(10, 1) == []
    assert sent(110) == [0, 51, 102]
    assert abs(out[12] - 0x32) <= 1
    assert sent(5, 1) == []
    assert sent(5) == [0]
    noise.update(b"\x26", 0, 1)
    steps = sent(30)
    assert steps and steps[0] >= 4 and steps[-1] < 30 and len(steps) <= 3
    assert abs(out[12] - 0x26) <= 2


def test_every_interpreter_makes_the_same_noise():
    noise = Noise(4711)
    noise.update(bytes([35, 30, 200]), 0, 3)
    check = 0
    for x in made(noise, 20):
        check = (check * 31 + x) % 1000003
    assert check == 861414
