# runs on: micropython
import json

from ata.config import snapshot
from ata.tasks.setup import SetUp


class Store:
    def __init__(self):
        self.files = {}

    def read(self, name):
        return self.files.get(name)

    def write(self, name, data):
        self.files[name] = data


class Identity:
    mac = b"\x02\x00\x00\x00\xab\xcd"

    def random(self, count):
        return bytes(range(count))


class Hal:
    def __init__(self):
        self.store = Store()
        self.identity = Identity()


class Exchange:
    talking = False

    def in_call(self):
        return self.talking


class Service:
    def __init__(self):
        self.hal = Hal()
        self.exchange = Exchange()


def made():
    found = SetUp(Service())
    found._ip = "192.168.4.1"
    return found, found._hal.store


def ask(setup, method="GET", path="/", host="192.168.4.1", **fields):
    body = "&".join(["%s=%s" % (name, fields[name]) for name in fields])
    return setup.respond(method, path, host, body.encode())


def post(setup, **fields):
    fields.setdefault("token", setup._token)
    return ask(setup, "POST", **fields)


def test_every_other_host_is_sent_to_the_page():
    setup, _store = made()
    status, _page, more, restart = ask(setup, path="/hotspot-detect.html", host="captive.example")
    assert status == 302 and more == "Location: http://192.168.4.1/\r\n" and not restart
    assert ask(setup, "POST", host="evil.example", token=setup._token, ssid="x")[0] == 302
    assert ask(setup, path="/favicon.ico")[0] == 404


def test_the_page_has_the_token_and_all_fields():
    setup, _store = made()
    status, page, _more, restart = ask(setup)
    assert status == 200 and not restart and len(page) < 3000
    assert 'name="token" value="%s"' % setup._token in page and len(setup._token) == 20
    for name in ("ssid", "password", "server1", "user1", "password1", "server2", "user2", "password2"):
        assert 'name="%s"' % name in page


def test_settings_are_checked_and_stored_and_the_board_starts_again():
    setup, store = made()
    status, _page, _more, restart = post(
        setup, ssid="home+net", password="secret1234", server1="sip.example", user1="al", password1="p%26w"
    )
    assert status == 200 and restart
    get = snapshot.load(store.files["config.json"]).get
    assert get("wifi.1.ssid") == "home net" and get("wifi.1.password") == "secret1234"
    assert get("port.1.server") == "sip.example" and get("port.1.password") == "p&w"
    assert get("port.2.server") == ""


def test_other_settings_are_kept_however_they_are_written():
    setup, store = made()
    store.files["config.json"] = json.dumps(
        {"region": "de", "wifi.1.ssid": "old", "port": {"1": {"number": "7", "server": "a.example"}}}
    ).encode()
    assert post(setup, ssid="new", server1="b.example")[0] == 200
    get = snapshot.load(store.files["config.json"]).get
    assert get("region") == "de" and get("wifi.1.ssid") == "new"
    assert get("port.1.number") == "7" and get("port.1.server") == "b.example"


def test_a_broken_config_does_not_stand_in_the_way():
    for broken in (b"{", b"[1]", b'{"nonsense": 1}', b"\xff"):
        setup, store = made()
        store.files["config.json"] = broken
        assert post(setup, ssid="new")[0] == 200
        assert snapshot.load(store.files["config.json"]).get("wifi.1.ssid") == "new"


def test_a_form_without_the_token_changes_nothing():
    setup, store = made()
    for token in ("", "forged"):
        status, _page, _more, restart = post(setup, token=token, ssid="evil")
        assert status == 400 and not restart and store.files == {}


def test_what_is_wrong_is_told_and_nothing_is_stored():
    setup, store = made()
    for fields in (
        {},
        {"ssid": "x" * 33},
        {"ssid": "a", "server1": "no+host"},
        {"ssid": "a", "password": "x" * 64},
    ):
        status, page, _more, restart = post(setup, **fields)
        assert status == 400 and not restart and store.files == {} and "<b>" in page
    assert "wifi.1.ssid" in post(setup)[1]


def test_what_was_typed_comes_back_escaped_but_no_password():
    setup, _store = made()
    page = post(setup, ssid="%3Cscript%3E", password="topsecret", server1="no+host", password1="deepsecret")[
        1
    ]
    assert "<script>" not in page and "&#60;script&#62;" in page
    assert "topsecret" not in page and "deepsecret" not in page


def test_nothing_is_written_while_somebody_talks():
    setup, store = made()
    setup._service.exchange.talking = True
    status, page, _more, restart = post(setup, ssid="home")
    assert status == 409 and not restart and store.files == {} and 'value="home"' in page
