# runs on: cpython
"""The telephone: hook switch with bounces, rotary dial, keypad, microphone, earpiece, bell."""

import numpy as np
import pytest

from host_tools.virtual_board.phone import BLOCK, Phone, dtmf, load_wav, save_wav
from host_tools.virtual_board.wire import STEP, Feed, Wire

FEED = Feed(tip_emf=-3.0, ring_emf=-51.0, tip_open=False, ring_open=False)


class Line:
    """A phone on a fed wire, with the contact's state noted at each step."""

    def __init__(self, bounce_ms: float = 0.0):
        self.wire = Wire(ren=0.0)
        self.phone = Phone(self.wire)
        self.phone.bounce_ms = bounce_ms
        self.contact: list[bool] = []
        self.sent: list[np.ndarray] = []
        self.told: list[tuple] = []

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.01)):
            for _ in range(8):
                self.phone.step((len(self.contact) + 1) * STEP)
                self.wire.solve(FEED)
                self.phone.after_step()
                self.contact.append(self.wire.closed)
            self.sent.append(self.phone.speak())
            self.phone.hear(np.zeros(BLOCK))
            self.told += self.phone.events
            self.phone.events.clear()

    def intervals(self) -> list[tuple[bool, float]]:
        """(closed, seconds) of each stretch of the contact."""
        found: list[tuple[bool, float]] = []
        for state in self.contact:
            if found and found[-1][0] == state:
                found[-1] = (state, found[-1][1] + STEP)
            else:
                found.append((state, STEP))
        return found

    @property
    def speech(self) -> np.ndarray:
        return np.concatenate(self.sent)


def test_lifting_closes_the_loop_and_tells():
    line = Line()
    line.run(0.1)
    line.phone.lift()
    line.run(0.1)
    assert line.intervals()[0] == (False, pytest.approx(0.1, abs=0.002))
    assert line.wire.closed and line.phone.lifted
    assert line.told == [(pytest.approx(0.1, abs=0.002), "hook", {"up": True})]
    line.phone.hang_up()
    line.phone.hang_up()  # nothing more to do
    line.run(0.1)
    assert not line.wire.closed and [t[2]["up"] for t in line.told] == [True, False]


def test_a_contact_bounces_for_some_milliseconds_and_then_rests():
    line = Line(bounce_ms=15.0)
    line.phone.lift()
    line.run(0.2)
    stretches = line.intervals()
    assert len(stretches) >= 3 and stretches[-1][0] is True
    assert sum(seconds for _, seconds in stretches[:-1]) < 0.0176


def test_a_flash_opens_the_loop_for_its_time_while_the_handset_stays_up():
    line = Line()
    line.phone.lift()
    line.run(0.1)
    line.phone.flash(120)
    line.run(0.3)
    assert [s for s in line.intervals() if not s[0]][-1][1] == pytest.approx(0.12, abs=0.002)
    assert line.phone.lifted and len(line.told) == 1


@pytest.mark.parametrize(("pps", "percent"), [(10.0, 60.0), (8.0, 55.0), (12.0, 70.0)])
def test_pulses_have_their_rate_and_ratio(pps, percent):
    line = Line()
    line.phone.lift()
    line.run(0.2)
    line.phone.pulse("30", pps, percent)
    line.run(4.0)
    breaks = [seconds for closed, seconds in line.intervals()[1:] if not closed]
    makes = [seconds for closed, seconds in line.intervals() if closed]
    assert len(breaks) == 13
    assert np.allclose(breaks, percent / 100 / pps, atol=0.002)
    assert makes[1] == pytest.approx((1 - percent / 100) / pps, abs=0.002)
    assert makes[3] == pytest.approx(0.7 + (1 - percent / 100) / pps, abs=0.002)


def test_dialling_takes_its_time_and_what_follows_waits():
    line = Line()
    line.phone.lift()
    line.run(0.2)
    end = line.phone.dial("12", on_ms=60, off_ms=40)
    assert end == pytest.approx(0.2 + 0.16, abs=0.01)
    line.phone.hang_up()
    line.run(0.5)
    assert line.told[-1][0] == pytest.approx(0.2 + 0.2, abs=0.01)
    loud = np.flatnonzero(np.abs(line.speech) > 100) / 8000
    assert loud[0] == pytest.approx(0.2, abs=0.01) and loud[-1] == pytest.approx(0.36, abs=0.01)
    gap = (loud > 0.262) & (loud < 0.298)
    assert not gap.any()


def test_dtmf_has_the_level_twist_and_error_asked_for():
    samples = dtmf("6", 200, level_dbm0=-10, twist_db=3, error_percent=1.0)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 65536)) / (len(samples) / 4)
    for hz, dbm0 in ((770 * 1.01, -10), (1477 * 1.01, -7)):
        near = slice(round((hz - 20) * 65536 / 8000), round((hz + 20) * 65536 / 8000))
        assert (near.start + np.argmax(spectrum[near])) * 8000 / 65536 == pytest.approx(hz, abs=0.3)
        assert 20 * np.log10(spectrum[near].max() / 22828) == pytest.approx(dbm0, abs=0.1)


def test_what_cannot_be_done_is_refused_in_words():
    line = Line()
    for action in (lambda: line.phone.dial("1"), line.phone.flash, lambda: line.phone.pulse("1")):
        with pytest.raises(ValueError, match="on-hook"):
            action()
    line.phone.lift()
    line.phone.dial("1")  # queued behind the lifting: fine
    with pytest.raises(ValueError, match="digit"):
        line.phone.dial("12x")
    with pytest.raises(ValueError, match="rotary"):
        line.phone.pulse("1#")


def test_speech_goes_to_the_line_only_while_it_feeds_the_telephone():
    line = Line()
    voice = np.full(8000, 1234, np.int16)
    line.phone.say(voice)
    line.run(0.5)
    line.phone.lift()
    line.run(0.6)
    assert not line.speech[:3900].any()
    assert (line.speech[4160:7900] == 1234).all()  # the second half: a person does not wait
    assert not line.speech[8000:].any()


def test_speeches_follow_one_another_and_can_be_stopped():
    line = Line()
    line.phone.lift()
    line.phone.say(np.full(800, 100, np.int16))
    end = line.phone.say(np.full(8000, 200, np.int16))
    assert end == pytest.approx(1.1, abs=0.01)
    line.run(0.3)
    line.phone.hush()
    line.run(0.2)
    assert set(np.unique(line.speech)) <= {0, 100, 200}
    assert line.speech[1000] == 200 and not line.speech[2500:].any()


def test_a_keypad_mutes_the_microphone():
    line = Line()
    line.phone.lift()
    line.run(0.1)
    line.phone.say(np.full(8000, 5000, np.int16))
    line.phone.dial("1", on_ms=100)
    line.run(0.3)
    assert abs(float(line.speech[880:1520].mean())) < 300


def test_wav_files_are_read_at_any_rate(tmp_path):
    path = tmp_path / "voice.wav"
    times = np.arange(8000) / 8000
    save_wav(path, (8000 * np.sin(2 * np.pi * 500 * times)).astype(np.int16))
    assert len(load_wav(path)) == 8000
    import wave

    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16000)
        stereo = np.zeros((16000, 2), "<i2")
        stereo[:, 0] = 8000 * np.sin(2 * np.pi * 500 * np.arange(16000) / 16000)
        file.writeframes(stereo.tobytes())
    assert np.corrcoef(load_wav(path)[400:7600], np.sin(2 * np.pi * 500 * times)[400:7600])[0, 1] > 0.999


def test_recordings_start_where_asked():
    line = Line()
    line.phone.lift()
    line.run(0.5)
    line.phone.say(np.full(800, 77, np.int16))
    line.run(0.5)
    assert len(line.phone.microphone()) == 8000
    assert (line.phone.microphone(0.5)[:700] == 77).all()
    assert len(line.phone.earpiece(0.9)) == 800


# ---- the bell ----


def ring(line: Line, seconds: float, volts: float, hertz: float, dc: float = 0.0) -> None:
    for _ in range(round(seconds / 0.01)):
        for _ in range(8):
            at = (len(line.contact) + 1) * STEP
            alternating = volts * 2**0.5 * np.sin(2 * np.pi * hertz * at) + dc
            line.phone.step(at)
            line.wire.solve(
                Feed(
                    tip_emf=-33 + alternating / 2,
                    ring_emf=-33 - alternating / 2,
                    tip_open=False,
                    ring_open=False,
                    limit=0.08,
                )
            )
            line.phone.after_step()
            line.contact.append(line.wire.closed)
        line.phone.speak()
        line.phone.hear(np.zeros(BLOCK))
        line.told += line.phone.events
        line.phone.events.clear()


@pytest.mark.parametrize(("volts", "hertz"), [(45.0, 16.7), (45.0, 20.0), (60.0, 25.0), (40.0, 50.0)])
def test_the_bell_measures_volts_and_hertz(volts, hertz):
    line = Line()
    line.run(0.2)
    ring(line, 0.5, volts, hertz)
    ((at, kind, detail),) = line.told
    assert kind == "ring" and detail["on"] and at == pytest.approx(0.2, abs=0.015)
    assert line.phone.bell.volts == pytest.approx(volts, rel=0.04)
    assert line.phone.bell.hz == pytest.approx(hertz, rel=0.03)
    line.run(0.2)
    at, kind, detail = line.told[-1]
    assert not detail["on"] and at == pytest.approx(0.7, abs=0.04)


def test_steps_and_pulses_are_no_ringing():
    line = Line()
    line.run(0.1)
    line.phone.lift()
    line.phone.pulse("00")
    line.run(4.0)
    line.phone.hang_up()
    line.run(0.5)
    assert all(kind == "hook" for _, kind, _ in line.told)
    ring(line, 0.5, 5.0, 20.0)  # too weak for a bell
    assert all(kind == "hook" for _, kind, _ in line.told)
