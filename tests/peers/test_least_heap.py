"""The firmware compiled as for a device, in the least heap of an ESP32, with real software around it."""

from pathlib import Path

import pytest

from host_tools.mpy import device_tree
from support.runtimes import micropythons
from tests.peers.bench import wav
from tests.peers.bench.baresip import Baresip
from tests.peers.bench.device import Device
from tests.peers.bench.kamailio import Kamailio

pytestmark = [
    pytest.mark.peer,
    pytest.mark.board,
    pytest.mark.timeout(90),
    pytest.mark.skipif(
        "mp32" not in micropythons(), reason="32-bit MicroPython is not here (make setup says why)"
    ),
]
HEAP = "112K"


def test_registered_with_digest_it_calls_and_is_called_with_audio_both_ways(
    instructions: Path, tmp_path: Path
):
    with Kamailio({"101": "one", "102": "two", "103": "three"}) as kamailio:
        settings: dict[str, object] = {
            f"port.{port}.{key}": value
            for port, password in ((1, "one"), (2, "two"))
            for key, value in (("server", kamailio.address), ("password", password))
        }
        options: dict[str, object] = {"runtime": "mp32", "heap": HEAP, "tree": device_tree("x86")}
        with (
            Baresip("103", instructions, kamailio.address, "three") as far,
            Device(settings, **options) as ata,
        ):
            for port in (1, 2):
                ata.until_status(f"ports.{port}.registration", "registered")
            for _ in range(3):
                before = len(far.events)
                ata.mark()
                ata.do("1 lift\nexpect 1 hears dial\n1 dial 103\nexpect sip > ACK")
                far.wait_event("CALL_ESTABLISHED", after=before)
                ata.do("wait 0.5")  # by now the far phone's speech has begun
                words = wav.speech("demo-congrats", 2.5, start_s=1)
                began = ata.say(1, words, tmp_path)
                ata.do("wait 1 done\nwait 0.4")
                heard = ata.ear(1, began, began + 2.5)
                score, _ = wav.likeness(wav.read(far.microphone), heard)
                assert score >= 0.95, f"phone 1 heard the far phone with a correlation of {score:.3f}"
                ata.do("1 hang\nexpect sip > BYE")
                far.wait_event("CALL_CLOSED", after=before)
                ata.mark()
                far.dial("102")
                ata.do(
                    "expect 2 rings\n2 lift\nexpect sip < ACK\nwait 0.5\n2 hang\nexpect sip > BYE\nwait 0.5"
                )
            assert ata.counted("fault") == 0 and ata.counted("out of memory") == 0
