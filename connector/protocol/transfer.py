"""The transfer process: its table, its record, its step.

What lives here: which message is legal when, judged the same for both parties. What does not: whether a transfer may
start (`services.transfers`), every single access to data (`data.gate`), reading and writing (`codec`).
Source: Dataspace Protocol 2025-1, Transfer Process Protocol, states and figure. Either side may resume after a
suspension.

Beyond the figure: a provider answers a consumer that resumes with a start of its own, which says where the data are to
be had now (Data Plane Signaling, Data Flow Suspension/Resumption); Eclipse EDC waits for it. Such a start is taken in
STARTED too. What tells one that crosses a suspension from one that answers it is how far its sender had heard us
(`machine`, Implied acknowledgement). A peer that does not know such starts refuses it, and loses nothing by that.
"""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from msgspec import UNSET, Struct, UnsetType

from connector.errors import TransitionError
from connector.protocol import machine
from connector.protocol.machine import (
    CONSUMER_ONLY,
    EITHER,
    PROVIDER_ONLY,
    Acknowledged,
    Machine,
    Process,
    Rejected,
    Role,
    Rule,
    Step,
)
from connector.protocol.messages import (
    DataAddress,
    TransferCompletionMessage,
    TransferMessage,
    TransferProcess,
    TransferRequestMessage,
    TransferStartMessage,
    TransferState,
    TransferSuspensionMessage,
    TransferTerminationMessage,
)
from connector.protocol.reasons import heard, told
from policies.model import Reason

S = TransferState


class Move(StrEnum):
    """The five things that can be said in a transfer."""

    REQUEST = "request"
    START = "start"
    SUSPEND = "suspend"
    COMPLETE = "complete"
    TERMINATE = "terminate"


M = Move

TRANSFER = Machine(
    name="transfer",
    terminate=M.TERMINATE,
    terminated=S.TERMINATED,
    # Where two moves cross, the more final one wins.
    rank={M.REQUEST: 0, M.START: 1, M.SUSPEND: 2, M.COMPLETE: 3, M.TERMINATE: 4},
    table={
        None: {M.REQUEST: Rule(S.REQUESTED, CONSUMER_ONLY, CONSUMER_ONLY)},
        S.REQUESTED: {
            M.START: Rule(S.STARTED, PROVIDER_ONLY, PROVIDER_ONLY),
            M.TERMINATE: Rule(S.TERMINATED, EITHER, EITHER),
        },
        S.STARTED: {
            M.START: Rule(S.STARTED, PROVIDER_ONLY, PROVIDER_ONLY),
            M.SUSPEND: Rule(S.SUSPENDED, EITHER, EITHER),
            M.COMPLETE: Rule(S.COMPLETED, EITHER, EITHER),
            M.TERMINATE: Rule(S.TERMINATED, EITHER, EITHER),
        },
        S.SUSPENDED: {
            M.START: Rule(S.STARTED, EITHER, EITHER),
            M.TERMINATE: Rule(S.TERMINATED, EITHER, EITHER),
        },
        S.COMPLETED: {},
        S.TERMINATED: {},
    },
)


class Transfer(Process, frozen=True, kw_only=True):
    """One side's record of a transfer under an agreement. `format` is the transfer kind, `dataset` its target.

    `start_due`: the consumer has resumed and waits for the provider's own start.
    """

    agreement: str
    format: str
    dataset: str
    start_due: bool = False


class Received(Struct, frozen=True):
    """A message of the peer that has been read and whose sender is proved."""

    message: TransferMessage


class Request(Struct, frozen=True):
    """Ask for the transfer; `callback` is our own address, `address` where the data are to be delivered, if at all."""

    callback: str
    address: DataAddress | UnsetType = UNSET


class Start(Struct, frozen=True):
    """Start or resume. `address` is where the data is to be had. `elsewhere`: somebody else's data plane serves it, so
    an address that it does not say is not one of ours."""

    address: DataAddress | UnsetType = UNSET
    elsewhere: bool = False


class Suspend(Struct, frozen=True):
    """Suspend, for this reason."""

    reason: Reason


class Complete(Struct, frozen=True):
    """Declare the transfer complete."""


class Terminate(Struct, frozen=True):
    """End the transfer, for this reason."""

    reason: Reason


Command = Request | Start | Suspend | Complete | Terminate
Input = Received | Command | Acknowledged | Rejected


def blank(
    *, id: str, role: Role, peer: str, callback: str, agreement: str, format: str, dataset: str, now: int
) -> Transfer:
    """A record before its first message."""
    return Transfer(
        id=id,
        role=role,
        peer=peer,
        callback=callback,
        agreement=agreement,
        format=format,
        dataset=dataset,
        created=now,
        updated=now,
    )


def move_of(message: TransferMessage) -> Move:
    """The move that a message makes."""
    match message:
        case TransferRequestMessage():
            return M.REQUEST
        case TransferStartMessage():
            return M.START
        case TransferSuspensionMessage():
            return M.SUSPEND
        case TransferCompletionMessage():
            return M.COMPLETE
        case TransferTerminationMessage():
            return M.TERMINATE
        case _:
            assert_never(message)


def step(t: Transfer, given: Input, now: int) -> Step:
    """One input, judged by the table. Raises `TransitionError` or `MessageError`; nothing has changed then."""
    match given:
        case Received(message):
            done = _receive(t, message, now)
        case Acknowledged(peer_pid):
            done = machine.acknowledged(TRANSFER, t, now, peer_pid)
        case Rejected(reason):
            done = machine.rejected(TRANSFER, t, reason, now)
        case Terminate(reason):
            done = machine.end(TRANSFER, t, reason, now)
        case _:
            done = _send(t, given, now)
    return machine.ended_where_wished(TRANSFER, done, TransferTerminationMessage, now)


def _receive(t: Transfer, message: TransferMessage, now: int) -> Step:
    provider = UNSET if isinstance(message, TransferRequestMessage) else message.providerPid
    peer_pid = machine.counterpart(t, provider, message.consumerPid)
    changes: dict[str, object] = {}
    if isinstance(message, TransferSuspensionMessage | TransferTerminationMessage):
        changes["reason"] = heard(f"peer.{move_of(message)}", message.code, message.reason)
    if isinstance(message, TransferStartMessage):
        changes |= {"reason": None, "start_due": t.role is Role.PROVIDER}
    return machine.receive(TRANSFER, t, move_of(message), now, id=message.id, peer_pid=peer_pid, **changes)


def _send(t: Transfer, given: Request | Start | Suspend | Complete, now: int) -> Step:
    id = t.next_id
    match given:
        case Request(callback, to):
            message: TransferMessage = TransferRequestMessage(
                id=id,
                consumerPid=t.id,
                agreementId=t.agreement,
                format=t.format,
                callbackAddress=callback,
                dataAddress=to,
            )
            return machine.send(TRANSFER, t, M.REQUEST, message, now)
        case Start(address=address):
            if t.state == S.STARTED and not t.start_due:
                raise TransitionError("transition.illegal", state=t.state, move=M.START)
            message = TransferStartMessage(
                id=id, providerPid=t.provider_pid, consumerPid=t.consumer_pid, dataAddress=address
            )
            return machine.send(TRANSFER, t, M.START, message, now, reason=None, start_due=False)
        case Suspend(reason):
            message = TransferSuspensionMessage(
                id=id,
                providerPid=t.provider_pid,
                consumerPid=t.consumer_pid,
                code=reason.code,
                reason=told(reason),
            )
            return machine.send(TRANSFER, t, M.SUSPEND, message, now, reason=reason)
        case Complete():
            message = TransferCompletionMessage(id=id, providerPid=t.provider_pid, consumerPid=t.consumer_pid)
            return machine.send(TRANSFER, t, M.COMPLETE, message, now)
        case _:
            assert_never(given)


def ack(t: Transfer) -> TransferProcess:
    """The acknowledgement of a record; before its first message is acknowledged it stands where that leads."""
    return TransferProcess(
        providerPid=t.provider_pid, consumerPid=t.consumer_pid, state=TransferState(t.state or S.REQUESTED)
    )
