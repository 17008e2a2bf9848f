"""Tones that a person has set, on the unchanged firmware and the virtual board."""

import pytest

from tests.peers.bench.device import Device

pytestmark = [pytest.mark.board, pytest.mark.timeout(40)]


def test_a_tone_of_ones_own_takes_the_place_of_the_country_s():
    busy = "480@-24+620@-24;.5/.5"  # a tone that the virtual phone's ear knows, in another place
    with Device({"tone.dial": busy}) as ata:
        ata.do("1 lift\nexpect 1 hears busy within 3")
