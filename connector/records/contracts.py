"""What people are asked about a contract, the contract, and where its data is to be had.

What does not live here: the negotiation that leads to one and its transfers (`connector.protocol`).
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from connector.protocol.messages import JsonObject
from policies.model import Reason


class Vote(Struct, frozen=True, kw_only=True):
    """What one person decided about a question, with the reason given."""

    operator: str
    approves: bool
    at: int
    reason: str = ""


class Ask(StrEnum):
    """What people are asked for: to agree as the provider, to accept a provider's offer, to let our request go out."""

    AGREE = "agree"
    ACCEPT = "accept"
    REQUEST = "request"


class QuestionState(StrEnum):
    """Where a question stands; all but `open` are final. `void`: the negotiation has moved on to something else."""

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    LATE = "late"
    VOID = "void"


class Question(Struct, frozen=True, kw_only=True):
    """Terms that people have to decide about. `id` is the negotiation's pid; `terms` the hash of what is asked, so that
    votes never count for other terms.

    `drafted_by` are the operators whose own words the terms are; they have no vote. `reminded` counts reminders.
    `draft` are the words of a request that has not gone out yet.
    """

    id: str
    ask: Ask
    state: QuestionState
    terms: str
    needed: int
    asked: int
    deadline: int
    drafted_by: tuple[str, ...] = ()
    votes: tuple[Vote, ...] = ()
    reminded: int = 0
    draft: JsonObject | None = None


class Agreement(Struct, frozen=True, kw_only=True):
    """A contract in force or past. `hash` is SHA-256 over RFC 8785 of the agreement object as it went over the wire.

    `message` holds the exact bytes of the ContractAgreementMessage. `held` is why nothing may happen under it although
    it stands (a person has to look first). `expires` is the instant from which its terms permit nothing any more, None
    where they have no end; `ends` an earlier end that is certain, and `ending` why. `asked` is a notice of ours about
    its end that waits for the other side, `proposed` one of theirs that waits for our people. `replaces` and `replaced`
    are the contracts before and after it where it was amended or renewed, `amending` the negotiation that is to do so.
    `warned` counts the warnings of its end. `closed` is when it ended, with `ended` as the reason. `named` and `own`
    are the DIDs under which the other side and we stand in it, "" where these are `peer` and this node: a contract goes
    on with a successor and keeps its text.
    """

    id: str
    negotiation: str
    role: str
    peer: str
    dataset: str
    document: JsonObject
    message: bytes
    hash: str
    concluded: int
    in_force: bool = True
    ended: Reason | None = None
    held: Reason | None = None
    ends: int | None = None
    replaces: str = ""
    replaced: str = ""
    warned: int = 0
    expires: int | None = None
    ending: Reason | None = None
    asked: str = ""
    proposed: str = ""
    amending: str = ""
    closed: int | None = None
    named: str = ""
    own: str = ""


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where the data of a transfer are to be had (consumer), or to be delivered to (provider, where it pushes). `id` is
    the transfer's pid; `secret` is sealed; `expires` is when the access token in it ends, 0 where it says nothing."""

    id: str
    url: str
    kind: str
    secret: bytes
    expires: int = 0
