"""The first start: an access point with one page on which a person names the Wi-Fi and the SIP accounts.

Loaded only while no network is set. The phones work meanwhile, from port to port. The password of the access
point is the device's secret; it is printed on the serial line and nowhere else. A form counts only with the
token of the page it came from, and a request by another name than our address is sent to that page: a foreign
page can neither post nor read.
"""

import asyncio
import json

from micropython import const

from ata.base.errors import ConfigError, HardwareFault, PeerError
from ata.tasks.captive import dns_answer, escape, parse_form, parse_request

_HTTP_PORT = const(80)
_DNS_PORT = const(53)
_DNS_MS = const(50)
_BURST = const(5)
_PIECE = const(512)
_PATIENCE = const(8)  # s for a request to come
_RESTART_MS = const(1500)
_SECRET = "secret"
_SETTINGS = "config.json"
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz?"  # 32, five bits each
_WIFI_FIELDS = ("ssid", "password")
_PORT_FIELDS = ("server", "user", "password")
_REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 404: "Not Found", 409: "Conflict"}
_HEAD = "HTTP/1.1 %d %s\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n\
Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; form-action 'self'\r\n\
X-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: %d\r\n%s\r\n"
_PAGE = '<!doctype html><html lang=en><meta name=viewport content="width=device-width"><title>%s</title>\
<style>body{font:1em sans-serif;max-width:24em;margin:1em auto}input{width:100%%}</style><h1>%s</h1>%s</html>'
_INPUT = '<p><label>%s<input name="%s" type="%s" maxlength="64" value="%s"></label>'


class SetUp:
    """`service`: ata.tasks.service.Service. `http_port` and `dns_port`: for tests."""

    def __init__(self, service, http_port=_HTTP_PORT, dns_port=_DNS_PORT):
        self._service = service
        self._hal = service.hal
        self._http_port = http_port
        self._dns_port = dns_port
        self._token = self._letters(20)
        self._ip = ""
        self._busy = False

    async def run(self):
        hal = self._hal
        secret = hal.store.read(_SECRET)
        if not secret:
            secret = self._letters(16).encode()
            hal.store.write(_SECRET, secret)
        name = "open-ata-%02X%02X" % (hal.identity.mac[4], hal.identity.mac[5])
        try:
            self._ip = hal.net.open_point(name, secret.decode())
            names = hal.net.udp(self._dns_port)
        except (OSError, HardwareFault) as error:
            self._service.log.error("setup", "no access point: %r" % error)
            return
        await asyncio.start_server(self._serve, self._ip, self._http_port)
        hal.console_write(
            "SET-UP: no network is set. Join the Wi-Fi network %s, password %s, and open http://%s/"
            % (name, secret.decode(), self._ip)
        )
        ip = bytes([int(part) for part in self._ip.split(".")])
        while True:
            for _ in range(_BURST):
                received = names.recvfrom(_PIECE)
                if received is None:
                    break
                answer = dns_answer(received[0], ip)
                if answer is not None:
                    names.sendto(answer, hal.net.address(*received[1]))
            await asyncio.sleep_ms(_DNS_MS)

    def _letters(self, count):
        return "".join([_LETTERS[code & 31] for code in self._hal.identity.random(count)])

    async def _serve(self, reader, writer):
        if not self._busy:  # one at a time: memory
            self._busy = True
            try:
                await self._answer(reader, writer)
            except (TimeoutError, OSError, MemoryError):
                self._service.log.count("setup request lost")
            self._busy = False
        writer.close()
        await writer.wait_closed()

    async def _answer(self, reader, writer):
        restart = False
        try:
            status, body, more, restart = self.respond(*await asyncio.wait_for(_receive(reader), _PATIENCE))
        except PeerError as error:
            status, body, more = 400, _page("Bad request", escape(error.reason)), ""
        data = body.encode()
        writer.write((_HEAD % (status, _REASONS[status], len(data), more)).encode())
        for at in range(0, len(data), _PIECE):
            writer.write(data[at : at + _PIECE])
            await writer.drain()
        if restart:
            await asyncio.sleep_ms(_RESTART_MS)
            self._hal.restart()

    def respond(self, method, path, host, body):
        """(status, page, further headers, True if the board is to start again)."""
        if host.partition(":")[0] != self._ip:
            return 302, "", "Location: http://%s/\r\n" % self._ip, False
        if path != "/":
            return 404, _page("Nothing here", '<p><a href="/">Set-up</a>'), "", False
        if method != "POST":
            return 200, self._form({}, ""), "", False
        fields = parse_form(body)
        if fields.get("token") != self._token:
            return 400, self._form({}, "This page was too old. Once more, please."), "", False
        if self._service.exchange.in_call():  # writing stops everything for a moment
            return 409, self._form(fields, "Somebody is on the phone. Try again after the call."), "", False
        try:
            text = self._settings(fields)
        except ConfigError as error:
            return 400, self._form(fields, str(error)), "", False
        self._hal.store.write(_SETTINGS, text)
        return 200, _page("Saved", "<p>Starting again with the new settings."), "", True

    def _settings(self, fields):
        """The new text of config.json: what it has already, and the fields. ConfigError."""
        from ata.config import snapshot

        if not fields.get("ssid"):
            raise ConfigError("wifi.1.ssid", '""', "the name of a Wi-Fi network")
        try:
            kept = json.loads(self._hal.store.read(_SETTINGS) or b"{}")
            snapshot.load(json.dumps(kept))
        except (ValueError, ConfigError):
            kept = {}
        _put(kept, "wifi", "1", {name: fields.get(name, "") for name in _WIFI_FIELDS})
        for port in "12":
            given = {name: fields.get(name + port, "") for name in _PORT_FIELDS}
            if given["server"]:
                _put(kept, "port", port, given)
        text = json.dumps(kept)
        snapshot.load(text)
        return text.encode()

    def _form(self, fields, trouble):
        """The page. Passwords are never sent back."""
        parts = ["<p><b>%s</b>" % escape(trouble) if trouble else ""]
        parts.append(
            '<form method="post" action="/"><input type="hidden" name="token" value="%s">' % self._token
        )
        for port in ("", "1", "2"):
            parts.append("<h2>%s</h2>" % ("Port " + port if port else "Wi-Fi"))
            for name in _PORT_FIELDS if port else _WIFI_FIELDS:
                label = {"ssid": "Network", "server": "SIP server", "user": "User", "password": "Password"}[
                    name
                ]
                hidden = name == "password"
                value = "" if hidden else escape(fields.get(name + port, ""))
                parts.append(_INPUT % (label, name + port, "password" if hidden else "text", value))
        parts.append("<p><button>Save and start</button></form>")
        return _page("Telephone adapter", "".join(parts))


async def _receive(reader):
    data = b""
    while True:
        more = await reader.read(_PIECE)
        if not more:
            raise OSError("closed")
        data += more
        request = parse_request(data)
        if request is not None:
            return request


def _page(title, body):
    return _PAGE % (title, title, body)


def _put(settings, group, number, values):
    """Set group.number.name for each of `values`, however the settings write their keys."""
    for name in values:
        settings.pop("%s.%s.%s" % (group, number, name), None)
    inner = settings.setdefault(group, {}).setdefault(number, {})
    inner.update(values)
