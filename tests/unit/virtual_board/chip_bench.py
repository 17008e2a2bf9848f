"""A line chip on a test bench: SPI accesses byte by byte, and the start-up of the vendor's note."""

from host_tools.virtual_board.chip import Si321xChip
from host_tools.virtual_board.chip_registers import DTMF_COEFFICIENTS, indirect_addresses, indirect_map

# The values that open drivers load, by mnemonic.
VALUES = {
    "OSC1": 0x7B30, "OSC1X": 0x0063, "OSC2": 0x7870, "OSC2X": 0x007D, "RCO": 0x7EFD, "RNGX": 0x0155,
    "RXG": 0x4000, "TXG": 0x4000, "LCRT": 0x1000, "RPTP": 0x3600, "CML": 0x1000, "CMH": 0x0200,
    "PPT12": 0x07C0, "PPT34": 0x2600, "PPT56": 0x1B80, "NCLR": 0x8000, "NRTP": 0x0320, "NQ12": 0x008C,
    "NQ34": 0x0100, "NQ56": 0x0010, "VCMR": 0x0C00, "VMIND": 0x0C00, "LCRTL": 0x0800,
}  # fmt: skip
FILTERS = ("NCLR", "NRTP", "NQ12", "NQ34", "NQ56")


class ChipBench:
    """One clocked chip out of reset, with its wire."""

    def __init__(self, part: str = "Si3215", **options):
        self.told: list[tuple[str, dict]] = []
        self.chip = Si321xChip(
            part, on_event=lambda kind, detail: self.told.append((kind, detail)), **options
        )
        self.wire = self.chip.line.wire
        self.chip.pclk(True)
        self.chip.reset(True)
        self.chip.reset(False)

    def read(self, register: int) -> int:
        return self.chip.transfer(bytes((0x80 | register, 0xFF)))[1]

    def write(self, register: int, value: int) -> None:
        self.chip.transfer(bytes((register, value)))

    def idle(self) -> None:
        for _ in range(50):
            if not self.read(31) & 1:
                return
        raise AssertionError("the indirect port stays busy")

    def read_indirect(self, address: int) -> int:
        self.idle()
        self.write(30, address)
        self.idle()
        return self.read(28) | self.read(29) << 8

    def write_indirect(self, address: int, value: int) -> None:
        self.idle()
        self.write(28, value & 0xFF)
        self.write(29, value >> 8)
        self.write(30, address)
        self.idle()

    def address(self, mnemonic: str) -> int:
        return indirect_map(self.chip.part)[mnemonic]

    def load(self, **values: int) -> None:
        for mnemonic, value in values.items():
            self.write_indirect(self.address(mnemonic), value)

    def wait(self, seconds: float) -> None:
        self.chip.advance(seconds)

    def until(self, condition, within: float) -> float:
        """Seconds until the condition holds; an AssertionError if it does not within the time."""
        steps = round(within / 0.00125)
        for step in range(steps + 1):
            if condition():
                return step * 0.00125
            self.wait(0.00125)
        raise AssertionError(f"not within {within} s")

    def start(self) -> None:
        """Steps 2 to 10 of the start-up, ending in forward active."""
        self.write(30, 0)
        self.write(14, 0x10)
        self.write(64, 0)
        known = set()
        if self.chip.part.startswith("Si3210"):
            for address, value in enumerate(DTMF_COEFFICIENTS):
                self.write_indirect(address, value)
                known.add(address)
        for mnemonic, address in indirect_map(self.chip.part).items():
            self.write_indirect(address, VALUES.get(mnemonic, 0))
            known.add(address)
        for address in sorted(indirect_addresses(self.chip.part) - known):
            self.write_indirect(address, 0)
        self.write(8, 0)
        self.write(108, 0xEB)
        self.write(66, 0x01)
        self.load(**dict.fromkeys(FILTERS, 0x8000))
        self.write(92, 0xFF)
        self.write(93, 0x39 if self.chip.part.endswith("M") else 0x19)
        self.write(14, 0)
        self.until(lambda: self.read(82) >= 0xC0, 0.5)
        self.write(71, 0)
        self.write(97, 0x1F)
        self.write(96, 0x5F)
        self.until(lambda: self.read(96) == 0, 0.6)
        self.write(93, self.read(93) | 0x80)
        self.wait(0.03)
        self.load(**{name: VALUES[name] for name in FILTERS})
        for register in (18, 19, 20):
            self.write(register, 0xFF)
        self.write(22, 0xFF)
        self.write(23, 0x01)
        self.write(73, 0x02)
        self.write(2, 33)
        self.write(4, 33)
        self.write(1, 0x3C)
        self.write(64, 1)
        self.wait(0.3)
        self.write(19, 0xFF)
