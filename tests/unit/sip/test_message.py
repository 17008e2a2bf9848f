from ata.base.errors import PeerError
from ata.sip.message import LARGEST, Message, canonical_name, parse, response
from support.sip_vectors import vectors

INVITE = (
    b"INVITE sip:102@192.0.2.2 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa, SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKb\r\n"
    b'f: "A, \\"B\\"" <sip:101@192.0.2.1>;tag=1\r\n'
    b"T: <sip:102@192.0.2.2>\r\n"
    b"i: abc@192.0.2.1\r\n"
    b"CSeq: 7 INVITE\r\n"
    b"Record-Route: <sip:p2;lr>,\r\n\t<sip:p1;lr>\r\n"
    b"Content-Length: 3\r\n"
    b"\r\n"
    b"v=0"
)


def torture():
    return vectors("tests/vectors/sip/torture.txt")


def refusal(data):
    """(status, reason, what is left of the message) of the error that parse raises; status 0 for none."""
    try:
        parse(data)
    except PeerError as error:
        return error.status, error.reason, getattr(error, "message", None)
    return 0, "ok", None


def test_every_torture_message_is_taken_or_refused_as_expected():
    assert len(torture()) > 55
    for name, _, expected, data in torture():
        status, reason, message = refusal(data)
        got = reason
        if status:
            got = "%s%d %s" % ("drop " if message is None else "", status, reason)
        assert got == expected, "%s: %s, not %s" % (name, got, expected)


def test_what_was_taken_survives_encoding_and_parsing():
    for name, _, expected, data in torture():
        if expected == "ok":
            first = parse(data)
            again = parse(first.encode())
            first.set("Content-Length", len(first.body))
            assert again.headers == first.headers, name
            assert (again.method, again.uri, again.status, again.reason, again.body) == (
                first.method,
                first.uri,
                first.status,
                first.reason,
                first.body,
            ), name
            assert parse(again.encode()).encode() == again.encode(), name


def test_a_refused_request_can_be_answered():
    for name, _, expected, data in torture():
        if expected[0] in "45":
            status, _, broken = refusal(data)
            answer = response(broken, status, "xyz").encode()
            phrase = b"Bad Request" if status == 400 else b"Version Not Supported"
            assert answer.startswith(b"SIP/2.0 %d %s\r\n" % (status, phrase)), name
            assert b"\r\nVia: " in answer and b"\r\nCSeq: " in answer, name


def test_folded_compact_and_combined_headers_get_one_canonical_form():
    invite = parse(INVITE)
    assert invite.method == "INVITE"
    assert invite.uri == "sip:102@192.0.2.2"
    assert invite.all("Via")[0] == "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa"
    assert invite.all("Via")[1] == "SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKb"
    assert len(invite.all("Via")) == 2
    assert invite.all("Record-Route") == ["<sip:p2;lr>", "<sip:p1;lr>"]
    assert invite.get("From") == '"A, \\"B\\"" <sip:101@192.0.2.1>;tag=1'
    assert invite.get("Call-ID") == "abc@192.0.2.1"
    assert invite.cseq == (7, "INVITE")
    assert invite.top_branch == "z9hG4bKa"
    assert invite.body == b"v=0"


def test_the_torture_invitation_with_white_space_means_what_it_says():
    for name, _, _, data in torture():
        if name == "wsinv":
            invite = parse(data)
            assert invite.cseq == (9, "INVITE")
            assert invite.top_branch == "390skdjuw"
            assert len(invite.all("Via")) == 3
            assert invite.get("S") == ""
            assert invite.get("Newfangledheader") == "newfangled value continued newfangled value"
            assert invite.body.startswith(b"v=0\r\no=mhandley")
        if name == "noreason":
            assert (parse(data).status, parse(data).reason) == (100, "")
        if name == "dblreq":
            assert parse(data).body == b""
        if name == "inv2543":
            assert parse(data).top_branch is None
            assert parse(data).body.endswith(b"RTP/AVP 0\r\n\r\n")


def test_names_are_canonical_whatever_their_case():
    for given, name in (
        ("CALL-ID", "Call-ID"),
        ("i", "Call-ID"),
        ("I", "Call-ID"),
        ("cseq", "CSeq"),
        ("www-authenticate", "WWW-Authenticate"),
        ("record-route", "Record-Route"),
        ("P-Asserted-IDENTITY", "P-Asserted-Identity"),
        ("x-_`~!1a", "X-_`~!1a"),
        ("Content-Length", "Content-Length"),
        ("l", "Content-Length"),
        ("P-ASSERTED-IDENTITY", "P-Asserted-Identity"),
        ("to", "To"),
    ):
        assert canonical_name(given) == name, given


def cseq_of(text):
    message = Message("X", "sip:a@b")
    message.add("CSeq", text)
    try:
        return message.cseq
    except PeerError as error:
        assert error.status == 400
        return None


def test_cseq():
    assert cseq_of("4711 INVITE") == (4711, "INVITE")
    assert cseq_of("0009   INVITE") == (9, "INVITE")
    assert cseq_of("2147483647 X") == (2147483647, "X")
    for text in ("", "1", "INVITE", "1INVITE", "-1 INVITE", "+1 INVITE", "1_0 INVITE", "1 IN VITE",
                 "2147483648 X", "99999999999999999999 X", "1.5 X", "\u0661 X", "\xb2 X"):  # fmt: skip
        assert cseq_of(text) is None, text


def test_headers_are_read_set_and_copied_in_order():
    bye = Message("BYE", "sip:a@b")
    bye.add("Via", "1")
    bye.add("Via", "2")
    bye.add("Max-Forwards", 70)
    assert bye.all("Via") == ["1", "2"]
    bye.set("Via", "0")
    assert bye.all("Via") == ["0", "2"]
    bye.set("Max-Forwards", 69)
    bye.set("Reason", "Q.850")
    assert bye.get("Max-Forwards") == "69"
    assert bye.get("Reason") == "Q.850"
    assert bye.get("Route") is None
    assert bye.all("Route") == []
    part = Message("BYE", "sip:a@b")
    part.copy(bye, ("Reason", "Max-Forwards"))
    assert part.encode() == (
        b"BYE sip:a@b SIP/2.0\r\nMax-Forwards: 69\r\nReason: Q.850\r\nContent-Length: 0\r\n\r\n"
    )


def test_the_length_is_that_of_the_body():
    info = Message("INFO", "sip:a@b")
    info.body = b"Signal=5\r\n"
    assert info.encode().endswith(b"Content-Length: 10\r\n\r\nSignal=5\r\n")


def test_a_response_copies_what_identifies_the_request():
    ringing = response(parse(INVITE), 180, "t1")
    assert ringing.method is None
    assert (ringing.status, ringing.reason) == (180, "Ringing")
    assert ringing.all("Via") == parse(INVITE).all("Via")
    assert ringing.get("To") == "<sip:102@192.0.2.2>;tag=t1"
    assert ringing.get("Record-Route") is None
    parsed = parse(ringing.encode())
    assert (parsed.status, parsed.cseq) == (180, (7, "INVITE"))


def test_a_tag_is_neither_added_twice_nor_to_100():
    again = parse(INVITE.replace(b".2>\r\n", b".2>;tag=old\r\n"))
    assert response(again, 200, "new").get("To") == "<sip:102@192.0.2.2>;tag=old"
    assert response(parse(INVITE), 100, "new").get("To") == "<sip:102@192.0.2.2>"


def test_phrases():
    gone = "Call/Transaction Does Not Exist"
    for status, phrase in ((200, "OK"), (603, "Decline"), (481, gone), (299, "")):
        assert response(parse(INVITE), status).reason == phrase


def test_limits():
    many = INVITE.replace(b"Content-Length: 3\r\n", b"X: 1\r\n" * 60)
    assert refusal(many)[1] == "Too many"
    routes = INVITE.replace(b"sip:p2;lr>,", b"sip:p2;lr>," + b"<sip:p3>," * 70)
    assert refusal(routes)[1] == "Too many"
    assert refusal(b"x" * (LARGEST + 1)) == (513, "Too long", None)
    subject = b"INVITE\r\nSubject: " + b"x" * 2048 + b"\r\n"
    assert refusal(INVITE.replace(b"INVITE\r\n", subject))[1] == "Too long"
    long = INVITE + b"x" * 4000
    assert parse(long.replace(b"Content-Length: 3", b"Content-Length: 4003")).body == b"v=0" + b"x" * 4000


def test_bytes_after_the_body_are_ignored_and_a_missing_length_means_all():
    assert parse(INVITE + b"garbage").body == b"v=0"
    assert parse(INVITE.replace(b"Content-Length: 3\r\n", b"") + b"\r\n").body == b"v=0\r\n"


def test_line_ends_before_a_message_are_skipped():
    assert parse(b"\r\n\r\n" + INVITE).method == "INVITE"
    assert refusal(b"\r\n\r\n") == (400, "Bad header", None)


def test_buffers_of_every_kind_are_accepted():
    for data in (bytearray(INVITE), memoryview(INVITE)):
        assert parse(data).get("Call-ID") == "abc@192.0.2.1" and parse(data).body == b"v=0"


def test_any_message_can_be_built_from_nothing():
    assert Message(None, None, 200, "OK").encode() == b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"
