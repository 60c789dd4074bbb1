"""What portals and people without a login see of this node: the datasets that are offered to everybody.

What lives here: snapshots of all of them, which a harvest goes through page by page; one dataset with its terms. What
does not: what is told of an asset (`catalog.portal.own`), the form (`catalog.portal.dcat_ap_de`), HTTP (`http.portal`).

A portal deletes what it does not find any more, so a harvest has to be of one state of the catalogue: its pages name
the snapshot that they are of. INVARIANT: a page of a snapshot is that page for as long as the snapshot is there, and
nothing else is ever shown in its place. A snapshot's name is made of what it holds, so that it is there again after a
restart where nothing has changed.
"""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from catalog import visibility
from catalog.graph import Graph, Node
from catalog.portal.dcat_ap_de import Exhibit, Shelf, Terms, dataset
from catalog.portal.own import About, House, told
from connector.errors import UnknownError
from connector.ports import Change, Clock, Reading, Store, Transaction
from connector.records import Asset, Listing, Portrait, PublishedOffer
from connector.services.decisions import Published
from policies.model import Policy, RuleKind

FRESH: Final = 5_000_000
"""Microseconds for which it is not looked again whether something has changed; as long after a change it is, because a
transaction tells of a change before it is to be seen."""
AGAIN: Final = 300_000_000
"""Microseconds after which it is looked again although nothing was written: an offer may be over."""
KEPT: Final = 6
"""Snapshots that are there at a time: the latest, and those that harvests may still be at."""
IDLE: Final = 3_600_000_000
"""Microseconds after which a snapshot that nobody has asked for is let go of."""
_PAGE: Final = 500
_EVERYBODY: Final = ""
_LICENCE: Final = "http://purl.org/dc/terms/license@id"
_R = TypeVar("_R", Asset, Listing, Portrait, PublishedOffer)


class Shown(Struct, frozen=True, kw_only=True):
    """A dataset that is shown: `changed` microseconds UTC, `packed` its graph."""

    id: str
    name: str
    page: str
    changed: int
    terms: tuple[Terms, ...]
    packed: bytes
    digest: bytes

    @property
    def graph(self) -> Graph:
        """What is told of it, as portals see it."""
        nodes: list[Node] = msgspec.json.decode(zlib.decompress(self.packed))
        return {node["@id"]: node for node in nodes}


class Snapshot(Struct, frozen=True, kw_only=True):
    """All that was shown at one time, in the order of their ids. `changed` is the latest change of any of it."""

    id: str
    datasets: tuple[Shown, ...]
    changed: int

    def since(self, instant: int) -> tuple[Shown, ...]:
        """Those that have changed at an instant or later."""
        return tuple(one for one in self.datasets if one.changed >= instant)


class Offered(Struct, frozen=True):
    """The terms of an offer to everybody."""

    dataset: Shown
    terms: Terms
    policy: Policy


class _Asset(Struct, frozen=True):
    """What a shown dataset is made of."""

    asset: Asset
    portrait: Portrait | None
    offers: tuple[PublishedOffer, ...]
    listed: int


class Portal:
    """Shows what is offered to everybody. `base` is where the protocol is spoken."""

    def __init__(self, *, store: Store, clock: Clock, house: House, public_url: str, base: str) -> None:
        self._store, self._clock, self._house = store, clock, house
        self._root, self._base = f"{public_url}/dcat", base
        self._published = Published()
        self._made: dict[str, tuple[_Asset, Shown]] = {}
        self._snapshots: dict[str, Snapshot] = {}
        self._used: dict[str, int] = {}
        self._latest, self._looked, self._touched = "", 0, 0
        self._lock = asyncio.Lock()
        store.follow((Asset, Portrait, PublishedOffer), self._touch)

    @property
    def house(self) -> House:
        """Who shows it."""
        return self._house

    def shelf(self, changed: int | None = None) -> Shelf:
        """The catalogue around what is shown."""
        return Shelf(id=f"{self._root}/catalog", page=self._root, endpoint=self._base, changed=changed or None)

    async def latest(self) -> Snapshot:
        """What is shown now. Raises `StoreError`: never less than there is."""
        async with self._lock:
            now = self._clock.now()
            if self._due(now):
                snapshot = await self._store.read(lambda view: self._snapshot(view, now))
                self._keep(snapshot, now)
            return self._taken(self._latest, now)

    async def earlier(self, id: str) -> Snapshot | None:
        """A snapshot by its name; None where it is there no longer."""
        if id not in self._snapshots:
            await self.latest()
        return self._taken(id, self._clock.now()) if id in self._snapshots else None

    async def dataset(self, name: str) -> Shown:
        """One dataset, by the name of its asset. Raises `UnknownError` where there is none, or it is not shown."""
        snapshot = await self.latest()
        found = next((one for one in snapshot.datasets if one.name == name), None)
        if found is None:
            raise UnknownError("dataset.unknown")
        return found

    async def offered(self, name: str, offer: str) -> Offered:
        """An offer of a dataset to everybody. Raises `UnknownError`."""
        shown = await self.dataset(name)
        terms = next((one for one in shown.terms if one.id == offer), None)
        record = await self._store.read(lambda view: view.get(PublishedOffer, offer)) if terms else None
        if terms is None or record is None:
            raise UnknownError("offer.unknown")
        return Offered(shown, terms, self._published.policy(record))

    # --- snapshots ----------------------------------------------------------------------------------------------------

    def _touch(self, tx: Transaction, changes: Collection[Change]) -> None:
        self._touched = self._clock.now()

    def _due(self, now: int) -> bool:
        """Has it to be looked what is shown now?"""
        if not self._latest or not 0 <= now - self._looked < AGAIN:
            return True
        return now - self._looked >= FRESH and self._looked - self._touched < FRESH

    def _taken(self, id: str, now: int) -> Snapshot:
        self._used[id] = now
        return self._snapshots[id]

    def _keep(self, snapshot: Snapshot, now: int) -> None:
        self._snapshots.setdefault(snapshot.id, snapshot)
        self._latest, self._looked, self._used[snapshot.id] = snapshot.id, now, now
        idle = [id for id, used in self._used.items() if now - used > IDLE]
        order = sorted(self._used, key=lambda id: self._used[id])
        for id in {*idle, *order[: max(0, len(order) - KEPT)]} - {snapshot.id}:
            del self._snapshots[id], self._used[id]

    def _snapshot(self, view: Reading, now: int) -> Snapshot:
        listed = _listed(view)
        shown = tuple(self._shown(made) for made in self._visible(view, now, listed))
        self._made = {one.id: self._made[one.id] for one in shown}
        whole = hashlib.sha256()
        for one in shown:
            whole.update(one.digest)
        changed = max((*listed.values(), *(one.changed for one in shown)), default=0)
        return Snapshot(id=whole.hexdigest()[:24], datasets=shown, changed=changed)

    def _visible(self, view: Reading, now: int, listed: Mapping[str, int]) -> Iterator[_Asset]:
        """The assets that are offered to everybody, in the order of their ids."""
        offers: dict[str, list[PublishedOffer]] = {}
        for offer in _all(view, PublishedOffer, live=True):
            policy = self._published.policy(offer)
            if visibility.visible(policy, _EVERYBODY, now) and not any(rule.assignee for rule in policy.rules):
                offers.setdefault(offer.asset, []).append(offer)
        portraits = {one.id: one for one in _all(view, Portrait) if one.id in offers}
        for asset in _all(view, Asset):
            if asset.id in offers:
                held = tuple(offers[asset.id])
                yield _Asset(asset, portraits.get(asset.id), held, listed.get(asset.id, asset.created))

    def _shown(self, made: _Asset) -> Shown:
        """A dataset as portals see it; made once for as long as nothing of it changes."""
        known = self._made.get(made.asset.id)
        if known is None or known[0] != made:
            known = self._made[made.asset.id] = (made, self._make(made))
        return known[1]

    def _make(self, made: _Asset) -> Shown:
        asset, nodes = made.asset, () if made.portrait is None else made.portrait.nodes
        page = f"{self._root}/datasets/{quote(asset.name, safe='')}"
        terms = tuple(_terms(page, offer.id, self._published.policy(offer)) for offer in made.offers)
        exhibit = Exhibit(
            id=asset.id,
            graph=told(_about(asset), self._house, nodes),
            page=page,
            terms=terms,
            changed=_changed(made),
            media_type=asset.media_type,
        )
        encoded = msgspec.json.encode(list(dataset(exhibit).values()))
        digest = hashlib.sha256(encoded + str(exhibit.changed).encode()).digest()
        return Shown(
            id=asset.id,
            name=asset.name,
            page=page,
            changed=exhibit.changed,
            terms=terms,
            packed=zlib.compress(encoded, 1),
            digest=digest,
        )


def _about(asset: Asset) -> About:
    return About(id=asset.id, title=asset.title, created=asset.created, description=asset.description)


def _terms(page: str, id: str, policy: Policy) -> Terms:
    named = next((text for predicate, text in policy.remarks if predicate == _LICENCE), "")
    return Terms(id=id, page=f"{page}/terms/{quote(id, safe=':')}", restricted=_restricted(policy), licence=named)


def _restricted(policy: Policy) -> bool:
    """Do the terms ask for anything?"""
    free = (
        rule.kind is RuleKind.PERMISSION and not (rule.constraints or rule.refinements or rule.duties)
        for rule in policy.rules
    )
    return not all(free)


def _changed(made: _Asset) -> int:
    """When it last changed: also by an offer that is there no longer."""
    return max(made.listed, 0 if made.portrait is None else made.portrait.changed)


def _listed(view: Reading) -> dict[str, int]:
    """When each asset last changed for everybody, also those that are gone."""
    return {one.asset: one.changed for one in _all(view, Listing, audience=_EVERYBODY)}


def _all(view: Reading, kind: type[_R], **where: Any) -> Iterator[_R]:
    """Every record of a kind, in the order of their ids."""
    after = ""
    while found := view.select(kind, after=after, limit=_PAGE, **where):
        yield from found
        if len(found) < _PAGE:
            return
        after = found[-1].id
