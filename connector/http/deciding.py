"""What people decide about, as they see it: whom a negotiation waits for, on which terms, and what was said before.

What lives here: the words and the order. What does not: the shapes (`views`), who has to be asked (`services`).
"""

from __future__ import annotations

from connector.http import views
from connector.protocol.machine import Role
from connector.protocol.messages import JsonObject
from connector.protocol.negotiation import NEGOTIATION, Negotiation, Round
from connector.records import Ask, Notice, Question
from connector.sentences import Language, sentence
from connector.services.approval.awaited import Waiting, standing_told
from policies import instants
from policies.model import Reason


def tabled(n: Negotiation, waits: Waiting | None) -> JsonObject | None:
    """The terms that would be agreed to as things stand: the draft that waits, or what was said last."""
    question = waits.question if waits else None
    if question is not None and question.draft is not None:
        return question.draft
    return n.offered if n.state == "OFFERED" else n.terms


def rounds(n: Negotiation) -> list[Round]:
    """Who has said what, the oldest first."""
    now = [Round(Role.CONSUMER, n.asked_at, n.asked)] if n.asked is not None and n.asked_at else []
    now += [Round(Role.PROVIDER, n.offered_at, n.offered)] if n.offered is not None and n.offered_at else []
    return sorted((*n.earlier, *now), key=lambda said: said.at)


def waiting(n: Negotiation, peer: str, waits: Waiting | None, language: Language) -> views.WaitingView | None:
    """Whom a negotiation waits for, in words; None where it is over."""
    if NEGOTIATION.is_terminal(n.state):
        return None
    if waits is not None and waits.question is not None:
        return _people_here(waits, waits.question, language)
    if n.pending is not None:
        said = sentence(Reason("waiting.delivery", {"peer": peer}), language)
        return views.WaitingView(whom="delivery", sentence=said, since=n.updated)
    if waits is not None and waits.told is not None:
        return _people_there(peer, waits.told, language)
    said = sentence(Reason("waiting.peer", {"peer": peer}), language)
    return views.WaitingView(whom="peer", sentence=said, since=n.updated)


def _people_here(waits: Waiting, question: Question, language: Language) -> views.WaitingView:
    code = {Ask.AGREE: "waiting.agree", Ask.ACCEPT: "waiting.accept", Ask.REQUEST: "waiting.request"}[question.ask]
    until = instants.stamp(question.deadline)
    params = {"given": str(waits.counted), "needed": str(question.needed), "until": until}
    said = sentence(Reason(code, params), language)
    if len(waits.voters) < question.needed - waits.counted:
        nobody = Reason("waiting.nobody", {"drafted_by": ", ".join(question.drafted_by) or "-"})
        said += " " + sentence(nobody, language)
    return views.WaitingView(
        whom="us",
        sentence=said,
        since=question.asked,
        until=question.deadline,
        needed=question.needed,
        given=waits.counted,
        ask=question.ask,
        votes=tuple(
            views.VoteView(operator=vote.operator, approves=vote.approves, at=vote.at, reason=vote.reason)
            for vote in question.votes
        ),
        drafted_by=question.drafted_by,
        voters=waits.voters,
    )


def _people_there(peer: str, notice: Notice, language: Language) -> views.WaitingView:
    told = standing_told(notice)
    assert told is not None  # INVARIANT: `Waiting` holds no notice that cannot be read
    until = instants.stamp(told.deadline)
    params = {"peer": peer, "given": str(told.given), "needed": str(told.needed), "until": until}
    return views.WaitingView(
        whom="peer",
        sentence=sentence(Reason("waiting.people", params), language),
        since=notice.created,
        until=told.deadline,
        needed=told.needed,
        given=told.given,
    )
