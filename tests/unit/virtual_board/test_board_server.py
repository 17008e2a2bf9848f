# runs on: cpython
"""The board's sockets: the SPI, interrupt and PCM protocols byte by byte, and real time."""

import asyncio
import socket
import struct
import time

from host_tools.virtual_board.board import Board
from host_tools.virtual_board.server import LOOPBACK, BoardServer


class Controller:
    """The other end of the three links."""

    def __init__(self, server: BoardServer):
        self.server = server

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection(LOOPBACK, self.server.spi_port)
        self.irq, self._irq_writer = await asyncio.open_connection(LOOPBACK, self.server.irq_port)
        self.pcm = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.pcm.bind((LOOPBACK, 0))
        self.pcm.setblocking(False)
        return self

    async def __aexit__(self, *exc):
        self.writer.close()
        self._irq_writer.close()
        self.pcm.close()

    async def spi(self, select: int, tx: bytes) -> bytes:
        self.writer.write(bytes((select, len(tx))) + tx)
        return await self.reader.readexactly(len(tx))

    async def clock(self, on: bool) -> None:
        port = self.pcm.getsockname()[1]
        assert await self.spi(0xFD, struct.pack(">BH", on, port)) == struct.pack(">BH", on, port)

    async def release(self) -> None:
        await self.clock(True)
        await self.spi(0xFE, b"\x01")
        assert await self.spi(0xFE, b"\x00") == b"\x00"

    async def block(self) -> bytes:
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.pcm, 2000), 1.0)


def run(story):
    async def go():
        async with BoardServer(Board()) as server, Controller(server) as controller:
            await asyncio.wait_for(story(server, controller), 20)

    asyncio.run(go())


def test_frames_of_the_spi_link():
    async def story(server, controller):
        assert server.connected.is_set()
        assert await controller.spi(0, b"\x80\x00") == b"\xff\xff"  # still in reset
        await controller.release()
        assert await controller.spi(0, b"\x81\x00") == b"\xff\x88"
        assert await controller.spi(1, b"\x81\x00") == b"\xff\x08"
        assert await controller.spi(7, b"\x81\x00") == b"\xff\xff"
        assert await controller.spi(0, b"") == b""

    run(story)


def test_frames_may_come_in_pieces_or_several_at_once():
    async def story(server, controller):
        await controller.release()
        for piece in (b"\x00", b"\x02\x8b", b"\x00\x01\x02", b"\x88\x00"):
            controller.writer.write(piece)
            await asyncio.sleep(0.01)
        assert await controller.reader.readexactly(4) == b"\xff\x33\xff\x02"

    run(story)


def test_blocks_of_320_bytes_come_every_10_ms_without_drift():
    async def story(server, controller):
        await controller.release()
        await controller.block()
        begin = time.monotonic()
        for _ in range(100):
            assert len(await controller.block()) == 320
        lasted = time.monotonic() - begin
        assert 0.97 < lasted < 1.25
        assert abs(server.board.now - server.board_time()) < 0.05

    run(story)


def test_blocks_written_are_played_and_the_clock_can_be_stopped():
    async def story(server, controller):
        await controller.release()
        for register in (2, 4):
            await controller.spi(0, bytes((register, 33)))
        await controller.spi(0, b"\x01\x3c")  # PCM on; register 8 still loops it back
        tx = struct.pack("<hh", 1234, 0) * 80
        heard = b""
        for _ in range(20):
            controller.pcm.sendto(tx, (LOOPBACK, server.pcm_port))
            controller.pcm.sendto(b"rubbish", (LOOPBACK, server.pcm_port))
            heard = await controller.block()
        assert struct.unpack("<hh", heard[:4])[0] == 1234
        await controller.clock(False)
        await asyncio.sleep(0.05)
        while True:
            try:
                controller.pcm.recv(2000)
            except BlockingIOError:
                break
        await asyncio.sleep(0.05)
        try:
            controller.pcm.recv(2000)
            raise AssertionError("a block came without a clock")
        except BlockingIOError:
            pass

    run(story)


def test_the_interrupt_byte_comes_on_connect_and_at_each_change():
    async def story(server, controller):
        assert await controller.irq.readexactly(1) == b"\x00"
        await controller.release()
        server.board.chip(2).registers[19] = 0x02  # as the loop detector does
        await controller.spi(1, b"\x16\x02")  # enable
        assert await asyncio.wait_for(controller.irq.readexactly(1), 1) == b"\x01"
        await controller.spi(1, b"\x13\x02")  # clear
        assert await asyncio.wait_for(controller.irq.readexactly(1), 1) == b"\x00"

    run(story)


def test_an_access_sees_the_board_at_the_present_time():
    async def story(server, controller):
        await controller.release()
        await controller.spi(0, b"\x0e\x00")  # converter on
        begin = time.monotonic()
        while (await controller.spi(0, b"\xd2\x00"))[1] < 0xC0:
            assert time.monotonic() - begin < 1.0
        assert 0.1 < time.monotonic() - begin < 0.4

    run(story)


def test_a_process_that_was_held_up_catches_up_by_four_blocks_and_slips_the_rest():
    async def story(server, controller):
        await controller.release()
        await controller.block()
        count = 0
        time.sleep(0.3)
        await asyncio.sleep(0.012)
        while True:
            try:
                controller.pcm.recv(2000)
                count += 1
            except BlockingIOError:
                break
        assert 4 <= count <= 7
        assert 0.2 < server.slipped < 0.35

    run(story)


def test_closing_the_board_closes_the_links_and_a_lost_controller_is_noticed():
    async def story():
        server = BoardServer(Board())
        await server.start()
        async with Controller(server) as controller:
            await controller.spi(0, b"\x80\x00")
            await server.close()
            assert await controller.reader.read(1) == b""
        async with BoardServer(Board()) as server:
            async with Controller(server):
                await asyncio.sleep(0.02)
            await asyncio.wait_for(server.gone.wait(), 1)

    asyncio.run(story())
