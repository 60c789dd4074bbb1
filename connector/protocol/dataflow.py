"""The data flow of Data Plane Signaling: its table, its record on the side of the data plane, its step.

What lives here: which signal is legal in which state, judged the same by a data plane and by the control plane that
drives one. What does not: what a step does to data (`connector.data.signaling`), messages (`signaling`).
Source: Eclipse Data Plane Signaling 1.0-RC3, Data Flow State Machine. Only prepare and start may take their time
(PREPARING, STARTING); everything else happens before it is answered. Any state but the last two may be terminated.
Who may resume is the control planes' affair: a data plane has one control plane, and resumes when that says so.

A signal that is repeated because its answer was lost leads where the flow already stands and changes nothing: a data
plane must answer it as before. A resume may bring a new address to a flow that runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from connector.errors import TransitionError
from connector.protocol.machine import Role
from connector.protocol.messages import JsonObject
from connector.protocol.signaling import Direction, FlowState
from policies.model import Reason

S = FlowState


class Signal(StrEnum):
    """What is said about a flow: by the control plane, or (`prepared`, `begun`, `failed`) by the data plane itself.
    `completed` both may say."""

    PREPARE = "prepare"
    PREPARED = "prepared"
    START = "start"
    BEGUN = "begun"
    STARTED = "started"
    SUSPEND = "suspend"
    RESUME = "resume"
    COMPLETED = "completed"
    TERMINATE = "terminate"


TABLE: Final[Mapping[FlowState, Mapping[Signal, FlowState]]] = {
    S.INITIALIZED: {Signal.PREPARE: S.PREPARING, Signal.START: S.STARTING, Signal.TERMINATE: S.TERMINATED},
    S.PREPARING: {Signal.PREPARED: S.PREPARED, Signal.TERMINATE: S.TERMINATED},
    S.PREPARED: {Signal.START: S.STARTING, Signal.STARTED: S.STARTED, Signal.TERMINATE: S.TERMINATED},
    S.STARTING: {Signal.BEGUN: S.STARTED, Signal.TERMINATE: S.TERMINATED},
    S.STARTED: {
        Signal.STARTED: S.STARTED,
        Signal.SUSPEND: S.SUSPENDED,
        Signal.RESUME: S.STARTED,
        Signal.COMPLETED: S.COMPLETED,
        Signal.TERMINATE: S.TERMINATED,
    },
    S.SUSPENDED: {Signal.SUSPEND: S.SUSPENDED, Signal.RESUME: S.STARTED, Signal.TERMINATE: S.TERMINATED},
    S.COMPLETED: {Signal.COMPLETED: S.COMPLETED},
    S.TERMINATED: {Signal.TERMINATE: S.TERMINATED},
}
"""state -> signal -> state. Whatever is absent is illegal."""

ENDS: Final = frozenset({S.COMPLETED, S.TERMINATED})
"""Nothing leads out of these."""


class DataFlow(Struct, frozen=True, kw_only=True):
    """A flow on the side of the data plane. `id` is its `dataFlowId` and the pid of its transfer record at the gate.

    `plane` is the control plane that has begun it and alone may move it, `process` that one's id of the transfer.
    `address` is the sealed data address that belongs to it: ours where we serve, the other side's where we fetch or
    deliver. `due` is what has still to be done for it, in order: `ready`, or the name of a callback. `waiting` is what
    it is found by while something is due. `told`: its beginning was answered with "not yet", so a callback is owed.
    `error` is why it cannot be served.
    """

    id: str
    plane: str
    process: str
    role: Role
    participant: str
    counterparty: str
    agreement: str
    dataset: str
    profile: str
    direction: Direction
    context: str
    claims: JsonObject
    created: int
    updated: int
    state: FlowState = S.INITIALIZED
    version: int = 0
    address: bytes = b""
    begun_by: str = ""
    due: tuple[str, ...] = ()
    waiting: bool = False
    told: bool = False
    error: Reason | None = None
    reason: str = ""


def leads(state: FlowState, signal: Signal) -> FlowState:
    """Where a signal leads. Raises `TransitionError` where it is illegal."""
    after = TABLE[state].get(signal)
    if after is None:
        raise TransitionError("flow.state", state=state, signal=signal)
    return after


def moved(flow: DataFlow, signal: Signal, now: int) -> DataFlow:
    """The flow after a signal, the same object where it changes nothing. Raises as `leads`."""
    after = leads(flow.state, signal)
    if after == flow.state:
        return flow
    # What is over owes nobody anything but to say so.
    due = tuple(one for one in flow.due if one in ("completed", "errored")) if after in ENDS else flow.due
    return msgspec.structs.replace(flow, state=after, updated=now, version=flow.version + 1, due=due, waiting=bool(due))


def owing(flow: DataFlow, *due: str) -> DataFlow:
    """The flow with more to be done for it."""
    return msgspec.structs.replace(flow, due=(*flow.due, *due), waiting=True)


def done(flow: DataFlow, what: str) -> DataFlow:
    """The flow with this no longer due."""
    left = list(flow.due)
    if what in left:
        left.remove(what)
    return msgspec.structs.replace(flow, due=tuple(left), waiting=bool(left))
