"""RTP headers (RFC 3550 §5.1), read and written in place.

An RTP timestamp as a Python int would be a heap object on a 32-bit port, so the 32-bit values live
in the byte buffers only. What the cores compute with is the low 28 bits of the timestamp: a small
integer whose differences, taken modulo 2**28, are right over ±4.6 hours at 8000 Hz.
"""

import micropython

HEADER = 12  # bytes of a header without CSRC list and extension: where the payload of our own packets begins

# parse() fills an array("i", 7). These are its words; every user names those it reads by a const of its own.
#   0 payload type   1 marker   2 sequence number   3 timestamp, low 28 bits   4 payload length in bytes
#   5 SSRC, high 16 bits   6 SSRC, low 16 bits


@micropython.viper
def parse(buf: ptr8, n: int, info: ptr32) -> int:
    """Read the RTP packet in buf[:n] into `info` (see above).

    Gives the payload's offset, or -1 if it is no RTP packet: shorter than its header, CSRC list,
    extension (§5.3.1) or padding say, or not version 2. `info` is then as it was.
    """
    if n < 12:
        return -1
    first = int(buf[0])
    if first >> 6 != 2:
        return -1
    offset = 12 + ((first & 15) << 2)
    if first & 16:
        if n < offset + 4:
            return -1
        words = (buf[offset + 2] << 8) | buf[offset + 3]
        offset += 4 + (words << 2)
    padding = 0
    if first & 32:
        padding = int(buf[n - 1])  # the last octet counts itself
        if padding == 0:
            return -1
    length = n - offset - padding
    if length < 0:
        return -1
    info[0] = buf[1] & 127
    info[1] = buf[1] >> 7
    info[2] = (buf[2] << 8) | buf[3]
    info[3] = ((buf[4] & 15) << 24) | (buf[5] << 16) | (buf[6] << 8) | buf[7]
    info[4] = length
    info[5] = (buf[8] << 8) | buf[9]
    info[6] = (buf[10] << 8) | buf[11]
    return offset


def start(packet, ssrc, seq, ts, payload_type):
    """Write a header into packet[:12]. `ssrc` and `ts` have 32 bits, `seq` 16. Allocates."""
    packet[0] = 0x80
    packet[1] = payload_type
    for i in range(2):
        packet[2 + i] = (seq >> (8 - 8 * i)) & 255
    for i in range(4):
        packet[4 + i] = (ts >> (24 - 8 * i)) & 255
        packet[8 + i] = (ssrc >> (24 - 8 * i)) & 255


@micropython.viper
def advance(packet: ptr8, samples: int, marker: int):
    """Step the header in packet[:12] on by `samples` (0 … 65535): timestamp, and the sequence number too
    unless `marker` is -1 (time passes, but no packet is sent). `marker` 0 or 1 is the new marker bit."""
    # A store keeps the lower 8 bits. `samples` is in a register, so it takes the sums.
    samples = ((packet[6] << 8) | packet[7]) + samples
    packet[7] = samples
    packet[6] = samples >> 8
    samples = (samples >> 16) + packet[5]
    packet[5] = samples
    samples = (samples >> 8) + packet[4]
    packet[4] = samples
    if marker + 1:
        samples = packet[3] + 1
        packet[3] = samples
        packet[2] = (samples >> 8) + packet[2]
        packet[1] = (marker << 7) | (packet[1] & 127)


@micropython.viper
def share(packet: ptr8, other: ptr8, anew: int):
    """Give `other` the next sequence number of `packet`, for two packet buffers of one SSRC.
    With `anew` also the version, timestamp and SSRC of `packet`, and the marker bit; else no marker bit."""
    seq = packet[3] + 1
    packet[3] = seq
    other[3] = seq
    seq = (seq >> 8) + packet[2]
    packet[2] = seq
    other[2] = seq
    other[1] = other[1] & 127
    if anew:
        other[1] = other[1] | 128
        other[0] = 0x80
        other[4] = packet[4]
        other[5] = packet[5]
        other[6] = packet[6]
        other[7] = packet[7]
        other[8] = packet[8]
        other[9] = packet[9]
        other[10] = packet[10]
        other[11] = packet[11]
