"""Ending contracts: by notice under the terms, by agreement, for cause, by the terms' own end; and holding them.

What lives here: what a person may do about the end of a contract, what a peer's notices about it mean, and the watch
that carries an end out when it is due. What does not: telling (`services.notices`), the terms (`policies.notice`,
`policies.horizon`), the cut of a running stream (`data.gate` sees an end that is due by itself), a contract that takes
the place of another (`services.renewals`).

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

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum

import structlog
from msgspec.structs import replace

from connector.errors import InputError, MessageError, NodeError, OurError, RefusedError, TransitionError, UnknownError
from connector.ports import Caller, Clock, Reading, Store, Transaction
from connector.protocol.messages import NegotiationState
from connector.protocol.negotiation import Negotiation
from connector.records import Agreement, Entry, Notice
from connector.services.agenda import Agenda
from connector.services.changes import Change, Changes
from connector.services.contracts import earliest_end, end_of, over, terms_end
from connector.services.notices import Notices, answer_to
from connector.services.transfers import Transfers
from policies import instants
from policies.model import Reason

log = structlog.get_logger()

DAY = 86_400_000_000
"""Microseconds of a day."""
LEEWAY = 2 * DAY
"""By how much a peer may put off the end of a notice beyond what we would have said ourselves: clocks and days."""
TERMINATIONS = 50
"""Transfers that are terminated in one transaction."""
AGAIN = 60 * 1_000_000
"""After how long something that could not be done is tried again, in microseconds."""
MANUAL = "contract.held"
"""Code of `Agreement.held` where a person has stopped a contract."""


class How(StrEnum):
    """In which way a person wants to end a contract."""

    NOTICE = "notice"
    AGREEMENT = "agreement"
    CAUSE = "cause"


class Told(StrEnum):
    """Kinds of notices about the end of a contract."""

    NOTICE = "contract.notice"
    PROPOSAL = "contract.proposal"
    CONSENT = "contract.consent"
    DECLINE = "contract.decline"
    CAUSE = "contract.cause"


Answer = Mapping[str, str] | NodeError


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
        self._store, self._clock = store, clock
        self._notices, self._transfers, self._changes = notices, transfers, changes
        self._steps = tuple(sorted(set(warn_days), reverse=True))
        self.agenda = Agenda(clock)
        for kind, handler in (
            (Told.NOTICE, self._take_notice),
            (Told.PROPOSAL, self._take_proposal),
            (Told.CONSENT, self._take_consent),
            (Told.DECLINE, self._take_decline),
            (Told.CAUSE, self._take_cause),
        ):
            notices.handlers[kind] = handler
        for kind, heard in (
            (Told.NOTICE, self._notice_settled),
            (Told.PROPOSAL, self._proposal_settled),
            (Told.CONSENT, self._consent_settled),
        ):
            notices.heard[kind] = heard
        changes.subscribe(self._changed)

    # --- what a person does -------------------------------------------------------------------------------------------

    async def end(self, operator: str, id: str, how: How, *, at: int | None = None, text: str = "") -> Agreement:
        """End a contract, or begin to; `at` is the earliest wanted, in the person's own words `text`.

        Raises `InputError` (no such contract, no notice in its terms, too early, an instant that is over, a cause
        without words), `TransitionError` (over already, or already ending no later; not concluded on both sides yet).
        """

        def act(tx: Transaction) -> Agreement:
            agreement, now = self._in_force(tx, id), self._clock.now()
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

    async def consent(self, operator: str, id: str) -> Agreement:
        """A person agrees to the end that the other side has proposed. Raises as `end`."""

        def act(tx: Transaction) -> None:
            agreement, proposal = self._proposed(tx, id)
            params = {"proposal": proposal.id, "ends": proposal.params.get("ends", "")}
            told = self._notices.tell(tx, agreement.peer, id, Told.CONSENT, params, actor=operator)
            self._keep(tx, replace(agreement, proposed="", asked=told.id), "contract.consenting", operator)
            if told.state != "open":
                self._consent_settled(tx, told)

        await self._store.write(act)
        return await self._seen_to(id)

    async def decline(self, operator: str, id: str, text: str = "") -> Agreement:
        """A person does not agree to the end that the other side has proposed. Raises as `end`."""

        def act(tx: Transaction) -> Agreement:
            agreement, proposal = self._proposed(tx, id)
            params = {"proposal": proposal.id, **({"reason": text} if text else {})}
            self._notices.tell(tx, agreement.peer, id, Told.DECLINE, params, actor=operator)
            return self._keep(tx, replace(agreement, proposed=""), "contract.declining", operator)

        return await self._store.write(act)

    async def hold(self, operator: str, id: str, text: str = "") -> Agreement:
        """Stop the data of a contract at once without ending it; its running transfers are suspended.

        Raises `InputError`, `TransitionError` (over, or held already).
        """

        def act(tx: Transaction) -> Agreement:
            agreement = self._in_force(tx, id)
            if agreement.held is not None:
                raise TransitionError("contract.held_already")
            held = Reason(MANUAL, {"text": text or "-"})
            self._transfers.suspend_under(tx, id, held)
            return self._keep(tx, replace(agreement, held=held), "contract.holding", operator, text=text)

        return await self._store.write(act)

    async def release(self, operator: str, id: str) -> Agreement:
        """Let a held contract go on, whoever or whatever has held it. Raises as `hold`."""

        def act(tx: Transaction) -> Agreement:
            agreement = self._in_force(tx, id)
            if agreement.held is None:
                raise TransitionError("contract.not_held")
            self._transfers.resume_under(tx, id, MANUAL)
            return self._keep(tx, replace(agreement, held=None), "contract.released", operator)

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
        return self._tell(tx, operator, a, Told.NOTICE, ends, text, self._notice_settled)

    def _propose(self, tx: Transaction, operator: str, a: Agreement, at: int | None, text: str) -> Agreement:
        ends = self._clock.now() if at is None else at
        _sooner(a, ends)
        waiting = tx.get(Notice, a.asked)
        if waiting is not None and waiting.kind != Told.PROPOSAL:
            raise TransitionError("contract.noticed_already")
        return self._tell(tx, operator, a, Told.PROPOSAL, ends, text, self._proposal_settled)

    def _for_cause(self, tx: Transaction, operator: str, a: Agreement, at: int | None, text: str) -> Agreement:
        if not text:
            raise InputError("contract.cause_missing")
        if at is not None:
            raise InputError("contract.cause_now")
        self._notices.tell(tx, a.peer, a.id, Told.CAUSE, {"reason": text}, actor=operator)
        return self._set(
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
        after = self._keep(tx, replace(a, asked=told.id), "contract.asked", operator, kind=kind.value, **params)
        if told.state != "open":
            settled(tx, told)
        return after

    # --- what became of our notices -----------------------------------------------------------------------------------

    def _notice_settled(self, tx: Transaction, notice: Notice) -> None:
        """Our notice was answered, or cannot be told: the end is certain now, unless the peer refuses it."""
        a = tx.get(Agreement, notice.about)
        if a is None or a.asked != notice.id:
            return
        after, answer, asked = replace(a, asked=""), answer_to(notice), _ends(notice.params)
        if notice.state == "answered" and answer is not None and answer.kind == "refused":
            self._keep(tx, after, "contract.refused", notice.peer, code=answer.code)
            return
        ends = self._answered(a, asked, {} if answer is None else answer.params)
        self._set(tx, after, ends, _by_notice(notice), notice.peer)

    def _answered(self, a: Agreement, asked: int, params: Mapping[str, str]) -> int:
        """The end that an answer makes of the one that we have asked for.

        INVARIANT: it is never earlier than asked for, and a peer cannot put it off beyond what the terms say of a
        notice that it has only now received.
        """
        now = self._clock.now()
        if params.get("state") == "ended":
            return now
        latest = max(asked, earliest_end(a, now) or asked)
        said = _instant(params.get("ends", ""))
        return max(asked, now if said is None else min(said, latest + LEEWAY))

    def _proposal_settled(self, tx: Transaction, notice: Notice) -> None:
        """Our proposal has arrived, and waits for a person there; or it cannot, and there is none."""
        a = tx.get(Agreement, notice.about)
        if a is None or a.asked != notice.id:
            return
        answer = answer_to(notice)
        if answer is not None and answer.params.get("state") == "ended":
            self._set(tx, replace(a, asked=""), self._clock.now(), _by_agreement(notice), notice.peer)
        elif notice.state != "answered" or (answer is not None and answer.kind == "refused"):
            code = notice.state if answer is None else answer.code
            self._keep(tx, replace(a, asked=""), "contract.refused", notice.peer, code=code)

    def _consent_settled(self, tx: Transaction, notice: Notice) -> None:
        """Our consent was heard: the end is certain; or the proposal had been taken back, and nothing ends.

        Where it cannot be told it counts all the same: the other side has wished for this end.
        """
        a = tx.get(Agreement, notice.about)
        if a is None or a.asked != notice.id:
            return
        after, answer = replace(a, asked=""), answer_to(notice)
        if notice.state == "answered" and answer is not None and answer.kind == "refused":
            self._keep(tx, after, "contract.refused", notice.peer, code=answer.code)
            return
        said = _instant("" if answer is None else answer.params.get("ends", ""))
        ends = max(_ends(notice.params), notice.created) if said is None else said
        self._set(tx, after, ends, _by_agreement(tx.get(Notice, notice.params["proposal"]) or notice), notice.peer)

    # --- what a peer tells --------------------------------------------------------------------------------------------

    def _take_notice(self, tx: Transaction, caller: Caller, notice: Notice) -> Answer:
        a, now = _theirs(tx, caller, notice), self._clock.now()
        if isinstance(a, NodeError) or not a.in_force:
            return a if isinstance(a, NodeError) else {"state": "ended"}
        asked, earliest = _instant(notice.params.get("ends", "")), earliest_end(a, now)
        if asked is None:
            return MessageError("notice.unreadable")
        if earliest is None:
            return RefusedError("contract.no_notice")
        promised = earliest_end(a, notice.created)
        if promised is not None and asked < promised:
            return RefusedError("contract.too_early", earliest=instants.stamp(promised))
        ends = max(asked, earliest)
        self._set(tx, a, ends, _by_notice(notice), caller.id)
        return {"ends": instants.stamp(ends)}

    def _take_proposal(self, tx: Transaction, caller: Caller, notice: Notice) -> Answer:
        a = _theirs(tx, caller, notice)
        if isinstance(a, NodeError) or not a.in_force:
            return a if isinstance(a, NodeError) else {"state": "ended"}
        if _instant(notice.params.get("ends", "")) is None:
            return MessageError("notice.unreadable")
        kept = tx.get(Notice, a.proposed)
        if kept is None or kept.created <= notice.created:  # an older one that was overtaken changes nothing
            self._keep(tx, replace(a, proposed=notice.id), "contract.proposed", caller.id, **notice.params)
        return {"state": "waiting"}

    def _take_consent(self, tx: Transaction, caller: Caller, notice: Notice) -> Answer:
        a = _theirs(tx, caller, notice)
        if isinstance(a, NodeError) or not a.in_force:
            return a if isinstance(a, NodeError) else {"state": "ended"}
        proposal = tx.get(Notice, a.asked)
        if proposal is None or proposal.kind != Told.PROPOSAL or proposal.id != notice.params.get("proposal"):
            return RefusedError("contract.no_proposal")
        ends = max(_ends(proposal.params), self._clock.now())
        self._set(tx, replace(a, asked=""), ends, _by_agreement(proposal), caller.id)
        return {"ends": instants.stamp(ends)}

    def _take_decline(self, tx: Transaction, caller: Caller, notice: Notice) -> Answer:
        a = _theirs(tx, caller, notice)
        if isinstance(a, NodeError):
            return a
        proposal = tx.get(Notice, a.asked)
        if proposal is not None and proposal.kind == Told.PROPOSAL and proposal.id == notice.params.get("proposal"):
            text = notice.params.get("reason", "")
            self._keep(tx, replace(a, asked=""), "contract.declined", caller.id, text=text)
        return {}

    def _take_cause(self, tx: Transaction, caller: Caller, notice: Notice) -> Answer:
        a = _theirs(tx, caller, notice)
        if isinstance(a, NodeError):
            return a
        if a.in_force:
            why = Reason("contract.for_cause", {"text": notice.params.get("reason", "-")})
            self._set(tx, a, self._clock.now(), why, caller.id)
        return {"state": "ended"}

    # --- the watch ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Do what is due about contracts, for ever. A start looks through every contract in force once."""
        while not await self._done(self._gather(), ""):
            await self._clock.sleep(AGAIN / 1_000_000)
        while True:
            for id in self.agenda.due():
                if not await self._done(self._look(id), id):
                    self.agenda.set(id, self._clock.now() + AGAIN)
            await self.agenda.wait()

    async def _done(self, work: Awaitable[None], id: str) -> bool:
        """Whether something could be done. A defect about one contract must not keep the others from their ends."""
        try:
            await work
        except OurError as error:
            log.warning("contract.not_seen_to", agreement=id, code=error.reason.code)
        except Exception:
            log.exception("contract.not_seen_to", agreement=id)
        else:
            return True
        return False

    async def _gather(self) -> None:
        after = ""
        while page := await self._page(after):
            await self._clock.sleep(0)  # others have their turn
            for a in page:
                self.agenda.set(a.id, self._next(a))
                if a.expires is None and terms_end(a) is not None:
                    self.agenda.set(a.id, self._clock.now())
            after = page[-1].id

    async def _page(self, after: str) -> list[Agreement]:
        return await self._store.read(lambda view: view.select(Agreement, after=after, limit=100, in_force=True))

    def _changed(self, change: Change) -> None:
        if change.kind == "agreement":
            self.agenda.set(change.id, self._clock.now())

    async def _seen_to(self, id: str) -> Agreement:
        """The contract as it stands now, an end that is due carried out already."""
        await self._look(id)
        found = await self._store.read(lambda view: view.get(Agreement, id))
        assert found is not None  # INVARIANT: agreements are never deleted
        return found

    async def _look(self, id: str) -> None:
        """Do what is due about one contract, and note when to look again."""
        a = await self._store.read(lambda view: view.get(Agreement, id))
        if a is None or not a.in_force:
            self.agenda.set(id, None)
            return
        if a.expires is None and (expires := terms_end(a)) is not None:
            a = await self._store.write(lambda tx: _with_expiry(tx, id, expires))
        now = self._clock.now()
        if over(a, now) is not None:
            a = await self._store.write(lambda tx: self._close(tx, id))
        elif self._passed(a, now) > a.warned:
            a = await self._store.write(lambda tx: self._warn(tx, id))
        self.agenda.set(id, self._next(a) if a.in_force else None)

    def _next(self, a: Agreement) -> int | None:
        end = end_of(a)
        if end is None:
            return None
        return min([end, *(end - days * DAY for days in self._steps[a.warned : a.warned + 1])])

    def _passed(self, a: Agreement, now: int) -> int:
        """How many of the warnings are due."""
        end = end_of(a)
        return 0 if end is None else sum(end - days * DAY <= now for days in self._steps)

    def _warn(self, tx: Transaction, id: str) -> Agreement:
        """One warning, however many days were slept through; none for a contract that was made within them."""
        a, now = self._in_force(tx, id), self._clock.now()
        end, passed = end_of(a), self._passed(a, now)
        if end is None or passed <= a.warned:
            return a
        after = replace(a, warned=passed)
        tx.put(after)
        if self._passed(a, a.concluded) < passed:
            left = str(-(-(end - now) // DAY))
            params = {"agreement": id, "peer": a.peer, "ends": instants.stamp(end), "days": left}
            tx.record(Entry(event="contract.warning", actor="node", params=params))
        return after

    def _close(self, tx: Transaction, id: str) -> Agreement:
        """Terminate what runs under a contract that is over, part by part; with the last part it is closed.

        Until then it counts as in force, so that a node that is started again goes on with it; nothing may happen under
        it any more, since everybody asks `over`.
        """
        a = tx.get(Agreement, id)
        assert a is not None
        why = over(a, self._clock.now())
        if not a.in_force or why is None:
            return a
        if not self._transfers.end_under(tx, id, why, TERMINATIONS):
            return a
        closed = replace(a, in_force=False, ended=why, closed=end_of(a), asked="", proposed="")
        return self._keep(tx, closed, "contract.ended", "node", reason=why.code, **why.params)

    # --- in a transaction ---------------------------------------------------------------------------------------------

    def _in_force(self, tx: Transaction, id: str) -> Agreement:
        a = tx.get(Agreement, id)
        if a is None:
            raise InputError("agreement.unknown", id=id)
        if (why := over(a, self._clock.now())) is not None:
            raise TransitionError(why.code, **why.params)
        return a

    def _proposed(self, tx: Transaction, id: str) -> tuple[Agreement, Notice]:
        a = self._in_force(tx, id)
        proposal = tx.get(Notice, a.proposed)
        if proposal is None:
            raise InputError("contract.no_proposal")
        return a, proposal

    def _set(self, tx: Transaction, a: Agreement, ends: int, why: Reason, actor: str) -> Agreement:
        """An end is certain. INVARIANT: of several the earliest counts, so it does not matter which came first."""
        if (a.ends is not None and a.ends <= ends) or not a.in_force:
            return self._keep(tx, a, "contract.ends_sooner", actor)
        after = replace(a, ends=ends, ending=why)
        after = replace(after, warned=self._passed(after, self._clock.now()))
        return self._keep(tx, after, "contract.ends", actor, ends=instants.stamp(ends), reason=why.code, **why.params)

    def _keep(self, tx: Transaction, a: Agreement, event: str, actor: str, **params: str) -> Agreement:
        """Save, note it in the audit, and have everybody look at the contract again."""
        tx.put(a)
        tx.record(Entry(event=event, actor=actor, params={"agreement": a.id, "peer": a.peer, **params}))
        tx.after(lambda: self._changes.publish(Change("agreement", a.id)))
        return a


def _theirs(view: Reading, caller: Caller, notice: Notice) -> Agreement | UnknownError:
    """The contract with this peer that a notice is about."""
    a = view.get(Agreement, notice.about)
    return UnknownError("agreement.unknown") if a is None or a.peer != caller.id else a


def _concluded(view: Reading, a: Agreement) -> None:
    """Raises `TransitionError` while the other side may not have the contract yet: it would not know what is meant."""
    n = view.get(Negotiation, a.negotiation)
    if n is not None and (n.state != NegotiationState.FINALIZED or n.pending is not None):
        raise TransitionError("contract.unsettled")


def _sooner(a: Agreement, ends: int) -> None:
    """Raises `TransitionError` where the contract ends by then anyway."""
    end = end_of(a)
    if end is not None and end <= ends:
        raise TransitionError("contract.ends_before", ends=instants.stamp(end))


def _with_expiry(tx: Transaction, id: str, expires: int) -> Agreement:
    a = tx.get(Agreement, id)
    assert a is not None
    after = replace(a, expires=expires)
    tx.put(after)
    return after


def _by_notice(notice: Notice) -> Reason:
    return Reason("contract.by_notice", {"text": notice.params.get("reason", "-")})


def _by_agreement(notice: Notice) -> Reason:
    return Reason("contract.by_agreement", {"text": notice.params.get("reason", "-")})


def _instant(text: str) -> int | None:
    """An instant as a peer has written it, None where it cannot be read."""
    try:
        return instants.instant(text)
    except ValueError:
        return None


def _ends(params: Mapping[str, str]) -> int:
    """The instant in a notice that was read before."""
    return instants.instant(params["ends"])
