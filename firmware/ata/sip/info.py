"""Digits in INFO requests, as gateways send them (application/dtmf-relay, application/dtmf).

Loaded with the first of them: most calls carry digits in RTP.
"""

_DTMF = "application/dtmf-relay"


def take(session, request):
    """An INFO came in. -> the status to answer with."""
    if not request.body:
        return 200
    if request.media_type not in (_DTMF, "application/dtmf"):
        return 415
    digit, ms = _digit_of(request.body)
    if not digit:
        return 400
    session.ua.events.append(("dtmf", session, digit, ms))
    return 200


def send(session, digit, ms, now):
    """Send a digit in an INFO; nothing if the call is not up."""
    if session.media is not None and not session.told:
        message, host, port = session.dialog.request("INFO")
        message.add("Content-Type", _DTMF)
        message.body = ("Signal=%s\r\nDuration=%d\r\n" % (digit, ms)).encode()
        session.ua.send(message, host, port, session, now)


def _digit_of(body):
    """-> (character or None, ms) of a dtmf-relay body, "Signal=5\\r\\nDuration=160", or a bare digit."""
    digit = ""
    ms = 160
    try:
        for line in body.decode().upper().split("\n"):
            name, equals, value = line.partition("=")
            name = name.strip()
            value = value.strip()
            if name == "DURATION":
                ms = min(max(int(value), 40), 5000)
            elif name == "SIGNAL" or (name and not equals):
                digit = value or name
    except ValueError:  # UnicodeError is one
        return None, 0
    if digit in ("10", "11"):
        digit = "*#"[int(digit) - 10]  # as some gateways write them, after RFC 4733
    return digit if len(digit) == 1 and digit in "0123456789*#ABCD" else None, ms
