"""The commands of the serial console: one line in, answers for people (`status json` for programs)."""

import json

from ata.base.unload import forget
from ata.base.version import PRODUCT, VERSION

HELP = """status        ports, registrations, calls, audio
status json   the same on one line, for programs
config        the settings of the file that was started with (secrets hidden)
log           the last lines of the log
measure       voltages and currents of both lines
help          this list"""


def carry_out(service, line, heap):
    """Carry out one typed line; answers go to the console. heap: (bytes used, bytes free) without this."""
    write = service.hal.console_write
    words = line.split()
    if words == ["status", "json"]:
        _write_json(status(service, heap), write)
    elif words == ["status"]:
        write(describe(status(service, heap)))
    elif words == ["config"]:
        _config(service, write)
    elif words == ["log"]:
        for kept in service.log.lines():
            write(kept)
    elif words == ["measure"]:
        for port in service.line.ports:
            if port.working:
                write("port %d: %s" % (port.port, json.dumps(port.chip.measure())))
    else:
        if words != ["help"]:
            write("unknown command: %s. Commands are:" % line)
        write(HELP)


def _write_json(found, write):
    """A dict on one line, bit by bit: in a call there is hardly room for all of its text in one piece."""
    before = "{"
    for key, value in found.items():
        write("%s%s: " % (before, json.dumps(key)), "")
        before = ", "
        if isinstance(value, list):
            for at, each in enumerate(value):
                write((", " if at else "[") + json.dumps(each), "")
            write("]" if value else "[]", "")
        else:
            write(json.dumps(value), "")
    write("}")


def _config(service, write):
    from ata.config import snapshot

    text = service.hal.store.read(service.settings_file) if service.settings_file else b"{}"
    public = snapshot.load(text).public()
    write("from %s:" % (service.settings_file or "the defaults"))
    for key in sorted(public):
        write("%s = %s" % (key, json.dumps(public[key])))
    forget("ata.config.snapshot", "ata.config.schema")


def status(service, heap):
    """The state of the service as a dict of plain values."""
    log = service.log
    counts = dict(log.counts)
    for name, value in service.ua.counts.items():
        counts["sip " + name] = value
    for name, value in (("pcm lost", service.hal.pcm.lost), ("rtp unsent", service.pump.unsent),
                        ("rtp ignored", service.pump.ignored)):  # fmt: skip
        if value:
            counts[name] = value
    return {
        "product": PRODUCT,
        "version": VERSION,
        "up_s": log.now() // 1000,
        "heap_used": heap[0],
        "heap_free": heap[1],
        "ip": service.ua.host,
        "sip_port": service.ua.port,
        "calls": service.exchange.calls,
        "ports": [_port(service, port) for port in service.line.ports],
        "counts": counts,
    }


def _port(service, port):
    phone = service.exchange.phones[port.port]
    numbers = [number for number, owner in service.exchange.router.numbers.items() if owner == port.port]
    calls = []
    for leg in (phone.active, phone.other):
        if leg is not None and leg.session is not None:
            calls.append({
                "direction": "to" if leg.outgoing else "from",
                "remote": leg.session.remote_uri,
                "state": "held" if leg.held else "up" if leg.up else "early",
                "media": service.pump.statistics(port.port, leg.slot),
            })  # fmt: skip
    return {
        "port": port.port,
        "number": numbers[0] if numbers else "",
        "chip": port.chip.name,
        "state": port.state,
        "faults": port.faults,
        "line": port.line.state,
        "phone": phone.fsm.state,
        "registration": service.exchange.registrations.get(port.port, "none"),
        "calls": calls,
    }


def describe(found):
    """The status as text."""
    lines = [
        "%s %s, up %d s, heap %d used, %d free"
        % (found["product"], found["version"], found["up_s"], found["heap_used"], found["heap_free"]),
        "sip at %s:%d" % (found["ip"], found["sip_port"]),
    ]
    for port in found["ports"]:
        lines.append(
            "port %d, number %s: %s (%s), line %s, phone %s, account %s"
            % (port["port"], port["number"], port["state"], port["chip"] or "no chip", port["line"],
               port["phone"], port["registration"])
        )  # fmt: skip
        for call in port["calls"]:
            lines.append("  call %s %s, %s" % (call["direction"], call["remote"], call["state"]))
            media = call["media"]
            if media:
                lines.append("    " + ", ".join(["%s %s" % (name, media[name]) for name in sorted(media)]))
    counts = found["counts"]
    lines.append(
        "counts: " + (", ".join(["%s %d" % (name, counts[name]) for name in sorted(counts)]) or "none")
    )
    return "\n".join(lines)
