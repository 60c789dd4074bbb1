"""What a node is made of as far as reading others' catalogues goes.

What lives here: which of these parts needs which other, and what is done now and then. What does not: anything that
decides. It is a part of the composition of what has to do with catalogues (`cataloguing`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from catalog.federation.plan import Periods
from catalog.index.engine import Index
from connector.chores import Work
from connector.ground import Ground
from connector.ports import Documents, Identity, Peer
from connector.services.changes import Change
from connector.services.federation.apart import Apart, Here, Reads
from connector.services.federation.asking import Asking
from connector.services.federation.crawling import Crawling
from connector.services.federation.federation import Federation
from connector.services.federation.own import Own
from connector.services.federation.targets import Places

TURN_SECONDS: Final = 1.0
"""How often it is looked whose turn it is."""
OWN_SECONDS: Final = 2.0
SWEEP_SECONDS: Final = 3_600.0


class Around(Struct, frozen=True, kw_only=True):
    """What reading needs of the rest of the node. `apart`: it may have a process of its own, and threads."""

    peer: Peer
    identity: Identity
    documents: Documents
    index: Index
    apart: bool


class Federating:
    """The parts of one node that read others' catalogues; each is an attribute."""

    def __init__(self, ground: Ground, around: Around) -> None:
        settings = ground.config.catalog
        reads: Reads = Apart() if around.apart else Here()
        beside = asyncio.to_thread if around.apart else at_once
        self._reads = reads
        self.places = Places(store=ground.store, clock=ground.clock)
        self.federation = Federation(
            store=ground.store,
            clock=ground.clock,
            index=around.index,
            crawling=Crawling(
                asks=Asking(
                    peer=around.peer,
                    identity=around.identity,
                    documents=around.documents,
                    clock=ground.clock,
                    own=ground.did,
                ),
                reads=reads,
                index=around.index,
                beside=beside,
                clock=ground.clock,
                participants=lambda: self.federation.participants,
            ),
            beside=beside,
            own=ground.did,
            periods=Periods(poll=settings.poll_seconds),
            stale=settings.stale_days,
            draw=random.random,
            on=settings.crawl,
        )
        self.own = Own(
            store=ground.store, clock=ground.clock, index=around.index, reads=reads, beside=beside, own=ground.did
        )
        ground.changes.subscribe(self._moved)

    def rounds(self) -> list[tuple[Work, float]]:
        """What has to be done now and then, with the seconds between."""
        return [
            (self.federation.work, TURN_SECONDS),
            (self.own.work, OWN_SECONDS),
            (self.federation.sweep, SWEEP_SECONDS),
        ]

    async def close(self) -> None:
        """Stop what is under way."""
        await self.federation.close()
        await self._reads.close()

    def _moved(self, change: Change) -> None:
        if change.kind == "participant":
            self.federation.moved()


async def at_once(act: Callable[..., Any], /, *given: Any) -> Any:
    """For nodes without threads."""
    return act(*given)
