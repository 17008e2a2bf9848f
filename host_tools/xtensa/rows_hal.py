"""Rows of what a board's HAL does in 20 ms."""

from collections.abc import Iterator
from typing import Any

from host_tools.xtensa.recorder import Step
from host_tools.xtensa.rows import row
from host_tools.xtensa.signals import noise

_RAM = 0x3FFB0000  # any addresses in internal RAM: they are only compared and handed on
_BLOCK_BYTES = 640


def _ring() -> tuple[Any, bytearray, bytearray]:
    """The state of a PCM port, and its two position registers."""
    from array import array

    from ata.hal import esp32_pcm as pcm

    state = array("i", bytes(4 * pcm.STATE_WORDS))
    for place in range(pcm.IN_DESCRIPTORS, pcm.STATE_WORDS):
        state[place] = _RAM + 16 * place
    return state, bytearray(4), bytearray(4)


def _go(register: bytearray, address: int) -> None:
    register[:] = address.to_bytes(4, "little")


@row("esp32 PCM", "two blocks in and out of the DMA rings")
def _pcm() -> Iterator[Step]:
    from ata.hal import esp32_pcm as pcm

    state, came, gone = _ring()
    dma, block = bytearray(_BLOCK_BYTES), noise(2 * 80)
    descriptor = bytearray(12)

    def turn() -> None:
        for k in (0, 1):
            _go(came, state[pcm.IN_DESCRIPTORS + k])
            assert pcm.next_in(state, came)
            pcm.unpack(dma, block)
        assert not pcm.next_in(state, came)
        for k in (0, 1):
            _go(gone, state[pcm.OUT_DESCRIPTORS + k])
            assert pcm.next_played(state, gone)
            pcm.point(descriptor, _RAM)
            assert not pcm.next_played(state, gone)
            assert pcm.place_out(state) >= 0
            pcm.pack(dma, block)
            pcm.point(descriptor, _RAM)

    yield turn
