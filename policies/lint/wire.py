"""Traps of policies on the wire of the Dataspace Protocol 2025-1.

What lives here: rules about the JSON document as it is written. What does not: what the policy means. Sources:
Dataspace Protocol 2025-1, ODRL profile context, contract negotiation schema and prose.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from policies.lint.finding import Hit

_LOST: Final = frozenset(
    {"uid", "conflict", "inheritFrom", "refinement", "remedy", "consequence", "unit", "dataType", "status"}
    | {"rightOperandReference", "partOf", "source"}
)
"""Terms of ODRL that the context of the protocol does not have."""
_RULES: Final = ("permission", "prohibition", "obligation")
_AGREEMENT: Final = ("@id", "timestamp", "assigner", "assignee", "target")
_DEEPEST: Final = 32


def check(document: Any) -> Iterator[Hit]:
    """What the protocol's schema, context and prose ask of a policy beyond ODRL."""
    for policy, at in _documents(document):
        yield from _policy(policy, at)
        yield from _walk(policy, at, 0)


def _documents(document: Any) -> Iterator[tuple[dict[str, Any], str]]:
    found = document if isinstance(document, list) else [document]
    for n, one in enumerate(found):
        if isinstance(one, dict):
            yield one, f"/{n}" if isinstance(document, list) else ""


def _policy(policy: dict[str, Any], at: str) -> Iterator[Hit]:
    kind = str(policy.get("@type", "Offer")).removeprefix("odrl:")
    if kind == "Agreement":
        yield from (Hit("wire.agreement", at, {"term": key}) for key in _AGREEMENT if key not in policy)
    if kind == "Offer":
        yield from (Hit("wire.offer", at, {"term": key}) for key in ("@id", "@type") if key not in policy)
        if "permission" not in policy and "prohibition" not in policy:
            yield Hit("wire.rules", at)
    for key in _RULES:
        for n, rule in _listed(policy.get(key)):
            if isinstance(rule, dict) and "target" in rule:
                yield Hit("wire.target", f"{at}/{key}{n}/target")


def _listed(value: Any) -> Iterator[tuple[str, Any]]:
    """Items with how a pointer goes on to each."""
    if isinstance(value, list):
        yield from ((f"/{n}", one) for n, one in enumerate(value))
    elif value is not None:
        yield "", value


def _walk(value: Any, at: str, depth: int) -> Iterator[Hit]:
    """Terms and values at any depth."""
    if depth > _DEEPEST or not isinstance(value, dict):
        return
    for key, inner in value.items():
        term, here = key.removeprefix("odrl:"), f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
        if term in _LOST:
            yield Hit("wire.term", here, {"term": term})
        if term == "operator" and inner == "term-lteq":
            yield Hit("wire.operator", here)
        if term == "andSequence":
            yield Hit("wire.sequence", here)
        for n, one in _listed(inner):
            if term == "rightOperand" and isinstance(one, (int, float, bool)):
                yield Hit("wire.number", here + n)
            yield from _walk(one, here + n, depth + 1)
