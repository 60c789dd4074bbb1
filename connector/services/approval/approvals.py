"""People decide: votes, deadlines, reminders.

What lives here: approving, declining, what happens when nobody does. What does not: when people have to be asked
(`services.decisions`), what a question is about and whose votes count (`services.approval.questions`), who waits for
whom (`services.approval.awaited`).

A vote and the message that it lets go are one transaction: the deciding vote makes the same decision run again that
asked, which finds the question approved. So there is one way to an agreement, with people and without.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from connector.errors import BusyError, InputError, RefusedError, TransitionError
from connector.ports import Clock, Reading, Store, Transaction
from connector.protocol import negotiation
from connector.protocol.machine import Role
from connector.protocol.messages import NegotiationState
from connector.protocol.negotiation import Negotiation
from connector.records import Ask, Participant, PublishedOffer, Question, QuestionState, Vote
from connector.services.approval import awaited, questions
from connector.services.approval.questions import DAY, Questions
from connector.services.negotiations import Negotiations
from connector.services.processes import Done
from policies import instants
from policies.model import Reason

N = NegotiationState
RESTING = ((Role.PROVIDER, N.REQUESTED), (Role.PROVIDER, N.ACCEPTED), (Role.CONSUMER, N.OFFERED))


class Approvals:
    """What people decide about negotiations of this node."""

    def __init__(self, *, store: Store, clock: Clock, negotiations: Negotiations, questions: Questions) -> None:
        self._store, self._clock = store, clock
        self._negotiations, self._questions = negotiations, questions

    # --- votes --------------------------------------------------------------------------------------------------------

    async def approve(self, operator: str, pid: str, *, seen: int | None = None, reason: str = "") -> Negotiation:
        """Vote for what is on the table; the last vote that is needed sends it. `seen` is the version looked at.

        Raises `InputError` (nothing to decide, own draft, voted already, too late, offer retired, terms have changed
        and `seen` was not said, or why nothing may happen with the other side), `RefusedError` (no right to),
        `TransitionError` (moved since `seen`).
        """

        def act(tx: Transaction, n: Negotiation) -> Done:
            question = self._open(tx, n)
            if question is None:
                return self._negotiations.resumed(tx, n)
            self._check(tx, n, question, operator, seen)
            vote = Vote(operator=operator, approves=True, at=self._clock.now(), reason=reason)
            question = replace(question, votes=(*question.votes, vote))
            counted = questions.counted(tx, question)
            given = {"given": str(counted), "needed": str(question.needed), "reason": reason}
            self._questions.record(tx, n, question, "voted", operator, **given)
            if counted < question.needed:
                tx.put(question)
                self._questions.tell(tx, n, question)
                return Done(process=n)
            return self._approved(tx, n, question)

        return await self._negotiations.decide(pid, act, seen=seen)

    async def decline(self, operator: str, pid: str, reason: str) -> Negotiation:
        """Say no, for everybody: the negotiation ends with this reason. Anybody who may approve may decline, also a
        draft of their own. Raises `InputError`, `TransitionError` where it cannot be ended any more."""

        def act(tx: Transaction, n: Negotiation) -> Done:
            question = self._questions.standing(tx, n)
            if question is not None and question.state is QuestionState.OPEN:
                vote = Vote(operator=operator, approves=False, at=self._clock.now(), reason=reason)
                tx.put(replace(question, state=QuestionState.DECLINED, votes=(*question.votes, vote)))
                self._questions.record(tx, n, question, "declined", operator, reason=reason)
            why = Reason("operator.ended", {"text": reason})
            return self._negotiations.stepped(tx, n, negotiation.Terminate(why), operator)

        return await self._negotiations.decide(pid, act)

    def _open(self, tx: Transaction, n: Negotiation) -> Question | None:
        """The open question; None where nobody has been asked yet although it rests (kept by an older version).

        Raises `InputError` where there is nothing to decide.
        """
        question = self._questions.standing(tx, n)
        if question is not None and question.state is QuestionState.OPEN:
            return question
        if question is None and (n.role, n.state) in RESTING and n.pending is None and n.ending is None:
            return None
        raise InputError("approval.nothing", state=n.state or "-")

    def _check(self, tx: Transaction, n: Negotiation, question: Question, operator: str, seen: int | None) -> None:
        """May this operator vote on this now? Raises as `approve`."""
        if operator in question.drafted_by:
            raise InputError("approval.own_draft")
        if operator not in questions.voters(tx, question):
            voted = any(vote.operator == operator for vote in question.votes)
            raise InputError("approval.voted") if voted else RefusedError("approval.right")
        if n.earlier and seen is None:
            raise InputError("approval.unseen", version=str(n.version))
        if self._clock.now() >= question.deadline:
            raise InputError("approval.late")
        # INVARIANT: nothing is agreed with somebody whose keys are in doubt or for whom nobody vouches any more. A
        # verdict that has only run out is made anew when it calls.
        peer = tx.get(Participant, n.peer)
        if peer is not None and (why := peer.barred(0)) is not None:
            raise InputError(why.code, **why.params)
        if question.ask is Ask.AGREE and n.state == N.REQUESTED:
            offer = tx.get(PublishedOffer, str((n.asked or {}).get("@id")))
            if offer is None or not offer.live:
                raise InputError("approval.retired")

    def _approved(self, tx: Transaction, n: Negotiation, question: Question) -> Done:
        tx.put(replace(question, state=QuestionState.APPROVED))
        self._questions.record(tx, n, question, "approved", "node")
        if question.ask is Ask.REQUEST:
            return self._negotiations.released(tx, n, question)
        return self._negotiations.resumed(tx, n)

    # --- time ---------------------------------------------------------------------------------------------------------

    async def take_up(self) -> None:
        """Ask people about what rests without a question: negotiations that an older version has kept."""
        for role, state in RESTING:
            after: str | None = ""
            while after is not None:
                unasked, after = await self._store.read(lambda view: self._unasked(view, role, state, after))  # noqa: B023
                await self._each(unasked, self._asked)

    def _unasked(self, view: Reading, role: Role, state: N, after: str | None) -> tuple[list[str], str | None]:
        """Of one page of negotiations those about which nobody has been asked, and where the next page begins."""
        page = view.select(Negotiation, after=after or "", limit=1000, role=role, state=state)
        resting = (n for n in page if n.pending is None and n.ending is None)
        return [n.id for n in resting if self._questions.standing(view, n) is None], page[-1].id if page else None

    def _asked(self, tx: Transaction, n: Negotiation) -> Done:
        if n.pending is None and n.ending is None and self._questions.standing(tx, n) is None:
            return self._negotiations.resumed(tx, n)
        return Done()

    async def _each(self, pids: Iterable[str], act: Callable[[Transaction, Negotiation], Done]) -> None:
        """One transaction each. Where a peer's queue is full, or it has just moved on, the next time finds it again."""
        for pid in pids:
            with contextlib.suppress(BusyError, TransitionError):
                await self._negotiations.decide(pid, act)

    async def look(self) -> None:
        """Remind people at half the time and a day before the end; end what nobody has decided in time.

        To be called now and then; what was due while nobody called is done once.
        """
        after = ""
        while page := await self._store.read(
            lambda view: view.select(Question, state=QuestionState.OPEN, after=after, limit=100)  # noqa: B023
        ):
            now = self._clock.now()
            timely = [one.id for one in page if now >= one.deadline or due(one, now) > one.reminded]
            await self._each(timely, self._at_its_time)
            after = page[-1].id

    def _at_its_time(self, tx: Transaction, n: Negotiation) -> Done:
        question, now = tx.get(Question, n.id), self._clock.now()
        if question is None or question.state is not QuestionState.OPEN:
            return Done()
        if now >= question.deadline:
            tx.put(replace(question, state=QuestionState.LATE))
            self._questions.record(tx, n, question, "late", "node")
            return self._negotiations.stepped(tx, n, negotiation.Terminate(Reason("approval.late")), "node")
        if due(question, now) > question.reminded:
            tx.put(replace(question, reminded=due(question, now)))
            left = {"deadline": instants.stamp(question.deadline), "voters": ", ".join(questions.voters(tx, question))}
            self._questions.record(tx, n, question, "reminded", "node", **left)
        return Done()

    # --- looking ------------------------------------------------------------------------------------------------------

    async def waiting(self, *pids: str) -> dict[str, awaited.Waiting]:
        """Whom these negotiations wait for; those that wait for nobody's decision are left out."""
        return await self._store.read(
            lambda view: {pid: found for pid in pids if (found := awaited.waiting_for(view, pid))}
        )


def due(question: Question, now: int) -> int:
    """How many reminders should have been given by now: at half the time, and a day before the end if that is later."""
    half, last = (question.asked + question.deadline) // 2, question.deadline - DAY
    return sum(now >= at for at in (half, *((last,) if last > half else ())))
