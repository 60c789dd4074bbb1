"""Files past the loop: the bytes are those of the file, in order, and a reader who leaves or is slow harms nobody."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
import uvloop

from connector.http import sendfile
from connector.http.connection import bound, reset

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]
LATER = 20.0


def run(loop: Callable[[], asyncio.AbstractEventLoop], main: Callable[[], object]) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())  # type: ignore[arg-type]


class Served(asyncio.Protocol):
    """Sends a head and then the part of a file to whoever connects."""

    def __init__(self, file: int, start: int, stop: int, between: Callable[[asyncio.Transport], None]) -> None:
        self._file, self._span, self._between = file, (start, stop), between
        self.sent = 0
        self.over: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are none by name
        bound(transport)
        self._task = asyncio.get_running_loop().create_task(self._send(self.transport))

    def _count(self, sent: int) -> None:
        self.sent += sent

    async def _send(self, transport: asyncio.Transport) -> None:
        assert sendfile.fits(transport)
        transport.write(b"head")
        self.outlet = sendfile.Outlet(transport)
        try:
            async for done in sendfile.pieces(self.outlet, self._file, *self._span, sent=self._count):
                assert 0 < done <= sendfile.PIECE
                self._between(transport)
            self.over.set_result(None)
        except (ConnectionError, OSError) as error:
            self.over.set_result(error)
        finally:
            self.outlet.close()
        transport.close()


async def served(
    path: Path, start: int, stop: int, between: Callable[[asyncio.Transport], None] = lambda transport: None
) -> tuple[Served, socket.socket, asyncio.AbstractServer]:
    loop = asyncio.get_running_loop()
    file = os.open(path, os.O_RDONLY)
    protocol = Served(file, start, stop, between)
    protocol.over.add_done_callback(lambda done: os.close(file))
    server = await loop.create_server(lambda: protocol, "127.0.0.1", 0)
    client = socket.socket()
    client.setblocking(False)
    await loop.sock_connect(client, server.sockets[0].getsockname())
    return protocol, client, server


async def everything(client: socket.socket) -> bytes:
    got, loop = bytearray(), asyncio.get_running_loop()
    while piece := await loop.sock_recv(client, 1 << 20):
        got += piece
    client.close()
    return bytes(got)


def made(folder: Path, size: int) -> tuple[Path, bytes]:
    path, body = folder / "file", os.urandom(size)
    path.write_bytes(body)
    return path, body


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize(("start", "stop"), [(0, 10_000_000), (1, 9_999_999), (5_000_000, 5_000_001), (7, 7)])
def test_the_bytes_come_after_what_was_written_before(
    tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop], start: int, stop: int
) -> None:
    path, body = made(tmp_path, 10_000_000)

    async def main() -> None:
        protocol, client, server = await served(path, start, stop)
        assert await everything(client) == b"head" + body[start:stop]
        assert await protocol.over is None
        assert protocol.sent == stop - start
        server.close()

    run(loop, main)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_reader_who_leaves_ends_it(tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    path, _ = made(tmp_path, 20_000_000)

    async def main() -> None:
        protocol, client, server = await served(path, 0, 20_000_000)
        await asyncio.get_running_loop().sock_recv(client, 100_000)
        client.close()
        assert isinstance(await asyncio.wait_for(protocol.over, LATER), OSError)
        assert protocol.sent < 20_000_000
        server.close()

    run(loop, main)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_cut_between_two_pieces_never_looks_like_an_end(
    tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    path, body = made(tmp_path, 3 * sendfile.PIECE)

    async def main() -> None:
        protocol, client, server = await served(path, 0, len(body), reset)
        with pytest.raises(ConnectionResetError):
            await everything(client)
        assert isinstance(await asyncio.wait_for(protocol.over, LATER), ConnectionResetError)
        client.close()
        server.close()

    run(loop, main)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_file_that_becomes_shorter_ends_early(tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    path, body = made(tmp_path, 2 * sendfile.PIECE)

    async def main() -> None:
        protocol, client, server = await served(path, 0, len(body), lambda transport: os.truncate(path, sendfile.PIECE))
        assert await everything(client) == b"head" + body[: sendfile.PIECE]
        assert await protocol.over is None
        assert protocol.sent == sendfile.PIECE
        server.close()

    run(loop, main)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_reader_who_waits_gets_it_all_later(tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    path, body = made(tmp_path, 8_000_000)

    async def main() -> None:
        protocol, client, server = await served(path, 0, len(body))
        await asyncio.get_running_loop().sock_recv(client, 0)
        assert not protocol.over.done()
        assert await everything(client) == b"head" + body
        assert await protocol.over is None
        server.close()

    run(loop, main)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_cut_while_nobody_reads_ends_it(tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    path, body = made(tmp_path, 8_000_000)

    async def main() -> None:
        own = asyncio.get_running_loop()
        protocol, client, server = await served(path, 0, len(body))
        assert await own.sock_recv(client, 4) == b"head"
        reset(protocol.transport)
        assert isinstance(await asyncio.wait_for(protocol.over, LATER), ConnectionResetError)
        client.close()
        server.close()

    run(loop, main)


@pytest.mark.parametrize("loop", LOOPS)
def test_what_the_kernel_has_taken_goes_no_further_once_the_outlet_is_closed(
    tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    path, body = made(tmp_path, 20_000_000)

    async def main() -> None:
        own = asyncio.get_running_loop()
        protocol, client, server = await served(path, 0, len(body))
        assert await own.sock_recv(client, 4) == b"head"
        while not protocol.sent:  # the kernel has some
            await asyncio.sleep(0)
        protocol.outlet.close()
        reset(protocol.transport)
        assert isinstance(await asyncio.wait_for(protocol.over, LATER), ConnectionResetError)
        await asyncio.sleep(0)
        # The reset is here before the reader takes anything more: it did not wait for the kernel's buffers.
        with pytest.raises(ConnectionResetError):
            await everything(client)
        assert protocol.sent < len(body)
        client.close()
        server.close()

    run(loop, main)
