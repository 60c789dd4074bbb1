"""Whom this node believes: regions, each for named types of credentials and named scopes; several side by side.

What lives here: looking at a region, adding, listing and removing it. What does not: what regions say about each other
(`vouched`), judging a party (`admission`), joining (`joining`).

A region is an issuer of credentials: a DID, its keys as they were when somebody compared their words, and what it is
believed for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from certs import genuine, jwk
from certs.did import DidError, Document, Fetch
from certs.genuine import UnprovedError
from certs.trust import MEMBERSHIP
from certs.words import WordsError, fingerprint, parse, same
from connector.errors import DeliveryError, InputError, UnknownError
from connector.ports import Clock, Documents, Reading, Store, Transaction
from connector.protocol.messages import JsonObject
from connector.protocol.paths import join
from connector.records import Entry, Region
from connector.services.region import document
from connector.services.region.document import Listed, PublicRegion
from connector.services.trust.places import place

SCOPES: Final = ("catalog", "negotiate")
"""What members of a region may do here: look at what is offered, and ask for it."""
MOST = 200
"""Regions of one node."""
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]{0,99}", re.ASCII)


class Sighting(Struct, frozen=True, kw_only=True):
    """Which region is at a place, before anybody believes it. `keys` are those that it signs credentials with, `words`
    their fingerprint, which is another one than that of its node; `public` is its document, None where it has none.
    `proved`: whoever has these keys has shown to be the region with this root."""

    did: str
    title: str
    url: str
    words: str
    keys: Mapping[str, JsonObject]
    public: PublicRegion | None = None
    proved: bool = False

    @property
    def root(self) -> str:
        """Its root certificate as PEM, "" where it has none."""
        return self.public.root if self.public else ""

    @property
    def members(self) -> tuple[Listed, ...]:
        """Members that it names."""
        return self.public.members if self.public else ()


class Belief(Struct, frozen=True, kw_only=True):
    """What a region is believed for. `vouches`: also about other regions."""

    types: tuple[str, ...] = (MEMBERSHIP,)
    scopes: tuple[str, ...] = SCOPES
    vouches: bool = False
    private: bool = False


class Regions:
    """The regions that this node believes. `changed` is called after every commit that changes one."""

    def __init__(
        self,
        *,
        store: Store,
        fetch: Fetch,
        documents: Documents,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self._store, self._fetch, self._documents, self._clock = store, fetch, documents, clock
        self._changed = changed

    # --- looking ------------------------------------------------------------------------------------------------------

    async def look(self, given: str, *, private: bool = False) -> Sighting:
        """Which region is at `given`, a root URL or a DID. Nothing is kept.

        Raises `InputError` `region.place`, `region.none` (nobody there who issues credentials), `region.document`,
        `region.unproved` (a proof that is none), and `DeliveryError` where it cannot be reached.
        """
        identity, url = place(given)
        try:
            found = await self._documents.document(identity, private=private, fresh=True)
        except DidError as error:
            raise InputError("region.none", place=given[:256], why=error.code) from error
        keys = issuer_keys(found)
        if not keys:
            raise InputError("region.none", place=given[:256], why="did.no_key")
        public = await self.public(identity, url, private=private)
        if public is None and "IssuerService" not in found.services:
            raise InputError("region.none", place=given[:256], why="issuer")
        return Sighting(
            did=identity,
            title=public.name if public else identity,
            url=url,
            words=words_of(keys),
            keys=keys,
            public=public,
            proved=self._proved(identity, url, public, keys),
        )

    def _proved(self, did: str, url: str, public: PublicRegion | None, keys: Mapping[str, JsonObject]) -> bool:
        """Whether there is a proof; one that is wrong is worse than none."""
        if public is None or public.proof is None:
            return False
        try:
            genuine.check(public.proof, did, public.root, keys, now=self._clock.now())
        except UnprovedError:
            raise InputError("region.unproved", url=url) from None
        return True

    async def public(self, identity: str, url: str, *, private: bool) -> PublicRegion | None:
        """The region's own document; None where it has none, which is no fault: others have none."""
        try:
            body = await self._fetch.fetch(join(url, "/region"), private=private, limit=document.LIMIT)
        except DeliveryError as error:
            if error.reason.code == "peer.status":
                return None
            raise
        return document.read(body, identity)

    async def members(self, region: str) -> tuple[Listed, ...]:
        """Members that a region names now. Raises as `get` and `look`."""
        known = await self.get(region)
        public = await self.public(known.id, known.url, private=known.private)
        return public.members if public else ()

    # --- believing ----------------------------------------------------------------------------------------------------

    async def add(self, operator: str, given: str, name: str, *, words: str | None, belief: Belief) -> Region:
        """Believe the region at `given` under `name` ("" makes one of its title); again with others changes for what.

        With `words` its keys must have that fingerprint. Raises as `look`; `InputError` `region.name`, `region.types`,
        `region.scopes`, `peer.words_form`, `region.words`, `region.name_taken`, `region.keys_changed`, `region.many`.
        """
        checked(name, belief)
        told = None if words is None else known_words(words)
        seen = await self.look(given, private=belief.private)
        if told is not None and not same(told, seen.words):
            raise InputError("region.words", region=seen.did, told=told, found=seen.words)
        return await self.believe(operator, seen, name, belief, compared=told is not None)

    async def believe(
        self, operator: str, seen: Sighting, name: str, belief: Belief, *, compared: bool, own: bool = False
    ) -> Region:
        """Believe what was seen. `own`: this node is a member of it. Raises as `add`."""
        done = await self._store.write(lambda tx: self._put(tx, operator, seen, name, belief, compared, own))
        self._changed()
        return done

    async def keep_own(self, did: str, title: str, url: str, keys: Mapping[str, JsonObject], root: str) -> None:
        """The region that this node keeps is believed here without anybody saying so; what is said of it stands."""
        public = PublicRegion(did=did, name=title, url=url, root=root)
        words = words_of(keys)
        seen = Sighting(did=did, title=title, url=url, words=words, keys=keys, public=public)

        def act(tx: Transaction) -> bool:
            known = tx.get(Region, did)
            if known is None:
                self._put(tx, "node", seen, "", Belief(), compared=True, own=False)
            elif (known.title, known.keys, known.root) != (title, keys, root):
                tx.put(replace(known, title=title, keys=keys, words=words, root=root, changed=None))
            return known is None

        if await self._store.write(act):
            self._changed()

    def _put(
        self, tx: Transaction, operator: str, seen: Sighting, name: str, belief: Belief, compared: bool, own: bool
    ) -> Region:
        known = tx.get(Region, seen.did)
        if known is not None and not known.vouched_by and known.words != seen.words:
            raise InputError("region.keys_changed", region=known.name, pinned=known.words, found=seen.words)
        if known is None and tx.count(Region) >= MOST:
            raise InputError("region.many", most=str(MOST))
        kept = Region(
            id=seen.did,
            name=named(tx, name or (known.name if known else ""), seen),
            title=seen.title,
            url=seen.url,
            words=seen.words,
            added=known.added if known else self._clock.now(),
            added_by=operator,
            keys=seen.keys,
            types=belief.types,
            scopes=belief.scopes,
            root=seen.root,
            private=belief.private,
            vouches=belief.vouches,
            own=own or (known is not None and known.own),
        )
        if kept == known:
            return known
        tx.put(kept)
        params = {"region": kept.id, "name": kept.name, "title": kept.title, "types": ", ".join(kept.types)}
        compared_by = "code" if own else "words" if compared else "nobody"
        tx.record(Entry(event="trust.added", actor=operator, params={**params, "compared": compared_by}))
        return kept

    async def select(self, *, after: str = "", limit: int = 100) -> list[Region]:
        """Regions in the order of their DIDs."""
        return await self._store.read(lambda view: view.select(Region, after=after, limit=limit))

    async def get(self, region: str) -> Region:
        """By name or DID. Raises `UnknownError` `region.unknown`."""
        return await self._store.read(lambda view: known_region(view, region))

    async def remove(self, operator: str, region: str) -> Region:
        """Believe it no more, nor those that are believed on its word alone. Raises as `get`."""

        def act(tx: Transaction) -> Region:
            gone = known_region(tx, region)
            for one in (gone, *(other for other in all_regions(tx) if other.vouched_by == gone.id)):
                tx.delete(Region, one.id)
                params = {"region": one.id, "name": one.name, "title": one.title}
                tx.record(Entry(event="trust.removed", actor=operator, params=params))
            return gone

        done = await self._store.write(act)
        self._changed()
        return done


def open_inside(tx: Transaction, did: str) -> None:
    """Let members of a region have addresses in private networks from now on."""
    known = tx.get(Region, did)
    if known is not None and not known.private:
        tx.put(replace(known, private=True))


def all_regions(view: Reading) -> list[Region]:
    """Every region of the node."""
    return view.select(Region, limit=MOST)


def known_region(view: Reading, region: str) -> Region:
    """By DID or name, or `UnknownError`."""
    found = view.get(Region, region) if region.startswith("did:") else view.find(Region, name=region)
    if found is None:
        raise UnknownError("region.unknown", region=region[:256])
    return found


def issuer_keys(found: Document) -> dict[str, JsonObject]:
    """The keys with which a party signs credentials: those named `#issuer…`, else all that it may assert with."""
    own = [id for id in found.assertions if id.partition("#")[2].startswith("issuer")]
    return {id: found.keys[id] for id in own or found.assertions}


def words_of(keys: Mapping[str, JsonObject]) -> str:
    """The fingerprint of a region's keys."""
    return fingerprint(jwk.thumbprint(key) for key in keys.values())


def short_name(title: str, url: str) -> str:
    """One DNS label for a region or peer: of its title, else of its host."""
    plain = re.sub(r"[^a-z0-9]+", "-", title.lower().translate(_PLAIN).encode("ascii", "ignore").decode()).strip("-")
    return plain[:56].strip("-") or re.sub(r"[^a-z0-9]+", "-", url.partition("://")[2].lower()).strip("-")[:56]


_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def named(view: Reading, name: str, seen: Sighting) -> str:
    """The name wanted for a region, or a free one made of its title. Raises `InputError` `region.name_taken`."""
    if name:
        holder = view.find(Region, name=name)
        if holder is not None and holder.id != seen.did:
            raise InputError("region.name_taken", name=name)
        return name
    made = short_name(seen.title if seen.public else "", seen.url)
    number, free = 1, made
    while (holder := view.find(Region, name=free)) is not None and holder.id != seen.did:
        number += 1
        free = f"{made}-{number}"
    return free


def checked(name: str, belief: Belief) -> None:
    """Raises `InputError` `region.name`, `region.types`, `region.scopes`."""
    if name and not NAME.fullmatch(name):
        raise InputError("region.name", name=name[:64])
    for kind in belief.types or ("",):
        if not _TYPE.fullmatch(kind):
            raise InputError("region.types", type=kind[:64])
    if not belief.scopes or any(scope not in SCOPES for scope in belief.scopes):
        raise InputError("region.scopes", known=", ".join(SCOPES))


def known_words(text: str) -> str:
    """A fingerprint as a person wrote it. Raises `InputError` `peer.words_form`."""
    try:
        return parse(text)
    except WordsError as error:
        raise InputError("peer.words_form", word=error.word) from error
