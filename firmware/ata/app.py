"""The composition root: makes every object from the settings and joins them. Objects meet only here.

Most of this runs once. What only start-up needs (this module, the settings' schema, the country, the tone
compiler) is imported last and forgotten when the service runs: it would cost a sixth of the heap.
"""

import gc

from ata.base.errors import ConfigError
from ata.base.log import DEBUG, Log, printer, surprise, tracer, uptime
from ata.base.unload import drop_overlays, forget, started
from ata.base.version import PRODUCT, VERSION
from ata.call.exchange import Exchange
from ata.call.media import MediaPath
from ata.call.routing import Router
from ata.line.machine import Line
from ata.sip.ua import UserAgent
from ata.slic.si321x import Si321x
from ata.tasks.line import DISABLED, LineTask, PortLine
from ata.tasks.media import MediaPump
from ata.tasks.service import Service
from ata.tasks.sip import SipTask

_START_ONLY = (
    "ata.app", "ata.config.schema", "ata.config.snapshot", "ata.config.stored", "ata.dsp.tone_script",
)  # fmt: skip
# Bytes allocated from one garbage collection to the next. Often at start, so that what stays is packed at
# the low end of the heap; in service often enough that what a call keeps fills the gaps there first.
# Otherwise the free memory ends in pieces too small for a datagram.
_START_THRESHOLD = 1024
_RUN_THRESHOLD = 6144
_LEVELS = {"debug": "DIWE", "info": "IWE", "warning": "WE", "error": "E"}
_RTP_PORTS = 8  # four legs, with RTCP's between
# Of hook windows: the first must be less than the second.
_ORDER = (
    ("flash_min", "flash_max"), ("pulse_break_min", "pulse_break_max"), ("pulse_break_max", "flash_max"),
)  # fmt: skip
# Those that a setting may replace.
_TONES = ("dial", "ringback", "busy", "congestion", "stutter", "call_waiting", "howler", "confirm")
_ECHO_TAPS = {"off": 0, "8ms": 64, "16ms": 128}
# Bytes of heap: the least with which both ports can call, and what more is needed for the parts that are off
# at first: echo cancellers by their taps, True for the detectors of fax and modem.
_CALLS_NEED = 110000
_MORE = {64: 13000, 128: 16000, True: 8000}
_LAWS = {"PCMU": 0, "PCMA": 8}
_LOOPBACK = "127.0.0.1"
_RING_FOR_MS = 180000  # as long as a proxy waits for an answer at least (RFC 3261 §16.6, timer C)
_HOWL_AFTER_MS = 30000  # of busy or congestion tone
_HOWL_FOR_MS = 60000


def start(hal):
    """Build the telephone service on the board `hal` (ata.hal.contract.Hal). Returns the Service to run."""
    gc.threshold(_START_THRESHOLD)
    service = _build(hal)
    started()
    drop_overlays()
    forget(*_START_ONLY)
    gc.threshold(_RUN_THRESHOLD)
    return service


def _build(hal):
    from ata.config.stored import load_stored

    log = _make_log(hal)
    settings, source = load_stored(hal.store, log, check)
    get = settings.get  # type: Any
    log.shown = _LEVELS[get("log.level")]
    path = MediaPath(
        get("rtp.jitter_min"),
        get("rtp.jitter_max"),
        _if_room(log, "voice.echo", _ECHO_TAPS[get("voice.echo")]),
        hal.pcm.echo_delay,
        bool(_if_room(log, "voice.fax", get("voice.fax") == "auto")),
        get("voice.vad") == "on",
    )
    # Before the sockets: the driver's own memory comes out of what the heap has not taken yet.
    hal.net.begin(get("name"), _networks(get))
    pump = MediaPump(hal, path, get("rtp.port"))
    socket = hal.net.udp(get("sip.port"))
    drop_overlays()  # each part of the start in its turn, or they would not all fit
    ua = _user_agent(hal, get, socket.port, log)
    drop_overlays()
    sip = SipTask(hal, socket, log)
    region = _load_region(get)
    ports = [_port_line(hal, get, port, region, log) for port in hal.ports]
    exchange = _exchange(hal, get, region, ua, ports, path, pump, sip, log)
    sip.exchange = exchange
    line = LineTask(
        hal, ports, {port: _chip_settings(get, region, port) for port in hal.ports}, exchange, path, log
    )
    service = Service(hal, log, exchange, pump, line, sip, ua, source)
    service.prepare()
    return service


def _if_room(log, key, wanted):
    """`wanted`, or 0 where it would leave too little memory for calls."""
    if wanted:
        gc.collect()
        total = gc.mem_alloc() + gc.mem_free()
        needed = _CALLS_NEED + _MORE[wanted]
        if total < needed:
            log.warning(
                "app", "%s is left off: it needs a heap of %d KB, and there are %d"
                % (key, needed >> 10, total >> 10)
            )  # fmt: skip
            return 0
    return wanted


def check(settings):
    """ConfigError for what the schema cannot judge: what takes more than one setting, or more than bounds."""
    from ata.call.dialplan import DialPlan
    from ata.region import load

    get = settings.get
    DialPlan(get("dial.plan"))
    for name in _TONES:
        text = get("tone." + name)
        if text:
            _check_tone("tone." + name, text)
    sip, rtp = get("sip.port"), get("rtp.port")
    if rtp and rtp <= sip < rtp + _RTP_PORTS:
        raise ConfigError("sip.port", sip, "not one of the RTP ports %d to %d" % (rtp, rtp + _RTP_PORTS - 1))
    windows = _windows(get, load(get("region")))
    for low, high in _ORDER:
        if windows[low] >= windows[high]:
            raise ConfigError("hook." + low, windows[low], "must be less than %s, %d" % (high, windows[high]))


def _check_tone(key, text):
    from ata.dsp.tone_script import compile_tone

    try:
        compile_tone(text)
    except ConfigError as error:
        raise ConfigError(key, text, str(error))
    finally:
        forget("ata.dsp.tone_script")


def _networks(get):
    """The Wi-Fi networks that are set: (ssid, password) each."""
    names = ["wifi.%d." % number for number in (1, 2, 3)]
    return tuple([(get(name + "ssid"), get(name + "password")) for name in names if get(name + "ssid")])


def _windows(get, region):
    """The hook windows: the settings, the country's where a setting is 0."""
    return {name: get("hook." + name) or value for name, value in region["hook"].items()}


def _make_log(hal):
    log = Log(uptime(hal.ticks))
    log.shown = _LEVELS["info"]
    log.sink = printer(log, hal.console_write)
    return log


def _load_region(get):
    from ata.dsp.tone_script import compile_tone
    from ata.region import load

    code = get("region")
    region = dict(load(code))
    tones = {name: get("tone." + name) or text for name, text in region["tones"].items()}
    region["sas"] = _first_burst(tones["call_waiting"])
    region["tones"] = {name: compile_tone(text) for name, text in tones.items()}
    forget("ata.region." + code, "ata.region")
    return region


def _user_agent(hal, get, sip_port, log):
    traced = tracer(log) if DEBUG in log.shown else None
    product = PRODUCT + "/" + VERSION
    # Until there is a network, calls from port to port go by the loopback address.
    ua = UserAgent(
        hal.net.local_ip() or _LOOPBACK, sip_port, hal.identity.random, traced, product, get("sip.t1")
    )
    ua.retry = get("sip.retry")
    for port in hal.ports:
        key = "port.%d." % port
        if get(key + "enabled"):
            number = get(key + "number")
            server = get(key + "server")
            ua.add_account(
                port, get(key + "user") or number, (get(key + "domain") or server) if server else None,
                server or None, get(key + "auth_user") or None, get(key + "password"), get(key + "display"),
                get("sip.expires"), get(key + "register"), get(key + "outbound") or None, number,
            )  # fmt: skip
    return ua


def _port_line(hal, get, port, region, log):
    windows = _windows(get, region)
    chip = Si321x(hal.spi(port), hal.pcm.slots[port - 1], hal.pcm.clock_hz)
    found = PortLine(port, chip, Line(port, windows, surprise(log, "line")))
    if not get("port.%d.enabled" % port):
        found.state = DISABLED
    return found


def _chip_settings(get, region, port):
    """For Slic.start."""
    return {
        "rx_gain": get("port.%d.rx_gain" % port),
        "tx_gain": get("port.%d.tx_gain" % port),
        "loop_current": get("slic.loop_current"),
        "ring_volts": get("ring.volts"),
        "ring_hz": get("ring.hz") or region["ring_hz"],
        "impedance": region["impedance"],
    }


def _exchange(hal, get, region, ua, ports, path, pump, sip, log):
    from ata.call.dialplan import DialPlan

    enabled = [port for port in hal.ports if get("port.%d.enabled" % port)]
    router = Router(
        {get("port.%d.number" % port): port for port in enabled},
        get("directory"),
        {port: bool(get("port.%d.server" % port)) for port in hal.ports},
    )
    timeouts = {"ring_for": _RING_FOR_MS, "howl_after": _HOWL_AFTER_MS, "howl_for": _HOWL_FOR_MS}
    for name in ("first_digit", "interdigit", "short"):
        timeouts[name] = get("dial." + name) * 1000
    options = {
        "codecs": _codecs(get("rtp.codecs"), region["law"]),
        "event_type": get("rtp.event_type"),
        "dtmf": {port: get("port.%d.dtmf" % port) for port in hal.ports},
        "caller_id": {port: _caller_id(get("port.%d.caller_id" % port), region) for port in hal.ports},
        "ptime": get("rtp.ptime"),
        "noise": get("voice.vad") == "on",
        "mux": get("rtp.mux") == "on",
        "sas": region["sas"],
        "time": hal.wall_time,
    }
    return Exchange(
        ua, {port.port: port.line for port in ports}, path, router,
        DialPlan(get("dial.plan"), router.whole_numbers()), timeouts, region["tones"], region["ring"],
        options,
        sip.resolve, pump.rtp_port, hal.identity.random, log,
    )  # fmt: skip


def _first_burst(script):
    """The first burst of a tone script as the beginning of another one, with a gap of 20 ms, and its ms."""
    tone, _, times = script.partition("|")[0].partition(";")
    on = times.partition("/")[0]
    return "%s;%s/.02|" % (tone, on), int(float(on) * 1000) + 20


def _caller_id(setting, region):
    """The way to tell the caller: see ata.call.announce."""
    if setting == "region":
        return region["caller_id"]
    return "" if setting == "off" else setting


def _codecs(names, law):
    """Payload types in order of preference; both in the default order mean the country's law first."""
    laws = tuple([_LAWS[name] for name in names])
    return (8, 0) if laws == (0, 8) and law == 8 else laws
