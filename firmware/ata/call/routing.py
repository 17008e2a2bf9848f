"""Where a dialled number goes: the directory, a direct address, the port's server, or the other port."""

_DIRECT_IP = "*47"  # *47 192*168*1*20, as on other adapters: a call to an IPv4 address without a server


class Router:
    """`numbers`: {number: port} of our own ports. `directory`: {dialled digits: "user@host[:port]"}.
    `servers`: {port: True if it has a SIP server}."""

    def __init__(self, numbers, directory, servers):
        self.numbers = numbers
        self._directory = directory
        self._servers = servers

    def whole_numbers(self):
        """Numbers known to be complete: no time-out after their last digit."""
        return list(self.numbers) + list(self._directory)

    def target(self, port, number, registration, host, sip_port):
        """What to invite for `number` dialled on `port`: "user@host:port" (direct), the bare number (by the
        port's server), or None if there is no way. `registration` is the port's state as the user agent
        tells it (None if it does not register); `host` and `sip_port` are our own."""
        if number in self._directory:
            return self._directory[number]
        if number.startswith(_DIRECT_IP):
            return direct_address(number[len(_DIRECT_IP) :])
        if self._servers[port] and registration in ("registered", None):
            return number
        if number in self.numbers:
            # Port to port needs no server: the call goes to our own SIP socket.
            return "%s@%s:%d" % (number, host, sip_port)
        return None


def direct_address(digits):
    """ "192*168*1*20" or "192*168*1*20*5070" → "192.168.1.20[:5070]"; None if it is not an address."""
    parts = digits.split("*")
    if len(parts) not in (4, 5):
        return None
    for part in parts:
        if not part.isdigit():
            return None
    if max([int(part) for part in parts[:4]]) > 255 or (len(parts) == 5 and not 0 < int(parts[4]) < 65536):
        return None
    address = ".".join([str(int(part)) for part in parts[:4]])
    return "sip:" + address + (":" + parts[4] if len(parts) == 5 else "")
