"""Every setting, in one table, and the check of a value against it.

A line of SETTINGS is: key, kind, default (JSON), limits, flags, unit. "N" in a key is a port, 1 or 2.

    kind     limits              value
    int      lo..hi[/step]       whole number; "0|" before it: or 0
    bool     -                   true or false
    choice   a|b|c               one of these
    list     a|b|c               JSON list of some of these, in order of preference
    text     lo..hi              that many characters, none of them a control character
    digits   lo..hi              what a telephone can dial: 0-9 * #
    host     -                   host name or IPv4 address, with :port if need be; "" for none
    numbers  -                   JSON object: dialled digits → user@host[:port]

    flags: "restart" (a change is taken over at the next start); "secret" is never shown

It is one text because thirty tuples of small objects cost three times the memory of this.
"""

import json

from ata.base.errors import ConfigError, LocalError

SETTINGS = """
region choice "us" ae|ar|at|au|be|bg|br|ca|ch|cl|cn|co|cr|cz|de|dk|\
ec|ee|eg|es|eu|fi|fr|gr|hk|hr|hu|id|ie|il|in|is|it|jp|ke|kr|lk|lt|lu|\
lv|mx|my|ng|nl|no|nz|pe|ph|pk|pl|pt|ro|rs|ru|sa|se|sg|si|sk|th|tr|tw|ua|uk|us|ve|vn|za restart
name host "open-ata" - restart
wifi.1.ssid text "" 0..32 restart
wifi.1.password text "" 0..63 restart,secret
wifi.2.ssid text "" 0..32 restart
wifi.2.password text "" 0..63 restart,secret
wifi.3.ssid text "" 0..32 restart
wifi.3.password text "" 0..63 restart,secret
log.level choice "info" debug|info|warning|error restart
sip.port int 5060 0..65535 restart
sip.t1 int 500 100..2000 restart ms
sip.expires int 300 60..86400 restart s
sip.retry int 30 5..600 restart s
rtp.port int 10000 0|1024..65000/2 restart
rtp.jitter_min int 20 10..200/10 restart ms
rtp.jitter_max int 200 20..240/10 restart ms
rtp.ptime int 20 10..60/10 restart ms
rtp.mux choice "off" off|on restart
rtp.codecs list ["PCMU","PCMA"] PCMU|PCMA restart
rtp.event_type int 101 96..127 restart
voice.echo choice "off" off|8ms|16ms restart
voice.fax choice "off" off|auto restart
voice.vad choice "off" off|on restart
dial.plan text "*47[0-9*].T|*xx.T|x.T" 1..500 restart
dial.first_digit int 15 1..120 restart s
dial.interdigit int 4 1..60 restart s
dial.short int 2 1..60 restart s
directory numbers {} - restart
tone.dial text "" 0..200 restart
tone.ringback text "" 0..200 restart
tone.busy text "" 0..200 restart
tone.congestion text "" 0..200 restart
tone.stutter text "" 0..200 restart
tone.call_waiting text "" 0..200 restart
tone.howler text "" 0..200 restart
tone.confirm text "" 0..200 restart
hook.debounce int 0 0|4..20 restart ms
hook.flash_min int 0 0|40..1000 restart ms
hook.flash_max int 0 0|80..1500 restart ms
hook.pulse_break_min int 0 0|10..100 restart ms
hook.pulse_break_max int 0 0|40..200 restart ms
hook.interdigit int 0 0|120..1000 restart ms
slic.loop_current int 20 20..41/3 restart mA
ring.volts int 45 40..65 restart Vrms
ring.hz int 0 0|16..50 restart Hz
port.N.enabled bool true - restart
port.N.number digits "10N" 1..20 restart
port.N.display text "" 0..64 restart
port.N.server host "" - restart
port.N.domain host "" - restart
port.N.user text "" 0..64 restart
port.N.auth_user text "" 0..64 restart
port.N.password text "" 0..64 restart,secret
port.N.register bool true - restart
port.N.outbound host "" - restart
port.N.rx_gain int 0 -12..6 restart dB
port.N.tx_gain int 0 -12..6 restart dB
port.N.dtmf choice "auto" rfc4733|info|inband|auto restart
port.N.caller_id choice "region" region|off|bellcore|etsi|sin227|etsi_dtas|\
etsi_lr|etsi_rp|dtmf|dtmf_lr restart
"""

_PORTS = "12"
_LONGEST_LIST = 100  # entries of the directory
_DIGITS = "0123456789*#"
_HOST = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
_USER = _HOST + "_!~*'()&=+$,/%"


def row(key):
    """[key, kind, default, limits, flags, unit] as text; None if there is no such setting."""
    generic = key
    if key[:5] == "port." and key[5:6] in _PORTS and key[6:7] == ".":
        generic = "port.N" + key[6:]
    start = SETTINGS.find("\n" + generic + " ")
    if start < 0 or " " in key or key[5:6] == "N":
        return None
    fields = SETTINGS[start + 1 : SETTINGS.find("\n", start + 1)].split(" ")
    if len(fields) < 6:
        fields.append("")
    return fields


def keys():
    """Every key, ports spelled out."""
    names = []
    for line in SETTINGS.split("\n")[1:-1]:
        name = line.partition(" ")[0]
        if "N" not in name:
            names.append(name)
        else:
            for port in _PORTS:
                names.append(name.replace("N", port))
    return names


def default(key):
    """The default of a known key. A key that is not in the table is our own mistake: LocalError."""
    fields = row(key)
    if fields is None:
        raise LocalError("no setting " + key)
    value = json.loads(fields[2])
    if fields[0][:6] == "port.N" and value == "10N":
        return "10" + key[5]
    return tuple(value) if isinstance(value, list) else value


def has_flag(key, flag):
    """flag: "restart" or "secret"."""
    fields = row(key)
    return fields is not None and flag in fields[4].split(",")


def check(key, value):
    """The value as a Snapshot keeps it (a list becomes a tuple). ConfigError if it is not allowed."""
    fields = row(key)
    if fields is None:
        near = nearest(key)
        shown = "***" if has_flag(near, "secret") else _shown(value)
        raise ConfigError(key[:60], shown, "there is no such setting; the nearest is " + near)
    _, kind, _, limits, flags, unit = fields
    allowed = _allowed(kind, value, limits)
    if allowed is not None:
        if "secret" in flags:
            value = "***"
        raise ConfigError(key, _shown(value), (allowed + " " + unit).strip())
    return tuple(value) if kind == "list" else value


def _only(value, characters, low, high):
    """True for text of `low` to `high` characters, all of them among `characters` (None: any printable)."""
    if not isinstance(value, str) or not int(low) <= len(value) <= int(high):
        return False
    if characters is not None:
        return not value.strip(characters)
    for c in value.encode():
        if c < 0x20 or c == 0x7F:
            return False
    return True


def _allowed(kind, value, limits):
    """None if the value is allowed, else a text that says what is."""
    words = limits.split("|")
    low, _, high = words[-1].partition("..")
    text = limits
    if kind == "int":
        high, _, step = high.partition("/")
        ok = type(value) is int  # bool is a kind of int, and is not meant
        if ok and not (value == 0 and len(words) > 1):
            ok = int(low) <= value <= int(high) and (value - int(low)) % int(step or 1) == 0
        text = "a whole number, " + limits.replace("|", " or ").replace("/", " in steps of ")
    elif kind == "bool":
        ok = isinstance(value, bool)
        text = "true or false"
    elif kind == "choice":
        ok = isinstance(value, str) and value in words
        text = "one of " + ", ".join(words)
    elif kind == "list":
        ok = isinstance(value, list) and len(value) > 0
        if ok:
            for choice in value:
                ok = ok and choice in words
                if ok:
                    words.remove(choice)
        text = "a list of one or more of " + limits.replace("|", ", ")
    elif kind == "text":
        ok = _only(value, None, low, high)
        text += " characters of text"
    elif kind == "digits":
        ok = _only(value, _DIGITS, low, high)
        text += " characters of 0-9 * #"
    elif kind == "host":
        ok = isinstance(value, str)
        if ok:
            host, colon, port = value.partition(":")
            ok = _only(host, _HOST, 1 if colon else 0, 253)
            ok = ok and (not colon or (_only(port, _DIGITS[:10], 1, 5) and 0 < int(port) < 65536))
        text = "a host name or IPv4 address, with :port if need be"
    else:
        ok = isinstance(value, dict) and len(value) <= _LONGEST_LIST
        if ok:
            for number, target in value.items():
                ok = ok and _only(number, _DIGITS, 1, 20) and isinstance(target, str)
                if ok:
                    user, _, host = target.partition("@")
                    ok = _only(user, _USER, 1, 64) and host and _allowed("host", host, "") is None
        text = 'at most %d entries like "55": "user@host:port"' % _LONGEST_LIST
    return None if ok else text


def _shown(value):
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."


def nearest(key):
    """The known key that is the fewest letters away from `key`."""
    key = key[:40]
    best = ""
    least = 1000
    for name in keys():
        row = list(range(len(key) + 1))  # Levenshtein's distance, one row at a time
        for c in name:
            diagonal = row[0]
            row[0] += 1
            for i in range(len(key)):
                cost = min(row[i] + 1, row[i + 1] + 1, diagonal + (c != key[i]))
                diagonal = row[i + 1]
                row[i + 1] = cost
        if row[-1] < least:
            least = row[-1]
            best = name
    return best
