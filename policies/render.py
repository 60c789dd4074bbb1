"""Writing policies: the model -> plain JSON in the strict form of the Dataspace Protocol, and a one-line notation.

What lives here: `to_dsp`, which `parse.from_dsp` reads back to the same policy, and the notation that differences are
written in. What does not: sentences (`explain`). Source: Dataspace Protocol 2025-1, contract-schema.json: operands with
the prefix `odrl:` (its context defines none of their names) or as full IRIs, right operands as strings or typed values,
no bare numbers, no empty arrays.

What the protocol's context has no word for is refused by name. What has no effect is not for the wire: remarks, labels,
the record of what was inherited.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from msgspec.structs import replace

from policies import notice
from policies.claims import ACTION, ASSIGNEE, TARGET, Claim
from policies.instants import stamp
from policies.model import (
    ODRL,
    Atomic,
    Connective,
    Constraint,
    Operator,
    Policy,
    PolicyError,
    PolicyKind,
    Reason,
    Rule,
    RuleKind,
    Strategy,
)
from policies.operands import OPERANDS, SET_OPERATORS
from policies.vocabulary import USE, XSD

PARTS = {ACTION: "action", ASSIGNEE: "assignee", TARGET: "target"}
"""Parts of a policy that appear in the notation beside operands."""


def to_dsp(policy: Policy) -> dict[str, Any]:
    """The policy as an object without a context, fit for a message. Raises `PolicyError` `form.carry` with the term and
    its place (`/permission/0/refinement`) where the protocol cannot carry it."""
    _carried(policy)
    document: dict[str, Any] = {"@id": policy.id, "@type": policy.kind.value}
    if policy.profile:
        document["profile"] = policy.profile[0] if len(policy.profile) == 1 else list(policy.profile)
    for key in ("target", "assigner", "assignee"):
        if (name := getattr(policy, key)) is not None:
            document[key] = name
    if policy.timestamp is not None:
        document["timestamp"] = stamp(policy.timestamp)
    for kind in _TOP:
        period = policy.notice if kind is RuleKind.PERMISSION else None
        found = [rule for rule in policy.rules if rule.kind is kind]
        if rules := [_rule(rule, period, f"/{kind}/{n}") for n, rule in enumerate(found)]:
            document[kind.value] = rules
    return document


def carried(policy: Policy) -> Policy:
    """The policy as the wire has it: without what has no effect, and without the strategy that holds there anyway."""
    rules = tuple(_plain(rule) for rule in policy.rules)
    return replace(policy, rules=rules, conflict=None, inherits=(), remarks=())


def _plain(rule: Rule) -> Rule:
    return replace(rule, remarks=(), duties=tuple(map(_plain, rule.duties)))


def _carried(policy: Policy) -> None:
    """Return if the protocol has words for the policy as a whole. Raises `PolicyError`."""
    if policy.kind not in (PolicyKind.OFFER, PolicyKind.AGREEMENT, PolicyKind.SET):
        _uncarried("/@type", policy.kind.value)
    if policy.conflict not in (None, Strategy.PROHIBIT):
        _uncarried("/conflict", policy.conflict.value)
    if all(rule.kind is RuleKind.OBLIGATION for rule in policy.rules):
        _uncarried("/obligation", "obligation")
    if policy.notice is not None and all(rule.kind is not RuleKind.PERMISSION for rule in policy.rules):
        _uncarried("/permission", notice.NOTICE)


def _uncarried(place: str, term: str) -> NoReturn:
    raise PolicyError(Reason("form.carry", {"term": term[:200]}), place)


_TOP = (RuleKind.PERMISSION, RuleKind.PROHIBITION, RuleKind.OBLIGATION)
_UNCARRIED = (
    *(("refinements", "refinement"), ("target", "target"), ("output", "output"), ("assigner", "assigner")),
    *(("assignee", "assignee"), ("parties", "function"), ("remedies", "remedy"), ("consequences", "consequence")),
)


def _rule(rule: Rule, period: str | None, at: str) -> dict[str, Any]:
    for field, term in _UNCARRIED:
        if getattr(rule, field):
            _uncarried(f"{at}/{term}", term)
    written: dict[str, Any] = _named(rule.id)
    # `use` is the one action that the protocol's context knows by its bare name.
    written["action"] = "use" if rule.action == USE else _term(rule.action)
    constraints = [_constraint(one, f"{at}/constraint/{n}") for n, one in enumerate(rule.constraints)]
    if period is not None:
        constraints.append(_notice(period))
    if constraints:
        written["constraint"] = constraints
    if rule.duties:
        written["duty"] = [_rule(one, None, f"{at}/duty/{n}") for n, one in enumerate(rule.duties)]
    return written


def _named(id: str) -> dict[str, Any]:
    return {"@id": id} if id and not id.startswith("_:") else {}


def _term(iri: str) -> str:
    """A term of ODRL with its prefix, any other in full."""
    return "odrl:" + iri.removeprefix(ODRL) if iri.startswith(ODRL) else iri


def _notice(period: str) -> dict[str, Any]:
    value = {"@value": period, "@type": notice.DATATYPE.replace(XSD, "xsd:")}
    return {"leftOperand": notice.NOTICE, "operator": Operator.EQ.value, "rightOperand": value}


def _constraint(constraint: Constraint, at: str) -> dict[str, Any]:
    if isinstance(constraint, Atomic):
        return {**_named(constraint.id), **_atomic(constraint, at)}
    if constraint.connective is Connective.AND_SEQUENCE:
        _uncarried(at, constraint.connective.value)
    members = [_constraint(one, f"{at}/{constraint.connective}/{n}") for n, one in enumerate(constraint.members)]
    return {**_named(constraint.id), constraint.connective.value: members}


def _atomic(constraint: Atomic, at: str) -> dict[str, Any]:
    for term in ("unit", "reference", "status", "datatype"):
        if getattr(constraint, term):
            _uncarried(f"{at}/{term}", term)
    if constraint.left not in OPERANDS:
        _uncarried(f"{at}/leftOperand", constraint.left)
    values = [_value(constraint.left, value) for value in constraint.right]
    return {
        "leftOperand": _term(constraint.left),
        "operator": constraint.operator.value,
        "rightOperand": values if constraint.operator in SET_OPERATORS else values[0],
    }


def _value(left: str, canonical: str) -> str | dict[str, str]:
    text, datatype = OPERANDS[left].write(canonical)
    return text if datatype is None else {"@value": text, "@type": datatype.replace(XSD, "xsd:")}


def notation(claims: Iterable[Claim]) -> str:
    """`purpose eq https://...#PublicBenefit & not count lteq 3`; values as on the wire, no blanks within a part."""
    return " & ".join(_claim(claim) for claim in claims)


def _claim(claim: Claim) -> str:
    operand = OPERANDS.get(claim.left)
    name = PARTS.get(claim.left, claim.left) if operand is None else operand.name
    value = claim.right if operand is None else operand.write(claim.right)[0]
    return f"{'' if claim.holds else 'not '}{name} {claim.operator} {value}"


def read_notation(text: str) -> list[Claim]:
    """The claims of a notation. Raises `ValueError` where it is none."""
    names = {operand.name: operand for operand in OPERANDS.values()}
    parts = {name: left for left, name in PARTS.items()}
    found = []
    for part in text.split(" & "):
        asserted = part.removeprefix("not ")
        name, operator, value = asserted.split(" ")
        left = parts.get(name) or names[name].iri if name in parts or name in names else ""
        if not left:
            raise ValueError("no such operand")
        right = value if name in parts else names[name].read(value)
        found.append(Claim(left, Operator(operator), right, asserted == part))
    return found
