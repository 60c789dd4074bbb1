"""What waits for people: questions about terms, in the transaction that brings them up or makes them void.

What lives here: asking, whether a question is still about the terms on the table, whose votes count. What does not:
when people have to be asked (`services.decisions`), voting and deadlines (`services.approval.approvals`).

INVARIANT: a question is about exact terms, by their hash, and about what the negotiation has come to. Whatever moves it
on makes the question void, and what is asked next begins without votes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import assert_never

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from connector.pages import every
from connector.ports import Clock, Reading, Transaction
from connector.protocol.machine import Role
from connector.protocol.messages import JsonObject, NegotiationState
from connector.protocol.negotiation import Negotiation
from connector.records import Ask, Entry, Operator, Question, QuestionState, Right, Vote
from connector.services.operators import includes

N = NegotiationState
DAY = 86_400_000_000
Tell = Callable[[Transaction, Negotiation, Question], None]
"""Tells the peer how a question stands."""


class Rules(Struct, frozen=True):
    """What the node wants people for on its own account, as a consumer: how many for a request of its own before it
    goes out (beside who typed it), how many for accepting an offer, and how many days they have."""

    requests: int = 0
    accepting: int = 1
    days: float = 14.0


class Questions:
    """Questions of one node. `tell` is told of each one that is opened or voted on."""

    def __init__(self, *, clock: Clock, rules: Rules, tell: Tell) -> None:
        self.rules = rules
        self._clock, self.tell = clock, tell

    def ask(
        self,
        tx: Transaction,
        n: Negotiation,
        ask: Ask,
        *,
        persons: int,
        days: float,
        drafted_by: tuple[str, ...] = (),
        draft: JsonObject | None = None,
    ) -> Question:
        """Open a question about what is on the table (or about a `draft`), in the place of any earlier one."""
        now = self._clock.now()
        before = tx.get(Question, n.id)
        if before is not None and before.state is QuestionState.OPEN:
            self._void(tx, n, before)
        question = Question(
            id=n.id,
            ask=ask,
            state=QuestionState.OPEN,
            terms=terms_hash(n, ask, draft),
            needed=persons,
            asked=now,
            deadline=now + round(days * DAY),
            drafted_by=tuple(name for name in drafted_by if name),
            draft=draft,
        )
        tx.put(question)
        self.record(tx, n, question, "asked", "node", needed=str(persons), drafted_by=", ".join(question.drafted_by))
        self.tell(tx, n, question)
        return question

    def standing(self, view: Reading, n: Negotiation) -> Question | None:
        """The question about exactly what is on the table now, open or approved, or None."""
        question = view.get(Question, n.id)
        if question is None or question.state not in (QuestionState.OPEN, QuestionState.APPROVED):
            return None
        return question if stands(n, question) else None

    def moved(self, tx: Transaction, after: Negotiation) -> None:
        """A negotiation has made a step: an open question that is not about where it stands now is void."""
        question = tx.get(Question, after.id)
        if question is not None and question.state is QuestionState.OPEN and not stands(after, question):
            self._void(tx, after, question)

    def _void(self, tx: Transaction, n: Negotiation, question: Question) -> None:
        tx.put(replace(question, state=QuestionState.VOID))
        self.record(tx, n, question, "void", "node")

    def record(self, tx: Transaction, n: Negotiation, question: Question, event: str, actor: str, **more: str) -> None:
        """The audit entry of what happened to a question."""
        said = {"process": n.id, "peer": n.peer, "ask": question.ask, "terms": question.terms, **more}
        tx.record(Entry(event=f"approval.{event}", actor=actor, params={k: v for k, v in said.items() if v}))


def terms_hash(n: Negotiation, ask: Ask, draft: JsonObject | None) -> str:
    """SHA-256 of what a question is about, in hex; for a draft, with the offer that it answers."""
    match ask:
        case Ask.AGREE:
            about: object = n.terms
        case Ask.ACCEPT:
            about = n.offered
        case Ask.REQUEST:
            about = [draft, n.offered]
        case _:
            assert_never(ask)
    return hashlib.sha256(msgspec.json.encode([ask, about], order="deterministic")).hexdigest()


def stands(n: Negotiation, question: Question) -> bool:
    """Is the question about where the negotiation stands, nothing under way, and about these very terms?"""
    if n.pending is not None or n.ending is not None:
        return False
    match question.ask:
        case Ask.AGREE:
            there = n.role is Role.PROVIDER and n.state in (N.REQUESTED, N.ACCEPTED)
        case Ask.ACCEPT:
            there = n.role is Role.CONSUMER and n.state == N.OFFERED
        case Ask.REQUEST:
            there = n.role is Role.CONSUMER and n.state in (None, N.OFFERED)
        case _:
            assert_never(question.ask)
    return there and question.terms == terms_hash(n, question.ask, question.draft)


def counted(view: Reading, question: Question) -> int:
    """How many votes count: those of people who may approve now and have not drafted the terms, one each.

    Whoever was removed, or lost the role, after voting does not count; nor does a namesake who came later.
    """
    return len({vote.operator for vote in question.votes if vote.approves and _counts(view, question, vote)})


def _counts(view: Reading, question: Question, vote: Vote) -> bool:
    operator = view.get(Operator, vote.operator)
    return (
        operator is not None
        and operator.created <= vote.at
        and includes(operator.role, Right.APPROVER)
        and operator.id not in question.drafted_by
    )


def voters(view: Reading, question: Question) -> list[str]:
    """Who may still vote for it: by role, not a drafter, not voted yet."""
    gone = {*question.drafted_by, *(vote.operator for vote in question.votes if _counts(view, question, vote))}
    return [one.id for one in every(view, Operator) if includes(one.role, Right.APPROVER) and one.id not in gone]
