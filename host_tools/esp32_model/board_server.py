"""The virtual board with the modelled ESP32's I2S unit on its PCM highway instead of a socket.

Board time drives the registers: after each advance of the board the unit runs as many frames. What it shifts
out goes to the chips' slots in blocks of 10 ms, what they say goes to its data input; without PCLK and frame
sync at the pads the chips have no clock.
"""

import numpy as np

from host_tools.esp32_model.i2s import I2s, join, slot
from host_tools.esp32_model.registers import Registers
from host_tools.virtual_board.board import Board
from host_tools.virtual_board.codec import BLOCK
from host_tools.virtual_board.highway import SLOT_START
from host_tools.virtual_board.server import BoardServer

_PCLK_HZ = 512000
_FRAME_HZ = 8000
_TOLERANCE = 0.01


class I2sBoardServer(BoardServer):
    """`unit`: the number of the I2S unit that the board's description names."""

    def __init__(self, board: Board, registers: Registers, unit: int):
        super().__init__(board)
        self._registers = registers
        self._unit: I2s = registers.units[unit]
        self._frames = 0  # that the registers have run
        self._heard = [np.zeros(0, np.int16) for _ in SLOT_START]
        self._clocked = False

    def advance(self) -> None:
        super().advance()
        frames = int(self.board.now * _FRAME_HZ)
        # A block at a time, so that both sides hear each other with the same delay however late we are.
        while self._frames < frames:
            count = min(BLOCK, frames - self._frames)
            self._frames += count
            self._registers.advance(count)
            self._carry()
        clock, sync = self._unit.port_hz
        on = abs(clock / _PCLK_HZ - 1) < _TOLERANCE and abs(sync / _FRAME_HZ - 1) < _TOLERANCE
        if on != self._clocked:
            self._clocked = on
            self.board.pclk(on)

    def _carry(self) -> None:
        frames = self._unit.frames_out()
        for index, start in enumerate(SLOT_START):
            new = slot(frames, start).view(np.int16)
            self._heard[index] = np.concatenate((self._heard[index], new))
        while len(self._heard[0]) >= BLOCK:
            block = np.empty(2 * BLOCK, np.int16)
            for index in range(2):
                block[index::2] = self._heard[index][:BLOCK]
                self._heard[index] = self._heard[index][BLOCK:]
            if self.board.clocked:
                self.board.pcm_write(block.tobytes())

    def _send_block(self, block: bytes) -> None:
        words = np.frombuffer(block, np.int16)
        said = {start: words[index::2].view(np.uint16) for index, start in enumerate(SLOT_START)}
        self._unit.frames_in(join(said))
