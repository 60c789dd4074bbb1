"""The node's own keys as people look after them: listing, rotating, and never using a destroyed one again.

What lives here: the one vocabulary for all keys, and what has to happen together when a symmetric key is renewed. What
does not: files (`certs.keys`), the life of the keys that say who the node is (`rotation`), what the keys are for.

A renewed key is destroyed, and a tombstone says so: its thumbprint, here and at every peer that takes notices. A backup
brings the old key back together with a database that knows no tombstone of it; the peers do, and tell it when the
restored node compares itself with them, which is before it does anything else. What was sealed with such a key goes
with it.

INVARIANT: a key that has a tombstone is replaced before it is used: at every start, and as soon as a peer tells of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog
from msgspec import Struct
from msgspec.structs import replace

from certs import keys
from certs.keys import GRANT, SEAL, KeyFileError, NodeKeys, SealError
from certs.ring import Key, Kind
from connector.errors import InputError, NodeError, UnknownError
from connector.pages import every
from connector.ports import Caller, Clock, Store, Transaction
from connector.records import Endpoint, Entry, Notice, Participant, Tombstone
from connector.services.notices import Notices
from connector.services.proof.rotation import Rotation
from connector.services.proof.statements import Destroyed

log = structlog.get_logger()

NAMES = {"grant": GRANT, "sealing": SEAL}
"""What people call the keys that are replaced at once."""
ROTATED: Mapping[str, Kind] = {"token": "token", "audit": "audit", "issuer": "issuer"}
"""What they call those that overlap with the next one."""

KIND = "key.destroyed"
"""The notice that tells a peer."""


class Held(Struct, frozen=True):
    """A key in use, or one that was destroyed at the instant `destroyed`.

    `state` is `signs`, `next` (published, signs from `since` on), `published` (signs no more, stays in the document
    until `until`) or `used` for a symmetric one; `gone` for a destroyed one. `form` is the kind of key.
    """

    name: str
    thumbprint: str
    destroyed: int | None = None
    state: str = "used"
    form: str = ""
    since: int = 0
    until: int = 0


class Keyring:
    """Our keys, in memory, in `folder` and as tombstones. `outside`: they lie in a service manager's credentials and
    are renewed there. `rekeyed` is told the name of a key that has been replaced; `life` makes the part that looks
    after the keys that overlap, which buries through us."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        own: NodeKeys,
        folder: Path,
        outside: Callable[[str], bool],
        did: str,
        notices: Notices,
        rekeyed: Callable[[str], None],
        life: Callable[[Callable[[Transaction, str, str, str], None]], Rotation],
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._store, self._clock, self._own, self._folder, self._outside = store, clock, own, folder, outside
        self._did, self._notices, self._rekeyed, self._draw = did, notices, rekeyed, draw
        self._life = life(self._bury)
        notices.handlers[KIND] = self._told

    async def list(self) -> list[Held]:
        """The keys in use, then those that were destroyed."""
        public = [_held(one) for one in self._own.ring.published()]
        used = [Held(_called(file), keys.thumbprint(file, key)) for file, key in self._own.symmetric().items()]
        gone = await self._store.read(lambda view: view.select(Tombstone, owner=self._did, limit=1000))
        shown = {one.thumbprint for one in public}
        buried = (Held(one.name, one.id, one.at, state="gone") for one in gone if one.id not in shown)
        return [*public, *used, *buried]

    async def rotate(self, operator: str, name: str, *, revoke: bool = False, form: str = keys.P256) -> Held:
        """Let a key be followed by another.

        `token`, `audit`, and a region's `issuer` overlap with the next one, or with `revoke` are believed no more at
        once; `form` is P-256 or Ed25519. `grant` and `sealing` are always replaced at once: the old one is destroyed,
        and every peer that takes notices is told; what is sealed is sealed anew, credentials for data that were made
        with the old grant key end. Raises `InputError` `key.name`, `key.outside`, `key.waiting`, `key.form`,
        `keys.write`.
        """
        if name in ROTATED:
            return _held(await self._life.rotate(operator, ROTATED[name], revoke=revoke, form=form))
        if name not in NAMES:
            raise InputError("key.name", name=name[:64], names=", ".join((*ROTATED, *NAMES)))
        file = NAMES[name]
        if self._outside(file):
            raise InputError("key.outside", name=name)
        return await self._replace(operator, file, keep_sealed=True)

    async def settle(self) -> None:
        """Replace what has a tombstone. To be called at the start, before anything is served, and after `destroyed`.

        Raises `InputError` where it cannot be replaced.
        """
        await self._life.settle()
        for file, key in self._own.symmetric().items():
            print_ = keys.thumbprint(file, key)
            if await self._store.read(lambda view: view.get(Tombstone, print_)) is None:  # noqa: B023
                keys.drop(self._folder, file)
                continue
            if self._outside(file):
                raise InputError("key.destroyed", name=_called(file))
            if (following := self._adopted(file)) is not None:
                # Killed between the transaction that sealed everything anew and the file: it is finished now.
                self._use(file, following)
                continue
            log.critical("key.revived", name=_called(file), thumbprint=print_)
            await self._replace("node", file, keep_sealed=False)

    async def turn(self) -> None:
        """Take the steps of keys whose time has come; to be called now and then."""
        await self._life.turn()

    async def recalled(self, statements: Sequence[str]) -> bool:
        """See `Rotation.recalled`."""
        return await self._life.recalled(statements)

    def destroyed(self, tx: Transaction, told: Sequence[Destroyed]) -> None:
        """A peer remembers these of our keys as destroyed; `settle` has to follow.

        Kept is what names a key in use, which only a destroyed one that has come back can be: a peer may say anything.
        """
        used = {keys.thumbprint(file, key) for file, key in self._own.symmetric().items()}
        for one in told:
            if one.thumbprint in used and tx.get(Tombstone, one.thumbprint) is None:
                tx.put(Tombstone(id=one.thumbprint, owner=self._did, name=one.name, at=one.at))

    async def _replace(self, operator: str, file: str, *, keep_sealed: bool) -> Held:
        old, new = self._own.symmetric()[file], self._draw(32)
        try:
            keys.prepare(self._folder, file, new)
        except KeyFileError as error:
            raise InputError(error.code, **error.params) from None

        def act(tx: Transaction) -> None:
            if file == SEAL:
                _sealed_anew(tx, keys.Sealer(old), keys.Sealer(new), keep=keep_sealed)
            self._bury(tx, operator, _called(file), keys.thumbprint(file, old))

        await self._store.write(act)
        self._adopted(file)
        self._use(file, new)
        return Held(_called(file), keys.thumbprint(file, new))

    def _bury(self, tx: Transaction, operator: str, name: str, print_: str) -> None:
        """The tombstone of a key of ours, and word of it to every peer that will remember."""
        if tx.get(Tombstone, print_) is None:
            tx.put(Tombstone(id=print_, owner=self._did, name=name, at=self._clock.now()))
        params = {"name": name, "thumbprint": print_}
        tx.record(Entry(event=KIND, actor=operator, params=params))
        for peer in every(tx, Participant):
            if peer.notices:
                self._notices.tell(tx, peer.id, self._did, KIND, params, actor=operator)

    def _adopted(self, file: str) -> bytes | None:
        try:
            return keys.adopt(self._folder, file)
        except KeyFileError as error:
            raise InputError(error.code, **error.params) from None

    def _use(self, file: str, key: bytes) -> None:
        self._own.renew(file, key)
        self._rekeyed(_called(file))

    def _told(self, tx: Transaction, caller: Caller, notice: Notice) -> dict[str, str] | NodeError:
        """A peer has destroyed a key of its own; we remember it in its stead."""
        print_ = notice.params.get("thumbprint", "")
        if notice.about != caller.id or not 16 <= len(print_) <= 64:
            return UnknownError("notice.about")
        # INVARIANT: what a peer says has an id of its own, so it speaks of no key of ours nor of another peer's.
        id, name = f"{caller.id} {print_}", notice.params.get("name", "")[:32]
        tx.put(Tombstone(id=id, owner=caller.id, name=name, at=notice.created))
        return {}


def _sealed_anew(tx: Transaction, old: keys.Sealer, new: keys.Sealer, *, keep: bool) -> None:
    """Everything that is sealed, under the new key; or gone, where the old one was destroyed before."""
    for endpoint in every(tx, Endpoint):
        try:
            secret = old.open(endpoint.secret, endpoint.id.encode()) if keep else None
        except SealError:
            secret = None
        if secret is None:
            tx.delete(Endpoint, endpoint.id)
        else:
            tx.put(replace(endpoint, secret=new.seal(secret, endpoint.id.encode())))


def _held(one: Key) -> Held:
    form = keys.ED25519 if one.jwk.get("kty") == "OKP" else keys.P256
    return Held(one.name, one.thumbprint, None, one.state, form, one.since, one.until)


def _called(file: str) -> str:
    return next(name for name, path in NAMES.items() if path == file)
