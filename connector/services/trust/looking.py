"""Looking at the descriptions of others: getting what a participant shows of itself, and having it verified.

What lives here: from a DID or URL to the signed credentials, and whose word about registration numbers counts. What
does not: the ten steps (`catalog.descriptions.verifier`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from catalog.descriptions.verifier import MOST, Prove, Step, Verified, Verifier
from certs import jwk
from certs.did import Fetch
from connector.errors import InputError
from connector.ports import Clock, Reading, Store
from connector.protocol.messages import JsonObject
from connector.records import Region
from connector.services.trust.places import allowed_inside, place

_LIMIT = 262_144
_PAGE = 1_000
Accepted = Mapping[str, frozenset[str]]
"""Region -> thumbprints of the keys that were accepted of it."""
Make = Callable[[Accepted, bool], Verifier]
"""A verifier that believes these regions, and may or may not reach private addresses."""
_Url = Annotated[str, Meta(max_length=2_048)]


class _Line(Struct, frozen=True):
    url: _Url


class _Index(Struct, frozen=True):
    descriptions: Annotated[tuple[_Line, ...], Meta(max_length=1_000)] = ()


class Seen(Struct, frozen=True):
    """Who was looked at, and what came of it."""

    did: str
    verified: Verified


class Looking:
    """Looks at others."""

    def __init__(
        self, *, store: Store, clock: Clock, fetch: Fetch, make: Make, prove: Prove | None = None, lab: bool = False
    ) -> None:
        """`prove` is how descriptions of the older generation are verified, None where they are not read."""
        self._store, self._clock, self._fetch, self._make, self._lab = store, clock, fetch, make, lab
        self._prove = prove

    async def look(self, given: str, *, private: bool = False) -> Seen:
        """What the node of a DID or root URL publishes about itself, verified.

        Raises `InputError` `region.place`, `description.index` (no list of descriptions is there), and `DeliveryError`.
        """
        did, root = place(given)
        inside = allowed_inside(root, private, self._lab)
        body = await self._fetch.fetch(root + "/descriptions", private=inside, limit=_LIMIT)
        try:
            index = msgspec.json.decode(body, type=_Index)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise InputError("description.index", peer=did) from None
        urls = [one.url for one in index.descriptions if one.url.startswith(root + "/descriptions/")]
        tokens = []
        for url in urls[:MOST]:
            token = await self._fetch.fetch(url, private=inside, limit=_LIMIT)
            tokens.append(token.decode("ascii", "replace").strip())
        regions = await self._store.read(_believed)
        verifier = self._make(regions, inside)
        return Seen(did, await verifier.verify(tokens, self._clock.now()))

    async def older(self, document: JsonObject) -> tuple[Step, ...]:
        """What came of verifying a description of the older generation, which is read for import and nothing else.

        Raises `InputError` `description.older`: this node does not read them.
        """
        if self._prove is None:
            raise InputError("description.older")
        verifier = self._make({}, self._lab)
        return await verifier.older(msgspec.json.encode(document), self._prove)


def _believed(view: Reading) -> Accepted:
    regions = (one for one in view.select(Region, limit=_PAGE) if one.changed is None)
    return {one.id: frozenset(map(jwk.thumbprint, one.keys.values())) for one in regions}
