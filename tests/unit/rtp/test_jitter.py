"""The jitter buffer, played through the scenarios of tests/vectors/jitter (README there)."""

from os import listdir

from ata.rtp.jitter import JitterBuffer

VECTORS = __file__[: __file__.rindex("/unit/")] + "/vectors/jitter/"
TS = 0xFFFFF00  # so that every scenario crosses the wrap of the 28 bits that are used,
SEQ = 65530  # and that of the sequence number
LOUD = 0
QUIET = 1


def sample(ts, kind):
    """The µ-law byte that belongs to a timestamp: two places that are exchanged are seen."""
    n = (ts & 0xFFFFFFF) * 40503 >> 3
    return 0xFF - n % 27 if kind == QUIET else n % 100


def times(word):
    """ "P*3" → "P", 3"""
    parts = word.split("*")
    return parts[0], int(parts[1]) if len(parts) > 1 else 1


class Scenario:
    def __init__(self, name):
        self.send = []
        self.play = []
        self.expect = {}
        self.kind = LOUD
        self.ptime = 20
        self.depth = (20, 200)
        self.piece = 160
        file = open(VECTORS + name + ".txt")
        for line in file.read().split("\n"):
            words = line.split("#")[0].split()
            if not words:
                continue
            if words[0] in ("send", "play"):
                getattr(self, words[0]).extend(words[1:])
            elif words[0] == "expect":
                self.expect[words[1]] = int(words[2])
            elif words[0] == "depth":
                self.depth = (int(words[1]), int(words[2]))
            elif words[0] == "ptime":
                self.ptime = int(words[1])
            elif words[0] == "piece":
                self.piece = int(words[1])
            elif words[0] == "quiet":
                self.kind = QUIET
            else:
                raise ValueError(line)
        file.close()

    def arrivals(self):
        """(step, order, seq, ts) of each packet as it comes in, and the steps that take none."""
        found, stalled = [], []
        ms, seq, ts, order = 0, SEQ, TS, 0
        for word in self.send:
            kind, count = times(word)
            for _ in range(count):
                order += 2
                if kind == "Z":  # we stall: what comes in this step is found in the next
                    stalled.append(ms // 20)
                elif kind == "T":
                    ms += self.ptime
                    continue
                elif kind[0] == "J":
                    ts = (ts + int(kind[1:])) & 0xFFFFFFF
                    continue
                elif kind[0] == "Q":
                    seq = (seq + int(kind[1:])) & 0xFFFF
                    continue
                step = (ms + 19) // 20
                if kind[0] in "PXAZ":
                    found.append((step, order, seq, ts))
                if kind == "X":
                    found.append((step, order, seq, ts))
                if kind[0] == "D":
                    found.append((step + int(kind[1:]), order, seq, ts))
                if kind == "R":
                    found.append(((ms + self.ptime + 19) // 20, order + 3, seq, ts))
                ts = (ts + 8 * self.ptime) & 0xFFFFFFF
                if kind != "S":
                    seq = (seq + 1) & 0xFFFF
                if kind != "A":
                    ms += self.ptime
        found.sort()
        return found, stalled, (ms + 19) // 20

    def run(self):
        """What is played in each step: the place in the stream, in frames of 160 samples, or None."""
        buffer = JitterBuffer(self.depth[0], self.depth[1])
        arrivals, stalled, steps = self.arrivals()
        payload = bytearray(8 * self.ptime)
        out = bytearray(162)
        played = []
        arrived = 0
        for step in range(steps):
            if step in stalled:
                continue
            while arrived < len(arrivals) and arrivals[arrived][0] <= step:
                _, _, seq, ts = arrivals[arrived]
                for i in range(len(payload)):
                    payload[i] = sample(ts + i, self.kind)
                buffer.put(payload, 0, len(payload), seq, ts, 20 * step)
                arrived += 1
            for _ in range(160 // self.piece):
                for i in range(162):
                    out[i] = 0xA5
                found = buffer.take(out, 1, self.piece)
                first = (buffer._state[0] - self.piece) & 0xFFFFFFF
                if found:
                    for i in range(self.piece):
                        assert out[1 + i] == sample(first + i, self.kind), (step, i)
                    played.append(((first - TS + 0x8000000 & 0xFFFFFFF) - 0x8000000) / 160)
                else:
                    played.append(None)
                    assert bytes(out) == b"\xa5" * 162, "touched"
                assert out[0] == out[self.piece + 1] == 0xA5, "out of bounds"
        return played, buffer.statistics()

    def expected(self):
        found = []
        for word in self.play:
            word, count = times(word)
            if word == "-":
                found.extend([None] * count)
            elif ".." in word:
                first, last = word.split("..")
                place = float(first)
                while place <= float(last):
                    found.append(place)
                    place += self.piece / 160
            else:
                found.append(float(word))
        return found


def scenario(name):
    text = Scenario(name)
    played, counters = text.run()
    if text.play:
        assert played == text.expected(), (name, shown(played))
    for key in text.expect:
        assert counters[key] == text.expect[key], (name, key, counters)
    assert text.expect or text.play


def shown(played):
    """Places as in the scenario files, runs drawn together."""
    words = []
    at = 0
    while at < len(played):
        end = at + 1
        if played[at] is None:
            while end < len(played) and played[end] is None:
                end += 1
            words.append("-*%d" % (end - at))
        else:
            while end < len(played) and played[end] is not None and played[end] == played[end - 1] + 1:
                end += 1
            words.append("%g..%g" % (played[at], played[end - 1]) if end > at + 1 else "%g" % played[at])
        at = end
    return " ".join(words)


def test_duplicate():
    scenario("duplicate")


def test_fast_sender():
    scenario("fast_sender")


def test_hiccup():
    scenario("hiccup")


def test_jump():
    scenario("jump")


def test_jump_back():
    scenario("jump_back")


def test_lost():
    scenario("lost")


def test_loud_again():
    scenario("loud_again")


def test_overtaken():
    scenario("overtaken")


def test_overtaken_again():
    scenario("overtaken_again")


def test_own_stall():
    scenario("own_stall")


def test_own_stall_long():
    scenario("own_stall_long")


def test_pieces():
    scenario("pieces")


def test_ptime_10():
    scenario("ptime_10")


def test_ptime_25():
    scenario("ptime_25")


def test_ptime_30():
    scenario("ptime_30")


def test_ptime_60():
    scenario("ptime_60")


def test_quiet_again():
    scenario("quiet_again")


def test_reordered():
    scenario("reordered")


def test_restart():
    scenario("restart")


def test_silence():
    scenario("silence")


def test_silence_long():
    scenario("silence_long")


def test_slow_sender():
    scenario("slow_sender")


def test_stall():
    scenario("stall")


def test_stall_again():
    scenario("stall_again")


def test_stall_fixed():
    scenario("stall_fixed")


def test_stall_long():
    scenario("stall_long")


def test_steady():
    scenario("steady")


def test_every_scenario_is_played():
    with open(__file__) as file:
        text = file.read()
    for name in listdir(VECTORS):
        if name.endswith(".txt"):
            assert 'scenario("%s")' % name[:-4] in text, name


def put(buffer, seq, ts, n=160, now=0, data=None):
    buffer.put(data or bytes(n), 0, n, seq, ts & 0xFFFFFFF, now)


def test_nothing_is_played_before_the_first_packet_and_out_is_not_touched():
    buffer = JitterBuffer()
    out = bytearray(b"abcd" * 40)
    for _ in range(1000):
        assert buffer.take(out, 0, 160) == 0
    assert bytes(out) == b"abcd" * 40


def test_interarrival_jitter_is_that_of_rfc_3550():
    # §6.4.1: J += (|D| − J) / 16, here with the sixteenths that the appendix A.8 code keeps
    buffer = JitterBuffer()
    expected = 0
    last = None
    times = [0, 23, 40, 77, 80, 100, 125, 141, 160, 199, 200, 220]
    start = (1 << 30) - 60  # the tick wraps
    for i in range(len(times)):
        put(buffer, i, 0xFFFFFF0 + 160 * i, now=(start + times[i]) & 0x3FFFFFFF)
        transit = 8 * times[i] - 160 * i
        if last is not None:
            expected += abs(transit - last) - ((expected + 8) >> 4)
        last = transit
    assert expected >> 4 > 20
    assert buffer.statistics()["jitter"] == expected >> 4


def test_an_event_packet_counts_in_the_sequence_but_is_no_audio():
    buffer = JitterBuffer()
    put(buffer, 7, 0)
    buffer.put(b"", 0, 0, 8, 99999, 0)
    put(buffer, 9, 160)
    counters = buffer.statistics()
    assert counters["lost"] == 0 and counters["received"] == 3 and counters["discarded"] == 0


def test_a_lost_packet_that_comes_after_all_is_no_longer_lost():
    buffer = JitterBuffer()
    put(buffer, 0, 0)
    put(buffer, 3, 480)
    assert buffer.statistics()["lost"] == 2
    put(buffer, 1, 160)
    assert buffer.statistics()["lost"] == 1
    put(buffer, 1, 160)
    counters = buffer.statistics()
    assert counters["lost"] == 1 and counters["duplicate"] == 1


def test_a_timestamp_off_the_grid_moves_what_is_played_by_half_a_millisecond_at_most():
    for off in range(-20, 21):
        buffer = JitterBuffer()
        out = bytearray(160)
        put(buffer, 0, 5000, data=b"\x11" * 160)
        buffer.take(out, 0, 160)
        put(buffer, 1, 5160 + off, data=b"\x22" * 160)
        assert buffer.take(out, 0, 160) == 1
        buffer.take(out, 0, 160)
        place = buffer._state[0] - 160
        assert abs(place - 5160) <= 4 and (place - 5160 - off) % 8 == 0, (off, place)


def test_packets_of_200_ms_are_played_whole_and_longer_ones_cut():
    for n in (1600, 1760):
        buffer = JitterBuffer()
        out = bytearray(160)
        heard = 0
        for seq in range(10):
            put(buffer, seq, n * seq, n=n)
            for _ in range(n // 160):
                heard += buffer.take(out, 0, 160)
        assert heard == (99 if n == 1600 else 100), (n, heard)


def test_an_empty_or_tiny_packet_is_counted_and_nothing_else():
    buffer = JitterBuffer()
    for n in range(8):
        put(buffer, n, 1000, n=n)
    counters = buffer.statistics()
    assert counters["received"] == 8 and counters["discarded"] == 7
    assert buffer.take(bytearray(160), 0, 160) == 0


def test_a_take_of_no_whole_grains_is_refused():
    buffer = JitterBuffer()
    put(buffer, 0, 0)
    place = buffer._state[0]
    for n in (-8, 0, 3, 161):
        assert buffer.take(bytearray(200), 0, n) == 0
    assert buffer._state[0] == place


def test_depths_are_kept_within_what_the_ring_can_hold():
    out = bytearray(160)
    for low, high in ((0, 0), (0, 5000), (300, 20), (200, 200), (60, 40)):
        buffer = JitterBuffer(low, high)
        heard = 0
        for seq in range(100):
            put(buffer, seq, 160 * seq)
            heard += buffer.take(out, 0, 160)
        assert heard >= 100 - 10 and buffer.statistics()["late"] == 0


def test_open_forgets_the_counters_and_renew_keeps_them():
    buffer = JitterBuffer()
    put(buffer, 0, 0)
    put(buffer, 5, 800)
    buffer.renew()
    assert buffer.statistics()["lost"] == 4
    put(buffer, 60000, 0x8000000)  # another sender: neither lost nor a restart
    counters = buffer.statistics()
    assert counters["lost"] == 4 and counters["restarts"] == 0 and counters["received"] == 3
    buffer.open()
    counters = buffer.statistics()
    assert counters["lost"] == 0 and counters["received"] == 0 and counters["depth_ms"] == 20
