"""What regions say about each other, and whom that lets this node believe.

What lives here: taking over a region's word about other regions, and the anchors that verdicts are made with. What does
not: what that word is worth (`certs.trust`), what an operator decides (`regions`), giving one's own word
(`connector.services.region.vouching`).

What an operator has decided about a region stands, whatever others say of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping

import structlog

from certs import credentials, jwk
from certs.credentials import Credential, CredentialError
from certs.did import DidError
from certs.jwk import JwkError, PublicKey
from certs.trust import VOUCHING, Anchor, Checked, vouched
from certs.vcdm import FOREVER
from connector.errors import NodeError
from connector.ports import Clock, Reading, Store, Transaction
from connector.protocol.messages import JsonObject
from connector.records import Entry, Region
from connector.services.trust.regions import MOST, Regions, Sighting, all_regions, named

log = structlog.get_logger()
REFRESH_SECONDS = 900.0
"""How often regions are asked about others."""


class Vouched:
    """Keeps what regions say about each other up to date. `changed` is called after every commit that changes it."""

    def __init__(self, *, store: Store, clock: Clock, regions: Regions, changed: Callable[[], None]) -> None:
        self._store, self._clock, self._regions, self._changed = store, clock, regions, changed

    async def refresh(self) -> None:
        """Ask the regions that are believed about others, and take over what they say now. To be called now and then.

        A region that does not answer changes nothing: its word stands until it ends by itself.
        """
        for one in await self._store.read(all_regions):
            if one.vouches and one.changed is None and not one.vouched_by:
                try:
                    await self._take_over(one)
                except (NodeError, DidError) as error:
                    log.warning("trust.refresh_failed", region=one.id, error=str(error))

    async def _take_over(self, voucher: Region) -> None:
        public = await self._regions.public(voucher.id, voucher.url, private=voucher.private)
        if public is None:
            return  # a proxy without a node behind it answers too, and takes nothing back
        said = {one.subject: one for one in _said(public.vouches, voucher, self._clock.now())}
        seen = {did: await self._seen(did, voucher) for did in said}

        def act(tx: Transaction) -> bool:
            before = [one for one in all_regions(tx) if one.vouched_by == voucher.id]
            after = [self._believe(tx, voucher, said[did], found) for did, found in seen.items() if found is not None]
            gone = [one for one in before if one.id not in said]
            for one in gone:
                tx.delete(Region, one.id)
                tx.record(_entry("trust.vouch_ended", voucher, one))
            return bool(gone) or any(after)

        if await self._store.write(act):
            self._changed()

    async def _seen(self, did: str, voucher: Region) -> Sighting | None:
        try:
            return await self._regions.look(did, private=voucher.private)
        except (NodeError, DidError) as error:
            log.warning("trust.vouched_unreachable", region=did, error=str(error))
            return None

    def _believe(self, tx: Transaction, voucher: Region, said: Credential, seen: Sighting) -> bool:
        """Believe a region on another's word; whether that changed anything."""
        now = self._clock.now()
        anchor, _ = vouched(Checked(credential=said), anchors(tx, now), now)
        known = tx.get(Region, seen.did)
        if anchor is None or (known is not None and known.vouched_by != voucher.id):
            return False
        if known is None and tx.count(Region) >= MOST:
            return False
        kept = Region(
            id=seen.did,
            name=known.name if known else named(tx, "", seen),
            title=seen.title,
            url=seen.url,
            words=known.words if known else seen.words,
            added=known.added if known else now,
            added_by=voucher.id,
            keys=known.keys if known else seen.keys,  # others count once they are handed over
            types=anchor.types,
            scopes=anchor.scopes,
            root=seen.root,
            private=voucher.private,
            vouched_by=voucher.id,
            changed=known.changed if known else None,
            until=anchor.until,
        )
        if kept == known:
            return False
        tx.put(kept)
        if known is None:
            tx.record(_entry("trust.vouched", voucher, kept))
        return True


def anchors(view: Reading, now: int) -> Mapping[str, Anchor]:
    """The regions that are believed at this instant, by DID; those whose keys have changed unexplained are not."""
    return {one.id: _anchor(one) for one in all_regions(view) if one.changed is None and now < (one.until or FOREVER)}


def _anchor(one: Region) -> Anchor:
    return Anchor(
        issuer=one.id,
        name=one.title,
        types=(*one.types, *((VOUCHING,) if one.vouches else ())),
        scopes=one.scopes,
        voucher=one.vouched_by,
        until=one.until or FOREVER,
    )


def public_keys(keys: Mapping[str, JsonObject]) -> dict[str, PublicKey]:
    """Kept keys as they are verified with; what is not understood any more proves nothing."""
    read: dict[str, PublicKey] = {}
    for id, key in keys.items():
        with contextlib.suppress(JwkError):
            read[id] = jwk.read(key)
    return read


def issuing(region: Region) -> dict[str, PublicKey]:
    """The keys with which a region signs credentials: those named `#issuer…`, else all that it is known by."""
    return public_keys(region.keys)


def _said(tokens: Iterable[str], voucher: Region, now: int) -> Iterable[Credential]:
    """What a region has signed about others; one that cannot be read or was signed by somebody else says nothing."""
    keys = issuing(voucher)
    for token in tokens:
        try:
            one = credentials.verify(token, keys, now)
        except CredentialError as error:
            log.warning("trust.vouch_refused", region=voucher.id, code=error.code)
            continue
        if one.issuer == voucher.id and one.subject != voucher.id:
            yield one


def _entry(event: str, voucher: Region, one: Region) -> Entry:
    params = {"region": one.id, "name": one.name, "title": one.title, "voucher": voucher.title}
    return Entry(event=event, actor=voucher.id, params=params)
