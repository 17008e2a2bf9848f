from ata.call.routing import Router, direct_address


def make():
    return Router({"101": 1, "102": 2}, {"201": "bob@192.0.2.9:5070"}, {1: False, 2: True})


def target(port, number, registration=None):
    return make().target(port, number, registration, "192.0.2.1", 5060)


def test_without_a_server_the_other_port_is_called_directly():
    assert target(1, "102") == "102@192.0.2.1:5060"


def test_a_registered_port_calls_everything_by_its_server():
    assert target(2, "101", "registered") == "101"
    assert target(2, "0441234567", "registered") == "0441234567"


def test_a_port_that_does_not_register_still_calls_by_its_server():
    assert target(2, "0441234567", None) == "0441234567"


def test_without_service_only_local_numbers_work():
    for state in ("rejected 403", "unreachable", "trying", "unregistered"):
        assert target(2, "101", state) == "101@192.0.2.1:5060"
        assert target(2, "0441234567", state) is None


def test_the_directory_comes_first():
    assert target(1, "201") == "bob@192.0.2.9:5070"
    assert target(2, "201", "rejected 403") == "bob@192.0.2.9:5070"


def test_an_unknown_number_without_a_server_has_no_way():
    assert target(1, "555") is None


def test_an_address_is_dialled_with_stars_for_dots():
    assert target(1, "*47192*168*1*20") == "sip:192.168.1.20"
    assert direct_address("192*168*1*20*5070") == "sip:192.168.1.20:5070"
    assert direct_address("010*0*0*1") == "sip:10.0.0.1"
    for wrong in (
        "",
        "1*2*3",
        "1*2*3*256",
        "1*2*3*x",
        "1*2*3*4*0",
        "1*2*3*4*65536",
        "1*2*3*4*5*6",
        "1**2*3*4",
    ):
        assert direct_address(wrong) is None, wrong


def test_numbers_known_to_be_whole():
    assert sorted(make().whole_numbers()) == ["101", "102", "201"]
