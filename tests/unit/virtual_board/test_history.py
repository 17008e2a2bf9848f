# runs on: cpython
"""The event log: console lines understood, states followed, and waiting for what is to come."""

import asyncio

from host_tools.virtual_board.history import Entry, History, parse_console_line, sip_user, sip_word


def test_a_log_line_of_the_firmware():
    line = parse_console_line("12.345 W slic: port 1: power alarm")
    assert (line.seconds, line.kind) == (12.345, "log")
    assert line.detail == {"level": "W", "part": "slic", "text": "port 1: power alarm"}


def test_a_sip_trace_line_sent_and_received():
    text = "3.007 D sip: > INVITE sip:102@127.0.0.1:5060 SIP/2.0 to 127.0.0.1:5060 call=ab@c cseq=1 INVITE"
    line = parse_console_line(text)
    assert line.kind == "sip" and line.detail == {
        "sent": True,
        "start": "INVITE sip:102@127.0.0.1:5060 SIP/2.0",
        "peer": "127.0.0.1:5060",
        "call": "ab@c",
        "cseq": "1 INVITE",
    }
    line = parse_console_line(
        "3.010 D sip: < SIP/2.0 180 Ringing from 127.0.0.1:5060 call=ab@c cseq=1 INVITE"
    )
    assert line.kind == "sip" and not line.detail["sent"] and line.detail["start"] == "SIP/2.0 180 Ringing"


def test_a_start_line_that_holds_the_words_to_and_from_is_not_cut_there():
    text = "3.010 D sip: < SIP/2.0 403 Not allowed to call from here from 10.0.0.1:5060 call=x cseq=1 INVITE"
    assert parse_console_line(text).detail["start"] == "SIP/2.0 403 Not allowed to call from here"


def test_other_text_stays_as_it_is():
    for text in ("Traceback (most recent call last):", "", "12.3 X y: z", "stopped: the board is gone"):
        line = parse_console_line(text)
        assert (line.seconds, line.kind, line.detail["text"], line.detail["level"]) == (None, "log", text, "")
    assert parse_console_line("1.000 I sip: port 1 registered").kind == "log"


def test_the_word_and_the_user_of_a_start_line():
    assert sip_word("INVITE sip:102@127.0.0.1 SIP/2.0") == "INVITE"
    assert sip_word("SIP/2.0 486 Busy Here") == "486"
    assert sip_user("INVITE sip:102@127.0.0.1 SIP/2.0") == "102"
    assert sip_user("REGISTER sip:127.0.0.1 SIP/2.0") == ""
    assert sip_user("SIP/2.0 200 OK") == ""


def test_waiting_finds_what_has_come_what_comes_and_gives_up():
    async def run():
        history = History()
        history.add(Entry(1.0, "lift", 1))
        match = lambda entry: entry.kind == "lift"  # noqa: E731
        assert await history.wait(match, 0.0, 0) is history.entries[0]
        assert await history.wait(match, 0.01) is None  # only what is to come
        task = asyncio.create_task(history.wait(match, 1.0))
        await asyncio.sleep(0)
        history.add(Entry(2.0, "hang", 1))
        history.add(Entry(3.0, "lift", 2))
        assert await task is history.entries[2]

    asyncio.run(run())


def test_a_dead_firmware_ends_all_waiting_at_once():
    async def run():
        history = History()
        task = asyncio.create_task(history.wait(lambda entry: False, 60.0))
        await asyncio.sleep(0)
        history.fail(RuntimeError("the firmware ended"))
        for waiting in (task, history.wait(lambda entry: False, 60.0)):
            try:
                await waiting
            except RuntimeError as error:
                assert str(error) == "the firmware ended"
            else:
                raise AssertionError

    asyncio.run(run())


def test_a_tone_that_may_be_one_of_several_is_each_of_them_until_it_ends():
    history = History()
    history.add(Entry(1.0, "tone", 1, {"on": True, "name": "busy", "names": ["busy", "congestion"]}))
    assert history.ports[1].tones == {"busy": 1.0, "congestion": 1.0}
    history.add(Entry(1.5, "tone", 1, {"on": False, "name": "congestion", "names": ["congestion"]}))
    assert history.ports[1].tones == {}
