"""What a node does now and then, without being asked.

What lives here: the works that belong to no single service, and going round them. What does not: how often each is
done (the table in `node`), what the works of services do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from functools import partial
from typing import Any

import structlog

from connector.data.silos.registry import Silos
from connector.data.sources import Sources
from connector.errors import NodeError
from connector.ports import Clock, Reading, Store
from connector.records import Asset, Participant, Silo
from connector.services.proof.heads import Heads

log = structlog.get_logger()
Work = Callable[[], Awaitable[None]]
_PAGE = 100
_ASK_AGAIN = 0.5


class Rounds:
    """Goes round the works of one node, each at its own interval, until it is closed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, table: Iterable[tuple[Work, float]]) -> None:
        """Do each work again and again, with so many seconds between."""
        self._tasks += [asyncio.create_task(self._now_and_then(work, seconds)) for work, seconds in table]

    def keep(self, endless: Coroutine[Any, Any, None]) -> None:
        """A work that knows itself when it has something to do."""
        self._tasks.append(asyncio.create_task(endless))

    async def close(self) -> None:
        """Stop where each one is. Asked until it is so: a cancellation can get lost in a library on the way."""
        going = {task for task in self._tasks if not task.done()}
        while going:
            for task in going:
                task.cancel()
            _, going = await asyncio.wait(going, timeout=_ASK_AGAIN)

    async def _now_and_then(self, work: Work, seconds: float) -> None:
        while True:
            await self._clock.sleep(seconds)
            try:
                await work()
            except NodeError as error:
                log.warning("node.chore_failed", chore=work.__name__, code=error.reason.code)
            except Exception:
                # A defect must not end the chore for good without anybody knowing.
                log.exception("node.chore_broken", chore=work.__name__)


class Chores:
    """Works on what several services share. `threaded` looks at sources beside the loop: a mount may hang."""

    def __init__(
        self, *, store: Store, clock: Clock, sources: Sources, silos: Silos, heads: Heads, threaded: bool
    ) -> None:
        self._store, self._clock, self._heads = store, clock, heads
        self._sources, self._silos = sources, silos
        self._threaded = threaded

    async def sweep(self) -> None:
        """Forget what is over: tokens, answers that nobody will ask for again."""
        while await self._store.sweep(self._clock.now()):
            pass

    async def look_at_sources(self) -> None:
        """Can what is shared be served? Asked before a peer does."""
        after, names = "", list[str]()
        while assets := await self._store.read(partial(_assets, after=after)):
            names += [one.name for one in assets]
            if self._threaded:
                await asyncio.to_thread(self._sources.look, assets)
            else:
                self._sources.look(assets)
            after = assets[-1].id
        self._sources.forget(names)

    async def look_at_silos(self) -> None:
        """Could what data are read from be asked? Its settings and secrets, before a peer wants something."""
        silos: list[Silo] = []
        while found := await self._store.read(partial(_silos, after=silos[-1].id if silos else "")):
            silos += found
        if self._threaded:
            await asyncio.to_thread(self._silos.look, silos)
        else:
            self._silos.look(silos)

    async def show_heads(self) -> None:
        """Our head to every peer that does not have it yet; nothing is said to those for whom nobody vouches."""
        after = ""
        while peers := await self._store.read(partial(_participants, after=after)):
            now = self._clock.now()
            good = [peer for peer in peers if peer.barred(now) is None]
            told = await asyncio.gather(*(self._heads.push(peer) for peer in good), return_exceptions=True)
            for peer, wrong in zip(good, told, strict=True):
                if isinstance(wrong, Exception):
                    log.info("node.head_not_shown", peer=peer.id, error=type(wrong).__name__)
            after = peers[-1].id


def _assets(view: Reading, after: str) -> list[Asset]:
    return view.select(Asset, after=after, limit=_PAGE)


def _silos(view: Reading, after: str) -> list[Silo]:
    return view.select(Silo, after=after, limit=_PAGE)


def _participants(view: Reading, after: str) -> list[Participant]:
    return view.select(Participant, after=after, limit=_PAGE)
