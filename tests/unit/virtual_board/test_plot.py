# runs on: cpython
"""The picture of a call: drawn for calls, for failures and for nothing at all."""

import tempfile
from pathlib import Path

import numpy as np
from matplotlib import image

from host_tools.virtual_board import speech
from host_tools.virtual_board.history import Entry
from host_tools.virtual_board.play import Figure
from host_tools.virtual_board.plot import _spans, draw
from host_tools.virtual_board.traces import PortTrace


def picture(entries, traces, figures=(), end=4.0) -> np.ndarray:
    path = Path(tempfile.mkdtemp()) / "new/call.png"
    draw(path, "A call", entries, traces, figures, {"101": 1, "102": 2}, 0.0, end)
    return image.imread(path)


def ink(pixels: np.ndarray) -> float:
    """The share of pixels that are not white."""
    return float(np.mean(np.min(pixels[:, :, :3], axis=2) < 0.95))


def ringing_trace() -> PortTrace:
    at = np.arange(3200) / 800
    wave = np.where((at > 1) & (at < 2), 32 * np.sin(2 * np.pi * 20 * at), 0)
    voice = np.concatenate([np.zeros(8000, np.int16), speech.say("moment"), np.zeros(8000, np.int16)])
    return PortTrace(0.0, 0.0, -3 + wave, -51 - wave, 800.0, voice, voice // 2)


def test_an_empty_call_can_be_drawn():
    pixels = picture([], {1: PortTrace(), 2: PortTrace()})
    assert pixels.shape == (1248, 2040, 4) and 0.001 < ink(pixels) < 0.2


def test_a_call_with_ringing_speech_and_messages_has_more_to_show():
    sip = {"peer": "127.0.0.1:5060", "call": "c", "cseq": "1 INVITE"}
    entries = [
        Entry(0.1, "note", 0, {"text": "ringing"}),
        Entry(0.5, "sip", 0, {"sent": True, "start": "INVITE sip:102@127.0.0.1 SIP/2.0", **sip}),
        Entry(0.6, "sip", 0, {"sent": False, "start": "SIP/2.0 180 Ringing", **sip}),
        Entry(1.0, "ring", 2, {"on": True, "volts": 45.0, "hz": 20.0}),
        Entry(1.9, "lift", 2),
        Entry(2.0, "ring", 2, {"on": False}),
        Entry(1.1, "tone", 1, {"on": True, "name": "ringback", "names": ["ringback"]}),
        Entry(2.0, "tone", 1, {"on": False, "name": "ringback", "names": ["ringback"]}),
        Entry(3.0, "said", 2, {"what": "moment"}, began=2.1),
        Entry(3.5, "dialled", 1, {"digits": "102", "first": 3.2}, began=3.4),
    ]
    figures = [Figure("ring trip", 100, "ms", 200, True), Figure("speech", 0.5, "", 0.95, False)]
    empty = ink(picture([], {1: PortTrace(), 2: PortTrace()}))
    assert ink(picture(entries, {1: PortTrace(), 2: ringing_trace()}, figures)) > 1.5 * empty


def tone(time: float, on: bool, name: str, *names: str) -> Entry:
    return Entry(time, "tone", 1, {"on": on, "name": name, "names": list(names or (name,))})


def test_the_bursts_of_a_cadence_are_one_bar_under_the_name_known_last():
    entries = [
        Entry(0.0, "lift", 1),
        tone(0.1, True, "dial"),
        tone(0.9, False, "dial"),
        tone(1.0, True, "busy", "busy", "congestion"),
        tone(1.25, False, "busy"),
        tone(1.25, True, "silence"),
        tone(1.5, False, "silence"),
        tone(1.5, True, "congestion"),
        tone(1.75, False, "congestion"),
        tone(2.0, True, "congestion"),
    ]
    spans = [(span.name, span.start, span.end) for span in _spans(entries, 1, 3.0)]
    assert spans == [("dial", 0.1, 0.9), ("congestion", 1.0, 3.0)]


def test_a_name_that_was_wrong_leaves_no_bar():
    entries = [
        tone(1.0, True, "busy"),
        tone(1.0, False, "busy"),
        tone(1.0, True, "dial"),
        tone(2.0, False, "dial"),
    ]
    assert [(span.name, span.end) for span in _spans(entries, 1, 3.0)] == [("dial", 2.0)]
