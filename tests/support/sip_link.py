# Virtual time for SIP tests, without sockets: user agents and hand-written peers on one link that can
# lose, delay, double and reorder datagrams. Runs on CPython and MicroPython.
from ata.base.clock import add, diff, sooner
from ata.sip.grammar import parse_via
from ata.sip.message import Message, parse, response
from ata.sip.offer import LocalMedia
from ata.sip.ua import UserAgent


def randomness(seed):
    """random(n) -> bytes, the same in every run."""
    state = [seed * 7919 + 1]

    def random(n):
        data = bytearray(n)
        for i in range(n):
            state[0] = (state[0] * 1103515245 + 12345) % 2147483648
            data[i] = state[0] >> 16 & 255
        return bytes(data)

    return random


class Link:
    """The network and the clock. Every datagram takes `delay` ms unless `fate` says otherwise.

    fate(data, source, target) -> list of delays in ms, one for each copy that arrives ([] = lost).
    """

    def __init__(self, delay=5, start=1000):
        self.now = start
        self.delay = delay
        self.fate = lambda data, source, target: [self.delay]
        self.ends = {}  # (host, port) -> Agent or Peer
        self.flying = []  # [arrival, number, data, source, target]
        self.number = 0
        self.seen = []  # (ms since start, source, target, first line) of everything sent
        self.start = start

    def put(self, data, source, target):
        self.seen.append((diff(self.now, self.start), source, target, data.split(b"\r\n", 1)[0].decode()))
        for delay in self.fate(data, source, target):
            self.number += 1
            self.flying.append([add(self.now, delay), self.number, data, source, target])

    def run(self, ms):
        """Let `ms` milliseconds pass."""
        end = add(self.now, ms)
        while True:
            due = end
            first = None
            for item in self.flying:
                order = diff(item[0], due)
                if order < 0 or (order == 0 and (first is None or item[1] < first[1])):
                    due, first = item[0], item
            for each in self.ends.values():
                soon = each.deadline()
                if soon is not None and diff(soon, due) < 0:
                    due, first = sooner(soon, due), None
            if diff(due, self.now) > 0:
                self.now = due
            if first is not None:
                self.flying.remove(first)
                target = self.ends.get(first[4])
                if target is not None:
                    target.receive(first[2], first[3])
            busy = first is not None
            for each in self.ends.values():
                soon = each.deadline()
                if soon is not None and diff(soon, self.now) <= 0:
                    each.tick()
                    busy = True
            if not busy and self.now == end:
                return

    def lines(self, source=None, word=""):
        """[(ms, first line)] of what `source` (an end) sent, if the line has `word` in it."""
        addr = source and source.addr
        return [(ms, line) for ms, sender, _, line in self.seen if addr in (None, sender) and word in line]

    def words(self, source=None):
        """What was sent, each as its method or status: ["INVITE", "100", …]."""
        found = []
        for _, line in self.lines(source):
            found.append(line.split(" ")[1 if line.startswith("SIP/2.0") else 0])
        return found


class Agent:
    """A UserAgent on the link; what it says is in `events`, newest last, without the datagrams."""

    def __init__(self, link, host, port=5060, seed=1, t1=500, trace=None):
        self.link = link
        self.addr = (host, port)
        self.ua = UserAgent(host, port, randomness(seed), trace, t1=t1)
        self.events = []
        self.local = LocalMedia(host, 10000 + 10 * seed)
        link.ends[self.addr] = self

    def deadline(self):
        return self.ua.deadline()

    def tick(self):
        self.ua.tick(self.link.now)
        self.drain()

    def receive(self, data, source):
        self.ua.receive(data, source, self.link.now)
        self.drain()

    def drain(self):
        while True:
            output = self.ua.poll()
            if output is None:
                return
            if output[0] == "send":
                self.link.put(output[1], self.addr, output[2:])
                continue
            self.events.append(output)

    def names(self):
        return [event[0] for event in self.events]

    def do(self, name, *args):
        """Call a method of the user agent now: do("invite", 1, "102", local). -> its result"""
        result = getattr(self.ua, name)(*(args + (self.link.now,)))
        self.drain()
        return result

    def call(self, target, key=1):
        return self.do("invite", key, target, self.local)

    def last(self, name):
        """The newest event of that name."""
        for event in reversed(self.events):
            if event[0] == name:
                return event
        raise AssertionError("no %s in %s" % (name, self.names()))

    def check(self):
        """Nothing of ours went wrong."""
        if self.ua.fault is not None:
            raise self.ua.fault


class Peer:
    """A hand-written far end: `inbox` has the Messages it got; `send` sends a Message."""

    def __init__(self, link, host, port=5060):
        self.link = link
        self.addr = (host, port)
        self.inbox = []
        self.came = []  # ms of each
        self.branches = 0
        link.ends[self.addr] = self

    def deadline(self):
        return None

    def tick(self):
        pass

    def receive(self, data, source):
        self.inbox.append(parse(data))
        self.came.append(diff(self.link.now, self.link.start))

    def get(self, word):
        """The newest message in the inbox with this method or status."""
        for message in reversed(self.inbox):
            if word in (message.method, message.status):
                return message
        raise AssertionError("no %s in %s" % (word, self.got()))

    def got(self):
        return [message.method or message.status for message in self.inbox]

    def send(self, message, target):
        self.link.put(message.encode(), self.addr, target)

    def answer(self, asked, status, tag="far", body=b"", more=()):
        """Answer the request `asked`, to where it came from."""
        message = response(asked, status, tag)
        if status < 300 and asked.method == "INVITE":
            message.add("Contact", "<sip:far@%s:%d>" % self.addr)
        for name, value in more:
            message.add(name, value)
        if body:
            message.add("Content-Type", "application/sdp")
            message.body = body
        via = parse_via(asked.get("Via"))
        self.send(message, (via.host, via.port or 5060))

    def request(self, method, uri, to, seq=1, tag="far", call_id="far-call", body=b"", more=(), branch=None):
        """A Message of this peer; `to` is the To value, with our tag inside a dialog."""
        self.branches += 1
        message = Message(method, uri)
        branch = branch or "z9hG4bKfar%d" % self.branches
        message.add("Via", "SIP/2.0/UDP %s:%d;branch=%s;rport" % (self.addr + (branch,)))
        message.add("Max-Forwards", "70")
        message.add("From", "<sip:far@%s>;tag=%s" % (self.addr[0], tag))
        message.add("To", to)
        message.add("Call-ID", call_id)
        message.add("CSeq", "%d %s" % (seq, method))
        message.add("Contact", "<sip:far@%s:%d>" % self.addr)
        for name, value in more:
            message.add(name, value)
        if body:
            if not message.get("Content-Type"):
                message.add("Content-Type", "application/sdp")
            message.body = body
        return message


def drop(message, name):
    """Take all headers of that name from a Message."""
    assert message.get(name) is not None
    message.headers = [header for header in message.headers if header[0] != name]


def sdp(host, port=20000, formats="0 8 101", direction="sendrecv", version=1):
    """A description of one audio stream, bytes."""
    text = (
        "v=0\r\no=- 7 %d IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP %s\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=%s\r\n" % (version, host, host, port, formats, direction)
    )
    return text.encode()


def two_phones(t1=500, start=1000):
    """-> link, caller, called: two user agents for direct calls, 101@10.0.0.1 and 102@10.0.0.2."""
    link = Link(start=start)
    caller = Agent(link, "10.0.0.1", seed=1, t1=t1)
    called = Agent(link, "10.0.0.2", seed=2, t1=t1)
    caller.ua.add_account(1, "101")
    called.ua.add_account(1, "102")
    return link, caller, called
