"""How a call sounds, in figures for people: for the status, and for the line that the log keeps of each call.
Loaded only for that."""

from ata.rtp.quality import mos, r_factor

_PACKET_MS = 20  # of speech are in a packet, and another 20 ms pass in the steps of both ends
_NAMES = {0: "PCMU", 8: "PCMA"}


def figures(slot, steps):
    """Of a leg slot (ata.call.leg_path) whose stream is open, a dict: seconds, codec, data (fax or modem),
    what RtpStream.statistics() has, and
    loss_percent  frames that had to be concealed        jitter_ms  of arrival, RFC 3550
    rtt_ms        there and back by RTCP, −1 unknown     far_loss_percent  of ours at the far end, −1 unknown
    mos           G.107, 1.00 to 4.50; delay_ms, one way as far as it is known, is part of it
    """
    found = slot.stream.statistics()
    meter = slot.meter
    delay = found["depth_ms"] + 2 * _PACKET_MS + max(0, slot.rtt) // 2
    found["seconds"] = (steps - slot.began) // 50
    found["data"] = slot.data
    found["codec"] = _NAMES.get(slot.media.codec, "?")
    found["loss_percent"] = meter.loss() / 100
    found["jitter_ms"] = found.pop("jitter") / 8
    found["rtt_ms"] = slot.rtt
    found["far_loss_percent"] = slot.far_loss * 100 // 256 if slot.far_loss >= 0 else -1
    found["delay_ms"] = delay
    found["mos"] = mos(r_factor(meter.loss(), 0, meter.burst(), delay)) / 100
    return found


def in_a_line(found):
    """The figures of a call that has ended, for the log."""
    data = ", fax or modem" if found["data"] else ""
    rtt = found["rtt_ms"] if found["rtt_ms"] >= 0 else "?"
    return "%d s %s%s, sent %d, received %d, missing %.2f %%, jitter %.1f ms, round trip %s ms, MOS %.2f" % (
        found["seconds"], found["codec"], data, found["sent"], found["received"], found["loss_percent"],
        found["jitter_ms"], rtt, found["mos"],
    )  # fmt: skip
