"""The PCM highway: 64 bit periods per 8 kHz frame, in which the controller has one 16-bit word per port.

With PCLK = 512 kHz and I2S framing the words of port 1 (left) and port 2 (right) start at PCLK counts 33
and 1, so a chip with another TXS or RXS talks and listens beside its word, shifted bit by bit.
"""

import numpy as np

FRAME_BITS = 64
SLOT_START = (33, 1)  # PCLK count of the first bit of port 1, port 2
_WORD = 16


def _law_table(a_law: bool) -> np.ndarray:
    """256 linear values of G.711 codes (ITU-T G.711 tables 1a, 2a; 16-bit scale)."""
    table = np.zeros(256)
    for code in range(256):
        if a_law:
            value = code ^ 0x55
            segment, step = value >> 4 & 7, value & 15
            level = (step * 2 + 1) * 8 if segment == 0 else (step * 2 + 33) * 8 << segment - 1
            table[code] = level if value & 0x80 else -level
        else:
            value = ~code & 0xFF
            level = ((((value & 15) << 3) + 0x84) << (value >> 4 & 7)) - 0x84
            table[code] = -level if value & 0x80 else level
    return table


_TABLES = (_law_table(True), _law_table(False))
_ORDERS = tuple(np.argsort(table, kind="stable") for table in _TABLES)


def expand(words: np.ndarray, mode: int) -> np.ndarray:
    """uint16 words at a chip's receive slot -> samples (float), by its PCM mode register 1."""
    law = mode >> 3 & 3
    if law >= 2:
        if not mode & 0x04:  # 8 bits of linear: the upper half only
            words = words & 0xFF00
        return words.astype(np.int16).astype(float)
    return _TABLES[law][words >> 8]


def compress(samples: np.ndarray, mode: int) -> np.ndarray:
    """Samples -> uint16 words of a chip's transmit slot, by its PCM mode register 1."""
    law = mode >> 3 & 3
    if law >= 2:
        words = np.clip(np.rint(samples), -32768, 32767).astype(np.int16).view(np.uint16)
        return words if mode & 0x04 else words & 0xFF00
    order = _ORDERS[law]
    levels = _TABLES[law][order]
    middle = (levels[1:] + levels[:-1]) / 2
    return (order[np.searchsorted(middle, samples, "right")] << 8).astype(np.uint16)


def window(words: np.ndarray, start: int, at: int) -> np.ndarray | None:
    """16 bits from bit position `at` of a highway that carries `words` from position `start` on.

    None if the two do not overlap. Bits that nobody drives are read as 0.
    """
    shift = at - start
    if shift == 0:
        return words
    if abs(shift) >= _WORD:
        return None
    if shift > 0:
        return (words << shift).astype(np.uint16)
    return words >> -shift
