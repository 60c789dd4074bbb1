"""What this node has and on which terms: assets and offers.

What lives here: keeping and publishing. What does not: the policies that offers are under (`policies.versions`), the
catalogue made of them (`listings`), who is shown it (`own_catalog`), whether an asset can be opened (its source).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from connector.errors import InputError
from connector.ports import Clock, Ids, Reading, Store, Transaction
from connector.protocol.messages import JsonObject
from connector.records import Approval, Asset, Entry, Outside, PolicyVersion, Portrait, PublishedOffer, Silo
from connector.services import onward
from connector.services.approval.frames import known
from connector.services.approval.naming import named
from connector.services.policies.kept import for_offers
from policies import bounds, parse
from policies.model import PolicyKind
from policies.transforms import Chain, chain, media
from policies.transforms.steps import Aggregate, Threshold
from policies.transforms.table import alike

PAGE = 100
WITH_ONE = Approval()
"""What an offer that says nothing about it needs: one person, who has not published it."""


class Offers:
    """Assets and offers of this node. `check` says what is wrong with an asset's settings."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        public_url: str,
        check: Callable[[str, Mapping[str, Any]], Sequence[str]],
    ) -> None:
        self._store, self._clock, self._ids = store, clock, ids
        self._root, self._check = public_url, check

    # --- assets -------------------------------------------------------------------------------------------------------

    async def add_asset(
        self,
        operator: str,
        *,
        name: str,
        title: str,
        kind: str,
        settings: Mapping[str, Any],
        description: str = "",
        media_type: str = "application/octet-stream",
    ) -> Asset:
        """Keep an asset under a name. Raises `InputError` where the name is taken or the settings cannot be served."""
        named(name)
        wrong = self._check(kind, settings)
        if wrong:
            raise InputError("asset.settings", name=name, problem="; ".join(wrong))
        asset = Asset(
            id=f"{self._root}/datasets/{name}",
            name=name,
            title=title or name,
            description=description,
            kind=kind,
            settings=dict(settings),
            media_type=media_type,
            created=self._clock.now(),
            created_by=operator,
        )

        def act(tx: Transaction) -> None:
            if tx.get(Asset, asset.id) is not None:
                raise InputError("asset.exists", name=name)
            if "silo" in settings and tx.get(Silo, settings["silo"]) is None:
                raise InputError("silo.unknown", name=settings["silo"])
            tx.put(asset)
            tx.record(Entry(event="asset.added", actor=operator, params={"asset": asset.id, "kind": kind}))

        await self._store.write(act)
        return asset

    async def assets(self, *, after: str = "", limit: int = PAGE) -> list[Asset]:
        """Assets in the order of their ids."""
        return await self._store.read(lambda view: view.select(Asset, after=after, limit=limit))

    async def asset(self, name: str) -> Asset:
        """By name or id. Raises `InputError`."""
        return await self._store.read(lambda view: _asset(view, name))

    async def remove_asset(self, operator: str, name: str) -> None:
        """Raises `InputError` where an offer of it is still published."""

        def act(tx: Transaction) -> None:
            asset = _asset(tx, name)
            if tx.find(PublishedOffer, asset=asset.id, live=True) is not None:
                raise InputError("asset.offered", name=name)
            tx.delete(Asset, asset.id)
            tx.delete(Portrait, asset.id)
            tx.record(Entry(event="asset.removed", actor=operator, params={"asset": asset.id}))

        await self._store.write(act)

    # --- offers -------------------------------------------------------------------------------------------------------

    async def publish(
        self,
        operator: str,
        asset: str,
        policy: str,
        outside: Outside,
        approval: Approval = WITH_ONE,
        limits: str = "",
        received: str = "",
    ) -> PublishedOffer:
        """Publish an asset under the latest version of a policy that may be used. A later version of the policy changes
        nothing here, unless it was kept to that end (`policies.versions`).

        `approval` says who has to agree to a contract under it, `limits` (a policy in the short form) what a request
        outside the terms may still be answered with, `received` (a contract's id) under which the data came here: what
        that says of passing on then holds. Raises `InputError` (asset, policy, frame contract, passing on; terms that
        demand what cannot be done to data of this type) and `PolicyError` (limits).
        """
        widest = [bounds.read(limits.encode()).limit] if limits else []

        def act(tx: Transaction) -> PublishedOffer:
            if approval.frame is not None and known(tx, approval.frame).retired is not None:
                raise InputError("frame.retired", name=approval.frame)
            what, terms = _asset(tx, asset), for_offers(tx, policy)
            if received:
                onward.permitted(tx, received, parse.from_dsp(terms.document, PolicyKind.OFFER), *widest)
            _fitting(what, terms)
            id = self._ids.pid()
            offer = PublishedOffer(
                id=id,
                asset=what.id,
                policy=terms.id,
                outside=outside,
                document=_offered(id, terms),
                published=self._clock.now(),
                published_by=operator,
                approval=approval,
                bounds=limits,
                received=received,
            )
            _keep(tx, operator, offer)
            return offer

        return await self._store.write(act)

    def publish_anew(self, tx: Transaction, operator: str, offer: PublishedOffer, terms: PolicyVersion) -> None:
        """Put the next version of an offer, under other terms, in the place of this one; contracts under it stand."""
        if offer.received:
            onward.permitted(tx, offer.received, parse.from_dsp(terms.document, PolicyKind.OFFER))
        id = self._ids.pid()
        self.retire_in(tx, operator, offer)
        next = msgspec.structs.replace(
            offer,
            id=id,
            policy=terms.id,
            document=_offered(id, terms),
            published=self._clock.now(),
            published_by=operator,
            version=offer.version + 1,
            replaces=offer.id,
        )
        _keep(tx, operator, next)

    async def offers(self, *, after: str = "", limit: int = PAGE, live: bool | None = None) -> list[PublishedOffer]:
        """Offers in the order of their ids; `live` chooses published or retired ones."""
        where = {} if live is None else {"live": live}
        return await self._store.read(lambda view: view.select(PublishedOffer, after=after, limit=limit, **where))

    async def offer(self, id: str) -> PublishedOffer:
        """Raises `InputError` where there is none."""
        found = await self._store.read(lambda view: view.get(PublishedOffer, id))
        if found is None:
            raise InputError("offer.unknown", id=id)
        return found

    async def retire(self, operator: str, id: str) -> PublishedOffer:
        """Take an offer out of the catalogue. Contracts under it stand. Raises `InputError`."""

        def act(tx: Transaction) -> PublishedOffer:
            offer = tx.get(PublishedOffer, id)
            if offer is None or not offer.live:
                raise InputError("offer.unknown", id=id)
            return self.retire_in(tx, operator, offer)

        return await self._store.write(act)

    def retire_in(self, tx: Transaction, operator: str, offer: PublishedOffer) -> PublishedOffer:
        """Retire a live offer as part of something greater."""
        retired = msgspec.structs.replace(offer, live=False, retired=self._clock.now())
        tx.put(retired)
        tx.record(Entry(event="offer.retired", actor=operator, params={"offer": offer.id}))
        return retired


def _fitting(asset: Asset, terms: PolicyVersion) -> None:
    """Raises `InputError` where the terms demand something of rows, and the data are known to have none, or not the
    fields that it is to be done to."""
    done = chain(parse.from_dsp(terms.document, PolicyKind.OFFER))
    if done is None or not done.needs_rows:
        return
    if asset.kind == "file" and not media.has_rows(asset.media_type):
        raise InputError("transform.media", media_type=media.essence(asset.media_type))
    if "silo" not in asset.settings:
        return
    if missing := sorted(name for name in _named(done) if not _has(asset, name)):
        raise InputError("offer.fields", asset=asset.name, fields=", ".join(missing))
    kinds = {type(step) for step in done.steps}
    # Rows that leave one by one have to be counted first, and those that are counted have to be those that leave.
    if Threshold in kinds and Aggregate not in kinds and not asset.settings.get("shape", {}).get("snapshot"):
        raise InputError("offer.snapshot", asset=asset.name)


def _named(done: Chain) -> set[str]:
    """The fields that steps are done to, or decide by."""
    named: set[str] = set()
    for step in done.steps:
        named |= {getattr(step, "field", ""), getattr(step, "unit", "")}
        named |= {*getattr(step, "fields", ()), *getattr(step, "groups", ())}
    return named - {""}


def _has(asset: Asset, name: str) -> bool:
    """Is there such a field, or one that it could lie in? A name that begins with a slash is a JSON pointer."""
    there = {alike(field) for field in asset.settings.get("fields", ())}
    return not there.isdisjoint(alike(name)[1:].split("/") if name.startswith("/") else [alike(name)])


def _offered(id: str, terms: PolicyVersion) -> JsonObject:
    """The offer as it stands in the catalogue: the terms under its own id, without a target."""
    document = {**terms.document, "@id": id, "@type": "Offer"}
    document.pop("target", None)
    return document


def _keep(tx: Transaction, operator: str, offer: PublishedOffer) -> None:
    tx.put(offer)
    rule = offer.approval
    params = {"offer": offer.id, "asset": offer.asset, "policy": offer.policy, "outside": offer.outside.value}
    params |= {"persons": str(rule.persons), "frame": rule.frame or "-"}
    if offer.bounds:
        params["bounds"] = hashlib.sha256(offer.bounds.encode()).hexdigest()
    if offer.received:
        params["received"] = offer.received
    if offer.replaces is not None:
        params["replaces"] = offer.replaces
    tx.record(Entry(event="offer.published", actor=operator, params=params))


def _asset(view: Reading, name: str) -> Asset:
    found = view.find(Asset, name=name) or view.get(Asset, name)
    if found is None:
        raise InputError("asset.unknown", name=name)
    return found
