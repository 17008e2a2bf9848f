import json

from ata.base.errors import ConfigError, LocalError
from ata.config import schema


def allowed(key, value):
    try:
        schema.check(key, value)
    except ConfigError as error:
        assert error.key == key
        assert error.allowed
        return False
    return True


def test_every_row_of_the_table_is_well_formed_and_its_default_allowed():
    kinds = ("int", "bool", "choice", "list", "text", "digits", "host", "numbers")
    rows = schema.SETTINGS.split("\n")[1:-1]
    assert len(rows) > 30
    for line in rows:
        fields = line.split(" ")
        assert 5 <= len(fields) <= 6, line
        assert fields[1] in kinds, line
        assert fields[4].split(",")[0] == "restart", line
    for key in schema.keys():
        default = schema.default(key)
        schema.check(key, list(default) if isinstance(default, tuple) else default)


def test_ports_are_spelled_out():
    keys = schema.keys()
    assert "port.1.user" in keys and "port.2.user" in keys
    assert len(keys) == len(set(keys))
    for key in keys:
        assert schema.row(key) is not None, key
    for key in (
        "port.N.user",
        "port.3.user",
        "port.user",
        "port.1",
        "port.1.",
        "",
        "sip",
        "sip.port int",
        "\nsip.port",
    ):
        assert schema.row(key) is None, key


def test_defaults():
    assert schema.default("region") == "us"
    assert schema.default("sip.port") == 5060
    assert schema.default("port.1.number") == "101"
    assert schema.default("port.2.number") == "102"
    assert schema.default("port.2.enabled") is True
    assert schema.default("rtp.codecs") == ("PCMU", "PCMA")
    assert schema.default("directory") == {}
    try:
        schema.default("sip.prot")
        raise AssertionError("no error")
    except LocalError:
        pass


def test_flags():
    assert schema.has_flag("port.1.password", "secret")
    assert schema.has_flag("port.1.password", "restart")
    assert not schema.has_flag("port.1.user", "secret")
    assert schema.has_flag("sip.port", "restart")


def test_whole_numbers():
    for key, good, bad in (
        ("sip.port", (0, 1, 65535), (-1, 65536, 5060.0, "5060", True, None, [], 10**30)),
        ("rtp.port", (0, 1024, 10000, 65000), (1, 1022, 1025, 65001, 65002)),
        ("slic.loop_current", (20, 23, 41), (0, 21, 17, 44)),
        ("hook.flash_min", (0, 40, 1000), (39, 1001)),
        ("rtp.event_type", (96, 127), (95, 128, 0)),
    ):
        for value in good:
            assert allowed(key, value), (key, value)
        for value in bad:
            assert not allowed(key, value), (key, value)


def test_other_kinds():
    for key, good, bad in (
        ("region", ("us", "de"), ("US", "", "us|de", "xx", 1, None, ["us"])),
        ("port.1.enabled", (True, False), (0, 1, "true", None)),
        (
            "rtp.codecs",
            (["PCMU"], ["PCMA", "PCMU"]),
            ([], ["PCMU", "PCMU"], ["G729"], "PCMU", [1], [None], [[]], {}),
        ),
        ("port.1.display", ("", 'J\xfcrgen "x"', "a" * 64), ("a" * 65, "a\nb", "\x7f", "\x00", 1, None)),
        ("port.1.number", ("1", "*98#", "0" * 20), ("", "1" * 21, "1a", "+1", 101)),
        (
            "port.1.server",
            ("", "pbx", "192.0.2.1:5062", "a-b.example.com"),
            (
                ":5060",
                "a:",
                "a:0",
                "a:65536",
                "a:x",
                "a b",
                "a/b",
                "a:1:2",
                "sip:a",
                "\xe4",
                "a" * 254,
                1,
                None,
            ),
        ),
        (
            "directory",
            ({}, {"55": "a@b"}, {"*1#": "1.2+x@192.0.2.1:5062"}),
            (
                [],
                {"": "a@b"},
                {"5a": "a@b"},
                {"5": "a"},
                {"5": "@b"},
                {"5": "a@"},
                {"5": "a b@c"},
                {"5": 1},
                {"5": "a@b@c"},
                {"5": "a\r\n@b"},
                {"5": "<a@b>"},
                {5: "a@b"},
            ),
        ),
    ):
        for value in good:
            assert allowed(key, value), (key, value)
        for value in bad:
            assert not allowed(key, value), (key, value)
    numbers = {}
    for i in range(101):
        numbers[str(i)] = "a@b"
    assert not allowed("directory", numbers)


def test_the_error_says_key_value_and_what_is_allowed():
    for key, value, text in (
        ("sip.port", 70000, "sip.port = 70000: a whole number, 0..65535"),
        ("rtp.port", 10001, "rtp.port = 10001: a whole number, 0 or 1024..65000 in steps of 2"),
        ("sip.t1", 5, "sip.t1 = 5: a whole number, 100..2000 ms"),
        ("log.level", "x", 'log.level = "x": one of debug, info, warning, error'),
        ("port.1.enabled", 1, "port.1.enabled = 1: true or false"),
        ("rtp.codecs", ["G729"], 'rtp.codecs = ["G729"]: a list of one or more of PCMU, PCMA'),
        ("port.1.number", "", 'port.1.number = "": 1..20 characters of 0-9 * #'),
        ("sip.prot", 1, "sip.prot = 1: there is no such setting; the nearest is sip.port"),
    ):
        try:
            schema.check(key, value)
            raise AssertionError("no error for " + key)
        except ConfigError as error:
            assert str(error) == text, str(error)


def test_a_secret_is_not_in_the_error_even_if_its_key_is_misspelt():
    for key, value in (("port.1.password", 12345), ("port.1.pasword", "12345"), ("port.2.Password", "12345")):
        try:
            schema.check(key, value)
            raise AssertionError("no error for " + key)
        except ConfigError as error:
            assert "12345" not in str(error) and "***" in str(error)


def test_long_values_are_cut_in_the_error():
    try:
        schema.check("log.level", "x" * 1000)
        raise AssertionError("no error")
    except ConfigError as error:
        assert len(str(error)) < 120


def test_the_nearest_key():
    for key, nearest in (
        ("sip.prot", "sip.port"),
        ("SIP.PORT", "sip.port"),
        ("port.2.usr", "port.2.user"),
        ("codecs", "rtp.codecs"),
        ("log_level", "log.level"),
        ("hook.flashmin", "hook.flash_min"),
    ):
        assert schema.nearest(key) == nearest, (key, schema.nearest(key))
    assert schema.nearest("") in schema.keys()
    assert schema.nearest("x" * 5000) in schema.keys()


def test_lists_become_tuples():
    assert schema.check("rtp.codecs", ["PCMA"]) == ("PCMA",)
    assert schema.check("sip.port", 1) == 1


def test_the_table_is_json_where_it_says_so():
    for line in schema.SETTINGS.split("\n")[1:-1]:
        json.loads(line.split(" ")[2])
