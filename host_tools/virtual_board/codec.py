"""The chip's voice path: PCM words of the highway to and from the signal on the line, in 10 ms blocks.

Signals on the line are in PCM units (22828 peak = 0 dBm0), so that with all gains at 0 dB a word passes
unchanged. The path exists only while the line is in an active or on-hook transmission state, sampled at
800 Hz, so a dial pulse or a change of state clicks as it does on a line.
"""

import math
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from host_tools.virtual_board import calibration as cal
from host_tools.virtual_board import chip_registers as reg
from host_tools.virtual_board.dtmf_decoder import DtmfDecoder
from host_tools.virtual_board.highway import FRAME_BITS, compress, expand
from host_tools.virtual_board.oscillator import ToneOscillator

if TYPE_CHECKING:
    from host_tools.virtual_board.chip import Si321xChip

BLOCK = 80  # samples per block
_STEPS = 8  # of 1.25 ms in a block
_ANALOG_GAIN = (1.0, 10 ** (-3.5 / 20), 10 ** (3.5 / 20), 0.0)  # fields ATX and ARX of register 9
_OFFSET_FOLLOWS = 0.03  # per block: the high-pass takes away only the DC that calibration left (about 0.5 Hz)
_ECHO = np.array([0.0, 0.75, 0.55, -0.30, 0.20])
_ECHO /= np.linalg.norm(_ECHO)
_SILENCE = np.zeros(BLOCK)


class Codec:
    """transmit() and receive() of one chip. `balance_db`: echo return loss of hybrid and telephone."""

    def __init__(self, chip: "Si321xChip", noise_dbm0: float = -75.0, seed: int = 0):
        self._chip = chip
        self.balance_db = 20.0
        rate = 8000 if chip.part.startswith("Si3210") else 16000
        self.oscillators = (ToneOscillator(rate), ToneOscillator(rate))
        self._decoder = DtmfDecoder() if chip.part.startswith("Si3210") else None
        rms = 22828 / math.sqrt(2) * 10 ** (noise_dbm0 / 20)
        self._noise = np.random.default_rng(seed).normal(0.0, rms, 8000 + BLOCK)
        self._noise_at = 0
        self._gates: deque[bool] = deque(maxlen=_STEPS)
        self._tone_gates: deque[tuple[bool, bool]] = deque(maxlen=_STEPS)
        self.reset()

    def reset(self) -> None:
        self._history = np.zeros(len(_ECHO) - 1)
        self._offset = 0.0
        self._to_line = _SILENCE
        self._looped = _SILENCE
        self._gate: tuple[bool, ...] | None = ()  # None: connected for the whole block
        if self._decoder:
            self._decoder.reset()
        self._chip.registers[reg.DTMF] = 0

    def gate(self) -> None:
        """Called each 1.25 ms: note whether line and codec are connected, and which tones are on."""
        self._gates.append(self._chip.running and self._chip.line.talking)
        timers = self._chip.timers
        self._tone_gates.append((timers["o1"].on, timers["o2"].on))

    # ---- highway ------------------------------------------------------------------------------------

    @property
    def _enabled(self) -> bool:
        return self._chip.running and bool(self._chip.registers[reg.PCM_MODE] & 0x20)

    @property
    def transmit_start(self) -> int | None:
        """The PCLK count at which this chip starts to drive the highway, None if it does not."""
        start = self._chip.word(reg.TXS_LOW) & 0x3FF
        return start if self._enabled and start < FRAME_BITS else None

    @property
    def receive_start(self) -> int | None:
        start = self._chip.word(reg.RXS_LOW) & 0x3FF
        return start if self._enabled and start < FRAME_BITS else None

    # ---- one block ----------------------------------------------------------------------------------

    def receive(self, words: np.ndarray | None) -> np.ndarray:
        """From the highway (80 uint16 words at this chip's RXS, None if nothing) to the line: 80 floats."""
        r = self._chip.registers
        gates = tuple(self._gates)
        self._gate = None if len(gates) == _STEPS and all(gates) else gates
        if not self._chip.running or (self._gate is not None and not any(gates)):
            self._to_line = self._looped = _SILENCE
            if r[reg.LOOPBACK] & 0x03 and words is not None and self._chip.running:
                self._looped = expand(words, r[reg.PCM_MODE])
            self._gate = ()
            return _SILENCE
        signal = _SILENCE if words is None else expand(words, r[reg.PCM_MODE])
        self._looped = signal
        gain = self._chip.named("RXG") / 0x4000 * _ANALOG_GAIN[r[reg.AUDIO_GAIN] & 0x03]
        if r[reg.AUDIO_GAIN] & 0x10 or r[reg.LOOPBACK] & 0x02:
            gain = 0.0
        if gain != 1.0:
            signal = signal * gain
        if (r[reg.OSC1] | r[reg.OSC2]) & 0x06 > 0x04:
            signal = signal + self._tones(0x02)
        if self._gate is not None:
            signal = signal * self._gate_mask()
        self._to_line = np.clip(signal, -32768, 32767)
        return self._to_line

    def transmit(self, line: np.ndarray, terminated: bool) -> np.ndarray:
        """From the line (80 floats that the telephone sends) to the highway: 80 uint16 words.

        terminated: a telephone is off-hook, so that the hybrid is balanced.
        """
        chip, r = self._chip, self._chip.registers
        mode = r[reg.PCM_MODE]
        if r[reg.LOOPBACK] & 0x02:  # DLM: what comes in goes out
            return compress(self._looped, mode)
        if self._gate is not None and not any(self._gate) and not r[reg.LOOPBACK] & 0x01:
            return compress(_SILENCE, mode)
        if r[reg.LOOPBACK] & 0x01:  # ALM1: DAC to ADC inside the chip
            signal = self._looped
        elif r[reg.LOOPBACK] & 0x04:  # ALM2: DAC to ADC at the line
            signal = self._to_line
        else:
            signal = line + self._echo(terminated)
            if self._gate is not None:
                signal = signal * self._gate_mask()
        self._noise_at = (self._noise_at + 997) % 8000
        signal = signal + self._noise[self._noise_at : self._noise_at + BLOCK]
        if chip.calibration.lacks(1, cal.ADC):
            signal = signal + 900.0  # assumed: the offset that calibration removes
        gain = chip.named("TXG") / 0x4000 * _ANALOG_GAIN[r[reg.AUDIO_GAIN] >> 2 & 0x03]
        if r[reg.AUDIO_GAIN] & 0x20:
            gain = 0.0
        if gain != 1.0:
            signal = signal * gain
        if self._decoder and terminated:
            self._decode_dtmf(signal)
        if not r[reg.AUDIO_GAIN] & 0x40:
            self._offset += _OFFSET_FOLLOWS * (float(signal.mean()) - self._offset)
            signal = signal - self._offset
        if (r[reg.OSC1] | r[reg.OSC2]) & 0x05 > 0x04:
            signal = signal + self._tones(0x01)
        return compress(signal, mode)

    def _gate_mask(self) -> np.ndarray:
        return np.repeat(np.array(self._gate, dtype=float), BLOCK // max(1, len(self._gate or ())))

    def _echo(self, terminated: bool) -> np.ndarray:
        extended = np.concatenate((self._history, self._to_line))
        self._history = extended[-len(self._history) :]
        loss = self.balance_db if terminated else 6.0
        r = self._chip.registers
        if r[reg.HYBRID] & 0x07 == 7 or not r[reg.TWO_WIRE] & 0x08:
            loss = min(loss, 6.0)  # no hybrid balance, or no synthesised impedance
        return np.convolve(extended, _ECHO, "valid") * 10 ** (-loss / 20)

    def _tones(self, route: int) -> np.ndarray:
        total = np.zeros(BLOCK)
        for index, names in enumerate((("OSC1", "OSC1X", "OSC1Y"), ("OSC2", "OSC2X", "OSC2Y"))):
            mode = self._chip.registers[reg.OSC1 + index]
            gates = [gate[index] for gate in self._tone_gates]
            if mode & 0x04 and mode & route and any(gates):
                tone = self.oscillators[index].block(*[self._chip.named(name) for name in names], n=BLOCK)
                total += tone * np.repeat(np.array(gates, dtype=float), BLOCK // len(gates))
        return total

    def _decode_dtmf(self, signal: np.ndarray) -> None:
        assert self._decoder is not None
        chip = self._chip
        if tuple(chip.indirect[:13]) != reg.DTMF_COEFFICIENTS:
            return
        code = self._decoder.block(signal)
        if code is None:
            chip.registers[reg.DTMF] &= 0x0F
        elif chip.registers[reg.DTMF] != 0x10 | code:
            chip.registers[reg.DTMF] = 0x10 | code
            chip.registers[reg.IRQ_3] |= 0x01
