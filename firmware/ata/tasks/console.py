"""The serial console: one command a line, answers for people (and `status json` for programs)."""

import asyncio
import gc
import json

from ata.base import log as logs
from micropython import const

_POLL_MS = const(50)

_HELP = (
    "status        ports, registrations, calls, audio",
    "status json   the same on one line, for programs",
    "config        the settings in use (secrets hidden)",
    "log           the last lines of the log",
    "measure       voltages and currents of both lines",
    "help          this list",
)


class Console:
    """`status()` gives a dict (see app.App.status); `ports` are the line task's."""

    def __init__(self, hal, log, settings, status, ports):
        self._hal = hal
        self._log = log
        self._settings = settings
        self._status = status
        self._ports = ports

    async def run(self):
        while True:
            line = self._hal.console_read()
            if line:
                self.command(line)
            await asyncio.sleep_ms(_POLL_MS)

    def command(self, line):
        """Carry out one typed line."""
        write = self._hal.console_write
        words = line.split()
        if words == ["status", "json"]:
            write(json.dumps(self._status()))
        elif words == ["status"]:
            for text in describe(self._status()):
                write(text)
        elif words == ["config"]:
            write(json.dumps(self._settings.public()))
        elif words == ["log"]:
            for kept in self._log.lines():
                write(logs.render(kept))
        elif words == ["measure"]:
            for port in self._ports:
                if port.working:
                    write("port %d: %s" % (port.port, json.dumps(port.chip.measure())))
        else:
            if words != ["help"]:
                write("unknown command: %s. Commands are:" % line)
            for text in _HELP:
                write(text)


def heap():
    """(bytes in use, bytes free) after a collection."""
    gc.collect()
    return gc.mem_alloc(), gc.mem_free()


def describe(status):
    """The status as lines of text."""
    lines = ["%s %s, up %d s, heap free %d" % (status["product"], status["version"], status["up_s"], status["heap_free"])]
    lines.append("sip %s:%d, region %s" % (status["ip"], status["sip_port"], status["region"]))
    for port in status["ports"]:
        lines.append(
            "port %d (%s): %s, line %s, phone %s, account %s"
            % (port["port"], port["number"], port["state"], port["line"], port["phone"], port["registration"])
        )
        for call in port["calls"]:
            lines.append("  call %s %s, %s" % (call["direction"], call["remote"], call["state"]))
    counts = status["counts"]
    lines.append("counts: %s" % (", ".join(["%s %d" % (name, counts[name]) for name in sorted(counts)]) or "none"))
    return lines
