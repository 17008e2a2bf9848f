"""The running telephone service: its tasks side by side."""

import asyncio
import gc

from micropython import const

from ata.base.unload import drop_overlays, forget
from ata.base.version import PRODUCT, VERSION
from ata.tasks.loop import every
from ata.tasks.net import Surroundings
from ata.tasks.reports import Reports

_PUMP_MS = const(2)
_SIP_MS = const(5)
_CONSOLE_MS = const(50)
_WATCHDOG_MS = const(1000)
_SURROUNDINGS_MS = const(100)
_REPORTS_MS = const(20)  # a report read late is a longer round trip


class Service:
    """What ata.app builds. `run` returns only by an exception: a lost board, or a mistake of ours."""

    def __init__(self, hal, log, exchange, pump, line, sip, ua, settings_file):
        self.hal = hal
        self.log = log
        self.exchange = exchange
        self.pump = pump
        self.line = line
        self.sip = sip
        self.ua = ua
        self.settings_file = settings_file  # "" for the defaults
        self._loops = []

    def run(self):
        if not self.hal.net.configured():
            from ata.tasks.setup import SetUp

            self._loops.append(SetUp(self).run())
        asyncio.run(_together(self._loops))

    def prepare(self):
        """Make the tasks; run() runs them."""
        self.log.info("app", "%s %s on %s" % (PRODUCT, VERSION, self.hal.name))
        if self.hal.start_cause:
            self.log.info("app", "started by: " + self.hal.start_cause)
        if self.hal.net.local_ip() is not None:
            self.exchange.start(self.hal.ticks())  # otherwise it starts when we have an address
        log = self.log
        loops = [
            self.line.run(),
            every(_SIP_MS, "sip", self.sip.step, log),
            every(_CONSOLE_MS, "console", self._console, log),
            every(_WATCHDOG_MS, "watchdog", self._watchdog, log),
            every(_REPORTS_MS, "rtcp", Reports(self.hal, self.pump.legs, log).step, log),
            every(_SURROUNDINGS_MS, "net", Surroundings(self).step, log),
        ]
        if not self.hal.pump(self.pump.step):
            loops.append(every(_PUMP_MS, "media", self.pump.step, log))
        self._loops = loops

    def _console(self):
        line = self.hal.console_read()
        if line:
            self.command(line)

    def command(self, line):
        """Carry out a command of the console (ata.tasks.commands)."""
        # Their code is in memory only while one of them runs, and not part of the heap that they tell.
        drop_overlays()
        gc.collect()
        heap = (gc.mem_alloc(), gc.mem_free())
        from ata.tasks.commands import carry_out

        try:
            carry_out(self, line, heap)
        finally:
            forget("ata.tasks.commands")

    def _watchdog(self):
        self.log.now()  # asked often enough, the uptime survives the wrap of the ticks
        self.hal.feed_watchdog()
        if self.hal.pump_faults:
            self.log.counts["fault in media"] = self.hal.pump_faults
        drop_overlays()  # once a second: a call that is being set up loads each of them once


async def _together(loops):
    await asyncio.gather(*loops)
