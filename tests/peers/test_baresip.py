"""The firmware and baresip as the far phone, direct and through Kamailio: voices and digits both ways."""

import random
import re
import socket
from pathlib import Path

import numpy as np
import pytest

from tests.peers.bench import wav
from tests.peers.bench.baresip import Baresip
from tests.peers.bench.device import Device, Lender
from tests.peers.bench.garbage import broken_rtp, broken_sip
from tests.peers.bench.kamailio import Kamailio
from tests.peers.bench.ports import HOST

pytestmark = [pytest.mark.peer, pytest.mark.board, pytest.mark.timeout(40)]

ACCOUNTS = {"101": "one", "102": "two", "103": "three"}


@pytest.fixture(scope="module")
def kamailio():
    with Kamailio(ACCOUNTS) as kamailio:
        yield kamailio


@pytest.fixture
def far(kamailio: Kamailio, instructions: Path):
    """A phone with the number 103 at the same server; 203 without one."""
    with Baresip("103", instructions, kamailio.address, "three") as phone:
        yield phone


@pytest.fixture(scope="module")
def lender(kamailio: Kamailio):
    lender = Lender(
        {
            "port.1.server": kamailio.address,
            "port.1.password": "one",
            "port.2.server": kamailio.address,
            "port.2.password": "two",
        }
    )
    yield lender
    lender.close()


@pytest.fixture
def ata(lender: Lender):
    device = lender.lend()
    for port in (1, 2):
        device.until_status(f"ports.{port}.registration", "registered")
    yield device
    lender.take_back()


def talk(ata: Device, far: Baresip, folder: Path, port: int = 1) -> wav.Samples:
    """Both sides speak for 2.5 s at the same time; checks the phone's ear. Gives what the phone said."""
    ata.do("wait 0.5")  # by now the far phone's speech has begun
    words = wav.speech("demo-congrats", 2.5, start_s=1)
    began = ata.say(port, words, folder)
    ata.do(f"wait {port} done\nwait 0.4")
    heard = ata.ear(port, began, began + 2.5)
    score, _ = wav.likeness(wav.read(far.microphone), heard)
    assert wav.rms_dbm0(heard) > -40
    assert score >= 0.95, f"phone {port} heard the far phone with a correlation of {score:.3f}"
    return words


def far_heard(far: Baresip, words: wav.Samples) -> None:
    """After the call: the far phone must have heard these words."""
    far.wait_event("CALL_CLOSED")
    far.until(lambda: len(far.heard()) > len(words), 2, "a complete recording")
    score, _ = wav.likeness(far.heard(), words)
    assert score >= 0.95, f"the far phone heard the phone with a correlation of {score:.3f}"


def test_a_call_to_the_far_phone_carries_voices_and_digits_both_ways(ata, far, kamailio, tmp_path):
    ata.do("1 lift\nexpect 1 hears dial\n1 dial 103\nexpect sip > ACK")
    far.wait_event("CALL_ESTABLISHED")
    words = talk(ata, far, tmp_path)
    ata.do("1 dial 159*0#")
    far.until(lambda: far.digits == "159*0#", 2, f"the digits 159*0#, it has {far.digits}")
    ata.mark()
    far.send_digits("7#D", gap_s=0.3)
    ata.do("expect 1 hears digit 7\nexpect 1 hears digit #\nexpect 1 hears digit D")
    ata.do("1 hang\nexpect sip > BYE")
    far_heard(far, words)
    assert kamailio.count("BENCH INVITE 103 relayed") == 1
    assert kamailio.count("BENCH BYE routed") == 1


def test_digits_of_the_phone_leave_as_events_and_not_also_as_tones(ata, kamailio, tmp_path):
    silence = wav.write(tmp_path / "silence.wav", np.zeros(20 * wav.RATE, np.int16))
    with Baresip("103", silence, kamailio.address, "three") as far:
        ata.do("2 lift\nexpect 2 hears dial\n2 dial 103\nexpect sip > ACK\nwait 0.5")
        ata.do("2 dial 5 on=400\nwait 0.5\n2 hang\nexpect sip > BYE")
        far.wait_event("CALL_CLOSED")
        assert far.digits == "5"
        far.until(lambda: len(far.heard()) > 4000, 2, "a complete recording")
        heard = far.heard()
        loud = sum(wav.rms_dbm0(heard[first : first + 80]) > -35 for first in range(0, len(heard), 80))
    # The tone is on for 400 ms. What leaks before the detector is sure must be too short for a digit: 23 ms
    # are rejected (Q.24), and a tone may begin and end in the middle of a 10 ms piece.
    assert 10 * loud <= 40, f"{10 * loud} ms of the tone leaked"


def test_a_call_from_the_far_phone_rings_and_talks(ata, far, kamailio, tmp_path):
    far.dial("102")
    ata.do("expect 2 rings\n2 lift\nexpect sip < ACK")
    far.wait_event("CALL_ESTABLISHED")
    words = talk(ata, far, tmp_path, port=2)
    far.hang_up()
    ata.do("expect sip < BYE\nexpect 2 hears congestion")
    far_heard(far, words)


def test_the_far_phone_holds_and_resumes(ata, far, tmp_path):
    far.dial("101")
    ata.do("expect 1 rings\n1 lift\nexpect sip < ACK\nwait 0.5")
    far.hold()
    far.expect_log("a=recvonly", 2)
    far.resume()
    ata.do("wait 0.3")
    talk(ata, far, tmp_path)
    ata.do("1 dial 24\nwait 0.3")
    assert far.digits == "24", "we do not send after the hold"
    far.hang_up()
    ata.do("expect sip < BYE\nexpect 1 hears congestion")


def test_a_flash_holds_the_far_phone_and_takes_it_back(ata, far, tmp_path):
    ata.do("1 lift\nexpect 1 hears dial\n1 dial 103\nexpect sip > ACK\nwait 0.5")
    ata.do("1 flash 400\nexpect sip > INVITE")
    far.expect_log("a=sendonly", 2)
    ata.do("expect 1 hears stutter\n1 flash 400\nexpect sip > INVITE\nwait 0.3")
    talk(ata, far, tmp_path)
    ata.do("1 dial 35\nwait 0.3")
    assert far.digits == "35", "we do not send after the hold"
    ata.do("1 hang\nexpect sip > BYE")
    far.wait_event("CALL_CLOSED")


def test_a_far_phone_that_knows_only_a_law_is_understood(ata, kamailio, instructions, tmp_path):
    with Baresip("103", instructions, kamailio.address, "three", codecs="pcma") as far:
        ata.do("1 lift\nexpect 1 hears dial\n1 dial 103\nexpect sip > ACK")
        far.wait_event("CALL_ESTABLISHED")
        words = talk(ata, far, tmp_path)
        ata.do("1 hang\nexpect sip > BYE")
        far_heard(far, words)
        assert "---> PCMA" in far.log and "<--- PCMA" in far.log


def direct(far: Baresip, settings: dict[str, object]) -> Device:
    """A device that calls the far phone, as number 203, without a server."""
    return Device({"directory": {"203": f"203@{far.address}"}, **settings})


def test_direct_calls_need_no_server(instructions, tmp_path):
    with Baresip("203", instructions) as far, direct(far, {}) as ata:
        ata.do("1 lift\nexpect 1 hears dial\n1 dial 203\nexpect sip > ACK")
        far.wait_event("CALL_ESTABLISHED")
        words = talk(ata, far, tmp_path)
        ata.do("1 hang\nexpect sip > BYE")
        far_heard(far, words)
        before = len(far.events)
        ata.mark()
        far.dial(f"sip:102@{ata.address}")
        ata.do("expect 2 rings\n2 lift\nexpect sip < ACK")
        far.wait_event("CALL_ESTABLISHED", after=before)


@pytest.mark.parametrize(("ours", "far_calls"), [(True, False), (True, True), (False, True)])
def test_reports_on_the_port_of_rtp_where_both_want_it(instructions, tmp_path, ours, far_calls):
    mux = "on" if ours else "off"
    with Baresip("203", instructions, mux=True) as far, direct(far, {"rtp.mux": mux}) as ata:
        if far_calls:
            far.dial(f"sip:101@{ata.address}")
            ata.do("expect 1 rings\n1 lift\nexpect sip < ACK")
        else:
            ata.do("1 lift\nexpect 1 hears dial\n1 dial 203\nexpect sip > ACK")
        far.wait_event("CALL_ESTABLISHED")
        words = talk(ata, far, tmp_path)
        media = ata.port(1)["calls"][0]["media"]
        for _ in range(20):
            if media["rtt_ms"] >= 0:
                break
            ata.do("wait 0.5")
            media = ata.port(1)["calls"][0]["media"]
        assert 0 <= media["rtt_ms"] < 200 and media["far_loss_percent"] == 0
        assert media["loss_percent"] < 2
        ata.do("1 hang\nexpect sip > BYE")
        far_heard(far, words)
        assert far.log.count("a=rtcp-mux") == (2 if ours else 1), "offer, and answer"


@pytest.mark.parametrize("ms", [10, 30, 40, 60])
def test_packets_have_the_length_that_the_far_phone_asks_for(instructions, tmp_path, ms):
    with Baresip("203", instructions, ptime=ms) as far, direct(far, {}) as ata:
        far.dial(f"sip:101@{ata.address}")
        ata.do("expect 1 rings\n1 lift\nexpect sip < ACK")
        far.wait_event("CALL_ESTABLISHED")
        before = ata.port(1)["calls"][0]["media"]["sent"]
        words = talk(ata, far, tmp_path)
        ata.do("wait 1")
        media = ata.port(1)["calls"][0]["media"]
        # talk() takes 0.5 s + 2.5 s + 0.4 s, and a bit
        packets = (media["sent"] - before) * ms / 1000
        assert 4.3 < packets < 5.5, f"{packets:.2f} s of speech were sent in about 4.5 s"
        assert media["loss_percent"] < 2
        ata.do("1 dial 7\nwait 0.3")
        far.until(lambda: far.digits == "7", 2, f"the digit 7, it has {far.digits}")
        ata.do("1 hang\nexpect sip > BYE")
        far_heard(far, words)


def test_the_far_phone_takes_packets_of_the_length_that_is_set(instructions, tmp_path):
    with Baresip("203", instructions) as far, direct(far, {"rtp.ptime": 30}) as ata:
        ata.do("1 lift\nexpect 1 hears dial\n1 dial 203\nexpect sip > ACK")
        far.wait_event("CALL_ESTABLISHED")
        words = talk(ata, far, tmp_path)
        assert "peer changed ptime_tx 20ms -> 30ms" in far.log
        ata.do("1 hang\nexpect sip > BYE")
        far_heard(far, words)


def test_garbage_during_a_call_is_counted_and_both_go_on_hearing_each_other(ata, far, tmp_path):
    noise = random.Random(7)
    ata.do("1 lift\nexpect 1 hears dial\n1 dial 103\nexpect sip > ACK")
    far.wait_event("CALL_ESTABLISHED")
    ata.do("wait 0.5")
    media = re.findall(r"m=audio (\d+) ", far.log)
    sip_before, rtp_before = ata.counted("sip garbage"), ata.counted("rtp")
    words = wav.speech("demo-congrats", 2.5, start_s=1)
    began = ata.say(1, words, tmp_path)
    with socket.socket(type=socket.SOCK_DGRAM) as hostile:
        hostile.bind((HOST, 0))
        for _ in range(20):
            for datagram in broken_sip(noise):
                hostile.sendto(datagram, (HOST, ata.sip_port))
            for datagram in broken_rtp(noise):
                hostile.sendto(datagram, (HOST, int(media[0])))
            ata.do("wait 0.1")
    ata.do("wait 1 done\nwait 0.4")
    score, _ = wav.likeness(wav.read(far.microphone), ata.ear(1, began, began + 2.5))
    assert score >= 0.95
    assert ata.counted("sip garbage") > sip_before and ata.counted("rtp") > rtp_before
    assert not [line for line in ata.console() if "Traceback" in line]
    ata.do("1 hang\nexpect sip > BYE")
    far_heard(far, words)
