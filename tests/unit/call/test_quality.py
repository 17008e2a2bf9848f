from ata.call.media import MediaPath
from ata.call.quality import figures, in_a_line
from ata.sip.offer import Media

FRAME = 160


def random(count):
    return bytes([37 * (i + 3) & 255 for i in range(count)])


def call(lost_each):
    """A leg after ten seconds of packets, each `lost_each`-th of them lost (0: none)."""
    path = MediaPath(20, 200)
    slot = path.slot(1, 0)
    path.connect(
        slot, Media("192.0.2.9", 4000, 0, 0, 101, 20, True, True, False, 4001), "address", "rfc4733", random
    )
    packet = bytearray(12 + FRAME)
    packet[0] = 0x80
    blank, out = bytearray(4 * FRAME), bytearray(4 * FRAME)
    for i in range(500):
        packet[2], packet[3] = i >> 8, i & 255
        stamp = i * FRAME
        packet[4:8] = bytes((stamp >> 24, stamp >> 16 & 255, stamp >> 8 & 255, stamp & 255))
        for k in range(FRAME):
            packet[12 + k] = 0x20 + (i + k & 15)  # loud, so that nothing is skipped as a pause
        if not lost_each or i % lost_each != 5:
            slot.stream.receive(packet, len(packet), 20 * i)
        path.step(blank, out)
    return path, slot


def test_a_clean_call_is_as_good_as_g711_can_be():
    path, slot = call(0)
    found = figures(slot, path.steps)
    assert found["seconds"] == 10 and found["codec"] == "PCMU" and found["sent"] == 500
    assert found["received"] == 500 and found["loss_percent"] == 0 and found["rtt_ms"] == -1
    assert 4.3 <= found["mos"] <= 4.45, found


def test_loss_and_delay_cost_points():
    path, slot = call(20)
    found = figures(slot, path.steps)
    assert 3 <= found["loss_percent"] <= 7, found
    lossy = found["mos"]
    assert lossy < 4.2
    slot.rtt = 600
    slot.far_loss = 64
    found = figures(slot, path.steps)
    assert found["mos"] < lossy - 0.3 and found["far_loss_percent"] == 25
    assert found["delay_ms"] >= 340


def test_the_line_for_the_log():
    path, slot = call(0)
    text = in_a_line(figures(slot, path.steps))
    assert text.startswith("10 s PCMU, sent 500, received 500, missing 0.00 %"), text
    assert "round trip ? ms, MOS 4." in text


def test_what_has_not_begun_is_not_missing():
    path = MediaPath(20, 200)
    slot = path.slot(1, 0)
    path.connect(
        slot, Media("192.0.2.9", 4000, 0, 0, 101, 20, True, True, False, 4001), "address", "rfc4733", random
    )
    for _ in range(50):
        path.step(bytearray(4 * FRAME), bytearray(4 * FRAME))
    assert slot.meter.frames == 0 and figures(slot, path.steps)["loss_percent"] == 0
