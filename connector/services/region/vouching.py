"""A region's word about other regions: their members are to be believed too.

What lives here: giving that word as a signed credential, taking it back. What does not: the credential's form
(`certs.credentials`), who listens to it (`connector.services.trust.vouched`), publishing it (`document`).

The word is taken back by no longer publishing it: whoever has heard it asks again now and then, and it ends by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from certs.trust import VOUCHING
from certs.words import same
from connector.errors import InputError
from connector.ports import Clock, Store, Transaction
from connector.records import Entry, Neighbour
from connector.services.region.document import VOUCHES
from connector.services.region.members import DAY
from connector.services.trust.places import place
from connector.services.trust.regions import Belief, Regions, Sighting, checked, known_words

Issue = Callable[[str, str, Mapping[str, Any], int, int], str]
"""A signed credential of the region: kind, subject, claims, begin and end (microseconds UTC)."""


class Vouching:
    """The regions that this node's region vouches for."""

    def __init__(self, *, store: Store, clock: Clock, regions: Regions, issue: Issue, did: str) -> None:
        self._store, self._clock, self._regions, self._issue, self._did = store, clock, regions, issue, did

    async def vouch(self, operator: str, given: str, *, words: str | None, belief: Belief, days: float) -> Neighbour:
        """Say that the region at `given` (URL or DID) is to be believed for so many days; again renews it.

        With `words` its keys must have that fingerprint. Raises as `Regions.look`; `InputError` `region.words`,
        `region.types`, `region.scopes`, `invite.days`, `vouch.self`, `vouch.many`.
        """
        checked("", belief)
        if not 0 < days <= 366:
            raise InputError("invite.days", days=str(days), most="366")
        told = None if words is None else known_words(words)
        seen = await self._regions.look(given, private=belief.private)
        if seen.did == self._did:
            raise InputError("vouch.self")
        if told is not None and not same(told, seen.words):
            raise InputError("region.words", region=seen.did, told=told, found=seen.words)
        return await self._store.write(lambda tx: self._put(tx, operator, seen, belief, days, told is not None))

    def _put(
        self, tx: Transaction, operator: str, seen: Sighting, belief: Belief, days: float, compared: bool
    ) -> Neighbour:
        known = tx.get(Neighbour, seen.did)
        if known is None and tx.count(Neighbour) >= VOUCHES:
            raise InputError("vouch.many", most=str(VOUCHES))
        now = self._clock.now()
        claims = {"name": seen.title, "types": list(belief.types), "scopes": list(belief.scopes)}
        ends = now + int(days * DAY)
        given = Neighbour(
            id=seen.did,
            title=seen.title,
            url=seen.url,
            types=belief.types,
            scopes=belief.scopes,
            token=self._issue(VOUCHING, seen.did, claims, now, ends),
            issued=now,
            issued_by=operator,
            ends=ends,
        )
        tx.put(given)
        params = {"region": seen.did, "title": seen.title, "compared": "words" if compared else "nobody"}
        tx.record(Entry(event="region.vouched", actor=operator, params=params))
        return given

    async def withdraw(self, operator: str, given: str) -> Neighbour:
        """Take the word back. Raises `InputError` `region.place`, `vouch.unknown`."""
        did = place(given)[0]

        def act(tx: Transaction) -> Neighbour:
            known = tx.get(Neighbour, did)
            if known is None:
                raise InputError("vouch.unknown", region=given[:256])
            tx.delete(Neighbour, did)
            params = {"region": known.id, "title": known.title}
            tx.record(Entry(event="region.unvouched", actor=operator, params=params))
            return known

        return await self._store.write(act)

    async def select(self, *, after: str = "", limit: int = 100) -> list[Neighbour]:
        """Those that are vouched for, in the order of their DIDs."""
        return await self._store.read(lambda view: view.select(Neighbour, after=after, limit=limit))
