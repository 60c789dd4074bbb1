"""This node's catalogue as others ask for it: page by page, one dataset, the signed manifest, what has changed.

What lives here: who is let in, and the answers. What does not: making what is shown (`listings`), the wire forms of
manifest and feed (`catalog.federation.manifest`), windows of a page (`windows`), paths and headers (`http.manifest`,
`http.dsp`). Source: Dataspace Protocol 2025-1, Catalog Protocol.

INVARIANT: all four answers come from the same choice of listings (`ports.Listings`), for the DID that is proved: no way
of asking shows more than another. Each costs the same number of statements however many datasets there are.

Every request uses up its token. What tells of datasets stands in the audit; a manifest tells of none, and is asked for
all day long.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Final

import msgspec
from msgspec import Raw, Struct

from catalog import dcat
from catalog.descriptions.description import NODE, Describing
from catalog.federation import manifest
from catalog.federation.manifest import Entries, Listed, Manifest
from connector.errors import MessageError, UnknownError
from connector.ports import Batch, Caller, Change, Clock, Reading, Standing, Store, Transaction
from connector.protocol import codec
from connector.protocol.messages import CONTEXT, Catalog, CatalogRequestMessage
from connector.records import Description, Entry, Listing
from connector.services.intake import let_in
from connector.services.listings import Listings
from connector.services.windows import Window, window

SCOPE: Final = "catalog"
PAGE: Final = 500
ROOM: Final = 3_000_000
"""Bytes of datasets in one answer: readers take four megabytes. Who counts what it gets (`windows`) has no bound."""
MOST_VIEWS: Final = 1_000
"""Audiences whose root is remembered."""
_CONTEXT: Final = msgspec.json.encode({"@context": [CONTEXT]})[:-1]


class Shown(Struct, frozen=True):
    """One page of a catalogue as it is sent, and the cursor of the next one."""

    body: bytes
    next: str | None


class Answer(Struct, frozen=True):
    """The manifest's ETag, and the manifest, where the caller does not have it."""

    etag: str
    token: str | None


class _Root(Struct, frozen=True):
    """What a manifest says of the datasets, at a number of changes."""

    sequence: int
    count: int
    root: str

    @property
    def etag(self) -> str:
        """INVARIANT: two states with one ETag are one state, also where a restore has drawn the same number again."""
        return f'"{self.sequence}.{self.root[:32]}"'


class OwnCatalog:
    """Answers callers. `sign` makes the token of a manifest; `asked` is told who has asked for one."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        listings: Listings,
        did: str,
        public_url: str,
        base: str,
        sign: Callable[[Manifest], str],
        asked: Callable[[str], None],
    ) -> None:
        self._store, self._clock, self._listings = store, clock, listings
        self._did, self._root, self._base = did, public_url, base
        self._sign, self._asked = sign, asked
        self._node = Describing(public_url, did).url(NODE)
        self._roots: dict[str, _Root] = {}
        self._frame: bytes | None = None
        store.follow((Description,), self._described)

    def _described(self, tx: Transaction, changes: Collection[Change]) -> None:
        """The node's own self-description may have come or gone. Said twice: what an act before this one has read is
        remembered after the commit, before the second time."""
        self._forget()
        tx.after(self._forget)

    def _forget(self) -> None:
        self._frame = None

    # --- the protocol's -----------------------------------------------------------------------------------------------

    async def catalog(
        self, caller: Caller, request: CatalogRequestMessage, after: str = "", limit: int = PAGE
    ) -> Shown:
        """What this caller could use, page by page. Raises `MessageError` for a filter that selects (`windows`), and
        `RefusedError` where nobody vouches for it as far as that."""

        def act(tx: Transaction) -> Shown:
            wanted = _wanted(request, limit)
            shown = self._page(tx, caller.id, after, wanted)
            body = self._around(tx, shown)
            tx.record(Entry(event="catalog.read", actor=caller.id, params={"after": after}))
            return Shown(body, shown.listings[-1].asset if shown.more else None)

        return await let_in(self._store, caller, SCOPE, "catalog", act)

    async def dataset(self, caller: Caller, id: str) -> bytes:
        """One dataset with the offers that this caller could use. Raises `UnknownError` where there is none, and
        `RefusedError` as `catalog`."""

        def act(tx: Transaction) -> bytes:
            found = self._one(tx, caller.id, id)
            if found is None:
                raise UnknownError("dataset.unknown")
            tx.record(Entry(event="dataset.read", actor=caller.id, params={"asset": id}))
            return _CONTEXT + b"," + found.document[1:]

        return await let_in(self._store, caller, SCOPE, "dataset", act)

    # --- manifest and feed --------------------------------------------------------------------------------------------

    async def manifest(self, caller: Caller, known: str = "") -> Answer:
        """The manifest for this caller; `known` are the ETags that it has, as in If-None-Match. Raises `RefusedError`
        as `catalog`."""

        def act(tx: Transaction) -> _Root:
            return self._rooted(tx, caller.id, self._standing(tx, caller.id))

        root = await let_in(self._store, caller, SCOPE, "manifest", act)
        self._asked(caller.id)
        if known.strip() == "*" or root.etag in (one.strip().removeprefix("W/") for one in known.split(",")):
            return Answer(root.etag, None)
        told = Manifest(
            iss=self._did,
            aud=caller.id,
            iat=self._clock.now() // manifest.SECOND,
            sequence=root.sequence,
            count=root.count,
            root=root.root,
        )
        return Answer(root.etag, self._sign(told))

    async def entries(self, caller: Caller, after: int, limit: int = PAGE) -> Entries:
        """What has changed for this caller behind a number. Raises `RefusedError` as `catalog`."""

        def act(tx: Transaction) -> Entries:
            found = self.feed(tx, caller.id, after, min(limit, PAGE))
            tx.record(Entry(event="catalog.read", actor=caller.id, params={"since": str(after)}))
            return found

        return await let_in(self._store, caller, SCOPE, "entries", act)

    def feed(self, tx: Transaction, audience: str, after: int, limit: int = PAGE) -> Entries:
        """What has changed for an audience; with this node's own DID, of all that it offers."""
        standing = self._standing(tx, audience)
        found = tx.listings(audience).changes(after=after, limit=limit, room=ROOM)
        reached = found.listings[-1].sequence if found.more else max(standing.sequence, after)
        # Who has come further than we ever did has seen what a restore has taken back: it has to find out by itself.
        return Entries(sequence=reached, more=found.more, entries=tuple(map(_listed, found.listings)))

    # --- what they have in common -------------------------------------------------------------------------------------

    def _page(self, tx: Transaction, who: str, after: str, wanted: Window) -> Batch:
        """A page on which nothing is over."""
        room = None if wanted.counted else ROOM
        shown = tx.listings(who)
        found = shown.page(after=after, skip=wanted.offset, limit=wanted.limit, room=room)
        if over := [one.asset for one in found.listings if self._over(one)]:
            self._listings.renew(tx, over)
            found = shown.page(after=after, skip=wanted.offset, limit=wanted.limit, room=room)
        return found

    def _one(self, tx: Transaction, who: str, id: str) -> Listing | None:
        found = _governing(tx, who, id)
        if found is not None and self._over(found):
            self._listings.renew(tx, [id])
            found = _governing(tx, who, id)
        return found

    def _over(self, one: Listing) -> bool:
        return one.until is not None and one.until <= self._clock.now()

    def _standing(self, tx: Transaction, who: str) -> Standing:
        """How far the catalogue has come, with nothing in it that is over."""
        shown = tx.listings(who)
        found = shown.standing()
        while found.due is not None and found.due <= self._clock.now():
            self._listings.renew(tx)
            found = shown.standing()
        return found

    def _rooted(self, tx: Transaction, who: str, standing: Standing) -> _Root:
        """What a manifest for somebody says. Whoever has no listings of its own sees what everybody sees."""
        audience = who if standing.own else ""
        known = self._roots.get(audience)
        if known is not None and known.sequence == standing.sequence:
            return known
        digests = tx.listings(audience).digests()
        found = _Root(standing.sequence, len(digests), manifest.root(digests))
        # Not before it is on disk: a number that was never committed is drawn again, for something else.
        tx.after(lambda: self._remember(audience, found))
        return found

    def _remember(self, audience: str, root: _Root) -> None:
        if len(self._roots) >= MOST_VIEWS:
            del self._roots[next(iter(self._roots))]
        self._roots[audience] = root

    def _around(self, tx: Transaction, shown: Batch) -> bytes:
        """The catalogue around its datasets, which have been checked when they were made."""
        frame = self._frame
        if frame is None:
            frame = self._framed(tx)
            tx.after(partial(setattr, self, "_frame", frame))
        if not shown.listings:
            return frame
        return b"".join((frame[:-1], b',"dataset":[', b",".join(one.document for one in shown.listings), b"]}"))

    def _framed(self, view: Reading) -> bytes:
        described = self._node if view.get(Description, self._node) is not None else ""
        document = dcat.catalog(
            id=f"{self._root}/catalog",
            participant=self._did,
            service=dcat.service(self._base, self._did),
            described=described,
        )
        return codec.encode(msgspec.convert({**document, "@type": "Catalog"}, Catalog))


def _wanted(request: CatalogRequestMessage, limit: int) -> Window:
    """The window that a request asks for. Raises `MessageError` `catalog.filter`."""
    wanted = window(request.filter, limit)
    if wanted is None:
        raise MessageError("catalog.filter", place="/filter")
    return wanted


def _governing(view: Reading, who: str, id: str) -> Listing | None:
    """The listing of an asset that somebody sees."""
    for audience in (who, ""):
        found = view.get(Listing, f"{id} {audience}")
        if found is not None and found.digest:
            return found
    return None


def _listed(one: Listing) -> Listed:
    if not one.digest:
        return Listed(id=one.asset, sequence=one.sequence, gone=True)
    return Listed(id=one.asset, sequence=one.sequence, digest=one.digest, dataset=Raw(one.document))
