"""What the gate stands on for a flow of somebody else's control plane: its agreement, its parties, its transfer.

What lives here: reading an agreement that was not concluded here, refusing one that cannot be enforced, keeping it so
that gate, counters, transforms, audit and cuts work as for our own contracts. What does not: fetching it, moving flows
(`plane`).

INVARIANT: a flow is begun only under terms that are understood, about an asset that is here, between the two parties
that the control plane names. What would be refused at every access is refused at the beginning, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from connector.data.agreed import Agreements
from connector.data.signaling.addresses import Told
from connector.data.signaling.claims import facts
from connector.errors import RefusedError, UnknownError
from connector.ports import Clock, Reading, Transaction
from connector.protocol.codec import digest
from connector.protocol.dataflow import DataFlow
from connector.protocol.machine import Role
from connector.protocol.messages import JsonObject, TransferState
from connector.protocol.signaling import HTTP_PULL, HTTP_PUSH, Direction, FlowState
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Asset, Delivery, Endpoint, Participant, Plane
from connector.services.changes import Change, Changes

SECOND = 1_000_000
F, T = FlowState, TransferState
_STATES: Final[Mapping[FlowState, TransferState]] = {
    F.INITIALIZED: T.REQUESTED,
    F.PREPARING: T.REQUESTED,
    F.PREPARED: T.REQUESTED,
    F.STARTING: T.REQUESTED,
    F.STARTED: T.STARTED,
    F.SUSPENDED: T.SUSPENDED,
    F.COMPLETED: T.COMPLETED,
    F.TERMINATED: T.TERMINATED,
}
"""Where the transfer record of a flow stands; the gate lets data pass in STARTED alone."""


class Grounds:
    """Keeps what the gate reads. `seal` encrypts what must not lie open in the store."""

    def __init__(self, *, clock: Clock, changes: Changes, seal: Callable[[bytes, bytes], bytes]) -> None:
        self._clock, self._changes, self._seal = clock, changes, seal
        self._agreements = Agreements()

    def lay(self, tx: Transaction, plane: Plane, flow: DataFlow, document: JsonObject) -> None:
        """Keep agreement and parties of a flow that is to begin.

        Raises `RefusedError` or `UnknownError` with the reason why it may not; nothing must be kept then.
        """
        agreement = self._agreement(tx, plane, flow, document)
        self._agreements.read(agreement)  # INVARIANT: what is not understood here is refused here
        if flow.role is Role.PROVIDER and tx.get(Asset, flow.dataset) is None:
            raise UnknownError("flow.dataset", dataset=flow.dataset)
        tx.put(agreement)
        tx.put(self._party(tx, plane, flow, facts(flow.claims)))

    def _agreement(self, view: Reading, plane: Plane, flow: DataFlow, document: JsonObject) -> Agreement:
        """The record of an agreement. Its own words have to fit what the control plane has said of it."""
        mine, theirs = flow.participant, flow.counterparty
        parties = {"assigner": mine, "assignee": theirs}
        if flow.role is Role.CONSUMER:
            parties = {"assigner": theirs, "assignee": mine}
        expected = {"@id": flow.agreement, "target": flow.dataset, **parties}
        wrong = [name for name, value in expected.items() if document.get(name) != value]
        if wrong:
            raise RefusedError("flow.agreement_differs", parts=", ".join(wrong))
        known, hash = view.get(Agreement, flow.agreement), digest(document)
        if known is not None:
            # The id is a control plane's choice: it must not take the place of another contract, or change one.
            if (known.negotiation, known.hash, known.role) != (_origin(plane), hash, flow.role):
                raise RefusedError("flow.agreement_other", agreement=flow.agreement)
            return known
        return Agreement(
            id=flow.agreement,
            negotiation=_origin(plane),
            role=flow.role,
            peer=theirs,
            dataset=flow.dataset,
            document=document,
            message=msgspec.json.encode(document),
            hash=hash,
            concluded=self._clock.now(),
            own=mine,
        )

    def _party(self, view: Reading, plane: Plane, flow: DataFlow, said: Mapping[str, tuple[str, ...]]) -> Participant:
        """The counterparty, as its control plane says now that it is."""
        known = view.get(Participant, flow.counterparty)
        if known is not None:
            return replace(known, facts=said, private=plane.private)
        return Participant(
            id=flow.counterparty,
            name=flow.counterparty,
            url="",
            base="",
            keys={},
            words="",
            added=self._clock.now(),
            added_by=plane.id,
            private=plane.private,
            facts=said,
        )

    def address(self, tx: Transaction, flow: DataFlow, told: Told | None) -> None:
        """Keep where the other side's data are, or where they are to go, its secret sealed."""
        if told is None:
            return
        secret = self._seal(msgspec.json.encode(told.properties), flow.id.encode())
        expires = self._clock.now() + told.life * SECOND if told.life else 0
        tx.put(Endpoint(id=flow.id, url=told.url, kind=told.kind, secret=secret, expires=expires))

    def follow(self, tx: Transaction, plane: Plane, flow: DataFlow) -> None:
        """Let the transfer record stand where its flow stands; what runs is judged anew at once."""
        known = tx.get(Transfer, flow.id)
        state = _STATES[flow.state]
        if known is None:
            made = _transfer(plane, flow)
            if flow.role is Role.PROVIDER and flow.direction is Direction.PUSH:
                tx.put(Delivery(id=flow.id, agreement=flow.agreement, peer=flow.counterparty))
        else:
            made = replace(known, state=state, version=flow.version, updated=flow.updated)
        tx.put(made)
        change = Change("transfer", made.id, made.version, state)
        tx.after(lambda: self._changes.publish(change))


def _transfer(plane: Plane, flow: DataFlow) -> Transfer:
    return Transfer(
        id=flow.id,
        role=flow.role,
        peer=flow.counterparty,
        callback=plane.endpoint,
        created=flow.created,
        updated=flow.updated,
        peer_pid=flow.process,
        state=_STATES[flow.state],
        agreement=flow.agreement,
        format=HTTP_PULL if flow.direction is Direction.PULL else HTTP_PUSH,
        dataset=flow.dataset,
    )


def _origin(plane: Plane) -> str:
    """What stands in the place of the negotiation for an agreement that was concluded elsewhere."""
    return f"urn:allmende:control-plane:{plane.id}"
