"""Caller ID and message waiting, towards the phone: the messages, and when what is put on the line.

A message is bytes for ata.dsp.fsk: type, length, data, checksum. Two kinds of data: one field (SDMF, Bellcore
only), or parameters of type, length, value (MDMF; ETSI's messages have the same form and numbers).

CallerIdSequence is the timing of one transmission, sans-IO: it says what the line is fed and what sounds.

Sources, known at second hand, so that no clause numbers are claimed: GR-30 and GR-31 (Telcordia: FSK and CID
messages), GR-1401 (VMWI), SR-3004 / TIA-777 (phones, CAS and ACK), EN 300 659-1 (ETSI: on-hook), -2
(off-hook), -3 (messages), SIN 227 (BT).
"""

from micropython import const

from ata.base.errors import ConfigError, LocalError
from ata.base.fsm import Fsm, rows

PRIVATE = "P"  # instead of a number: the caller withholds it (GR-31, EN 300 659-3)
UNAVAILABLE = "O"  # instead of a number: not known

# Message types: GR-31, GR-1401, EN 300 659-3.
_SDMF_CALL = const(0x04)
_SDMF_WAITING = const(0x06)
_CALL_SETUP = const(0x80)
_MESSAGE_WAITING = const(0x82)
# Parameter types: GR-31, EN 300 659-3. One more is the type of a reason for absence.
_DATE = const(0x01)
_NUMBER = const(0x02)
_NO_NUMBER = const(0x04)
_NAME = const(0x07)
_NO_NAME = const(0x08)
_INDICATOR = const(0x0B)
_MESSAGES = const(0x13)

_SDMF_DIGITS = const(10)  # GR-31
_NUMBER_MAX = const(20)  # EN 300 659-3
NAME_MAX = 50  # EN 300 659-3; Bellcore: 15 (GR-1188)

_DIGITS = "0123456789*#ABCD"  # the place is the RFC 4733 code
_LATIN = "aaaaaaaceeeeiiiidnooooo-ouuuuyty"  # U+00E0 to U+00FF, and as capitals U+00C0 to U+00DF
# U+0100 to U+017F
_LATIN_A = (
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlLlLl"
    "NnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs"
)
_PLUS_E = b"\x04\x06\x16\x18\x1c"  # places in it of ä æ ö ø ü: two letters each


# Messages


def message(kind, data, items=()):
    """The bytes of a message of type `kind`: `data`, then `items`, each (parameter type, bytes); at most 255
    bytes of both, else LocalError. Checksum: GR-30."""
    for number, value in items:
        data += bytes((number, len(value))) + value
    if len(data) > 255:
        raise LocalError("%d bytes in a caller ID message" % len(data))
    data = bytes((kind, len(data))) + data
    return data + bytes((-sum(data) & 255,))


def sdmf(when, number):
    """Bellcore's call with a number only. `when`: (month, day, hour, minute). `number`: the caller's, whose
    last ten digits are sent, or PRIVATE or UNAVAILABLE."""
    return message(_SDMF_CALL, _date(when) + (_digits(number) or UNAVAILABLE)[-_SDMF_DIGITS:].encode())


def call_setup(when, number, name="", name_max=NAME_MAX, first=()):
    """A call: Bellcore's MDMF and ETSI's call setup are the same. `when`: (month, day, hour, minute) or None.
    `number`: the caller's, PRIVATE or UNAVAILABLE; only 0…9 * # of it are sent, the last 20 ("+" is dropped:
    prefixes are a matter of the dial plan). `name`: any text, cut to `name_max`; none is sent for "", and
    that of a private caller is withheld too. `first`: further (parameter type, bytes) items before these,
    such as ETSI's call type 0x11."""
    items = list(first)
    if when is not None:
        items.append((_DATE, _date(when)))
    digits = _digits(number) or UNAVAILABLE
    absent = digits in (PRIVATE, UNAVAILABLE)
    items.append((_NO_NUMBER if absent else _NUMBER, digits[-_NUMBER_MAX:].encode()))
    if digits == PRIVATE:
        items.append((_NO_NAME, b"P"))
    elif name:
        items.append((_NAME, plain(name)[:name_max].encode()))
    return message(_CALL_SETUP, b"", items)


def message_waiting(on, count=None, single=False):
    """The message waiting lamp on or off, as MDMF and ETSI have it; `single`: as Bellcore's SDMF (GR-1401).
    `count`: how many messages there are, for ETSI phones."""
    if single:
        return message(_SDMF_WAITING, b"BBB" if on else b"ooo")
    items = [(_INDICATOR, b"\xff" if on else b"\0")]
    if count is not None:
        items.append((_MESSAGES, bytes((min(count, 255),))))
    return message(_MESSAGE_WAITING, b"", items)


def dtmf(number, form="AC"):
    """The digits of DTMF caller ID; `number` as in sdmf(). `form` is the start and the end digit:
    "AC" (Sweden, Finland, Brazil, India …), "DC" (the Netherlands, Taiwan), "A#", "D#" or "#" (Denmark)."""
    if form not in ("AC", "DC", "A#", "D#", "#"):
        raise ConfigError("caller ID", form, "AC, DC, A#, D# or #")
    end = form[-1]
    digits = _digits(number)
    if digits and digits != PRIVATE and digits != UNAVAILABLE:
        return form[:-1] + digits[-_NUMBER_MAX:] + end
    if end == "#":
        return "D1#" if digits == PRIVATE else "D3#"
    if form == "AC":
        return "B10C" if digits == PRIVATE else "B00C"
    return "D0000000000C"


def plain(text):
    """`text` in printable ASCII, all that either standard has: accents are dropped, ä becomes ae, what has no
    Latin letter "?"."""
    out = ""
    for char in text:
        code = ord(char)
        place = code & 31
        if 32 <= code < 127:
            out += char
        elif code == 0xDF:
            out += "ss"
        elif 0xC0 <= code < 0x100:
            letter = _LATIN[place]
            if place in _PLUS_E:
                letter += "e"
            # A capital is one of a name: Ä is Ae.
            out += letter if code >= 0xE0 else letter[0].upper() + letter[1:]
        elif 0x100 <= code < 0x180:
            out += _LATIN_A[code - 0x100]
        elif code >= 0xA0:
            out += "?"
    return out


def _digits(number):
    if number in (PRIVATE, UNAVAILABLE):
        return number
    digits = ""
    for char in number:
        if char in "0123456789*#":
            digits += char
    return digits


def _date(when):
    month, day, hour, minute = when
    if not (1 <= month <= 12 and 1 <= day <= 31 and 0 <= hour < 24 and 0 <= minute < 60):
        raise LocalError("caller ID date %s" % (when,))
    return b"%02d%02d%02d%02d" % when


# Timing

_SETTLE = const(120)  # ms of silence before DT-AS; from a line reversal ≥ 100 (SIN 227, EN 300 659-1)
_PULSE = const(250)  # RP-AS: 200 to 300 (EN 300 659-1)
_ALERT = const(100)  # DT-AS on-hook: 88 to 110 (SIN 227), 90 to 110 (EN 300 659-1)
_CAS = const(82)  # CAS, DT-AS off-hook: 80 to 85 (SR-3004, EN 300 659-2)
_ACK = const(160)  # for the phone's DTMF D after CAS: it begins within 100 and lasts 55 to 65 (SR-3004)
_REST = const(300)  # from the data to ringing: 200 to 500 (EN 300 659-1), ≥ 200 (GR-30, SIN 227)
_REST_TALKING = const(60)  # from the data to the voice: 50 to 120 (SR-3004)
_DIGIT = const(70)  # a DTMF digit, and the pause after it (Swedish practice)
_SEIZURE = const(300)  # bits on-hook (GR-30, EN 300 659-1); 96 to 315 (SIN 227); none off-hook
_MARK = const(180)  # bits, ± 25 (GR-30, EN 300 659-1)
_SHORT_MARK = const(80)  # off-hook, ± 25 (SR-3004, EN 300 659-2), and after a reversal, 55 to 90 (SIN 227)

# How the phone is alerted, and the ms from there to the data.
_GAPS = {
    "ring": 600,  # sent in a pause of ringing, 500 to 1500 ms after it (GR-30), 500 to 2000 (EN 300 659-1)
    "alert": _ALERT + 100,  # DT-AS, then 45 to 500 ms (EN 300 659-1)
    "reverse": _ALERT + 100,  # line reversal, DT-AS, then ≥ 45 ms (SIN 227)
    "reverse_only": 300,  # line reversal, then ≥ 200 ms: for DTMF (EN 300 659-1, annex)
    "pulse": 600,  # RP-AS, then 500 to 800 ms (EN 300 659-1)
    "quiet": 300,  # not at all: VMWI (GR-1401), some DTMF
    "talking": 150,  # CAS in a call, then 50 to 500 ms from the end of the ACK (SR-3004), here its detection
}

# 2130 and 2750 Hz: −15 dBm each is the level of SR-3004 at the exchange; phones take −14 to −32 (TIA-777).
_TONE = "2130@-15+2750@-15;%s/0|0;0/0"

_END = ("idle", "_end")

CALLER_ID_TABLE = rows(
    {
        # state: (timeout, {event: (next state, action)})
        "idle": (
            None,
            {
                "ring": ("gap", None),
                "alert": ("settling", "_feed"),
                "reverse": ("settling", "_feed"),
                "reverse_only": ("gap", "_feed"),
                "pulse": ("ring_pulse", "_feed"),
                "quiet": ("gap", "_feed"),
                "talking": ("listening", "_tone"),
                "stop": (None, None),
            },
        ),
        "settling": (_SETTLE, {"timeout": ("gap", "_tone"), "stop": _END}),
        "ring_pulse": (_PULSE, {"timeout": ("gap", "_feed"), "stop": _END}),
        "listening": (
            "ack",
            {"ack": ("gap", None), "timeout": _END, "stop": _END},
        ),  # during CAS and after it
        "gap": ("gap", {"timeout": ("sending", "_send"), "stop": _END}),
        "sending": ("data", {"timeout": ("rest", "_sent"), "stop": _END}),
        "rest": ("rest", {"more": ("sending", "_send"), "timeout": _END, "stop": _END}),
    }
)


class CallerIdSequence(Fsm):
    """One transmission. `method`: how the phone is alerted and what the data are, as two words:

        ring          after a burst of ringing        bell202   Bellcore's modem: a message as bytes
        alert         DT-AS                           v23       ETSI's: a message as bytes
        reverse       line reversal and DT-AS         dtmf      the digits of dtmf() as text
        reverse_only  line reversal
        pulse         RP-AS
        quiet         nothing
        talking       CAS in a call, if the phone answers with its ACK

    "ring bell202" is North America, "reverse v23" BT. Other words are a ConfigError.
    `lag`: ms from a step given here to its sound on the line, and as long from the line to heard(). `sas`,
    `sas_ms`: for call waiting, the national tone that comes before CAS, as the beginning of a script
    ("440;.3/.02|"), and its length.

    Call begin() (or ring_off(), for "ring"), tick() at deadline(), and poll() until None after each:
      ("linefeed", name)                      "ringing", "oht" or "reverse_oht" (reversed, voice path on)
      ("mute",)                               cut the voice, both ways, until "done"
      ("tone", script)                        for ata.dsp.tone_script; silent after its sections
      ("digit", code, ms)                     a DTMF digit, RFC 4733 code
      ("fsk", data, seizure, mark, standard)  for ata.dsp.fsk
      ("done", sent)                          the line is its owner's again; whatever still sounds ends now.
                                              sent: the data were begun; False: no ACK, or stopped before
    The silence that must pass between the data and ringing is over at "done": ring at once then.
    """

    def __init__(self, method, payload, lag=60, sas="", sas_ms=0, unexpected=None):
        first, _, standard = method.partition(" ")
        if first not in _GAPS or standard not in ("bell202", "v23", "dtmf"):
            raise ConfigError("caller ID", method, "%s; bell202 v23 dtmf" % " ".join(sorted(_GAPS)))
        self._first = first
        self.in_pause = first == "ring"  # sent in a pause of ringing
        self._standard = standard
        self._left = payload  # type: Any
        self._sas = sas
        self._out = []
        off_hook = first == "talking"
        self._seizure = 0 if off_hook else _SEIZURE
        self._mark = _SHORT_MARK if off_hook or first == "reverse" else _MARK
        if standard == "dtmf":
            data = 2 * _DIGIT
            self.ms = data * len(payload)
        else:
            # 1200 bit/s, ten bits a byte, and the last marks
            self.ms = data = (self._seizure + self._mark + 10 * len(payload) + 6) * 5 // 6
        rest = (_REST_TALKING if off_hook else _REST) + lag
        gap = _GAPS[first]
        self.ms += gap + rest  # from the end of a burst to "done"
        timeouts = {"ack": sas_ms + _CAS + _ACK + 2 * lag, "gap": gap, "data": data, "rest": rest}
        super().__init__("caller ID", CALLER_ID_TABLE, self, "idle", timeouts, unexpected)

    def begin(self, now):
        self.handle(self._first, now)

    def ring_off(self, pause, now):
        """A burst of ringing has ended and a pause of that many ms begins: the data are sent in the first one
        that is long enough (`ms`)."""
        if self._left and pause >= self.ms and self.deadline() is None:
            self.begin(now)

    def heard(self, code, now):
        """A DTMF digit from the phone, RFC 4733 code: D is the ACK, A that of an ADSI phone."""
        if code in (12, 15) and self.knows("ack"):
            self.handle("ack", now)

    def stop(self, now):
        """The phone was lifted, or the call is gone."""
        self.handle("stop", now)

    def poll(self):
        return self._out.pop(0) if self._out else None

    # Actions of the table

    def _feed(self, now):
        feed = "oht"
        if self.state == "ring_pulse":
            feed = "ringing"
        elif self._first[0] == "r":  # "reverse" or "reverse_only"
            feed = "reverse_oht"
        self._out.append(("linefeed", feed))

    def _tone(self, now):
        script = _TONE % ".1"
        if self._first == "talking":
            self._out.append(("mute",))
            script = self._sas + _TONE % ".082"
        self._out.append(("tone", script))

    def _send(self, now):
        data = self._left
        if self._standard == "dtmf":
            self._out.append(("digit", _DIGITS.index(data[0]), _DIGIT))
            self._left = data[1:]
        else:
            self._out.append(("fsk", data, self._seizure, self._mark, self._standard))
            self._left = b""

    def _sent(self, now):
        if self._left:
            self.handle("more", now)

    def _end(self, now):
        self._out.append(("done", not self._left))
