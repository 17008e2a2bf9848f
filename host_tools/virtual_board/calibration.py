"""The chip's self-calibration (registers 96-107) and what is wrong with a chip that skipped it."""

import random

from host_tools.virtual_board.chip_registers import (
    CALIBRATE_1,
    CALIBRATE_2,
    CM_BALANCE,
    DCDC_OFF_TIME,
    DCDC_PEAK,
    IRQ_3,
    TRIM_RING,
    TRIM_TIP,
)

BUSY, LONG_SETTLE = 0x40, 0x20
CURRENT_LIMIT, COMMON_MODE_DAC, DIFFERENTIAL_DAC, TIP_GAIN, RING_GAIN = 0x01, 0x02, 0x04, 0x08, 0x10  # of 96
BALANCE, ADC, DAC, MONITOR_2, MONITOR_1 = 0x01, 0x02, 0x04, 0x08, 0x10  # of 97

_STEPS_PER_ITEM = 28  # 35 ms; all ten items 350 ms, with long settling 525 ms (datasheet: 600 ms at most)
_DCDC_STEPS = 16
# Result register -> (register 96 or 97, its item)
_RESULTS = {
    TRIM_RING: (0, RING_GAIN), TRIM_TIP: (0, TIP_GAIN), 100: (0, DIFFERENTIAL_DAC),
    101: (0, COMMON_MODE_DAC), 102: (0, CURRENT_LIMIT), 103: (1, MONITOR_1), 104: (1, DAC),
    105: (1, ADC), CM_BALANCE: (1, BALANCE),
}  # fmt: skip


class Calibration:
    """`done` tells which items this chip has behind it since reset: bits of registers 96 and 97."""

    def __init__(self, registers: bytearray, seed: int):
        self._registers = registers
        noise = random.Random(seed)
        # What this specimen needs: every chip is a little different.
        self._wanted = {
            TRIM_RING: noise.randint(0x09, 0x14), TRIM_TIP: noise.randint(0x09, 0x14),
            100: noise.randint(0x0C, 0x15), 101: noise.randint(0x0C, 0x15),
            102: noise.randint(0x04, 0x0B), 103: noise.randint(0x70, 0x87), 104: noise.randint(1, 12),
            105: noise.randint(1, 12), CM_BALANCE: noise.randint(0x18, 0x2A),
        }  # fmt: skip
        self.reset()

    def reset(self) -> None:
        self.done = [0, 0]
        self._steps = 0
        self._dcdc_steps = 0

    def start(self) -> None:
        """Register 96 was written with its busy bit."""
        first, second = self._registers[CALIBRATE_1], self._registers[CALIBRATE_2]
        items = (first & 0x1F).bit_count() + (second & 0x1F).bit_count()
        self._steps = max(4, items * _STEPS_PER_ITEM)
        if first & LONG_SETTLE:
            self._steps += self._steps // 2

    def start_dcdc(self) -> None:
        """Register 93 was written with its calibration bit."""
        self._dcdc_steps = _DCDC_STEPS

    def step(self, line_open: bool, converter_volts: float, loop_closed: bool) -> None:
        """One 1.25 ms step. The measurement needs an open line and a running converter: it waits for them."""
        registers = self._registers
        if self._dcdc_steps:
            self._dcdc_steps -= 1
            if not self._dcdc_steps:
                registers[DCDC_PEAK] = 5 if converter_volts > 20 else 0
        if not registers[CALIBRATE_1] & BUSY or not line_open or converter_volts < 20:
            return
        self._steps -= 1
        if self._steps > 0:
            return
        chosen = (registers[CALIBRATE_1] & 0x1F, registers[CALIBRATE_2] & 0x1F)
        registers[CALIBRATE_1] = 0
        registers[CALIBRATE_2] = 0
        balanced = not (chosen[1] & BALANCE and loop_closed)
        if not balanced:  # the balance of the two leads cannot be found through a telephone
            registers[IRQ_3] |= 0x04
            chosen = (chosen[0], chosen[1] & ~BALANCE)
        for result, (which, item) in _RESULTS.items():
            if chosen[which] & item:
                registers[result] = self._wanted[result]
        self.done[0] |= chosen[0]
        self.done[1] |= chosen[1]

    def stray_current(self, trim_register: int) -> float:
        """Ampere that Q5 or Q6 lets through with the line open: none once its trim is low enough.

        Manual calibration searches registers 98 and 99 downwards for the point where it vanishes.
        """
        excess = (self._registers[trim_register] & 0x1F) - self._wanted[trim_register]
        return max(0, excess) * 0.0004

    def lacks(self, which: int, item: int) -> bool:
        """True while `item` of register 96 (which = 0) or 97 (1) has not been calibrated."""
        return not self.done[which] & item

    @property
    def converter_calibrated(self) -> bool:
        return bool(self._registers[DCDC_OFF_TIME] & 0x80) and 2 <= self._registers[DCDC_PEAK] <= 13
