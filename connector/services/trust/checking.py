"""Looking at credentials: whose they are, whether they are genuine, whether they were taken back.

What lives here: bringing together what the verdict needs, from regions, their documents and their lists. What does not:
the verdict (`certs.trust`), the form of credentials (`certs.credentials`), what follows from it (`admission`).

A credential counts only with a key that was accepted for its region and is still in the region's document; while that
document cannot be had, the accepted keys serve. Of issuers that are not believed nothing is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from certs import credentials, jwk
from certs.credentials import Credential
from certs.did import DidError, Document
from certs.jwk import PublicKey
from certs.trust import Anchor, Checked, Verdict, judge
from certs.vcdm import FOREVER, CredentialError
from connector.errors import NodeError
from connector.ports import Clock, Documents, Reading, Store
from connector.records import Region
from connector.services.trust.lists import StatusLists, Wanted
from connector.services.trust.regions import all_regions
from connector.services.trust.vouched import anchors, issuing

SECOND = 1_000_000


class Believed(Struct, frozen=True):
    """The regions of this node at an instant."""

    anchors: Mapping[str, Anchor]
    regions: Mapping[str, Region]


class Found(Struct, frozen=True):
    """A verdict, and the credentials that it was made of."""

    verdict: Verdict
    credentials: tuple[Credential, ...]
    believed: Believed


class Checking:
    """Judges signed credentials of a DID; a verdict is used for `recheck` seconds."""

    def __init__(self, *, store: Store, clock: Clock, documents: Documents, lists: StatusLists, recheck: float) -> None:
        self._store, self._clock, self._documents, self._lists = store, clock, documents, lists
        self._recheck = round(recheck * SECOND)

    async def judged(self, did: str, tokens: Sequence[str], *, fresh: bool = False) -> Found:
        """What these credentials of `did` are worth now. With `fresh` lists are asked for now."""
        now = self._clock.now()
        believed = await self._store.read(lambda view: _believed(view, now))
        read = [one for token in tokens if (one := _read(token)) is not None]
        checked = [await self._checked(one, believed, fresh) for one in read]
        verdict = judge(did, checked, believed.anchors, self._clock.now(), self._recheck)
        return Found(verdict, tuple(read), believed)

    async def _checked(self, one: Credential, believed: Believed, fresh: bool) -> Checked:
        region = believed.regions.get(one.issuer)
        if region is None or one.issuer not in believed.anchors:
            return Checked(credential=one, fault="trust.proof_unchecked")
        keys = await self._keys(region)
        try:
            credentials.prove(one, keys, self._clock.now())
        except CredentialError as error:
            return Checked(credential=one, fault=error.code, params=error.params)
        return await self._listed(one, region, keys, fresh)

    async def _keys(self, region: Region) -> dict[str, PublicKey]:
        """The keys of a region that may sign credentials now."""
        try:
            document = await self._documents.document(region.id, url=region.url, private=region.private)
        except DidError as error:
            return issuing(region) if error.code == "did.document" else {}
        except NodeError:
            return issuing(region)
        return {id: key for id, key in issuing(region).items() if _published(document, id, key)}

    async def _listed(self, one: Credential, region: Region, keys: Mapping[str, PublicKey], fresh: bool) -> Checked:
        """A genuine credential with what the lists say that it names."""
        until, revoked, purpose = FOREVER, False if one.status else None, ""
        for entry in one.status:
            wanted = Wanted(entry.list, entry.purpose, one.issuer, keys, region.private)
            copy = await self._lists.get(wanted, fresh=fresh)
            try:
                bit = None if copy is None else copy.list.get(entry.index)
            except CredentialError as error:
                return Checked(credential=one, fault=error.code, params=error.params)
            if copy is None or bit:
                return Checked(
                    credential=one, revoked=bit, purpose=entry.purpose, listed=FOREVER if copy is None else copy.until
                )
            until = min(until, copy.until)
        return Checked(credential=one, revoked=revoked, purpose=purpose, listed=until)


def _read(token: str) -> Credential | None:
    """A credential, None for one that is understood no more: it says nothing."""
    try:
        return credentials.read(token)
    except CredentialError:
        return None


def _believed(view: Reading, now: int) -> Believed:
    return Believed(anchors(view, now), {one.id: one for one in all_regions(view)})


def _published(document: Document, id: str, key: PublicKey) -> bool:
    """Is this very key still one with which the region asserts?"""
    found = document.keys.get(id) if id in document.assertions else None
    return found is not None and jwk.thumbprint(found) == key.thumbprint
