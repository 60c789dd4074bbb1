"""Whose catalogues are read: every participant that something may be done with, and places that an operator has named.

What lives here: the list, and keeping the places. What does not: asking (`asking`), who is a participant (`peers`,
`trust`). Where it is read: at the participant's DSP endpoint; at the service `AllmendeCatalog` of its DID document,
which is looked for when it is asked; at a place named here, which stands in for the endpoint of its participant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Struct

from connector.errors import InputError
from connector.ports import Clock, Reading, Store, Transaction
from connector.protocol.messages import JsonObject
from connector.records import CatalogPlace, Entry, Participant
from connector.services.peers import NAME

_PAGE = 500
_URL = re.compile(r"https?://[^\s?#]+", re.ASCII)


class Target(Struct, frozen=True, kw_only=True):
    """Who is asked: `base` is where catalogues of the protocol are had, `url` the root of its node, `keys` those that
    it is known by. `private` allows private addresses; `broker`: it may tell of others' datasets; `place` is the name
    of the place that says so."""

    participant: str
    name: str
    url: str
    base: str
    keys: Mapping[str, JsonObject] = {}
    private: bool = False
    broker: bool = False
    place: str = ""


def targets(view: Reading, now: int) -> tuple[dict[str, Target], frozenset[str]]:
    """Everybody whose catalogue may be read at `now`, by DID; and those who are only to be judged again before that:
    what was read of them stays meanwhile."""
    found: dict[str, Target] = {}
    waiting: set[str] = set()
    after = ""
    while page := view.select(Participant, after=after, limit=_PAGE):
        for one in page:
            why = one.barred(now)
            if why is None and one.may("catalog"):
                found[one.id] = _target(one)
            elif why is not None and why.code == "trust.lapsed":
                waiting.add(one.id)
        after = page[-1].id
    for place in view.select(CatalogPlace, limit=_PAGE):
        known = found.get(place.participant)
        if known is not None:
            found[known.participant] = Target(
                participant=known.participant,
                name=known.name,
                url=known.url,
                base=place.url,
                keys=known.keys,
                private=known.private,
                broker=place.broker,
                place=place.id,
            )
    return found, frozenset(waiting)


def _target(one: Participant) -> Target:
    return Target(participant=one.id, name=one.name, url=one.url, base=one.base, keys=one.keys, private=one.private)


class Places:
    """Catalogues that an operator has named."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def list(self) -> list[CatalogPlace]:
        """All of them, by name."""
        return await self._store.read(lambda view: view.select(CatalogPlace, limit=_PAGE))

    async def add(self, operator: str, name: str, peer: str, url: str, *, broker: bool) -> CatalogPlace:
        """Read the catalogue of `peer` (its name or DID) at `url`, its DSP endpoint there; empty: where it is known to
        be. One place a participant.

        Raises `InputError`: `catalog.place_name`, `catalog.place_url`, `peer.unknown`, `catalog.place_taken`.
        """
        if not NAME.fullmatch(name):
            raise InputError("catalog.place_name", name=name[:64])
        if url and (not _URL.fullmatch(url) or not urlsplit(url).hostname):
            raise InputError("catalog.place_url", url=url[:256])

        def act(tx: Transaction) -> CatalogPlace:
            known = tx.get(Participant, peer) if peer.startswith("did:") else tx.find(Participant, name=peer)
            if known is None:
                raise InputError("peer.unknown", id=peer[:256])
            others = tx.select(CatalogPlace, limit=_PAGE)
            taken = [one.id for one in others if one.id == name or one.participant == known.id]
            if taken:
                raise InputError("catalog.place_taken", name=taken[0], peer=known.name)
            if len(others) >= _PAGE:
                raise InputError("catalog.places_many", most=str(_PAGE))
            place = CatalogPlace(
                id=name,
                participant=known.id,
                url=(url or known.base).rstrip("/"),
                added=self._clock.now(),
                added_by=operator,
                broker=broker,
            )
            tx.put(place)
            tx.record(Entry(event="catalog.place_added", actor=operator, params=_about(place)))
            return place

        return await self._store.write(act)

    async def remove(self, operator: str, name: str) -> CatalogPlace:
        """Read it there no longer. Raises `InputError` `catalog.place_unknown`."""

        def act(tx: Transaction) -> CatalogPlace:
            place = tx.get(CatalogPlace, name)
            if place is None:
                raise InputError("catalog.place_unknown", name=name[:64])
            tx.delete(CatalogPlace, name)
            tx.record(Entry(event="catalog.place_removed", actor=operator, params=_about(place)))
            return place

        return await self._store.write(act)


def _about(place: CatalogPlace) -> dict[str, str]:
    return {
        "name": place.id,
        "peer": place.participant,
        "url": place.url,
        "broker": "yes" if place.broker else "no",
    }
