"""Questions about policies that are answered for every request there can be.

What lives here: questions in their structured form and their answers. What does not: reading a sentence (`questions`),
the search for a counter-example (`witness`). Source of the duty that binds what is passed on: ODRL Vocabulary 2.2,
`nextPolicy`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from policies import compare, questions, requests
from policies.duties import DUTY_TIMING
from policies.model import (
    ODRL,
    Atomic,
    Constraint,
    Operator,
    Policy,
    PolicyKind,
    Reason,
    Rule,
    RuleKind,
    Scope,
    Semantics,
    Strategy,
)
from policies.requests import Request
from policies.vocabulary import TRANSFER, USE
from policies.voiding import void
from policies.witness import NOT_SHOWN, Witness, witness

NEXT_POLICY: Final = ODRL + "nextPolicy"

Known = Mapping[str, tuple[str, ...]]
"""What is certain about the data of a contract: left operand -> values."""


Opinion = Callable[[Sequence[Policy], Semantics], bool | None]
"""Is there a request that all of the policies permit? None where nobody can say."""


class Answer(StrEnum):
    """Is it so?"""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


class Query(Struct, frozen=True):
    """No policy permits `action` (None: any) on `target` to `assignee` (None: any) where all `constraints` hold."""

    constraints: tuple[Constraint, ...] = ()
    action: str | None = None
    assignee: str | None = None
    target: str | None = None


class Proof(Struct, frozen=True):
    """The answer; where it fails or is unknown, the policy by name, and where it fails a request that shows it."""

    answer: Answer
    policy: str = ""
    request: Request | None = None
    reasons: tuple[Reason, ...] = ()


def query(text: str) -> Query:
    """The question that a sentence asks, in German or English. Raises `PolicyError` naming the words not understood."""
    action, assignee, constraints = questions.read(text)
    return Query(constraints, action, assignee)


def prove(
    asked: Query | str,
    policies: Mapping[str, Policy],
    *,
    known: Mapping[str, Known] | None = None,
    semantics: Semantics = Semantics.STRICT,
    opinion: Opinion | None = None,
) -> Proof:
    """Does it hold for all the policies, by name? One that breaks it is named before one where it is unknown.

    `known` says, by the name of a policy, what is certain about its data; `opinion` is a second one on every answer
    that no request shows. Raises `PolicyError` for a sentence that is not understood.
    """
    question = query(asked) if isinstance(asked, str) else asked
    certain = known or {}
    proofs = []
    for name, policy in policies.items():
        both = policy, _probe(question, certain.get(name, {}))
        proof = _never(witness(both, semantics=semantics), name)
        proofs.append(proof if opinion is None or proof.request else _seconded(proof, opinion(both, semantics)))
    order = (Answer.FAILS, Answer.UNKNOWN)
    return next((one for answer in order for one in proofs if one.answer is answer), Proof(Answer.HOLDS))


def _seconded(proof: Proof, possible: bool | None) -> Proof:
    """The answer in the light of a second opinion, for which there is such a request, or there is none (None: it has
    no opinion)."""
    if possible is None:
        return proof
    if possible:
        return Proof(Answer.UNKNOWN, proof.policy, reasons=(Reason("prove.disputed"),))
    return Proof(Answer.HOLDS, proof.policy)


def always_denies(policy: Policy, *, semantics: Semantics = Semantics.STRICT) -> Proof:
    """Does the policy refuse every request? It fails with one that is permitted."""
    return _never(witness((policy,), semantics=semantics), policy.id)


def vacuous(policy: Policy, *, semantics: Semantics = Semantics.STRICT) -> Sequence[tuple[int, Proof]]:
    """The places of rules without which the policy would permit just the same, or for which that is unknown.

    Obligations are never vacuous: nothing that is permitted depends on them. Of a policy that is void none is: without
    one of its rules it might no longer be.
    """
    found: list[tuple[int, Proof]] = []
    if void(policy) is not None:
        return found
    for place, rule in enumerate(policy.rules):
        without = replace(policy, rules=(*policy.rules[:place], *policy.rules[place + 1 :]))
        proof = _without(rule, policy, without, semantics)
        if proof is not None and proof.answer is not Answer.FAILS:
            found.append((place, proof))
    return found


def _without(rule: Rule, policy: Policy, without: Policy, semantics: Semantics) -> Proof | None:
    match rule.kind:
        case RuleKind.PERMISSION:
            return _never(witness((policy,), (without,), semantics=semantics), policy.id)
        case RuleKind.PROHIBITION:
            return _never(witness((without,), (policy,), semantics=semantics), policy.id)
        case _:
            return None


def passed_on(inbound: Policy, offered: Policy, lookup: Mapping[str, Policy]) -> Proof:
    """May data that came under `inbound` be offered under `offered`, as far as its `nextPolicy` duties say?

    Such a duty names the policy that is to follow by its target, which `lookup` finds, or states its terms itself, as
    constraints. What is offered must lie within it.
    """
    for duty in _next(inbound):
        limit = _following(duty, inbound, lookup)
        if limit is None:
            missing = Reason("next.unknown", {"policy": duty.target.iri if duty.target else ""})
            return Proof(Answer.UNKNOWN, inbound.id, reasons=(missing,))
        narrowed = replace(offered, notice=limit.notice, assignee=None, target=None)
        compared = compare.within(narrowed, limit)
        if not compared.within:
            reasons = tuple(one.reason for one in compared.differences)
            shown = witness((narrowed,), (limit,))
            answer = Answer.UNKNOWN if shown.unknown else Answer.FAILS
            return Proof(answer, inbound.id, shown.request, reasons)
    return Proof(Answer.HOLDS)


def document(found: Proof) -> dict[str, Any]:
    """The proof as plain JSON: `answer`, `policy`, `request`, `reasons`."""
    return {
        "answer": found.answer.value,
        "policy": found.policy or None,
        "request": None if found.request is None else requests.document(found.request),
        "reasons": [{"code": reason.code, **reason.params} for reason in found.reasons],
    }


def _never(found: Witness, name: str) -> Proof:
    if found.none:
        return Proof(Answer.HOLDS, name)
    if found.request is not None:
        return Proof(Answer.FAILS, name, found.request)
    return Proof(Answer.UNKNOWN, name, reasons=(found.unknown or NOT_SHOWN,))


def _probe(asked: Query, known: Known) -> Policy:
    """A policy that permits exactly what must not be permitted."""
    certain = tuple(Atomic(left, Operator.EQ, (value,)) for left, values in known.items() for value in values[:1])
    rules = [
        Rule(
            RuleKind.PERMISSION,
            action,
            (*asked.constraints, *certain),
            assignee=None if asked.assignee is None else Scope(asked.assignee),
            target=None if asked.target is None else Scope(asked.target),
        )
        for action in ((USE, TRANSFER) if asked.action is None else (asked.action,))
    ]
    return Policy("", PolicyKind.SET, tuple(rules), conflict=Strategy.PROHIBIT)


def _next(policy: Policy) -> Iterator[Rule]:
    for rule in policy.rules:
        yield from (one for one in (rule, *rule.duties) if one.action == NEXT_POLICY)


def _following(duty: Rule, inbound: Policy, lookup: Mapping[str, Policy]) -> Policy | None:
    named = None if duty.target is None else duty.target.iri
    stated = tuple(one for one in duty.constraints if not (isinstance(one, Atomic) and one.left == DUTY_TIMING))
    if named is not None and (named in lookup or named != inbound.target):
        return lookup.get(named)
    if not stated:
        return None
    return Policy("", PolicyKind.SET, (Rule(RuleKind.PERMISSION, USE, stated),), conflict=Strategy.PROHIBIT)
