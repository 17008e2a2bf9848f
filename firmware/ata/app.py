"""The composition root: makes every object, joins them, and runs the tasks. Objects meet only here."""

import asyncio

from ata.base.clock import diff
from ata.base.log import DEBUG, Log, render
from ata.call.exchange import Exchange
from ata.call.media import MediaPath
from ata.config.stored import load_stored
from ata.dsp.tones import compile_tone
from ata.line.machine import Line
from ata.region import load as load_region
from ata.sip.ua import UserAgent
from ata.slic.si321x import Si321x
from ata.tasks.console import Console, heap
from ata.tasks.line import DISABLED, LineTask, PortLine
from ata.tasks.media import MediaPump
from ata.tasks.sip import SipTask

PRODUCT = "open-ata"
VERSION = "0.1.0"

_LEVELS = {"debug": "DIWE", "info": "IWE", "warning": "WE", "error": "E"}


class App:
    """The telephone service on one board (`hal`: ata.hal.contract.Hal)."""

    def __init__(self, hal):
        self.hal = hal
        self.started = hal.ticks()
        self.shown = _LEVELS["info"]
        self.log = Log(self._uptime, 64, self._show)
        self.settings = settings = load_stored(hal.store, self.log)
        get = settings.get
        self.shown = _LEVELS[get("log.level")]
        region = load_region(get("region"))
        self.path = MediaPath(get("rtp.jitter_min"), get("rtp.jitter_max"))
        self.pump = MediaPump(hal, self.path, get("rtp.port"))
        socket = hal.net.udp(get("sip.port"))
        self.ua = self._user_agent(socket.port)
        self.ports = [self._port_line(port, region) for port in hal.ports]
        lines = {port.port: port.line for port in self.ports}
        self.exchange = Exchange(
            settings, region, self.ua, lines, self.path, self._resolve,
            self.pump.rtp_port, hal.identity.random, self.log, compile_tone,
        )
        self.sip = SipTask(hal, socket, self.exchange, self.log)
        self.line = LineTask(
            hal, [port for port in self.ports if port.state != DISABLED],
            lambda port: self._chip_settings(region), self.exchange, self.path, self.log,
        )
        self.console = Console(hal, self.log, settings, self.status, self.ports)

    def _user_agent(self, sip_port):
        get = self.settings.get
        hal = self.hal
        trace = self._trace if DEBUG in self.shown else None
        ua = UserAgent(hal.net.local_ip(), sip_port, hal.identity.random, trace, PRODUCT + "/" + VERSION, get("sip.t1"))
        for port in hal.ports:
            key = "port.%d." % port
            if get(key + "enabled"):
                server = get(key + "server")
                ua.add_account(
                    port,
                    get(key + "user") or get(key + "number"),
                    (get(key + "domain") or server) if server else None,
                    server or None,
                    get(key + "auth_user") or None,
                    get(key + "password"),
                    get(key + "display"),
                    get("sip.expires"),
                    get(key + "register"),
                    get(key + "outbound") or None,
                    get(key + "number"),
                )
        return ua

    def _port_line(self, port, region):
        windows = dict(region["hook"])
        for name in windows:
            windows[name] = self.settings.get("hook." + name) or windows[name]
        pcm = self.hal.pcm
        chip = Si321x(self.hal.spi(port), pcm.slots[port - 1], pcm.clock_hz)
        found = PortLine(port, chip, Line(port, windows, self._unexpected))
        if not self.settings.get("port.%d.enabled" % port):
            found.state = DISABLED
        return found

    def _unexpected(self, machine, event):
        self.log.count("unexpected event")
        self.log.warning("line", "%s: event %s in state %s" % (machine.name, event, machine.state))

    def _chip_settings(self, region):
        get = self.settings.get
        return {
            "loop_current": get("slic.loop_current"),
            "ring_volts": get("ring.volts"),
            "ring_hz": get("ring.hz") or region["ring_hz"],
            "impedance": region["impedance"],
        }

    def _resolve(self, host, port):
        return self.sip.resolve(host, port)

    def _uptime(self):
        return diff(self.hal.ticks(), self.started)

    def _show(self, line):
        if line[1] in self.shown:
            self.hal.console_write(render(line))

    def _trace(self, sent, start_line, host, port, call_id, cseq):
        self.log.write(
            DEBUG, "sip",
            "%s %s %s %s:%d call=%s cseq=%s"
            % (">" if sent else "<", start_line, "to" if sent else "from", host, port, call_id, cseq),
        )

    def status(self):
        """What the console shows, as a dict of plain values."""
        used, free = heap()
        counts = dict(self.log.counts)
        for name, value in self.ua.counts.items():
            counts["sip " + name] = value
        for name, value in (("pcm lost", self.hal.pcm.lost), ("rtp unsent", self.pump.unsent),
                            ("rtp ignored", self.pump.ignored())):
            if value:
                counts[name] = value
        return {
            "product": PRODUCT,
            "version": VERSION,
            "up_s": self._uptime() // 1000,
            "heap_used": used,
            "heap_free": free,
            "ip": self.hal.net.local_ip(),
            "sip_port": self.sip.port,
            "region": self.settings.get("region"),
            "ports": [self._port_status(port) for port in self.ports],
            "counts": counts,
            "calls": self.exchange.calls,
        }

    def _port_status(self, port):
        number = port.port
        phone = self.exchange.phones[number]
        return {
            "port": number,
            "number": self.settings.get("port.%d.number" % number),
            "chip": port.chip.name,
            "state": port.state,
            "faults": port.faults,
            "line": port.line.state,
            "phone": phone.fsm.state,
            "registration": self.exchange.registrations.get(number, "none"),
            "calls": [
                {
                    "direction": "to" if leg.outgoing else "from",
                    "remote": leg.session.remote_uri,
                    "state": "held" if leg.held else "up" if leg.up else "early",
                }
                for leg in (phone.active, phone.other)
                if leg is not None and leg.session is not None
            ],
        }

    async def main(self):
        """Run until the board is lost or a task fails (the failure is raised)."""
        self.log.info("app", "%s %s on %s" % (PRODUCT, VERSION, self.hal.name))
        self.exchange.start(self.hal.ticks())
        await asyncio.gather(self.pump.run(), self.line.run(), self.sip.run(), self.console.run(), self._watch())

    async def _watch(self):
        while True:
            self.hal.feed_watchdog()
            await asyncio.sleep_ms(1000)

    def run(self):
        asyncio.run(self.main())
