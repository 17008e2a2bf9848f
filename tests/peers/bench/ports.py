"""UDP and TCP ports on 127.0.0.1 for the programs of a test.

The numbers lie below the kernel's ephemeral range, so no client socket takes one by chance, and no
number is given twice in one process. Other runs on the same machine are kept apart by the random start
and by binding the port on trial.
"""

import random
import socket

HOST = "127.0.0.1"
_FIRST, _LAST = 12000, 32000
_given: set[int] = set()


def free_port(count: int = 2) -> int:
    """First of `count` consecutive free ports, even; each is free for UDP and for TCP.

    Two at least, because baresip takes the next one for TLS and RTP the next one for RTCP.
    """
    for _ in range(1000):
        first = 2 * random.randrange(_FIRST // 2, _LAST // 2)
        block = range(first, first + count)
        if not _given.intersection(block) and all(_is_free(port) for port in block):
            _given.update(block)
            return first
    raise RuntimeError("no free ports on 127.0.0.1")


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as trial:
            try:
                trial.bind((HOST, port))
            except OSError:
                return False
    return True
