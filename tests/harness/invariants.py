"""What has to hold between nodes once faults are over: the checker that runs after every fault case.

What lives here: I1 to I7 over snapshots of nodes. What does not: taking nodes down (`tests.simulation`,
`tests.faults`), memory and descriptors (I8) and health (I9). A violation is a sentence that names the thing.

I1 both sides hold the same state of each process. I2 one agreement per negotiation, the same bytes' hash on both sides.
I3 every permitted access has an agreement and a transfer that had started. I4 every message that its sender saw
acknowledged is known to its receiver. I5 every audit verifies, also against the heads that peers keep. I6 nothing waits
in an outbox. I7 no negotiation is unfinished, and nothing is under way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TypeVar

import msgspec
from msgspec import Struct

from connector.ports import Reading, Store
from connector.protocol.machine import Process
from connector.protocol.negotiation import NEGOTIATION, Negotiation
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Outgoing, Written

R = TypeVar("R", bound=Struct)
PAGE = 500


class Acknowledged(Struct, frozen=True):
    """A message that its sender saw a 2xx for: the receiver must know it for ever. `key` is `codec.repeat_key`."""

    receiver: str
    sender: str
    key: bytes


class Access(Struct, frozen=True):
    """A permitted access in the audit: under which transfer and agreement, at which leaf."""

    index: int
    transfer: str
    agreement: str


class Snapshot(Struct, frozen=True):
    """What one node says about itself. `known` answers whether it knows a message of a peer."""

    did: str
    negotiations: Mapping[str, Negotiation]
    transfers: Mapping[str, Transfer]
    agreements: Mapping[str, Agreement]
    waiting: tuple[str, ...]
    accesses: tuple[Access, ...]
    started: Mapping[str, int]
    """Leaf index at which each transfer first got going."""
    findings: tuple[str, ...]
    """What its own look through the audit found; empty where it verifies."""


async def taken(did: str, store: Store, findings: Iterable[str] = ()) -> Snapshot:
    """A snapshot of a store; `findings` come from `Audit.verify`."""
    accesses, started = await _audit(store)
    outgoing = await _all(store, Outgoing)
    return Snapshot(
        did=did,
        negotiations=await _all(store, Negotiation),
        transfers=await _all(store, Transfer),
        agreements=await _all(store, Agreement),
        waiting=tuple(outgoing),
        accesses=accesses,
        started=started,
        findings=tuple(findings),
    )


async def _all(store: Store, kind: type[R]) -> dict[str, R]:
    found: dict[str, R] = {}
    after = ""
    while page := await store.read(partial(_page, kind=kind, after=after)):
        found |= {one.id: one for one in page}  # type: ignore[attr-defined]
        after = next(reversed(found))
    return found


def _page(view: Reading, kind: type[R], after: str) -> list[R]:
    return view.select(kind, after=after, limit=PAGE)


async def _audit(store: Store) -> tuple[tuple[Access, ...], dict[str, int]]:
    """Permitted accesses, and the leaf at which each transfer got going."""
    accesses, started = [], dict[str, int]()
    after = -1
    while page := await store.read(lambda view: view.log(after=after, limit=PAGE)):  # noqa: B023
        for one in page:
            said = msgspec.json.decode(one.body, type=Written)
            if said.event == "access.permitted":
                accesses.append(Access(one.index, said.params["transfer"], said.params["agreement"]))
            elif said.event in ("transfer.sending.start", "transfer.received.start"):
                started.setdefault(said.params["process"], one.index)
        after = page[-1].index
    return tuple(accesses), started


def violations(*nodes: Snapshot) -> list[str]:
    """Every broken invariant among these nodes; empty where all is well."""
    by_did = {one.did: one for one in nodes}
    found: list[str] = []
    for one in nodes:
        found += [f"I1 {text}" for text in _states(one, by_did)]
        found += [f"I2 {text}" for text in _agreements(one, by_did)]
        found += [f"I3 {text}" for text in _accesses(one)]
        found += [f"I5 {one.did}: {text}" for text in one.findings]
        found += [f"I6 {one.did}: {id} waits" for id in one.waiting]
        found += [f"I7 {text}" for text in _unfinished(one)]
    return found


def _states(one: Snapshot, by_did: Mapping[str, Snapshot]) -> Iterator[str]:
    for kind in ("negotiations", "transfers"):
        mine: Mapping[str, Process] = getattr(one, kind)
        for process in mine.values():
            if process.peer not in by_did:
                continue
            theirs: Process | None = getattr(by_did[process.peer], kind).get(process.peer_pid)
            # Before the peer has answered, an unknown process may only have been withdrawn or refused.
            if theirs is None and (process.peer_pid or process.state != "TERMINATED"):
                yield f"{one.did}: {process.id} is {process.state}, {process.peer} knows nothing of it"
            elif theirs is not None and theirs.state != process.state:
                yield f"{one.did}: {process.id} is {process.state}, at {process.peer} {theirs.state}"
            elif theirs is not None and theirs.peer_pid != process.id:
                yield f"{one.did}: {process.id} is paired with {theirs.id}, which is paired with {theirs.peer_pid}"


def _agreements(one: Snapshot, by_did: Mapping[str, Snapshot]) -> Iterator[str]:
    counted: dict[str, int] = {}
    for agreement in one.agreements.values():
        counted[agreement.negotiation] = counted.get(agreement.negotiation, 0) + 1
        negotiation = one.negotiations.get(agreement.negotiation)
        if negotiation is None:
            yield f"{one.did}: {agreement.id} has no negotiation"
            continue
        if agreement.in_force != (negotiation.state == "FINALIZED" and not _ended(agreement)):
            yield f"{one.did}: {agreement.id} in force {agreement.in_force}, negotiation {negotiation.state}"
        other = by_did.get(agreement.peer)
        theirs = other.agreements.get(agreement.id) if other else None
        if other is not None and agreement.in_force and theirs is None:
            yield f"{one.did}: {agreement.id} is in force here, {agreement.peer} does not have it"
        if theirs is not None and theirs.hash != agreement.hash:
            yield f"{one.did}: {agreement.id} differs from what {agreement.peer} has"
    yield from (f"{one.did}: {id} has {count} agreements" for id, count in counted.items() if count > 1)
    for negotiation in one.negotiations.values():
        if negotiation.state == "FINALIZED" and negotiation.id not in counted:
            yield f"{one.did}: {negotiation.id} is FINALIZED without an agreement"


def _ended(agreement: Agreement) -> bool:
    """Has a contract come to its own end, whatever became of its negotiation?"""
    return agreement.ended is not None and agreement.ended.code.startswith("contract.")


def _accesses(one: Snapshot) -> Iterator[str]:
    for access in one.accesses:
        transfer = one.transfers.get(access.transfer)
        if access.agreement not in one.agreements or transfer is None or transfer.agreement != access.agreement:
            yield f"{one.did}: access {access.index} has no transfer under its agreement"
        elif one.started.get(access.transfer, access.index) >= access.index:
            yield f"{one.did}: access {access.index} came before its transfer started"


def _unfinished(one: Snapshot) -> Iterator[str]:
    for negotiation in one.negotiations.values():
        if not NEGOTIATION.is_terminal(negotiation.state):
            yield f"{one.did}: {negotiation.id} is {negotiation.state}"
    for process in (*one.negotiations.values(), *one.transfers.values()):
        if process.pending is not None or process.ending is not None:
            yield f"{one.did}: {process.id} has {process.pending or 'an end'} under way"


async def forgotten(acknowledged: Iterable[Acknowledged], stores: Mapping[str, tuple[str, Store]]) -> list[str]:
    """I4: messages that were acknowledged and their receiver does not know. `stores`: name to DID and store."""
    found = []
    for one in acknowledged:
        sender, _ = stores[one.sender]
        _, store = stores[one.receiver]
        answer = await store.read(partial(_answered, peer=sender, key=one.key))
        if not answer:
            found.append(f"I4 {one.receiver}: has acknowledged a message of {one.sender} and does not know it")
    return found


def _answered(view: Reading, peer: str, key: bytes) -> bool:
    return view.answered(peer, key) is not None
