"""The captive portal's parsers on anything, against CPython's own."""

import html
import urllib.parse

from hypothesis import given
from hypothesis import strategies as st

from ata.base.errors import PeerError
from ata.tasks.captive import dns_answer, escape, parse_form, parse_request

IP = bytes((192, 168, 4, 1))


@given(st.binary(max_size=600))
def test_dns_answers_or_not_but_never_fails(data: bytes) -> None:
    answer = dns_answer(data, IP)
    if answer is not None:
        assert answer[:2] == data[:2] and answer[2] & 0x80 and len(answer) <= len(data) + 16


@given(st.lists(st.binary(min_size=1, max_size=63), max_size=3), st.integers(0, 65535))
def test_dns_answers_every_name_of_a_right_query(labels: list[bytes], number: int) -> None:
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0\0\1\0\1"
    answer = dns_answer(number.to_bytes(2, "big") + b"\1\0\0\1\0\0\0\0\0\0" + question, IP)
    assert answer is not None and answer[:2] == number.to_bytes(2, "big")
    assert answer[12 : 12 + len(question)] == question and answer.endswith(IP)


@given(st.dictionaries(st.text(min_size=1, max_size=12), st.text(max_size=40), max_size=12))
def test_forms_as_browsers_write_them(fields: dict[str, str]) -> None:
    assert parse_form(urllib.parse.urlencode(fields).encode("utf-8", "surrogatepass")) == fields


@given(st.binary(max_size=300))
def test_forms_of_rubbish_are_a_dict_or_refused(body: bytes) -> None:
    try:
        parse_form(body)
    except PeerError as error:
        assert error.status == 400


@given(
    st.binary(max_size=300)
    | st.binary(max_size=200).map(lambda data: b"GET / HTTP/1.1\r\n" + data + b"\r\n\r\n")
)
def test_requests_of_rubbish_are_refused_or_wait_for_more(data: bytes) -> None:
    try:
        found = parse_request(data)
    except PeerError as error:
        assert error.status in (400, 413, 431)
    else:
        assert found is None or len(found) == 4


@given(st.text())
def test_escaped_text_is_the_text_and_has_no_sign_of_html(text: str) -> None:
    escaped = escape(text)
    assert not set(escaped) & set("<>\"'")
    reference = "".join(c for c in text if html.unescape(f"&#{ord(c)};") == c)
    if reference == text:
        assert html.unescape(escaped) == text
