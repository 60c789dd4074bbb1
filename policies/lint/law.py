"""Traps of the law: licences against terms, personal data without a basis, open data that are not.

What lives here: rules about what a policy says of data and of itself. What does not: whether a basis applies, which a
lawyer has to say. Sources: GDPR, articles 5, 6 and 9; the licences of GovData; Smart City Charta.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from policies.lint.document import (
    ASSIGNEE,
    LEFT,
    OPERATOR,
    RIGHT,
    TARGET,
    Document,
    RuleNode,
    actions,
    iris,
    local,
    text,
    unlisted,
)
from policies.lint.finding import Hit
from policies.model import ODRL, Operator, RuleKind
from policies.nodes import Node, place
from policies.vocabulary import GDPR, LICENCES, OWN
from policies.vocabulary.licences import Licence

_LICENCE: Final = ("http://purl.org/dc/terms/license", "http://purl.org/dc/terms/rights")
_CLASS, _BASIS = OWN + "dataClass", OWN + "legalBasis"
_PERSONAL: Final = frozenset({"personal", "special"})
_AFFIRMING: Final = {ODRL + one.value for one in (Operator.EQ, Operator.IS_A, Operator.IS_ANY_OF)}
_LIMITS: Final = {ODRL + name for name in ("purpose", "spatial", "recipient", "count", "industry", "elapsedTime")} | {
    ODRL + "dateTime",
    OWN + "memberOf",
    OWN + "role",
}
"""Operands that let some use data and others not."""
_FREEDOMS: Final = {ODRL + name for name in ("use", "distribute", "derive", "modify", "reproduce", "commercialize")}
_ONWARD: Final = {ODRL + name for name in ("distribute", "grantUse", "transfer", "sell", "give", "share")}
_EXCLUSIVE: Final = ODRL + "ensureExclusivity"
_ATTRIBUTE: Final = ODRL + "attribute"


class _Said(Struct, frozen=True):
    """What a policy says that the law looks at."""

    node: Node
    rules: list[RuleNode]
    licence: Licence | None
    licensed: str
    classes: frozenset[str]
    operands: frozenset[str]
    duties: frozenset[str]


def check(document: Document) -> Iterator[Hit]:
    """Everything that a lawyer would stumble over first."""
    for policy in document.policies:
        said = _said(document, policy)
        yield from _licence(document, said)
        yield from _open(document, said)
        for rule in said.rules:
            if rule.kind is RuleKind.PERMISSION:
                yield from _personal(document, said, rule)


def _said(document: Document, policy: Node) -> _Said:
    rules = [rule for rule in document.rules if rule.policy is policy]
    members = [member.node for member in document.members if member.rule.policy is policy]
    licence, at = None, ""
    for node in (policy, *(asset for rule in rules for asset in document.nodes(rule.node, TARGET))):
        for key in _LICENCE:
            for value in node.get(key, ()):
                found = LICENCES.get(text(value)) or LICENCES.get(text(value).replace("http:", "https:", 1))
                if found is not None:
                    licence, at = found, place(node, key)
    return _Said(
        policy,
        rules,
        licence,
        at,
        frozenset(name for node in members for name in _classes(node)),
        frozenset(left for node in members for left in iris(node, LEFT)),
        frozenset(action for rule in rules if rule.kind is RuleKind.DUTY for action in actions(document, rule)),
    )


def _classes(node: Node) -> Iterator[str]:
    """The classes of data that a constraint names."""
    if _CLASS in iris(node, LEFT) and _AFFIRMING.intersection(iris(node, OPERATOR)):
        for value in unlisted(node.get(RIGHT, [])):
            yield text(value).rpartition(":")[2]


# --- licences ---------------------------------------------------------------------------------------------------------


def _licence(document: Document, said: _Said) -> Iterator[Hit]:
    if said.licence is None:
        return
    params = {"licence": said.licence.name}
    if said.licence.open:
        for at, term in _restrictions(document, said):
            yield Hit("law.open", at, {**params, "term": local(term)})
    if said.licence.attribution and _ATTRIBUTE not in said.duties:
        yield Hit("law.attribution", said.licensed, params)
    if said.licence.open and not said.licence.attribution and _ATTRIBUTE in said.duties:
        yield Hit("law.zero", said.licensed, params)


def _restrictions(document: Document, said: _Said) -> Iterator[tuple[str, str]]:
    """What keeps somebody from something, with its place."""
    for member in document.members:
        if member.rule.policy is said.node and member.rule.kind is RuleKind.PERMISSION:
            yield from ((member.where, left) for left in iris(member.node, LEFT) if left in _LIMITS)
    for rule in said.rules:
        if rule.kind is RuleKind.PROHIBITION:
            yield from ((rule.where, action) for action in actions(document, rule) if action in _FREEDOMS)
        if rule.kind is RuleKind.PERMISSION and ASSIGNEE in rule.node:
            yield place(rule.node, ASSIGNEE), ASSIGNEE
    if ASSIGNEE in said.node and ODRL + "Agreement" not in said.node.get("@type", ()):
        yield place(said.node, ASSIGNEE), ASSIGNEE


# --- open data and critical infrastructure ----------------------------------------------------------------------------


def _open(document: Document, said: _Said) -> Iterator[Hit]:
    open_licence = said.licence is not None and said.licence.open
    if "open" in said.classes or open_licence:
        for rule in said.rules:
            if _EXCLUSIVE in actions(document, rule) and rule.kind is not RuleKind.PROHIBITION:
                yield Hit("law.exclusive", rule.where)
    if "open" in said.classes:
        for at, term in _restrictions(document, said):
            yield Hit("law.class", at, {"term": local(term)})
    if "criticalInfrastructure" in said.classes:
        if open_licence:
            yield Hit("law.critical", said.licensed)
        for rule in said.rules:
            if rule.kind is RuleKind.PERMISSION and _ONWARD.intersection(actions(document, rule)):
                yield Hit("law.critical", rule.where)


# --- personal data ----------------------------------------------------------------------------------------------------


def _personal(document: Document, said: _Said, rule: RuleNode) -> Iterator[Hit]:
    """A permission about personal data: where its own constraints or refinements name the class."""
    members = [member.node for member in document.members if member.rule.node is rule.node]
    classes = {name for node in members for name in _classes(node)}
    if not classes & _PERSONAL:
        return
    lefts = {left for node in members for left in iris(node, LEFT)}
    bases = [text(value) for node in members if _BASIS in iris(node, LEFT) for value in unlisted(node.get(RIGHT, []))]
    if _BASIS not in lefts:
        yield Hit("law.basis", rule.where)
    if "special" in classes and not any(base.removeprefix(GDPR).startswith("A9") for base in bases):
        yield Hit("law.special", rule.where)
    if ODRL + "purpose" not in lefts:
        yield Hit("law.purpose", rule.where)
    owed = {one for r in said.rules if r.kind in (RuleKind.DUTY, RuleKind.OBLIGATION) for one in actions(document, r)}
    if ODRL + "delete" not in owed:
        yield Hit("law.deletion", rule.where)
    if _ONWARD.intersection(actions(document, rule)) and ODRL + "nextPolicy" not in owed:
        yield Hit("law.onward", rule.where)
