"""Both ports of the firmware as two accounts of a Kamailio that asks for digest and record-routes."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.peers.bench import wav
from tests.peers.bench.device import Device, Lender
from tests.peers.bench.kamailio import Kamailio

pytestmark = [pytest.mark.peer, pytest.mark.board, pytest.mark.timeout(40)]

ACCOUNTS = {"101": "one", "102": "two, with a comma"}


def settings(kamailio: Kamailio, **more: object) -> dict[str, object]:
    """Both ports registered, each with its own password."""
    found: dict[str, object] = {}
    for port, (user, password) in enumerate(ACCOUNTS.items(), 1):
        found[f"port.{port}.server"] = kamailio.address
        found[f"port.{port}.number"] = user
        found[f"port.{port}.password"] = password
    return {**found, **more}


def registered(ata: Device, within_s: float = 5) -> None:
    for port in (1, 2):
        ata.until_status(f"ports.{port}.registration", "registered", within_s)


@pytest.fixture(scope="module")
def kamailio():
    with Kamailio(ACCOUNTS) as kamailio:
        yield kamailio


@pytest.fixture(scope="module")
def lender(kamailio: Kamailio):
    lender = Lender(settings(kamailio))
    yield lender
    lender.close()


@pytest.fixture
def ata(lender: Lender):
    device = lender.lend()
    registered(device)
    yield device
    lender.take_back()


def test_both_ports_register_with_their_own_account(ata, kamailio):
    for user in ACCOUNTS:
        assert kamailio.contact(user) == f"sip:{user}@{ata.address}"
        assert kamailio.count(f"BENCH REGISTER {user} challenged") == 1
        assert kamailio.count(f"BENCH REGISTER {user} wrong password") == 0


def test_the_ports_call_each_other_through_the_proxy(ata, kamailio, tmp_path: Path):
    ata.do("1 lift\nexpect 1 hears dial\n1 dial 102\nexpect 2 rings\nexpect 1 hears ringback\n2 lift")
    ata.do("expect 2 stops ringing\nexpect 1 stops hearing ringback\nwait 0.3")
    assert kamailio.count("BENCH INVITE 102 relayed") == 1, "the call did not go through the proxy"
    first, second = wav.speech("demo-instruct", 2.5, start_s=1), wav.speech("demo-congrats", 2.5, start_s=1)
    began = ata.say(1, first, tmp_path)
    ata.say(2, second, tmp_path)
    ata.do("wait 1 done\nwait 2 done\nwait 0.4")
    for port, source in ((1, second), (2, first)):
        score, _ = wav.likeness(ata.ear(port, began, ata.now()), source)
        assert score >= 0.95, f"phone {port} heard its far end with a correlation of {score:.3f}"
    ata.do("1 hang\nexpect sip > BYE\nexpect 2 hears congestion")
    assert kamailio.count("BENCH ACK routed") == 1, "the ACK went round the record-route"
    assert kamailio.count("BENCH BYE routed") == 1, "the BYE went round the record-route"


def test_giving_up_and_being_busy_pass_the_proxy(ata, kamailio):
    ata.do("1 lift\nexpect 1 hears dial\n1 dial 102\nexpect 2 rings\n1 hang\nexpect 2 stops ringing")
    assert kamailio.count("BENCH CANCEL 101") == 1
    ata.do("2 lift\nexpect 2 hears dial\n1 lift\nexpect 1 hears dial\n1 dial 102\nexpect 1 hears busy")


def test_an_unknown_number_is_refused_by_the_proxy(ata, kamailio):
    ata.do("2 lift\nexpect 2 hears dial\n2 dial 999\nexpect sip < 404\nexpect 2 hears congestion")
    assert kamailio.count("BENCH INVITE 999 404") == 1


def test_a_registration_is_refreshed_and_comes_back_when_the_server_forgot_it():
    # The server grants 6 s only, and its nonces live for 3 s: a refresh finds the old one stale.
    with Kamailio(ACCOUNTS, grant_s=6, nonce_s=3) as kamailio, Device(settings(kamailio)) as ata:
        registered(ata)
        kamailio.forget("101")
        assert kamailio.contact("101") is None
        kamailio.until(lambda: kamailio.count("BENCH REGISTER 101 200") == 3, 13, "two refreshes")
        assert kamailio.contact("101") == f"sip:101@{ata.address}"
        assert kamailio.count("BENCH REGISTER 101 stale") == 2
        assert kamailio.count("BENCH REGISTER 101 wrong password") == 0
        registered(ata, 0.5)
        assert not [line for line in ata.console() if "rejected" in line or "unreachable" in line]


def test_sha_256_is_answered_with_sha_256():
    with Kamailio(ACCOUNTS, algorithm="SHA-256") as kamailio, Device(settings(kamailio)) as ata:
        registered(ata)
        ata.do("2 lift\nexpect 2 hears dial\n2 dial 101\nexpect 1 rings")
        assert kamailio.count("BENCH INVITE 101 relayed") == 1


@pytest.mark.parametrize(("refuse_with_403", "status"), [(True, 403), (False, 401)])
def test_a_wrong_password_is_rejected_and_heard_and_the_other_port_works(refuse_with_403, status):
    with Kamailio(ACCOUNTS, refuse_with_403=refuse_with_403) as kamailio:
        wrong = settings(kamailio, **{"port.1.password": "a guess"})
        with Device(wrong) as ata:
            ata.until_status("ports.1.registration", f"rejected {status}")
            ata.until_status("ports.2.registration", "registered")
            ata.do("1 lift\nexpect 1 hears dial\n1 dial 777\nexpect 1 hears congestion")
            ata.do("2 lift\nexpect 2 hears dial\n2 dial 999\nexpect sip < 404")
            # Back-off: no second attempt within these seconds.
            assert kamailio.count("BENCH REGISTER 101 wrong password") == 1
            secrets = [line for line in ata.console() if "a guess" in line or ACCOUNTS["102"] in line]
            assert not secrets, "a password on the console"


@pytest.mark.timeout(110)
def test_a_registrar_that_is_gone_is_unreachable_and_found_again():
    with (
        closing(Kamailio(ACCOUNTS)) as kamailio,
        Device(settings(kamailio, **{"sip.t1": 100, "sip.retry": 5})) as ata,
    ):
        # Timer F (RFC 3261 §17.1.2.2): 64 T1 = 6.4 s
        ata.until_status("ports.1.registration", "unreachable", 9)
        ata.until_status("ports.2.registration", "unreachable", 2)
        ata.do("1 lift\nexpect 1 hears dial\n1 dial 102\nexpect 2 rings\n2 lift\nwait 0.3\n1 hang")
        ata.rest()
        ata.do("1 lift\nexpect 1 hears dial\n1 dial 777\nexpect 1 hears congestion\n1 hang")
        kamailio.start()
        # RFC 5626 §4.5 with a base time of 5 s: 5 to 10 s after the first failure, then 10 to 20
        ata.until_status("ports.1.registration", "registered", 35)
        ata.until_status("ports.2.registration", "registered", 35)
        assert kamailio.contact("102") == f"sip:102@{ata.address}"
