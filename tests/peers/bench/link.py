"""A lossy link: a UDP relay that stands before one peer and drops what the test tells it to."""

import re
import socket
import threading

from .ports import HOST, free_port


class LossyLink:
    """Relay at `address` for a peer; datagrams go from the device to the peer and back.

    peer: "host:port" behind the link. Its address in what it sends is replaced by the link's, so that later
        requests of the dialog come through the link too. Both ports have five digits: no length changes.
    device: "host:port" of the other side, needed only if the peer speaks first.
    """

    def __init__(self, peer: str, device: str | None = None, port: int | None = None):
        self._peer, self._device = _pair(peer), _pair(device) if device else None
        self.port = port or free_port()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._names = peer.encode(), self.address.encode()
        self._losses: list[list] = []
        self._lock = threading.Lock()
        self.lost: list[str] = []
        self.passed: list[str] = []

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def lose(self, pattern: str, times: int = 1) -> None:
        """Drop the next `times` datagrams in which the regular expression is found, either way."""
        with self._lock:
            self._losses.append([re.compile(pattern, re.S), times])

    def __enter__(self):
        self._socket.bind((HOST, self.port))
        self._thread = threading.Thread(target=self._relay, name="lossy link", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind, error, trace):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"", (HOST, self.port))  # an empty datagram ends the thread
        self._thread.join(2)
        self._socket.close()
        if error is not None:
            error.add_note(f"--- link: lost {self.lost}, passed {self.passed}")

    def _relay(self) -> None:
        while True:
            try:
                data, source = self._socket.recvfrom(65536)
            except OSError:  # ICMP port unreachable from a side that has ended
                continue
            if not data:
                return
            if source == self._peer:
                data, target = data.replace(*self._names), self._device
            else:
                self._device, target = source, self._peer
            if target and self._keep(data):
                self._socket.sendto(data, target)

    def _keep(self, data: bytes) -> bool:
        text = data.decode(errors="replace")
        start = text.split("\r\n")[0]
        with self._lock:
            for loss in self._losses:
                if loss[1] > 0 and loss[0].search(text):
                    loss[1] -= 1
                    self.lost.append(start)
                    return False
        self.passed.append(start)
        return True


def _pair(address: str) -> tuple[str, int]:
    host, port = address.rsplit(":", 1)
    return host, int(port)
