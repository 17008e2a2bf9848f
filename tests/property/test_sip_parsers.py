"""Properties of the SIP, SDP and digest parsers, searched by hypothesis."""

import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ata.base.errors import PeerError
from ata.sip import digest, grammar, message, offer
from support.sip_vectors import vectors

TORTURE = vectors("tests/vectors/sip/torture.txt")
SEEDS = [data for *_, data in TORTURE]
LOCAL = offer.LocalMedia("192.0.2.1", 10000)

SDP_SEED = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n"
    b"m=audio 6000 RTP/AVP 0 8 96\r\n"
    b"a=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\na=ptime:20\r\na=sendonly\r\n"
    b"m=video 7000 RTP/AVP 31\r\n"
)

TEXT_PARSERS = [
    grammar.parse_uri,
    grammar.parse_name_addr,
    grammar.parse_via,
    digest.parse_auth,
    grammar.parse_params,
    grammar.parse_host_port,
    grammar.split_list,
    grammar.unescape,
    grammar.escape,
    grammar.quote,
    grammar.made_of,
    message.canonical_name,
]

# Text that is nearly grammar: its words and signs in any order.
words = st.sampled_from(
    [
        "sip:",
        "sips:",
        "tel:",
        "SIP/2.0/UDP ",
        "Digest ",
        "alice",
        "@",
        "192.0.2.1",
        "[::1]",
        ":",
        "5060",
        ";",
        "=",
        "?",
        "&",
        "%41",
        "%",
        '"',
        "\\",
        "<",
        ">",
        ",",
        " ",
        "tag",
        "branch",
        "z9hG4bK",
        "realm",
        "nonce",
        "/",
        "\x00",
        "\xe9",
        "0",
        "INVITE",
        "*",
        ".",
    ]
)
nearly = st.lists(words, max_size=30).map("".join)
anything = st.text(max_size=200) | nearly


def mutated(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """A seed with a few bytes replaced, inserted or cut."""

    def change(arguments: tuple[bytes, list[tuple[float, int, bytes]]]) -> bytes:
        data, changes = arguments
        for place, kind, octets in changes:
            i = int(place * len(data))
            data = data[:i] + octets + data[i + (len(octets), 0, 3)[kind] :]
        return data

    places = st.tuples(st.floats(0, 1), st.integers(0, 2), st.binary(max_size=4) | nearly.map(str.encode))
    return st.tuples(st.sampled_from(seeds), st.lists(places, max_size=2)).map(change)


@pytest.mark.parametrize("parse", TEXT_PARSERS)
@given(text=anything)
@settings(max_examples=150, deadline=None)
def test_text_parsers_raise_nothing_but_peer_errors(parse: Any, text: str):
    try:
        parse(text)
    except PeerError as error:
        assert error.status == 400


@given(anything)
@settings(max_examples=300, deadline=None)
def test_what_was_parsed_holds_the_whole_text(text: str):
    """Put together from its parts it parses to the same again."""

    def with_params(first: str, params: dict[str, str | None]) -> str:
        parts = [name if value is None else f"{name}={value}" for name, value in params.items()]
        return ";".join([first, *parts])

    def host_port(value: Any) -> str:
        return value.host if value.port is None else f"{value.host}:{value.port}"

    try:
        uri = grammar.parse_uri(text)
    except PeerError:
        pass
    else:
        assert uri.text == text
        if uri.host:
            user = "" if uri.user is None else uri.user + "@"
            headers = "?" + uri.headers if uri.headers else ""
            again = grammar.parse_uri(with_params(f"sip:{user}{host_port(uri)}", uri.params) + headers)
            assert again[1:] == uri[1:]
    try:
        address = grammar.parse_name_addr(text)
    except PeerError:
        pass
    else:
        canonical = with_params(f"{grammar.quote(address.display)} <{address.uri.text}>", address.params)
        assert grammar.parse_name_addr(canonical) == address
    try:
        via = grammar.parse_via(text)
    except PeerError:
        pass
    else:
        assert grammar.parse_via(with_params(f"SIP/2.0/UDP {host_port(via)}", via.params)) == via


printable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=40)


@given(printable)
def test_any_text_survives_quoting_and_escaping(text: str):
    if len(text.encode()) < 64:  # beyond that many escapes it is an attack, and left alone
        assert grammar.unescape(grammar.escape(text)) == text
    if 0 < len(text.encode()) <= 40:
        uri = grammar.parse_uri(f"sip:{grammar.escape(text)}@h")
        assert uri.user is not None and grammar.unescape(uri.user) == text
    address = grammar.parse_name_addr(f"{grammar.quote(text)} <sip:a@b>")
    assert address.display == text


@given(mutated(SEEDS) | st.binary(max_size=300))
@settings(max_examples=1500, deadline=None)
@example(b"")
@example(b"\r\n" * 5000)
def test_any_datagram_is_a_message_or_a_peer_error(data: bytes):
    try:
        first = message.parse(data)
    except PeerError as error:
        assert error.status in (400, 505, 513)
        broken = getattr(error, "message", None)
        if broken is not None:  # then it can be answered
            assert broken.method not in (None, "ACK")
            answer = message.response(broken, error.status, "t").encode()
            assert answer.count(b"\r\n\r\n") >= 1
        return
    encoded = first.encode()
    again = message.parse(encoded)
    assert (again.method, again.uri, again.status, again.reason) == (
        first.method,
        first.uri,
        first.status,
        first.reason,
    )
    assert (again.headers, again.body) == (first.headers, first.body)
    assert again.encode() == encoded
    # What parse() let through, its users can read without a PeerError.
    assert again.cseq and again.get("Call-ID") and (again.top_branch or True)
    if first.method is not None:
        response = message.parse(message.response(first, 200, "tag").encode())
        assert response.cseq == first.cseq
        assert "tag" in grammar.parse_name_addr(response.get("To") or "").params


@given(mutated([SDP_SEED]) | st.binary(max_size=200))
@settings(max_examples=1500, deadline=None)
def test_any_description_is_answered_or_refused(body: bytes):
    try:
        streams = offer.parse(body)
        answer, media = offer.Negotiation(1).receive_offer(body, LOCAL)
    except PeerError as error:
        assert error.status in (400, 488)
        return
    answered = offer.parse(answer)
    assert len(answered) == len(streams)  # RFC 3264 §6
    assert [stream.kind for stream in answered] == [stream.kind for stream in streams]
    live = [stream for stream in answered if stream.port]
    assert len(live) == 1 and live[0].port == 10000
    assert media.codec in LOCAL.codecs
    assert 10 <= media.ptime <= 60 and media.ptime % 10 == 0
    assert -1 <= media.event_type <= 127


@given(
    st.permutations([0, 8]),
    st.permutations([0, 8]),
    st.integers(96, 127),
    st.integers(96, 127),
    st.sampled_from(offer.DIRECTIONS),
    st.sampled_from(offer.DIRECTIONS),
    st.sampled_from([10, 20, 30, 40, 60]),
)
def test_two_negotiations_agree_on_everything(ours, theirs, our_event, their_event, direction, wish, ptime):
    a = offer.LocalMedia("192.0.2.1", 10000, tuple(ours), our_event, ptime)
    b = offer.LocalMedia("192.0.2.2", 20000, tuple(theirs), their_event)
    caller, called = offer.Negotiation(1), offer.Negotiation(2)
    answer, heard = called.receive_offer(caller.make_offer(a, direction), b, wish)
    agreed = caller.accept_answer(answer)
    assert (heard.codec, heard.payload_type, heard.event_type) == (
        agreed.codec,
        agreed.payload_type,
        agreed.event_type,
    )
    assert (heard.send, heard.receive) == (agreed.receive, agreed.send)
    assert heard.codec == ours[0] and heard.event_type == our_event and heard.ptime == ptime


@given(
    mutated([b'Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth,auth-int", opaque="o", stale=true'])
)
@settings(max_examples=400, deadline=None)
def test_any_challenge_is_answered_or_passed_over(challenge: bytes):
    text = challenge.decode("latin-1")
    chosen = digest.choose([text])
    if chosen is not None:
        credentials = digest.answer(chosen, "REGISTER", "sip:h", "u", "p", b"", "c", 1)
        assert credentials.startswith("Digest ")


def lines_run(function: Any, argument: Any) -> int:
    """The Python lines that a call executes: its cost without a clock."""
    count = 0

    def trace(frame, event, _):
        nonlocal count
        count += event == "line"
        return trace

    sys.settrace(trace)
    try:
        function(argument)
    except PeerError:
        pass
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize(
    "unit", ['\\"', "%41", ",", ";a", '"",', "<>", "a:", "a ", "\r\n ", "\r\na:b", "\xe9", "@", "=", "&"]
)
def test_the_work_grows_no_faster_than_the_input(unit: str):
    head = (
        "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
        'Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nTo: "'
    )

    def datagram(size: int) -> bytes:
        return (head + unit * (size // len(unit.encode())) + '"<sip:a@b>\r\n\r\n').encode()

    short, long = (lines_run(message.parse, datagram(size)) for size in (450, 1800))
    assert long < 5 * short

    short, long = (lines_run(offer.parse, ("v=0\r\n" + unit * size).encode()) for size in (1000, 4000))
    assert long < 5 * short + 2000
