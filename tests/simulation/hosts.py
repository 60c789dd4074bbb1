"""Machines on the simulated network: each has a node's directory, and now and then the node runs.

What lives here: a process that starts, crashes at any fault point and comes back from its directory. What does not: the
network between them (`network`). A crash closes nothing in order: tasks are dropped, an open transaction is lost, the
database is opened anew while the dead process's connections are still there, so that its WAL is what it left.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import structlog.testing
from msgspec.structs import replace

from connector import config
from connector.errors import DeliveryError
from connector.http import client
from connector.http.exchange import Request, Response
from connector.node import Node, build
from tests.harness.virtual import SeededIds, VirtualClock
from tests.simulation.network import Network, Wire

T = TypeVar("T")

EXCHANGE_SECONDS = 30.0
"""How often heads are shown in simulations."""


class Crash(BaseException):
    """The process is gone. No `except Exception` of the product may stop it."""


LIFE: contextvars.ContextVar[Life | None] = contextvars.ContextVar("life", default=None)
"""Whose code is running."""


class Life:
    """One run of a host's process, from its start to its crash.

    INVARIANT: after `dead` is set nothing is committed: every commit asks `fault` first.
    """

    def __init__(self, host: Host) -> None:
        self.host, self.dead, self.fuse = host, False, 0
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self.context = contextvars.copy_context()
        self.context.run(LIFE.set, self)
        self.node = build(
            host.config,
            clock=host.clock,
            ids=host.ids,
            peer=Wire(host.network, host.name),
            fetch=Wire(host.network, host.name),
            fault=self.fault,
            threaded=False,
        )

    def fault(self, point: str) -> None:
        """The Fault port: burn the fuse, and crash where it ends."""
        if self.dead:
            raise Crash
        if self.fuse:
            self.fuse -= 1
            if not self.fuse:
                self.host.network.note("crash", self.host.name, point)
                self.host.crashed.append(point)
                self.host.die()
                raise Crash

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """A task of this process."""
        self.tasks[task] = None
        task.add_done_callback(lambda done: self.tasks.pop(done, None))

    def run(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run something as this process."""
        return asyncio.get_running_loop().create_task(work, context=self.context.copy())

    async def serve(self, request: Request) -> Response:
        """Answer as the HTTP shell does: `after` follows the writing of the answer."""
        response = await self.node.dsp.handle(request)
        if self.dead:
            raise Crash
        with contextlib.suppress(Crash):  # what has been written is on its way
            response.after()
        return response

    async def end(self) -> None:
        """Clear away what a killed process leaves behind. Nothing of the product is asked to close."""
        while self.tasks:
            tasks = list(self.tasks)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for listener in (self.node.public_listener, self.node.management_listener):
            await listener.close()
        store: Any = self.node.store
        if store._connection.in_transaction:
            store._connection.execute("ROLLBACK")
        store._lock.release()

    def bury(self) -> None:
        """Close the files of a dead process. Before that another one has opened them, so the WAL is read anew."""
        store: Any = self.node.store
        for connection in (store._reader, store._connection):
            if connection is not None:
                connection.close()


class Host:
    """A machine with a node's directory on it; now and then the node runs."""

    def __init__(self, network: Network, name: str, directory: Path, *, skew: float = 0.0) -> None:
        settings = config.load(directory, {})
        self.config = replace(
            settings,
            public=replace(settings.public, port=0),
            management=replace(settings.management, port=0),
            audit=replace(settings.audit, exchange_seconds=EXCHANGE_SECONDS),
        )
        self.network, self.name = network, name
        self.clock, self.ids = VirtualClock(), SeededIds(f"{network.seed}/{name}")
        self.clock.shift = skew
        self.life: Life | None = None
        self.crashed: list[str] = []
        self._grave: Life | None = None
        self._burial: asyncio.Task[None] | None = None
        network.stations[name] = self

    @property
    def up(self) -> bool:
        """Does the node run?"""
        return self.life is not None

    @property
    def node(self) -> Node:
        """The running node."""
        assert self.life is not None
        return self.life.node

    async def boot(self) -> None:
        """Start the node from its directory, until that has worked."""
        while self.life is None:
            if self._burial is not None:
                await self._burial
            life = self.life = Life(self)
            if self._grave is not None:
                self._grave.bury()
                self._grave = None
            started = life.run(life.node.start())
            await asyncio.wait({started})
            if not life.dead:
                started.result()
        self.network.note("up", self.name)

    def die(self) -> None:
        """Kill the node, wherever it stands."""
        life = self.life
        if life is None:
            return
        life.dead, self.life, self._grave = True, None, life
        self.network.note("down", self.name)
        self._burial = self.network.spawn(life.end())

    async def take(self, request: Request) -> Response:
        """Serve a request. Raises `DeliveryError` where the node is down or dies over it."""
        life = self.life
        if life is None:
            raise DeliveryError("peer.unreachable")
        serving = life.run(life.serve(request))
        await asyncio.wait({serving})
        if serving.cancelled() or isinstance(serving.exception(), Crash):
            raise DeliveryError("peer.disconnected")
        return serving.result()

    async def do(self, act: Callable[[Node], Awaitable[T]]) -> T | None:
        """Let an operator do something. None where the node is down or dies over it; raises what `act` raises."""
        life = self.life
        if life is None:
            return None

        async def acting() -> T:
            return await act(life.node)

        task = life.run(acting())
        await asyncio.wait({task})
        if task.cancelled() or isinstance(task.exception(), Crash):
            return None
        return task.result()

    async def stop(self) -> None:
        """Stop the node in order, where it runs."""
        if self._burial is not None:
            await self._burial
        if self._grave is not None:
            self._grave.bury()
            self._grave = None
        if self.life is not None:
            life, self.life = self.life, None
            await asyncio.wait({life.run(life.node.close())})


def _factory(
    loop: asyncio.AbstractEventLoop, coro: Any, context: contextvars.Context | None = None
) -> asyncio.Task[Any]:
    """Every task belongs to the process whose code makes it."""
    task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, context=context)
    life = LIFE.get() if context is None else context.get(LIFE)
    if life is not None:
        life.adopt(task)
    return task


_tls = functools.cache(client.trusting)
"""Reading the system's authorities takes longer than all the rest of making a node."""


@contextlib.asynccontextmanager
async def network(seed: str) -> AsyncIterator[Network]:
    """A network on the running virtual loop; whatever nobody expected is in `trouble` at the end."""
    loop = asyncio.get_running_loop()
    made = Network(seed)

    def unexpected(_: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, Crash):
            made.trouble.append(f"{context.get('message')}: {error!r}")

    loop.set_task_factory(_factory)
    loop.set_exception_handler(unexpected)
    random.seed(seed)  # the spread of retries
    with mock.patch.object(client, "trusting", _tls), structlog.testing.capture_logs() as logs:
        try:
            yield made
        finally:
            await made.close()
            loop.set_task_factory(None)
    made.trouble += [f"{line['event']}: {line.get('exc_info')!r}" for line in logs if line["log_level"] == "error"]
