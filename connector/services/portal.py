"""What portals and people without a login see of this node: the datasets that are offered to everybody.

What lives here: which those are, at what time; snapshots of all of them, which a harvest goes through page by page.
What does not: what a dataset is made of (`exhibits`), what is shown of it (`catalog.portal.exhibiting`), HTTP
(`http.portal`).

A portal deletes what it does not find any more, so a harvest has to be of one state of the catalogue: its pages name
the snapshot that they are of. A snapshot is a list of references, kept up to date by the transactions that change
something; datasets are made when somebody asks for them. INVARIANT: a page of a snapshot is that page for as long as
the snapshot is there, and nothing else is ever shown in its place: what a dataset is made from has to have the version
that the snapshot names. What a change is about to overtake is kept for whoever has begun to read. A snapshot's name is
made of what it holds, so that it is there again after a restart where nothing has changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import zlib
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from catalog.portal.dcat_ap_de import Shelf, Terms
from catalog.portal.exhibiting import page_of
from catalog.portal.own import House
from connector.errors import BusyError, NodeError, UnknownError
from connector.ports import Clock, Reading, Store, Transaction
from connector.records import Listing, PublishedOffer
from connector.services import exhibits
from connector.services.bounded import Bounded
from connector.services.exhibits import Ref, Shown, Source
from connector.services.listings import Listings
from policies import parse
from policies.model import Policy, PolicyKind

KEPT: Final = 32
"""Snapshots that are there at a time, beside the latest: those that harvests may still be at."""
IDLE: Final = 3_600_000_000
"""Microseconds after which a snapshot that nobody has asked for is let go of."""
MADE_BYTES: Final = 24 * 1024 * 1024
"""Of datasets that have been made, packed."""
OVERTAKEN_BYTES: Final = 16 * 1024 * 1024
"""Of what was changed while it could be harvested: what goes first takes the snapshots that need it with it."""
_LOADED: Final = 100
"""Datasets that are looked at before others have their turn."""
_READ: Final = 50
_RENEWED: Final = 20
_TRIES: Final = 5
_OVERHEAD: Final = 700
"""Bytes that a dataset takes beside its graph."""
_NEVER: Final = 1 << 62
_EVERYBODY: Final = ""
_pack = msgspec.msgpack.Encoder().encode
_source = msgspec.msgpack.Decoder(Source).decode


class Snapshot(Struct, frozen=True, kw_only=True):
    """All that was shown at one time, in the order of their ids. `changed` is the latest change of any of it."""

    id: str
    datasets: tuple[Ref, ...]
    changed: int

    def since(self, instant: int) -> tuple[Ref, ...]:
        """Those that have changed at an instant or later."""
        return tuple(one for one in self.datasets if one.changed >= instant)


class Offered(Struct, frozen=True):
    """The terms of an offer to everybody."""

    dataset: Shown
    terms: Terms
    policy: Policy


class Portal:
    """Shows what is offered to everybody. `base` is where the protocol is spoken; `edition` is anything else that pages
    depend on, such as the program's version."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        listings: Listings,
        house: House,
        public_url: str,
        base: str,
        edition: str = "",
    ) -> None:
        self._store, self._clock, self._listings, self._house = store, clock, listings, house
        self._root, self._base = f"{public_url}/dcat", base
        said = _pack((house, public_url, base, edition))
        self.edition = hashlib.sha256(said).hexdigest()
        """INVARIANT: two pages of one version and one edition are one page."""
        self._refs: dict[str, Ref] = {}
        self._names: dict[str, str] = {}
        self._following = self._loaded = False
        self._new: set[str] = set()
        """What has changed since the latest snapshot."""
        self._changed, self._due = 0, _NEVER
        self._latest: Snapshot | None = None
        self._asked = 0
        self._harvested: dict[str, Snapshot] = {}
        self._used: dict[str, int] = {}
        self._made: Bounded[bytes, Shown] = Bounded(MADE_BYTES)
        self._overtaken: Bounded[bytes, bytes] = Bounded(OVERTAKEN_BYTES)
        self._lock = asyncio.Lock()
        listings.looking.append(self._follow)

    @property
    def house(self) -> House:
        """Who shows it."""
        return self._house

    def shelf(self, changed: int | None = None) -> Shelf:
        """The catalogue around what is shown."""
        return Shelf(id=f"{self._root}/catalog", page=self._root, endpoint=self._base, changed=changed or None)

    def page(self, ref: Ref) -> str:
        """Where a dataset's page is."""
        return page_of(self._root, ref.name)

    # --- snapshots ----------------------------------------------------------------------------------------------------

    async def latest(self) -> Snapshot:
        """What is shown now. Raises `StoreError`: never less than there is, and nothing that is over."""
        async with self._lock:
            if not self._loaded:
                await self._load()
            if self._due <= self._clock.now():
                await self._renew()
            self._asked = self._clock.now()
            if self._latest is None or self._new:
                self._latest = self._snapshot()
            return self._latest

    async def harvested(self, id: str = "") -> Snapshot | None:
        """The snapshot that a harvest is of, from now on there for its next page; the latest where it begins. None
        where it is there no longer."""
        latest = await self.latest()
        found = latest if id in ("", latest.id) else self._harvested.get(id)
        if found is not None:
            self._keep(found)
        return found

    def _snapshot(self) -> Snapshot:
        refs = tuple(self._refs[id] for id in sorted(self._refs))
        whole = hashlib.sha256(self.edition.encode())
        whole.update(b"".join(one.version for one in refs) + str(self._changed).encode())
        self._new.clear()
        return Snapshot(id=whole.hexdigest()[:24], datasets=refs, changed=self._changed)

    def _keep(self, snapshot: Snapshot) -> None:
        self._harvested.setdefault(snapshot.id, snapshot)
        self._used.pop(snapshot.id, None)
        self._used[snapshot.id] = self._clock.now()
        while len(self._used) > KEPT:
            self._drop(next(iter(self._used)))

    def _drop(self, id: str) -> None:
        del self._used[id], self._harvested[id]

    def _read(self) -> bool:
        """May somebody still be reading a snapshot?"""
        now = self._clock.now()
        for id in [id for id, used in self._used.items() if now - used > IDLE]:
            self._drop(id)
        if self._used or now - self._asked <= IDLE:
            return True
        self._overtaken.clear()
        return False

    # --- what changes -------------------------------------------------------------------------------------------------

    async def _load(self) -> None:
        """Look at all there is, once. What changes meanwhile is followed."""
        self._following, after = True, ""
        while True:
            after = await self._store.read(lambda view, after=after: self._some(view, after))  # type: ignore[misc]
            if not after:
                break
            await asyncio.sleep(0)
        self._loaded = True

    def _some(self, view: Reading, after: str) -> str:
        """Look at some listings; behind which one it goes on, "" at the end."""
        found = view.select(Listing, audience=_EVERYBODY, after=after, limit=_LOADED)
        for one in found:
            self._apply(one.asset, exhibits.ref(view, one.asset), one.changed)
        return found[-1].id if len(found) == _LOADED else ""

    def _follow(self, tx: Transaction, asset: str) -> None:
        """The listings of an asset have been looked at; it holds when the transaction is on disk."""
        if not self._following:
            return
        old = self._refs.get(asset)
        new, listing = exhibits.ref(tx, asset), tx.get(Listing, f"{asset} ")
        if old == new:
            return
        if old is not None and asset not in self._new and self._read():
            self._overtake(old)
        changed = 0 if listing is None else listing.changed
        tx.after(lambda: self._apply(asset, new, changed))

    def _overtake(self, old: Ref) -> None:
        """Keep what a dataset was made of until now. Where it cannot be read nothing is lost but a harvest."""
        with contextlib.suppress(NodeError):
            found = self._store.committed(lambda view: exhibits.source(view, old.id))
            if found is not None and found[0].version == old.version:
                packed = zlib.compress(_pack(found[0]), 1)
                self._overtaken.put(old.version, packed, len(packed))

    def _apply(self, asset: str, ref: Ref | None, changed: int) -> None:
        old = self._refs.get(asset)
        if old is not None and (ref is None or ref.name != old.name):
            self._names.pop(old.name, None)
        if ref is None:
            self._refs.pop(asset, None)
        else:
            self._refs[asset] = ref
            self._names[ref.name] = asset
            self._due = min(self._due, _end(ref))
        if old != ref or changed > self._changed:
            self._new.add(asset)
        self._changed = max(self._changed, changed, ref.changed if ref else 0)

    async def _renew(self) -> None:
        """Have everything made anew that is over."""
        now = self._clock.now()
        over = [id for id, one in self._refs.items() if _end(one) <= now]
        for at in range(0, len(over), _RENEWED):
            some = over[at : at + _RENEWED]
            await self._store.write(lambda tx, some=some: self._listings.renew(tx, some))  # type: ignore[misc]
        self._due = min(map(_end, self._refs.values()), default=_NEVER)

    # --- datasets -----------------------------------------------------------------------------------------------------

    async def made(self, refs: Sequence[Ref]) -> list[Shown] | None:
        """The datasets in these states, as many as one page has; None where one of them cannot be had any more."""
        found = {one.version: made for one in refs if (made := self._made.get(one.version)) is not None}
        lacking = [one for one in refs if one.version not in found]
        sources: list[Source] = []
        for at in range(0, len(lacking), _READ):
            some = lacking[at : at + _READ]
            sources += await self._store.read(lambda view, some=some: list(self._sources(view, some)))  # type: ignore[misc]
            await asyncio.sleep(0)
        if len(sources) < len(lacking):
            return None
        if sources:
            fresh = await asyncio.to_thread(self._make, sources)
            for ref, one in zip(lacking, fresh, strict=True):
                found[ref.version] = one
                self._made.put(ref.version, one, len(one.packed) + _OVERHEAD)
        return [found[one.version] for one in refs]

    def _make(self, sources: Iterable[Source]) -> list[Shown]:
        return [exhibits.make(one, self._house, self._root) for one in sources]

    def _sources(self, view: Reading, refs: Iterable[Ref]) -> Iterable[Source]:
        """What these were made of, as far as it can be had."""
        for ref in refs:
            if (packed := self._overtaken.get(ref.version)) is not None:
                yield _source(zlib.decompress(packed))
            elif (found := exhibits.source(view, ref.id)) is not None and found[0].version == ref.version:
                yield found[0]

    async def of(self, ids: Iterable[str]) -> dict[str, Shown]:
        """Those datasets of these that are shown now, by their ids."""
        wanted = list(ids)
        for _ in range(_TRIES):
            await self.latest()
            refs = [self._refs[id] for id in wanted if id in self._refs]
            if (found := await self.made(refs)) is not None:
                return {one.id: one for one in found}
        raise BusyError("portal.busy")

    async def ref(self, name: str) -> Ref:
        """The state of one dataset, by the name of its asset. Raises `UnknownError` where it is not shown."""
        await self.latest()
        if (id := self._names.get(name)) is None:
            raise UnknownError("dataset.unknown")
        return self._refs[id]

    async def dataset(self, name: str) -> Shown:
        """One dataset, by the name of its asset. Raises `UnknownError` where there is none, or it is not shown."""
        id = (await self.ref(name)).id
        found = (await self.of([id])).get(id)
        if found is None:
            raise UnknownError("dataset.unknown")
        return found

    async def offered(self, shown: Shown, offer: str) -> Offered:
        """An offer of a dataset to everybody. Raises `UnknownError`."""
        terms = next((one for one in shown.terms if one.id == offer), None)
        record = await self._store.read(lambda view: view.get(PublishedOffer, offer)) if terms else None
        if terms is None or record is None:
            raise UnknownError("offer.unknown")
        return Offered(shown, terms, parse.from_dsp(record.document, PolicyKind.OFFER))


def _end(ref: Ref) -> int:
    """From when on something of it is over."""
    return _NEVER if ref.until is None else ref.until
