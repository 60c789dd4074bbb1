"""What peers tell about the ends of contracts, and what comes of what we have told.

What lives here: the meaning of each kind of notice about an end, in both directions. What does not: giving one
(`endings`), sending and taking them (`notices`). When an end is certain on which side: see `endings`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from connector.errors import MessageError, NodeError, RefusedError, UnknownError
from connector.ports import Caller, Clock, Reading, Transaction
from connector.records import Agreement, Notice
from connector.services.life.contracts import earliest_end
from connector.services.life.ends import DAY, Ends, Told, asked_for, by_agreement, by_notice, instant
from connector.services.notices import Notices, answer_to
from policies import instants
from policies.model import Reason

LEEWAY = 2 * DAY
"""By how much a peer may put off the end of a notice beyond what we would have said ourselves: clocks and days."""

Answer = Mapping[str, str] | NodeError


class Farewells:
    """Takes notices about ends, and hears what became of ours."""

    def __init__(self, *, clock: Clock, notices: Notices, ends: Ends) -> None:
        self._clock, self._ends = clock, ends
        for kind, handler in (
            (Told.NOTICE, self._take_notice),
            (Told.PROPOSAL, self._take_proposal),
            (Told.CONSENT, self._take_consent),
            (Told.DECLINE, self._take_decline),
            (Told.CAUSE, self._take_cause),
        ):
            notices.handlers[kind] = handler
        for kind, heard in (
            (Told.NOTICE, self.notice_settled),
            (Told.PROPOSAL, self.proposal_settled),
            (Told.CONSENT, self.consent_settled),
        ):
            notices.heard[kind] = heard

    # --- what became of our notices -----------------------------------------------------------------------------------

    def notice_settled(self, tx: Transaction, notice: Notice) -> None:
        """Our notice was answered, or cannot be told: the end is certain now, unless the peer refuses it."""
        a = _ours(tx, notice)
        if a is None:
            return
        answer, asked = answer_to(notice), asked_for(notice.params)
        if notice.state == "answered" and answer is not None and answer.kind == "refused":
            self._ends.keep(tx, a, "contract.refused", notice.peer, code=answer.code)
            return
        ends = self._answered(a, asked, {} if answer is None else answer.params)
        self._ends.set(tx, a, ends, by_notice(notice), notice.peer)

    def _answered(self, a: Agreement, asked: int, params: Mapping[str, str]) -> int:
        """The end that an answer makes of the one that we have asked for.

        INVARIANT: it is never earlier than asked for, and a peer cannot put it off beyond what the terms say of a
        notice that it has only now received. That it is over there already is for a notice of its own to say.
        """
        now = self._clock.now()
        latest = max(asked, earliest_end(a, now) or asked)
        said = instant(params.get("ends", ""))
        return max(asked, now if said is None else min(said, latest + LEEWAY))

    def proposal_settled(self, tx: Transaction, notice: Notice) -> None:
        """Our proposal has arrived, and waits for a person there; or it cannot, and there is none."""
        a = tx.get(Agreement, notice.about)
        if a is None or a.asked != notice.id:
            return
        answer = answer_to(notice)
        if answer is not None and answer.params.get("state") == "ended":
            # Nobody consented: it had ended there before the proposal came. Why is for a notice of its own to say.
            ends = max(asked_for(notice.params), self._clock.now())
            self._ends.set(tx, replace(a, asked=""), ends, Reason("contract.ended_there"), notice.peer)
        elif notice.state != "answered" or (answer is not None and answer.kind == "refused"):
            code = notice.state if answer is None else answer.code
            self._ends.keep(tx, replace(a, asked=""), "contract.refused", notice.peer, code=code)

    def consent_settled(self, tx: Transaction, notice: Notice) -> None:
        """Our consent was heard: the end is certain; or the proposal had been taken back, and nothing ends.

        Where it cannot be told it counts all the same: the other side has wished for this end.
        INVARIANT: nobody has consented to an earlier day than was proposed, whatever the answer says.
        """
        a, answer = _ours(tx, notice), answer_to(notice)
        if a is None:
            return
        if notice.state == "answered" and answer is not None and answer.kind == "refused":
            self._ends.keep(tx, a, "contract.refused", notice.peer, code=answer.code)
            return
        said = instant("" if answer is None else answer.params.get("ends", ""))
        asked, now = asked_for(notice.params), self._clock.now()
        ends = max(asked, notice.created) if said is None else max(asked, min(said, max(asked, now) + LEEWAY))
        self._ends.set(tx, a, ends, by_agreement(tx.get(Notice, notice.params["proposal"]) or notice), notice.peer)

    # --- what a peer tells --------------------------------------------------------------------------------------------

    def _take_notice(self, tx: Transaction, caller: Caller, notice: Notice) -> Answer:
        a, now = _theirs(tx, caller, notice), self._clock.now()
        if isinstance(a, NodeError) or not a.in_force:
            return a if isinstance(a, NodeError) else {"state": "ended"}
        asked, earliest = instant(notice.params.get("ends", "")), earliest_end(a, now)
        if asked is None:
            return MessageError("notice.unreadable")
        if earliest is None:
            return RefusedError("contract.no_notice")
        promised = earliest_end(a, min(notice.created, now))
        if promised is not None and asked < promised:
            return RefusedError("contract.too_early", earliest=instants.stamp(promised))
        ends = max(asked, earliest)
        self._ends.set(tx, a, ends, by_notice(notice), caller.id)
        return {"ends": instants.stamp(ends)}

    def _take_proposal(self, tx: Transaction, caller: Caller, notice: Notice) -> Answer:
        a = _theirs(tx, caller, notice)
        if isinstance(a, NodeError) or not a.in_force:
            return a if isinstance(a, NodeError) else {"state": "ended"}
        if instant(notice.params.get("ends", "")) is None:
            return MessageError("notice.unreadable")
        kept = tx.get(Notice, a.proposed)
        if kept is None or kept.created <= notice.created:  # an older one that was overtaken changes nothing
            said = {name: notice.params[name] for name in ("ends", "reason") if name in notice.params}
            self._ends.keep(tx, replace(a, proposed=notice.id), "contract.proposed", caller.id, **said)
        return {"state": "waiting"}

    def _take_consent(self, tx: Transaction, caller: Caller, notice: Notice) -> Answer:
        a = _theirs(tx, caller, notice)
        if isinstance(a, NodeError) or not a.in_force:
            return a if isinstance(a, NodeError) else {"state": "ended"}
        proposal = tx.get(Notice, a.asked)
        if proposal is None or proposal.kind != Told.PROPOSAL or proposal.id != notice.params.get("proposal"):
            return RefusedError("contract.no_proposal")
        ends = max(asked_for(proposal.params), self._clock.now())
        self._ends.set(tx, replace(a, asked=""), ends, by_agreement(proposal), caller.id)
        return {"ends": instants.stamp(ends)}

    def _take_decline(self, tx: Transaction, caller: Caller, notice: Notice) -> Answer:
        a = _theirs(tx, caller, notice)
        if isinstance(a, NodeError):
            return a
        proposal = tx.get(Notice, a.asked)
        if proposal is not None and proposal.kind == Told.PROPOSAL and proposal.id == notice.params.get("proposal"):
            text = notice.params.get("reason", "")
            self._ends.keep(tx, replace(a, asked=""), "contract.declined", caller.id, text=text)
        return {}

    def _take_cause(self, tx: Transaction, caller: Caller, notice: Notice) -> Answer:
        a = _theirs(tx, caller, notice)
        if isinstance(a, NodeError):
            return a
        if a.in_force:
            if not notice.params.get("reason", "").strip():
                return RefusedError("contract.cause_missing")
            why = Reason("contract.for_cause", {"text": notice.params["reason"]})
            self._ends.set(tx, a, self._clock.now(), why, caller.id)
        return {"state": "ended"}


def _ours(view: Reading, notice: Notice) -> Agreement | None:
    """The contract that a word of ours was about, which waits for it no more; None where that changes nothing.

    INVARIANT: a notice and a consent bind whoever has given them, also where we have asked for something else since.
    """
    a = view.get(Agreement, notice.about)
    if a is None or (a.asked != notice.id and not a.in_force):
        return None
    return replace(a, asked="") if a.asked == notice.id else a


def _theirs(view: Reading, caller: Caller, notice: Notice) -> Agreement | UnknownError:
    """The contract with this peer that a notice is about."""
    a = view.get(Agreement, notice.about)
    return UnknownError("agreement.unknown") if a is None or a.peer != caller.id else a
