from array import array

from ata.call.media import MediaPath
from ata.dsp.g711 import G711
from ata.dsp.tone_script import compile_tone
from ata.dsp.tones import ToneGenerator
from ata.sip.offer import Media

FRAME = 160


def random(count):
    return bytes([37 * (i + 3) & 255 for i in range(count)])


def agreed(event_type=101, send=True, receive=True, codec=0, noise=False):
    return Media("192.0.2.9", 4000, codec, codec, event_type, 20, send, receive, noise, 4001)


def silence():
    return array("h", bytes(2 * FRAME))


def loudness(pcm):
    return max(max(pcm), -min(pcm))


def tone(text):
    generator = ToneGenerator()
    generator.start(compile_tone(text))
    return generator


def tone_frame(text):
    pcm = silence()
    tone(text).mix(pcm, FRAME)
    return pcm


class Bench:
    """A media path; `near` (mono generators by port) is what the phones say."""

    def __init__(self, **options):
        self.path = MediaPath(20, 200, **options)
        self.near = {1: None, 2: None}  # type: dict
        self.out = bytearray(4 * FRAME)

    def connect(self, port=1, slot=0, mode="rfc4733", media=None):
        found = self.path.slot(port, slot)
        self.path.connect(found, media or agreed(), "address", mode, random)
        return found

    def step(self):
        """20 ms; returns what each phone hears as {port: array}."""
        stereo = array("h", bytes(4 * FRAME))
        for port, generator in self.near.items():
            if generator is not None:
                mono = silence()
                generator.mix(mono, FRAME)
                for i in range(FRAME):
                    stereo[2 * i + port - 1] = mono[i]
        self.path.step(stereo, self.out)
        heard = {1: silence(), 2: silence()}
        samples = array("h", bytes(self.out))
        for i in range(FRAME):
            heard[1][i] = samples[2 * i]
            heard[2][i] = samples[2 * i + 1]
        return heard


def decoded(slot):
    """The audio of the packet that is due."""
    pcm = silence()
    G711(0).decode(slot.stream.packet, 12, pcm, FRAME)
    return pcm


def feed(slot, bench, frames, generator, seq=1):
    """Give the slot `frames` packets of far-end audio."""
    packet = bytearray(12 + FRAME)
    packet[0] = 0x80
    for i in range(frames):
        mono = silence()
        generator.mix(mono, FRAME)
        G711(0).encode(mono, packet, 12, FRAME)
        packet[2], packet[3] = (seq + i) >> 8, (seq + i) & 255
        stamp = (seq + i) * FRAME
        packet[4:8] = bytes((stamp >> 24, stamp >> 16 & 255, stamp >> 8 & 255, stamp & 255))
        slot.stream.receive(packet, len(packet), 20 * i)


def event_packet(seq, stamp, code, duration, end):
    header = bytes((0x80, 101, seq >> 8, seq & 255, stamp >> 24, stamp >> 16 & 255, stamp >> 8 & 255))
    return header + bytes((stamp & 255, 0, 0, 0, 0, code, 0x8A if end else 10, duration >> 8, duration & 255))


def test_each_port_hears_and_sends_its_own_audio():
    bench = Bench()
    first, second = bench.connect(1), bench.connect(2)
    bench.near[1] = tone("500@-10;0/0")
    for _ in range(5):
        bench.step()
    assert first.voice_due and second.voice_due
    assert loudness(decoded(first)) > 5000 and loudness(decoded(second)) < 20


def test_far_end_audio_reaches_the_phone_of_that_port_only():
    bench = Bench()
    slot = bench.connect(2)
    feed(slot, bench, 6, tone("600@-10;0/0"))
    loudest = {1: 0, 2: 0}
    for _ in range(4):
        heard = bench.step()
        for port in (1, 2):
            loudest[port] = max(loudest[port], loudness(heard[port]))
    assert loudest[2] > 5000 and loudest[1] == 0


def press(bench, code, steps=6):
    bench.near[1] = ToneGenerator()
    bench.near[1].digit(code, 20 * steps)


def test_a_key_leaves_as_an_event_and_not_in_the_audio():
    bench = Bench()
    slot = bench.connect(1)
    press(bench, 5)
    events, loud_after = 0, 0
    for i in range(12):
        bench.step()
        if slot.event_due:
            events += 1
            assert slot.stream.event_packet[12] == 5
        if slot.voice_due and i > 2:
            loud_after = max(loud_after, loudness(decoded(slot)))
    assert bench.path.port(1).next_digit() == 5 and bench.path.port(1).next_digit() == -1
    assert events >= 5 and loud_after < 200


def test_by_info_the_tone_is_muted_and_no_event_is_sent():
    bench = Bench()
    slot = bench.connect(1, mode="info")
    press(bench, 9)
    quiet = 0
    for _ in range(8):
        bench.step()
        assert not slot.event_due and slot.voice_due
        if loudness(decoded(slot)) < 20:
            quiet += 1
    assert quiet >= 4 and bench.path.port(1).next_digit() == 9


def test_in_band_or_without_an_agreed_event_type_the_tone_is_the_audio():
    for mode, event_type in (("inband", 101), ("auto", -1), ("rfc4733", -1)):
        bench = Bench()
        slot = bench.connect(1, mode=mode, media=agreed(event_type))
        press(bench, 1)
        for _ in range(5):
            bench.step()
            assert slot.voice_due and not slot.event_due
            assert loudness(decoded(slot)) > 5000


def test_a_pulse_digit_is_sent_as_an_event_or_in_band():
    bench = Bench()
    slot = bench.connect(1)
    bench.path.send_digit(1, slot, 7, 100)
    bench.step()
    assert slot.event_due and slot.stream.event_packet[12] == 7
    bench = Bench()
    slot = bench.connect(1, mode="inband")
    bench.path.send_digit(1, slot, 7, 100)
    bench.step()
    assert loudness(decoded(slot)) > 5000 and bench.path.port(1).next_digit() == -1


def test_a_received_event_is_heard_and_does_not_end_a_tone_of_ours():
    bench = Bench()
    slot = bench.connect(1)
    bench.path.port(1).tones.start(compile_tone("440@-30;0/0"))
    before = loudness(bench.step()[1])
    slot.stream.receive(event_packet(1, 160, 8, 160, False), 16, 0)
    loudest = 0
    for _ in range(4):
        loudest = max(loudest, loudness(bench.step()[1]))
    assert loudest > 3 * before
    slot.stream.receive(event_packet(2, 160, 8, 800, True), 16, 80)
    for _ in range(10):
        after = loudness(bench.step()[1])
    assert 0 < after < 2 * before, (before, after)


def test_the_echo_of_a_played_digit_is_neither_a_key_nor_sent_back():
    bench = Bench()
    slot = bench.connect(1)
    bench.path.port(1).play_digit(4, 100)
    bench.near[1] = ToneGenerator()
    bench.near[1].digit(4, 100)
    for _ in range(8):
        bench.step()
        assert not slot.event_due and loudness(decoded(slot)) < 20
    assert bench.path.port(1).next_digit() == -1


def test_a_held_leg_gets_silence_and_is_not_heard():
    bench = Bench()
    slot = bench.connect(1)
    bench.near[1] = tone("500@-10;0/0")
    bench.step()
    slot.disconnect()
    feed(slot, bench, 4, tone("600@-10;0/0"))
    for _ in range(4):
        heard = bench.step()
        assert slot.voice_due and loudness(decoded(slot)) < 20 and loudness(heard[1]) == 0


def test_holding_with_a_key_down_does_not_mute_the_call_for_ever():
    bench = Bench()
    slot = bench.connect(1)
    press(bench, 3, 30)
    for _ in range(4):
        bench.step()
    slot.disconnect()
    for _ in range(40):
        bench.step()
    bench.connect(1)
    bench.near[1] = tone("500@-10;0/0")
    for _ in range(10):
        bench.step()
    assert slot.voice_due and loudness(decoded(slot)) > 5000


def test_a_received_digit_takes_the_place_of_the_far_audio():
    bench = Bench()
    slot = bench.connect(1)
    feed(slot, bench, 10, tone("1000@-3;0/0"))
    bench.step()
    bench.path.port(1).play_digit(5, 200)
    bench.step()
    heard = bench.step()[1]
    # Digit 5 alone is −8 and −6 dBm0; with the 1000 Hz of −3 dBm0 it would be far louder.
    assert 5000 < loudness(heard) < 22000


def test_the_echo_of_the_far_end_is_cancelled_where_that_is_asked_for():
    levels = {}
    for taps in (0, 64):
        bench = Bench(echo_taps=taps, echo_delay=0)
        slot = bench.connect(1)
        voice = ToneGenerator()
        voice.start(
            compile_tone("300@-16+820@-18+1530@-20+2410@-22;0.13/0.02|410@-16+990@-18+1800@-20;0.11/0.03")
        )
        played = silence()
        for i in range(100):
            feed(slot, bench, 1, voice, i + 1)
            # The hybrid gives back what was played in the step before, 20 dB weaker.
            echo = array("h", [sample // 10 for sample in played])
            stereo = array("h", bytes(4 * FRAME))
            for k in range(FRAME):
                stereo[2 * k] = echo[k]
            bench.path.step(stereo, bench.out)
            out = array("h", bytes(bench.out))
            played = array("h", [out[2 * k] for k in range(FRAME)])
        levels[taps] = loudness(decoded(slot))
    assert levels[0] > 500 and levels[64] < levels[0] / 5, levels


def test_two_connected_legs_hear_each_other_through_the_phone():
    bench = Bench()
    first, second = bench.connect(1, 0), bench.connect(1, 1)
    feed(first, bench, 8, tone("600@-10;0/0"))
    loudest = 0
    for _ in range(6):
        bench.step()
        loudest = max(loudest, loudness(decoded(second)))
    assert loudest > 5000 and loudness(decoded(first)) < 20


def test_a_tone_of_ours_is_not_sent_to_the_other_leg():
    # the frame that the phone hears is the audio of a leg, which the other leg hears as well
    bench = Bench()
    first, second = bench.connect(1, 0), bench.connect(1, 1)
    bench.path.port(1).tones.start(compile_tone("440@-6;0/0"))
    for slots in ((first,), (first, second)):
        for slot in slots:
            feed(slot, bench, 8, tone("600@-30;0/0"), 1 if slots == (first,) else 9)
        for _ in range(6):
            heard = bench.step()[1]
            assert loudness(heard) > 10000
            assert loudness(decoded(first)) < 2000 and loudness(decoded(second)) < 2000


def test_the_phone_hears_the_sum_of_two_legs():
    bench = Bench()
    first, second = bench.connect(1, 0), bench.connect(1, 1)
    feed(first, bench, 8, tone("500@-10;0/0"))
    feed(second, bench, 8, tone("500@-10;0/0"))
    loudest = max([loudness(bench.step()[1]) for _ in range(4)])
    one = loudness(tone_frame("500@-10;0/0"))
    assert 1.8 * one < loudest < 2.2 * one, (one, loudest)


def test_a_direction_agreed_away_is_kept():
    bench = Bench()
    slot = bench.connect(1, media=agreed(send=False))
    bench.step()
    assert not slot.voice_due
    slot = bench.connect(2, media=agreed(receive=False))
    feed(slot, bench, 4, tone("600@-10;0/0"))
    for _ in range(3):
        assert loudness(bench.step()[2]) == 0


def test_a_move_of_the_far_end_keeps_the_stream_and_another_codec_restarts_it():
    bench = Bench()
    slot = bench.connect(1)
    bench.step()
    ssrc = bytes(slot.stream.packet[8:12])
    sequence = slot.stream.packet[3]
    bench.connect(1)
    bench.step()
    assert bytes(slot.stream.packet[8:12]) == ssrc and slot.stream.packet[3] == sequence + 1 & 255
    bench.connect(1, media=agreed(codec=8))
    bench.step()
    assert slot.stream.packet[1] & 127 == 8


def test_silence_leaves_as_comfort_noise_and_speech_as_speech():
    bench = Bench(vad=True)
    slot = bench.connect(1, media=agreed(noise=True))
    bench.near[1] = tone("500@-60;0/0")
    sent = []
    for _ in range(150):
        bench.step()
        sent.append((slot.voice_due, slot.silence_due))
    assert not any(voice for voice, _ in sent[50:])
    assert 1 <= sum(noise for _, noise in sent[50:]) <= 3  # each second
    assert 50 <= slot.silence[12] <= 75  # -dBov
    bench.near[1] = tone("500@-15;0/0")
    bench.step()
    assert slot.voice_due and not slot.silence_due and slot.stream.packet[1] & 128
    assert loudness(decoded(slot)) > 3000


def test_without_agreement_silence_is_sent_as_it_is():
    for options, noise in (({"vad": True}, False), ({}, True)):
        bench = Bench(**options)
        slot = bench.connect(1, media=agreed(noise=noise))
        for _ in range(60):
            bench.step()
            assert slot.voice_due and not slot.silence_due


def test_a_silence_that_was_told_is_heard_as_noise_and_is_no_loss():
    for vad in (True, False):
        bench = Bench(vad=vad)
        slot = bench.connect(2, media=agreed(noise=vad))
        feed(slot, bench, 4, tone("600@-10;0/0"))
        noise = bytes((0x80, 13, 0, 5, 0, 0, 800 >> 8, 800 & 255, 0, 0, 0, 0, 50))
        slot.stream.receive(noise, len(noise), 80)
        heard = [loudness(bench.step()[2]) for _ in range(60)]
        assert max(heard[:4]) > 5000
        quiet = heard[20:]
        if vad:
            assert all(20 < level < 1000 for level in quiet), quiet
        else:
            assert max(quiet) == 0
        assert slot.meter.missing == 0
