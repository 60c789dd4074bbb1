"""The life of a contract as people see it: how it stands, what was told about its end and what came of that.

What lives here: the choice of words. What does not: the words (`sentences.contracts`), the shapes (`views.lives`), what
follows from anything (`services.life.endings`).
"""

from __future__ import annotations

from connector.http import views
from connector.records import Agreement, Notice
from connector.sentences import TEMPLATES, Language, sentence
from connector.services.life.contracts import earliest_end, end_of, over
from connector.services.notices import NoticeAnswer, answer_to
from policies import instants
from policies.model import Reason


def life(one: Agreement, now: int, language: Language) -> views.LifeView:
    """How a contract stands at `now`."""
    return views.LifeView(
        states=tuple(_reason(state, language) for state in states(one, now)),
        ends=end_of(one),
        expires=one.expires,
        earliest=earliest_end(one, now) if over(one, now) is None else None,
        closed=one.closed,
        held=None if one.held is None else _reason(one.held, language),
        proposed=one.proposed,
        replaces=one.replaces,
        replaced=one.replaced,
        amending=one.amending,
    )


def states(one: Agreement, now: int) -> list[Reason]:
    """Everything that is to be said about how a contract stands, the most important first."""
    ended = over(one, now)
    found = [ended] if ended is not None else [_future(one)]
    if one.replaced:
        found.append(Reason("life.successor", {"by": one.replaced}))
    if one.replaces:
        found.append(Reason("life.predecessor", {"of": one.replaces}))
    if ended is not None:
        return found
    found += [one.held] if one.held is not None else []
    found += [Reason("life.asked")] if one.asked else []
    found += [Reason("life.proposed")] if one.proposed else []
    found += [Reason("life.amending", {"negotiation": one.amending})] if one.amending else []
    return found


def _future(one: Agreement) -> Reason:
    end = end_of(one)
    if end is None:
        return Reason("life.open")
    code = "life.ending" if one.ends == end else "life.until"
    return Reason(code, {"ends": instants.stamp(end)})


def notice(one: Notice, language: Language) -> views.NoticeView:
    """A notice, with what came of it."""
    answer = answer_to(one)
    return views.NoticeView(
        id=one.id,
        kind=one.kind,
        ours=one.ours,
        state=one.state,
        at=one.created,
        settled=one.settled,
        params=one.params,
        answer=None if answer is None else _reason(_said(answer), language),
        sentence=f"{sentence(_told(one), language)} {sentence(_outcome(one, answer), language)}",
    )


def _told(one: Notice) -> Reason:
    code = f"told.{one.kind}.{'ours' if one.ours else 'theirs'}"
    params = {**one.params, "reason": one.params.get("reason", "-"), "kind": one.kind}
    return Reason(code if code in TEMPLATES else "told.other", params)


def _outcome(one: Notice, answer: NoticeAnswer | None) -> Reason:
    if one.state == "answered" and answer is not None:
        return _said(answer)
    return Reason(f"outcome.{one.state}")


def _said(answer: NoticeAnswer) -> Reason:
    """What an answer says. A reason of the other side is said in our words where we have any."""
    if answer.kind != "refused":
        return Reason(f"outcome.{answer.kind}", answer.params)
    return Reason("outcome.refused", {**answer.params, "said": answer.code, "code": answer.code})


def _reason(given: Reason, language: Language) -> views.ReasonView:
    return views.ReasonView(code=given.code, params=given.params, sentence=sentence(given, language))
