"""IO_MUX and GPIO matrix, as far as signals of peripherals go through them: which signal drives a pad, and
what a peripheral's input hears. Reads the registers in the shared memory whenever it is asked."""

from host_tools.esp32_model.window import Window

GPIO = 0x3FF44000
IO_MUX = 0x3FF49000
CONSTANT = {0x30: 0, 0x38: 1}  # what an input hears instead of a pad
# Offset of each pin's register in IO_MUX (TRM, "IO_MUX Pad List")
MUX_OFFSET = dict(
    zip(
        [*range(28), *range(32, 40)],
        bytes.fromhex("44884084486c60646854585c3438303c4c507074787c808c9024282c1c20141804080c10"),
        strict=True,
    )
)


class Matrix:
    def __init__(self, memory: Window) -> None:
        self._memory = memory

    def pad(self, signal: int) -> tuple[int, bool] | None:
        """(pin, inverted) that sends a peripheral's output out of the chip; None: no pad does."""
        for pin, offset in MUX_OFFSET.items():
            select = self._memory.load(GPIO + 0x530 + 4 * pin)
            if select & 0x1FF == signal and self._is_gpio(offset) and self._enabled(pin):
                return pin, bool(select & 1 << 9)
        return None

    def drives(self, pin: int) -> int | None:
        """The signal that drives a pad, with bit 9 if inverted; None: nobody in here."""
        offset = MUX_OFFSET.get(pin)
        if offset is None or not self._is_gpio(offset) or not self._enabled(pin):
            return None
        return self._memory.load(GPIO + 0x530 + 4 * pin) & 0x3FF

    def source(self, signal: int) -> tuple[int, bool] | None:
        """(pin, inverted) that a peripheral's input hears; None if it is connected to nothing that it can
        hear. Pins beyond 39 are the constants."""
        select = self._memory.load(GPIO + 0x130 + 4 * signal)
        pin, inverted = select & 0x3F, bool(select & 1 << 6)
        if not select & 1 << 7:
            return None
        if pin in CONSTANT:
            return pin, inverted
        offset = MUX_OFFSET.get(pin)
        if offset is None or not self._is_gpio(offset) or not self._memory.load(IO_MUX + offset) & 1 << 9:
            return None
        return pin, inverted

    def _is_gpio(self, offset: int) -> bool:
        return self._memory.load(IO_MUX + offset) >> 12 & 7 == 2

    def _enabled(self, pin: int) -> bool:
        if pin >= 34:
            return False  # input only
        register = GPIO + (0x20 if pin < 32 else 0x2C)
        return bool(self._memory.load(register) >> (pin & 31) & 1)
