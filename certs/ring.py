"""Which keys a node has, and how far each has come: the file `ring.json` in the directory of keys.

What lives here: the pure steps of a key's life, and the file's form. What does not: private keys and writing files
(`keys`), what a step means to others (`connector.services.proof.keyring`).

A key is `next` (published, does not sign yet), `signs`, `published` (signs no more; what it signed still counts) or
`gone` (not published any more; kept is its public half, by which we know our own old signatures). There is always
exactly one key of a kind that signs. A private key is kept in the first two states only. The names are those of the
fragments in the DID document: `token`, `token-2`, `token-3`; numbers are never used again.

INVARIANT: one file holds all of it, with the statements that let others follow, so a step is taken as a whole or not
at all, whenever the process is killed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certs.jwk import Jwk, thumbprint

Kind = Literal["token", "audit", "issuer"]
State = Literal["next", "signs", "published", "gone"]
KINDS: tuple[Kind, ...] = ("token", "audit", "issuer")
PRIVATE: frozenset[State] = frozenset({"next", "signs"})
MOST_STATEMENTS = 64
"""Statements that are kept and published; an older one is of no use to a peer that has looked since."""


class RingError(Exception):
    """A ring that cannot be: `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Key(Struct, frozen=True, kw_only=True):
    """A key of ours by its public half. Instants are microseconds UTC: `made`; `since`, from when it signs, or is to;
    `until`, from when it is published no more, 0 where that is not known yet. `by` is who has made it."""

    name: str
    kind: Kind
    jwk: Jwk
    state: State
    made: int = 0
    since: int = 0
    until: int = 0
    by: str = ""
    revoked: bool = False

    @property
    def thumbprint(self) -> str:
        """RFC 7638."""
        return thumbprint(self.jwk)


class Ring(Struct, frozen=True, kw_only=True):
    """All keys, the oldest of a kind first; the statements about their changes, the oldest first, and the number of
    the last one."""

    keys: tuple[Key, ...] = ()
    statements: tuple[str, ...] = ()
    number: int = 0

    def of(self, kind: Kind, *states: State) -> tuple[Key, ...]:
        """The keys of a kind in these states, or in any."""
        return tuple(one for one in self.keys if one.kind == kind and (not states or one.state in states))

    def signing(self, kind: Kind) -> Key | None:
        """The key that signs; None only where there is no key of the kind at all."""
        return next(iter(self.of(kind, "signs")), None)

    def published(self) -> tuple[Key, ...]:
        """Those that stand in the DID document."""
        return tuple(one for one in self.keys if one.state != "gone")

    def secret(self) -> tuple[Key, ...]:
        """Those whose private half is kept."""
        return tuple(one for one in self.keys if one.state in PRIVATE)

    def following(self, kind: Kind, taken: Iterable[str] = ()) -> str:
        """The name that the next key of a kind gets; `taken` are names that were used elsewhere."""
        names = (name for name in (*taken, *(one.name for one in self.of(kind))) if name.partition("-")[0] == kind)
        last = max((int(name.partition("-")[2] or 1) for name in names), default=0)
        return kind if last == 0 else f"{kind}-{last + 1}"


def begun(keys: Iterable[Key]) -> Ring:
    """A ring of keys that sign from the beginning."""
    return Ring(keys=tuple(replace(one, state="signs") for one in keys))


def added(ring: Ring, key: Key) -> Ring:
    """With another key. Raises `RingError` `key.waiting` where there is one already that does not sign yet."""
    if key.state == "next" and ring.of(key.kind, "next"):
        raise RingError("key.waiting")
    return replace(ring, keys=(*ring.keys, key))


def told(ring: Ring, statement: str, number: int) -> Ring:
    """With a statement about a change."""
    return replace(ring, statements=(*ring.statements, statement)[-MOST_STATEMENTS:], number=number)


def switched(ring: Ring, name: str, now: int, until: int) -> Ring:
    """From now on the key `name` signs; the one before stays published until `until`."""
    kind = next(one.kind for one in ring.keys if one.name == name)

    def step(one: Key) -> Key:
        if one.name == name:
            return replace(one, state="signs", since=now)
        return replace(one, state="published", until=until) if one.kind == kind and one.state == "signs" else one

    return replace(ring, keys=tuple(map(step, ring.keys)))


def withdrawn(ring: Ring, names: Iterable[str], now: int) -> Ring:
    """Without these keys in the document; none of them may be the one that signs."""
    gone = frozenset(names)

    def step(one: Key) -> Key:
        return replace(one, state="gone", until=now) if one.name in gone else one

    return checked(replace(ring, keys=tuple(map(step, ring.keys))))


def replaced(ring: Ring, key: Key, now: int) -> Ring:
    """From now on `key` signs, and every other key of its kind is revoked."""

    def step(one: Key) -> Key:
        if one.kind != key.kind or one.state == "gone":
            return one
        return replace(one, state="gone", until=now, revoked=True)

    return checked(replace(ring, keys=(*map(step, ring.keys), replace(key, state="signs", since=now))))


def read(data: bytes) -> Ring:
    """A ring from its file. Raises `RingError`."""
    try:
        return checked(msgspec.json.decode(data, type=Ring))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError, TypeError) as error:
        raise RingError("ring.content") from error


def write(ring: Ring) -> bytes:
    """The file's content."""
    return msgspec.json.format(msgspec.json.encode(ring), indent=1) + b"\n"


def checked(ring: Ring) -> Ring:
    """The ring, if there can be such a one. Raises `RingError`."""
    names = [one.name for one in ring.keys]
    for kind in KINDS:
        known = ring.of(kind)
        if any(one.name != kind and not one.name.startswith(f"{kind}-") for one in known):
            raise RingError("ring.content")
        if known and len(ring.of(kind, "signs")) != 1:
            raise RingError("ring.content")
    if len(set(names)) != len(names) or not {"token", "audit"} <= {one.kind for one in ring.keys}:
        raise RingError("ring.content")
    return ring
