"""Sense: rules that are valid and yet do nothing, contradict each other, or lack what is needed to carry them out.

What lives here: rules that look at the policies as they are understood, and at the parameters of duties. What does not:
validity (`validity`, `conditions`), the law (`law`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from msgspec.structs import replace

from policies import conflicts, meaning, operands, prove
from policies.explain import sentence
from policies.joint import Verdict
from policies.lint.document import (
    LEFT,
    RIGHT,
    Document,
    Member,
    RuleNode,
    actions,
    iris,
    local,
    text,
    unlisted,
)
from policies.lint.finding import Hit
from policies.model import ODRL, Constraint, Logical, Operator, Policy, PolicyError, Rule, RuleKind, Strategy
from policies.nodes import Node, place
from policies.operands import ACTION_VALUES, Place
from policies.strategy import strategy
from policies.transforms import chain
from policies.vocabulary import OWN

_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    OWN + "suppress": (OWN + "field",),
    OWN + "replace": (OWN + "field",),
    OWN + "pseudonymise": (OWN + "field",),
    OWN + "coarsen": (OWN + "temporalResolution", OWN + "spatialResolution"),
    OWN + "perturb": (OWN + "epsilon",),
    OWN + "delay": (ODRL + "delayPeriod",),
}
"""Duty -> the parameters of which it needs one."""
_DEADLINES: Final = {
    ODRL + "dateTime",
    ODRL + "elapsedTime",
    ODRL + "delayPeriod",
    ODRL + "event",
    OWN + "retentionPeriod",
}
_DELETE: Final = ODRL + "delete"
_GROUP, _EPSILON = OWN + "minGroupSize", OWN + "epsilon"
_SMALLEST: Final = 3
_WEAKEST: Final = 3
_ADD: Final = (
    "Die Pflicht vervollständigen; welche Angaben sie braucht, steht in policies/transforms/README.md.",
    "Complete the duty; which parameters it takes is said in policies/transforms/README.md.",
)
_UNNAMED: Final = "urn:allmende:policy"


def check(document: Document, policies: Sequence[Policy]) -> Iterator[Hit]:
    """Everything about policies that are understood."""
    for rule in document.rules:
        yield from _duty(document, rule)
    for member in document.members:
        yield from _member(member)
    for policy in policies:
        yield from _leaving(document, policy)
        node = next((one for one in document.policies if policy.id in (one["@id"], *iris(one, ODRL + "uid"))), None)
        if node is not None:
            yield from _policy(document, node, policy)


# --- duties and their parameters --------------------------------------------------------------------------------------


def _duty(document: Document, rule: RuleNode) -> Iterator[Hit]:
    if rule.kind not in (RuleKind.DUTY, RuleKind.OBLIGATION):
        return
    said = {left for one in document.members if one.rule.node is rule.node for left in iris(one.node, LEFT)}
    for action in actions(document, rule):
        needed = _NEEDS.get(action, ())
        if needed and said.isdisjoint(needed):
            named = " / ".join(map(local, needed))
            yield Hit("duty.parameter", rule.where, {"action": local(action), "needed": named})
        if action == _DELETE and said.isdisjoint(_DEADLINES):
            yield Hit("duty.deadline", rule.where, {"action": local(action)})


def _leaving(document: Document, policy: Policy) -> Iterator[Hit]:
    """Can what the policy demands be done to data on their way out? What lacks its most important parameter is found by
    `_duty`."""
    try:
        chain(policy)
    except PolicyError as error:
        action = error.reason.params.get("action", "")
        rule = next((one for one in document.rules if action in actions(document, one)), None)
        if rule is None or not any(_duty(document, rule)):
            de, en = meaning.mend(error.reason) or _ADD
            said = {"why": sentence(error.reason, "de"), "reason": sentence(error.reason, "en")}
            yield Hit("duty.undoable", rule.where if rule else "", {**said, "hilft": de, "help": en})


def _member(member: Member) -> Iterator[Hit]:
    left, at = next(iter(iris(member.node, LEFT)), ""), member.where
    operand = operands.find(left)
    here = (
        Place.REFINEMENT
        if member.narrows
        else Place.DUTY
        if member.rule.kind in (RuleKind.DUTY, RuleKind.OBLIGATION)
        else Place.RULE
    )
    if operand is not None and here not in operand.places:
        places = ", ".join(sorted(operand.places))
        yield Hit("operand.place", at, {"operand": operand.name, "places": places})
    for value in unlisted(member.node.get(RIGHT, [])) if left in (_GROUP, _EPSILON) else []:
        number = _number(text(value))
        if left == _GROUP and number is not None and number < _SMALLEST:
            yield Hit("group.small", at, {"value": text(value)})
        if left == _EPSILON and number is not None and number > _WEAKEST:
            yield Hit("noise.weak", at, {"value": text(value)})


def _number(told: str) -> Decimal | None:
    try:
        return Decimal(told)
    except InvalidOperation:
        return None


# --- policies as they are understood ----------------------------------------------------------------------------------


def _policy(document: Document, node: Node, policy: Policy) -> Iterator[Hit]:
    at = _Places(document, node, policy)
    if policy.id == _UNNAMED:
        yield Hit("sense.name", place(node))
    dead = yield from _dead(policy, at)
    permissions = [rule for rule in policy.rules if rule.kind is RuleKind.PERMISSION]
    if permissions and (all(rule.id in dead for rule in permissions) or _denies(policy)):
        yield Hit("sense.denies", place(node))
    else:
        yield from _vacuous(policy, at, dead)
    yield from _repeated(policy, at)
    for rule in permissions:
        if _unlimited(policy, rule):
            yield Hit("sense.unlimited", at.of(rule.id))


def _denies(policy: Policy) -> bool:
    """Is it shown that the policy refuses every request?"""
    return prove.always_denies(policy).answer is prove.Answer.HOLDS


def _vacuous(policy: Policy, at: _Places, dead: set[str]) -> Iterator[Hit]:
    """Rules, of one atom each, without which the same would be permitted; those are left out that are named already."""
    ids = [rule.id for rule in policy.rules]
    for number, proof in prove.vacuous(policy):
        rule = policy.rules[number]
        alike = any(replace(rule, id="") == replace(one, id="") for n, one in enumerate(policy.rules) if n != number)
        if proof.answer is prove.Answer.HOLDS and ids.count(rule.id) == 1 and rule.id not in dead and not alike:
            yield Hit("sense.vacuous", at.of(rule.id))


class _Places:
    """Where the rules of a policy stand."""

    def __init__(self, document: Document, node: Node, policy: Policy) -> None:
        self._node, self._found = node, dict[str, str]()
        top = document.top(node)
        for kind in RuleKind:
            ids = dict.fromkeys(rule.id for rule in policy.rules if rule.kind is kind)
            self._found |= {
                id: one.where for id, one in zip(ids, [one for one in top if one.kind is kind], strict=False)
            }

    def of(self, id: str) -> str:
        """The place of a rule by its id; that of the policy where it stands elsewhere."""
        return self._found.get(id) or place(self._node)


def _dead(policy: Policy, at: _Places) -> Generator[Hit, None, set[str]]:
    """Rules that never apply, or contradict another; the ids of permissions without any effect are returned."""
    dead: set[str] = set()
    for pair in conflicts.conflicts((policy,)).pairs:
        params = {name: local(value) for name, value in pair.reason.params.items()}
        if pair.reason.code == "conflict.never":
            dead.add(pair.a.rule)
            named = ", ".join(map(local, pair.operands))
            yield Hit("sense.never", at.of(pair.a.rule), {**params, "operands": named})
        elif pair.verdict is Verdict.CONFLICT:
            name = "sense.conflict" if pair.reason.code == "conflict.permission" else "sense.owed"
            yield Hit(name, at.of(pair.b.rule), params)
    if strategy(policy) is Strategy.PROHIBIT:
        for rule in policy.rules:
            over = next((one for one in policy.rules if _covers(one, rule)), None)
            if over is not None:
                dead.add(rule.id)
                yield Hit("sense.covered", at.of(rule.id), {"prohibited": local(over.action)})
    return dead


def _covers(prohibition: Rule, rule: Rule) -> bool:
    """Does an unconditional prohibition take all of the permission away?"""
    if prohibition.kind is not RuleKind.PROHIBITION or rule.kind is not RuleKind.PERMISSION:
        return False
    same = all(getattr(prohibition, key) in (None, getattr(rule, key)) for key in ("assignee", "target"))
    includes = ACTION_VALUES.holds(Operator.IS_A, (prohibition.action,), rule.action)
    return same and includes is True and not prohibition.constraints and not prohibition.refinements


def _repeated(policy: Policy, at: _Places) -> Iterator[Hit]:
    seen: dict[Rule, str] = {}
    for rule in policy.rules:
        bare = replace(rule, id="", constraints=tuple(map(_bare, rule.constraints)))
        if seen.setdefault(bare, rule.id) != rule.id:
            yield Hit("sense.duplicate", at.of(rule.id))
        if len(set(bare.constraints)) < len(bare.constraints):
            yield Hit("sense.repeated", at.of(rule.id))


def _bare(constraint: Constraint) -> Constraint:
    """The constraint without its id."""
    if isinstance(constraint, Logical):
        return replace(constraint, id="", members=tuple(map(_bare, constraint.members)))
    return replace(constraint, id="")


def _unlimited(policy: Policy, rule: Rule) -> bool:
    bound = rule.constraints or rule.refinements or rule.duties or rule.assignee or policy.assignee
    return not bound and rule.action == ODRL + "use"
