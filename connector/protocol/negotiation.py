"""The contract negotiation: its table, its record, its step.

What lives here: which message is legal when, judged the same for both parties, and what it does to the record. What
does not: whether to agree (`services.decisions` with `policies.compare`), reading and writing (`codec`), saving and
sending (`services.negotiations`). Source: Dataspace Protocol 2025-1, Contract Negotiation Protocol, states and figure.

The text lets either side terminate in any state, the figure restricts who does so in ACCEPTED, AGREED and VERIFIED:
we send by the figure and accept by the text. A repeated offer is accepted although the figure lacks it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from msgspec import UNSET, Struct

from connector.errors import MessageError, TransitionError
from connector.protocol import codec, machine
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
    ContractAgreementMessage,
    ContractAgreementVerificationMessage,
    ContractNegotiation,
    ContractNegotiationEventMessage,
    ContractNegotiationTerminationMessage,
    ContractOfferMessage,
    ContractRequestMessage,
    EventType,
    JsonObject,
    NegotiationMessage,
    NegotiationState,
)
from connector.protocol.reasons import heard
from policies.model import Reason

S = NegotiationState


class Move(StrEnum):
    """The seven things that can be said in a negotiation."""

    REQUEST = "request"
    OFFER = "offer"
    ACCEPT = "accept"
    AGREE = "agree"
    VERIFY = "verify"
    FINALIZE = "finalize"
    TERMINATE = "terminate"


M = Move

NEGOTIATION = Machine(
    name="negotiation",
    terminate=M.TERMINATE,
    terminated=S.TERMINATED,
    # Where two moves cross: a termination overtakes all; an acceptance already under way is not undone by a new offer.
    rank={M.OFFER: 1, M.REQUEST: 1, M.ACCEPT: 2, M.AGREE: 2, M.VERIFY: 2, M.FINALIZE: 2, M.TERMINATE: 3},
    table={
        None: {
            M.REQUEST: Rule(S.REQUESTED, CONSUMER_ONLY, CONSUMER_ONLY),
            M.OFFER: Rule(S.OFFERED, PROVIDER_ONLY, PROVIDER_ONLY),
        },
        S.REQUESTED: {
            M.OFFER: Rule(S.OFFERED, PROVIDER_ONLY, PROVIDER_ONLY),
            M.AGREE: Rule(S.AGREED, PROVIDER_ONLY, PROVIDER_ONLY),
            M.TERMINATE: Rule(S.TERMINATED, EITHER, EITHER),
        },
        S.OFFERED: {
            M.REQUEST: Rule(S.REQUESTED, CONSUMER_ONLY, CONSUMER_ONLY),
            M.OFFER: Rule(S.OFFERED, frozenset(), PROVIDER_ONLY),
            M.ACCEPT: Rule(S.ACCEPTED, CONSUMER_ONLY, CONSUMER_ONLY),
            M.TERMINATE: Rule(S.TERMINATED, EITHER, EITHER),
        },
        S.ACCEPTED: {
            M.AGREE: Rule(S.AGREED, PROVIDER_ONLY, PROVIDER_ONLY),
            M.TERMINATE: Rule(S.TERMINATED, PROVIDER_ONLY, EITHER),
        },
        S.AGREED: {
            # A provider that has not noticed that we have its agreement (Eclipse EDC, where our verification overtakes
            # its own bookkeeping) says it again, perhaps under another id. It is judged anew: none counts before
            # FINALIZED.
            M.AGREE: Rule(S.AGREED, frozenset(), PROVIDER_ONLY, foreign=True),
            M.VERIFY: Rule(S.VERIFIED, CONSUMER_ONLY, CONSUMER_ONLY),
            M.TERMINATE: Rule(S.TERMINATED, CONSUMER_ONLY, EITHER),
        },
        S.VERIFIED: {
            M.FINALIZE: Rule(S.FINALIZED, PROVIDER_ONLY, PROVIDER_ONLY),
            M.TERMINATE: Rule(S.TERMINATED, PROVIDER_ONLY, EITHER),
        },
        S.FINALIZED: {},
        S.TERMINATED: {},
    },
)


class Round(Struct, frozen=True):
    """Words that were replaced by later ones of the same side: who said them, when, which terms."""

    role: Role
    at: int
    terms: JsonObject


ROUNDS = 50
"""How many earlier rounds a record keeps; a peer that goes on for ever shall not make it grow for ever."""


class Negotiation(Process, frozen=True, kw_only=True):
    """One side's record of a negotiation.

    `asked` and `offered` are the consumer's last request and the provider's last offer as normalised JSON, with the
    instants at which they were said; `earlier` what they have replaced. `worded_by` is the operator who chose the words
    of our own last request or offer, "" where nobody did (a published offer, sent by the node). `agreement` is the
    agreement object once there is one, `agreement_body` the exact bytes of its message.
    """

    dataset: str
    asked_at: int = 0
    offered_at: int = 0
    earlier: tuple[Round, ...] = ()
    worded_by: str = ""
    asked: JsonObject | None = None
    offered: JsonObject | None = None
    agreement: JsonObject | None = None
    agreement_body: bytes = b""
    agreement_hash: str = ""
    """SHA-256 over RFC 8785 of the agreement object as it went over the wire; known from the verification on."""

    purpose: str = ""
    """What the consumer's operator said the data is for; shown to people."""

    replaces: str = ""
    """The agreement that the one of this negotiation would take the place of."""

    agreed_on: JsonObject | None = None
    """The provider's offer that the consumer accepted; None where the consumer's own request is agreed to."""

    @property
    def terms(self) -> JsonObject | None:
        """What an agreement has to equal."""
        return self.agreed_on or self.asked


# --- Inputs -----------------------------------------------------------------------------------------------------------


class Received(Struct, frozen=True):
    """A message of the peer that has been read and whose sender is proved; `body` holds its exact bytes."""

    message: NegotiationMessage
    body: bytes = b""


class Request(Struct, frozen=True):
    """Ask for these terms, chosen by the operator `by`: first message, or counter-request. `callback` is our own
    address, on the first only."""

    offer: JsonObject
    callback: str = ""
    by: str = ""


class Offer(Struct, frozen=True):
    """Offer these terms, chosen by the operator `by`: first message, or counter-offer. `callback` is our own address,
    on the first only."""

    offer: JsonObject
    callback: str = ""
    by: str = ""


class Accept(Struct, frozen=True):
    """Accept the current offer."""


class Agree(Struct, frozen=True):
    """Conclude this agreement."""

    agreement: JsonObject


class Verify(Struct, frozen=True):
    """Confirm that the agreement is what was negotiated."""


class Finalize(Struct, frozen=True):
    """Put the agreement into force."""


class Terminate(Struct, frozen=True):
    """End the negotiation, for this reason."""

    reason: Reason


Command = Request | Offer | Accept | Agree | Verify | Finalize | Terminate
Input = Received | Command | Acknowledged | Rejected


def blank(
    *, id: str, role: Role, peer: str, callback: str, dataset: str, now: int, purpose: str = "", replaces: str = ""
) -> Negotiation:
    """A record before its first message."""
    return Negotiation(
        id=id,
        role=role,
        peer=peer,
        callback=callback,
        dataset=dataset,
        purpose=purpose,
        replaces=replaces,
        created=now,
        updated=now,
    )


def move_of(message: NegotiationMessage) -> Move:
    """The move that a message makes."""
    match message:
        case ContractRequestMessage():
            return M.REQUEST
        case ContractOfferMessage():
            return M.OFFER
        case ContractAgreementMessage():
            return M.AGREE
        case ContractAgreementVerificationMessage():
            return M.VERIFY
        case ContractNegotiationEventMessage(eventType=EventType.ACCEPTED):
            return M.ACCEPT
        case ContractNegotiationEventMessage():
            return M.FINALIZE
        case ContractNegotiationTerminationMessage():
            return M.TERMINATE
        case _:
            assert_never(message)


def step(n: Negotiation, given: Input, now: int) -> Step:
    """One input, judged by the table. Raises `TransitionError` or `MessageError`; nothing has changed then."""
    match given:
        case Received():
            done = _receive(n, given, now)
        case Acknowledged(peer_pid):
            done = machine.acknowledged(NEGOTIATION, n, now, peer_pid)
        case Rejected(reason):
            done = machine.rejected(NEGOTIATION, n, reason, now)
        case Terminate(reason):
            done = machine.end(NEGOTIATION, n, reason, now)
        case _:
            done = _send(n, given, now)
    return machine.ended_where_wished(NEGOTIATION, done, ContractNegotiationTerminationMessage, now)


def _receive(n: Negotiation, given: Received, now: int) -> Step:
    message = given.message
    peer_pid = machine.counterpart(n, message.providerPid, message.consumerPid)
    changes: dict[str, object] = {}
    match message:
        case ContractRequestMessage():
            changes |= {**_words(n, Role.CONSUMER, message.offer, now), "agreed_on": None}
        case ContractOfferMessage():
            changes |= _words(n, Role.PROVIDER, message.offer, now)
        case ContractAgreementMessage():
            changes |= {"agreement": message.agreement, "agreement_body": given.body}
        case ContractNegotiationEventMessage(eventType=EventType.ACCEPTED):
            changes["agreed_on"] = n.offered
        case ContractAgreementVerificationMessage(agreementHash=named) if named is not UNSET:
            changes["agreement_hash"] = _same_agreement(n, named)
        case ContractNegotiationTerminationMessage():
            changes["reason"] = heard("peer.terminated", message.code, message.reason)
        case _:
            pass
    return machine.receive(NEGOTIATION, n, move_of(message), now, id=message.id, peer_pid=peer_pid, **changes)


def _send(n: Negotiation, given: Request | Offer | Accept | Agree | Verify | Finalize, now: int) -> Step:
    first = n.state is None
    id = n.next_id
    match given:
        case Request(offer, callback, by):
            message: NegotiationMessage = ContractRequestMessage(
                id=id,
                consumerPid=n.id,
                offer=offer,
                providerPid=UNSET if first else n.peer_pid,
                callbackAddress=callback if first else UNSET,
                replaces=n.replaces if first and n.replaces else UNSET,
            )
            words = {**_words(n, Role.CONSUMER, offer, now), "worded_by": by, "agreed_on": None}
            return machine.send(NEGOTIATION, n, M.REQUEST, message, now, **words)
        case Offer(offer, callback, by):
            message = ContractOfferMessage(
                id=id,
                providerPid=n.id,
                offer=offer,
                consumerPid=UNSET if first else n.peer_pid,
                callbackAddress=callback if first else UNSET,
                replaces=n.replaces if first and n.replaces else UNSET,
            )
            return machine.send(
                NEGOTIATION, n, M.OFFER, message, now, **_words(n, Role.PROVIDER, offer, now), worded_by=by
            )
        case Agree(agreement):
            message = ContractAgreementMessage(
                id=id, providerPid=n.provider_pid, consumerPid=n.consumer_pid, agreement=agreement
            )
            body = codec.encode(message)
            return machine.send(NEGOTIATION, n, M.AGREE, message, now, agreement=agreement, agreement_body=body)
        case Verify():
            named = _hash(n)
            message = ContractAgreementVerificationMessage(
                id=id, providerPid=n.provider_pid, consumerPid=n.consumer_pid, agreementHash=named or UNSET
            )
            return machine.send(NEGOTIATION, n, M.VERIFY, message, now, agreement_hash=named)
        case Accept():
            message = _event(n, id, EventType.ACCEPTED)
            return machine.send(NEGOTIATION, n, M.ACCEPT, message, now, agreed_on=n.offered)
        case Finalize():
            return machine.send(NEGOTIATION, n, M.FINALIZE, _event(n, id, EventType.FINALIZED), now)
        case _:
            assert_never(given)


def _event(n: Negotiation, id: str, event: EventType) -> ContractNegotiationEventMessage:
    return ContractNegotiationEventMessage(
        id=id, providerPid=n.provider_pid, consumerPid=n.consumer_pid, eventType=event
    )


def _words(n: Negotiation, role: Role, terms: JsonObject, now: int) -> dict[str, object]:
    """One side's words take the place of what it said before, which goes to the earlier rounds."""
    before, at = (n.asked, n.asked_at) if role is Role.CONSUMER else (n.offered, n.offered_at)
    fresh = {"asked": terms, "asked_at": now} if role is Role.CONSUMER else {"offered": terms, "offered_at": now}
    if before is None or not at:
        return fresh
    return {**fresh, "earlier": (*n.earlier[1 - ROUNDS :], Round(role, at, before))}


def _hash(n: Negotiation) -> str:
    """The hash of the agreement as it went over the wire, "" where there is none yet."""
    return codec.digest(codec.agreement_of(n.agreement_body)) if n.agreement_body else ""


def _same_agreement(n: Negotiation, named: str) -> str:
    """The hash of our agreement, which has to be the one that the consumer has verified. Raises `MessageError`."""
    ours = _hash(n)
    if ours and named != ours:
        raise MessageError("agreement.other_hash", place="/agreementHash")
    return ours


def ack(n: Negotiation) -> ContractNegotiation:
    """The acknowledgement of a record. A record whose first message is under way stands where that message leads."""
    state = n.state
    if state is None:
        rule = NEGOTIATION.rule(None, n.pending or M.REQUEST)
        if rule is None:
            raise TransitionError("transition.illegal", state="-", move=n.pending or "-")
        state = rule.to
    return ContractNegotiation(providerPid=n.provider_pid, consumerPid=n.consumer_pid, state=NegotiationState(state))
