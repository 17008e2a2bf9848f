from ata.sip.dialog import Dialog, contact_of, next_hop, of_request, of_response, tag_of
from ata.sip.grammar import parse_name_addr, parse_uri
from ata.sip.message import Message, response
from support.sip_link import drop

LOCAL = '"Anna" <sip:a@example.com>;tag=mine'
REMOTE = "<sip:b@example.com>;tag=theirs"


def dialog(route=(), target="sip:b@10.0.0.9:5070"):
    return Dialog("call-1", LOCAL, REMOTE, target, list(route), 7)


def test_a_request_without_a_route_goes_to_the_remote_target():
    message, host, port = dialog().request("BYE")
    assert (host, port) == ("10.0.0.9", 5070) and message.uri == "sip:b@10.0.0.9:5070"
    assert message.get("From") == LOCAL and message.get("To") == REMOTE
    assert message.get("Call-ID") == "call-1" and message.get("CSeq") == "8 BYE"
    assert message.get("Max-Forwards") == "70" and message.get("Route") is None


def test_numbers_rise_except_for_an_ack_which_has_its_invites():
    d = dialog()
    assert d.request("INVITE")[0].get("CSeq") == "8 INVITE"
    assert d.request("INFO")[0].get("CSeq") == "9 INFO"
    assert d.request("ACK", 8)[0].get("CSeq") == "8 ACK"
    assert d.request("BYE")[0].get("CSeq") == "10 BYE"


def test_loose_routers_are_visited_in_order_and_the_target_stays_the_request_uri():
    route = ["<sip:p1.example.com:5080;lr>", '"x" <sip:p2.example.com;lr>;a=b']
    message, host, port = dialog(route).request("BYE")
    assert message.uri == "sip:b@10.0.0.9:5070" and message.all("Route") == route
    assert (host, port) == ("p1.example.com", 5080)


def test_a_strict_router_becomes_the_request_uri_and_the_target_the_last_route():
    # RFC 3261 §12.2.1.1, last example
    route = ["<sip:proxy1>", "<sip:proxy2>", "<sip:proxy3;lr>", "<sip:proxy4>"]
    d = dialog(route, "sip:user@remoteua")
    message, host, port = d.request("BYE")
    assert message.uri == "sip:proxy1" and (host, port) == ("proxy1", 5060)
    assert message.all("Route") == ["<sip:proxy2>", "<sip:proxy3;lr>", "<sip:proxy4>", "<sip:user@remoteua>"]
    assert d.route == route


def test_what_may_not_stand_in_a_request_uri_is_taken_from_a_strict_router():
    message, _, _ = dialog(["<sip:p1;method=INVITE;x=1?Subject=a>"]).request("BYE")
    assert message.uri == "sip:p1;x=1"


def invite():
    message = Message("INVITE", "sip:b@example.com")
    message.add("Via", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1")
    message.add("Record-Route", "<sip:p2;lr>")
    message.add("Record-Route", "<sip:p1;lr>")
    message.add("From", LOCAL)
    message.add("To", "<sip:b@example.com>")
    message.add("Call-ID", "call-1")
    message.add("CSeq", "41 INVITE")
    message.add("Contact", '"A" <sip:a@10.0.0.1:5062;line=1>;q=0.5')
    return message


def test_the_called_side_takes_the_route_in_order_and_counts_its_own_requests_from_1():
    d = of_request(invite(), "theirs")
    assert d.local == REMOTE and d.remote == LOCAL and d.remote_tag == "mine"
    assert d.route == ["<sip:p2;lr>", "<sip:p1;lr>"] and d.target == "sip:a@10.0.0.1:5062;line=1"
    assert d.remote_seq == 41 and d.request("BYE")[0].get("CSeq") == "1 BYE"


def test_the_calling_side_takes_the_route_backwards_and_goes_on_counting():
    asked = Dialog("call-1", LOCAL, "<sip:b@example.com>", "sip:b@example.com", [], 41)
    answer = response(invite(), 200, "theirs")
    answer.add("Record-Route", "<sip:p2;lr>")
    answer.add("Record-Route", "<sip:p1;lr>")
    answer.add("Contact", "<sip:b@10.0.0.9>")
    d = of_response(answer, asked)
    assert d.local == LOCAL and d.remote == REMOTE and d.remote_tag == "theirs"
    assert d.route == ["<sip:p1;lr>", "<sip:p2;lr>"] and d.target == "sip:b@10.0.0.9"
    message, host, port = d.request("BYE")
    assert message.get("CSeq") == "42 BYE" and (host, port) == ("p1", 5060)
    drop(answer, "Contact")  # against §12.1.1, but what was asked for is still there
    assert of_response(answer, asked).target == "sip:b@example.com"


def test_a_target_refresh_without_a_contact_keeps_the_target():
    moved = invite()
    moved.set("Contact", "<sip:a@10.0.0.77>")
    assert contact_of(moved, "sip:old@10.0.0.1") == "sip:a@10.0.0.77"
    drop(moved, "Contact")
    assert contact_of(moved, "sip:old@10.0.0.1") == "sip:old@10.0.0.1"


def test_a_contact_must_be_a_sip_address():
    message = invite()
    for value in ("*", "<tel:+4930123>", "<mailto:a@example.com>"):
        message.set("Contact", value)
        assert contact_of(message) is None


def test_the_next_hop_has_the_ports_and_maddr_of_its_uri():
    assert next_hop(parse_uri("sip:example.com")) == ("example.com", 5060)
    assert next_hop(parse_uri("sip:a@10.0.0.1:5080;transport=udp")) == ("10.0.0.1", 5080)
    assert next_hop(parse_name_addr('"x" <sip:a@b;maddr=10.0.0.2>;p').uri) == ("10.0.0.2", 5060)


def test_tags_are_read_where_they_are_and_none_is_no_error():
    message = invite()
    assert tag_of(message, "From") == "mine" and tag_of(message, "To") is None
    message.set("To", "sip:b@example.com;tag=x")
    assert tag_of(message, "To") == "x"
