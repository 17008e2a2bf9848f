"""Register tables of the Si3210 and the Si3215 (Si3215 datasheet rev 0.92, register map).

Numbers are decimal as in the datasheet, bit fields are named by their datasheet mnemonics.
"""

SPI_MODE, PCM_MODE, TXS_LOW, TXS_HIGH, RXS_LOW, RXS_HIGH, PART = 0, 1, 2, 3, 4, 5, 6
LOOPBACK, AUDIO_GAIN, TWO_WIRE, HYBRID, POWER_DOWN_1, POWER_DOWN_2 = 8, 9, 10, 11, 14, 15
IRQ_1, IRQ_2, IRQ_3, IRQ_ENABLE_1, IRQ_ENABLE_2, IRQ_ENABLE_3, DTMF = 18, 19, 20, 21, 22, 23, 24
DATA_LOW, DATA_HIGH, ADDRESS, INDIRECT_STATUS = 28, 29, 30, 31
OSC1, OSC2, RING_OSC, PULSE_METERING = 32, 33, 34, 35
OSC1_ACTIVE, OSC2_ACTIVE, METER_ACTIVE, RING_ACTIVE = 36, 40, 44, 48
RING_SILENCE_DEBOUNCE, LINEFEED, BIAS, BATTERY, AUTOMATIC, DETECT = 63, 64, 65, 66, 67, 68
LCDI, RTDI, ILIM, VOC, VCM, VBATH, VBATL = 69, 70, 71, 72, 73, 74, 75
POWER_POINTER, POWER_VALUE, LOOP_VOLTAGE, LOOP_CURRENT = 76, 77, 78, 79
TIP_VOLTAGE, RING_VOLTAGE, BATTERY_SENSE_1, BATTERY_SENSE_2, CURRENT_Q1 = 80, 81, 82, 83, 84
DCDC_PERIOD, DCDC_OFF_TIME, DCDC_WIDTH = 92, 93, 94
CALIBRATE_1, CALIBRATE_2, TRIM_RING, TRIM_TIP = 96, 97, 98, 99
CM_BALANCE, DCDC_PEAK, ENHANCE = 106, 107, 108

OPEN, FORWARD, FORWARD_OHT, TIP_OPEN, RINGING, REVERSE, REVERSE_OHT, RING_OPEN = range(8)
STATE_NAMES = ("open", "forward", "oht", "tip_open", "ringing", "reverse", "reverse_oht", "ring_open")

# Reset values; those that depend on the part are added by reset_values().
_RESET = {
    8: 0x02, 10: 0x08, 11: 0x33, 14: 0x10, 63: 0x54, 65: 0x61, 66: 0x03, 67: 0x1F, 69: 0x0A, 70: 0x0A,
    72: 0x20, 73: 0x02, 74: 0x32, 75: 0x10, 92: 0xFF, 96: 0x1F, 97: 0x1F, 98: 0x10, 99: 0x10, 100: 0x11,
    101: 0x11, 102: 0x08, 103: 0x88, 106: 0x20, 107: 0x08,
}  # fmt: skip

# Bits that a write can change. Registers that are not here do not exist or are read-only; 18-20 clear
# the bits written as 1 and are not here either.
_WRITABLE = {
    0: 0xC0, 1: 0x3F, 2: 0xFF, 3: 0x03, 4: 0xFF, 5: 0x03, 8: 0x07, 9: 0xFF, 10: 0x3F, 11: 0x77,
    14: 0x1F, 15: 0x3F, 21: 0xFF, 22: 0xFF, 23: 0x07, 28: 0xFF, 29: 0xFF, 30: 0xFF, 32: 0x7F, 33: 0x3F,
    34: 0x1B, 52: 0x01, 63: 0x7F, 64: 0x07, 65: 0x7F, 66: 0x1B, 67: 0x7F, 69: 0x7F, 70: 0x7F, 71: 0x07,
    72: 0x7F, 73: 0x3F, 74: 0x3F, 75: 0x3F, 76: 0x07, 92: 0xFF, 93: 0xBF, 96: 0x7F, 97: 0x1F, 98: 0x1F,
    99: 0x1F, 100: 0x1F, 101: 0x1F, 102: 0x0F, 103: 0xFF, 104: 0xFF, 105: 0xFF, 106: 0x3F, 107: 0x0F,
    108: 0xFF, **dict.fromkeys([*range(36, 44), *range(48, 52)], 0xFF),
}  # fmt: skip

_REVISIONS = {"A": 1, "B": 2, "C": 3, "D": 4, "E": 5}

PARTS = ("Si3210", "Si3210M", "Si3215", "Si3215M")


def reset_values(part: str, revision: str) -> dict[int, int]:
    """The direct registers of `part` after reset, number -> value.

    Raises ValueError for a part or a revision letter that does not exist.
    """
    if part not in PARTS:
        raise ValueError(f"part {part!r}: one of {', '.join(PARTS)}")
    if revision not in _REVISIONS:
        raise ValueError(f"revision {revision!r}: one of {', '.join(_REVISIONS)}")
    values = dict.fromkeys(range(109), 0) | _RESET
    external_mosfet = part.endswith("M")
    values[SPI_MODE] = _REVISIONS[revision] | (0x30 if external_mosfet else 0)
    values[PCM_MODE] = 0x88 if part.startswith("Si3215") else 0x08
    values[DCDC_OFF_TIME] = 0x34 if external_mosfet else 0x14
    return values


def writable_bits(part: str) -> dict[int, int]:
    """Register number -> the bits that a write changes."""
    if part.startswith("Si3210"):
        return _WRITABLE | {6: 0xFF, 14: 0x3F, 35: 0x1C, **dict.fromkeys(range(44, 48), 0xFF)}
    return _WRITABLE | {67: 0x77}  # ABAT is a bit of the Si3210 only


# Indirect registers that the driver knows by name: mnemonic -> address, on each part.
_INDIRECT_3210 = {
    "OSC1": 13, "OSC1X": 14, "OSC1Y": 15, "OSC2": 16, "OSC2X": 17, "OSC2Y": 18, "ROFF": 19, "RCO": 20,
    "RNGX": 21, "RNGY": 22, "RXG": 26, "TXG": 27, "LCRT": 28, "RPTP": 29, "CML": 30, "CMH": 31,
    "PPT12": 32, "PPT34": 33, "PPT56": 34, "NCLR": 35, "NRTP": 36, "NQ12": 37, "NQ34": 38, "NQ56": 39,
    "VCMR": 40, "VMIND": 41, "LCRTL": 43,
}  # fmt: skip
_INDIRECT_3215 = {
    "OSC1": 0, "OSC1X": 1, "OSC1Y": 2, "OSC2": 3, "OSC2X": 4, "OSC2Y": 5, "ROFF": 6, "RCO": 7,
    "RNGX": 8, "RNGY": 9, "RXG": 13, "TXG": 14, "LCRT": 15, "RPTP": 16, "CML": 17, "CMH": 18,
    "PPT12": 19, "PPT34": 20, "PPT56": 21, "NCLR": 22, "NRTP": 23, "NQ12": 24, "NQ34": 25, "NQ56": 26,
    "VCMR": 27, "VMIND": 64, "LCRTL": 66,
}  # fmt: skip
_INTERNAL = (*range(88, 96), 97, *range(194, 212))

# The DTMF decoder of the Si3210 works with this set in indirect registers 0-12 and with no other.
DTMF_COEFFICIENTS = (
    0x55C2, 0x51E6, 0x4B85, 0x4937, 0x3333, 0x0202, 0x0202, 0x0198, 0x0198, 0x0611, 0x0202, 0x00E5, 0x0A1C,
)  # fmt: skip


def indirect_map(part: str) -> dict[str, int]:
    """Mnemonic -> address of the indirect registers of `part`."""
    return _INDIRECT_3210 if part.startswith("Si3210") else _INDIRECT_3215


def indirect_addresses(part: str) -> frozenset[int]:
    """The addresses where `part` has an indirect register; elsewhere writes are lost and zeros are read."""
    named = indirect_map(part).values()
    if part.startswith("Si3210"):
        return frozenset((*named, *range(13), 23, 24, 25, *_INTERNAL, *range(99, 105)))
    return frozenset((*named, *_INTERNAL, *range(69, 75)))


def low_pass_factor(value: int) -> float:
    """Per 1.25 ms step factor of a low-pass register (D15:3; 8000h = no filter)."""
    return min((value >> 3) / 4096, 1.0)
