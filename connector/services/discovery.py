"""What a peer offers: its catalogue, asked for on behalf of an operator.

What lives here: the requests and the reading of their answers. What does not: crawling and searching (`catalog`),
negotiating (`services.negotiations`). Source: Dataspace Protocol 2025-1, Catalog Protocol.
"""

from __future__ import annotations

from typing import TypeVar

from msgspec import Struct

from connector.errors import DeliveryError, InputError, NodeError
from connector.ports import Identity, Peer, Reply, Store
from connector.protocol import codec, paths
from connector.protocol.messages import Catalog, CatalogRequestMessage, Dataset
from connector.records import Participant
from connector.services.pages import following, joined, refused

M = TypeVar("M", Catalog, Dataset)


class Page(Struct, frozen=True):
    """One page of a peer's catalogue; `next` is the link to the next one as the peer gave it."""

    catalog: Catalog
    next: str | None


class Discovery:
    """Asks peers what they offer."""

    def __init__(self, *, store: Store, peer: Peer, identity: Identity) -> None:
        self._store, self._peer, self._identity = store, peer, identity

    async def catalog(self, peer: str, after: str = "") -> Page:
        """A page of the catalogue of `peer` (a DID). `after` is a `next` of an earlier page.

        Raises `InputError` (unknown peer, a link that leads elsewhere), `DeliveryError` (no usable answer).
        """
        participant = await self._participant(peer)
        first = paths.join(participant.base, paths.CATALOG_REQUEST)
        url = joined(first, after) if after else first
        if not url:
            raise InputError("catalog.link", peer=participant.name)
        reply = await self._ask("POST", url, participant, codec.encode(CatalogRequestMessage()))
        return Page(_read(reply, Catalog), following(reply) or None)

    async def greet(self, peer: str) -> None:
        """Call `peer` (a DID), also where nobody vouches for it, so that it comes to know us and calls back with what
        it has to show. What it answers is not kept. Raises as `catalog`."""
        participant = await self._participant(peer)
        url = paths.join(participant.base, paths.CATALOG_REQUEST)
        _read(await self._ask("POST", url, participant, codec.encode(CatalogRequestMessage()), owed=True), Catalog)

    async def dataset(self, peer: str, id: str) -> Dataset:
        """One dataset of `peer`. Raises as `catalog`, and `InputError` where the peer does not show it."""
        participant = await self._participant(peer)
        reply = await self._ask("GET", paths.join(participant.base, paths.dataset(id)), participant, None)
        if reply.status == 404:
            raise InputError("dataset.unknown", id=id, peer=participant.name)
        return _read(reply, Dataset)

    async def _participant(self, peer: str) -> Participant:
        found = await self._store.read(lambda view: view.get(Participant, peer))
        if found is None:
            raise InputError("peer.unknown", id=peer)
        return found

    async def _ask(
        self, method: str, url: str, participant: Participant, body: bytes | None, *, owed: bool = False
    ) -> Reply:
        return await self._peer.send(
            method,
            url,
            authorization=await self._identity.token(participant.id, owed=owed),
            body=body,
            private=participant.private,
        )


def _read(reply: Reply, kind: type[M]) -> M:
    """Raises `DeliveryError` where the answer is an error, or no such message."""
    if not 200 <= reply.status < 300:
        why = refused(reply)
        raise DeliveryError(why.code, **why.params)
    try:
        return codec.decode(reply.body, kind)
    except NodeError as error:
        raise DeliveryError("peer.answer_unclear", problem=error.reason.code) from None
