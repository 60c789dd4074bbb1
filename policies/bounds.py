"""Negotiation within bounds: what an owner would still accept, and the closest answer to what was asked.

What lives here: the owner's limits, reading them, and the answer to a request, with what was changed and why. What does
not: negotiating (`connector.protocol`), approving. The limits are a policy in the short form, of which whatever is
agreed must be a part:

    [[permission]]
    action = "use"
    purpose.isA = "PublicBenefit"             # purposes below it
    retentionPeriod.lteq = "P90D"             # kept for no longer
    [[permission.duty]]
    action = "anonymize"
    minGroupSize.gteq = 10                    # in groups of at least ten

What is asked is kept operand by operand where it lies within the limits, narrowed where it goes beyond them, and
replaced by the limits where both have nothing in common.

INVARIANT: nothing is answered with that is not shown to lie within the limits (`compare.within`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from policies import compare, labels, render, short
from policies.claims import Claim
from policies.duties import belongs_to
from policies.model import Atomic, Constraint, Policy, PolicyError, PolicyKind, Reason, Rule, RuleKind, Scope, atoms
from policies.operands import OPERANDS
from policies.strictness import at_least, constraint_key, rule_key
from policies.vocabulary import USE
from policies.witness import witness
from policies.work import Work

LONGEST: Final = 100_000
"""Bytes of a file of limits."""

_SHARE: Final = 200_000
"""Steps of work that the answer to a peer may cost; what is not found within them is answered with the limits
themselves."""

_MOST_PAIRS: Final = 64
"""How many permissions are held against each other, those asked for times those of the limits."""

_NAME: Final = "urn:allmende:bounds"
_NAMED: Final = re.compile(r"^\s*policy\s*=", re.MULTILINE)


class Verdict(StrEnum):
    """What the limits say to a request: as asked, with changes, or not at all."""

    ACCEPT = "accept"
    COUNTER = "counter"
    REFUSE = "refuse"


class Bounds(Struct, frozen=True):
    """The owner's limits, as a policy of which whatever is agreed must be a part."""

    limit: Policy


class Reply(Struct, frozen=True):
    """The verdict, the terms that go with it (None where refused), and what was changed and why."""

    verdict: Verdict
    terms: Policy | None = None
    reasons: tuple[Reason, ...] = ()


class _Met(Struct, frozen=True):
    """A permission that lies in what is asked and in the limits, and what had to be changed for it."""

    rule: Rule
    changes: tuple[Reason, ...]


def read(data: bytes) -> Bounds:
    """The limits that a file in the short form states.

    Raises `PolicyError` with the place: what the short form does not understand, what the protocol cannot carry to a
    peer, `bounds.nothing` where nothing would ever be accepted, `bounds.target` where they name an asset.
    """
    if len(data) > LONGEST:
        raise PolicyError(Reason("bounds.large", {"limit": str(LONGEST)}))
    limit = _read(data)
    if limit.target is not None or any(rule.target is not None for rule in limit.rules):
        raise PolicyError(Reason("bounds.target"), "/target")
    render.to_dsp(replace(limit, kind=PolicyKind.OFFER))
    if witness((limit,)).request is None:
        raise PolicyError(Reason("bounds.nothing"))
    return Bounds(labels.bare(limit))


def _read(data: bytes) -> Policy:
    """The policy; limits need no name of their own."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise PolicyError(Reason("form.toml"), "line 1") from None
    if _NAMED.search(text):
        return short.read(text)
    try:
        return short.read(f'policy = "{_NAME}"\n{text}')
    except PolicyError as error:
        line = error.where.removeprefix("line ")
        where = f"line {max(int(line) - 1, 1)}" if line.isdigit() else error.where
        raise PolicyError(error.reason, where) from None


def reply(bounds: Bounds, asked: Policy) -> Reply:
    """The closest acceptable answer to what is asked. Its terms have the id, target and parties of the request."""
    limit = replace(bounds.limit, id=asked.id, kind=asked.kind, target=None, assigner=None)
    if limit.assignee not in (None, asked.assignee):
        return Reply(Verdict.REFUSE, reasons=(Reason("assignee.other", {"assignee": str(limit.assignee)}),))
    work = Work(_SHARE)
    compared = compare.within(asked, limit, work)
    if compared.within:
        return Reply(Verdict.ACCEPT, asked)
    for terms, reasons in _answers(asked, limit, work):
        if compare.within(terms, limit, work).within and witness((terms,), work=work).request is not None:
            return Reply(Verdict.COUNTER, terms, reasons)
    whole = replace(limit, target=asked.target, assigner=asked.assigner, assignee=asked.assignee)
    # What the owner has written costs what it costs: nothing of it is the peer's.
    if compare.within(whole, limit).within:
        return Reply(Verdict.COUNTER, whole, (Reason("bounds.limits"),))
    return Reply(Verdict.REFUSE, reasons=tuple(one.reason for one in compared.differences))


def _answers(asked: Policy, limit: Policy, work: Work) -> Iterator[tuple[Policy, tuple[Reason, ...]]]:
    """What may be answered beside the limits themselves, the closest first; whether it may is for the caller to see."""
    allowed, wanted = _of(limit, RuleKind.PERMISSION), _of(asked, RuleKind.PERMISSION)
    if len(allowed) * len(wanted) > _MOST_PAIRS:
        return
    met = [min((_meet(rule, one, work) for one in allowed), key=_distance) for rule in wanted]
    if met:
        yield _answer(asked, limit, met)
        yield _answer(asked, limit, [min(met, key=_distance)])


def _answer(asked: Policy, limit: Policy, met: Sequence[_Met]) -> tuple[Policy, tuple[Reason, ...]]:
    changes = [change for one in met for change in one.changes]
    rules: list[Rule] = [one.rule for one in met]
    for kind, code in ((RuleKind.PROHIBITION, "bounds.prohibition"), (RuleKind.OBLIGATION, "bounds.obligation")):
        own, theirs = _of(asked, kind), _of(limit, kind)
        kept = [rule for rule in own if not _of_another(rule, asked) or _among(rule, theirs)]
        added = [rule for rule in theirs if not _among(rule, own)]
        changes += [Reason("bounds.dropped", {"action": rule.action}) for rule in own if rule not in kept]
        changes += [Reason(code, {"action": rule.action}) for rule in added]
        rules += [*kept, *added]
    if asked.notice != limit.notice:
        changes.append(Reason("bounds.notice", {"asked": asked.notice or "", "answered": limit.notice or ""}))
    profile = tuple(dict.fromkeys((*asked.profile, *limit.profile)))
    terms = replace(asked, rules=tuple(rules), notice=limit.notice, conflict=limit.conflict, profile=profile)
    return terms, tuple(change for place, change in enumerate(changes) if change not in changes[:place])


def _of(policy: Policy, kind: RuleKind) -> list[Rule]:
    return [rule for rule in policy.rules if rule.kind is kind]


def _among(rule: Rule, others: Iterable[Rule]) -> bool:
    return rule_key(rule) in map(rule_key, others)


def _of_another(rule: Rule, asked: Policy) -> bool:
    """Does it bind somebody else than the one who asks?"""
    return rule.assignee is not None and rule.assignee.iri != asked.assignee


def _distance(met: _Met) -> int:
    return len(met.changes)


# --- one permission ---------------------------------------------------------------------------------------------------


def _meet(asked: Rule, limit: Rule, work: Work) -> _Met:
    """The widest permission within both, operand by operand; the limit's words where they have nothing in common."""
    action = asked.action if belongs_to(asked.action, limit.action) else limit.action
    changes = [] if action == asked.action else [Reason("bounds.action", {"asked": asked.action, "answered": action})]
    constraints, narrowed = _conditions(asked.constraints, limit.constraints, work)
    refinements, refined = _conditions(asked.refinements, limit.refinements, work)
    duties, added = _duties(asked, limit, work)
    rule = replace(
        asked,
        action=action,
        constraints=constraints,
        refinements=refinements,
        duties=duties,
        assigner=limit.assigner,
        output=limit.output,
        parties=limit.parties,
        assignee=_scope(asked.assignee, limit.assignee),
    )
    return _Met(rule, (*changes, *narrowed, *refined, *added))


def _scope(asked: Scope | None, limit: Scope | None) -> Scope | None:
    return asked if limit is None else limit


def _duties(asked: Rule, limit: Rule, work: Work) -> tuple[tuple[Rule, ...], list[Reason]]:
    """The duties asked for that bind who asks, and the limit's where these are not as strict."""
    own = [duty for duty in asked.duties if duty.assignee is None or _among(duty, limit.duties)]
    missing = [due for due in limit.duties if not any(at_least(duty, due) and _alike(duty, due, work) for duty in own)]
    weaker = [duty for duty in own if any(due.action == duty.action and at_least(due, duty) for due in missing)]
    dropped = [Reason("bounds.dropped", {"action": duty.action}) for duty in asked.duties if duty not in own]
    added = [Reason("bounds.duty", {"action": due.action}) for due in missing]
    return (*(duty for duty in own if duty not in weaker), *missing), [*dropped, *added]


def _alike(duty: Rule, due: Rule, work: Work) -> bool:
    """Is a duty that is as strict due whenever the other is, and as early? Shown by `within` on the whole."""
    permission = Rule(RuleKind.PERMISSION, duty.action)
    mine, theirs = (_alone((), replace(permission, duties=(one,))) for one in (duty, due))
    return compare.within(mine, theirs, work).within


# --- constraints ------------------------------------------------------------------------------------------------------


def _conditions(
    asked: Sequence[Constraint], limit: Sequence[Constraint], work: Work
) -> tuple[tuple[Constraint, ...], list[Reason]]:
    """What is asked, brought within the limit."""
    found: list[Constraint] = []
    changes: list[Reason] = []
    for left in dict.fromkeys(map(_about, (*asked, *limit))):
        mine = [one for one in asked if _about(one) == left]
        theirs = [one for one in limit if _about(one) == left]
        result = _narrowed(mine, theirs, work) if len(left) == 1 else _both(mine, theirs)
        if {constraint_key(one) for one in result} != {constraint_key(one) for one in mine}:
            changes.append(_change(left, mine, result))
        found += result
    return tuple(found), changes


def _about(constraint: Constraint) -> tuple[str, ...]:
    """The operands that a constraint speaks of."""
    return tuple(sorted({atom.left for atom in atoms((constraint,))}))


def _both(mine: list[Constraint], theirs: list[Constraint]) -> list[Constraint]:
    keys = [constraint_key(one) for one in mine]
    return [*mine, *(one for one in theirs if constraint_key(one) not in keys)]


def _narrowed(mine: list[Constraint], theirs: list[Constraint], work: Work) -> list[Constraint]:
    """Constraints on one operand: what is asked, less what goes beyond the limit."""
    asked, limit = _alone(mine), _alone(theirs)
    if not theirs or (mine and compare.within(asked, limit, work).within):
        return mine
    if not mine or compare.within(limit, asked, work).within or witness((asked, limit), work=work).request is None:
        return theirs
    kept = [one for one in mine if not compare.within(limit, _alone([one]), work).within]
    needed = [one for one in theirs if not compare.within(asked, _alone([one]), work).within]
    return _both(kept, needed)


def _alone(constraints: Iterable[Constraint], rule: Rule | None = None) -> Policy:
    """A policy that permits where the constraints hold."""
    rule = rule or Rule(RuleKind.PERMISSION, USE)
    return Policy("", PolicyKind.SET, (replace(rule, constraints=tuple(constraints)),))


def _change(left: tuple[str, ...], mine: Sequence[Constraint], result: Sequence[Constraint]) -> Reason:
    """What was asked and what is answered, in the notation where it has words for it."""
    operands = " ".join(OPERANDS[one].name if one in OPERANDS else one for one in left)
    asked, answered = _noted(mine), _noted(result)
    if asked is None or answered is None:
        return Reason("bounds.changed", {"operands": operands})
    if not mine:
        return Reason("bounds.added", {"answered": answered})
    return Reason("bounds.narrowed", {"asked": asked, "answered": answered})


def _noted(constraints: Sequence[Constraint]) -> str | None:
    plain = [one for one in constraints if isinstance(one, Atomic) and len(one.right) == 1]
    known = all(one.left in OPERANDS for one in plain)
    return (
        render.notation(Claim(one.left, one.operator, one.right[0]) for one in plain)
        if known and len(plain) == len(constraints)
        else None
    )
