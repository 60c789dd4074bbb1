"""Writing policies: the model -> plain JSON in the strict form of the Dataspace Protocol, and a one-line notation.

What lives here: `to_dsp`, which `parse.from_dsp` reads back to the same policy, and the notation that differences are
written in. What does not: sentences (`explain`). Source: Dataspace Protocol 2025-1, contract-schema.json: operands with
the prefix `odrl:` (its context defines none of their names), right operands as strings or typed values, no bare
numbers, no empty arrays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from policies import notice
from policies.claims import ACTION, ASSIGNEE, TARGET, Claim
from policies.instants import stamp
from policies.model import ODRL, Atomic, Constraint, Operator, Policy, Rule, RuleKind
from policies.operands import OPERANDS, SET_OPERATORS
from policies.vocabulary import USE, XSD

PARTS = {ACTION: "action", ASSIGNEE: "assignee", TARGET: "target"}
"""Parts of a policy that appear in the notation beside operands."""


def to_dsp(policy: Policy) -> dict[str, Any]:
    """The policy as an object without a context, fit for a message. Raises `KeyError` for an operand that no registry
    knows; `parse` lets none in."""
    document: dict[str, Any] = {"@id": policy.id, "@type": policy.kind.value}
    if policy.profile:
        document["profile"] = policy.profile[0] if len(policy.profile) == 1 else list(policy.profile)
    for key in ("target", "assigner", "assignee"):
        if (name := getattr(policy, key)) is not None:
            document[key] = name
    if policy.timestamp is not None:
        document["timestamp"] = stamp(policy.timestamp)
    for kind in RuleKind:
        period = policy.notice if kind is RuleKind.PERMISSION else None
        if rules := [_rule(rule, period) for rule in policy.rules if rule.kind is kind]:
            document[kind.value] = rules
    return document


def _rule(rule: Rule, period: str | None) -> dict[str, Any]:
    # `use` is the one action that the protocol's context knows by its bare name.
    action = "use" if rule.action == USE else "odrl:" + rule.action.removeprefix(ODRL)
    constraints = [_constraint(constraint) for constraint in rule.constraints]
    if period is not None:
        constraints.append(_notice(period))
    return {"action": action, "constraint": constraints} if constraints else {"action": action}


def _notice(period: str) -> dict[str, Any]:
    value = {"@value": period, "@type": notice.DATATYPE.replace(XSD, "xsd:")}
    return {"leftOperand": notice.NOTICE, "operator": Operator.EQ.value, "rightOperand": value}


def _constraint(constraint: Constraint) -> dict[str, Any]:
    if isinstance(constraint, Atomic):
        values = [_value(constraint.left, value) for value in constraint.right]
        return {
            "leftOperand": "odrl:" + OPERANDS[constraint.left].name,
            "operator": constraint.operator.value,
            "rightOperand": values if constraint.operator in SET_OPERATORS else values[0],
        }
    return {constraint.connective.value: [_constraint(member) for member in constraint.members]}


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
