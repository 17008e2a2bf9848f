from ata.base.errors import PeerError
from ata.sip import grammar
from ata.sip.grammar import (
    escape,
    made_of,
    parse_host_port,
    parse_name_addr,
    parse_number,
    parse_params,
    parse_uri,
    parse_via,
    quote,
    split_list,
    unescape,
)


def refused(parse, text):
    try:
        parse(text)
    except PeerError as error:
        assert error.status == 400
        return True
    return False


# RFC 3261 §19.1.3, and what an adapter meets
GOOD_URIS = (
    "sip:alice@atlanta.com",
    "sip:alice:secretword@atlanta.com;transport=tcp",
    "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
    "sip:+1-212-555-1212:1234@gateway.com;user=phone",
    "sips:1212@gateway.com",
    "sip:alice@192.0.2.4:5061",
    "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com",
    "sip:alice;day=tuesday@atlanta.com",
    "sip:*98%23@pbx.example.com;lr;maddr=192.0.2.9",
    "sip:[2001:db8::1]:5070;lr",
    "tel:+49-30-1234;phone-context=example.com",
    "urn:service:sos",
)


def test_good_uris_are_taken_and_kept_as_they_came():
    for text in GOOD_URIS:
        assert parse_uri(text).text == text, text
    hosts = [parse_uri(text).host for text in GOOD_URIS]
    assert hosts == ["atlanta.com"] * 3 + ["gateway.com"] * 2 + ["192.0.2.4", "atlanta.com", "atlanta.com",
                     "pbx.example.com", "[2001:db8::1]", "", ""]  # fmt: skip


def test_the_parts_of_a_uri():
    text = "SIPS:alice:secret@Example.com:5061;Transport=TCP;lr?a=b"
    params = {"transport": "TCP", "lr": None}
    assert parse_uri(text) == (text, "alice", "Example.com", 5061, params, "a=b")
    assert parse_uri("sip:h") == ("sip:h", None, "h", None, {}, "")
    assert parse_uri("tel:+1;x=y") == ("tel:+1;x=y", "+1;x=y", "", None, {}, "")
    uri = parse_uri("sip:[::1]:6")
    assert (uri.host, uri.port) == ("[::1]", 6)
    uri = parse_uri("sip:alice;day=tuesday@atlanta.com")
    assert (uri.user, uri.host, uri.params) == ("alice;day=tuesday", "atlanta.com", {})
    uri = parse_uri("sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com")
    assert (uri.params, uri.headers) == ({"method": "REGISTER"}, "to=alice%40atlanta.com")


def test_broken_uris_are_refused():
    for text in (
        "",
        "sip",
        "sip:",
        ":x",
        "sip:@h",
        "sip:a@",
        "sip:a@b@c",
        "sip:a b@c",
        "sip:a@b:",
        "sip:a@b:x",
        "sip:a@b:65536",
        "sip:a@b:-1",
        "sip:a@b;",
        "sip:a@b;;c",
        "sip:a@b;c=",
        "sip:a@b;c;C",
        "sip:%4@b",
        "sip:%zz@b",
        "sip:a%",
        "<sip:a@b>",
        "sip:a@[::1",
        "sip:a@[]",
        "sip:a@[::g]",
        "sip:a@[::1]5060",
        "sip:2001:db8::1",
        "sip:a\x00@b",
        "sip:\xe4@b",
        "si p:a",
        'sip:"a"@b',
        "sip:a@b?c@d",
        "sip:a@b/c",
        "sip:" + "%41" * 70 + "@b",
        "sip:a@b" + ";a" * 70,
    ):
        assert refused(parse_uri, text), text


def test_escapes():
    for text in ("101", "*98#", 'J\xfcrgen "x" <y>', "a%b", "", "\x00"):
        assert unescape(escape(text)) == text
        if text:
            assert not refused(parse_uri, "sip:%s@h" % escape(text))
    assert escape("a b") == "a%20b"
    assert unescape("%61l%69ce") == "alice"
    assert unescape("%ff") == "%ff"
    assert unescape("100%") == "100%"


def test_name_addr_in_its_forms():
    for text, display, uri, params in (
        ("sip:a@b", "", "sip:a@b", []),
        ("sip:a@b;tag=x", "", "sip:a@b", [("tag", "x")]),
        (" sip:a@b ; tag = x ", "", "sip:a@b", [("tag", "x")]),
        ("<sip:a@b;lr>;tag=x", "", "sip:a@b;lr", [("tag", "x")]),
        ("Bob <sip:a@b>", "Bob", "sip:a@b", []),
        ("Bob Q.<sip:a@b>", "Bob Q.", "sip:a@b", []),
        ("J\xfcrgen <sip:a@b>", "J\xfcrgen", "sip:a@b", []),
        (
            '"a <b>, \\"c\\\\" <sip:a@b>;Expires=60 ; q = 0.5;x',
            'a <b>, "c\\',
            "sip:a@b",
            [("expires", "60"), ("q", "0.5"), ("x", None)],
        ),
        ('"" <sip:a@b>', "", "sip:a@b", []),
        (
            '"\xe4"<sip:a@b>;+sip.instance="<urn:uuid:1>,;"',
            "\xe4",
            "sip:a@b",
            [("+sip.instance", '"<urn:uuid:1>,;"')],
        ),
        ("<tel:+1;x=y>;tag=1", "", "tel:+1;x=y", [("tag", "1")]),
    ):
        address = parse_name_addr(text)
        assert address == (display, parse_uri(uri), dict(params)), text


def test_broken_addresses_are_refused():
    for text in (
        "",
        "Bob",
        "Bob <",
        "Bob <sip:a@b",
        "sip:a@b>",
        '"Bob <sip:a@b>',
        '"Bob" sip:a@b',
        '"Bob" x <sip:a@b>',
        "A, B <sip:a@b>",
        "sip:a@b?c=d",
        "<>",
        "< sip:a@b>",
        "<sip:a@b>x",
        "<sip:a@b>;",
        "<sip:a@b>;tag=",
        '<sip:a@b>;tag="x',
        "<sip:a@b>;tag=x y",
        "<sip:a@b>;tag=1;tag=2",
        "<sip:a@b>, <sip:c@d>",
    ):
        assert refused(parse_name_addr, text), text


def test_quotes():
    assert quote('Say "hi" \\o/') == '"Say \\"hi\\" \\\\o/"'
    for text in ("", "plain", 'a"b', "\\", "tab\tnul\x00del\x7f", "\xe4\u4e16"):
        assert parse_name_addr(quote(text) + "<sip:a@b>;tag=1").display == text
    assert refused(parse_name_addr, '"open')
    assert refused(parse_name_addr, '"open\\"')
    assert refused(parse_name_addr, '"open\\')


def test_lists_are_split_outside_quotes_and_brackets():
    assert split_list("INVITE, ACK ,BYE") == ["INVITE", "ACK", "BYE"]
    assert split_list('"a,b" <sip:x,y@z>, <sip:c?d=e,f>;g="h,\\",i", j') == [
        '"a,b" <sip:x,y@z>',
        '<sip:c?d=e,f>;g="h,\\",i"',
        "j",
    ]
    assert split_list("") == [""]
    assert refused(split_list, '"a,b')
    assert refused(split_list, "<a,b")
    assert refused(split_list, "," * 64)
    assert refused(split_list, '"",' * 64)
    assert len(split_list("," * 63)) == 64


def test_parameters():
    first, params = parse_params("a b ;LR;Branch = z9;x=[::1]:5")
    assert first == "a b" and params == {"lr": None, "branch": "z9", "x": "[::1]:5"}
    assert parse_params("") == ("", {})
    for text in (";", "a;", ";;", ";a=b c", ";a b", ";=a", ';a="b', ';a="', ";a=<b>", ";a=1;A=1"):
        assert refused(parse_params, text), text


def test_via():
    for text, host, port, params in (
        ("SIP/2.0/UDP 192.0.2.1", "192.0.2.1", None, {}),
        (
            "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport",
            "192.0.2.1",
            5060,
            {"branch": "z9hG4bK1", "rport": None},
        ),
        (
            "SIP/2.0/TCP [2001:db8::1]:5062;received=192.0.2.1",
            "[2001:db8::1]",
            5062,
            {"received": "192.0.2.1"},
        ),
        (
            "sip /  2.0/udp   first.example.com :  4000 ;ttl=16 ; maddr=224.2.0.1 ;branch=z9hG4bK.1",
            "first.example.com",
            4000,
            {"ttl": "16", "maddr": "224.2.0.1", "branch": "z9hG4bK.1"},
        ),
    ):
        assert parse_via(text) == (host, port, params), text
    for text in (
        "",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ",
        "SIP/3.0/UDP a",
        "HTTP/2.0/UDP a",
        "SIP/2.0 a",
        "SIP/2.0/ a",
        "SIP/2.0/UDP a b",
        "SIP/2.0/UDP a;",
        "SIP/2.0/U,P a",
        "SIP/2.0/UDP a:b",
    ):
        assert refused(parse_via, text), text


def test_numbers_have_bounds():
    assert parse_number("0", 0, "Bad") == 0
    assert parse_number("0070", 255, "Bad") == 70
    assert refused(lambda text: parse_number(text, 255, "Bad"), "256")
    assert refused(lambda text: parse_number(text, 255, "Bad"), "")


def test_hosts_and_ports():
    assert parse_host_port("a.example") == ("a.example", None)
    assert parse_host_port("192.0.2.1:5060") == ("192.0.2.1", 5060)
    assert parse_host_port("[::1]:7") == ("[::1]", 7)
    for text in ("", ":5060", "a b", "a/b", "a:1:2", "a:99999", "[::1", "[::1]x"):
        assert refused(parse_host_port, text), text


def test_tokens():
    assert made_of("re%47-INVITE.!*_+`'~")
    for text in ("", "a b", "a,b", "a@b", "\xe4", '"'):
        assert not made_of(text)


def test_texts_made_to_hurt_are_refused_and_nothing_else_is_raised():
    for text in (
        '"' + "\\\\" * 4000,
        "<" * 8000,
        '"x",' * 2000,
        ";a" * 4000,
        "%41" * 2700,
        "," * 8000,
        "a:" * 4000,
        " " * 8000,
    ):
        for parse in (parse_uri, parse_name_addr, parse_via, parse_params, split_list):
            for prefix in ("", "sip:", '"', "a;b=", "SIP/2.0/UDP a;"):
                refused(parse, prefix + text)
    assert grammar.unescape("%" * 8000)
