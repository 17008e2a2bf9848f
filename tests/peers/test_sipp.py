"""The firmware against SIPp as caller and as called party, without a server."""

import hashlib
import os
import random
import re
import socket
import time
from pathlib import Path

import pytest

from tests.peers.bench import wav
from tests.peers.bench.device import Device, Lender
from tests.peers.bench.garbage import broken_rtp, broken_sip
from tests.peers.bench.link import LossyLink
from tests.peers.bench.ports import HOST, free_port
from tests.peers.bench.sipp import Sipp

pytestmark = [pytest.mark.peer, pytest.mark.board, pytest.mark.timeout(40)]

PASSWORD = "open sesame"
FAR_ENDS = 40  # numbers from 201 in the directory, each for one SIPp: no test meets repeats of another's


@pytest.fixture(scope="module")
def far_ports() -> list[int]:
    return [free_port() for _ in range(FAR_ENDS)]


@pytest.fixture(scope="module")
def server_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def lender(far_ports: list[int], server_port: int):
    lender = Lender(
        {
            "directory": {str(201 + i): f"service@{HOST}:{port}" for i, port in enumerate(far_ports)},
            "port.1.password": PASSWORD,
            # SIPp is the server of port 2, which does not register there.
            "port.2.server": f"{HOST}:{server_port}",
            "port.2.register": False,
            "port.2.password": PASSWORD,
            "port.2.dtmf": "info",
        }
    )
    yield lender
    lender.close()


@pytest.fixture
def ata(lender: Lender):
    yield lender.lend()
    lender.take_back()


@pytest.fixture
def called(far_ports: list[int]):
    """Makes a SIPp that has a number in the directory."""
    return lambda scenario, **options: Sipp(scenario, port=far_ports.pop(), **options)


def calling(ata: Device, scenario: str, user: str = "101", **options) -> Sipp:
    return Sipp(scenario, ata.address, user=user, **options)


def dial(ata: Device, far: Sipp | LossyLink, port: int = 1) -> None:
    number = ata.number_of(far.address)
    ata.do(f"{port} lift\nexpect {port} hears dial\n{port} dial {number}\nexpect sip > INVITE")


def hears_its_echo(ata: Device, folder: Path, port: int = 1) -> None:
    """The far end echoes: what the phone says must come back."""
    words = wav.speech("demo-instruct", 2, start_s=1)
    began = ata.say(port, words, folder)
    ata.do(f"wait {port} done\nwait 0.5")
    heard = ata.ear(port, began, ata.now())
    score, delay_s = wav.likeness(heard, words)
    assert score >= 0.95, f"correlation {score:.3f} at {1000 * delay_s:.0f} ms; {wav.pieces(heard, words)}"
    assert delay_s < 0.4


# ---- SIPp calls ----


def test_a_called_phone_rings_answers_hears_itself_echoed_and_hangs_up(ata, tmp_path):
    with calling(ata, "caller_waits", echo=True) as sipp:
        ata.do("expect 1 rings volts=40..65 hz=19..21\nexpect 2 not rings for 0.2\n1 lift")
        ata.do("expect 1 stops ringing within 0.5\nexpect sip < ACK")
        hears_its_echo(ata, tmp_path)
        ata.do("1 hang\nexpect sip > BYE")
        sipp.expect_success(3)


def test_when_the_caller_hangs_up_the_phone_hears_congestion(ata):
    with calling(ata, "caller", pause_ms=500) as sipp:
        ata.do("expect 1 rings\n1 lift\nexpect sip < ACK\nexpect sip < BYE\nexpect 1 hears congestion")
        sipp.expect_success(3)


def test_a_caller_that_gives_up_stops_the_ringing(ata):
    with calling(ata, "caller_cancels", pause_ms=1000) as sipp:
        ata.do("expect 1 rings\nexpect sip < CANCEL\nexpect sip > 487\nexpect sip > 200")
        ata.do("expect 1 stops ringing")
        sipp.expect_success(3)
    assert ata.port(1)["phone"] == "idle"


def test_a_phone_off_the_hook_is_busy(ata):
    ata.do("1 lift\nexpect 1 hears dial")
    with calling(ata, "caller_refused", status=486) as sipp:
        sipp.expect_success(3)
    ata.do("expect 1 hears dial")


def test_a_number_that_is_not_configured_is_not_found_and_rings_nobody(ata):
    with calling(ata, "caller_refused", user="999", status=404) as sipp:
        sipp.expect_success(3)
    ata.do("expect 1 not rings for 0.3\nexpect 2 not rings for 0.1")


def test_an_offer_without_a_codec_of_ours_is_not_acceptable(ata):
    with calling(ata, "caller_g729") as sipp:
        sipp.expect_success(3)
    ata.do("expect 1 not rings for 0.3")


def test_options_tells_what_is_allowed(ata):
    with calling(ata, "options") as sipp:
        sipp.expect_success(3)


def test_the_offer_may_come_from_us_in_the_answer(ata, tmp_path):
    with calling(ata, "caller_late_offer", echo=True, pause_ms=4000) as sipp:
        ata.do("expect 1 rings\n1 lift\nexpect sip < ACK")
        hears_its_echo(ata, tmp_path)
        sipp.expect_success(6)


def test_our_200_is_repeated_until_the_ack_comes(ata):
    with calling(ata, "caller_slow_ack", pause_ms=2000) as sipp:
        ata.do("expect 1 rings\n1 lift")
        sipp.expect_success(8)
        # RFC 3261 §13.3.1.4: after T1, then 2 T1: at 0, 0.5 and 1.5 s
        assert sipp.received("SIP/2.0 200", "INVITE") == 3


def test_a_digit_by_info_is_played_to_the_phone(ata):
    with calling(ata, "caller_info", digit=7, pause_ms=500) as sipp:
        ata.do("expect 1 rings\n1 lift\nexpect sip < INFO\nexpect 1 hears digit 7")
        sipp.expect_success(4)


def test_a_caller_that_holds_hears_nothing_until_it_resumes(ata, tmp_path):
    with calling(ata, "caller_holds", echo=True, pause_ms=1500) as sipp:
        ata.do("expect 1 rings\n1 lift\nexpect sip < ACK")
        ata.say(1, wav.speech("demo-instruct", 6, start_s=1), tmp_path)
        sipp.expect_success(10)
    _, hold, resume = ata.sip_times("INVITE", sent=False)[-3:]
    end = ata.sip_times("BYE", sent=False)[-1]
    # The echo stops because we do not send (a=recvonly); what the jitter buffer holds still comes.
    assert wav.rms_dbm0(ata.ear(1, hold - 1.0, hold)) > -40
    assert wav.rms_dbm0(ata.ear(1, hold + 0.5, resume)) < -60
    assert wav.rms_dbm0(ata.ear(1, resume + 0.4, end)) > -40


@pytest.mark.skipif(os.geteuid() != 0, reason="SIPp plays digits through a raw socket, which needs root")
def test_events_on_payload_type_96_are_played_to_the_phone(ata):
    with calling(ata, "caller_plays_digits", digits="15#", pause_ms=300) as sipp:
        ata.do("expect 1 rings\n1 lift")
        ata.do("expect 1 hears digit 1\nexpect 1 hears digit 5\nexpect 1 hears digit #")
        sipp.expect_success(6)


# ---- SIPp is called ----


def test_a_call_out_rings_back_talks_and_hangs_up(ata, called, tmp_path):
    with called("called", echo=True, pause_ms=800) as sipp:
        dial(ata, sipp)
        ata.do("expect 1 hears ringback\nexpect sip > ACK\nexpect 1 stops hearing ringback")
        hears_its_echo(ata, tmp_path)
        ata.do("1 hang\nexpect sip > BYE")
        sipp.expect_success(3)


def test_when_the_called_party_hangs_up_the_phone_hears_congestion(ata, called):
    with called("called_hangs_up", pause_ms=500) as sipp:
        dial(ata, sipp)
        ata.do("expect sip < BYE within 3\nexpect 1 hears congestion")
        sipp.expect_success(3)


@pytest.mark.parametrize(
    ("status", "tone"), [(486, "busy"), (603, "busy"), (404, "congestion"), (503, "congestion")]
)
def test_a_refused_call_is_heard(ata, called, status, tone):
    with called("called_refuses", status=status) as sipp:
        dial(ata, sipp)
        ata.do(f"expect 1 hears {tone}")
        sipp.expect_success(3)


def test_hanging_up_while_it_rings_cancels(ata, called):
    with called("called_rings") as sipp:
        dial(ata, sipp)
        ata.do("expect 1 hears ringback\n1 hang\nexpect sip > CANCEL\nexpect sip < 487")
        sipp.expect_success(3)


def test_a_call_that_is_answered_after_we_gave_up_is_acknowledged_and_left(ata, called):
    with called("called_slow", pause_ms=1500) as sipp:
        dial(ata, sipp)
        ata.do("1 hang\nexpect 1 linefeed forward\nexpect sip < 200 within 4\nexpect sip > BYE")
        sipp.expect_success(3)
    assert not ata.sip_times("CANCEL", sent=True)[1:], "CANCEL before any provisional answer (RFC 3261 §9.1)"


@pytest.mark.parametrize(
    ("scenario", "header"), [("called_401", "Authorization"), ("called_407", "Proxy-Authorization")]
)
def test_a_challenged_call_is_repeated_with_digest(ata, server_port, scenario, header):
    with Sipp(scenario, port=server_port, auth_user="102", password=PASSWORD) as sipp:
        ata.do("2 lift\nexpect 2 hears dial\n2 dial 555\nexpect sip < 200\n2 hang\nexpect sip > BYE")
        sipp.expect_success(3)
        assert "INVITE sip:555@" in sipp.messages
        assert digest_is_right(sipp.messages, header, "INVITE", "102", PASSWORD)


def test_a_wrong_password_is_heard_as_congestion(ata, server_port):
    with Sipp("called_401", port=server_port, auth_user="102", password="other") as sipp:
        ata.do("2 lift\nexpect 2 hears dial\n2 dial 555\nexpect sip < 403\nexpect 2 hears congestion")
        assert sipp.received("INVITE", "INVITE") == 2


def test_a_stranger_that_asks_for_the_password_gets_no_answer_made_with_it(ata, called):
    # Port 1 has a password but no server: whom it calls directly has no business with it.
    with called("called_401", auth_user="101", password=PASSWORD) as sipp:
        dial(ata, sipp)
        ata.do("expect 1 hears congestion")
        assert sipp.received("INVITE", "INVITE") == 1


def test_early_media_replaces_the_ringback_tone(ata, called, tmp_path):
    with called("called_early_media", echo=True, pause_ms=4000) as sipp:
        dial(ata, sipp)
        ata.do("expect sip < 183\nexpect 1 not hears ringback for 0.3")
        assert ata.port(1)["phone"] == "calling"
        ata.do("expect sip < 200 within 5\n1 hang")
        sipp.expect_success(4)


def test_an_invite_that_is_not_answered_is_repeated(ata, called):
    with called("called_slow", pause_ms=1200) as sipp:
        dial(ata, sipp)
        ata.do("expect sip < 200 within 4\nexpect sip > ACK\n1 hang")
        sipp.expect_success(3)
        # RFC 3261 §17.1.1.2, Timer A: at 0, 0.5 and 1.5 s; SIPp answers at 1.2 s
        assert sipp.received("INVITE", "INVITE") == 2


@pytest.mark.parametrize(
    ("pattern", "times", "start"),
    [
        ("^SIP/2.0 200 .*CSeq: [0-9]+ INVITE", 2, "SIP/2.0 200 OK"),
        ("^ACK ", 1, "ACK"),
        ("^BYE ", 1, "BYE"),
        ("^SIP/2.0 200 .*CSeq: [0-9]+ BYE", 1, "SIP/2.0 200 OK"),
    ],
)
def test_a_lost_message_comes_again(ata, far_ports, pattern, times, start):
    with Sipp("called", pause_ms=300) as sipp, LossyLink(sipp.address, port=far_ports.pop()) as link:
        link.lose(pattern, times)
        dial(ata, link)
        ata.do("expect sip < 200 within 4\nwait 0.7\n1 hang\nexpect sip > BYE within 2")
        sipp.expect_success(4)
        assert [text.split(" sip:")[0] for text in link.lost] == [start] * times


def test_hanging_up_before_the_answer_is_acknowledged_leaves_no_call_behind(ata, called):
    with called("called", pause_ms=100) as sipp:
        dial(ata, sipp)
        ata.do("expect sip < 200\n1 hang\nexpect sip > BYE")
        sipp.expect_success(3)
    assert ata.port(1)["calls"] == []


def test_digits_leave_by_info_where_the_port_says_so(ata, called):
    with called("called_info", digit="8", pause_ms=500) as sipp:
        dial(ata, sipp, port=2)
        ata.do("expect sip > ACK\nwait 0.3\n2 dial 8\nexpect sip > INFO\nexpect sip < BYE within 3")
        sipp.expect_success(3)


def test_a_called_party_that_holds_and_resumes(ata, called, tmp_path):
    with called("called_holds", echo=True, pause_ms=1500) as sipp:
        dial(ata, sipp)
        ata.do("expect sip > ACK")
        ata.say(1, wav.speech("demo-instruct", 6, start_s=1), tmp_path)
        ata.do("wait 4.2")
        hold, resume = ata.sip_times("INVITE", sent=False)[-2:]
        end = ata.now()
        ata.do("1 hang")
        sipp.expect_success(3)
    assert wav.rms_dbm0(ata.ear(1, hold - 1.0, hold)) > -40
    assert wav.rms_dbm0(ata.ear(1, hold + 0.5, resume)) < -60
    assert wav.rms_dbm0(ata.ear(1, resume + 0.4, end)) > -40


def test_a_flash_holds_the_far_end_and_a_second_one_takes_it_back(ata, called, tmp_path):
    with called("called_is_held", echo=True) as sipp:
        dial(ata, sipp)
        ata.do("expect sip > ACK\nwait 0.3\n1 flash 400\nexpect sip > INVITE\nexpect 1 hears stutter")
        sipp.until(lambda: sipp.received("ACK", "ACK") == 2, 3, "the ACK of the re-INVITE that holds")
        ata.do("1 flash 400\nexpect sip > INVITE")
        sipp.until(lambda: sipp.received("ACK", "ACK") == 3, 3, "the ACK of the re-INVITE that resumes")
        hears_its_echo(ata, tmp_path)
        ata.do("1 hang\nexpect sip > BYE")
        sipp.expect_success(3)


# ---- hostile and broken traffic ----


def test_garbage_on_the_sip_and_rtp_ports_is_counted_and_the_call_goes_on(ata, called, tmp_path):
    noise = random.Random(20)
    with called("called", echo=True, pause_ms=100) as sipp, socket.socket(type=socket.SOCK_DGRAM) as hostile:
        hostile.bind((HOST, 0))
        dial(ata, sipp)
        ata.do("expect sip > ACK")
        offered = re.search(r"m=audio (\d+)", sipp.messages)
        assert offered
        sip_before, rtp_before = ata.counted("sip garbage"), ata.counted("rtp")
        for _ in range(10):
            for datagram in broken_sip(noise):
                hostile.sendto(datagram, (HOST, ata.sip_port))
            for datagram in broken_rtp(noise):
                hostile.sendto(datagram, (HOST, int(offered[1])))
            time.sleep(0.03)
        hears_its_echo(ata, tmp_path)
        assert ata.counted("sip garbage") > sip_before
        assert ata.counted("rtp") > rtp_before
        assert not [line for line in ata.console() if "Traceback" in line]
        ata.do("1 hang\nexpect sip > BYE")
        sipp.expect_success(3)


def test_a_call_that_is_never_acknowledged_ends_by_itself():
    with Device({"sip.t1": 100}) as ata, calling(ata, "caller_no_ack", pause_ms=500) as sipp:
        ata.do("expect 1 rings\n1 lift\nexpect sip > 200")
        # RFC 3261 §13.3.1.4: 64 T1 = 6.4 s after the first 200, then a BYE
        ata.do("expect 1 hears congestion within 9")
        sipp.expect_success(3)
        assert ata.sip_times("BYE", sent=True)


def digest_is_right(messages: str, header: str, method: str, user: str, password: str) -> bool:
    """Whether the first credentials in the messages fit the password (RFC 2617 §3.2.2, MD5, qop auth)."""
    line = re.findall(rf"^{header}: Digest (.*)$", messages, re.M)[0]
    part = {name: quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', line)}

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    first = md5(f"{user}:{part['realm']}:{password}")
    second = md5(f"{method}:{part['uri']}")
    wanted = md5(f"{first}:{part['nonce']}:{part['nc']}:{part['cnonce']}:{part['qop']}:{second}")
    return part["username"] == user and part["response"] == wanted
