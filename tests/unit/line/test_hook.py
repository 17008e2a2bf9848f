from ata.base import clock
from ata.line.hook import HookDecoder

US = {
    "debounce": 12,
    "flash_min": 300,
    "flash_max": 535,
    "pulse_break_min": 30,
    "pulse_break_max": 100,
    "interdigit": 200,
}
EU = {
    "debounce": 12,
    "flash_min": 70,
    "flash_max": 400,
    "pulse_break_min": 30,
    "pulse_break_max": 100,
    "interdigit": 200,
}


class Telephone:
    """A loop read as the line task does: every 5 ms, or with the jitter and stalls asked for.

    `play(level, ms)` holds a level; outputs are kept with the tick at which they came.
    """

    def __init__(self, windows, steps=(5,), start=0):
        self.decoder = HookDecoder(windows)
        self.now = start
        self.next = start
        self.end = start
        self.steps = steps
        self.count = 0
        self.seen = []

    def play(self, level, ms):
        self.end = clock.add(self.end, ms)
        while clock.diff(self.end, self.next) > 0:
            self.now = self.next
            self.decoder.sample(level, self.now)
            self.decoder.tick(self.now)
            while True:
                output = self.decoder.poll()
                if output is None:
                    break
                self.seen.append((self.now, output))
            self.next = clock.add(self.next, self.steps[self.count % len(self.steps)])
            self.count += 1
        return self

    def dial(self, digit, pps_tenths, break_percent):
        """One digit of a rotary dial at `pps_tenths` tenths of a pulse a second."""
        period = 10000 // pps_tenths
        opened = period * break_percent // 100
        for _ in range(10 if digit == "0" else int(digit)):
            self.play(False, opened)
            self.play(True, period - opened)

    def outputs(self):
        return [output for _at, output in self.seen]

    def digits(self):
        return "".join([output[1] for output in self.outputs() if output[0] == "digit"])


def lifted(windows, steps=(5,)):
    phone = Telephone(windows, steps)
    phone.play(False, 100).play(True, 1000)
    assert phone.outputs() == [("off_hook",)]
    phone.seen.clear()
    return phone


def test_off_hook_is_known_within_25_ms_of_a_stable_level():
    for steps in (5,), (10,), (7, 13):
        phone = Telephone(US, steps)
        phone.play(False, 93).play(True, 200)
        assert phone.outputs() == [("off_hook",)]
        assert phone.seen[0][0] - 93 <= 25 + max(steps), (steps, phone.seen)


def test_the_deadline_confirms_a_level_without_a_further_sample():
    decoder = HookDecoder(US)
    assert decoder.deadline() is None
    decoder.sample(True, 50)
    assert decoder.deadline() == 62
    decoder.tick(61)
    assert decoder.poll() is None
    decoder.tick(62)
    assert decoder.poll() == ("off_hook",) and decoder.poll() is None
    assert decoder.deadline() is None


def test_noise_shorter_than_the_debounce_is_nothing():
    phone = Telephone(US)
    phone.play(False, 100)
    for _ in range(50):
        phone.play(True, 10).play(False, 10)
    phone.play(False, 1000)
    assert phone.outputs() == []
    phone = lifted(US)
    for _ in range(50):
        phone.play(False, 10).play(True, 10)
    phone.play(True, 1000)
    assert phone.outputs() == []


def test_a_break_too_short_for_a_pulse_is_ignored_and_counted():
    phone = lifted(US)
    phone.play(False, 20).play(True, 1000)
    assert phone.outputs() == [] and phone.decoder.ignored == 1


def test_every_digit_at_every_speed_and_ratio_decodes():
    # 8 to 12 pulses a second with breaks of 55 to 70 %, read every 5 ms.
    for speed in (80, 90, 100, 110, 120):
        for ratio in (55, 58, 61, 64, 67, 70):
            phone = lifted(US)
            for digit in "1234567890":
                phone.dial(digit, speed, ratio)
                phone.play(True, 300)
            assert phone.digits() == "1234567890", (speed, ratio, phone.digits())
            assert len(phone.seen) == 10


def test_pulses_decode_with_10_ms_of_sampling_jitter():
    # Steps between samples from 1 to 11 ms, in an order that never settles.
    for steps in (10, 1, 7, 11, 3), (2, 11, 11, 4), (11, 9, 1):
        for speed in (80, 100, 120):
            for ratio in (55, 60, 70):
                phone = lifted(EU, steps)
                for digit in "90517":
                    phone.dial(digit, speed, ratio)
                    phone.play(True, 260)
                assert phone.digits() == "90517", (steps, speed, ratio, phone.digits())


def test_bouncing_contacts_do_not_add_pulses():
    phone = lifted(US)
    for digit in "374":
        for _ in range(int(digit)):
            phone.play(False, 4).play(True, 3).play(False, 54)  # bounce as it opens
            phone.play(True, 3).play(False, 4).play(True, 32)  # and as it closes
        phone.play(True, 300)
    assert phone.digits() == "374"


def test_a_digit_ends_when_the_loop_stayed_closed_for_the_interdigit_time():
    phone = lifted(US)
    phone.dial("5", 100, 60)
    closed = phone.end - 40
    phone.play(True, 500)
    at, output = phone.seen[0]
    assert output == ("digit", "5")
    assert 200 <= at - closed <= 210


def test_eleven_pulses_are_no_digit():
    phone = lifted(US)
    for _ in range(11):
        phone.play(False, 60).play(True, 40)
    phone.play(True, 500)
    assert phone.outputs() == [] and phone.decoder.ignored == 1


def test_what_an_old_dial_does_can_be_read():
    phone = lifted(US)
    phone.dial("3", 80, 70)
    phone.play(True, 300)
    assert abs(phone.decoder.last_break - 87) <= 5 and abs(phone.decoder.last_make - 38) <= 5


def test_a_flash_is_told_when_the_loop_closes_again():
    for length in (310, 400, 525):
        phone = lifted(US)
        opened = phone.end
        phone.play(False, length).play(True, 500)
        assert phone.outputs() == [("flash",)], length
        assert phone.seen[0][0] - opened - length <= 25


def test_between_pulse_and_flash_is_nothing():
    phone = lifted(US)
    phone.play(False, 200).play(True, 500)
    assert phone.outputs() == [] and phone.decoder.ignored == 1


def test_hanging_up_is_known_as_soon_as_it_is_no_flash():
    for windows in (US, EU):
        phone = lifted(windows)
        opened = phone.end
        phone.play(False, 2000)
        assert phone.outputs() == [("on_hook",)]
        assert windows["flash_max"] < phone.seen[0][0] - opened <= windows["flash_max"] + 20
        assert phone.seen[0][0] - opened <= 560
        phone.seen.clear()
        phone.play(True, 500)
        assert phone.outputs() == [("off_hook",)]


def test_the_deadline_tells_hanging_up_without_a_further_sample():
    decoder = HookDecoder(US)
    decoder.sample(True, 0)
    decoder.tick(12)
    assert decoder.poll() == ("off_hook",)
    decoder.sample(False, 1000)
    decoder.tick(decoder.deadline())
    assert decoder.poll() is None
    at = decoder.deadline()
    assert at == 1536
    decoder.tick(at - 1)
    assert decoder.poll() is None
    decoder.tick(at)
    assert decoder.poll() == ("on_hook",) and decoder.deadline() is None


def test_hanging_up_drops_a_digit_not_yet_complete():
    phone = lifted(US)
    phone.dial("4", 100, 60)
    phone.play(False, 1000)
    assert phone.outputs() == [("on_hook",)]


def test_a_flash_after_pulses_ends_the_digit_first():
    phone = lifted(US)
    phone.dial("4", 100, 60)
    phone.play(False, 400).play(True, 500)
    assert phone.outputs() == [("digit", "4"), ("flash",)]


def test_a_short_recall_is_a_flash_in_a_conversation_and_a_pulse_while_dialling():
    for length in (80, 95):
        phone = lifted(EU)
        phone.play(False, length).play(True, 500)
        assert phone.outputs() == [("digit", "1")], length
        phone.seen.clear()
        phone.decoder.dialling = False
        phone.play(False, length).play(True, 500)
        assert phone.outputs() == [("flash",)], length
    phone = lifted(EU)
    phone.play(False, 110).play(True, 500)  # longer than any pulse: a recall in any case
    assert phone.outputs() == [("flash",)]


def test_a_rotary_dial_works_in_a_conversation():
    for windows in (US, EU):
        phone = lifted(windows)
        phone.decoder.dialling = False
        phone.dial("6", 100, 60)
        phone.play(True, 400)
        assert phone.digits() == "6"


def test_bounce_of_the_switch_hook_while_lifting_is_not_dialled():
    phone = Telephone(EU)
    phone.play(False, 100).play(True, 30).play(False, 60).play(True, 1000)
    assert phone.outputs() == [("off_hook",)]


def test_a_seizure_waits_for_the_loop_level_to_follow():
    decoder = HookDecoder(EU)
    decoder.seize(1000)
    assert decoder.poll() == ("off_hook",)
    for now in range(1005, 1300, 5):  # the chip changes from ringing to feed: no current seen yet
        decoder.sample(now in (1050, 1055), now)
        decoder.tick(now)
    for now in range(1300, 3000, 5):
        decoder.sample(True, now)
        decoder.tick(now)
    assert decoder.poll() is None
    decoder.seize(3000)
    assert decoder.poll() is None  # nothing new


def test_a_seizure_without_a_loop_ends_on_hook():
    decoder = HookDecoder(EU)
    decoder.seize(0)
    assert decoder.poll() == ("off_hook",)
    for now in range(5, 1500, 5):
        decoder.sample(False, now)
        decoder.tick(now)
    assert decoder.poll() == ("on_hook",) and decoder.poll() is None


def test_a_stall_of_the_task_does_not_join_two_digits_or_hide_a_hang_up():
    decoder = HookDecoder(US)
    decoder.sample(True, 0)
    decoder.tick(12)
    decoder.sample(False, 1000)
    decoder.sample(True, 1060)  # one pulse
    decoder.sample(False, 1400)  # the task slept through the end of the digit
    decoder.sample(True, 1460)
    decoder.tick(1700)
    assert [decoder.poll() for _ in range(4)] == [("off_hook",), ("digit", "1"), ("digit", "1"), None]
    decoder.sample(False, 2000)
    decoder.sample(True, 2900)  # hung up and lifted again meanwhile
    decoder.tick(2912)
    assert [decoder.poll() for _ in range(3)] == [("on_hook",), ("off_hook",), None]


def test_time_may_wrap_anywhere():
    for before in range(0, 2000, 37):
        phone = Telephone(US, (5,), (clock.PERIOD - before) % clock.PERIOD)
        phone.play(False, 100).play(True, 500)
        phone.dial("3", 100, 60)
        phone.play(True, 300).play(False, 400).play(True, 300).play(False, 700)
        assert phone.outputs() == [("off_hook",), ("digit", "3"), ("flash",), ("on_hook",)], before


def test_a_flash_after_a_week_off_hook_is_still_one():
    phone = lifted(US)
    phone.next = phone.end = clock.add(phone.end, 7 * 24 * 3600 * 1000 - clock.PERIOD // 2)
    phone.next = phone.end = clock.add(phone.end, clock.PERIOD // 2 - 1)
    phone.play(True, 100).play(False, 400).play(True, 300)
    assert phone.outputs() == [("flash",)]
