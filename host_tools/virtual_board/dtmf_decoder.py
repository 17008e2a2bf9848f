"""The DTMF decoder that the Si3210 has on its transmit path (register 24)."""

import numpy as np

_LOW = (697.0, 770.0, 852.0, 941.0)
_HIGH = (1209.0, 1336.0, 1477.0, 1633.0)
# Register 24's codes: 1-9 as they are, 0 = 10, * = 11, # = 12, A B C = 13 14 15, D = 0.
_CODES = ((1, 2, 3, 13), (4, 5, 6, 14), (7, 8, 9, 15), (11, 10, 12, 0))
_WINDOW = 160
_BLOCK_MS = 10
_ACCEPT_BLOCKS = 2  # further blocks that agree with the first full window: 40 ms in all
_LEAST = 22828 * 10 ** (-36 / 20)  # peak of each tone

_TIMES = np.arange(_WINDOW) / 8000
_BASIS = np.exp(-2j * np.pi * np.outer(_LOW + _HIGH, _TIMES)) * 2 / _WINDOW


class DtmfDecoder:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._window = np.zeros(_WINDOW)
        self._candidate: int | None = None
        self._agreed = 0

    def block(self, samples: np.ndarray) -> int | None:
        """80 samples in; the code of the digit that is valid now, or None."""
        self._window = np.concatenate((self._window[-_WINDOW + len(samples) :], samples))
        code = self._look()
        if code is None or code != self._candidate:
            self._candidate, self._agreed = code, 0
            return None
        self._agreed += 1
        return code if self._agreed >= _ACCEPT_BLOCKS else None

    def _look(self) -> int | None:
        energy = float(self._window @ self._window) / _WINDOW
        if energy < _LEAST**2 / 2:
            return None
        peaks = np.abs(_BASIS @ self._window)
        row, column = int(np.argmax(peaks[:4])), int(np.argmax(peaks[4:]))
        low, high = peaks[row], peaks[4 + column]
        if min(low, high) < _LEAST or not 0.35 < high / low < 2.8:
            return None
        if (low * low + high * high) / 2 < 0.7 * energy:
            return None
        return _CODES[row][column]
