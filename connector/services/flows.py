"""Transfers whose data move through a data plane of somebody else: signals to it, and what it says.

What lives here: which signal follows from which step of a transfer, durable until the data plane has it; what its
answers and callbacks do to the transfer. What does not: the transfer itself (`transfers`), calls (`connector.http.
planes`), the data plane in this process, which needs no messages. Source: Eclipse Data Plane Signaling 1.0-RC3, Data
Flow API, Control Plane Endpoint, Data Flow Suspension/Resumption.

INVARIANT: a signal stands in the store in the transaction of the step that it follows from, and what an answer leads to
is written together with the end of that signal. A kill at any moment loses none and does nothing twice: the message
keeps its id.

`errored` is for people here: it moves nothing, and the other side never hears of it.

A data plane that has answered "not yet" is asked where it stands from time to time: its callback may be lost, or never
come. What needs its data address cannot go on by that answer alone, which has none; at the end of `PATIENCE` the
transfer ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from connector.errors import InputError, NodeError, TransitionError, UnknownError
from connector.ports import Clock, Facts, Ids, Reading, Signals, Store, Transaction
from connector.protocol import dataflow, signaling, transfer
from connector.protocol.dataflow import Signal
from connector.protocol.machine import Role
from connector.protocol.messages import (
    DataAddress,
    EndpointProperty,
    JsonObject,
    TransferStartMessage,
    TransferState,
)
from connector.protocol.paths import segment
from connector.protocol.signaling import HTTP_PULL, HTTP_PUSH, DataFlowStatusMessage, FlowState
from connector.protocol.transfer import TRANSFER, Move, Transfer
from connector.records import Agreement, Asset, Delivery, Due, Endpoint, Entry, Flow, Plane
from connector.services import formats
from connector.services.errands import Errands
from connector.services.processes import Done
from policies.model import Reason

KIND: Final = "dataplane"
"""The kind of an asset that a data plane of somebody else serves; its setting of the same name says which."""
CONTEXT: Final = "default"
"""The dataspace that flows are about: a node is in one."""
MOST = 100_000
SECOND = 1_000_000
STATUS: Final = "status"
"""Due where a callback is: to ask, should it not come."""
FIRST_ASKED, SELDOM_ASKED, PATIENCE = 5.0, 600.0, 86_400.0
"""Seconds until a data plane that is not ready yet is asked, at most between two questions, until it is given up."""
ADDRESS_WAIT = 10.0
"""Seconds in which a provider that was told to resume says where the data are to be had now."""
UNSERVED: Final = Reason("flow.unserved")
"""All that the other side learns of what went wrong between our two planes."""
S = TransferState
_PENDING: Final[Mapping[str, TransferState]] = {
    Move.START: S.STARTED,
    Move.SUSPEND: S.SUSPENDED,
    Move.COMPLETE: S.COMPLETED,
    Move.TERMINATE: S.TERMINATED,
}
_NAMES: Final[Mapping[str, str]] = {
    formats.HTTP_PULL: HTTP_PULL,
    formats.HTTP_PUSH: HTTP_PUSH,
    formats.PULL_PROFILE: HTTP_PULL,
    formats.PUSH_PROFILE: HTTP_PUSH,
}
"""The profile that goes with a format; a data plane may serve further ones under their own names."""
_CALLBACKS: Final[Mapping[str, tuple[Signal, frozenset[FlowState]]]] = {
    "prepared": (Signal.PREPARE, frozenset({FlowState.INITIALIZED, FlowState.PREPARING})),
    "started": (Signal.START, frozenset({FlowState.INITIALIZED, FlowState.STARTING})),
}
"""What a callback answers, and where the flow stands until then."""


class Address(Struct, frozen=True):
    """A data address on its way into the store."""

    address: DataAddress


class Flows:
    """Drives data planes. `seal` and `unseal` keep addresses, whose secrets must not lie open in the store."""

    transfers: Any
    """The service of transfers; known after it is made, since each needs the other."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        signals: Signals,
        facts: Facts,
        did: str,
        seal: Callable[[bytes, bytes], bytes],
        unseal: Callable[[bytes, bytes], bytes],
    ) -> None:
        self._store, self._clock, self._ids, self._signals, self._facts = store, clock, ids, signals, facts
        self._did, self._seal, self._unseal = did, seal, unseal
        self._errands = Errands(Flow, store=store, clock=clock, run=self._do)

    def start(self) -> None:
        """Take up the signals that are still to be given."""
        self._errands.start()

    async def close(self) -> None:
        """Stop; signals that are still to be given stay in the store."""
        await self._errands.close()

    # --- what follows from the steps of a transfer --------------------------------------------------------------------

    def deciding(self, inner: Callable[[Transaction, Any], Any]) -> Callable[[Transaction, Any], Any]:
        """The node's decision, which waits for the data plane where somebody else's is to serve a transfer."""

        def decide(tx: Transaction, process: Any) -> Any:
            return self._decide(tx, process, inner) if isinstance(process, Transfer) else inner(tx, process)

        return decide

    def _decide(self, tx: Transaction, t: Transfer, inner: Callable[[Transaction, Any], Any]) -> Any:
        flow = tx.get(Flow, t.id)
        if flow is not None:
            return self._next(flow, t)
        name = served_by(tx, t.dataset) if t.role is Role.PROVIDER and t.state == S.REQUESTED else None
        if name is None:
            return inner(tx, t)
        plane = tx.get(Plane, name)
        if plane is None:
            about = {"process": t.id, "plane": name, "reason": "flow.no_plane"}
            tx.record(Entry(event="flow.refused", actor="node", params=about))
            return transfer.Terminate(UNSERVED)
        if not (profile := profile_of(plane, t.format)):
            return transfer.Terminate(Reason("transfer.format", {"format": t.format[:80]}))
        # Whether it may start at all is decided as for any other transfer; only who serves it is different.
        command = inner(tx, replace(t, format=formats.HTTP_PULL))
        if isinstance(command, transfer.Start):
            self._begin(tx, t, plane, profile, Signal.START, self._destination(tx, t))
            return None
        return command

    def _next(self, flow: Flow, t: Transfer) -> transfer.Command | None:
        """The next command for a transfer, as its data plane stands."""
        if flow.state is FlowState.TERMINATED and flow.error is not None and t.state == S.REQUESTED:
            return transfer.Terminate(flow.error)
        if t.state == S.STARTED and flow.state is FlowState.COMPLETED:
            return transfer.Complete()
        started = flow.state is FlowState.STARTED and not flow.due
        due = t.state == S.REQUESTED or (t.state == S.STARTED and t.start_due)
        if t.role is Role.PROVIDER and started and due:
            return transfer.Start(self._address(flow), elsewhere=True)
        return None

    def prepare(self, tx: Transaction, t: Transfer, name: str) -> None:
        """Before we ask the provider: let our data plane `name` get ready. Raises `InputError`."""
        plane = tx.get(Plane, name)
        if plane is None:
            raise InputError("plane.unknown", id=name)
        if not (profile := profile_of(plane, t.format)):
            raise InputError("flow.format", plane=name, format=t.format[:80])
        tx.put(t)
        self._begin(tx, t, plane, profile, Signal.PREPARE)

    def _begin(
        self, tx: Transaction, t: Transfer, plane: Plane, profile: str, signal: Signal, address: bytes = b""
    ) -> None:
        now = self._clock.now()
        flow = Flow(id=t.id, plane=plane.id, profile=profile, created=now, updated=now)
        self._noted(tx, self._owing(flow, signal, address), "flow.begun")

    def _destination(self, tx: Transaction, t: Transfer) -> bytes:
        """Where the consumer wants the data delivered, for the data plane that does it: we do not."""
        endpoint = tx.get(Endpoint, t.id) if formats.is_push(t.format) else None
        if endpoint is None:
            return b""
        tx.delete(Delivery, t.id)
        properties: Mapping[str, str] = msgspec.json.decode(self._unseal(endpoint.secret, t.id.encode()))
        listed = tuple(EndpointProperty(name=name, value=value) for name, value in properties.items())
        address = DataAddress(
            endpointType=HTTP_PUSH, endpoint=endpoint.url, endpointProperties=listed if listed else UNSET
        )
        return self._seal(msgspec.json.encode(Address(address)), t.id.encode())

    def hold(self, tx: Transaction, t: Transfer, given: Any) -> bool:
        """A start that has to wait until the data plane has resumed: True, and it will follow by itself."""
        if not isinstance(given, transfer.Start) or t.state != S.SUSPENDED or t.pending is not None:
            return False
        flow = tx.get(Flow, t.id)
        if flow is None or flow.state is not FlowState.SUSPENDED or _fetches(t):
            return False
        if not flow.resuming:
            self._noted(tx, replace(self._owing(flow, Signal.RESUME), resuming=True), "flow.resuming")
        return True

    def follow(self, tx: Transaction, before: Transfer, after: Transfer, message: Any) -> None:
        """The signal that follows from a step, in its transaction."""
        flow = tx.get(Flow, after.id)
        if flow is None or flow.state in dataflow.ENDS:
            return
        address = message.dataAddress if isinstance(message, TransferStartMessage) else UNSET
        signal = _signal(flow, before, after, address)
        if signal is not None:
            theirs = after.role is Role.CONSUMER or formats.is_push(after.format)
            told = self._sealed(flow, address) if theirs else b""
            why = "" if after.reason is None else after.reason.code
            # A consumer that resumes hears from the provider where the data are to be had now, and tells its data plane
            # once; a provider that says nothing means the address that was good before.
            expects = signal is Signal.RESUME and message is None and _fetches(after)
            self._noted(tx, self._owing(flow, signal, told, why, ADDRESS_WAIT if expects else 0), "flow.due")

    def _owing(self, flow: Flow, signal: str, address: bytes = b"", reason: str = "", wait: float = 0) -> Flow:
        after = self._clock.now() + round(wait * SECOND) if wait else 0
        due = Due(signal, self._ids.pid(), address, reason, after, wait)
        return replace(flow, due=(*(one for one in flow.due if not one.after), due), waiting=True)

    def abandon(self, tx: Transaction, plane: str) -> None:
        """A data plane is known no longer: what it had under way ends, in this transaction."""
        for flow in tx.select(Flow, plane=plane, limit=MOST):
            tx.put(replace(flow, due=(), waiting=False, state=FlowState.TERMINATED))
            t = tx.get(Transfer, flow.id)
            if t is not None and not TRANSFER.is_terminal(t.state) and t.ending is None:
                self._stepped(tx, t, transfer.Terminate(UNSERVED))

    # --- errands ------------------------------------------------------------------------------------------------------

    async def _do(self, flow: Flow) -> None:
        """Give the first signal that is due."""
        due = flow.due[0]

        def grounds(view: Reading) -> tuple[Plane | None, Transfer | None]:
            return view.get(Plane, flow.plane), view.get(Transfer, flow.id)

        plane, t = await self._store.read(grounds)
        if plane is None or t is None:
            await self._store.write(lambda tx: self._forget(tx, flow.id))
            return
        if (early := due.after - self._clock.now()) > 0:
            await self._errands.pause(early / SECOND)
            return
        if due.signal == STATUS:
            await self._ask(plane, flow, due)
            return
        begins = due.signal in (Signal.PREPARE, Signal.START)
        path = f"/dataflows/{due.signal}" if begins else f"/dataflows/{segment(flow.flow or flow.id)}/{due.signal}"
        body = await self._store.read(lambda view: self._body(view, flow, t, due))
        reply = await self._signals.send(plane, "POST", path, body)
        if 200 <= reply.status < 300:
            status = _read(reply.body)
            await self._store.write(lambda tx: self._given(tx, flow.id, due, status, later=reply.status == 202))
        else:
            why = Reason("flow.refused", {"plane": plane.id, "signal": due.signal, "status": str(reply.status)})
            await self._store.write(lambda tx: self._refused(tx, flow.id, due, why))

    async def _ask(self, plane: Plane, flow: Flow, due: Due) -> None:
        """A callback has not come: ask where the flow stands. Long after it was last heard of, it is given up."""
        if self._clock.now() - flow.updated > PATIENCE * SECOND:
            why = Reason("flow.silent", {"plane": plane.id, "state": flow.state})
            await self._store.write(lambda tx: self._refused(tx, flow.id, due, why))
            return
        path = f"/dataflows/{segment(flow.flow or flow.id)}/status"
        reply = await self._signals.send(plane, "GET", path)
        status = _read(reply.body) if 200 <= reply.status < 300 else None
        await self._store.write(lambda tx: self._answered(tx, flow.id, due, status))

    def _answered(self, tx: Transaction, id: str, due: Due, status: DataFlowStatusMessage | None) -> None:
        """What a data plane says when it is asked; an answer that cannot be read says that nothing has changed."""
        flow = tx.get(Flow, id)
        if flow is None or due not in flow.due:
            return
        signal = Signal.PREPARE if flow.state is FlowState.PREPARING else Signal.START
        said = flow.state if status is None else status.state
        if said is FlowState.TERMINATED:
            self._refused(tx, id, due, Reason("flow.errored", {"plane": flow.plane, "said": ""}))
        elif said in (_LEADS[signal], FlowState.COMPLETED) and (_addressed(status) or not _gives(flow, signal)):
            self._reached(tx, flow, signal, status)
            after = tx.get(Flow, id)
            if said is FlowState.COMPLETED and after is not None and after.state is FlowState.STARTED:
                self._completed(tx, after)
        else:
            tx.put(self._owing(flow, STATUS, wait=min(2 * due.wait, SELDOM_ASKED)))

    def _body(self, view: Reading, flow: Flow, t: Transfer, due: Due) -> bytes | None:
        address: DataAddress | UnsetType = UNSET
        if due.address:
            address = msgspec.json.decode(self._unseal(due.address, flow.id.encode()), type=Address).address
        match due.signal:
            case Signal.PREPARE:
                return signaling.write(signaling.DataFlowPrepareMessage(**self._said(view, flow, t, due)))
            case Signal.START:
                said = self._said(view, flow, t, due)
                return signaling.write(signaling.DataFlowStartMessage(dataAddress=address, **said))
            case Signal.STARTED:
                return signaling.write(
                    signaling.DataFlowStartedNotificationMessage(messageId=due.message, dataAddress=address)
                )
            case Signal.RESUME:
                return signaling.write(signaling.DataFlowResumeMessage(messageId=due.message, dataAddress=address))
            case Signal.SUSPEND:
                return signaling.write(signaling.DataFlowSuspendMessage(messageId=due.message, reason=due.reason))
            case Signal.TERMINATE:
                return signaling.write(signaling.DataFlowTerminateMessage(messageId=due.message, reason=due.reason))
            case _:
                return None

    def _said(self, view: Reading, flow: Flow, t: Transfer, due: Due) -> dict[str, Any]:
        """What prepare and start say."""
        return {
            "messageId": due.message,
            "participantId": self._did,
            "counterPartyId": t.peer,
            "dataspaceContext": CONTEXT,
            "processId": t.id,
            "agreementId": t.agreement,
            "datasetId": t.dataset,
            "profile": flow.profile,
            "claims": {left: list(values) for left, values in self._facts.of(view, t.peer).items()},
        }

    def _given(self, tx: Transaction, id: str, due: Due, status: DataFlowStatusMessage | None, *, later: bool) -> None:
        """The data plane has taken a signal."""
        flow = tx.get(Flow, id)
        if flow is None or due not in flow.due:
            return
        left = tuple(one for one in flow.due if one != due)
        flow = replace(flow, due=left, waiting=bool(left))
        signal = Signal(due.signal)
        if later and signal in (Signal.PREPARE, Signal.START):
            state = FlowState.PREPARING if signal is Signal.PREPARE else FlowState.STARTING
            flow = replace(flow, state=state, flow=_id(flow, status))
            self._noted(tx, flow if left else self._owing(flow, STATUS, wait=FIRST_ASKED), "flow.signalled")
            return
        self._reached(tx, flow, signal, status)

    def _reached(self, tx: Transaction, flow: Flow, signal: Signal, status: DataFlowStatusMessage | None) -> None:
        """A signal has led where it leads; what that means for the transfer."""
        address = b""
        if status is not None and isinstance(status.dataAddress, DataAddress):
            address = self._sealed(flow, status.dataAddress)
        due = tuple(one for one in flow.due if one.signal != STATUS)
        flow = replace(
            flow,
            due=due,
            waiting=bool(due),
            state=_LEADS[signal],
            flow=_id(flow, status),
            address=address or flow.address,
            resuming=flow.resuming and signal is not Signal.RESUME,
        )
        resumed = signal is Signal.RESUME
        self._noted(tx, flow, "flow.signalled")
        t = tx.get(Transfer, flow.id)
        if t is None or t.pending is not None or t.ending is not None:
            return
        if signal is Signal.PREPARE and t.state is None:
            self._stepped(tx, t, transfer.Request(self.transfers.callback, self._address(flow)))
        elif resumed and t.state == S.SUSPENDED:
            self._stepped(tx, t, transfer.Start(self._address(flow), elsewhere=True))
        elif t.state is not None:
            done = self.transfers.resumed(tx, t)
            tx.after(lambda: self.transfers.committed(done))

    def _refused(self, tx: Transaction, id: str, due: Due, why: Reason) -> None:
        """The data plane does not take a signal, for good. One that begins a flow ends the transfer, whose other side
        learns no more than that; people see why."""
        flow = tx.get(Flow, id)
        if flow is None or due not in flow.due:
            return
        left = tuple(one for one in flow.due if one != due)
        flow = replace(flow, due=left, waiting=bool(left), error=why, resuming=False)
        if due.signal in (Signal.PREPARE, Signal.START, STATUS):
            flow = replace(flow, state=FlowState.TERMINATED, due=(), waiting=False)
        self._noted(tx, flow, "flow.refused")
        t = tx.get(Transfer, flow.id)
        if flow.state is not FlowState.TERMINATED or t is None or TRANSFER.is_terminal(t.state):
            return
        self._stepped(tx, t, transfer.Terminate(Reason("flow.unserved")))

    def _forget(self, tx: Transaction, id: str) -> None:
        flow = tx.get(Flow, id)
        if flow is not None:
            tx.put(replace(flow, due=(), waiting=False))

    # --- what a data plane says by itself -----------------------------------------------------------------------------

    async def told(self, plane: Plane, transfer: str, what: str, status: DataFlowStatusMessage) -> None:
        """A callback. Raises `UnknownError` where the transfer is not this data plane's, `TransitionError` where it
        does not stand where such a callback belongs."""

        def act(tx: Transaction) -> None:
            flow = _theirs(tx, plane, transfer)
            if what == "errored":
                said = status.error[:500]
                why = Reason("flow.errored", {"plane": plane.id, "said": said})
                self._noted(tx, replace(flow, error=why), "flow.errored")
            elif what == "completed":
                self._completed(tx, flow)
            else:
                self._called_back(tx, flow, what, status)

        await self._store.write(act)

    def _called_back(self, tx: Transaction, flow: Flow, what: str, status: DataFlowStatusMessage) -> None:
        signal, waited = _CALLBACKS[what]
        if flow.state in waited:
            # It may overtake the answer to the signal itself.
            left = tuple(one for one in flow.due if one.signal != signal)
            self._reached(tx, replace(flow, due=left, waiting=bool(left)), signal, status)
        elif flow.state is not _LEADS[signal]:
            raise TransitionError("flow.state", state=flow.state, signal=what)

    def _completed(self, tx: Transaction, flow: Flow) -> None:
        if flow.state is FlowState.COMPLETED:
            return
        dataflow.leads(flow.state, Signal.COMPLETED)
        self._reached(tx, flow, Signal.COMPLETED, None)

    async def agreement(self, plane: Plane, transfer: str) -> JsonObject:
        """What a transfer is under, for the data plane that serves it. Raises `UnknownError`."""

        def found(view: Reading) -> JsonObject:
            _theirs(view, plane, transfer)
            t = view.get(Transfer, transfer)
            agreement = None if t is None else view.get(Agreement, t.agreement)
            if agreement is None:
                raise UnknownError("flow.unknown")
            return agreement.document

        return await self._store.read(found)

    # --- keeping ------------------------------------------------------------------------------------------------------

    def _noted(self, tx: Transaction, flow: Flow, event: str) -> None:
        flow = replace(flow, updated=self._clock.now())
        tx.put(flow)
        about = {"process": flow.id, "plane": flow.plane, "state": flow.state}
        if flow.due:
            about["due"] = " ".join(one.signal for one in flow.due)
        if flow.error is not None:
            about["reason"] = flow.error.code
        tx.record(Entry(event=event, actor="node", params=about))
        if flow.due:
            tx.after(lambda: self._errands.soon(flow.id))

    def _stepped(self, tx: Transaction, t: Transfer, command: transfer.Command) -> None:
        done: Done = self.transfers.stepped(tx, t, command, "node")
        tx.after(lambda: self.transfers.committed(done))

    def _sealed(self, flow: Flow, address: DataAddress | UnsetType) -> bytes:
        if address is UNSET:
            return b""
        return self._seal(msgspec.json.encode(Address(address)), flow.id.encode())

    def _address(self, flow: Flow) -> DataAddress | UnsetType:
        if not flow.address:
            return UNSET
        return msgspec.json.decode(self._unseal(flow.address, flow.id.encode()), type=Address).address


_LEADS: Final[Mapping[Signal, FlowState]] = {
    Signal.PREPARE: FlowState.PREPARED,
    Signal.START: FlowState.STARTED,
    Signal.STARTED: FlowState.STARTED,
    Signal.RESUME: FlowState.STARTED,
    Signal.SUSPEND: FlowState.SUSPENDED,
    Signal.COMPLETED: FlowState.COMPLETED,
    Signal.TERMINATE: FlowState.TERMINATED,
}


def served_by(view: Reading, dataset: str) -> str | None:
    """The data plane that serves a dataset; None where this process does."""
    asset = view.get(Asset, dataset)
    if asset is None or asset.kind != KIND:
        return None
    return str(asset.settings.get(KIND, ""))


def profile_of(plane: Plane, format: str) -> str:
    """Under which profile a data plane serves a format; "" where it does not."""
    return next((one for one in (format, _NAMES.get(format, "")) if one in plane.profiles), "")


def _signal(flow: Flow, before: Transfer, after: Transfer, address: DataAddress | UnsetType) -> Signal | None:
    """What a step of the transfer means for its flow."""
    was, now = _stands(before), _stands(after)
    if now == S.TERMINATED:
        return Signal.TERMINATE if was != S.TERMINATED else None
    if now == S.COMPLETED:
        return Signal.COMPLETED if was != S.COMPLETED else None
    if now == S.SUSPENDED:
        return Signal.SUSPEND if was == S.STARTED and _wanted(flow) is not FlowState.SUSPENDED else None
    if now != S.STARTED:
        return None
    if was == S.SUSPENDED:
        # Where the data plane was asked first, it runs already.
        return Signal.RESUME if _wanted(flow) is FlowState.SUSPENDED else None
    if after.role is Role.PROVIDER:
        return None
    if was != S.STARTED:
        return Signal.STARTED
    return Signal.RESUME if address is not UNSET else None


def _stands(t: Transfer) -> TransferState | None:
    """Where a transfer stands as far as we are concerned: what we have said counts before it is acknowledged."""
    if t.ending is not None:
        return S.TERMINATED
    if t.pending is not None and t.pending in _PENDING:
        return _PENDING[t.pending]
    return None if t.state is None else TransferState(t.state)


def _wanted(flow: Flow) -> FlowState:
    """Where a flow will stand when the signals have been given that make way for nothing."""
    sure = [one for one in flow.due if not one.after]
    return _LEADS[Signal(sure[-1].signal)] if sure else flow.state


def _fetches(t: Transfer) -> bool:
    """Is it we who fetch the data?"""
    return t.role is Role.CONSUMER and not formats.is_push(t.format)


def _gives(flow: Flow, signal: Signal) -> bool:
    """Does what a signal leads to come with a data address? A consumer that is delivered to gives one, and a provider
    that is fetched from; under other profiles nobody knows."""
    return flow.profile != (HTTP_PULL if signal is Signal.PREPARE else HTTP_PUSH)


def _addressed(status: DataFlowStatusMessage | None) -> bool:
    return status is not None and isinstance(status.dataAddress, DataAddress)


def _theirs(view: Reading, plane: Plane, transfer: str) -> Flow:
    flow = view.get(Flow, transfer)
    if flow is None or flow.plane != plane.id:
        raise UnknownError("flow.unknown")
    return flow


def _id(flow: Flow, status: DataFlowStatusMessage | None) -> str:
    return status.dataFlowId if status is not None and status.dataFlowId else flow.flow


def _read(body: bytes) -> DataFlowStatusMessage | None:
    """The answer to a signal; None where it says nothing that can be read: it was taken all the same."""
    try:
        return signaling.read(body, DataFlowStatusMessage)
    except NodeError:
        return None
