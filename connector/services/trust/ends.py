"""Credentials that end although they should have been renewed: people are told while there is time.

What lives here: noticing it, once a credential. What does not: renewing (`wallet`), telling people
(`connector.services.watch`).
"""

from __future__ import annotations

from connector.ports import Clock, Store, Transaction
from connector.records import Entry, HeldCredential, Region

LATE = 5
"""The last fifth of a credential's life: it is renewed at two thirds, so by then something is in the way."""
_PAGE = 200


class Ends:
    """Looks after the ends of the credentials that this node holds."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def look(self) -> None:
        """Note each credential that is about to end. To be called now and then."""
        held = await self._store.read(lambda view: view.select(HeldCredential, limit=_PAGE))
        if any(is_late(one, self._clock.now()) for one in held):
            await self._store.write(self._note)

    def _note(self, tx: Transaction) -> None:
        for one in tx.select(HeldCredential, limit=_PAGE):
            key = f"credential ends {one.id}"
            if is_late(one, self._clock.now()) and not tx.drawn(key):
                tx.draw(key)
                region = tx.get(Region, one.issuer)
                params = {"title": region.title if region else one.issuer, "kind": one.kind, "ends": str(one.ends)}
                tx.record(Entry(event="credential.ending", actor="node", params={**params, "credential": one.id}))


def is_late(one: HeldCredential, now: int) -> bool:
    """Is it in the last part of its life, or over?"""
    return now >= one.ends - (one.ends - one.begins) // LATE
