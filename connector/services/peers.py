"""Peers: participants that an operator has looked at, compared and pinned, or that an operator names and a region
vouches for.

What lives here: looking at a node, adding, listing and removing it. What does not: fetching (`Fetch`), the form of DID
documents (`certs.did`) and of words (`certs.words`), what regions say (`services.trust`). Sources: Dataspace Protocol
2025-1, Exposure of Versions; did:web Method Specification.

A pin is never moved: other keys at the same DID are refused until an operator removes the peer and adds it again.
Where regions are believed, who is removed is kept out (`Barred`) until an operator adds it again: else the word of its
region would bring it back with its next call.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from certs import did, jwk
from certs.did import DidError, Fetch
from certs.strict import StrictError, read_object
from certs.words import WordsError, fingerprint, parse, same
from connector.errors import InputError, NodeError, UnknownError
from connector.ports import Clock, Reading, Store, Transaction
from connector.protocol.messages import VERSION, JsonObject
from connector.protocol.paths import VERSION_PATH, join
from connector.records import Barred, Entry, Participant, Region, SeenDocument
from policies.model import Reason

log = structlog.get_logger()

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
"""A short name for a peer: one DNS label."""

_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)*/?", re.ASCII)


class Sighting(Struct, frozen=True, kw_only=True):
    """Who answers at a URL, before anybody trusts it. Fields as in `records.Participant`."""

    did: str
    words: str
    url: str
    base: str
    keys: Mapping[str, JsonObject]
    tokens: tuple[str, ...]
    notices: str = ""
    document: bytes = b""
    """The exact bytes of its DID document."""


class _Offered(Struct, frozen=True):
    """One entry of a version document; a peer may name versions and bindings that this node does not speak."""

    version: str
    path: str
    binding: str


class _Versions(Struct, frozen=True):
    protocolVersions: tuple[_Offered, ...]


class Peers:
    """Pins peers. `own` is this node's DID; `changed` is told the DID after every commit that changes one, before the
    call returns, so that no identity goes on with old keys and no stream with a removed peer. `greet` calls a peer (a
    DID), which makes it call back and show what it has."""

    def __init__(
        self,
        *,
        store: Store,
        fetch: Fetch,
        clock: Clock,
        own: str,
        changed: Callable[[str], None],
        greet: Callable[[str], Awaitable[object]] | None = None,
    ) -> None:
        self._store = store
        self._fetch = fetch
        self._clock = clock
        self._own = own
        self._changed = changed
        self._greet = greet

    async def look(self, url: str, *, private: bool = False) -> Sighting:
        """Who answers at the root `url` of a node. Nothing is kept.

        Raises `InputError` `peer.url`, or `peer.document`, `peer.version` where what is there is no node that speaks
        this version of the protocol, and `DeliveryError` where it cannot be reached.
        """
        root = _root(url)
        try:
            found = await did.resolve(self._fetch, root, private=private)
        except DidError as error:
            raise InputError("peer.document", url=root, why=error.code) from error
        base = _base(root, await self._fetch.fetch(join(root, VERSION_PATH), private=private))
        return Sighting(
            did=found.id,
            words=fingerprint(jwk.thumbprint(key) for key in found.pinned().values()),
            url=root,
            base=base,
            keys=found.pinned(),
            tokens=found.tokens,
            notices=found.notices,
            document=found.body,
        )

    async def add(
        self,
        operator: str,
        url: str,
        name: str,
        *,
        words: str | None = None,
        private: bool = False,
        facts: Mapping[str, tuple[str, ...]] | None = None,
        pin: bool = True,
    ) -> Participant:
        """Look at `url` and pin what is there under `name`. With `words` the keys must have that fingerprint.

        Whoever was kept out is so no more, once it is a peer. Without `pin` nothing is compared: a region that this
        node believes has to vouch for it, now. Raises as `look`; `InputError` `peer.name`, `peer.words_form`,
        `peer.words` (other keys than the words say), `peer.self`, `peer.name_taken`, `peer.exists`,
        `peer.keys_changed`, `peer.not_vouched`, `peer.refuses`.
        """
        if not NAME.fullmatch(name):
            raise InputError("peer.name", name=name[:64])
        told = None if words is None else _told(words)
        seen = await self.look(url, private=private)
        if seen.did == self._own:
            raise InputError("peer.self", peer=seen.did)
        if told is not None and not same(told, seen.words):
            raise InputError("peer.words", peer=seen.did, told=told, found=seen.words)
        peer = Participant(
            id=seen.did,
            name=name,
            url=seen.url,
            base=seen.base,
            keys=seen.keys,
            tokens=seen.tokens,
            words=seen.words,
            added=self._clock.now(),
            added_by=operator,
            private=private,
            facts=facts or {},
            notices=seen.notices,
            document=sha256(seen.document).hexdigest(),
            pinned=pin,
        )
        kept = SeenDocument(id=peer.document, did=peer.id, body=seen.document, at=peer.added)
        added, barred = await self._store.write(lambda tx: _pin(tx, peer, kept, compared=told is not None))
        self._changed(peer.id)
        return added if pin else await self._shown(added, barred)

    async def _shown(self, peer: Participant, barred: Barred | None) -> Participant:
        """A peer that nobody has compared, once a region vouches for it. Raises `InputError` `peer.not_vouched`, or
        `peer.refuses` where it wants nothing to do with this node; what was kept of it is gone then, and it is kept
        out again where it was before."""
        why: Reason | None = None
        if peer.barred(self._clock.now()) is not None and self._greet is not None:
            try:
                await self._greet(peer.id)
            except NodeError as error:
                why = error.reason
                log.info("peer.not_greeted", peer=peer.id, code=why.code)

        def act(tx: Transaction) -> Participant | None:
            found = _find(tx, peer.id)
            if found.barred(self._clock.now()) is None:
                return found
            if found.vouch is None:
                tx.delete(Participant, found.id)
                tx.record(Entry(event="peer.removed", actor="node", params={"peer": found.id, "name": found.name}))
                if barred is not None:
                    _bar(tx, barred, "node")
            return None

        found = await self._store.write(act)
        if found is None:
            self._changed(peer.id)
            if why is not None and why.code == "peer.refused":
                raise InputError("peer.refuses", **why.params)
            raise InputError("peer.not_vouched", peer=peer.id)
        return found

    async def barred(self, *, after: str = "", limit: int = 100) -> list[Barred]:
        """Those who are kept out, in the order of their DIDs, beginning behind `after`."""
        return await self._store.read(lambda view: view.select(Barred, after=after, limit=limit))

    async def list(self, *, after: str = "", limit: int = 100) -> list[Participant]:
        """Peers in the order of their DIDs, beginning behind `after`."""
        return await self._store.read(lambda view: view.select(Participant, after=after, limit=limit))

    async def get(self, peer: str) -> Participant:
        """A peer by its name or DID. Raises `UnknownError` `peer.unknown`."""
        return await self._store.read(lambda view: _find(view, peer))

    async def keeps_out(self, url: str) -> bool:
        """Is the node at this root kept out? Raises `InputError` `peer.url`."""
        id = did.of_url(_root(url))
        return await self._store.read(lambda view: view.get(Barred, id)) is not None

    async def remove(self, operator: str, peer: str) -> Participant:
        """Unpin a peer; from the return of this call on its tokens prove nothing. Raises as `get`.

        Where a region is believed, or vouches for it already, it is kept out from now on.
        """

        def act(tx: Transaction) -> Participant:
            found = _find(tx, peer)
            tx.delete(Participant, found.id)
            tx.record(Entry(event="peer.removed", actor=operator, params={"peer": found.id, "name": found.name}))
            if not found.pinned or found.vouch is not None or tx.select(Region, limit=1):
                _bar(tx, _barred(found, operator, self._clock.now()), operator)
            return found

        removed = await self._store.write(act)
        self._changed(removed.id)
        return removed


def _root(url: str) -> str:
    try:
        return did.root(url)
    except DidError as error:
        raise InputError("peer.url", url=url[:256]) from error


def _base(root: str, body: bytes) -> str:
    """The DSP endpoint of our version below `root`, from a version document. Raises `InputError`."""
    try:
        found = msgspec.convert(read_object(body), _Versions)
    except (StrictError, msgspec.ValidationError) as error:
        raise InputError("peer.version", url=root, want=VERSION) from error
    for offered in found.protocolVersions:
        if offered.version == VERSION and offered.binding == "HTTPS" and _PATH.fullmatch(offered.path):
            return join(root, offered.path).rstrip("/")
    raise InputError("peer.version", url=root, want=VERSION)


def _told(text: str) -> str:
    try:
        return parse(text)
    except WordsError as error:
        raise InputError("peer.words_form", word=error.word) from error


def _find(view: Reading, peer: str) -> Participant:
    """By DID or name, or `UnknownError`."""
    found = view.get(Participant, peer) if peer.startswith("did:") else view.find(Participant, name=peer)
    if found is None:
        raise UnknownError("peer.unknown", peer=peer[:256])
    return found


def _barred(peer: Participant, operator: str, now: int) -> Barred:
    """What is remembered of a peer that is kept out."""
    return Barred(id=peer.id, name=peer.name, url=peer.url, keys=peer.keys, tokens=peer.tokens, at=now, by=operator)


def _bar(tx: Transaction, one: Barred, actor: str) -> None:
    tx.put(one)
    tx.record(Entry(event="peer.barred", actor=actor, params={"peer": one.id, "name": one.name}))


def _pin(
    tx: Transaction, peer: Participant, document: SeenDocument, *, compared: bool
) -> tuple[Participant, Barred | None]:
    """Keep a peer with its document, as it was seen, and its audit entry, and tell what kept it out until now. One that
    a region has brought is named, and pinned where that is asked for; what the region says of it stays."""
    known = tx.get(Participant, peer.id)
    if known is not None and known.words != peer.words:
        raise InputError("peer.keys_changed", peer=peer.id, name=known.name, pinned=known.words, found=peer.words)
    if known is not None and known.pinned:
        raise InputError("peer.exists", peer=peer.id, name=known.name)
    holder = tx.find(Participant, name=peer.name)
    if holder is not None and holder.id != peer.id:
        raise InputError("peer.name_taken", name=peer.name)
    if known is not None:
        peer = replace(peer, vouch=known.vouch, credentials=known.credentials, seen=known.seen, changed=known.changed)
        peer = replace(peer, signs=known.signs, change=known.change)
    tx.put(document)
    tx.put(peer)
    params = {"peer": peer.id, "name": peer.name, "words": peer.words, "compared": "yes" if compared else "no"}
    tx.record(Entry(event="peer.added", actor=peer.added_by, params=params))
    return peer, _let_in(tx, peer)


def _let_in(tx: Transaction, peer: Participant) -> Barred | None:
    """Whoever was kept out is so no more; what had kept it out."""
    barred = tx.get(Barred, peer.id)
    if barred is not None:
        tx.delete(Barred, barred.id)
        tx.record(Entry(event="peer.let_in", actor=peer.added_by, params={"peer": peer.id, "name": peer.name}))
    return barred
