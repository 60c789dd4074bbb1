"""What two nodes say to each other when they compare: statements about contracts, processes and destroyed keys, signed.

What lives here: the form of a statement, its signature, what a node says of itself. What does not: comparing
(`differences`), acting on it (`reconcile`, `answering`). The endpoint, `POST {url}/reconcile`, is an extension of ours.

A statement is JSON text in an envelope with a signed note (C2SP signed-note) by the key that signs the tree heads; the
note names both sides and the SHA-256 of the text. So whoever says one thing to one neighbour and another thing to
the next, or today and tomorrow, has signed both.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from certs import checkpoint
from certs.checkpoint import CheckpointError
from certs.keys import NodeKeys
from connector.errors import MessageError
from connector.ports import Reading, Transaction
from connector.protocol.machine import Process
from connector.protocol.negotiation import NEGOTIATION, Negotiation
from connector.protocol.transfer import TRANSFER, Transfer
from connector.records import Agreement, Signed, Tombstone
from connector.services.proof import correspondence

CONTRACTS = 300
"""Contracts in one statement; the rest is said in the next."""
PROCESSES = 1000
"""Unfinished processes that can be compared; where there are more, none is ended because of what is missing."""
PROOFS = 4
"""Contracts that are proved in one statement."""
LARGEST = 1_000_000
"""Bytes of a statement's text."""

Id = Annotated[str, Meta(max_length=512)]


class Line(Struct, frozen=True, kw_only=True):
    """A contract as one side has it. `uses` is how many uses the provider has counted."""

    id: Id
    hash: Annotated[str, Meta(max_length=64)]
    in_force: bool
    role: Annotated[str, Meta(max_length=16)]
    uses: int = 0


class Standing(Struct, frozen=True, kw_only=True):
    """A process that its teller has not finished, or was asked about: both ids, and its state ("" unknown here).

    `heard` is the number of the reader's last message that the teller has, `acknowledged` that of the teller's last one
    that the reader is known to have had: who has lost count goes on from these.
    """

    kind: Annotated[str, Meta(max_length=16)]
    id: Id
    peer_id: Id
    state: Annotated[str, Meta(max_length=32)]
    heard: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    acknowledged: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class Letter(Struct, frozen=True, kw_only=True):
    """A message with the fields that its sender signed (`records.Signed`)."""

    kind: Annotated[str, Meta(max_length=64)]
    method: Annotated[str, Meta(max_length=16)]
    url: Annotated[str, Meta(max_length=2048)]
    headers: dict[str, str]
    body: bytes


class Proof(Struct, frozen=True, kw_only=True):
    """A contract with what proves it to the side that has lost it: its message, and that side's own signed letters."""

    id: Id
    in_force: bool
    message: bytes
    letters: Annotated[tuple[Letter, ...], Meta(max_length=8)] = ()


class Destroyed(Struct, frozen=True, kw_only=True):
    """A key of the reader's that he once said was destroyed."""

    thumbprint: Annotated[str, Meta(max_length=64)]
    name: Annotated[str, Meta(max_length=32)]
    at: int


class Statement(Struct, frozen=True, kw_only=True):
    """What one side has in common with the other, as far as it is asked.

    `contracts` are all of those whose ids are behind `after` and up to `upto` ("" to the end), in order. `processes`
    are the teller's unfinished ones, None where they are not compared, `all_processes` False where there were too many
    to list; in an answer those that were asked about, as they stand. `restored`: the teller has lost what came after a
    backup. `wanted` are contracts to be proved; no others are looked at then.
    """

    at: int
    restored: bool = False
    after: Id = ""
    upto: Id = ""
    contracts: Annotated[tuple[Line, ...], Meta(max_length=CONTRACTS)] = ()
    processes: Annotated[tuple[Standing, ...], Meta(max_length=PROCESSES)] | None = None
    all_processes: bool = True
    destroyed: Annotated[tuple[Destroyed, ...], Meta(max_length=1000)] = ()
    wanted: Annotated[tuple[Id, ...], Meta(max_length=PROOFS)] = ()
    proofs: Annotated[tuple[Proof, ...], Meta(max_length=PROOFS)] = ()


class Envelope(Struct, frozen=True, kw_only=True):
    """A statement's JSON text, and the note that signs it."""

    said: Annotated[str, Meta(max_length=LARGEST)]
    note: Annotated[str, Meta(max_length=checkpoint.MAX_NOTE)]


def enclosed(statement: Statement, teller: str, reader: str, own: NodeKeys) -> Envelope:
    """A statement of ours, signed."""
    said = msgspec.json.encode(statement).decode()
    return Envelope(
        said=said, note=checkpoint.note(_text(said, teller, reader), teller, own.head_public, own.sign_head)
    )


def opened(
    envelope: Envelope, teller: str, reader: str, publics: Sequence[bytes], verify: checkpoint.Verify
) -> Statement:
    """What a peer says. Raises `MessageError`: `statement.unproved`, `statement.unreadable`."""
    try:
        text = checkpoint.opened_text(envelope.note, teller, publics, verify)
        if text != _text(envelope.said, teller, reader):
            raise MessageError("statement.unproved", peer=teller)
        return msgspec.json.decode(envelope.said, type=Statement)
    except CheckpointError:
        raise MessageError("statement.unproved", peer=teller) from None
    except (msgspec.DecodeError, RecursionError):
        raise MessageError("statement.unreadable", peer=teller) from None


def _text(said: str, teller: str, reader: str) -> str:
    digest = sha256(said.encode(errors="replace")).hexdigest()
    return f"allmende statement 1\n{teller}\n{reader}\n{digest}\n"


# --- what this node says of itself ------------------------------------------------------------------------------------


def contracts(view: Reading, peer: str, after: str, upto: str = "") -> tuple[tuple[Line, ...], str]:
    """Our contracts with a peer behind `after`, and up to which id they are told ("": all up to `upto`)."""
    found = view.select(Agreement, peer=peer, after=after, limit=CONTRACTS + 1)
    if upto:
        found = [one for one in found if one.id <= upto]
    told = found[:CONTRACTS]
    return tuple(line(view, one) for one in told), told[-1].id if len(found) > len(told) else upto


def line(view: Reading, contract: Agreement) -> Line:
    """A contract of ours."""
    uses = view.drawn(f"uses:{contract.id}")
    return Line(id=contract.id, hash=contract.hash, in_force=contract.in_force, role=contract.role, uses=uses)


def unfinished(view: Reading, peer: str) -> list[Process]:
    """Our processes with a peer that have not ended; one more than can be told where there are too many."""
    found: list[Process] = []
    for machine, kind in ((NEGOTIATION, Negotiation), (TRANSFER, Transfer)):
        for state in machine.table:
            if not machine.is_terminal(state):
                found += view.select(kind, peer=peer, state=state, limit=PROCESSES + 1)
    return found[: PROCESSES + 1]


def standings(processes: Sequence[Process]) -> tuple[Standing, ...]:
    """Processes of ours as they are told."""
    return tuple(standing(one, one.peer_pid) for one in processes[:PROCESSES])


def standing(process: Process, peer_pid: str) -> Standing:
    """A process of ours, which is `peer_pid` at the peer."""
    return Standing(
        kind=kind_of(process),
        id=process.id,
        peer_id=peer_pid,
        state=str(process.state or ""),
        heard=process.heard,
        acknowledged=process.acknowledged,
    )


def kind_of(process: Process) -> str:
    """`negotiation` or `transfer`."""
    return NEGOTIATION.name if isinstance(process, Negotiation) else TRANSFER.name


def destroyed(view: Reading, owner: str) -> tuple[Destroyed, ...]:
    """What a participant has told us to be destroyed, or we ourselves have destroyed."""
    found = view.select(Tombstone, owner=owner, limit=1000)
    return tuple(Destroyed(thumbprint=one.id.rpartition(" ")[2], name=one.name, at=one.at) for one in found)


def proof(view: Reading, peer: str, id: str) -> Proof | None:
    """A contract of ours with a peer, and the peer's own letters in its negotiation; None where there is none."""
    contract = view.get(Agreement, id)
    if contract is None or contract.peer != peer:
        return None
    letters = [one for one in correspondence.letters(view, contract.negotiation) if one.sender == peer]
    return Proof(
        id=id,
        in_force=contract.in_force,
        message=contract.message,
        letters=tuple(
            Letter(kind=one.kind, method=one.method, url=one.url, headers=dict(one.headers), body=one.body)
            for one in letters[:8]
            if one.headers
        ),
    )


def keep(tx: Transaction, peer: str, envelope: Envelope, at: int) -> None:
    """Keep what a peer has said and signed, as proof of it."""
    tx.put(
        Signed(
            id=f"statement {peer}#{at}",
            process=f"statement {peer}",
            sender=peer,
            kind="Statement",
            method="POST",
            url="",
            headers={"note": envelope.note},
            body=envelope.said.encode(),
            document="",
            at=at,
        )
    )
