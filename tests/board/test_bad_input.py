"""Bad settings, dead chips and a board that goes away: one clear line each, and everything else lives on."""

import json
import socket
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from host_tools.virtual_board import session as session_module
from host_tools.virtual_board.child import FirmwareEnded
from tests.peers.bench.device import Device
from tests.peers.bench.ports import HOST

pytestmark = [pytest.mark.board, pytest.mark.timeout(40)]


@contextmanager
def device_with(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """The device started with `text` as its config.json, whatever that is."""
    with monkeypatch.context() as patch:
        raw = SimpleNamespace(dumps=lambda _: text, loads=json.loads, JSONDecodeError=json.JSONDecodeError)
        patch.setattr(session_module, "json", raw)
        with Device(folder=folder) as ata:
            yield ata


def errors_about_settings(ata: Device) -> list[str]:
    return [
        entry.detail["text"]
        for entry in list(ata.session.history.entries)
        if entry.kind == "log" and entry.detail["part"] == "config" and entry.detail["level"] == "E"
    ]


BAD_SETTINGS = {
    "broken JSON": ('{"region": "us",\n "sip": {"port": 5060, no}\n}', ["line 2", "not JSON"]),
    "cut off": ('{"region": "us", "sip": {"port": 50', ["line 1", "not JSON"]),
    "no object": ("[1, 2]", ["JSON object"]),
    "unknown key": ('{"sip": {"prot": 5062}}', ["sip.prot", "sip.port"]),
    "out of range": ('{"slic": {"loop_current": 99}}', ["slic.loop_current", "99", "20", "41"]),
    "no tone script": ('{"tone": {"busy": "480+620"}}', ["tone.busy", "480+620", "frequency@level+…;on/off"]),
    "too many sines": ('{"tone": {"dial": "1+2+3+4+5;0/0"}}', ["tone.dial", "at most 4 sines"]),
    "wrong choice": ('{"region": "xx"}', ["region", "xx", "us", "de"]),
    "wrong type": ('{"port": {"2": {"enabled": "maybe"}}}', ["port.2.enabled", "maybe", "true"]),
    "wrong digit map": ('{"dial": {"plan": "x[1-"}}', ["dial.plan", "x[1-"]),
    "a port too many": ('{"port": {"3": {"number": "103"}}}', ["port.3"]),
}


@pytest.mark.parametrize("case", BAD_SETTINGS)
def test_bad_settings_cost_one_line_and_the_last_good_ones_are_used(case, tmp_path, monkeypatch):
    text, words = BAD_SETTINGS[case]
    with Device({"port.1.number": "111"}, folder=tmp_path) as ata:
        good_port = ata.status()["sip_port"]
        assert errors_about_settings(ata) == []
    with device_with(text, tmp_path, monkeypatch) as ata:
        lines = errors_about_settings(ata)
        assert len(lines) == 1, lines
        missing = [word for word in ["config.json", *words] if word not in lines[0]]
        assert not missing, f"{missing} is not in the line {lines[0]!r}"
        assert any("last good" in line for line in ata.console())
        assert not any("Traceback" in line for line in ata.console())
        assert (ata.port(1)["number"], ata.status()["sip_port"]) == ("111", good_port)
        ata.do("1 lift\nexpect 1 hears dial")
    assert (tmp_path / "config.json").read_text() == text, "what the user wrote was touched"


def test_bad_settings_without_earlier_ones_start_with_the_defaults(tmp_path, monkeypatch):
    with socket.socket(type=socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((HOST, 5060))
        except OSError:
            pytest.skip("port 5060, the default, is in use on this machine")
    with device_with("{", tmp_path, monkeypatch) as ata:
        assert len(errors_about_settings(ata)) == 1
        assert any("default settings" in line for line in ata.console())
        assert (ata.port(1)["number"], ata.status()["sip_port"]) == ("101", 5060)


def test_a_secret_never_reaches_the_console(tmp_path, monkeypatch):
    text = '{"port": {"1": {"password": "hush-hush", "passwort": "hush-hush"}}}'
    with Device({"port.1.password": "hush-hush"}, folder=tmp_path):
        pass
    with device_with(text, tmp_path, monkeypatch) as ata:
        for command in ("config", "status", "status json", "log"):
            ata.do(f"console {command}\nwait 0.3")
        assert any("port.1.password" in line for line in ata.console())
        assert not any("hush-hush" in line for line in ata.session.console_lines)


@pytest.mark.parametrize("dead", [1, 2])
def test_a_chip_that_does_not_answer_costs_its_port_only(dead):
    alive = 3 - dead
    with Device(absent=(dead,)) as ata:
        state = ata.port(dead)["state"]
        assert "no answer" in state, f"{state!r} is no reason that a person can act on"
        assert ata.port(alive)["state"] == "in service"
        number = ata.port(dead)["number"]
        ata.do(f"{alive} lift\nexpect {alive} hears dial\n{alive} dial {number}")
        ata.do(f"expect {alive} hears congestion")
        ata.do(f'console status\nexpect log "{state}"')
        assert not any("Traceback" in line for line in ata.console())


def test_a_chip_that_falls_silent_in_a_call_leaves_the_other_port_alone():
    with Device() as ata:
        ata.do("1 lift\nexpect 1 hears dial\n1 dial 102\nexpect 2 rings\n2 lift\nexpect 2 stops ringing")
        ata.do('fault 2 silent\nexpect log "port 2 out of service" within 5')
        assert ata.port(2)["state"] not in ("in service", "starting")
        assert ata.port(1)["state"] == "in service"
        ata.do("1 hang\nwait 0.8\n1 lift\nexpect 1 hears dial")


def test_the_firmware_ends_with_one_clear_line_when_the_board_is_gone():
    with Device() as ata:
        ata.do("1 lift\nexpect 1 hears dial")
        server = ata.session._server
        assert server is not None
        ata.wait(server.close())
        with pytest.raises(FirmwareEnded) as ended:
            ata.do('expect log "never" within 5')
        assert ended.value.code == 3
        assert ata.session.console_lines[-1].startswith("stopped: the virtual board is gone")
        assert not any("Traceback" in line for line in ata.session.console_lines)
