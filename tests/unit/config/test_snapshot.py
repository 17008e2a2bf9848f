from ata.base.errors import ConfigError, LocalError
from ata.config import schema
from ata.config.snapshot import diff, load


def error_of(text):
    try:
        load(text)
    except ConfigError as error:
        return str(error)
    return "no error"


GOOD = """
{
    "sip": {"port": 5070},
    "rtp": {"codecs": ["PCMA"]},
    "port": {
        "1": {"number": "201", "server": "pbx.example.com", "password": "hunter2"},
        "2": {"enabled": false}
    },
    "directory": {"55": "anna@192.0.2.5:5062"}
}
"""


def test_values_given_and_defaults():
    settings = load(GOOD)
    assert settings.get("sip.port") == 5070
    assert settings.get("sip.t1") == 500
    assert settings.get("rtp.codecs") == ("PCMA",)
    assert settings.get("port.1.number") == "201"
    assert settings.get("port.2.number") == "102"
    assert settings.get("port.2.enabled") is False
    assert settings.get("directory") == {"55": "anna@192.0.2.5:5062"}


def test_nothing_given_is_all_defaults():
    settings = load("{}")
    for key in schema.keys():
        assert settings.get(key) == schema.default(key)


def test_bytes_are_text_in_utf8():
    assert load(GOOD.encode()).get("sip.port") == 5070
    assert load('{"port": {"1": {"display": "J\xfcrgen"}}}'.encode()).get("port.1.display") == "J\xfcrgen"
    assert error_of(b'{"name": "\xff"}') == "the settings: not UTF-8 text"


def test_false_and_zero_are_values_not_absence():
    settings = load('{"sip": {"port": 0}, "port": {"1": {"register": false, "display": ""}}}')
    assert settings.get("sip.port") == 0
    assert settings.get("port.1.register") is False


def test_an_unknown_key_is_our_own_mistake():
    try:
        load("{}").get("sip.prot")
        raise AssertionError("no error")
    except LocalError:
        pass


def test_a_snapshot_cannot_be_changed_through_what_it_gives():
    settings = load(GOOD)
    settings.get("directory").update({"66": "x@y"})  # type: ignore[union-attr]
    assert settings.get("directory") == {"55": "anna@192.0.2.5:5062"}


def test_secrets_are_never_public():
    public = load(GOOD).public()
    assert public["port.1.password"] == "***"
    assert public["port.2.password"] == ""
    assert public["port.1.server"] == "pbx.example.com"
    assert sorted(public) == sorted(schema.keys())
    assert "hunter2" not in str(public)


def test_a_json_error_names_the_line():
    for text, line in (
        ("", 1),
        ('{"sip": {"port": x}}', 1),
        ('{\n"sip": {\n"port": x}}', 3),
        ('{\n\n"sip": {"port": 5060}\n', 4),
        ("{}\n}", 2),
        ('{"name": "a\n', 2),
        ('{"name":\n"{\\"["}}', 2),
        ("[[[\n[[[[", 2),
    ):
        assert error_of(text).startswith("line %d: not JSON" % line), (text, error_of(text))


def test_what_is_json_but_no_object():
    for text in ("[]", "1", '"x"', "null", "true"):
        assert error_of(text).startswith("the settings: must be one JSON object"), text


def test_errors_name_the_key_in_full():
    assert error_of('{"sip": {"prot": 1}}').endswith("there is no such setting; the nearest is sip.port")
    assert error_of('{"sip": 5}').startswith("sip = 5: there is no such setting")
    assert error_of('{"sip": {"port": {"x": 1}}}').startswith("sip.port = ")
    assert error_of('{"port": {"3": {"user": "x"}}}').startswith("port.3.user = ")
    assert error_of('{"port": {"1": {"user": {"a": {"b": {}}}}}}').startswith("port.1.user = ")
    assert error_of('{"region": null}').startswith("region = null: one of")
    assert error_of('{"directory": {"55": "nobody"}}').startswith("directory = ")


def test_settings_that_contradict_each_other():
    for text, key in (
        ('{"rtp": {"jitter_min": 100, "jitter_max": 50}}', "rtp.jitter_max"),
        ('{"hook": {"flash_min": 500, "flash_max": 300}}', "hook.flash_max"),
        ('{"hook": {"pulse_break_min": 90, "pulse_break_max": 50}}', "hook.pulse_break_max"),
        ('{"port": {"1": {"number": "102"}}}', "port.2.number"),
        ('{"port": {"1": {"number": "5"}, "2": {"number": "5"}}}', "port.2.number"),
    ):
        assert error_of(text).startswith(key + " = "), (text, error_of(text))
    # 0 means "as the region says", so it contradicts nothing.
    assert load('{"hook": {"flash_min": 500}}').get("hook.flash_max") == 0


def test_the_size_is_bounded():
    assert "may have 16384" in error_of(" " * 16385)
    assert error_of('{"name":' * 2000).startswith("line 1: not JSON")
    assert error_of('{"a":' * 1000 + "1" + "}" * 1000).startswith("line 1: not JSON")


def test_a_file_that_was_cut_off_is_refused_wherever_it_was_cut():
    whole = GOOD.strip()
    for i in range(len(whole)):
        assert error_of(whole[:i]).startswith("line "), i


def test_the_difference_between_two_snapshots():
    assert diff(load("{}"), load("{}")) == []
    assert diff(load("{}"), load('{"sip": {"port": 5060}}')) == []
    assert diff(load("{}"), load(GOOD)) == [
        "directory",
        "port.1.number",
        "port.1.password",
        "port.1.server",
        "port.2.enabled",
        "rtp.codecs",
        "sip.port",
    ]
