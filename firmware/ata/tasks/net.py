"""The board's surroundings, ten times a second: the network and our address in it, lamps, button, the
minute after which a start counts as a good one."""

from micropython import const

from ata.tasks import panel
from ata.tasks.line import IN_SERVICE, STARTING
from ata.tasks.panel import Button, lamp

_GOOD_START_MS = const(60000)
_LAMPS = const(3)
_SETTINGS = "config.json"


class Surroundings:
    """`service`: the ata.tasks.service.Service whose board this looks after."""

    def __init__(self, service):
        self._service = service
        self._button = Button()
        self._online = service.hal.net.local_ip() is not None
        self._steady = False
        self._shown = 0  # bits of the lamps that are lit

    def step(self):
        service = self._service
        hal = service.hal
        now = hal.ticks()
        hal.net.step(now)
        self._address(hal.net.local_ip(), now)
        meant = self._button.step(hal.button(), now)
        self._lamps(now)
        if meant:
            self._carry_out(meant)
        if not self._steady and service.log.now() >= _GOOD_START_MS and not service.exchange.in_call():
            self._steady = True  # not during a call: it writes to the flash
            hal.steady()

    def _address(self, ip, now):
        service = self._service
        online = ip is not None
        changed = online != self._online
        if changed:
            self._online = online
            self._tell(ip)
        if online and (changed or ip != service.ua.host):
            service.exchange.move(ip, now)

    def _tell(self, ip):
        self._service.log.info("net", "the network is gone" if ip is None else "our address is " + ip)

    def _lamps(self, now):
        service = self._service
        state = panel.OUT_OF_SERVICE
        lit = 0
        for port in service.line.ports:
            if port.state == STARTING:
                state = panel.STARTING
            elif port.state == IN_SERVICE and state != panel.STARTING:
                state = panel.IN_SERVICE
            if service.exchange.phones[port.port].active is not None:
                lit |= 1 << port.port
        if state == panel.IN_SERVICE and not self._online and service.hal.net.configured():
            state = panel.STARTING
        if lamp(state, self._button.held(now), now):
            lit |= 1
        changed = lit ^ self._shown
        for number in range(_LAMPS):
            if changed >> number & 1:
                service.hal.led(number, lit >> number & 1 != 0)
        self._shown = lit

    def _carry_out(self, meant):
        service = self._service
        if meant == "factory":
            service.log.warning("app", "factory settings, asked for by the button; starting again")
            service.hal.store.write(_SETTINGS, b"{}")
            service.hal.restart()
            return
        service.command(meant)
