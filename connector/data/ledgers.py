"""What the node remembers of data that left changed: what each consumer was told, and what pseudonyms are made with.

What lives here: keeping and destroying it, in the store and with its audit entry. What does not: the rules by which
something may be told again (`policies.transforms.ledger`), making pseudonyms (`policies.transforms.pseudonyms`).

The key of an agreement's pseudonyms is made (RFC 5869) of a secret in a file of the node and a salt in the store, so
that neither a copy of the database nor one of the file is enough. When the contract ends, the salt is written over and
deleted; a copy of the store from before has it still.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from connector.errors import OurError
from connector.ports import Clock, Ids, Reading, Store, Transaction
from connector.records import Agreement, Cells, Entry, Pseudonyms, Release
from connector.services.life.contracts import over
from policies.transforms.ledger import Answer, Before, Draw, Fresh, Terms, Told, settle
from policies.transforms.pseudonyms import derive

_PAGES: Final = 64
_MOST: Final = 1000
_TRIES: Final = 8


class Ledgers:
    """The memory of what was told. `secret` gives the node's own secret, which is made when it is asked for first."""

    def __init__(self, *, store: Store, clock: Clock, ids: Ids, secret: Callable[[], bytes]) -> None:
        self._store, self._clock, self._ids, self._secret = store, clock, ids, secret

    async def key(self, agreement: str) -> bytes:
        """The key that the pseudonyms of an agreement are made with.

        Raises `OurError` where the node's secret is another than it was: every pseudonym would change.
        """
        secret = self._secret()
        known = hashlib.sha256(b"allmende pseudonyms\0" + secret).hexdigest()[:32]
        found = await self._store.read(lambda view: view.get(Pseudonyms, agreement))
        if found is None:
            salt = (self._ids.token() + self._ids.token()).encode()
            fresh = Pseudonyms(id=agreement, salt=salt, secret=known, made=self._clock.now())
            found = await self._store.write(partial(_first, fresh))
        if found.secret != known:
            raise OurError("pseudonyms.secret")
        return derive(secret, found.salt, agreement)

    async def destroy_ended(self) -> None:
        """Destroy what the pseudonyms of ended contracts were made with. Looked after now and then."""
        after = ""
        while kept := await self._store.read(partial(_kept, after)):
            now = self._clock.now()
            ended = [one.id for one, agreement in kept if agreement is None or over(agreement, now) is not None]
            if ended:
                await self._store.write(partial(_destroy, ended))
            after = kept[-1][0].id

    async def settle(
        self, consumer: str, dataset: str, fresh: Mapping[str, Fresh], terms: Terms, draw: Draw | None
    ) -> Mapping[str, Told]:
        """What may be told of these cells; returns when it is on disk that it was.

        Raises `PolicyError` as the rules do, `StoreError` where the memory cannot be read or written.
        """
        id = hashlib.sha256(f"{consumer}\0{dataset}".encode()).hexdigest()
        for _ in range(_TRIES):
            release, before = await self._store.read(partial(_before, id, fresh))
            answer = await asyncio.to_thread(settle, before, fresh, terms, draw)
            if not answer.news and release is not None:
                return answer.told
            changed = Release(
                id=id,
                consumer=consumer,
                dataset=dataset,
                division=answer.division,
                cells=before.count + len(answer.news),
                spent=answer.spent,
                version=(release.version if release else 0) + 1,
            )
            # Noise takes its time, so it is drawn outside; whoever was faster makes it count for nothing.
            if await self._store.write(partial(_keep, changed, answer)):
                return answer.told
        raise OurError("release.busy")


def _first(fresh: Pseudonyms, tx: Transaction) -> Pseudonyms:
    """What an agreement has already, else this."""
    if (known := tx.get(Pseudonyms, fresh.id)) is not None:
        return known
    tx.put(fresh)
    return fresh


def _kept(after: str, view: Reading) -> list[tuple[Pseudonyms, Agreement | None]]:
    return [(one, view.get(Agreement, one.id)) for one in view.select(Pseudonyms, after=after, limit=_MOST)]


def _destroy(agreements: list[str], tx: Transaction) -> None:
    for agreement in agreements:
        known = tx.get(Pseudonyms, agreement)
        if known is None:
            continue
        # Zeros first: what is only deleted stays readable in the file until its place is used again.
        tx.put(Pseudonyms(id=agreement, salt=bytes(len(known.salt)), secret=known.secret, made=known.made))
        tx.delete(Pseudonyms, agreement)
        tx.record(Entry(event="pseudonyms.destroyed", actor="node", params={"agreement": agreement}))


def _page(id: str, key: str) -> str:
    return f"{id} {hashlib.sha256(key.encode()).digest()[0] % _PAGES:02x}"


def _before(id: str, fresh: Mapping[str, Fresh], view: Reading) -> tuple[Release | None, Before]:
    """What was told before, of these cells."""
    release = view.get(Release, id)
    if release is None:
        return None, Before()
    cells: dict[str, Told] = {}
    for page in {_page(id, key) for key in fresh}:
        found = view.get(Cells, page)
        if found is not None:
            cells |= {key: Told(units, values) for key, (units, values) in found.cells.items() if key in fresh}
    return release, Before(release.division, cells, release.spent, release.cells)


def _keep(release: Release, answer: Answer, tx: Transaction) -> bool:
    """Keep what is told for the first time; False where somebody else has told something meanwhile."""
    known = tx.get(Release, release.id)
    if (known.version if known else 0) != release.version - 1:
        return False
    pages: dict[str, dict[str, tuple[int, tuple[str, ...]]]] = {}
    for key, told in answer.news.items():
        pages.setdefault(_page(release.id, key), {})[key] = (told.units, told.values)
    for id, news in pages.items():
        page = tx.get(Cells, id)
        tx.put(Cells(id=id, cells={**(page.cells if page else {}), **news}))
    tx.put(release)
    params = {"dataset": release.dataset, "division": release.division, "cells": str(len(answer.news))}
    if release.spent != "0":
        params["spent"] = release.spent
    tx.record(Entry(event="release.told", actor=release.consumer, params=params))
    return True
