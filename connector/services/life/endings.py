"""Ending contracts: by notice under the terms, by agreement, for cause, by the terms' own end; and holding them.

What lives here: what a person may do about the end of a contract. What does not: what peers tell about it
(`farewells`), carrying an end out (`timetable`), telling (`notices`), the terms (`policies.notice`,
`policies.horizon`), a contract that takes the place of another (`renewals`).

Four ways to the end, and when each is certain on either side:

- *Notice*: one side, where the terms have a notice period. It is certain at the receiver when it is taken, at the giver
  when it is answered, and the answer says the day: the period runs from the receipt. The earlier of two ends counts.
- *Agreement*: one side proposes, a person of the other one consents; certain at the proposer when the consent comes, at
  the other side when that is answered.
- *Cause*: one side, at once and without asking. The other side ends it when it hears of it.
- *The terms*: both sides read the same instant from the same document.

INVARIANT: no contract ends earlier than its terms let it, unless both sides have said so or one has named a cause. What
cannot be delivered (given up, or a peer that takes no notices) takes effect here on the day asked for; such a peer
learns it from the termination of its transfers.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from msgspec.structs import replace

from connector.errors import InputError, TransitionError
from connector.ports import Clock, Reading, Store, Transaction
from connector.protocol.messages import NegotiationState
from connector.protocol.negotiation import Negotiation
from connector.records import Agreement, Notice
from connector.services.changes import Changes
from connector.services.life.contracts import earliest_end, end_of, note_hold
from connector.services.life.ends import Ends, Told
from connector.services.life.farewells import Farewells
from connector.services.life.timetable import Timetable
from connector.services.notices import Notices, notices_about
from connector.services.transfers import Transfers
from policies import instants
from policies.model import Reason

MANUAL = "contract.held"
"""Code of `Agreement.held` where a person has stopped a contract."""


class How(StrEnum):
    """In which way a person wants to end a contract."""

    NOTICE = "notice"
    AGREEMENT = "agreement"
    CAUSE = "cause"


class Endings:
    """Ends contracts. `warn_days` are the days before an end at which people are warned."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        notices: Notices,
        transfers: Transfers,
        changes: Changes,
        warn_days: tuple[int, ...] = (60, 30, 7, 1),
    ) -> None:
        self._store, self._clock, self._notices, self._transfers = store, clock, notices, transfers
        self._ends = Ends(clock=clock, changes=changes, warn_days=warn_days)
        self._farewells = Farewells(clock=clock, notices=notices, ends=self._ends)
        self.timetable = Timetable(store=store, clock=clock, transfers=transfers, changes=changes, ends=self._ends)

    async def run(self) -> None:
        """See to it that contracts end, for ever."""
        await self.timetable.run()

    async def end(self, operator: str, id: str, how: How, *, at: int | None = None, text: str = "") -> Agreement:
        """End a contract, or begin to; `at` is the earliest wanted, in the person's own words `text`.

        Raises `InputError` (no such contract, no notice in its terms, too early, an instant that is over, a cause
        without words), `TransitionError` (over already, or already ending no later; not concluded on both sides yet).
        """

        def act(tx: Transaction) -> Agreement:
            agreement, now = self._ends.in_force(tx, id), self._clock.now()
            _concluded(tx, agreement)
            if at is not None and at <= now:
                raise InputError("contract.past", at=instants.stamp(at))
            match how:
                case How.NOTICE:
                    return self._give_notice(tx, operator, agreement, at, text)
                case How.AGREEMENT:
                    return self._propose(tx, operator, agreement, at, text)
                case How.CAUSE:
                    return self._for_cause(tx, operator, agreement, at, text)

        await self._store.write(act)
        return await self._seen_to(id)

    async def consent(self, operator: str, id: str, *, seen: str = "") -> Agreement:
        """A person agrees to the end that the other side has proposed. `seen` is the proposal that was looked at, by
        its id or a tail of at least 8 characters; it has to be said where one took the place of another.

        Raises as `end`; `TransitionError` where another one is on the table, `InputError` where none was named.
        """

        def act(tx: Transaction) -> None:
            agreement, proposal = self._proposed(tx, id)
            _looked_at(tx, proposal, seen)
            params = {"proposal": proposal.id, "ends": proposal.params.get("ends", "")}
            told = self._notices.tell(tx, agreement.peer, id, Told.CONSENT, params, actor=operator)
            self._ends.keep(tx, replace(agreement, proposed="", asked=told.id), "contract.consenting", operator)
            if told.state != "open":
                self._farewells.consent_settled(tx, told)

        await self._store.write(act)
        return await self._seen_to(id)

    async def decline(self, operator: str, id: str, text: str = "") -> Agreement:
        """A person does not agree to the end that the other side has proposed. Raises as `end`."""

        def act(tx: Transaction) -> Agreement:
            agreement, proposal = self._proposed(tx, id)
            params = {"proposal": proposal.id, **({"reason": text} if text else {})}
            self._notices.tell(tx, agreement.peer, id, Told.DECLINE, params, actor=operator)
            return self._ends.keep(tx, replace(agreement, proposed=""), "contract.declining", operator)

        return await self._store.write(act)

    async def hold(self, operator: str, id: str, text: str = "") -> Agreement:
        """Stop the data of a contract at once without ending it; its running transfers are suspended.

        Raises `InputError`, `TransitionError` (over, or held already).
        """

        def act(tx: Transaction) -> Agreement:
            agreement = self._ends.in_force(tx, id)
            if agreement.held is not None:
                raise TransitionError("contract.held_already")
            held = Reason(MANUAL, {"text": text or "-"})
            note_hold(tx, agreement)
            self._transfers.suspend_under(tx, id, held)
            return self._ends.keep(tx, replace(agreement, held=held), "contract.holding", operator, text=text)

        return await self._store.write(act)

    async def release(self, operator: str, id: str) -> Agreement:
        """Let a held contract go on, whoever or whatever has held it. Raises as `hold`."""

        def act(tx: Transaction) -> Agreement:
            agreement = self._ends.in_force(tx, id)
            if agreement.held is None:
                raise TransitionError("contract.not_held")
            self._transfers.resume_under(tx, id, MANUAL)
            return self._ends.keep(tx, replace(agreement, held=None), "contract.released", operator)

        return await self._store.write(act)

    def _give_notice(self, tx: Transaction, operator: str, a: Agreement, at: int | None, text: str) -> Agreement:
        now = self._clock.now()
        earliest = earliest_end(a, now)
        if earliest is None:
            raise InputError("contract.no_notice")
        if at is not None and at < earliest:
            raise InputError("contract.too_early", earliest=instants.stamp(earliest))
        ends = earliest if at is None else at
        _sooner(a, ends)
        waiting = tx.get(Notice, a.asked)
        if waiting is not None and waiting.kind == Told.NOTICE:
            raise TransitionError("contract.noticed_already")
        return self._tell(tx, operator, a, Told.NOTICE, ends, text, self._farewells.notice_settled)

    def _propose(self, tx: Transaction, operator: str, a: Agreement, at: int | None, text: str) -> Agreement:
        ends = self._clock.now() if at is None else at
        _sooner(a, ends)
        waiting = tx.get(Notice, a.asked)
        if waiting is not None and waiting.kind != Told.PROPOSAL:
            raise TransitionError("contract.noticed_already")
        return self._tell(tx, operator, a, Told.PROPOSAL, ends, text, self._farewells.proposal_settled)

    def _for_cause(self, tx: Transaction, operator: str, a: Agreement, at: int | None, text: str) -> Agreement:
        if not text:
            raise InputError("contract.cause_missing")
        if at is not None:
            raise InputError("contract.cause_now")
        self._notices.tell(tx, a.peer, a.id, Told.CAUSE, {"reason": text}, actor=operator)
        return self._ends.set(
            tx,
            replace(a, asked="", proposed=""),
            self._clock.now(),
            Reason("contract.for_cause", {"text": text}),
            operator,
        )

    def _tell(
        self,
        tx: Transaction,
        operator: str,
        a: Agreement,
        kind: Told,
        ends: int,
        text: str,
        settled: Callable[[Transaction, Notice], None],
    ) -> Agreement:
        """Give the notice and wait for what becomes of it; where nothing can be sent, that is known at once."""
        params = {"ends": instants.stamp(ends), **({"reason": text} if text else {})}
        told = self._notices.tell(tx, a.peer, a.id, kind, params, actor=operator)
        after = self._ends.keep(tx, replace(a, asked=told.id), "contract.asked", operator, kind=kind.value, **params)
        if told.state != "open":
            settled(tx, told)
        return after

    async def _seen_to(self, id: str) -> Agreement:
        """The contract as it stands now, an end that is due carried out already."""
        await self.timetable.look(id)
        found = await self._store.read(lambda view: view.get(Agreement, id))
        assert found is not None  # INVARIANT: agreements are never deleted
        return found

    def _proposed(self, tx: Transaction, id: str) -> tuple[Agreement, Notice]:
        a = self._ends.in_force(tx, id)
        proposal = tx.get(Notice, a.proposed)
        if proposal is None:
            raise InputError("contract.no_proposal")
        return a, proposal


def _concluded(view: Reading, a: Agreement) -> None:
    """Raises `TransitionError` while the other side may not have the contract yet: it would not know what is meant."""
    n = view.get(Negotiation, a.negotiation)
    if n is not None and (n.state != NegotiationState.FINALIZED or n.pending is not None):
        raise TransitionError("contract.unsettled")


def _looked_at(view: Reading, proposal: Notice, seen: str) -> None:
    """INVARIANT: nobody consents to an end that took the place of the one looked at. Raises as `Endings.consent`."""
    ends = proposal.params.get("ends", "")
    if seen and not (proposal.id == seen or (len(seen) >= 8 and proposal.id.endswith(seen))):
        raise TransitionError("contract.proposal_moved", ends=ends, proposal=proposal.id)
    told = notices_about(view, proposal.about)
    answered = max((one.created for one in told if one.ours and one.kind in (Told.CONSENT, Told.DECLINE)), default=0)
    proposed = [one for one in told if not one.ours and one.kind == Told.PROPOSAL and (one.settled or 0) > answered]
    if not seen and len(proposed) > 1:
        raise InputError("contract.proposal_unseen", ends=ends, proposal=proposal.id)


def _sooner(a: Agreement, ends: int) -> None:
    """Raises `TransitionError` where the contract ends by then anyway."""
    end = end_of(a)
    if end is not None and end <= ends:
        raise TransitionError("contract.ends_before", ends=instants.stamp(end))
