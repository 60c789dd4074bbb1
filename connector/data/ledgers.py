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
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from connector.errors import OurError
from connector.ports import Clock, Ids, Reading, Store, Transaction
from connector.records import Agreement, Cells, Entry, Pseudonyms, Release
from connector.services.life.contracts import over
from policies.transforms.ledger import Answer, Before, Draw, Fresh, Terms, Told, settle
from policies.transforms.pseudonyms import derive

_PAGES: Final = 64
_MOST: Final = 1000
_TRIES: Final = 8


class About(Struct, frozen=True):
    """Who is told of what: the names that a consumer has in a contract, the first being the one it is kept under; the
    dataset, and where its data come from. INVARIANT: what has one of these in common is told out of one ledger."""

    consumers: tuple[str, ...]
    dataset: str
    origin: str = ""

    def releases(self) -> list[Release]:
        """The entrances to the ledger, the first one being its own name."""
        subjects = [self.dataset, *([f"source {self.origin}"] if self.origin else [])]
        return [
            Release(id=_id(consumer, subject), consumer=consumer, dataset=subject)
            for consumer in self.consumers
            for subject in subjects
        ]


class Ledgers:
    """The memory of what was told. `secret` gives the node's own secret, which is made when it is asked for first."""

    def __init__(self, *, store: Store, clock: Clock, ids: Ids, secret: Callable[[], bytes]) -> None:
        self._store, self._clock, self._ids, self._secret = store, clock, ids, secret
        self.forget: Callable[[str], None] = lambda agreement: None
        """Told of every agreement whose key is destroyed: nobody may hold it any longer."""

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
            ended = [one.id for one, about in kept if about is None or over(about, now) is not None]
            if ended:
                await self._store.write(partial(_destroy, ended))
                for agreement in ended:
                    self.forget(agreement)
            after = kept[-1][0].id

    async def settle(
        self,
        about: About,
        fresh: Mapping[str, Fresh],
        terms: Terms,
        draw: Draw | None,
        *,
        only_again: bool = False,
    ) -> Mapping[str, Told]:
        """What may be told of these cells; returns when it is on disk that it was. With `only_again` nothing that was
        not told before.

        Raises `PolicyError` as the rules do, `StoreError` where the memory cannot be read or written.
        """
        names = about.releases()
        for _ in range(_TRIES):
            found = await self._store.read(partial(_before, names, fresh))
            answer = await asyncio.to_thread(settle, found.before, fresh, terms, draw, only_again=only_again)
            if only_again or (not answer.news and not found.missing and found.release.version):
                return answer.told
            # Noise takes its time, so it is drawn outside; whoever was faster makes it count for nothing.
            if await self._store.write(partial(_keep, names, found, answer, fresh)):
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


class _Found(Struct, frozen=True):
    """The ledger as it was read: `missing` are entrances that do not lead to it yet."""

    release: Release
    missing: tuple[Release, ...]
    before: Before


def _id(consumer: str, subject: str) -> str:
    return hashlib.sha256(f"{consumer}\0{subject}".encode()).hexdigest()


def _page(id: str, key: str) -> str:
    return f"{id} {hashlib.sha256(key.encode()).digest()[0] % _PAGES:02x}"


def _roots(names: Sequence[Release], view: Reading) -> tuple[set[str], tuple[Release, ...]]:
    """The ledgers that these entrances lead to, and the entrances that are none yet."""
    known = [view.get(Release, one.id) for one in names]
    missing = tuple(one for one, found in zip(names, known, strict=True) if found is None)
    return {one.into or one.id for one in known if one is not None}, missing


def _before(names: Sequence[Release], fresh: Mapping[str, Fresh], view: Reading) -> _Found:
    """What was told before, of these cells and their windows."""
    roots, missing = _roots(names, view)
    if len(roots) > 1:
        return _Found(names[0], missing, Before(mixed=True))
    release = (view.get(Release, next(iter(roots))) if roots else None) or names[0]
    cells: dict[str, Told] = {}
    for page in {_page(release.id, key) for key in fresh}:
        if (found := view.get(Cells, page)) is not None:
            cells |= {key: Told(*one) for key, one in found.cells.items() if key in fresh}
    windows: dict[str, int] = {}
    for window in {cell.window for cell in fresh.values()}:
        if (found := view.get(Cells, _page(release.id, window))) is not None and window in found.windows:
            windows[window] = found.windows[window]
    return _Found(release, missing, Before(release.division, cells, release.spent, release.cells, windows))


def _keep(names: Sequence[Release], found: _Found, answer: Answer, fresh: Mapping[str, Fresh], tx: Transaction) -> bool:
    """Keep what is told for the first time; False where somebody else has told something meanwhile."""
    release = found.release
    known = tx.get(Release, release.id)
    if (known.version if known else 0) != release.version or _roots(names, tx)[1] != found.missing:
        return False
    changed = Release(
        id=release.id,
        consumer=release.consumer,
        dataset=release.dataset,
        division=answer.division,
        cells=release.cells + len(answer.news),
        spent=answer.spent,
        version=release.version + 1,
    )
    for page in _pages(release.id, answer.news, fresh, tx).values():
        tx.put(page)
    tx.put(changed)
    for one in found.missing:
        if one.id != release.id:
            tx.put(replace(one, into=release.id))
    params = {"dataset": changed.dataset, "division": changed.division, "cells": str(len(answer.news))}
    if changed.spent != "0":
        params["spent"] = changed.spent
    tx.record(Entry(event="release.told", actor=changed.consumer, params=params))
    return True


def _pages(id: str, news: Mapping[str, Told], fresh: Mapping[str, Fresh], tx: Transaction) -> dict[str, Cells]:
    """The pages with what is new on them."""
    cells: dict[str, dict[str, tuple[int, tuple[str, ...], str, str]]] = {}
    windows: dict[str, dict[str, int]] = {}
    for key, told in news.items():
        cells.setdefault(_page(id, key), {})[key] = (told.units, told.values, told.print, told.part)
        window = fresh[key].window
        counted = windows.setdefault(_page(id, window), {})
        counted[window] = counted.get(window, 0) + 1
    made = {}
    for page in {*cells, *windows}:
        known = tx.get(Cells, page) or Cells(id=page)
        more = {window: known.windows.get(window, 0) + n for window, n in windows.get(page, {}).items()}
        made[page] = Cells(id=page, cells={**known.cells, **cells.get(page, {})}, windows={**known.windows, **more})
    return made
