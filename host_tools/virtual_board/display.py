"""A telephone's caller ID display, its lamp of waiting messages, and its answer to a caller who waits.

It hears the line as a phone does, with the handset down too, and knows nothing of the firmware: FSK of Bell
202 and V.23 is demodulated by comparing the energy at the two frequencies in the length of a bit, DTMF by the
recogniser of the board's chips. CAS is 2130 and 2750 Hz together (SR-3004, EN 300 659-2).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from host_tools.virtual_board.dtmf_decoder import DtmfDecoder

RATE = 8000
BLOCK = 80
STANDARDS = {"bell202": (1200.0, 2200.0), "v23": (1300.0, 2100.0)}  # mark, space
_BIT = RATE / 1200
_QUIET = 22828 / 2**0.5 * 10 ** (-45 / 20)  # r.m.s.: below −45 dBm0 there is no data
_PAUSE_BLOCKS = 3  # that end a transmission
_LONGEST_BLOCKS = 400  # 4 s
_MARK_BITS = 20  # at least, before the first byte
_CAS = (2130.0, 2750.0)
_CAS_BLOCKS = 6  # of 10 ms: at least 60 of the 75 to 85 ms
_CAS_SHARE = 0.85
_DIGIT_GAP = 1.0  # s: what comes later is another number
_NAMES = "D1234567890*#ABC"  # of the chip's DTMF codes
_ABSENT = {"P": "private", "O": "unavailable"}

Told = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Message:
    """One FSK message whose checksum is right."""

    standard: str
    data: bytes  # without the checksum

    def told(self) -> Told | None:
        """("shows", {"number", "name", "time"}) or ("lamp", {"on"}); None if it means nothing here."""
        kind, body = self.data[0], self.data[2:]
        if kind == 0x04:  # SDMF
            return _shown(body[8:].decode("ascii", "replace"), "", body[:8].decode("ascii", "replace"))
        if kind == 0x06:
            return "lamp", {"on": body[:1] == b"B"}
        items: dict[int, bytes] = {}
        while len(body) >= 2:
            items[body[0]] = body[2 : 2 + body[1]]
            body = body[2 + body[1] :]
        if kind == 0x82 and 0x0B in items:
            return "lamp", {"on": items[0x0B] != b"\0"}
        if kind != 0x80:
            return None
        text = {number: value.decode("ascii", "replace") for number, value in items.items()}
        return _shown(text.get(2, text.get(4, "")), text.get(7, ""), text.get(1, ""))


def _shown(number: str, name: str, time: str) -> Told:
    return "shows", {"number": _ABSENT.get(number, number), "name": name, "time": time}


def messages(samples: np.ndarray) -> list[Message]:
    """All whole messages in a piece of audio (8 kHz, any scale)."""
    for standard, (mark, space) in STANDARDS.items():
        found = _demodulate(samples.astype(float), mark, space)
        if found:
            return [Message(standard, data) for data in found]
    return []


def _demodulate(samples: np.ndarray, mark: float, space: float) -> list[bytes]:
    times = np.arange(len(samples)) / RATE
    width = round(_BIT)

    def energy(hz: float) -> np.ndarray:
        turned = samples * np.exp(-2j * np.pi * hz * times)
        return np.abs(np.convolve(turned, np.ones(width), "same"))

    high = energy(mark) > energy(space)  # True: mark
    found: list[bytes] = []
    edges = np.flatnonzero(high[:-1] & ~high[1:]) + 1
    index = 0
    while index < len(edges):
        start = int(edges[index])
        index += 1
        if high[max(0, start - round(_MARK_BITS * _BIT)) : start].mean() < 0.97 or start < _MARK_BITS * _BIT:
            continue
        data, end = _bytes(high, start)
        if len(data) >= 3 and len(data) == data[1] + 3 and sum(data) % 256 == 0:
            found.append(bytes(data[:-1]))
            index = int(np.searchsorted(edges, end))
    return found


def _bytes(high: np.ndarray, start: int) -> tuple[list[int], float]:
    """Asynchronous bytes from the start bit at sample `start` on, as many as the second one says."""
    data: list[int] = []
    at = float(start)
    while len(data) < 2 or len(data) < data[1] + 3:
        places = [round(at + (bit + 0.5) * _BIT) for bit in range(10)]
        if places[-1] >= len(high) or high[places[0]] or not high[places[9]]:
            break
        data.append(sum(int(high[place]) << bit for bit, place in enumerate(places[1:9])))
        search = round(at + 9.4 * _BIT)
        falls = np.flatnonzero(~high[search : search + round(12 * _BIT)])
        at = search + float(falls[0]) if len(falls) else len(high)
    return data, at


class Display:
    """block() after block(): what became known. `waiting`: it answers CAS, as some phones do."""

    def __init__(self) -> None:
        self.waiting = False
        self.lamp = False
        self._audio: list[np.ndarray] = []
        self._pause = 0
        self._after_cas = False
        self._cas = 0
        self._digits = ""
        self._digit: int | None = None
        self._digit_at = 0.0
        self._dtmf = DtmfDecoder()

    def block(self, signal: np.ndarray, now: float, lifted: bool) -> list[Told]:
        """80 samples from the line, ending at board time `now`. → what the phone shows, ("lamp", …) or
        ("cas", {}) when the phone is to answer now."""
        told: list[Told] = []
        if lifted and not self._after_cas:
            self._audio.clear()
            if self.waiting and self._alert(signal):
                self._after_cas = True
                told.append(("cas", {}))
            return told
        rms = float(np.sqrt(np.mean(signal * signal)))
        if rms > _QUIET:
            self._audio.append(signal.copy())
            self._pause = 0
        elif self._audio:
            self._audio.append(signal.copy())
            self._pause += 1
        if self._audio and (self._pause >= _PAUSE_BLOCKS or len(self._audio) >= _LONGEST_BLOCKS):
            for message in messages(np.concatenate(self._audio)):
                self._tell(message.told(), told)
                self._after_cas = False
            self._audio.clear()
            if not lifted:
                self._after_cas = False
        if not lifted:
            self._number(signal, now, told)
        return told

    def _tell(self, one: Told | None, told: list[Told]) -> None:
        if one is not None:
            if one[0] == "lamp":
                self.lamp = one[1]["on"]
            told.append(one)

    def _alert(self, signal: np.ndarray) -> bool:
        """True in the block in which CAS ends."""
        times = np.arange(len(signal)) / RATE
        basis = np.exp(-2j * np.pi * np.outer(_CAS, times))
        energy = float(signal @ signal) + 1e-9
        parts = np.abs(basis @ signal) ** 2 * 2 / len(signal) / energy
        if energy / len(signal) > _QUIET**2 and parts.sum() > _CAS_SHARE and parts.min() > 0.15:
            self._cas += 1
            return False
        ended, self._cas = self._cas >= _CAS_BLOCKS, 0
        return ended

    def _number(self, signal: np.ndarray, now: float, told: list[Told]) -> None:
        """Caller ID by DTMF: a start digit, the number, an end digit."""
        code = self._dtmf.block(signal)
        if self._digits and now - self._digit_at > _DIGIT_GAP:
            self._digits = ""
        if code is not None and code != self._digit:
            self._digits += _NAMES[code]
            self._digit_at = now
            if self._digits[-1] in "C#" and len(self._digits) > 1:
                self._tell(_by_digits(self._digits), told)
                self._digits = ""
        self._digit = code


def _by_digits(text: str) -> Told | None:
    body = text[:-1]
    start, number = (body[0], body[1:]) if body[0] in "ABCD" else ("", body)
    absent = {
        ("B", "10"): "private",
        ("B", "00"): "unavailable",
        ("D", "1"): "private",
        ("D", "3"): "unavailable",
    }
    return _shown(absent.get((start, number), number), "", "")
