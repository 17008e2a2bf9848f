"""When the board has crashed too often: ata.hal.esp32_guard."""

import os

import machine

from ata.hal.esp32_guard import Guard


def started_by(cause):
    """What a start with this reset cause finds."""
    file = open("reset_cause", "w")
    file.write(str(cause))
    file.close()
    return Guard()


def fresh():
    try:
        os.remove("nvs.json")
    except OSError:
        pass


def test_the_first_start_of_a_new_board_is_no_crash():
    fresh()
    guard = Guard()
    assert guard.cause == "power on" and not guard.safe and guard.crashes() == 0


def test_three_crashes_in_a_row_lead_to_safe_mode_and_the_start_after_it_is_normal():
    fresh()
    assert not started_by(machine.PWRON_RESET).safe
    assert not started_by(machine.WDT_RESET).safe
    guard = started_by(machine.HARD_RESET)
    assert not guard.safe and guard.cause == "restart, crash 2 in a row"
    guard = started_by(machine.WDT_RESET)
    assert guard.safe and guard.cause == "watchdog, crash 3 in a row"
    assert not started_by(machine.HARD_RESET).safe


def test_a_minute_of_service_in_between_forgives():
    fresh()
    started_by(machine.WDT_RESET)
    started_by(machine.WDT_RESET).forgive()
    assert not started_by(machine.WDT_RESET).safe


def test_power_off_forgives():
    fresh()
    started_by(machine.WDT_RESET)
    started_by(machine.WDT_RESET)
    assert not started_by(machine.PWRON_RESET).safe
    assert not started_by(machine.WDT_RESET).safe


def test_a_restart_that_is_meant_is_no_crash():
    fresh()
    started_by(machine.PWRON_RESET)
    for _ in range(5):
        guard = started_by(machine.HARD_RESET)
        assert not guard.safe
        guard.expect()
    assert started_by(machine.HARD_RESET).crashes() == 0


def test_a_start_without_a_crash_writes_nothing():
    fresh()
    Guard()
    assert "nvs.json" not in os.listdir(".")
