"""Saved searches: questions that are asked again whenever a catalogue has changed, and tell of what is new.

What lives here: keeping them, asking them again, what of it is new. What does not: asking (`search`), how people are
told (`watch`: the event `catalog.found`).

What was there when a search was saved, or was told of since, is remembered by a short digest of participant and id, of
the newest of them up to a bound. INVARIANT: one event tells of a search at most, however much is new, and the record
is written in its transaction: what was told is not told again.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import msgspec
from msgspec.structs import asdict, replace

from catalog.index.forms import Hit, Order
from connector.errors import InputError, NodeError, UnknownError
from connector.ports import Clock, Store, Transaction
from connector.records import Entry, SavedSearch
from connector.services.search import MOST, Results, Search, Seen
from connector.services.wanted import Question

SEARCHES: Final = 100
"""Saved searches of one node."""
REMEMBERED: Final = 2_000
"""Datasets that one search remembers."""
PAGES: Final = 10
"""Pages of one search that are looked at for what is new."""


class Saved:
    """The saved searches of this node."""

    def __init__(self, *, store: Store, clock: Clock, search: Search) -> None:
        self._store, self._clock, self._search = store, clock, search
        self._moved: int | None = None

    async def save(self, operator: str, name: str, question: Question) -> SavedSearch:
        """Keep a question; what it finds now is known. Raises `InputError` for one that cannot be asked, a name that is
        taken, too many."""
        await self._search.read(question)
        now = self._clock.now()
        known = _digests(one.hit for one in await self._newest(question))
        made = SavedSearch(
            id=name, query=_plain(question), created=now, created_by=operator, asked=now, known=tuple(known)
        )

        def act(tx: Transaction) -> None:
            if tx.get(SavedSearch, name) is not None:
                raise InputError("search.taken", name=name)
            if tx.count(SavedSearch) >= SEARCHES:
                raise InputError("search.many", most=str(SEARCHES))
            tx.put(made)
            tx.record(Entry(event="search.saved", actor=operator, params={"search": name}))

        await self._store.write(act)
        return made

    async def remove(self, operator: str, name: str) -> None:
        """Ask it no more. Raises `UnknownError`."""

        def act(tx: Transaction) -> None:
            if not tx.delete(SavedSearch, name):
                raise UnknownError("search.unknown", name=name)
            tx.record(Entry(event="search.removed", actor=operator, params={"search": name}))

        await self._store.write(act)

    async def select(self, *, after: str = "", limit: int = 100) -> list[SavedSearch]:
        """In the order of their names."""
        return await self._store.read(lambda view: view.select(SavedSearch, after=after, limit=limit))

    async def run(self, name: str, *, limit: int = 20, after: str = "") -> Results:
        """Ask it now, for whoever wants to see. Raises `UnknownError`, and as `Search.find`."""
        found = await self._store.read(lambda view: view.get(SavedSearch, name))
        if found is None:
            raise UnknownError("search.unknown", name=name)
        return await self._search.find(question_of(found), limit=limit, after=after)

    async def look(self) -> None:
        """Ask all of them again where a catalogue has changed since they were asked last, and tell of what is new."""
        moved = await self._search.moved()
        if moved == self._moved:
            return
        for one in await self.select(limit=SEARCHES):
            await self._ask(one)
        self._moved = moved

    async def _ask(self, one: SavedSearch) -> None:
        try:
            found = await self._newest(question_of(one))
        except (NodeError, msgspec.ValidationError):
            return  # of a peer that is none any more, or a form of a later version: whoever runs it is told
        known = set(one.known)
        new = [seen for seen in found if not seen.own and _digest(seen.hit) not in known]
        if not new:
            return
        remembered = (*_digests(seen.hit for seen in found), *one.known)
        told = replace(one, asked=self._clock.now(), known=tuple(dict.fromkeys(remembered))[:REMEMBERED])
        params = {"search": one.id, "found": str(len(new)), "title": new[0].hit.title[:200] or new[0].hit.id[:200]}

        def act(tx: Transaction) -> None:
            if tx.get(SavedSearch, one.id) == one:
                tx.put(told)
                tx.record(Entry(event="catalog.found", actor="node", params={**params, "peer": new[0].hit.participant}))

        await self._store.write(act)

    async def _newest(self, question: Question) -> list[Seen]:
        """What a question finds, the newest first, within bounds."""
        newest, found, after = replace(question, order=Order.NEWEST), list[Seen](), ""
        for _ in range(PAGES):
            page = await self._search.find(newest, limit=MOST, after=after, facets=False)
            found += page.seen
            after = page.next
            if not after:
                break
        return found


def question_of(one: SavedSearch) -> Question:
    """The question that was saved. Raises `msgspec.ValidationError` where it was by another version of this program."""
    return msgspec.convert(one.query, Question)


def _plain(question: Question) -> dict[str, str | bool]:
    """Only what was said."""
    empty = asdict(Question())
    return {name: msgspec.to_builtins(value) for name, value in asdict(question).items() if value != empty[name]}


def _digests(hits: Iterable[Hit]) -> list[str]:
    return [_digest(one) for one in hits]


def _digest(hit: Hit) -> str:
    """What a dataset is remembered by: 64 bits of its names."""
    return sha256(f"{hit.participant}\n{hit.id}".encode(errors="replace")).hexdigest()[:16]
