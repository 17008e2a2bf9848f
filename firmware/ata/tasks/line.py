"""The line task: starts the chips, reads them, and carries hook events to the exchange and linefeed
commands back. One port's fault never touches the other: it goes out of service and is tried again.
"""

import asyncio
import gc

from micropython import const

from ata.base.errors import ConfigError, HardwareFault
from ata.base.unload import forget
from ata.slic import contract
from ata.tasks.loop import every

_POLL_MS = const(5)
_KEEP_MS = const(20)
_RETRY_MS = const(10000)  # between attempts to bring a faulty port back
_RESET_MS = const(10)  # length of the reset pulse, and the chips' settling time after it

STARTING = "starting"
IN_SERVICE = "in service"
DISABLED = "disabled"


class PortLine:
    """One port: its chip, its line, and why it is out of service if it is."""

    def __init__(self, port, chip, line):
        self.port = port
        self.chip = chip
        self.line = line
        self.state = STARTING  # or in service, disabled, or the reason of the fault
        self.faults = 0
        self.told = ""  # the reason that the log has last

    @property
    def working(self):
        return self.state == IN_SERVICE


class LineTask:
    """`ports`: the PortLine of each port. `settings`: {port: what its chip is started with (Slic.start)}."""

    def __init__(self, hal, ports, settings, exchange, path, log):
        self.ports = ports
        self._hal = hal
        self._settings = settings
        self._exchange = exchange
        self._path = path
        self._log = log
        self._in_reset = False
        self._no_clock = None  # why the PCM clock does not run

    async def run(self):
        await self._reset()
        keepers = [self._keep(port) for port in self.ports if port.state != DISABLED]
        await asyncio.gather(every(_POLL_MS, "line", self.poll, self._log), *keepers)

    async def _reset(self):
        self._in_reset = True
        # The chips latch PCLK when reset ends: the clock must run first (datasheet, PLL start-up).
        self._no_clock = None
        try:
            self._hal.pcm.start()
        except HardwareFault as fault:
            self._no_clock = fault.reason
        self._hal.slic_reset(True)
        await asyncio.sleep_ms(_RESET_MS)
        self._hal.slic_reset(False)
        await asyncio.sleep_ms(_RESET_MS)
        self._in_reset = False

    async def _keep(self, port):
        """Start the port's chip, and again whenever it has failed."""
        while True:
            port.state = STARTING
            while self._in_reset:
                await asyncio.sleep_ms(_RESET_MS)
            fault = await self._start(port)
            if fault is not None:
                self._out_of_service(port, fault)
            while port.working:
                await asyncio.sleep_ms(_KEEP_MS)
            if port.state != STARTING:
                await asyncio.sleep_ms(_RETRY_MS)
                busy = any(other.working or other.state == STARTING for other in self.ports)
                if not busy and not self._in_reset:
                    # Both are lost, as when the clock stopped: only a reset helps, and it disturbs nobody.
                    await self._reset()

    async def _start(self, port):
        """Returns None, or why it failed."""
        if self._no_clock is not None:
            return self._no_clock
        try:
            port.chip.probe()
            for wait in port.chip.start(self._settings[port.port]):
                await asyncio.sleep_ms(wait)
        except HardwareFault as fault:
            return fault.reason
        except ConfigError as error:
            return str(error)
        except MemoryError:  # the start-up code is imported again for it
            gc.collect()
            return "not enough memory to start the chip"
        port.state = IN_SERVICE
        port.told = ""
        port.line.in_service(self._hal.ticks())
        self._log.info("slic", "port %d in service: %s" % (port.port, port.chip.name))
        if not any(other.state == STARTING for other in self.ports):
            forget(*port.chip.start_only)
        return None

    def _out_of_service(self, port, reason):
        """`reason`: of the fault, None if it is the PCM clock's."""
        reason = reason or "the PCM clock has stopped"
        port.faults += 1
        port.state = reason
        if reason != port.told:  # an absent chip would fill the log
            port.told = reason
            self._log.error("slic", "port %d out of service: %s" % (port.port, reason))
        self._lose(port, self._hal.ticks())

    def _lose(self, port, now):
        self._exchange.line_lost(port.port, now)
        port.line.out_of_service(now)
        self._carry(port, now)

    def poll(self):
        now = self._hal.ticks()
        interrupted = self._hal.irq.active()
        stopped = self._hal.pcm.clock_stopped(now)
        for port in self.ports:
            if port.working:
                if stopped:  # the next attempt to bring them back starts it again
                    self._out_of_service(port, None)
                    continue
                try:
                    self._serve(port, interrupted, now)
                except HardwareFault as fault:
                    self._out_of_service(port, fault.reason)
            self._digits(port, now)

    def _serve(self, port, interrupted, now):
        events = port.chip.service(now, interrupted)
        if events & (contract.RESET | contract.ALARM):
            self._alarm(port, events, now)
            if events & contract.RESET:
                return
        if events & contract.RING_TRIP:
            port.line.ring_trip(now)
        port.line.sample(port.chip.off_hook, now)
        port.line.tick(now)
        self._carry(port, now)

    def _alarm(self, port, events, now):
        if events & contract.RESET:
            self._log.warning("slic", "port %d: the chip was reset, starting it again" % port.port)
            port.state = STARTING  # its keeper starts it
            self._lose(port, now)
        else:
            self._log.warning("slic", "port %d: power alarm" % port.port)

    def _carry(self, port, now):
        """Take the line's outputs to the chip and to the exchange."""
        while True:
            output = port.line.poll()
            if output is None:
                return
            if output[0] == "linefeed":
                if port.working:
                    port.chip.linefeed(output[1])
            elif output[0] == "signal":
                self._path.port(port.port).signal(output[1])
            else:
                self._exchange.line_event(port.port, output, now)

    def _digits(self, port, now):
        path = self._path.port(port.port)
        while True:
            code = path.next_digit()
            if code < 0:
                return
            self._exchange.heard_digit(port.port, code, now)
