"""The board's three links on loopback sockets: SPI (TCP), interrupt (TCP), PCM (UDP), in real time.

SPI: frames [chip select][length][bytes] answered by `length` bytes. Selects 0 and 1 are the chips of ports 1
and 2, FEh is the chips' reset line ([1] asserted, [0] released), FDh the PCM clock ([on][UDP port high][low]:
blocks go to that port from then on). Interrupt: one byte, 0 or 1, at each change and when connected.
PCM: one datagram is one block of 10 ms, 80 × (port 1 int16 LE, port 2 int16 LE), both ways.

Board time follows the monotonic clock without drift. A process that was held up catches up by at most four
blocks at once; what is more is left out of board time (`slipped`), so that no FIFO overflows.
"""

import asyncio
import time

from host_tools.virtual_board.board import BLOCK_SECONDS, Board

LOOPBACK = "127.0.0.1"
_SELECT_RESET = 0xFE
_SELECT_CLOCK = 0xFD
_WAKE = 0.005  # s: how often the board is advanced at least; the worst delay of an interrupt
_MOST_BEHIND = 4 * BLOCK_SECONDS


class BoardServer:
    """`spi_port`, `irq_port`, `pcm_port` after start(). Use as `async with BoardServer(board) as server`."""

    def __init__(self, board: Board):
        self.board = board
        self.spi_port = self.irq_port = self.pcm_port = 0
        self.connected = asyncio.Event()  # the firmware has opened the SPI link
        self.gone = asyncio.Event()  # … and closed it again
        self.slipped = 0.0  # seconds by which board time stayed behind the monotonic clock
        self._origin = 0.0  # monotonic time of board time 0
        self._servers: list[asyncio.Server] = []
        self._links: set[asyncio.Transport] = set()
        self._irq_links: set[asyncio.Transport] = set()
        self._pcm: asyncio.DatagramTransport | None = None
        self._pcm_peer: tuple[str, int] | None = None
        self._timer: asyncio.TimerHandle | None = None

    # ---- life ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the links on free ports and let board time run."""
        loop = asyncio.get_running_loop()
        spi = await loop.create_server(lambda: _SpiLink(self), LOOPBACK, 0)
        irq = await loop.create_server(lambda: _IrqLink(self), LOOPBACK, 0)
        self._servers = [spi, irq]
        self.spi_port = spi.sockets[0].getsockname()[1]
        self.irq_port = irq.sockets[0].getsockname()[1]
        self._pcm, _ = await loop.create_datagram_endpoint(lambda: _PcmLink(self), local_addr=(LOOPBACK, 0))
        self.pcm_port = self._pcm.get_extra_info("sockname")[1]
        self.board.on_block = self._send_block
        self.board.on_interrupt = self._send_interrupt
        self._origin = time.monotonic() - self.board.now
        self._wake()

    async def close(self) -> None:
        """Stop the clock and close the links."""
        if self._timer:
            self._timer.cancel()
        self._timer = None
        self.board.on_block = self.board.on_interrupt = None
        for server in self._servers:
            server.close()
        for link in list(self._links):
            link.abort()
        if self._pcm:
            self._pcm.close()
        self._servers = []
        self._pcm = None
        await asyncio.sleep(0)

    async def __aenter__(self) -> "BoardServer":
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    # ---- time ---------------------------------------------------------------------------------------

    def board_time(self, monotonic: float | None = None) -> float:
        """Board time in seconds at a value of time.monotonic() (default: now)."""
        return (time.monotonic() if monotonic is None else monotonic) - self._origin

    def advance(self) -> None:
        """Bring the board to the present."""
        now = time.monotonic() - self._origin
        behind = now - self.board.now
        if behind > _MOST_BEHIND:
            self.slipped += behind - _MOST_BEHIND
            self._origin += behind - _MOST_BEHIND
            now -= behind - _MOST_BEHIND
        self.board.advance_to(now)

    def _wake(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self.advance()
        finally:  # a listener's exception is the event loop's to report; the clock goes on
            # The next multiple of the period in board time, however late this wake-up was.
            steps = int(self.board_time() / _WAKE) + 1
            self._timer = loop.call_at(loop.time() + max(0.0, steps * _WAKE - self.board_time()), self._wake)

    # ---- links --------------------------------------------------------------------------------------

    def answer(self, select: int, tx: bytes) -> bytes:
        """One frame of the SPI link."""
        self.advance()
        if select == _SELECT_RESET:
            self.board.slic_reset(bool(tx and tx[0]))
            return bytes(tx)
        if select == _SELECT_CLOCK:
            on = bool(tx and tx[0])
            if on and len(tx) >= 3:
                self._pcm_peer = (LOOPBACK, tx[1] << 8 | tx[2])
            self.board.pclk(on)
            return bytes(tx)
        return self.board.spi(select, tx)

    def _send_block(self, block: bytes) -> None:
        if self._pcm and self._pcm_peer:
            self._pcm.sendto(block, self._pcm_peer)

    def _send_interrupt(self, level: bool) -> None:
        for link in self._irq_links:
            link.write(b"\x01" if level else b"\x00")


class _SpiLink(asyncio.Protocol):
    def __init__(self, server: BoardServer):
        self._server = server
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport  # asyncio sets TCP_NODELAY by itself
        self._server._links.add(transport)
        self._server.connected.set()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        reply = bytearray()
        at = 0
        while len(buffer) - at >= 2 and len(buffer) - at >= 2 + buffer[at + 1]:
            end = at + 2 + buffer[at + 1]
            reply += self._server.answer(buffer[at], bytes(buffer[at + 2 : end]))
            at = end
        del buffer[:at]
        if reply and self._transport:
            self._transport.write(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport:
            self._server._links.discard(self._transport)
        self._server.gone.set()


class _IrqLink(asyncio.Protocol):
    def __init__(self, server: BoardServer):
        self._server = server
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server._links.add(transport)
        self._server._irq_links.add(transport)
        transport.write(b"\x01" if self._server.board.interrupt else b"\x00")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport:
            self._server._links.discard(self._transport)
            self._server._irq_links.discard(self._transport)


class _PcmLink(asyncio.DatagramProtocol):
    def __init__(self, server: BoardServer):
        self._server = server

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        if len(data) == 320:
            self._server.board.pcm_write(data)
