"""The life of the keys that say who this node is: made, published, signing, published still, gone.

What lives here: the steps of a key, each in a file, in memory and in the log, and the statements that let peers follow.
What does not: the pure steps (`certs.ring`), files (`certs.keys`), statements (`certs.handover`), symmetric keys
(`keyring`), what peers make of it (`connector.services.trust.handover`).

A new key is published first and signs only when every peer must have seen it; the one before stays published until
what it has signed has ended, and its private half is destroyed at once. In an emergency all keys of the kind are
revoked: the new one signs at once, and a key of another kind vouches for it.

INVARIANT: a step is in the ring's file before anything follows from it; what follows is taken up again at every start.
INVARIANT: a key with a tombstone never signs, whatever a backup or an operator has brought back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import structlog
from msgspec.structs import replace

from certs import did as dids
from certs import handover, keys
from certs import ring as rings
from certs.did import DidError
from certs.handover import Change
from certs.jwk import thumbprint
from certs.jwt import LEEWAY, MAX_LIFE, SECOND
from certs.keys import KeyFileError, NodeKeys, Private
from certs.ring import Key, Kind, Ring
from connector.errors import InputError
from connector.pages import every
from connector.ports import Clock, Fault, Reading, Store, Transaction, no_fault
from connector.records import Description, Entry, Issued, Participant, SeenDocument, Tombstone
from connector.services.notices import Notices

log = structlog.get_logger()

KIND = "key.changed"
"""The notice with which a peer hears that it should look at our document."""
AFTERWARDS = {"token": 2 * (MAX_LIFE + LEEWAY), "audit": 86_400, "issuer": 86_400}
"""Seconds that a key stays published at least when it signs no more."""
_VOUCHES: dict[Kind, tuple[Kind, ...]] = {
    "token": ("audit",),
    "audit": ("token",),
    "issuer": ("token", "audit"),
}
"""Which kinds of keys vouch for a new one where all of its own kind are revoked."""


class Rotation:
    """Our keys. `ahead` is for how many seconds a new one is published before it signs; `body` gives the document as it
    is served, `credentials` is where a service manager has put keys, `bury` what is done about a destroyed one."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        own: NodeKeys,
        folder: Path,
        credentials: Path | None,
        did: str,
        body: Callable[[], bytes],
        notices: Notices,
        ahead: float,
        bury: Callable[[Transaction, str, str, str], None],
        fault: Fault = no_fault,
    ) -> None:
        self._store, self._clock, self._own, self._folder, self._did = store, clock, own, folder, did
        self._credentials, self._body, self._notices, self._ahead = credentials, body, notices, ahead
        self._bury, self._fault = bury, fault

    # --- steps --------------------------------------------------------------------------------------------------------

    async def rotate(self, operator: str, kind: Kind, *, revoke: bool, form: str) -> Key:
        """Make the key that follows on the one that signs. Without `revoke` it signs when every peer must have seen it.

        Raises `InputError` `key.name` (this node has no key of the kind), `key.waiting` (one is on its way already),
        `key.outside`, `key.form`, `keys.write`.
        """
        old = self._own.ring.signing(kind)
        if old is None:
            raise InputError("key.name", name=kind, names="token, audit")
        if form not in (keys.P256, keys.ED25519):
            raise InputError("key.form", form=form[:32], forms=f"{keys.P256}, {keys.ED25519}")
        if not revoke and self._own.ring.of(kind, "next"):
            raise InputError("key.waiting", name=kind)
        now = self._clock.now()
        key, private = self._made(old, form, now, operator)
        if revoke:
            ring = self._replaced(self._own.ring, key, private, now)
        else:
            ring = rings.added(self._own.ring, key)
            ring = self._stated(ring, old, self._own.private, now=now)
        await self._step(ring, {**self._own.private, key.name: private}, operator)
        return next(one for one in ring.keys if one.name == key.name)

    async def turn(self) -> None:
        """Take the steps whose time has come; to be called now and then."""
        now, ring = self._clock.now(), self._own.ring
        due = [one for one in ring.keys if one.state == "next" and one.since <= now]
        over = [one.name for one in ring.keys if one.state == "published" and one.until <= now]
        if not due and not over:
            return
        for one in due:
            until = await self._store.read(lambda view: self._until(view, one.kind, now))  # noqa: B023
            ring = rings.switched(ring, one.name, now, until)
        if over:
            # What is gone must not come back with an old copy of the keys: that too is a change that counts.
            signer = ring.signing("token")
            assert signer is not None  # INVARIANT: `ring.checked`
            ring = self._stated(rings.withdrawn(ring, over, now), signer, self._own.private, now=now)
        await self._step(ring, self._own.private, due[0].by if due else "node")

    async def settle(self) -> None:
        """At every start: finish what a kill has broken off, and let no key sign that has a tombstone.

        Raises `InputError` where a key cannot be replaced.
        """
        await self._revived(())
        await self._vouch_for_the_new()
        await self._follow_up("node")

    async def recalled(self, statements: Sequence[str]) -> bool:
        """Others keep these statements about our own keys: is there a change among them that this node has lost?

        A key that was revoked since the backup is replaced; a key that is believed still vouches for the new one, else
        a region or people have to.
        """
        if not statements:
            return False
        return await self._revived(statements)

    # --- parts of a step ----------------------------------------------------------------------------------------------

    def _made(self, old: Key, form: str, now: int, operator: str, taken: Sequence[str] = ()) -> tuple[Key, Private]:
        """The next key of a kind, kept in its file where it does not lie in the service manager's credentials."""
        name = self._own.ring.following(old.kind, taken)
        key = Key(
            name=name, kind=old.kind, jwk={}, state="next", made=now, since=now + self._microseconds(), by=operator
        )
        try:
            if self._outside(old):
                if not self._outside(key):
                    raise InputError("key.outside", name=keys.file_of(key))
                private = keys.load_one(self._folder, self._credentials, old.kind, keys.file_of(key))
            else:
                private = keys.draw(old.kind, form)
                keys.keep(self._folder, key, private)
        except KeyFileError as error:
            raise InputError(error.code, **error.params) from None
        self._fault("key.made")
        return replace(key, jwk=keys.public_jwk(private)), private

    def _outside(self, key: Key) -> bool:
        """Does it lie in the service manager's credentials alone? A copy of what lies here is no other place."""
        name = keys.file_of(key)
        return (
            self._credentials is not None and (self._credentials / name).exists() and not (self._folder / name).exists()
        )

    def _microseconds(self) -> int:
        return round(self._ahead * SECOND)

    def _replaced(
        self, ring: Ring, key: Key, private: Private, now: int, *, dead: Collection[Kind] = (), number: int = 0
    ) -> Ring:
        """The ring with `key` instead of all others of its kind, and the statement of a key that may vouch for it,
        which is of none of the kinds `dead`; without one the keys stand there alone."""
        revoked = tuple(one.thumbprint for one in ring.of(key.kind) if one.state != "gone")
        made = rings.replaced(ring, key, now)
        able = (ring.signing(kind) for kind in _VOUCHES[key.kind] if kind not in dead)
        vouching = next((one for one in able if one is not None), None)
        if vouching is None:
            return made
        kept = {**self._own.private, key.name: private}
        return self._stated(made, vouching, kept, now=now, revoked=revoked, number=number)

    def _stated(
        self,
        ring: Ring,
        signer: Key,
        private: Mapping[str, Private],
        *,
        now: int,
        revoked: tuple[str, ...] = (),
        number: int = 0,
    ) -> Ring:
        """The ring with a statement that its keys follow on those that are published now, under a number above
        `number`."""
        number = max(ring.number + 1, number + 1, now)
        change = Change(
            did=self._did,
            before=tuple(one.thumbprint for one in self._own.ring.published()),
            after=tuple(handover.named(f"{self._did}#{one.name}", one.jwk) for one in ring.published()),
            at=now,
            number=number,
            revoked=revoked,
        )
        statement = handover.sign_change(private[signer.name], f"{self._did}#{signer.name}", change)
        return rings.told(ring, statement, number)

    async def _step(self, ring: Ring, private: Mapping[str, Private], actor: str) -> None:
        """Take a step: on disk, in memory, then what follows from it."""
        try:
            keys.keep_ring(self._folder, ring)
        except KeyFileError as error:
            raise InputError(error.code, **error.params) from None
        self._fault("key.turned")
        self._own.turn(private, ring)
        await self._follow_up(actor)

    async def _follow_up(self, actor: str) -> None:
        """What follows from the ring as it is: tombstones, the document as it is seen, word to the peers, files that
        are gone. Each is done once, however often this is called."""
        await self._store.write(lambda tx: self._noted(tx, actor))
        self._fault("key.noted")
        gone = keys.clear(self._folder, self._own.ring, self._credentials)
        if gone:
            log.info("key.files_destroyed", names=gone)

    def _noted(self, tx: Transaction, actor: str) -> None:
        for one in self._own.ring.keys:
            if one.state not in rings.PRIVATE and tx.get(Tombstone, one.thumbprint) is None:
                self._bury(tx, one.by or actor, one.name, one.thumbprint)
        body = self._body()
        digest = sha256(body).hexdigest()
        if tx.get(SeenDocument, digest) is not None:
            return
        known = _documents(tx, self._did)
        tx.put(SeenDocument(id=digest, did=self._did, body=body, at=self._clock.now()))
        if not known:
            return  # a new node, whom nobody has seen yet
        newest = max(self._own.ring.keys, key=lambda one: one.made)
        names = ", ".join(self._own.published())
        tx.record(Entry(event="key.published", actor=newest.by or actor, params={"names": names, "document": digest}))
        for peer in every(tx, Participant):
            if peer.notices:
                params = {"number": str(self._own.ring.number)}
                self._notices.tell(tx, peer.id, self._did, KIND, params, actor=actor)

    def _until(self, view: Reading, kind: Kind, now: int) -> int:
        """From when on nothing counts any more that the key of this kind has signed up to now."""
        ends = [now + AFTERWARDS[kind] * SECOND]
        if kind == "token":
            ends += [one.ends for one in every(view, Description) if one.issuer in ("", self._did)]
        if kind == "issuer":
            ends += [one.ends for one in every(view, Issued) if one.revoked is None]
        return max(ends)

    # --- keys that must not be used, and keys that came from elsewhere ------------------------------------------------

    async def _revived(self, statements: Sequence[str]) -> bool:
        """Replace what signs although it was destroyed, as we remember or as `statements` prove."""
        ring = self._own.ring
        known = {f"{self._did}#{one.name}": one.jwk for one in ring.published()}
        reached = handover.advance(self._did, known, ring.number, statements, {})
        graves = await self._store.read(lambda view: _graves(view, ring))
        left = frozenset(map(thumbprint, reached.believed.values()))
        dead = {one.kind for one in ring.secret() if one.thumbprint in graves or one.thumbprint not in left}
        taken = [id.partition("#")[2] for id in reached.believed]
        for kind in rings.KINDS:
            old = self._own.ring.signing(kind)
            if kind not in dead or old is None:
                continue
            log.critical("key.revived", name=old.name, thumbprint=old.thumbprint)
            now = self._clock.now()
            key, private = self._made(old, _form(old), now, "node", taken)
            made = self._replaced(self._own.ring, key, private, now, dead=dead, number=reached.number)
            await self._step(made, {**self._own.private, key.name: private}, "node")
        return bool(dead)

    async def _vouch_for_the_new(self) -> None:
        """State that a key of ours that peers have not seen is ours: a node that has become a region has one more."""
        latest = await self._store.read(lambda view: _latest(view, self._did))
        token = self._own.ring.signing("token")
        if latest is None or token is None:
            return
        try:
            seen = dids.read(latest.body, self._did).pinned()
        except DidError:
            return
        shown = {f"{self._did}#{name}": key for name, key in self._own.published().items()}
        judged = handover.follow(self._did, seen, 0, shown, self._own.ring.statements, {})
        if isinstance(judged, handover.Accepted) or token.thumbprint not in map(thumbprint, seen.values()):
            return
        ring = self._stated(self._own.ring, token, self._own.private, now=self._clock.now())
        await self._step(ring, self._own.private, "node")


def _graves(view: Reading, ring: Ring) -> frozenset[str]:
    return frozenset(one.thumbprint for one in ring.secret() if view.get(Tombstone, one.thumbprint) is not None)


def _documents(view: Reading, did: str) -> list[SeenDocument]:
    return view.select(SeenDocument, did=did, limit=1000)


def _latest(view: Reading, did: str) -> SeenDocument | None:
    return max(_documents(view, did), key=lambda one: one.at, default=None)


def _form(key: Key) -> str:
    return keys.ED25519 if key.jwk.get("kty") == "OKP" else keys.P256
