from ata.base.errors import PeerError
from ata.sip.offer import DIRECTIONS, parse

OFFER = (
    b"v=0\r\n"
    b"o=alice 2890844526 2890844526 IN IP4 host.atlanta.example.com\r\n"
    b"s=\r\n"
    b"c=IN IP4 192.0.2.1\r\n"
    b"t=0 0\r\n"
    b"a=sendonly\r\n"
    b"m=audio 49170 RTP/AVP 8 0 97\r\n"
    b"a=rtpmap:8 PCMA/8000\r\n"
    b"a=rtpmap:97 telephone-event/8000\r\n"
    b"a=fmtp:97 0-16\r\n"
    b"a=ptime:30\r\n"
    b"a=maxptime:40\r\n"
    b"a=rtcp:49171\r\n"
    b"m=video 51372 RTP/AVP 31 32\r\n"
    b"c=IN IP4 192.0.2.7/127\r\n"
    b"a=inactive\r\n"
    b"a=rtpmap:31 H261/90000\r\n"
)


def refused(body):
    try:
        parse(body)
    except PeerError as error:
        assert error.status == 400
        return True
    return False


def test_streams_carry_what_the_session_says_unless_they_say_otherwise():
    audio, video = parse(OFFER)
    assert (audio.kind, audio.port, audio.proto) == ("audio", 49170, "RTP/AVP")
    assert audio.formats == ["8", "0", "97"]
    assert audio.rtpmap == {"8": "PCMA/8000", "97": "TELEPHONE-EVENT/8000"}
    assert (audio.ip, audio.ptime, audio.maxptime) == ("192.0.2.1", 30, 40)
    assert DIRECTIONS[audio.direction] == "sendonly"
    assert (video.kind, video.ip, DIRECTIONS[video.direction]) == ("video", "192.0.2.7", "inactive")


def test_defaults():
    (audio,) = parse(b"v=0\nm=audio 5/2 RTP/AVP 0\n")
    assert (audio.ip, audio.port, audio.ptime, audio.maxptime) == (None, 5, 0, 0)
    assert DIRECTIONS[audio.direction] == "sendrecv"
    assert parse(b"v=0\r\n") == []


def test_only_ipv4_addresses_count():
    for line, ip in (
        (b"IN IP4 192.0.2.1", "192.0.2.1"),
        (b"IN IP4 0.0.0.0", "0.0.0.0"),
        (b"IN IP4 224.2.1.1/127/3", "224.2.1.1"),
        (b"IN IP4 pbx.example.com", None),
        (b"IN IP6 2001:db8::1", None),
        (b"IN IP4 1.2.3", None),
        (b"IN IP4 1.2.3.4.5", None),
    ):
        assert parse(b"v=0\r\nc=" + line + b"\r\nm=audio 1 RTP/AVP 0\r\n")[0].ip == ip, line


def test_garbage_is_refused():
    for body in (
        b"",
        b"hello",
        b"v=1\r\n",
        b"v=0\r\nx",
        b"v=0\r\nm=audio",
        b"v=0\r\nm=audio x RTP/AVP 0",
        b"v=0\r\nm=audio 65536 RTP/AVP 0",
        b"v=0\r\nm=audio -1 RTP/AVP 0",
        b"v=0\r\nm=audio 1 RTP/AVP",
        b"v=0\r\nc=IN IP4",
        b"v=0\r\nc=IN IP4 1.2.3.256",
        b"v=0\r\nc=IN IP4 1..2.3",
        b"v=0\r\nc=IN IP4 1.2.3.0004",
        b"v=0\r\nm=audio 1 RTP/AVP 0\r\na=ptime:x",
        b"v=0\r\nm=audio 1 RTP/AVP 0\r\na=ptime:-20",
        b"v=0\r\ns=\xff",
        b"v=0\r\n" + b"a=b\r\n" * 300,
        b"v=0\r\n" + b"m=audio 1 RTP/AVP 0\r\n" * 17,
        b"v=0\r\nm=audio 1 RTP/AVP" + b" 0" * 40,
    ):
        assert refused(body), body


def test_what_others_write_and_we_do_not_need_is_passed_over():
    (audio,) = parse(
        b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\ni=x\r\nb=AS:84\r\nk=clear:x\r\nz=0 0\r\nt=0 0\r\n"
        b"a=tool:x\r\na=ptime:20\r\n"
        b"m=audio 4 RTP/AVP 0\r\ni=title\r\nb=TIAS:64000\r\na=ptime:20.0\r\n"
        b"a=candidate:1 1 UDP 2130706431 ::1 5 typ host\r\n"
        b"a=rtpmap:99 opus/48000/2\r\na=silenceSupp:off - - - -\r\n\r\n"
    )
    assert audio.ptime == 20
    assert audio.rtpmap == {}
