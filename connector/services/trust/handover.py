"""Continuity of keys: a participant's other keys count only where somebody who was believed before says so.

What lives here: judging a document that shows other keys, and the statements of others that are kept and published.
What does not: the form of statements (`certs.handover`), having documents and statements and what follows from them
(`continuing`), our own keys (`connector.services.proof.rotation`).

A change counts with (a) a statement by a key that was believed before, (b) one by the region that vouches for the
participant, or by a region that an operator has decided to believe where nobody vouches, (c) a person who has compared
the words. It counts for a pinned participant, for one that a region vouches for, and for a region alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Annotated

from msgspec import Meta, Struct

from certs import handover, jwk
from certs.did import Document
from certs.handover import Accepted, HandoverError, Refused
from certs.jwk import JwkError, PublicKey
from certs.words import fingerprint
from connector.pages import every
from connector.ports import Reading, Transaction
from connector.protocol.messages import JsonObject
from connector.records import (
    Participant,
    Region,
    Signed,
    Tombstone,
)
from policies.model import Reason

CHANGED = "peer.keys_changed"
"""Code of `Participant.changed`, and of `Agreement.held` for it."""


class Published(Struct, frozen=True):
    """Body of `GET {url}/keys`: the statements of a participant about its own keys, or a region's about a member's."""

    id: str
    statements: Annotated[tuple[Annotated[str, Meta(max_length=handover.MAX_STATEMENT)], ...], Meta(max_length=256)]


def judge_change(
    known: Participant | Region, document: Document, statements: Sequence[str], vouchers: Mapping[str, PublicKey]
) -> Accepted | Reason:
    """May the keys of `document` be believed to be those of `known`? Else why nothing may happen with it.

    `statements` are those that could be had, `vouchers` the keys by id of the regions that may speak for it
    (`vouching_keys`).
    """
    found = counting(known, document)
    judged = handover.follow(known.id, dict(known.keys), known.change, found, statements, vouchers)
    if isinstance(judged, Accepted):
        return judged
    params = {"name": known.name, "pinned": known.words, "found": words_of(found), "cause": _why(judged)}
    return Reason(CHANGED, params)


def counting(known: Participant | Region, document: Document) -> dict[str, JsonObject]:
    """The keys of a document that the participant is known by: of a region those that sign credentials."""
    shown = document.pinned()
    if not isinstance(known, Region):
        return shown
    own = {id: key for id, key in shown.items() if id.startswith(f"{document.id}#issuer")}
    if all(id.startswith(f"{known.id}#issuer") for id in known.keys):
        return own
    return {id: document.keys[id] for id in document.assertions}


def _why(judged: Refused) -> str:
    return judged.code.removeprefix("keys.")


def vouching_keys(view: Reading, known: Participant | Region) -> Mapping[str, PublicKey]:
    """The issuer keys of the regions that may speak for a participant's keys, by id."""
    keys: dict[str, PublicKey] = {}
    for region in speaking(view, known):
        for id, key in region.keys.items():
            if id.startswith(f"{region.id}#issuer"):
                try:
                    keys[id] = jwk.read(key)
                except JwkError:
                    continue
    return keys


def speaking(view: Reading, known: Participant | Region) -> list[Region]:
    """The one region that vouches for it; where none does, those that an operator has decided to believe."""
    by = known.vouched_by if isinstance(known, Region) else (known.vouch.region if known.vouch else "")
    if by:
        named = view.get(Region, by)
        found = [] if named is None else [named]
    else:
        found = [one for one in every(view, Region) if not one.vouched_by and one.id != known.id]
    return [one for one in found if one.changed is None]


# --- what is published ------------------------------------------------------------------------------------------------


def subject(id: str) -> str:
    """Under which name statements about a DID are published."""
    return sha256(id.encode()).hexdigest()


def about(view: Reading, name: str) -> list[str]:
    """Statements of others that are kept here, by `subject` of a DID or by the thumbprint of a key that was revoked."""
    process = f"keys {name}"
    if len(name) == 43:
        owners = view.ending(Tombstone, f" {name}")
        process = f"keys {subject(owners[0].partition(' ')[0])}" if owners else ""
    return [one.body.decode() for one in view.select(Signed, process=process, limit=handover.MOST)] if process else []


def keep_statement(tx: Transaction, id: str, statement: str, number: int, at: int) -> None:
    """Keep a statement about the keys of `id`, for those who ask for it."""
    process = f"keys {subject(id)}"
    tx.put(
        Signed(
            id=f"{process}#{number:020d}",
            process=process,
            sender=id,
            kind="Statement",
            method="GET",
            url="",
            headers={},
            body=statement.encode(),
            document="",
            at=at,
        )
    )


def keep_statements(tx: Transaction, known: Participant, statements: Iterable[str], upto: int, at: int) -> None:
    """Keep what has counted, and remember the keys that must not come back."""
    for statement in statements:
        try:
            change = handover.read_change(statement)
        except HandoverError:
            continue
        if change.did != known.id or not known.change < change.number <= upto:
            continue
        keep_statement(tx, known.id, statement, change.number, at)
        for thumbprint in change.revoked:
            tx.put(Tombstone(id=f"{known.id} {thumbprint}", owner=known.id, name="token", at=change.at))


def words_of(keys: Mapping[str, JsonObject]) -> str:
    """The fingerprint of keys in words."""
    return fingerprint(jwk.thumbprint(key) for key in keys.values())
