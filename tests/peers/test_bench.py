"""The bench itself: the peers with each other, without the firmware. If these pass and another test of this
folder fails, the firmware is at fault."""

import os
import socket
import time

import numpy as np
import pytest

from tests.peers.bench import wav
from tests.peers.bench.baresip import Baresip
from tests.peers.bench.kamailio import Kamailio
from tests.peers.bench.link import LossyLink
from tests.peers.bench.ports import HOST, free_port
from tests.peers.bench.program import BenchError
from tests.peers.bench.sipp import Sipp

pytestmark = [pytest.mark.peer, pytest.mark.timeout(25)]


def test_correlation_finds_speech_and_its_delay_and_nothing_else():
    source = wav.speech("demo-instruct", 3)
    other = wav.speech("demo-congrats", 3)
    late = np.concatenate([np.zeros(1234, np.int16), source // 4, np.zeros(500, np.int16)])
    score, delay_s = wav.correlation(late, source)
    assert score > 0.999 and delay_s == 1234 / wav.RATE
    assert wav.correlation(late, other)[0] < 0.5
    assert wav.likeness(late, source)[0] > 0.99 and wav.likeness(late, other)[0] < 0.7
    moved = np.concatenate([late[: len(late) // 2], late[len(late) // 2 + 80 :]])  # 10 ms skipped
    assert wav.correlation(moved, source)[0] < 0.95 < wav.likeness(moved, source)[0]
    noisy = (late + 4000 * np.sin(np.arange(len(late)))).astype(np.int16)
    assert wav.likeness(noisy, source)[0] < 0.95
    assert wav.correlation(np.zeros(8000, np.int16), source)[0] == 0


def test_ports_are_given_once_and_are_free():
    ports = [free_port(4) for _ in range(50)]
    assert len({port + i for port in ports for i in range(4)}) == 200
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        trial.bind((HOST, ports[0]))


def test_kamailio_registers_with_digest_only():
    with Kamailio({"101": "right"}) as kamailio:
        with Sipp("register", kamailio.address, user="101", password="right", status=200) as sipp:
            sipp.expect_success()
        assert kamailio.contact("101") == f"sip:101@{sipp.address}"
        with Sipp("register", kamailio.address, user="102", password="right", status=401) as sipp:
            sipp.expect_success()
        assert "algorithm=MD5" in sipp.messages
        assert kamailio.contact("102") is None


def test_kamailio_can_ask_for_sha_256():
    # SIPp and baresip 1.0 know MD5 only: the challenge is all that they can show.
    with Kamailio({"101": "right"}, algorithm="SHA-256") as kamailio:
        with Sipp("register", kamailio.address, user="101", password="right", status=200) as sipp:
            with pytest.raises(BenchError, match="must use MD5"):
                sipp.expect_success()
        assert "algorithm=SHA-256" in sipp.messages


def test_kamailio_can_refuse_a_wrong_password_with_403_and_forgets_when_started_again():
    with Kamailio({"101": "right"}, refuse_with_403=True) as kamailio:
        with Sipp("register", kamailio.address, user="101", password="wrong", status=403) as sipp:
            sipp.expect_success()
        with Sipp("register", kamailio.address, user="101", password="right", status=200) as sipp:
            sipp.expect_success()
        kamailio.stop()
        assert not kamailio.answers()
        kamailio.start()
        assert kamailio.contact("101") is None


def test_two_baresips_talk_and_send_digits_through_kamailio(instructions, congratulations):
    accounts = {"101": "one", "102": "two"}
    with (
        Kamailio(accounts) as kamailio,
        Baresip("101", instructions, kamailio.address, "one") as caller,
        Baresip("102", congratulations, kamailio.address, "two", answer="manual") as called,
    ):
        caller.dial("102")
        called.wait_event("CALL_INCOMING")
        called.accept()
        caller.wait_event("CALL_ESTABLISHED")
        time.sleep(3.5)
        caller.send_digits("15#")
        called.send_digits("*0D")
        called.wait_event("CALL_DTMF_START", param="#")
        caller.wait_event("CALL_DTMF_START", param="D")
        caller.hang_up()
        called.wait_event("CALL_CLOSED")
        called.until(lambda: len(called.heard()) > 3 * wav.RATE, 2, "a complete recording")
        assert (called.digits, caller.digits) == ("15#", "*0D")
        assert kamailio.count("BENCH INVITE 102 relayed") == 1
        assert kamailio.count("BENCH BYE routed") == 1, "record-route was not followed"
        for ear, source in ((caller, congratulations), (called, instructions)):
            piece = ear.heard()[wav.RATE // 2 : 3 * wav.RATE]
            assert wav.rms_dbm0(piece) > -35
            assert wav.correlation(wav.read(source), piece)[0] >= 0.95


def test_baresip_holds_and_resumes(instructions, congratulations):
    with Baresip("201", instructions) as holder, Baresip("202", congratulations) as held:
        holder.dial(f"sip:202@{held.address}")
        holder.wait_event("CALL_ESTABLISHED")
        time.sleep(0.5)
        holder.hold()
        held.expect_log("a=sendonly", 2)
        holder.expect_log("a=recvonly", 2)
        holder.resume()
        held.until(lambda: held.log.count("INVITE sip:202") == 3, 2, "the re-INVITE that resumes")
        holder.hang_up()
        held.wait_event("CALL_CLOSED")


def test_baresip_holds_and_resumes_sipp(instructions):
    with Sipp("called_is_held", user="201") as sipp, Baresip("200", instructions) as phone:
        phone.dial(f"sip:201@{sipp.address}")
        phone.wait_event("CALL_ESTABLISHED")
        phone.hold()
        phone.expect_log("a=recvonly", 2)
        phone.resume()
        sipp.until(lambda: sipp.received("ACK", "ACK") == 3, 2, "the ACK of the re-INVITE that resumes")
        phone.hang_up()
        sipp.expect_success(3)


def test_sipp_calls_baresip_and_echoes_its_voice(instructions):
    with (
        Baresip("201", instructions) as phone,
        Sipp("caller", phone.address, user="201", echo=True, pause_ms=2500) as sipp,
    ):
        sipp.expect_success()
        phone.wait_event("CALL_CLOSED")
        phone.until(lambda: len(phone.heard()) > 2 * wav.RATE, 2, "a complete recording")
        piece = phone.heard()[wav.RATE // 2 : 2 * wav.RATE]
        assert wav.correlation(wav.read(instructions), piece)[0] >= 0.95


@pytest.mark.parametrize("scenario", ["called_401", "called_407"])
def test_sipp_challenges_baresip(scenario, instructions):
    with (
        Sipp(scenario, user="201", auth_user="200", password="secret") as sipp,
        Baresip("200", instructions, password="secret") as phone,
    ):
        phone.dial(f"sip:201@{sipp.address}")
        phone.wait_event("CALL_ESTABLISHED")
        phone.hang_up()
        sipp.expect_success(3)
        assert sipp.received("INVITE", "INVITE") == 2


def test_sipp_sees_a_wrong_password(instructions):
    with (
        Sipp("called_401", user="201", auth_user="200", password="secret") as sipp,
        Baresip("200", instructions, password="guess") as phone,
    ):
        phone.dial(f"sip:201@{sipp.address}")
        phone.wait_event("CALL_CLOSED")
        with pytest.raises(BenchError, match="403 Wrong Credentials"):
            sipp.expect_success(3)


@pytest.mark.parametrize("scenario", ["caller_holds", "caller_late_offer", "caller_info"])
def test_scenarios_of_a_calling_sipp_are_sound(scenario, instructions):
    with (
        Baresip("201", instructions) as phone,
        Sipp(scenario, phone.address, user="201", pause_ms=300, digit=7) as sipp,
    ):
        sipp.expect_success()
        phone.wait_event("CALL_CLOSED")
        assert phone.digits == ("7" if scenario == "caller_info" else "")


@pytest.mark.parametrize("scenario", ["called_holds", "called_slow", "called_early_media"])
def test_scenarios_of_a_called_sipp_are_sound(scenario, instructions):
    with Sipp(scenario, user="201", pause_ms=700) as sipp, Baresip("200", instructions) as phone:
        phone.dial(f"sip:201@{sipp.address}")
        phone.wait_event("CALL_ESTABLISHED")
        if scenario == "called_slow":
            assert sipp.received("INVITE", "INVITE") == 2, "the INVITE was not repeated after 500 ms"
        elif scenario == "called_holds":
            sipp.until(lambda: "CSeq: 2 ACK" in sipp.messages, 4, "the ACK of the re-INVITE that resumes")
        phone.hang_up()
        sipp.expect_success(3)


@pytest.mark.parametrize(
    ("caller", "called", "status"),
    [
        ("caller", "called", ""),
        ("caller_waits", "called_hangs_up", ""),
        ("caller_cancels", "called_rings", ""),
        ("caller_refused", "called_refuses", "486"),
        ("caller_refused", "called_refuses", "404"),
    ],
)
def test_both_halves_of_a_scenario_meet(caller, called, status):
    with (
        Sipp(called, pause_ms=200, status=status) as far,
        Sipp(caller, far.address, pause_ms=200, status=status) as near,
    ):
        near.expect_success(5)
        far.expect_success(5)


@pytest.mark.skipif(os.geteuid() != 0, reason="SIPp plays digits through a raw socket, which needs root")
def test_sipp_plays_digits_on_payload_type_96(instructions):
    with (
        Baresip("201", instructions) as phone,
        Sipp("caller_plays_digits", phone.address, user="201", pause_ms=300, digits="15#") as sipp,
    ):
        sipp.expect_success()
        assert phone.digits == "15#"


def test_a_lost_answer_comes_again_through_the_link(instructions):
    with (
        Sipp("called", user="201", pause_ms=100) as sipp,
        LossyLink(sipp.address) as link,
        Baresip("200", instructions) as phone,
    ):
        link.lose("^SIP/2.0 200 .*CSeq: [0-9]+ INVITE", times=2)
        phone.dial(f"sip:201@{link.address}")
        phone.wait_event("CALL_ESTABLISHED")
        phone.hang_up()
        sipp.expect_success(3)
        assert link.lost == ["SIP/2.0 200 OK"] * 2
        assert f"BYE sip:201@{link.address} SIP/2.0" in link.passed, "the BYE went round the link"


def test_a_program_that_ends_or_is_deaf_is_told_with_its_log_and_leaves_nothing():
    deaf = f"{HOST}:{free_port()}"
    with pytest.raises(BenchError, match="exit") as caught, Sipp("caller", deaf, limit_s=1) as sipp:
        process = sipp.process
        sipp.expect_success(5)
    assert "INVITE sip:service" in str(caught.value)
    assert process is not None and process.poll() is not None
    assert not sipp.folder.exists()
