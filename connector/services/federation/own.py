"""This node's own datasets in the index, so that they are found like everybody else's.

What lives here: following the node's own catalogue, as the node itself is shown it. What does not: what is listed
(`services.listings`), what a dataset says (`datasets`).
"""

from __future__ import annotations

from functools import partial
from typing import Final

from msgspec import Raw

from catalog.federation.manifest import Entries, Listed, write_entries
from catalog.index.engine import Index
from catalog.index.forms import Standing, Trust
from connector.errors import OurError
from connector.ports import Clock, Reading, Store
from connector.records import Listing
from connector.services.federation.apart import Reads
from connector.services.federation.datasets import Question
from connector.services.federation.laying import Beside, Laying

_PAGE: Final = 200
_ROOM: Final = 1 << 20


class Own:
    """`own` is this node's DID."""

    def __init__(self, *, store: Store, clock: Clock, index: Index, reads: Reads, beside: Beside, own: str) -> None:
        self._store, self._clock, self._index = store, clock, index
        self._reads, self._beside, self._own = reads, beside, own
        self._lost, self._reached = -1, -1

    async def work(self) -> None:
        """Make the index say what is listed, where that has changed. Raises `OurError` `catalog.own` where it cannot be
        read, which would be a defect."""
        now = await self._store.read(lambda view: view.listings(self._own).standing().sequence)
        if self._lost != self._index.lost:
            self._lost, known = self._index.lost, await self._beside(self._index.standing, self._own)
            self._reached = -1 if known is None else known.sequence
        if now == self._reached:
            return
        if self._reached < 0 or now < self._reached or not await self._follow(self._reached):
            await self._follow(0)

    async def _follow(self, after: int) -> bool:
        """Take what has changed behind `after`; is it all now?"""
        known = await self._beside(self._index.digests, self._own)
        async with Laying(self._index, self._own, known, beside=self._beside, clock=self._clock) as laying:
            reached = after
            while page := await self._store.read(partial(_changes, own=self._own, after=reached)):
                body = write_entries(Entries(sequence=page[-1].sequence, more=False, entries=tuple(map(_entry, page))))
                found = await self._reads.read(
                    Question(
                        source=self._own,
                        body=body,
                        now=self._clock.now(),
                        after=reached,
                        trust=Trust.SIGNED,
                        own=True,
                        known=laying.known,
                    )
                )
                if found.wrong is not None:
                    raise OurError("catalog.own", problem=found.wrong.code)
                await laying.lay(found.found)
                reached = found.sequence
            if after == 0:
                laying.take_the_rest_for_gone()
            listed = await self._store.read(lambda view: dict(view.listings(self._own).digests()))
            if after and listed != laying.digests():
                return False
            await laying.commit(Standing(participant=self._own, sequence=reached))
            self._reached = reached
            return True


def _changes(view: Reading, own: str, after: int) -> list[Listing]:
    return view.listings(own).changes(after=after, limit=_PAGE, room=_ROOM).listings


def _entry(one: Listing) -> Listed:
    if not one.digest:
        return Listed(id=one.asset, sequence=one.sequence, gone=True)
    return Listed(id=one.asset, sequence=one.sequence, digest=one.digest, dataset=Raw(one.document))
