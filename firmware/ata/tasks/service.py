"""The running telephone service: its tasks side by side."""

import asyncio

from micropython import const

from ata.base.unload import forget

PRODUCT = "open-ata"
VERSION = "0.1.0"

_CONSOLE_MS = const(50)
_WATCHDOG_MS = const(1000)


class Service:
    """What ata.app builds. `run` returns only by an exception: a lost board, or a mistake of ours."""

    def __init__(self, hal, log, exchange, pump, line, sip, ua):
        self.hal = hal
        self.log = log
        self.exchange = exchange
        self.pump = pump
        self.line = line
        self.sip = sip
        self.ua = ua

    def run(self):
        asyncio.run(self._main())

    async def _main(self):
        self.log.info("app", "%s %s on %s" % (PRODUCT, VERSION, self.hal.name))
        self.exchange.start(self.hal.ticks())
        await asyncio.gather(self.pump.run(), self.line.run(), self.sip.run(), self._console(), self._watchdog())

    async def _console(self):
        while True:
            line = self.hal.console_read()
            if line:
                # The commands' code is in memory only while one of them runs.
                from ata.tasks.commands import carry_out

                carry_out(self, line)
                del carry_out
                forget("ata.tasks.commands")
            await asyncio.sleep_ms(_CONSOLE_MS)

    async def _watchdog(self):
        while True:
            self.hal.feed_watchdog()
            await asyncio.sleep_ms(_WATCHDOG_MS)
