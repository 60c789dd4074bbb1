"""A region's public document, `GET {public_url}/region`: who it is, what its trust hangs on, who its members are.

What lives here: its form, making it, reading that of another region. What does not: serving it
(`connector.http.region`), believing it (`connector.services.trust`). An extension of our own beside the Decentralized
Claims Protocol: a region without it is known by its DID document alone.

Municipalities are public bodies: a member's name, title, address and official key are told to everybody, so that
neighbours find each other, unless its invitation says that it is not to be listed. Devices never are.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from certs.genuine import Proof
from connector.errors import InputError
from connector.pages import every
from connector.ports import Clock, Reading, Store
from connector.records import Member, Neighbour
from connector.services.trust.places import root_of

LIMIT = 1_048_576
"""Bytes of a region's document."""
MEMBERS, VOUCHES = 1_000, 100
"""How many members and credentials about other regions it holds at most."""

_Line = Annotated[str, Meta(max_length=300)]
_Url = Annotated[str, Meta(max_length=2_048)]
_Pem = Annotated[str, Meta(max_length=16_384)]
_Token = Annotated[str, Meta(max_length=16_384)]


class Listed(Struct, frozen=True, kw_only=True):
    """A member that everybody may know of; `url` is the root of its node, `key` its official municipality key."""

    did: _Url
    name: _Line
    title: _Line
    url: _Url
    key: _Line = ""


class PublicRegion(Struct, frozen=True, kw_only=True):
    """The document. `name` is what the region is called, `root` its root certificate as PEM, `intermediates` those
    below it; `types` are the credentials that it issues; `vouches` are signed credentials about other regions. `proof`
    shows that whoever has the keys of `did` is the region with this root."""

    did: _Url
    name: _Line
    url: _Url
    root: _Pem = ""
    intermediates: Annotated[tuple[_Pem, ...], Meta(max_length=16)] = ()
    types: Annotated[tuple[_Line, ...], Meta(max_length=64)] = ()
    members: Annotated[tuple[Listed, ...], Meta(max_length=MEMBERS)] = ()
    vouches: Annotated[tuple[_Token, ...], Meta(max_length=VOUCHES)] = ()
    proof: Proof | None = None


def read(body: bytes, did: str) -> PublicRegion:
    """The document of the region `did` as had from the network. What it has beyond the form is left out.

    Raises `InputError` `region.document`: another form, or about somebody else.
    """
    try:
        found = msgspec.json.decode(body, type=PublicRegion)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InputError("region.document", region=did) from None
    if found.did != did:
        raise InputError("region.document", region=did)
    return found


class Publication:
    """The document of this node's region, made afresh each time. `root` and `intermediates` give PEM, `types` the
    kinds of credentials that are issued, `prove` the proof at an instant."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        did: str,
        name: str,
        url: str,
        root: Callable[[], str],
        intermediates: Callable[[], tuple[str, ...]],
        types: tuple[str, ...],
        prove: Callable[[int], Proof | None],
    ) -> None:
        self._store, self._clock = store, clock
        self._did, self._name, self._url = did, name, url
        self._root, self._intermediates, self._types, self._prove = root, intermediates, types, prove

    async def document(self) -> PublicRegion:
        """As everybody may read it now."""
        now = self._clock.now()

        def look(view: Reading) -> tuple[tuple[Listed, ...], tuple[str, ...]]:
            neighbours = view.select(Neighbour, limit=VOUCHES)
            return _listed(view), tuple(one.token for one in neighbours if one.ends > now)

        members, vouches = await self._store.read(look)
        return PublicRegion(
            did=self._did,
            name=self._name,
            url=self._url,
            root=self._root(),
            intermediates=self._intermediates(),
            types=self._types,
            members=members,
            vouches=vouches,
            proof=self._prove(now),
        )


def _listed(view: Reading) -> tuple[Listed, ...]:
    """Active nodes that may be named, as many as there is room for."""
    named = (one for one in every(view, Member, state="active") if one.listed and one.role == "node")
    return tuple(
        Listed(did=one.id, name=one.name, title=one.title, url=root_of(one.id), key=one.key)
        for one in islice(named, MEMBERS)
    )
