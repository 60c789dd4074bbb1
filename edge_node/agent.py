"""The composition root of a device: settings and identity -> buffer -> intake -> sources; beside it orders and sync.

What lives here: what the process is made of, in which order it starts and ends. What does not: anything that decides.
Start reading here; a reading goes `sources` -> `intake` -> `buffer`, and from there by `sync` to whoever may have it.

It ends in the order in which it was begun, backwards: sources give nothing more, what they gave is committed, lines are
cut. A source that fails is begun again, later and later; where committing fails for good the process ends, and whoever
supervises it starts it anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import random
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Final

from connector.data.readings.model import Series
from edge_node import config, memory, notify, sources
from edge_node.buffer import moments
from edge_node.buffer.buffer import Buffer
from edge_node.buffer.hiding import hiding
from edge_node.buffer.model import Limits
from edge_node.collection.duties import Duties
from edge_node.collection.held import is_memory
from edge_node.collection.treating import Columns
from edge_node.contracts.asking import Asking
from edge_node.contracts.decisions import Decisions, Moment
from edge_node.contracts.leaving import Departures
from edge_node.contracts.orders import Book
from edge_node.control import Asked, Control
from edge_node.delivery.receipts import Receipts
from edge_node.delivery.sync import Means, Sync
from edge_node.errors import EdgeError, KeepingError
from edge_node.ingest.intake import Intake
from edge_node.network import link
from edge_node.network.metering import Budget
from edge_node.packages.fetching import Updates
from edge_node.place import identity
from edge_node.place.identity import Identity
from edge_node.ports import Source
from edge_node.reporting import Parts, rows, said, shown
from edge_node.seal import Sealer

log = logging.getLogger("allmende.edge")
LOCK: Final = "agent.lock"
BUFFER: Final = "spool"
RUNTIME: Final = "RUNTIME_DIRECTORY"
"""Where systemd says which directory below /run is ours."""
_DAY: Final = 86_400_000_000
_FIRST, _LONGEST = 1.0, 60.0
_CHORES: Final = 60.0
_BACKLOG: Final = 2
"""Of a day's budget, the backlog leaves one part in so many to the newest readings."""
_TAILED: Final = 256
_DRAIN: Final = 0.5


class Agent:
    """One device, running. Everything that it is made of is an attribute. `version` is that of the program ("": what
    is installed)."""

    def __init__(
        self,
        directory: Path,
        settings: config.Settings,
        own: Identity,
        *,
        credentials: Path | None = None,
        version: str = "",
    ) -> None:
        self.directory, self.settings, self.identity = directory, settings, own
        self.began = time.monotonic()
        self.version = version or installed()
        self.moments = moments.Moments()
        self.sealer = Sealer(own.key, own.kid)
        self.buffer = Buffer.open(
            directory / BUFFER,
            sealing=self.sealer,
            clock=self.moments,
            limits=limits(settings.buffer),
            hiding=hiding(credentials, closes=settings.buffer.encrypt, draw=secrets.token_bytes),
        )
        self.moments.restore(self.buffer.get(moments.NAME))
        self.moments.at_least(own.pins.at)
        self.book = Book(self.buffer, keys=own.node_keys, node=own.node, device=own.device, directory=directory)
        self.duties = Duties(
            settings.series, directory, kept=self.buffer, draw=secrets.token_bytes, memory=volatile(directory)
        )
        self.decisions = Decisions()
        self.receipts = Receipts(directory)
        self.budget = Budget(settings.link.bytes_per_day, kept=self.buffer, now=self.moments)
        self.sources: list[Source] = sources.open_sources(settings, directory)
        self.control = Control(directory, {"status": self._status, "tail": self._tail, "drain": self._drain})

    async def run(self, stop: asyncio.Event) -> None:
        """Take readings, keep and deliver them until `stop` is set. Raises `EdgeError` where that cannot be."""
        self._connect()
        await self._obey()
        self.intake = Intake(
            self.settings,
            sealing=self.sealer,
            buffer=self.buffer,
            duties=self.duties,
            moments=self.moments,
            turned=self._turned,
        )
        committing = asyncio.create_task(self.intake.run(), name="commit")
        try:
            await self._serve(stop, committing)
        finally:
            notify.stopping()
            await self.intake.settle()
            await ended([committing])
            self.receipts.flush()
            await self.link.close()
            with contextlib.suppress(KeepingError):
                await self._keep_time(ending=True)
            await self.buffer.close()

    def _connect(self) -> None:
        """The network, which needs a running loop."""
        own, bounds = self.identity, self.settings.link
        self.link = link.opened(bounds, meter=self.budget, pins=own.pins)
        self.sync = Sync(
            Means(
                buffer=self.buffer,
                link=self.link,
                sealer=self.sealer,
                departures=Departures(self.buffer, secrets.token_bytes),
                decisions=self.decisions,
                device=own.device,
                home_url=own.at("/edge/readings"),
                home_proof=lambda: self.identity.authorization(self.moments.now()),
                home_private=True,
                home_keys=lambda: self.book.keys,
                orders=lambda: self.book.current,
                moment=self._moment,
                jitter=jitter,
                spare=self._spare,
                affordable=self.budget.left,
                post_bytes=bounds.post_bytes,
                receipts=self.receipts,
            )
        )
        self.asking = Asking(
            own,
            self.link,
            self.book,
            now=self.moments.now,
            told=self._told,
            said=lambda: said(self._parts()),
            heard=self._heard,
            renewed=self._repinned,
            budget=bounds.bytes_per_day,
            private=True,
            jitter=jitter,
        )

        self.updates = Updates(
            self.directory,
            self.link,
            self.buffer,
            version=self.version,
            orders=lambda: self.book.current,
            home=own.pins.url,
            spare=self._spare,
            seconds=self.budget.seconds,
        )

    async def _serve(self, stop: asyncio.Event, committing: asyncio.Task[None]) -> None:
        await self.control.open()
        working = [asyncio.create_task(self._source(one), name=one.name) for one in self.sources]
        working += [
            asyncio.create_task(again(one, name), name=name)
            for name, one in (
                ("sync", self.sync.run),
                ("orders", self.asking.run),
                ("chores", self._chores),
                ("updates", self.updates.run),
                ("memory", memory.giving_back),
            )
        ]
        notify.ready()
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([stopping, committing], return_when=asyncio.FIRST_COMPLETED)
            if committing.done():
                committing.result()
        finally:
            await self.control.close()
            await ended([stopping, *working])

    # --- what goes on -------------------------------------------------------------------------------------------------

    async def _source(self, one: Source) -> None:
        await again(lambda: one.run(self.intake), one.name)

    async def _chores(self) -> None:
        """What is done now and then."""
        while True:
            self.receipts.flush()
            await self._keep_time()
            if self.moments.sure and 0 < self.identity.pins.renew <= self.moments.now():
                await self._renew()
            await asyncio.sleep(_CHORES)

    async def _keep_time(self, *, ending: bool = False) -> None:
        """A start without a clock begins no earlier than this."""
        kept = self.moments.to_keep(ending=ending)
        if kept is not None:
            await self.buffer.put(moments.NAME, kept)

    async def _renew(self) -> None:
        from edge_node.place import enrol  # certificates are read once in months, and what reads them is large

        try:
            self.identity = await enrol.renew(
                self.identity, self.directory, self.link, now=self.moments.now(), draw=secrets.token_bytes
            )
            self.book.keys = self.identity.node_keys
        except EdgeError as error:
            log.warning("certificate not renewed: %s", error.code)

    async def _repinned(self) -> Identity:
        from edge_node.place import enrol

        self.identity = await enrol.repin(
            self.identity, self.directory, self.link, now=self.moments.now(), draw=secrets.token_bytes
        )
        return self.identity

    def _told(self, instant: int) -> None:
        """The node says how late it is. INVARIANT: a clock that the network has set is believed before it."""
        if not self.moments.sure:
            self.moments.told(instant)
            self.sync.wake()

    async def _heard(self) -> None:
        """There are new orders."""
        await self._obey()
        self.sync.wake()
        self.updates.heard()

    async def _obey(self) -> None:
        orders = self.book.current
        if orders is not None:
            await self.duties.follow(orders.collection)
        else:
            # INVARIANT: duties that the node has ordered do not end because a disk has lost them.
            await self.duties.follow(None if self.book.trouble is not None else {})
        for name, reason in self.duties.trouble().items():
            log.warning("nothing of %s is stored: %s", name, reason.code)

    def _turned(self) -> None:
        """The loop that commits has turned."""
        notify.turn()
        self.sync.wake()

    def _moment(self) -> Moment:
        return Moment(self.moments.now(), self.moments.sure, self.moments.since)

    def _spare(self, size: int = 0) -> bool:
        """May the backlog use the link, or something of this size? It leaves the newest readings their part of the
        day."""
        left = self.budget.left()
        return left is None or left - size > self.settings.link.bytes_per_day // _BACKLOG

    # --- what people ask ----------------------------------------------------------------------------------------------

    def _parts(self) -> Parts:
        return Parts(
            identity=self.identity,
            version=self.version,
            seconds=int(time.monotonic() - self.began),
            moments=self.moments,
            buffer=self.buffer,
            intake=self.intake,
            sources=self.sources,
            settings=self.settings,
            duties=self.duties,
            sync=self.sync,
            asking=self.asking,
            book=self.book,
            budget=self.budget,
            updates=self.updates,
        )

    async def _status(self, asked: Asked) -> AsyncIterator[Any]:
        yield shown(self._parts())

    async def _tail(self, asked: Asked) -> AsyncIterator[Any]:
        """Readings as they become durable. Whoever reads too slowly misses some: nothing waits for people."""
        wanted, queue = str(asked.get("series", "")), asyncio.Queue[tuple[Series, Columns]](_TAILED)

        def watch(series: Series, columns: Columns) -> None:
            if wanted in ("", series.name):
                with contextlib.suppress(asyncio.QueueFull):
                    queue.put_nowait((series, columns))

        self.intake.watchers.append(watch)
        try:
            while True:
                for one in rows(*await queue.get()):
                    yield one
        finally:
            self.intake.watchers.remove(watch)

    async def _drain(self, asked: Asked) -> AsyncIterator[Any]:
        """How much waits, until nothing does that can go now."""
        drained = asyncio.create_task(self.sync.drained())
        try:
            while not drained.done():
                await asyncio.wait([drained], timeout=_DRAIN)
                yield {"waiting": sum(one.waiting for one in self.sync.standing())}
        finally:
            drained.cancel()


def limits(own: config.BufferSettings) -> Limits:
    """What the buffer keeps to."""
    return Limits(bytes=own.bytes, full=own.full, batch=own.batch, keep=int(own.keep_days * _DAY))


def volatile(directory: Path) -> Path | None:
    """A directory that is memory, for what must not be stored; None where the system gives none."""
    named = os.environ.get(RUNTIME, "").partition(":")[0]
    return Path(named) if named and is_memory(Path(named)) else None


def jitter() -> float:
    """A factor that spreads what many devices do at once."""
    return random.uniform(0.8, 1.2)  # noqa: S311 - protects nothing


async def again(run: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
    """Run something for good; what fails is begun again, later and later."""
    pause = _FIRST
    while True:
        begun = time.monotonic()
        try:
            await run()
        except Exception as error:  # INVARIANT: nothing but committing ends the device
            log.exception("%s failed: %s", name, type(error).__name__)
        pause = _FIRST if time.monotonic() - begun > _LONGEST else min(pause * 2, _LONGEST)
        await asyncio.sleep(pause)


async def ended(tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel, and wait until they have."""
    for one in tasks:
        one.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """The one agent of this directory. Raises `KeepingError` `agent.running`."""
    with (directory / LOCK).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise KeepingError("agent.running") from None
        yield


async def serve(directory: Path, version: str = "") -> None:
    """One device until it is told to stop. Raises `EdgeError`."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    settings = config.read(directory)
    credentials = identity.credentials_directory()
    own = identity.load(directory, draw=secrets.token_bytes, credentials=credentials)
    with locked(directory):
        await Agent(directory, settings, own, credentials=credentials, version=version).run(stop)


def installed() -> str:
    """The version that is installed, for who was not told: what finds it out takes a megabyte."""
    from importlib.metadata import version

    return version("allmende")


def run(directory: Path, version: str = "") -> None:
    """The process of a device. Raises `EdgeError` where it cannot begin or go on."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    memory.spare()
    with asyncio.Runner() as runner:  # uvloop saves a device no time that can be measured, and costs 2.5 MiB
        runner.run(serve(directory, version))
