"""Asking somebody for a catalogue: the manifest and the feed of a node of ours, the pages of any node.

What lives here: the requests, who signs a manifest, what an answer that is none means. What does not: what is in an
answer (`datasets`), what to ask for next (`crawling`), HTTP (`connector.http.client`). Sources: Dataspace Protocol
2025-1, Catalog Protocol, HTTPS binding; `catalog.federation.manifest` for what is ours.
"""

from __future__ import annotations

from msgspec import Struct

from catalog.federation import manifest
from catalog.federation.manifest import Manifest, ManifestError
from certs import jwk
from certs.did import DidError
from certs.jwk import JwkError, PublicKey
from connector.errors import DeliveryError
from connector.ports import Clock, Documents, Identity, Peer, Reply
from connector.protocol import codec, paths
from connector.protocol.messages import CatalogRequestMessage
from connector.services.federation.targets import Target
from connector.services.pages import following, joined, refused, same_origin

LIMIT = 150
"""Entries that are asked for at a time: half a megabyte, which is in memory several times while it is read."""
_NO_SUCH_THING = (404, 405, 501)


class Told(Struct, frozen=True):
    """A manifest that is verified, and the tag by which it is asked for again."""

    manifest: Manifest
    etag: str


class Asking:
    """`own` is this node's DID."""

    def __init__(self, *, peer: Peer, identity: Identity, documents: Documents, clock: Clock, own: str) -> None:
        self._peer, self._identity, self._documents = peer, identity, documents
        self._clock, self._own = clock, own

    async def endpoint(self, target: Target) -> str:
        """Where it has its manifest, by its DID document; "" where it says nothing of one, or where a place was named
        that is elsewhere. Raises `DeliveryError` where the document is not to be had."""
        try:
            document = await self._documents.document(target.participant, url=target.url, private=target.private)
        except DidError as error:
            raise DeliveryError("catalog.document", why=error.code) from None
        found = document.services.get(manifest.SERVICE, "").rstrip("/")
        return found if found.startswith(target.url.rstrip("/") + "/") and same_origin(found, target.base) else ""

    async def manifest(self, target: Target, endpoint: str, etag: str) -> Told | None:
        """Its manifest for us, None where it is the one with this tag.

        Raises `DeliveryError`: no answer, a refusal, `catalog.no_manifest`, `catalog.manifest` where it proves nothing.
        """
        reply = await self._ask("GET", f"{endpoint}/manifest", target, fields={"If-None-Match": etag} if etag else {})
        if reply.status == 304 and etag:
            return None
        if reply.status in _NO_SUCH_THING:
            raise DeliveryError("catalog.no_manifest")
        _served(reply)
        try:
            received = manifest.read(reply.body)
            key = self._key(target, received.kid)
            now = self._clock.now()
            found = manifest.check(received, key, issuer=target.participant, audience=self._own, now=now)
        except ManifestError as error:
            raise DeliveryError("catalog.manifest", why=error.code) from None
        return Told(found, reply.headers.get("etag", "")[:256])

    async def entries(self, target: Target, endpoint: str, after: int) -> bytes:
        """The changes behind `after`. Raises `DeliveryError`."""
        return _served(await self._ask("GET", f"{endpoint}/entries?after={after}&limit={LIMIT}", target)).body

    async def page(self, target: Target, url: str) -> tuple[bytes, str]:
        """A page of the protocol's catalogue, and where the next one is, "" where there is none. Raises
        `DeliveryError`, `catalog.link` where the next one is elsewhere."""
        reply = await self._ask("POST", url, target, body=codec.encode(CatalogRequestMessage()))
        link = following(_served(reply))
        after = joined(url, link) if link else ""
        if link and not after:
            raise DeliveryError("catalog.link")
        return reply.body, after

    async def _ask(
        self,
        method: str,
        url: str,
        target: Target,
        *,
        body: bytes | None = None,
        fields: dict[str, str] | None = None,
    ) -> Reply:
        return await self._peer.send(
            method,
            url,
            authorization=await self._identity.token(target.participant),
            body=body,
            private=target.private,
            fields=fields,
        )

    def _key(self, target: Target, kid: str) -> PublicKey | None:
        """The key that a manifest says it is signed with, where the participant is known by it."""
        held = target.keys.get(kid)
        try:
            return None if held is None else jwk.read(held)
        except JwkError:
            return None


def first(target: Target) -> str:
    """Where the first page of a catalogue is asked for."""
    return paths.join(target.base, paths.CATALOG_REQUEST)


def within(target: Target, endpoint: str) -> str:
    """Where the catalogue of a service that a catalogue names is asked for; "" where that is none of this target's."""
    found = joined(target.base + "/", endpoint)
    return paths.join(found, paths.CATALOG_REQUEST) if found else ""


def _served(reply: Reply) -> Reply:
    """The reply, where it is an answer. Raises `DeliveryError` with what the peer says."""
    if reply.status == 200:
        return reply
    why = refused(reply)
    raise DeliveryError(why.code, **why.params)
