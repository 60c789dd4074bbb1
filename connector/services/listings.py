"""The node's own catalogue as it stands: each dataset in the protocol's form, made when something of it changes.

What lives here: making listings in the transaction of whatever changes an asset, its portrait, its offers or its
self-description; numbering the changes; making anew what time or other settings have overtaken. What does not: showing
them (`own_catalog`), the form (`catalog.dcat`), who may see an offer (`catalog.visibility`), the SQL that chooses
(`connector.store.listed`).

A listing is for an audience: "" has the offers to everybody, a DID those and the ones that are addressed to it. Whoever
asks is shown its own listing in the place of the one for everybody. This node's own DID has one too where something is
addressed to somebody: with all offers, as this node itself finds its datasets.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from hashlib import sha256

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from catalog import dcat, visibility
from catalog.descriptions.description import PRODUCT, Describing
from catalog.federation.manifest import digest
from catalog.portal.exhibiting import MOST_OFFERS
from connector.errors import MessageError, NodeError
from connector.ports import Change, Clock, Reading, Store, Transaction
from connector.protocol import codec
from connector.protocol.messages import CONTEXT, Dataset, JsonObject
from connector.records import Asset, CatalogMark, Description, Listing, Portrait, PublishedOffer
from connector.services.decisions import Published
from connector.services.formats import offered
from connector.services.proof.generations import current
from connector.services.showcase import Rows, Told, unknown_rows
from policies import horizon
from policies.model import Policy
from policies.transforms import chain

log = structlog.get_logger()

FORM = "2"
"""Of what is written here: another one has every listing made anew at the next start."""
COUNTER = "catalog"
GENERATION = 20
"""Bits of a change's number below those of the log's generation: after a restore numbers go on above all that the
lost state has drawn, as long as it did not draw a million a second."""
PAGE = 100
TURN = 20
"""Assets whose listings are made before others have their turn."""
KEPT = 30 * 86_400_000_000
"""Microseconds for which it is told that a dataset has gone. Who asks later reads everything anew."""
_ALL = 1_000_000

Tells = Callable[[Reading, Asset, int], Told]
"""What is shown of an asset, at an instant."""


def title_only(view: Reading, asset: Asset, now: int) -> Told:
    """Of nodes that say nothing but what the asset does."""
    return Told({}, asset.created)


class _Offer(Struct, frozen=True):
    """A live offer that somebody can use."""

    record: PublishedOffer
    policy: Policy


class _Shared(Struct, frozen=True):
    """What the listings of one asset have in common."""

    asset: Asset
    said: JsonObject
    described: str
    modified: int


class Listings:
    """Makes the listings of one node. `settings` is anything else that they depend on, as text. `watching` are told, on
    the event loop, for which audiences something has changed."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        did: str,
        public_url: str,
        base: str,
        rows: Rows = unknown_rows,
        told: Tells = title_only,
        settings: str = "",
    ) -> None:
        self._store, self._clock, self._did, self._root = store, clock, did, public_url
        self._service = dcat.service(base, did)
        self._rows, self._told = rows, told
        self._describing = Describing(public_url, did)
        self._published = Published()
        self._generation = 0
        self._form = sha256("\n".join((FORM, did, public_url, base, settings)).encode()).hexdigest()
        self.watching: list[Callable[[Collection[str]], None]] = []
        self.looking: list[Callable[[Transaction, str], None]] = []
        """Are told, inside the transaction, of each asset whose listings were looked at."""
        store.follow((Asset, Portrait, PublishedOffer, Description), self._follow)

    # --- what changes -------------------------------------------------------------------------------------------------

    def _follow(self, tx: Transaction, changes: Collection[Change]) -> None:
        """Something was written that listings are made of."""
        found: dict[str, set[str] | None] = {}
        for kind, id in sorted(changes, key=lambda one: (one[0].__name__, one[1])):
            if kind is not PublishedOffer:
                found[id if kind is not Description else self._product(id)] = None
            elif (offer := tx.get(PublishedOffer, id)) is not None:
                assignee = self._published.policy(offer).assignee
                audiences = found.setdefault(offer.asset, set())
                if assignee is None or audiences is None:
                    found[offer.asset] = None
                else:
                    audiences.add(assignee)
        for asset, only in found.items():
            self.refresh(tx, asset, only)

    def _product(self, url: str) -> str:
        """The asset that a self-description is of; any other text where it is of something else."""
        prefix = self._describing.url(PRODUCT)
        return f"{self._root}/datasets/{url.removeprefix(prefix)}" if url.startswith(prefix) else url

    def refresh(self, tx: Transaction, id: str, only: Collection[str] | None = None, *, anew: bool = False) -> None:
        """Make the listings of an asset; what is as it was keeps its number, but for `anew`. `only`: nothing has
        changed but for these audiences."""
        asset = tx.get(Asset, id)
        known = {one.audience: one for one in tx.select(Listing, asset=id, limit=_ALL)}
        offers = [] if asset is None else self._offers(tx, id)
        if asset is None and not known:
            return
        named = {one.policy.assignee for one in offers if one.policy.assignee is not None}
        audiences = {"", *named, *known, *((self._did,) if named else ())}
        if only is not None:
            audiences &= {*only, self._did}
        made = {} if asset is None else self._made(tx, asset, offers, audiences)
        self._keep(tx, id, known, {one: made.get(one) for one in sorted(audiences)}, anew)
        for tell in self.looking:
            tell(tx, id)

    def _offers(self, view: Reading, asset: str) -> list[_Offer]:
        now = self._clock.now()
        live = view.select(PublishedOffer, asset=asset, live=True, limit=_ALL)
        pairs = [_Offer(one, self._published.policy(one)) for one in live]
        return [one for one in pairs if horizon.can_permit(one.policy, now)]

    def _made(
        self, view: Reading, asset: Asset, offers: Sequence[_Offer], audiences: Iterable[str]
    ) -> dict[str, Listing]:
        told = self._told(view, asset, self._clock.now())
        url = self._describing.url(PRODUCT + asset.name)
        described = url if view.get(Description, url) is not None else ""
        shared = _Shared(asset, dcat.members(told.graph, asset.id), described, told.changed)
        found: dict[str, Listing] = {}
        for audience in audiences:
            shown = [one for one in offers if self._is_for(one.policy, audience)][:MOST_OFFERS]
            if shown and (document := self._document(shared, shown)) is not None:
                ends = [end for one in shown if (end := horizon.end(one.policy)) is not None]
                found[audience] = Listing(
                    id=f"{asset.id} {audience}",
                    asset=asset.id,
                    audience=audience,
                    sequence=0,
                    document=document,
                    digest=digest(document),
                    until=min(ends, default=None),
                    modified=told.changed,
                )
        return found

    def _is_for(self, policy: Policy, audience: str) -> bool:
        return audience == self._did or visibility.addressed(policy, audience)

    def _document(self, shared: _Shared, offers: Sequence[_Offer]) -> bytes | None:
        """The dataset as it is sent; None where that would break the protocol: then it is not shown."""
        asset = shared.asset
        document = dcat.dataset(
            id=asset.id,
            title=asset.title,
            description=asset.description,
            offers=[one.record.document for one in offers],
            formats=offered(asset.kind),
            service=self._service,
            described=shared.described,
            rows=self._rows(asset, [chain(one.policy) for one in offers]),
            said=shared.said,
        )
        try:
            codec.check_sent({**document, "@context": [CONTEXT]}, Dataset)
        except MessageError as error:
            log.warning("listing.unsendable", asset=asset.id, code=error.reason.code)
            return None
        return msgspec.json.encode(document)

    def _keep(
        self,
        tx: Transaction,
        asset: str,
        known: Mapping[str, Listing],
        wanted: Mapping[str, Listing | None],
        anew: bool,
    ) -> None:
        """Put what differs, numbered. INVARIANT: when a listing for somebody goes, the one for everybody is numbered
        anew, whatever it is: from now on it is what that reader sees."""
        changed: set[str] = set()
        for audience, new in wanted.items():
            old, after = known.get(audience), new or _gone(asset, audience)
            if old is None and new is None:
                continue
            if old is None or old.digest != after.digest or anew:
                tx.put(replace(after, sequence=self._number(tx), changed=self._clock.now()))
                changed.add(audience)
            elif (old.until, old.modified) != (after.until, after.modified):
                tx.put(replace(old, until=after.until, modified=after.modified))
        went = any(one and not wanted[one] and known[one].digest for one in changed if one in known)
        if went and "" not in changed and (open := tx.get(Listing, f"{asset} ")) is not None:
            tx.put(replace(open, sequence=self._number(tx), changed=self._clock.now()))
        if changed:
            tx.after(lambda: self._tell(changed))

    def _number(self, tx: Transaction) -> int:
        return (self._generation << GENERATION) + tx.draw(COUNTER)

    def _tell(self, audiences: Collection[str]) -> None:
        for one in self.watching:
            one(audiences)

    # --- what time and settings change --------------------------------------------------------------------------------

    def renew(self, tx: Transaction, assets: Iterable[str] | None = None) -> None:
        """Make anew what is over, some of it where `assets` does not say what."""
        for asset in tx.ended_listings(self._clock.now(), PAGE) if assets is None else assets:
            self.refresh(tx, asset)

    async def look(self) -> None:
        """Make anew what is over, and forget what has long been gone."""
        now = self._clock.now()
        while over := await self._store.read(lambda view: view.ended_listings(now, TURN)):
            await self._store.write(partial(self.renew, assets=over))
            if over == await self._store.read(lambda view: view.ended_listings(now, TURN)):
                log.warning("listings.unended", asset=over[0])
                break
        if gone := await self._store.read(lambda view: view.gone_listings(now - KEPT, PAGE)):
            await self._store.write(lambda tx: [tx.delete(Listing, id) for id in gone])

    async def settle(self) -> None:
        """Before anybody asks: make everything anew that another program, other settings or a restore has overtaken."""
        generation, mark = await self._store.read(lambda view: (current(view), view.get(CatalogMark, self._did)))
        self._generation = generation
        standing = CatalogMark(id=self._did, digest=self._form, generation=generation)
        if mark == standing:
            return
        anew = generation != (0 if mark is None else mark.generation)
        try:
            if await self._all(Asset, anew) + await self._all(Listing, False):
                await self._store.write(lambda tx: tx.put(standing))
        except NodeError as error:
            # What cannot be written is shown as it was; the store says by itself what is wrong with it.
            log.warning("listings.unsettled", code=error.reason.code)

    async def _all(self, kind: type[Asset] | type[Listing], anew: bool) -> int:
        """Go through all assets, or all that is listed, also of assets that are no more; how many."""
        after, count = "", 0
        while True:
            after, found = await self._store.write(partial(self._some, kind=kind, after=after, anew=anew))
            count += found
            if found < TURN:
                return count

    def _some(self, tx: Transaction, *, kind: type[Asset] | type[Listing], after: str, anew: bool) -> tuple[str, int]:
        found = tx.select(kind, after=after, limit=TURN)
        for id in dict.fromkeys(one.asset if isinstance(one, Listing) else one.id for one in found):
            if kind is Asset or tx.get(Asset, id) is None:
                self.refresh(tx, id, anew=anew)
        return (found[-1].id if found else after), len(found)


def _gone(asset: str, audience: str) -> Listing:
    return Listing(id=f"{asset} {audience}", asset=asset, audience=audience, sequence=0)
