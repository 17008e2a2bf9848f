# runs on: micropython
from ata.base.errors import PeerError
from ata.tasks.captive import dns_answer, escape, parse_form, parse_request

IP = bytes((192, 168, 4, 1))
NAME = b"\x07example\x03com\x00"


def query(question=NAME + b"\x00\x01\x00\x01", flags=b"\x01\x00", counts=b"\x00\x01\x00\x00\x00\x00\x00\x00"):
    return b"\xab\xcd" + flags + counts + question


def refused(function, argument, status):
    try:
        found = function(argument)
    except PeerError as error:
        assert error.status == status, error.status
    else:
        raise AssertionError("accepted: %r" % (found,))


def test_every_name_has_our_address():
    # RFC 1035 §4.1.1: the id; QR, RD and RA set, no error; one question, one answer.
    expected = b"\xab\xcd\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + NAME + b"\x00\x01\x00\x01"
    expected += b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04" + IP
    assert dns_answer(query(), IP) == expected
    assert dns_answer(query(b"\x00\x00\x01\x00\x01"), IP) is not None  # the root


def test_other_types_have_no_record_and_no_error():
    answer = dns_answer(query(NAME + b"\x00\x1c\x00\x01"), IP)  # AAAA
    assert answer == b"\xab\xcd\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00" + NAME + b"\x00\x1c\x00\x01"


def test_what_follows_the_question_is_left_out():
    edns = query(counts=b"\x00\x01\x00\x00\x00\x00\x00\x01") + b"\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x00"
    assert dns_answer(edns, IP) == dns_answer(query(), IP)


def test_what_is_no_query_is_not_answered():
    assert dns_answer(b"", IP) is None
    assert dns_answer(query(flags=b"\x81\x80"), IP) is None  # an answer: two of us would talk for ever
    assert dns_answer(query(flags=b"\x28\x00"), IP) is None  # an update
    assert dns_answer(query(counts=b"\x00\x02\x00\x00\x00\x00\x00\x00"), IP) is None
    assert dns_answer(query(b"\xc0\x0c\x00\x01\x00\x01"), IP) is None  # a pointer
    assert dns_answer(query(b"\x3f" + b"a" * 63) * 9, IP) is None
    assert dns_answer(query(NAME + b"\x00\x01\x00"), IP) is None
    for size in range(len(query())):
        assert dns_answer(query()[:size], IP) is None, size


def test_a_request_comes_in_pieces():
    whole = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\na=b"
    for size in range(len(whole)):
        assert parse_request(whole[:size]) is None, size
    assert parse_request(whole) == ("POST", "/", "a.example", b"a=b")
    assert parse_request(whole + b"more") == ("POST", "/", "a.example", b"a=b")
    assert parse_request(b"GET /x?y HTTP/1.0\r\n\r\n") == ("GET", "/x?y", "", b"")


def test_requests_that_are_refused():
    for head in ("GET /", "GET / SIP/2.0", "GET http://x/ HTTP/1.1", "", "GET / HTTP/1.1\r\nno colon",
                 "GET / HTTP/1.1\r\nContent-Length: -1", "GET / HTTP/1.1\r\nContent-Length: x",
                 "POST / HTTP/1.1\r\nTransfer-Encoding: chunked"):  # fmt: skip
        refused(parse_request, head.encode() + b"\r\n\r\n", 400)
    refused(parse_request, b"GET /\xff HTTP/1.1\r\n\r\n", 400)
    refused(parse_request, b"POST / HTTP/1.1\r\nContent-Length: 2049\r\n\r\n", 413)
    refused(parse_request, b"GET / HTTP/1.1\r\nX: " + b"a" * 3000, 431)
    refused(parse_request, b"GET / HTTP/1.1\r\nX: " + b"a" * 3000 + b"\r\n\r\n", 431)


def test_a_form():
    assert parse_form(b"ssid=My+home&password=a%26b%3Dc%25&x=%C3%A4&empty=&novalue") == {
        "ssid": "My home", "password": "a&b=c%", "x": "ä", "empty": "",
    }  # fmt: skip
    assert parse_form(b"") == {}
    for body in (b"a=%", b"a=%4", b"a=%4g", b"a=%+1", b"a=%ff", b"a=%-1"):
        refused(parse_form, body, 400)
    refused(parse_form, b"&".join([b"f%d=1" % n for n in range(40)]), 400)


def test_html_is_escaped():
    assert escape("Cafe 7-2.net") == "Cafe 7-2.net"
    assert escape("<b>\"'&") == "&#60;b&#62;&#34;&#39;&#38;"
    assert escape("ä") == "&#228;"
