from ata.base.clock import PERIOD, add, diff
from ata.base.errors import ConfigError, LocalError
from ata.line import callerid
from ata.line.callerid import PRIVATE, UNAVAILABLE, CallerIdSequence

WHEN = (11, 20, 9, 5)  # 20 November, 9:05


def refused(error, function, *args):
    try:
        function(*args)
    except error as raised:
        return str(raised)
    raise AssertionError("accepted")


def parsed(data):
    """(type, [(parameter type, value)]) of an MDMF message whose length and checksum are right."""
    assert data[1] == len(data) - 3
    assert sum(data) & 255 == 0
    items = []
    at = 2
    while at < len(data) - 1:
        items.append((data[at], bytes(data[at + 2 : at + 2 + data[at + 1]])))
        at += 2 + data[at + 1]
    assert at == len(data) - 1
    return data[0], items


# Messages


def test_a_known_sdmf_message_is_reproduced():
    """The example that many application notes print: 30 September 12:24, 609 555 1212, checksum 51 hex."""
    assert callerid.sdmf((9, 30, 12, 24), "6095551212") == b"\x04\x12093012246095551212\x51"


def test_sdmf_sends_the_last_ten_digits_or_why_there_are_none():
    assert callerid.sdmf(WHEN, "+1 (909) 555-1212")[10:-1] == b"9095551212"
    assert callerid.sdmf(WHEN, PRIVATE)[2:-1] == b"11200905P"
    assert callerid.sdmf(WHEN, UNAVAILABLE)[10:-1] == b"O"
    assert callerid.sdmf(WHEN, "alice")[10:-1] == b"O"


def test_a_call_has_date_number_and_name():
    assert parsed(callerid.call_setup(WHEN, "5551212", "Ann Example")) == (
        0x80,
        [(1, b"11200905"), (2, b"5551212"), (7, b"Ann Example")],
    )
    assert parsed(callerid.call_setup(None, "*31#42")) == (0x80, [(2, b"*31#42")])


def test_absent_numbers_say_why():
    """O and P, parameters 4 and 8. A private caller's name is withheld too, an unknown number's is not."""
    assert parsed(callerid.call_setup(WHEN, PRIVATE, "Ann"))[1][1:] == [(4, b"P"), (8, b"P")]
    assert parsed(callerid.call_setup(WHEN, UNAVAILABLE))[1][1:] == [(4, b"O")]
    assert parsed(callerid.call_setup(WHEN, "", "Ann"))[1][1:] == [(4, b"O"), (7, b"Ann")]
    assert parsed(callerid.call_setup(WHEN, "sip-user", "Ann"))[1][1:] == [(4, b"O"), (7, b"Ann")]


def test_lengths_are_limited():
    items = parsed(callerid.call_setup(WHEN, "1234567890" * 3 + "7", "x" * 80))[1]
    assert items[1] == (2, b"2345678901234567890" + b"7") and items[2] == (7, b"x" * 50)
    assert parsed(callerid.call_setup(WHEN, "1", "x" * 80, 15))[1][2] == (7, b"x" * 15)
    assert len(callerid.message(0x80, bytes(255))) == 258
    assert "256" in refused(LocalError, callerid.message, 0x80, bytes(256))


def test_etsi_parameters_come_first():
    data = callerid.call_setup(WHEN, "4930123", "", 50, ((0x11, b"\x01"),))
    assert parsed(data)[1] == [(0x11, b"\x01"), (1, b"11200905"), (2, b"4930123")]


def test_a_date_must_be_one():
    for when in ((0, 1, 0, 0), (13, 1, 0, 0), (1, 0, 0, 0), (1, 32, 0, 0), (1, 1, 24, 0), (1, 1, 0, 60)):
        assert str(when) in refused(LocalError, callerid.call_setup, when, "1")
    assert parsed(callerid.call_setup((12, 31, 23, 59), "1"))[1][0] == (1, b"12312359")


def test_the_message_waiting_lamp_goes_on_and_off():
    assert callerid.message_waiting(True, None, True) == b"\x06\x03BBB" + bytes((-(9 + 3 * 0x42) & 255,))
    assert callerid.message_waiting(False, None, True)[2:5] == b"\x6f\x6f\x6f"
    assert parsed(callerid.message_waiting(True)) == (0x82, [(0x0B, b"\xff")])
    assert parsed(callerid.message_waiting(False, 0)) == (0x82, [(0x0B, b"\0"), (0x13, b"\0")])
    assert parsed(callerid.message_waiting(True, 300))[1][1] == (0x13, b"\xff")


def test_dtmf_forms():
    assert callerid.dtmf("0301234") == "A0301234C"
    assert callerid.dtmf("0301234", "DC") == "D0301234C"
    assert callerid.dtmf("0301234", "D#") == "D0301234#"
    assert callerid.dtmf("0301234", "A#") == "A0301234#"
    assert callerid.dtmf("0301234", "#") == "0301234#"
    assert callerid.dtmf(PRIVATE) == "B10C" and callerid.dtmf(UNAVAILABLE) == "B00C"
    assert callerid.dtmf("", "A#") == "D3#" and callerid.dtmf(PRIVATE, "#") == "D1#"
    assert callerid.dtmf(PRIVATE, "DC") == "D0000000000C"
    assert "XC" in refused(ConfigError, callerid.dtmf, "1", "XC")


def test_names_become_ascii():
    assert callerid.plain("Jürgen Müßig, Ängström Ørsted") == "Juergen Muessig, Aengstroem Oersted"
    assert callerid.plain("Élodie Façade-Ñandú") == "Elodie Facade-Nandu"
    assert callerid.plain("Łukasz Dvořák Şahin") == "Lukasz Dvorak Sahin"
    assert callerid.plain("Иван €") == "???? ?"
    assert callerid.plain("a\tb\r\nc\x7f") == "abc"
    for code in range(0xA0, 0x180):
        assert 32 <= min(callerid.plain(chr(code)).encode()) and max(callerid.plain(chr(code)).encode()) < 127


# Timing


def run(sequence, start, end, wanted=()):
    """Let virtual time pass. `wanted`: {ms: (method, arguments)}. -> [(ms since start, output)]"""
    found = []
    actions = dict(wanted)
    for ms in range(end + 1):
        now = add(start, ms)
        if ms in actions:
            name, args = actions[ms]
            getattr(sequence, name)(*(args + (now,)))
        deadline = sequence.deadline()
        if deadline is not None and diff(now, deadline) >= 0:
            sequence.tick(now)
        while True:
            output = sequence.poll()
            if output is None:
                break
            found.append((ms, output))
    return found


BEGIN = {0: ("begin", ())}
MESSAGE = callerid.call_setup(WHEN, "5551212", "Ann")
SENDING = (300 + 180 + 10 * len(MESSAGE) + 5) * 1000 / 1200


def test_bellcore_sends_in_the_first_pause_that_is_long_enough():
    sequence = CallerIdSequence("ring bell202", MESSAGE)
    found = run(
        sequence,
        PERIOD - 900,
        9000,
        {
            0: ("ring_off", (200,)),
            1000: ("ring_off", (4000,)),
            7000: ("ring_off", (4000,)),
        },
    )
    assert [output[0] for _ms, output in found] == ["fsk", "done"]
    at, fsk = found[0]
    assert fsk == ("fsk", MESSAGE, 300, 180, "bell202")
    assert 500 <= at - 1000 <= 1500  # GR-30: silence after the ring
    done = found[1][0]
    assert found[1][1] == ("done", True)
    assert 200 <= done - at - SENDING - 60 <= 500  # before the next ring, though the sound is 60 ms late
    assert done - 1000 <= sequence.ms < 4000


def test_the_longest_message_fits_between_north_american_and_european_rings():
    for method in ("ring bell202", "ring v23"):
        assert CallerIdSequence(method, callerid.message(0x80, bytes(255))).ms <= 3500 + 60


def test_a_uk_pause_has_room_for_a_number_and_a_name():
    assert CallerIdSequence("ring v23", callerid.call_setup(WHEN, "02079460000", "A Longish Name")).ms <= 2000


def test_bt_reverses_the_line_alerts_and_sends_before_ringing():
    found = run(CallerIdSequence("reverse v23", MESSAGE), 0, 5000, BEGIN)
    (at0, feed), (at1, tone), (at2, fsk), (at3, done) = found
    assert (at0, feed) == (0, ("linefeed", "reverse_oht"))
    assert tone[0] == "tone" and at1 >= 100
    assert 45 <= at2 - at1 - 100 <= 500
    assert fsk[2:] == (300, 80, "v23")  # 96 to 315 and 55 to 90 bits
    assert done == ("done", True) and at3 - at2 >= (300 + 80 + 10 * len(MESSAGE) + 5) / 1.2 + 200


def test_an_alerting_tone_comes_before_the_data():
    found = run(CallerIdSequence("alert v23", MESSAGE), 0, 5000, BEGIN)
    assert [output[0] for _at, output in found] == ["linefeed", "tone", "fsk", "done"]
    assert found[0][1] == ("linefeed", "oht")
    assert 45 <= found[2][0] - found[1][0] - 100 <= 500
    assert found[2][1][2:] == (300, 180, "v23")


def test_a_ring_pulse_comes_before_the_data():
    found = run(CallerIdSequence("pulse v23", MESSAGE), 0, 5000, BEGIN)
    assert [output for _at, output in found[:2]] == [("linefeed", "ringing"), ("linefeed", "oht")]
    assert 200 <= found[1][0] <= 300
    assert 500 <= found[2][0] - found[1][0] <= 800
    assert found[3][1] == ("done", True)


def test_message_waiting_is_sent_without_ringing():
    found = run(CallerIdSequence("quiet bell202", callerid.message_waiting(True)), 0, 5000, BEGIN)
    assert [output[0] for _at, output in found] == ["linefeed", "fsk", "done"]


def test_dtmf_digits_are_70_ms_with_pauses_of_70():
    found = run(CallerIdSequence("reverse_only dtmf", callerid.dtmf("0123456789*#")), 0, 5000, BEGIN)
    assert found[0] == (0, ("linefeed", "reverse_oht"))
    codes = [output[1] for _at, output in found[1:-1]]
    assert codes == [12, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14]
    assert {output[2] for _at, output in found[1:-1]} == {70}
    times = [at for at, _output in found[1:-1]]
    assert times[0] >= 200
    assert {times[i + 1] - times[i] for i in range(len(times) - 1)} == {140}
    assert found[-1][1] == ("done", True) and 200 <= found[-1][0] - times[-1] - 70 - 60 <= 500


def test_call_waiting_waits_for_the_ack():
    sequence = CallerIdSequence("talking bell202", MESSAGE, 60, "440;.3/.02|", 320)
    found = run(
        sequence,
        0,
        5000,
        {
            0: ("begin", ()),
            500: ("heard", (5,)),
            560: ("heard", (15,)),
            600: ("heard", (15,)),
        },
    )
    assert [output[0] for _at, output in found] == ["mute", "tone", "fsk", "done"]
    assert found[1][1][1] == "440;.3/.02|2130@-15+2750@-15;.082/0|0;0/0"
    at, fsk = found[2]
    assert 50 <= at - 560 <= 500
    assert fsk == ("fsk", MESSAGE, 0, 80, "bell202")
    done = found[3][0]
    assert 50 <= done - at - 60 - (80 + 10 * len(MESSAGE) + 5) / 1.2 <= 120


def test_a_phone_without_caller_id_is_left_in_peace():
    found = run(CallerIdSequence("talking v23", MESSAGE), 0, 2000, BEGIN)
    assert [output[0] for _at, output in found] == ["mute", "tone", "done"]
    assert found[2][1] == ("done", False)
    # CAS of 82 ms; 160 ms for the ACK to be complete, later by the way there and back
    assert 82 + 160 + 120 <= found[2][0] <= 500


def test_an_ack_counts_only_while_it_is_expected():
    sequence = CallerIdSequence("talking v23", MESSAGE)
    sequence.heard(15, 0)
    assert sequence.deadline() is None and sequence.poll() is None
    sequence = CallerIdSequence("quiet v23", MESSAGE)
    found = run(sequence, 0, 5000, {0: ("begin", ()), 100: ("heard", (15,))})
    assert [output[0] for _at, output in found] == ["linefeed", "fsk", "done"]


def test_lifting_the_phone_stops_it_in_every_state():
    for method in ("alert v23", "reverse v23", "reverse_only v23", "pulse v23", "quiet v23", "talking v23"):
        for ms in range(0, 1000, 50):
            sequence = CallerIdSequence(method, MESSAGE)
            found = run(sequence, 0, 3000, {0: ("begin", ()), ms + 1: ("stop", ())})
            assert found[-1][1][0] == "done" and sequence.deadline() is None
            begun = [output[0] for _at, output in found].count("fsk") == 1
            assert found[-1][1][1] == begun
            assert [output[0] for _at, output in found].count("done") == 1


def test_stopping_what_has_not_begun_does_nothing():
    sequence = CallerIdSequence("ring v23", MESSAGE)
    sequence.stop(5)
    assert sequence.poll() is None
    found = run(sequence, 5, 5000, {0: ("ring_off", (4000,))})
    assert [output[0] for _at, output in found] == ["fsk", "done"]


def test_a_method_that_is_none_is_told():
    for method in ("bellcore", "ring", "ring v21", "knock v23", ""):
        text = refused(ConfigError, CallerIdSequence, method, MESSAGE)
        assert "reverse_only" in text and "v23" in text
