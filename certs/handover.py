"""Keys and names that change: what a participant signs about it, and what others may conclude.

What lives here: the statement that some keys follow others, the statement that one DID follows another, reading and
judging both. Pure. What does not: having them from anywhere, keeping what was concluded
(`connector.services.trust.handover`).

Both are compact JWS (RFC 7515) over JSON. A change of keys names all keys before it (`from`, RFC 7638 thumbprints), all
after it (`to`, JWKs with their ids), and those that must not be believed any more (`revoked`). It counts where it is
signed by a key that was known before and is not revoked by it, or by a region that is believed for this; and only in
the order of its numbers, so that an old statement cannot bring back a key that has gone.

INVARIANT: a revoked key vouches for nothing, least of all for its successor: whoever has stolen it would say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from certs import jwk, jws
from certs.jwk import Jwk, JwkError, PublicKey
from certs.jws import JwsError
from certs.strict import StrictError, read_object

MAX_STATEMENT = 16_384
"""Characters of a statement."""
MOST = 64
"""Statements that are looked at in one judgement."""
KEYS_TYPE, SUCCESSION_TYPE = "allmende-keys+jwt", "allmende-succession+jwt"

_HEADER = frozenset({"alg", "kid", "typ"})
_Did = Annotated[str, Meta(min_length=9, max_length=1024)]
_Thumb = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]


class HandoverError(Exception):
    """A statement that says nothing. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Change(Struct, frozen=True, kw_only=True, rename={"before": "from", "after": "to"}):
    """A change of keys. `number` grows with every change of this participant; `at` is microseconds UTC."""

    did: _Did
    before: Annotated[tuple[_Thumb, ...], Meta(max_length=MOST)]
    after: Annotated[tuple[Jwk, ...], Meta(min_length=1, max_length=MOST)]
    at: int
    number: Annotated[int, Meta(ge=1)]
    revoked: Annotated[tuple[_Thumb, ...], Meta(max_length=MOST)] = ()


class Succession(Struct, frozen=True, kw_only=True):
    """That `successor` goes on with the contracts of `did`. `keys` are those of the successor, with their ids."""

    did: _Did
    successor: _Did
    url: Annotated[str, Meta(max_length=2048)]
    keys: Annotated[tuple[Jwk, ...], Meta(min_length=1, max_length=MOST)]
    at: int


class Both(Struct, frozen=True, kw_only=True):
    """A succession as both sides have signed it: two signatures over the same bytes. `leaving` may be a region's."""

    leaving: Annotated[str, Meta(max_length=MAX_STATEMENT)]
    taking: Annotated[str, Meta(max_length=MAX_STATEMENT)] = ""


class Accepted(Struct, frozen=True, kw_only=True):
    """That keys may be believed: the number of the last change that led to them, 0 where none was needed; `by` are
    the ids of the keys that vouched."""

    number: int
    by: tuple[str, ...] = ()


class Refused(Struct, frozen=True, kw_only=True):
    """That nobody vouches for keys: `code` says why."""

    code: str


# --- signing ----------------------------------------------------------------------------------------------------------


def sign_change(key: jws.PrivateKey, kid: str, change: Change) -> str:
    """The statement of a change of keys, signed; `kid` is the DID URL of `key`."""
    return jws.sign(key, {"kid": kid, "typ": KEYS_TYPE}, msgspec.json.encode(change))


def sign_succession(key: jws.PrivateKey, kid: str, said: Succession) -> str:
    """The statement of a succession, signed by one of the two sides or a region."""
    return jws.sign(key, {"kid": kid, "typ": SUCCESSION_TYPE}, msgspec.json.encode(said))


def named(id: str, key: Mapping[str, object]) -> Jwk:
    """A public key as statements hold it: with its id."""
    return {**key, "kid": id}


# --- reading ----------------------------------------------------------------------------------------------------------


class _Signed(Struct, frozen=True):
    parts: jws.Jws
    kid: str


def _opened(token: str, type: str) -> tuple[_Signed, bytes]:
    """A statement taken apart; nothing is proved. Raises `HandoverError`."""
    try:
        parts = jws.read(token, limit=MAX_STATEMENT, allowed=_HEADER)
        read_object(parts.payload)
    except (JwsError, StrictError) as error:
        raise HandoverError("handover.unreadable") from error
    if parts.header.get("typ") != type or parts.kid is None:
        raise HandoverError("handover.unreadable")
    return _Signed(parts, parts.kid), parts.payload


def read_change(token: str) -> Change:
    """What a statement of changed keys says; nothing is proved. Raises `HandoverError`."""
    return _change(token)[1]


def _change(token: str) -> tuple[_Signed, Change]:
    signed, payload = _opened(token, KEYS_TYPE)
    try:
        return signed, msgspec.json.decode(payload, type=Change)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise HandoverError("handover.unreadable") from error


def signed_by(token: str, keys: Mapping[str, PublicKey]) -> bool:
    """Is this statement, of either kind, signed by the one of `keys` that it names?"""
    try:
        parts = jws.read(token, limit=MAX_STATEMENT, allowed=_HEADER)
        key = keys.get(parts.kid or "")
        if key is None:
            return False
        jws.verify(parts, key)
    except JwsError:
        return False
    return True


# --- judging a change of keys -----------------------------------------------------------------------------------------


def follow(
    did: str,
    known: Mapping[str, Jwk],
    number: int,
    found: Mapping[str, Jwk],
    statements: Sequence[str],
    regions: Mapping[str, PublicKey],
) -> Accepted | Refused:
    """May the keys `found` in a document of `did` be believed, where `known` were believed up to change `number`?

    `statements` are those that could be had, in any order, `regions` the keys by id of those issuers that are believed
    where they vouch for this participant's keys. A document that has only lost keys needs no statement, unless it was
    the last that could sign. What is unreadable, about somebody else, of the past or not proved is as if not there.
    """
    reached = advance(did, known, number, statements, regions)
    unknown = [id for id, key in found.items() if not _same(key, reached.believed.get(id))]
    if not unknown:
        return Accepted(number=reached.number, by=reached.by)
    return Refused(code="keys.revoked" if _prints(found, unknown) & reached.revoked else "keys.unproved")


class Reached(Struct, frozen=True, kw_only=True):
    """Where statements lead: the keys by id that are believed then, those that were revoked on the way, the number of
    the last change, and the ids of the keys that vouched."""

    believed: Mapping[str, Jwk]
    revoked: frozenset[str]
    number: int
    by: tuple[str, ...]


def advance(
    did: str, known: Mapping[str, Jwk], number: int, statements: Sequence[str], regions: Mapping[str, PublicKey]
) -> Reached:
    """Follow the statements from the keys `known`, believed up to change `number`."""
    believed, last, by = dict(known), number, list[str]()
    revoked: set[str] = set()
    for token, change in _in_order(did, number, statements):
        vouching = _vouching(token, change, believed, revoked, regions)
        if vouching is None:
            continue
        last, revoked = change.number, revoked | set(change.revoked)
        by.append(vouching)
        believed = {str(one["kid"]): one for one in change.after if jwk.thumbprint(one) not in revoked}
    return Reached(believed=believed, revoked=frozenset(revoked), number=last, by=tuple(by))


def _in_order(did: str, number: int, statements: Sequence[str]) -> list[tuple[str, Change]]:
    """The readable statements about `did` after the change `number`, in their order."""
    found: list[tuple[str, Change]] = []
    for token in statements[:MOST]:
        try:
            change = _change(token)[1]
            usable = change.did == did and change.number > number and all(_usable(one, did) for one in change.after)
        except HandoverError:
            continue
        if usable:
            found.append((token, change))
    return sorted(found, key=lambda one: one[1].number)


def _usable(key: Jwk, did: str) -> bool:
    """A key of ours to name and to verify with?"""
    try:
        jwk.read({name: value for name, value in key.items() if name != "kid"})
    except JwkError:
        return False
    return isinstance(key.get("kid"), str) and str(key["kid"]).startswith(did + "#")


def _vouching(
    token: str, change: Change, believed: Mapping[str, Jwk], revoked: set[str], regions: Mapping[str, PublicKey]
) -> str | None:
    """The id of the key that vouches for a change; None where none does that may."""
    kid = _change(token)[0].kid
    own = believed.get(kid)
    if own is None:
        return kid if signed_by(token, {kid: regions[kid]} if kid in regions else {}) else None
    thumbprint = jwk.thumbprint(own)
    if thumbprint in revoked or thumbprint in change.revoked or thumbprint not in change.before:
        return None
    return kid if signed_by(token, {kid: _key(own)}) else None


def _key(key: Jwk) -> PublicKey:
    return jwk.read({name: value for name, value in key.items() if name != "kid"})


def _same(key: Jwk, other: Jwk | None) -> bool:
    return other is not None and jwk.thumbprint(key) == jwk.thumbprint(other)


def _prints(keys: Mapping[str, Jwk], ids: Sequence[str]) -> set[str]:
    return {jwk.thumbprint(keys[id]) for id in ids}


# --- judging a succession ---------------------------------------------------------------------------------------------


def succession(both: Both, leaving: Mapping[str, PublicKey], *, taking: bool = True) -> Succession:
    """What a succession says, where it is proved.

    `leaving` are the keys by id of those who may say so for the DID that ends: its own, or its region's. The successor
    has to have signed too, with one of the keys that the statement names; not yet where `taking` is False. Raises
    `HandoverError` `handover.unreadable`, `succession.leaving`, `succession.taking`.
    """
    _, payload = _opened(both.leaving, SUCCESSION_TYPE)
    try:
        said = msgspec.json.decode(payload, type=Succession)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise HandoverError("handover.unreadable") from error
    if said.did == said.successor or not all(_usable(one, said.successor) for one in said.keys):
        raise HandoverError("handover.unreadable")
    if not signed_by(both.leaving, leaving):
        raise HandoverError("succession.leaving")
    if taking and not _taken(both, payload, said):
        raise HandoverError("succession.taking")
    return said


def _taken(both: Both, payload: bytes, said: Succession) -> bool:
    """Has the successor signed the same bytes with a key of its own?"""
    try:
        same = _opened(both.taking, SUCCESSION_TYPE)[1] == payload
    except HandoverError:
        return False
    return same and signed_by(both.taking, {str(one["kid"]): _key(one) for one in said.keys})
