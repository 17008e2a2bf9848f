from ata.base.errors import PeerError
from ata.sip.offer import LocalMedia, Negotiation, parse

OURS = LocalMedia("192.0.2.1", 10000)
THEIRS = LocalMedia("192.0.2.2", 20000, (8, 0), 96)


def sdp(*lines):
    """A peer's description with these lines from the first m= on."""
    head = "v=0\r\no=x 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n"
    return (head + "\r\n".join(lines) + "\r\n").encode()


def answer_to(*lines):
    """(lines of our answer from the first m= on, Media)"""
    body, media = Negotiation(1).receive_offer(sdp(*lines), OURS)
    return body.decode().split("\r\n")[5:-1], media


def status_of(call, *args):
    try:
        call(*args)
    except PeerError as error:
        return error.status
    return 0


def test_an_offer_names_all_our_codecs_and_events():
    assert Negotiation(77).make_offer(OURS) == (
        b"v=0\r\no=- 77 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        b"m=audio 10000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
        b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    )
    assert b"telephone-event" not in Negotiation(1).make_offer(LocalMedia("192.0.2.1", 10000, (8,), -1))


def test_offer_and_answer_meet():
    caller = Negotiation(1)
    called = Negotiation(2)
    answer, heard = called.receive_offer(caller.make_offer(OURS), THEIRS)
    agreed = caller.accept_answer(answer)
    # The answerer follows the offer's order of codecs and its event number (RFC 3264 §6.1).
    assert (heard.ip, heard.port, heard.codec, heard.payload_type, heard.event_type) == (
        "192.0.2.1",
        10000,
        0,
        0,
        101,
    )
    assert (agreed.ip, agreed.port, agreed.codec, agreed.event_type) == ("192.0.2.2", 20000, 0, 101)
    assert (heard.ptime, heard.send, heard.receive) == (20, True, True)
    assert (agreed.ptime, agreed.send, agreed.receive) == (20, True, True)


def test_the_answer_takes_one_codec_and_the_offered_numbers():
    lines, media = answer_to(
        "m=audio 6000 RTP/AVP 18 96 8 0",
        "a=rtpmap:18 G729/8000",
        "a=rtpmap:96 telephone-event/8000",
        "a=fmtp:96 0-15",
    )
    assert lines == [
        "m=audio 10000 RTP/AVP 8 96",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:96 telephone-event/8000",
        "a=fmtp:96 0-15",
        "a=ptime:20",
        "a=sendrecv",
    ]
    assert (media.codec, media.payload_type, media.event_type) == (8, 8, 96)


def test_a_codec_may_have_another_number():
    lines, media = answer_to("m=audio 6000 RTP/AVP 98", "a=rtpmap:98 pcmu/8000/1")
    assert lines[:2] == ["m=audio 10000 RTP/AVP 98", "a=rtpmap:98 PCMU/8000"]
    assert (media.codec, media.payload_type, media.event_type) == (0, 98, -1)


def test_events_at_another_rate_are_not_ours():
    lines, media = answer_to("m=audio 6000 RTP/AVP 0 97", "a=rtpmap:97 telephone-event/48000")
    assert lines[0] == "m=audio 10000 RTP/AVP 0"
    assert media.event_type == -1


def test_other_media_are_refused_in_their_place():
    lines, media = answer_to(
        "m=video 5000 RTP/AVP 31 32",
        "m=audio 6000 RTP/AVP 0",
        "m=audio 7000 RTP/AVP 0",
        "m=image 8000 udptl t38",
    )
    assert lines[0] == "m=video 0 RTP/AVP 31"
    assert lines[1] == "m=audio 10000 RTP/AVP 0"
    assert lines[-2:] == ["m=audio 0 RTP/AVP 0", "m=image 0 udptl t38"]
    assert media.port == 6000


def test_what_has_nothing_for_us_gets_488():
    for lines in (
        ["m=audio 6000 RTP/AVP 18"],
        ["m=audio 6000 RTP/AVP 96", "a=rtpmap:96 telephone-event/8000"],
        ["m=audio 6000 RTP/SAVP 0"],
        ["m=video 6000 RTP/AVP 0"],
        ["m=image 6000 udptl t38"],
        ["m=audio 0 RTP/AVP 0"],
        ["m=audio 6000 RTP/AVP 0", "c=IN IP6 ::1"],
        ["m=audio 6000 RTP/AVP 0", "a=rtpmap:0 opus/48000/2"],
        ["m=audio 6000 RTP/AVP x", "m=audio 6000 RTP/AVP  "],
        ["a=sendrecv"],
    ):
        assert status_of(Negotiation(1).receive_offer, sdp(*lines), OURS) == 488, lines
    assert status_of(Negotiation(1).receive_offer, b"hello", OURS) == 400


def test_direction_is_seen_from_our_side():
    for theirs, ours, send, receive in (
        ("sendrecv", "sendrecv", True, True),
        ("sendonly", "recvonly", False, True),
        ("recvonly", "sendonly", True, False),
        ("inactive", "inactive", False, False),
    ):
        lines, media = answer_to("m=audio 6000 RTP/AVP 0", "a=" + theirs)
        assert lines[-1] == "a=" + ours
        assert (media.send, media.receive) == (send, receive), theirs


def test_we_may_hold_while_answering():
    for theirs, ours in (("sendrecv", "sendonly"), ("sendonly", "inactive"), ("recvonly", "sendonly")):
        body, media = Negotiation(1).receive_offer(
            sdp("m=audio 6000 RTP/AVP 0", "a=" + theirs), OURS, "sendonly"
        )
        assert body.endswith(b"a=%s\r\n" % ours.encode())
        assert not media.receive


def test_the_old_way_to_hold_is_understood():
    body = sdp("m=audio 6000 RTP/AVP 0", "c=IN IP4 0.0.0.0")
    answer, media = Negotiation(1).receive_offer(body, OURS)
    assert (media.send, media.receive) == (False, True)
    assert answer.endswith(b"a=recvonly\r\n")


def test_hold_and_resume():
    caller = Negotiation(1)
    called = Negotiation(2)
    caller.accept_answer(called.receive_offer(caller.make_offer(OURS), THEIRS)[0])
    answer, heard = called.receive_offer(caller.make_offer(OURS, "sendonly"), THEIRS)
    agreed = caller.accept_answer(answer)
    assert (heard.send, heard.receive, agreed.send, agreed.receive) == (False, True, True, False)
    answer, heard = called.receive_offer(caller.make_offer(OURS), THEIRS)
    agreed = caller.accept_answer(answer)
    assert heard.send and heard.receive and agreed.send and agreed.receive


def test_the_version_rises_only_with_a_change():
    ours = Negotiation(9)
    first = ours.make_offer(OURS)
    assert b"o=- 9 1 IN" in first
    assert ours.make_offer(OURS) == first == ours.sent
    held = ours.make_offer(OURS, "sendonly")
    assert b"o=- 9 2 IN" in held
    assert ours.make_offer(OURS, "sendonly") == held
    assert b"o=- 9 3 IN" in ours.receive_offer(sdp("m=audio 6000 RTP/AVP 0"), OURS)[0]


def test_later_offers_keep_the_order_of_streams_and_the_event_number():
    ours = Negotiation(1)
    ours.receive_offer(
        sdp("m=video 5000 RTP/AVP 31", "m=audio 6000 RTP/AVP 0 96", "a=rtpmap:96 telephone-event/8000"), OURS
    )
    video, audio = parse(ours.make_offer(OURS, "sendonly"))
    assert (video.kind, video.port) == ("video", 0)
    assert audio.formats == ["0", "8", "96"]
    body = sdp("m=video 0 RTP/AVP 31", "m=audio 6000 RTP/AVP 8")
    assert ours.accept_answer(body).codec == 8


def test_a_stream_that_ends_later_is_answered_with_port_0():
    ours = Negotiation(1)
    ours.receive_offer(sdp("m=audio 6000 RTP/AVP 0"), OURS)
    answer, media = ours.receive_offer(sdp("m=audio 0 RTP/AVP 0"), OURS)
    assert parse(answer)[0].port == 0
    assert (media.port, media.send, media.receive) == (0, False, False)
    answer, media = ours.receive_offer(sdp("m=audio 6000 RTP/AVP 0"), OURS)
    assert (parse(answer)[0].port, media.port) == (10000, 6000)


def test_answers_that_do_not_answer_are_refused():
    for body, status in (
        (sdp("m=audio 0 RTP/AVP 0"), 488),
        (sdp("m=audio 6000 RTP/AVP 18"), 488),
        (sdp("m=video 6000 RTP/AVP 0"), 488),
        (sdp("a=sendrecv"), 400),
        (b"", 400),
    ):
        ours = Negotiation(1)
        ours.make_offer(OURS)
        assert status_of(ours.accept_answer, body) == status, body


def test_packet_times():
    for lines, ptime in (
        ([], 20),
        (["a=ptime:10"], 10),
        (["a=ptime:60"], 60),
        (["a=ptime:30", "a=maxptime:20"], 20),
        (["a=maxptime:10"], 10),
        (["a=ptime:25"], 20),
        (["a=ptime:100"], 20),
        (["a=ptime:0"], 20),
        (["a=maxptime:35", "a=ptime:40"], 30),
        (["a=maxptime:5"], 20),
    ):
        _, media = answer_to("m=audio 6000 RTP/AVP 0", *lines)
        assert media.ptime == ptime, lines


def test_no_events_where_we_have_none():
    local = LocalMedia("192.0.2.1", 10000, (0,), -1)
    body = sdp("m=audio 6000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000")
    answer, media = Negotiation(1).receive_offer(body, local)
    assert media.event_type == -1
    assert parse(answer)[0].formats == ["0"]


def test_comfort_noise_is_agreed_upon_if_both_want_it():
    quiet = LocalMedia("192.0.2.1", 10000, (0, 8), 101, noise=True)
    offer = Negotiation(1).make_offer(quiet)
    assert parse(offer)[0].formats == ["0", "8", "13", "101"]
    for theirs, noise in ((LocalMedia("192.0.2.2", 20000, noise=True), True), (THEIRS, False)):
        ours = Negotiation(1)
        ours.make_offer(quiet)
        answer, media = Negotiation(2).receive_offer(offer, theirs)
        assert media.noise is noise and ("13" in parse(answer)[0].formats) is noise
        assert ours.accept_answer(answer).noise is noise
    assert "13" not in parse(Negotiation(1).make_offer(OURS))[0].formats


def test_the_port_for_reports():
    for lines, port in (([], 6001), (["a=rtcp:53020"], 53020), (["a=rtcp:53020 IN IP4 192.0.2.9"], 53020)):
        _, media = answer_to("m=audio 6000 RTP/AVP 0", *lines)
        assert media.rtcp == port, lines
    ours = Negotiation(1)
    assert status_of(ours.receive_offer, sdp("m=audio 6000 RTP/AVP 0", "a=rtcp:x"), OURS) == 400


MUXED = LocalMedia("192.0.2.1", 10000, (0, 8), 101, 20, False, True)


def test_reports_on_the_port_of_rtp_take_both_ends():
    assert b"a=rtcp-mux\r\n" in Negotiation(1).make_offer(MUXED)
    assert b"rtcp" not in Negotiation(1).make_offer(OURS)
    for ours, theirs in ((MUXED, MUXED), (MUXED, OURS), (OURS, MUXED)):
        caller, called = Negotiation(1), Negotiation(2)
        answer, heard = called.receive_offer(caller.make_offer(ours), theirs)
        agreed = caller.accept_answer(answer)
        both = ours is theirs
        for media in (heard, agreed):
            assert media.rtcp == media.port + (0 if both else 1)
        assert (b"a=rtcp-mux" in answer) == both


def test_the_port_of_rtp_is_not_taken_for_reports_without_having_been_agreed_upon():
    for line in ("a=rtcp:6000", "a=rtcp-mux"):
        answer, media = answer_to("m=audio 6000 RTP/AVP 0", line)
        assert media.rtcp == 6001 and "a=rtcp" not in answer, line


def test_a_stream_that_ends_says_nothing_of_reports():
    ours = Negotiation(1)
    ours.receive_offer(sdp("m=audio 6000 RTP/AVP 0", "a=rtcp-mux"), MUXED)
    answer, media = ours.receive_offer(sdp("m=audio 0 RTP/AVP 0", "a=rtcp-mux"), MUXED)
    assert b"rtcp" not in answer and media.port == 0
