# runs on: cpython
"""The virtual phone's display against signals that are made here, by the textbook."""

import numpy as np

from host_tools.virtual_board.display import STANDARDS, Display, messages
from host_tools.virtual_board.phone import dtmf

RATE = 8000
MDMF = bytes((0x80, 20, 1, 8)) + b"11211405" + bytes((2, 3)) + b"102" + bytes((7, 3)) + b"Bob"


def summed(data: bytes) -> bytes:
    return data + bytes((-sum(data) & 255,))


def fsk(data: bytes, standard: str, seizure: int = 300, mark: int = 180, level: float = 3000.0) -> np.ndarray:
    bits = [0, 1] * (seizure // 2) + [1] * mark
    for byte in data:
        bits += [0, *(byte >> bit & 1 for bit in range(8)), 1]
    bits += [1] * 5
    high, low = STANDARDS[standard]
    times = np.arange(int(len(bits) / 1200 * RATE))
    hz = np.where(np.array(bits)[(times * 1200 // RATE)], high, low)
    return level * np.sin(2 * np.pi * np.cumsum(hz) / RATE)


def shown(display: Display, signal: np.ndarray, lifted: bool = False) -> list:
    signal = np.concatenate((np.zeros(800), signal, np.zeros(800)))
    signal = signal[: len(signal) // 80 * 80].reshape(-1, 80)
    found = []
    for number, block in enumerate(signal):
        found += display.block(block, number / 100, lifted)
    return found


def test_number_name_and_time_of_both_standards():
    for standard in STANDARDS:
        assert shown(Display(), fsk(summed(MDMF), standard)) == [
            ("shows", {"number": "102", "name": "Bob", "time": "11211405"})
        ]


def test_single_data_and_reasons_for_absence():
    sdmf = summed(bytes((4, 11)) + b"11211405" + b"102")
    assert shown(Display(), fsk(sdmf, "bell202"))[0][1]["number"] == "102"
    private = summed(bytes((0x80, 3, 4, 1)) + b"P")
    assert shown(Display(), fsk(private, "v23"))[0][1]["number"] == "private"


def test_a_wrong_checksum_and_noise_show_nothing():
    wrong = summed(MDMF)[:-1] + b"\0"
    assert shown(Display(), fsk(wrong, "bell202")) == []
    assert shown(Display(), np.random.default_rng(1).normal(0, 2000, 16000)) == []


def test_a_weak_and_noisy_message_is_still_read():
    signal = fsk(summed(MDMF), "bell202", level=900.0)
    noise = np.random.default_rng(2).normal(0, 900 / 2**0.5 / 10, len(signal))
    assert messages(signal + noise)[0].data == MDMF


def test_the_lamp():
    display = Display()
    assert shown(display, fsk(summed(bytes((0x82, 3, 0x0B, 1, 0xFF))), "v23")) == [("lamp", {"on": True})]
    assert display.lamp
    assert shown(display, fsk(summed(bytes((6, 3)) + b"ooo"), "bell202")) == [("lamp", {"on": False})]


def test_a_number_by_digits():
    for text, number in (("A102C", "102"), ("D5551234C", "5551234"), ("B10C", "private"), ("D1#", "private")):
        signal = np.concatenate([np.concatenate((dtmf(d, 70), np.zeros(560))) for d in text])
        assert [told[1]["number"] for told in shown(Display(), signal)] == [number], text


def test_an_alert_is_answered_only_by_a_lifted_phone_that_can():
    times = np.arange(int(0.08 * RATE)) / RATE
    cas = 2000 * (np.sin(2 * np.pi * 2130 * times) + np.sin(2 * np.pi * 2750 * times))
    display = Display()
    assert shown(display, cas, lifted=True) == []
    display.waiting = True
    assert shown(display, cas[: len(cas) // 2], lifted=True) == []
    assert shown(display, cas, lifted=True) == [("cas", {})]
