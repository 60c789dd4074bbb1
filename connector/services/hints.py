"""Hints that a catalogue has changed: told to whoever reads it, and heard from those who are read here.

What lives here: who reads this node's catalogue, telling each of them soon after a change, and at most once a round;
taking a hint. What does not: what is told (nothing but that there is something new: who may see what is judged when it
asks), asking the peer whose hint was heard (`connector.services.federation`). Nothing is kept and nothing is tried
again: who misses a hint asks by itself, only later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Final

from connector.errors import NodeError
from connector.ports import Caller, Clock, Identity, Peer, Store
from connector.protocol.paths import join
from connector.records import Participant
from connector.services.intake import let_in

PATH: Final = "/catalog/hint"
SECONDS: Final = 2.0
"""Between two rounds: so long changes are gathered, and no reader is told more often."""
DEADLINE: Final = 2.0
AT_ONCE: Final = 16
READS_FOR: Final = 900.0
"""Seconds for which somebody counts as a reader after it has asked."""
MOST: Final = 2_000


class Hints:
    """Tells and takes hints. `heard` is told whose catalogue has changed."""

    def __init__(self, *, store: Store, clock: Clock, peer: Peer, identity: Identity) -> None:
        self._store, self._clock, self._peer, self._identity = store, clock, peer, identity
        self._readers: dict[str, float] = {}
        self._open: dict[str, None] = {}
        self.heard: list[Callable[[str], None]] = []

    async def begin(self) -> None:
        """After a start nobody is known to have asked: all peers count as readers, until they do not take a hint."""
        peers = await self._store.read(lambda view: view.select(Participant, limit=MOST))
        for peer in peers:
            if peer.barred(self._clock.now()) is None:
                self.asked(peer.id)

    def asked(self, reader: str) -> None:
        """`reader` (a DID) has asked for the manifest: it knows what there was until now."""
        self._readers.pop(reader, None)
        if len(self._readers) >= MOST:
            del self._readers[next(iter(self._readers))]
        self._readers[reader] = self._clock.monotonic()

    def changed(self, audiences: Collection[str]) -> None:
        """Something has changed for these audiences: a DID each, "" for everybody."""
        everybody = "" in audiences
        self._open.update((one, None) for one in self._readers if everybody or one in audiences)

    async def work(self) -> None:
        """Tell those for whom something has changed since the last round."""
        if not self._open:
            return
        since = self._clock.monotonic() - READS_FOR
        told, self._open = [one for one in self._open if self._readers.get(one, since) > since], {}
        gate = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._tell(one, gate) for one in told))

    async def receive(self, caller: Caller) -> None:
        """A peer says that its catalogue has changed. Raises `UnauthenticatedError` for a token used before, and
        `RefusedError` for whom nobody vouches for so far."""

        await let_in(self._store, caller, "catalog", "hint", lambda _: None)
        for one in self.heard:
            one(caller.id)

    async def _tell(self, reader: str, gate: asyncio.Semaphore) -> None:
        """One hint. Who does not take it is told no more until it asks again."""
        async with gate:
            try:
                who = await self._store.read(lambda view: view.get(Participant, reader))
                taken = who is not None and await self._sent(who)
            except NodeError:
                taken = False
        if not taken:
            self._readers.pop(reader, None)

    async def _sent(self, who: Participant) -> bool:
        reply = await self._peer.send(
            "POST",
            join(who.url, PATH),
            authorization=await self._identity.token(who.id),
            body=b"{}",
            private=who.private,
            deadline=DEADLINE,
        )
        return 200 <= reply.status < 300
