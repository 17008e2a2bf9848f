from ata.rtp.stream import RtpStream

SSRC = 0xDEADBEEF


def opened(ssrc=SSRC, seq=65530, ts=0xFFFFFF00, payload_type=0, event_type=101, samples=160):
    stream = RtpStream()
    stream.open(ssrc, seq, ts, payload_type, event_type, samples)
    return stream


def fill(stream, value):
    for i in range(12, len(stream.packet)):
        stream.packet[i] = value & 255


def voice(seq, ts, ssrc=1, payload_type=0, n=160, value=0x33):
    header = [0x80, payload_type, seq >> 8 & 255, seq & 255]
    for word in (ts, ssrc):
        header += [word >> 24 & 255, word >> 16 & 255, word >> 8 & 255, word & 255]
    return bytes(header) + bytes([value]) * n


def events(stream):
    found = []
    while True:
        value = stream.event_poll()
        if value < 0:
            return found
        found.append(value)


def test_voice_and_digits_go_from_one_stream_to_another():
    a, b = opened(), opened(ssrc=7)
    out = bytearray(160)
    heard, digits = [], []
    now = (1 << 30) - 100
    for step in range(100):
        fill(a, step)
        if step == 20:
            a.digit_begin(5)
        if step == 30:
            a.digit_end()
        if step == 60:
            a.digit_play(11, 100)
        if a.send():
            assert b.receive(a.packet, 172, now) == 1
        if a.send_event():
            assert b.receive(a.event_packet, 16, now) == 2
        heard.append(out[0] if b.take(out, 0, 160) else -1)
        digits.extend((step, value) for value in events(b))
        now = (now + 20) & 0x3FFFFFFF
    assert digits == [(20, 5), (30, 21), (60, 11), (64, 27)]
    # each frame 20 ms later; those in which a digit was sent are missing: its end goes in step 30 and 64
    missing = list(range(20, 31)) + list(range(60, 65))
    assert heard == [-1] + [-1 if frame in missing else frame for frame in range(99)]
    counters = b.statistics()
    assert (counters["lost"], counters["late"], counters["garbage"], counters["ignored"]) == (0, 0, 0, 0)
    assert a.statistics()["sent"] == 100 - 16


def test_the_marker_says_where_sound_begins_again():
    stream = opened(ts=0)
    markers, stamps = [], []
    for step in range(12):
        if step == 3:
            stream.digit_play(1, 40)
        sends = stream.skip() if step in (8, 9) else stream.send()
        stream.send_event()
        if sends:
            markers.append(stream.packet[1] >> 7)
            stamps.append(((stream.packet[5] << 16) | (stream.packet[6] << 8) | stream.packet[7]) // 160)
    assert stamps == [1, 2, 3, 6, 7, 8, 11, 12]
    assert markers == [1, 0, 0, 1, 0, 0, 1, 0]


def test_sequence_numbers_are_one_row_over_voice_and_events():
    stream = opened(seq=65533)
    found = []
    for step in range(10):
        if step == 2:
            stream.digit_play(1, 60)
        if stream.send():
            found.append((stream.packet[2] << 8) | stream.packet[3])
        if stream.send_event():
            found.append((stream.event_packet[2] << 8) | stream.event_packet[3])
    assert found == [(65534 + i) & 0xFFFF for i in range(12)]


def test_without_an_agreed_event_type_no_digit_is_sent_and_voice_goes_on():
    stream = opened(event_type=-1)
    stream.digit_begin(1)
    stream.digit_play(2, 100)
    stream.digit_end()
    assert stream.send() and not stream.send_event()
    assert stream.receive(voice(1, 1, payload_type=127, n=4), 16, 0) == 0


def test_voice_is_held_back_from_the_beginning_of_a_digit_to_its_end():
    stream = opened()
    stream.digit_begin(1)
    assert not stream.send() and stream.send_event()
    stream.digit_end()
    assert not stream.send() and stream.send_event()
    assert stream.send() and stream.send_event()


def test_garbage_and_what_is_not_for_us_is_counted():
    stream = opened()
    assert stream.receive(b"OPTIONS sip:", 12, 0) == 0
    assert stream.receive(b"", 0, 0) == 0
    assert stream.receive(voice(1, 1, payload_type=8), 172, 0) == 0  # a law that was not agreed
    assert stream.receive(bytes([0x80, 200]) + bytes(26), 28, 0) == 0  # RTCP on the same port
    counters = stream.statistics()
    assert counters["garbage"] == 2 and counters["ignored"] == 2 and counters["received"] == 0


def test_comfort_noise_is_no_voice_but_not_lost_either():
    stream = opened()
    stream.receive(voice(1, 160), 172, 0)
    assert stream.receive(voice(2, 320, payload_type=13, n=1), 13, 20) == 0
    stream.receive(voice(3, 1600), 172, 180)
    assert stream.statistics()["lost"] == 0 and stream.statistics()["ignored"] == 0


def test_a_silence_lasts_until_what_was_said_after_it_is_played():
    stream = opened()
    out = bytearray(160)
    stream.receive(voice(1, 160), 172, 0)
    assert stream.take(out, 0, 160) == 0 and not stream.is_silent()  # the depth of the buffer
    noise = voice(2, 320, payload_type=13, n=5, value=40)
    stream.receive(noise, len(noise), 20)
    assert bytes(stream.noise[: stream.noise_size]) == b"\x28\x28\x28"  # the level and two coefficients
    assert stream.take(out, 0, 160) == 1  # the end of the speech
    for _ in range(20):
        assert stream.take(out, 0, 160) == 0 and stream.is_silent()
    stream.receive(voice(3, 160 * 23), 172, 460)
    while not stream.take(out, 0, 160):
        assert stream.is_silent()
    assert not stream.is_silent()
    empty = voice(4, 160 * 24, payload_type=13, n=0)
    stream.receive(empty, len(empty), 480)
    assert stream.noise_size == 0 and stream.is_silent()


def test_a_noise_packet_is_the_next_one_of_the_stream_without_a_marker():
    stream = opened(seq=7, ts=1600)
    noise = bytearray(15)
    stream.send()
    stream.skip()
    stream.send_noise(noise)
    assert noise[0] == 0x80 and noise[1] == 13 and noise[2:4] == bytes((0, 9))
    assert noise[4:12] == stream.packet[4:12]
    stream.skip()
    stream.send()
    assert stream.packet[1] & 128 and stream.packet[2:4] == bytes((0, 10))
    assert stream.statistics()["sent"] == 3


def test_a_stray_packet_does_not_take_over_and_a_new_sender_does():
    stream = opened()
    out = bytearray(160)
    heard = []
    for i in range(20):
        assert stream.receive(voice(i, 160 * i, ssrc=1, value=1), 172, 20 * i) == 1
        if i in (5, 6, 9, 10):
            assert stream.receive(voice(9000 + i, 5000000 + 160 * i, ssrc=2, value=2), 172, 20 * i) == 0
        heard.append(out[0] if stream.take(out, 0, 160) else 0)
    for i in range(20):  # the far end was transferred: another SSRC, another time base
        kind = stream.receive(voice(40000 + i, 77 * 160 + 160 * i, ssrc=3, value=3), 172, 400 + 20 * i)
        assert kind == (0 if i < 2 else 1)
        heard.append(out[0] if stream.take(out, 0, 160) else 0)
    assert heard == [0] + [1] * 20 + [0] * 2 + [3] * 17
    assert stream.statistics()["ignored"] == 4 + 2 and stream.statistics()["restarts"] == 0


def test_a_sender_whose_ssrc_is_zero_is_a_sender():
    stream = opened()
    assert stream.receive(voice(1, 1, ssrc=0), 172, 0) == 1
    assert stream.receive(voice(2, 161, ssrc=0), 172, 0) == 1


def test_an_event_of_the_former_sender_ends_with_it():
    stream = opened()
    stream.receive(voice(1, 160, ssrc=1, payload_type=101, n=0) + b"\x05\x0a\x00\xa0", 16, 0)
    assert events(stream) == [5]
    for i in range(3):
        stream.receive(voice(i, 160 * i, ssrc=2), 172, 20)
    for _ in range(3):
        assert events(stream) == []
        stream.take(bytearray(160), 0, 160)
    assert events(stream) == [21]


def test_an_event_ends_when_its_packets_stop_while_audio_is_taken():
    stream = opened()
    stream.receive(voice(1, 160, payload_type=101, n=0) + b"\x05\x0a\x00\xa0", 16, 0)
    out = bytearray(160)
    found = []
    for _ in range(11):
        stream.take(out, 0, 160)
        found.extend(events(stream))
    assert found == [5, 21]


def test_a_stream_can_be_opened_again_with_other_packets():
    stream = opened()
    fill(stream, 1)
    stream.send()
    stream.digit_begin(3)
    stream.receive(voice(1, 1), 172, 0)
    stream.receive(b"x", 1, 0)
    stream.open(5, 100, 1000, 8, 96, 240)
    assert len(stream.packet) == 252
    assert stream.send() and stream.packet[1] == 0x88 and stream.packet[3] == 101
    counters = stream.statistics()
    assert counters["received"] == 0 and counters["garbage"] == 0 and counters["sent"] == 1
    assert stream.receive(voice(9, 9, payload_type=8, ssrc=9), 172, 0) == 1
    stream.digit_play(2, 40)
    assert not stream.send() and stream.send_event() and stream.event_packet[1] == 0xE0
    assert stream.event_packet[14:16] == b"\x00\xa0"
