"""Whose fault an error is, as a type. Each layer raises one of these and catches the ones it owns."""


class LocalError(Exception):
    """Our own mistake: an impossible event, a call out of order. Raised loudly, never caught silently."""


class PeerError(Exception):
    """The far end broke a protocol. Answered with `status`, counted, never raised past the core."""

    message = None  # as much of the broken message as an answer needs, if there is that much

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status  # the SIP status code to answer with (RFC 3261 §21), for example 400
        self.reason = reason


class HardwareFault(Exception):
    """A chip or its wiring fails: that port goes out of service with `reason`, the others live on."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class ConfigError(Exception):
    """A setting the user gave is wrong. The text names the key, the value and what is allowed."""

    def __init__(self, key, value, allowed):
        super().__init__("%s = %s: %s" % (key, value, allowed) if key else "%s: %s" % (value, allowed))
        self.key = key
        self.value = value
        self.allowed = allowed


class BoardLost(Exception):
    """The board itself is gone (the virtual one was stopped): nothing can run, the firmware ends."""
