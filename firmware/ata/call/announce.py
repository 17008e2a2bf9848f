"""What a phone's display and lamp are told: who calls, and whether messages wait. Loaded only for that.

The transmissions themselves are ata.line.callerid's; here is what of a call goes into them, and which way the
country (ata.region) or the setting `port.N.caller_id` has it sent.
"""

from ata.line.callerid import (
    NAME_MAX,
    PRIVATE,
    UNAVAILABLE,
    CallerIdSequence,
    call_setup,
    dtmf,
    message_waiting,
)  # fmt: skip
from ata.sip.grammar import parse_name_addr, split_list, unescape
from ata.sip.summary import from_server

_BELLCORE_NAME = 15  # characters (GR-1188)

# A way: how the phone is alerted to a call, the modem, and how it is alerted to messages waiting (Bellcore's
# needs nothing, ETSI's the same as for a caller before the first ring).
_METHODS = {
    "bellcore": ("ring", "bell202", "quiet"),
    "etsi": ("ring", "v23", "alert"),
    "sin227": ("reverse", "v23", "reverse"),
    "etsi_lr": ("reverse", "v23", "reverse"),
    "etsi_dtas": ("alert", "v23", "alert"),
    "etsi_rp": ("pulse", "v23", "pulse"),
    "dtmf": ("quiet", "dtmf", ""),
    "dtmf_lr": ("reverse_only", "dtmf", ""),
}


def caller(session):
    """(number, display name) of an incoming session, either "" if unknown; the number is PRIVATE if it is
    withheld: Privacy (RFC 3323) or an anonymous From. P-Asserted-Identity (RFC 3325) and Remote-Party-ID are
    believed if they come from the port's own server."""
    invite = session.invite.request
    number, name = session.remote_user, session.remote_display or ""
    trusted = from_server(session.identity, session.invite.host)
    for header in ("P-Asserted-Identity", "Remote-Party-ID"):
        said = invite.get(header) if trusted else None
        if said:
            try:
                # A SIP and a tel URI of the same caller may stand there (RFC 3325 §9.1): either will do.
                party = parse_name_addr(split_list(said)[0])
            except Exception:  # a header that we can do without
                continue
            number = unescape(party.uri.user or "")
            name = party.display or name
            if party.params.get("privacy") not in (None, "off"):
                number = PRIVATE
            break
    # Rather one sign too many between the values than a number shown that was to be withheld.
    privacy = (invite.get("Privacy") or "").lower().replace(",", ";").replace(" ", "").split(";")
    hidden = number == PRIVATE or session.remote_user.lower() == "anonymous"
    if hidden or "id" in privacy or "user" in privacy:
        return PRIVATE, ""
    if not number[-1:].isdigit():  # a name such as "anna" cannot be dialled, but read
        return UNAVAILABLE, name or number
    return number, name


def of_call(way, session, when, lag):
    """The CallerIdSequence that comes with ringing for `session`, or None if the `way` ("bellcore",
    "dtmf DC" …) sends none. `when`: (month, day, hour, minute) or None."""
    kind, _, form = way.partition(" ")
    if kind not in _METHODS:
        return None
    alert, modem, _ = _METHODS[kind]
    number, name = caller(session)
    return CallerIdSequence(alert + " " + modem, _payload(modem, form, number, name, when), lag)


def of_waiting_call(way, session, when, lag, sas, sas_ms):
    """The CallerIdSequence for a call that comes during another one, or None. `sas`, `sas_ms`: see there."""
    kind, _, form = way.partition(" ")
    if kind not in _METHODS or _METHODS[kind][1] == "dtmf":
        return None
    modem = _METHODS[kind][1]
    number, name = caller(session)
    payload = _payload(modem, form, number, name, when)
    return CallerIdSequence("talking " + modem, payload, lag, sas, sas_ms)


def of_messages(way, waiting, count, lag):
    """The CallerIdSequence that switches the lamp of waiting messages on or off, or None."""
    kind = way.partition(" ")[0]
    if kind not in _METHODS or not _METHODS[kind][2]:
        return None
    _, modem, alert = _METHODS[kind]
    told = message_waiting(waiting, None if modem == "bell202" else count)
    return CallerIdSequence(alert + " " + modem, told, lag)


def _payload(modem, form, number, name, when):
    if modem == "dtmf":
        return dtmf(number, form or "AC")
    return call_setup(when, number, name, _BELLCORE_NAME if modem == "bell202" else NAME_MAX)
