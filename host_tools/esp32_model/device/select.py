"""The Unix port's `select`, which takes the modelled sockets too."""

import uselect
from uselect import *  # noqa: F403


class Poll:
    def __init__(self):
        self._poll = uselect.poll()

    def register(self, stream, events=uselect.POLLIN | uselect.POLLOUT):
        self._poll.register(_native(stream), events)

    def unregister(self, stream):
        self._poll.unregister(_native(stream))

    def modify(self, stream, events):
        self._poll.modify(_native(stream), events)

    def ipoll(self, *args):
        return self._poll.ipoll(*args)

    def poll(self, *args):
        return self._poll.poll(*args)


def _native(stream):
    return getattr(stream, "raw", stream)


poll = Poll
