"""The data plane as control planes see it: flows begun, moved, asked about; and what it tells them by itself.

What lives here: one transaction a signal, flow and gate's records and audit together; the errands of a flow (getting
ready, callbacks), which survive the process. What does not: which signal is legal (`protocol.dataflow`), what the gate
stands on (`grounds`), HTTP (`http.signaling`). Source: Eclipse Data Plane Signaling 1.0-RC3, Data Flow API.

A flow gets ready while its control plane waits: the agreement is asked for, read and kept. Where that takes longer than
`patience` the answer is "not yet" (202), and a callback follows. What cannot be served is refused, or, after a 202,
told as `errored`.

A signal whose answer was lost is sent again: prepare and start are known by their `messageId`, the others by where they
lead.
"""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from connector.data.signaling.addresses import FlowAddresses, Told, given
from connector.data.signaling.grounds import Grounds
from connector.errors import InputError, MessageError, NodeError, PeerError, RefusedError, TransitionError, UnknownError
from connector.ports import Clock, Ids, Reading, Signals, Store, Transaction
from connector.protocol import signaling
from connector.protocol.dataflow import ENDS, DataFlow, Signal, done, moved, owing
from connector.protocol.machine import Role
from connector.protocol.messages import DataAddress, JsonObject
from connector.protocol.paths import segment
from connector.protocol.signaling import (
    DataFlowPrepareMessage,
    DataFlowStartMessage,
    DataFlowStatusMessage,
    DataFlowStatusResponseMessage,
    FlowState,
)
from connector.records import Entry, Plane
from connector.sentences import sentence
from connector.services.changes import Change, Changes
from connector.services.errands import Errands
from policies.model import Reason

DATAFLOW = "dataflow"
READY = "ready"
MOST = 100_000
PATIENCE = 3.0
"""Seconds that a control plane is kept waiting for a flow that gets ready."""
_BEGINNING = frozenset({FlowState.PREPARING, FlowState.STARTING})
Begins = DataFlowPrepareMessage | DataFlowStartMessage


class Begun(Struct, frozen=True):
    """How a flow began: `ready` False where it takes longer."""

    status: DataFlowStatusMessage
    ready: bool


class DataFlows:
    """Flows that control planes of others begin here. `patience` is in seconds."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        changes: Changes,
        signals: Signals,
        grounds: Grounds,
        addresses: FlowAddresses,
        patience: float = PATIENCE,
    ) -> None:
        self._store, self._clock, self._ids, self._changes = store, clock, ids, changes
        self._signals, self._grounds, self._addresses, self._patience = signals, grounds, addresses, patience
        self._errands = Errands(DataFlow, store=store, clock=clock, run=self._do)

    def start(self) -> None:
        """Take up what is due."""
        self._errands.start()

    async def close(self) -> None:
        """Stop; what is due stays in the store."""
        await self._errands.close()

    # --- signals of a control plane -----------------------------------------------------------------------------------

    async def begin(self, plane: Plane, message: Begins) -> Begun:
        """Prepare (we are the consumer's data plane) or start (the provider's).

        Raises `MessageError`, `RefusedError` and `UnknownError` with the reason where it cannot be served,
        `TransitionError` where the process has a flow already.
        """
        blank, told = self._blank(plane, message)

        def act(tx: Transaction) -> DataFlow:
            known = tx.find(DataFlow, process=blank.process, plane=plane.id)
            if known is not None:
                if not message.messageId or known.begun_by != message.messageId:
                    raise TransitionError("flow.exists", process=blank.process[:200])
                return known
            self._grounds.address(tx, blank, told)
            self._written(tx, owing(blank, READY), "flow.begun", plane.id)
            return blank

        flow = await self._store.write(act)
        await self._changes.until(DATAFLOW, flow.id, lambda: self._left(flow.id), self._patience)
        return await self._store.write(lambda tx: self._begun(tx, flow.id))

    def _blank(self, plane: Plane, message: Begins) -> tuple[DataFlow, Told | None]:
        """A flow that begins, with the address that it brought. Raises `MessageError`."""
        direction = signaling.direction_of(message.profile)
        if direction is None:
            raise MessageError("flow.profile", place="/profile", profiles=" ".join(signaling.PROFILES))
        starts = isinstance(message, DataFlowStartMessage)
        now = self._clock.now()
        flow = DataFlow(
            id=self._ids.pid(),
            plane=plane.id,
            process=message.processId,
            role=Role.PROVIDER if starts else Role.CONSUMER,
            participant=message.participantId,
            counterparty=message.counterPartyId,
            agreement=message.agreementId,
            dataset=message.datasetId,
            profile=message.profile,
            direction=direction,
            context=message.dataspaceContext,
            claims={} if message.claims is UNSET else message.claims,
            begun_by=message.messageId,
            created=now,
            updated=now,
        )
        address = message.dataAddress if isinstance(message, DataFlowStartMessage) else UNSET
        told = given(flow, address, needed=True) if starts else None
        return moved(flow, Signal.START if starts else Signal.PREPARE, now), told

    async def _left(self, id: str) -> bool:
        flow = await self._store.read(lambda view: view.get(DataFlow, id))
        return flow is None or flow.state not in _BEGINNING

    def _begun(self, tx: Transaction, id: str) -> Begun:
        """The answer to prepare and start. From a "not yet" on, a callback is owed."""
        flow = tx.get(DataFlow, id)
        if flow is None:
            raise UnknownError("flow.unknown")
        if flow.error is not None:
            raise _refusal(flow.error)
        if flow.state in _BEGINNING and not flow.told:
            flow = replace(flow, told=True)
            tx.put(flow)
        return Begun(self._status(flow), flow.state not in _BEGINNING)

    async def started(self, plane: Plane, id: str, address: DataAddress | UnsetType) -> DataFlowStatusMessage:
        """The provider has begun (we are the consumer's data plane); raises as `begin`."""
        return await self._move(plane, id, Signal.STARTED, address=address)

    async def suspend(self, plane: Plane, id: str, reason: str) -> DataFlowStatusMessage:
        """Nothing flows from now on; what is under way is cut. Raises as `begin`."""
        return await self._move(plane, id, Signal.SUSPEND, reason=reason)

    async def resume(self, plane: Plane, id: str, address: DataAddress | UnsetType) -> DataFlowStatusMessage:
        """It goes on; raises as `begin`."""
        return await self._move(plane, id, Signal.RESUME, address=address)

    async def completed(self, plane: Plane, id: str) -> DataFlowStatusMessage:
        """The other side has done what there was to do; raises as `begin`."""
        return await self._move(plane, id, Signal.COMPLETED)

    async def terminate(self, plane: Plane, id: str, reason: str) -> DataFlowStatusMessage:
        """It is over; raises as `begin`."""
        return await self._move(plane, id, Signal.TERMINATE, reason=reason)

    async def status(self, plane: Plane, id: str) -> DataFlowStatusResponseMessage:
        """Where it stands. Raises `UnknownError`."""
        flow = await self._store.read(lambda view: _theirs(view, plane, id))
        return DataFlowStatusResponseMessage(dataFlowId=flow.id, state=flow.state)

    async def _move(
        self,
        plane: Plane,
        id: str,
        signal: Signal,
        *,
        address: DataAddress | UnsetType = UNSET,
        reason: str = "",
    ) -> DataFlowStatusMessage:
        def act(tx: Transaction) -> DataFlow:
            flow = _theirs(tx, plane, id)
            if signal is Signal.STARTED and flow.role is not Role.CONSUMER:
                raise TransitionError("flow.state", state=flow.state, signal=signal)
            after = moved(flow, signal, self._clock.now())
            told = given(flow, address, echoed=signal is Signal.RESUME)
            self._grounds.address(tx, flow, told)
            if after is flow:
                return flow
            after = replace(after, reason=reason[:500])
            self._written(tx, after, "flow.moved", plane.id)
            self._grounds.follow(tx, plane, after)
            return after

        return self._status(await self._store.write(act))

    # --- what we say by ourselves -------------------------------------------------------------------------------------

    async def complete(self, actor: str, id: str) -> None:
        """All data of a flow are where they should be: end it and tell its control plane.

        Raises `InputError` where there is no such flow, `TransitionError` where it does not run.
        """
        await self._store.write(lambda tx: self.completing(tx, id, actor))

    def completing(self, tx: Transaction, id: str, actor: str) -> None:
        """See `complete`; in a transaction."""
        flow, plane = _with_plane(tx, id)
        after = moved(flow, Signal.COMPLETED, self._clock.now())
        if after is not flow:
            self._written(tx, owing(after, "completed"), "flow.completed", actor)
            self._grounds.follow(tx, plane, after)

    def failing(self, tx: Transaction, id: str, reason: Reason) -> None:
        """A flow cannot go on by itself, for good: tell its control plane, whose affair it is. It stays where it is."""
        flow, _ = _with_plane(tx, id)
        if flow.state not in ENDS and flow.error is None:
            self._written(tx, owing(replace(flow, error=reason), "errored"), "flow.failed", "node")

    def abandon(self, tx: Transaction, plane: str) -> None:
        """A control plane is known no longer: what it has under way ends with it, in this transaction."""
        for flow in tx.select(DataFlow, plane=plane, limit=MOST):
            if flow.state not in ENDS:
                self._written(tx, moved(flow, Signal.TERMINATE, self._clock.now()), "flow.moved", "node")
                known = tx.get(Plane, plane)
                assert known is not None  # INVARIANT: it is removed after this, in the same transaction
                self._grounds.follow(tx, known, tx.get(DataFlow, flow.id) or flow)

    async def select(self, *, after: str = "", limit: int = 100) -> list[DataFlow]:
        """Flows in the order of their ids."""
        return await self._store.read(lambda view: view.select(DataFlow, after=after, limit=limit))

    # --- errands ------------------------------------------------------------------------------------------------------

    async def _do(self, flow: DataFlow) -> None:
        """The first thing that is due for a flow."""
        plane = await self._store.read(lambda view: view.get(Plane, flow.plane))
        if plane is None:
            await self._store.write(lambda tx: self._drop(tx, flow.id))
        elif flow.due[0] == READY:
            await self._get_ready(plane, flow)
        else:
            await self._tell(plane, flow)

    async def _get_ready(self, plane: Plane, flow: DataFlow) -> None:
        try:
            document = await self._agreement(plane, flow)
            await self._store.write(lambda tx: self._ready(tx, plane, flow.id, document))
        except PeerError as error:
            reason = error.reason
            await self._store.write(lambda tx: self._unready(tx, plane, flow.id, reason))

    async def _agreement(self, plane: Plane, flow: DataFlow) -> JsonObject:
        """What was agreed upon, in its control plane's words (Agreement retrieval)."""
        reply = await self._signals.agreement(plane, flow.process, flow.agreement)
        if reply.status != 200:
            raise RefusedError("flow.no_agreement", agreement=flow.agreement, status=str(reply.status))
        return signaling.read_agreement(reply.body)

    def _ready(self, tx: Transaction, plane: Plane, id: str, document: JsonObject) -> None:
        flow = tx.get(DataFlow, id)
        if flow is None or flow.state not in _BEGINNING:
            return
        self._grounds.lay(tx, plane, flow, document)
        prepared = flow.state is FlowState.PREPARING
        after = done(moved(flow, Signal.PREPARED if prepared else Signal.BEGUN, self._clock.now()), READY)
        if flow.told:
            after = owing(after, "prepared" if prepared else "started")
        self._written(tx, after, "flow.prepared" if prepared else "flow.started", plane.id)
        self._grounds.follow(tx, plane, after)

    def _unready(self, tx: Transaction, plane: Plane, id: str, reason: Reason) -> None:
        """It will never be ready."""
        flow = tx.get(DataFlow, id)
        if flow is None or flow.state not in _BEGINNING:
            return
        after = replace(moved(flow, Signal.TERMINATE, self._clock.now()), error=reason)
        if flow.told:
            after = owing(after, "errored")
        self._written(tx, after, "flow.refused", plane.id)

    async def _tell(self, plane: Plane, flow: DataFlow) -> None:
        """One callback. What the control plane refuses is not told again: it has decided otherwise."""
        what = flow.due[0]
        body = signaling.write(self._status(flow, message=f"{flow.id}#{what}"))
        reply = await self._signals.send(plane, "POST", f"/transfers/{segment(flow.process)}/dataflow/{what}", body)
        heard = 200 <= reply.status < 300

        def act(tx: Transaction) -> None:
            now = tx.get(DataFlow, flow.id)
            if now is not None:
                self._written(tx, done(now, what), "flow.told" if heard else "flow.unheard", plane.id)

        await self._store.write(act)

    def _drop(self, tx: Transaction, id: str) -> None:
        """Its control plane is not known any more: nobody waits for anything."""
        flow = tx.get(DataFlow, id)
        if flow is not None:
            tx.put(replace(flow, due=(), waiting=False))

    # --- keeping ------------------------------------------------------------------------------------------------------

    def _written(self, tx: Transaction, flow: DataFlow, event: str, actor: str) -> None:
        tx.put(flow)
        about = {"flow": flow.id, "process": flow.process, "agreement": flow.agreement, "state": flow.state}
        if flow.error is not None:
            about["reason"] = flow.error.code
        tx.record(Entry(event=event, actor=actor, params=about))
        change = Change(DATAFLOW, flow.id, flow.version, flow.state)
        tx.after(lambda: self._changes.publish(change))
        if flow.due:
            tx.after(self._errands.wake)

    def _status(self, flow: DataFlow, message: str = "") -> DataFlowStatusMessage:
        lives = flow.state in (FlowState.PREPARED, FlowState.STARTED)
        return DataFlowStatusMessage(
            messageId=message or self._ids.pid(),
            dataFlowId=flow.id,
            state=flow.state,
            dataAddress=self._addresses.of(flow) if lives else UNSET,
            error="" if flow.error is None else sentence(flow.error, "en"),
        )


def _theirs(view: Reading, plane: Plane, id: str) -> DataFlow:
    """A flow of this control plane, by our id of it; Eclipse EDC calls it by its own."""
    flow = view.get(DataFlow, id) or view.find(DataFlow, process=id, plane=plane.id)
    if flow is None or flow.plane != plane.id:
        raise UnknownError("flow.unknown")
    return flow


def _with_plane(view: Reading, id: str) -> tuple[DataFlow, Plane]:
    flow = view.get(DataFlow, id)
    plane = None if flow is None else view.get(Plane, flow.plane)
    if flow is None or plane is None:
        raise InputError("flow.unknown", id=id)
    return flow, plane


def _refusal(reason: Reason) -> NodeError:
    """Why a flow was refused, to its control plane. What is not there is told as that."""
    kind = UnknownError if reason.code == "flow.dataset" else RefusedError
    return kind(reason.code, **reason.params)
