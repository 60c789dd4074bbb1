"""The data processes of a node: started, started again when one ends, ended with the node.

What lives here: their number and their life. What does not: what they do (`connector.worker`), what they are answered
(`answering`). The kernel shares the connections of their one port out among them (SO_REUSEPORT).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from pathlib import Path

import structlog

from connector.data.workers.answering import Answering
from connector.errors import InputError
from connector.ports import Clock
from policies.model import Reason

log = structlog.get_logger()
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_LASTED = 60.0
"""Seconds after which a process that ends is not one that cannot start."""
_PATIENCE = 15.0


class Crew:
    """`count` data processes of the node in `directory`; `answering` is what they ask."""

    def __init__(self, count: int, directory: Path, *, answering: Answering, clock: Clock) -> None:
        self._count, self._directory, self._answering, self._clock = count, directory, answering, clock
        self._tasks: list[asyncio.Task[None]] = []
        self._held: socket.socket | None = None
        self.processes: dict[int, int] = {}
        """Their process ids, by number."""

    async def start(self, host: str, port: int) -> None:
        """Start them all, and wait for a while until they take requests. Raises `InputError` where the address cannot
        be had."""
        self._held = _held(host, port)
        port = self._held.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._keep(number, port)) for number in range(self._count)]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                while self._answering.serving < self._count:
                    self._answering.changed.clear()
                    await self._answering.changed.wait()

    @property
    def port(self) -> int:
        """The port that they share."""
        assert self._held is not None
        port: int = self._held.getsockname()[1]
        return port

    def trouble(self) -> Reason | None:
        """How many take no requests, for health."""
        if not (down := self._count - self._answering.serving):
            return None
        return Reason("worker.down", {"count": str(down), "of": str(self._count)})

    async def close(self) -> None:
        """End them; streams under way may finish within their time."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._held is not None:
            self._held.close()

    async def _keep(self, number: int, port: int) -> None:
        pause = _FIRST_PAUSE
        while True:
            began = self._clock.monotonic()
            try:
                status = await self._run(number, port)
            except OSError as error:
                status = -(error.errno or 0)
            log.error("worker.ended", number=number, status=status)
            if self._clock.monotonic() - began > _LASTED:
                pause = _FIRST_PAUSE
            await self._clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _run(self, number: int, port: int) -> int:
        """One process from start to end; it is told to end where this is cancelled. It is in a session of its own, so
        that what interrupts the node at a terminal does not end its processes before it has finished with them."""
        command = (sys.executable, "-P", "-m", "connector.worker", str(self._directory), str(port))
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, start_new_session=True
        )
        self.processes[number] = process.pid
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                await asyncio.shield(_ended(process))


def _held(host: str, port: int) -> socket.socket:
    """Holds an address that the processes then listen on, without listening itself: nobody else gets it between two of
    their lives. Raises `InputError` where it cannot be had."""
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        own = socket.socket(family, kind, number)
        try:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            own.bind(address)
        except OSError:
            own.close()
            raise
    except OSError as error:
        raise InputError("listen.address", host=host, port=str(port), problem=error.strerror or "") from None
    return own


async def _ended(process: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(process.wait(), _PATIENCE)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
