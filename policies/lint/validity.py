"""Validity of policies and rules by the ODRL Information Model 2.2.

What lives here: classes, names, parties, targets, actions, profiles, inheritance, duties. What does not: constraints
(`conditions`), what is only unwise (`sense`, `law`). What needs a profile to be understood is an error; a warning where
the policy names a profile that is unknown here: only who knows it can say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.compact import FUNCTIONS
from policies.lint.document import (
    ACTION,
    ASSIGNEE,
    ASSIGNER,
    BELOW,
    INHERIT,
    OUTPUT,
    POLICIES,
    REFINEMENT,
    RULES,
    TARGET,
    Document,
    RuleNode,
    actions,
    iris,
    is_policy,
    local,
    text,
    unlisted,
)
from policies.lint.finding import Hit
from policies.model import ODRL, PolicyKind, RuleKind, Strategy
from policies.nodes import RDF, Node, place
from policies.vocabulary import ACTIONS, CC, CORE, OWN, PROFILES, SAME_AS

_CLASSES: Final = {
    RuleKind.PERMISSION: {ODRL + "Permission"},
    RuleKind.PROHIBITION: {ODRL + "Prohibition"},
    RuleKind.OBLIGATION: {ODRL + "Duty", ODRL + "Obligation"},
    RuleKind.DUTY: {ODRL + "Duty"},
}
_FITS: Final = {
    RuleKind.PERMISSION: {ODRL + "duty"},
    RuleKind.PROHIBITION: {ODRL + "remedy"},
    RuleKind.OBLIGATION: {ODRL + "consequence"},
    RuleKind.DUTY: {ODRL + "consequence"},
}
_STRATEGIES: Final = {ODRL + one.value for one in Strategy}
_REPLACED: Final = ("http://purl.org/dc/terms/isReplacedBy", "http://purl.org/dc/elements/1.1/isReplacedBy")
_PARTIES: Final = tuple(ODRL + name for name in FUNCTIONS)
_CORE_ACTIONS: Final = {ODRL + "use", ODRL + "transfer"}
_TERMS: Final = {
    *RULES,
    *BELOW,
    *_PARTIES,
    *(ODRL + name for name in ("uid", "profile", "conflict", "inheritFrom", "action", "target", "output", "relation")),
    *(ODRL + name for name in ("constraint", "refinement", "function", "source", "partOf", "hasPolicy", "assignerOf")),
    *(ODRL + name for name in ("assigneeOf", "includedIn", "implies", "leftOperand", "operator", "rightOperand")),
    *(ODRL + name for name in ("rightOperandReference", "unit", "dataType", "datatype", "status", "and", "or", "xone")),
    *(ODRL + name for name in ("andSequence", "failure")),
}
_DEPRECATED: Final = {
    *(ODRL + name for name in ("inheritAllowed", "inheritRelation", "operand", "payeeParty", "proximity", "scope")),
    *(ODRL + name for name in ("timedCount", "undefined")),
}
"""Properties of earlier versions, and an abstract one, that the vocabulary still has."""


def check(document: Document) -> Iterator[Hit]:
    """Everything about policies and rules that the information model asks for."""
    if not document.policies:
        yield Hit("policy.missing", "line 1")
    for policy in document.policies:
        yield from _policy(document, policy)
        yield from _inheritance(document, policy)
        yield from _parties(document, policy)
        yield from _profile(document, policy)
    for rule in document.rules:
        yield from _rule(document, rule)
        yield from _duties(document, rule)
        yield from _collections(document, rule)
    yield from _terms(document)


# --- policies ---------------------------------------------------------------------------------------------------------


def _policy(document: Document, policy: Node) -> Iterator[Hit]:
    at = place(policy)
    names = {*iris(policy, ODRL + "uid"), policy["@id"]}
    named = {name for name in names if not name.startswith("_:")}
    if not named:
        yield Hit("policy.uid", at)
    if len(named) > 1:
        yield Hit("policy.uids", place(policy, ODRL + "uid"))
    if not any(key in one for one in document.ancestors(policy) for key in RULES):
        yield Hit("policy.rules", at)
    classes = {POLICIES[kind] for kind in policy.get("@type", ()) if kind in POLICIES} - {PolicyKind.SET}
    if len(classes) > 1:
        yield Hit("policy.classes", at, {"classes": ", ".join(sorted(classes))})
    for key in _REPLACED:
        if key in policy:
            yield Hit("policy.replaced", place(policy, key), {"by": text(policy[key][0])})
    if len(policy.get(ODRL + "conflict", ())) > 1:
        yield Hit("conflict.several", place(policy, ODRL + "conflict"))
    for value in policy.get(ODRL + "conflict", ()):
        if text(value) not in _STRATEGIES and not document.explained(policy):
            yield Hit("conflict.unknown", place(policy, ODRL + "conflict"), {"strategy": text(value)})


def _inheritance(document: Document, policy: Node) -> Iterator[Hit]:
    for value in policy.get(INHERIT, ()):
        parent, at = document.node(value), place(policy, INHERIT)
        if "@id" not in value:
            yield Hit("inherit.iri", at, {"value": text(value)})
        elif not is_policy(parent):
            yield Hit("inherit.missing", at, {"policy": text(value)})
        elif any(one is policy for one in document.ancestors(parent)):
            yield Hit("inherit.circular", at, {"policy": text(value)})


def _parties(document: Document, policy: Node) -> Iterator[Hit]:
    """Who offers or agrees: for the policy as a whole, by a party of itself, or in each of its rules."""
    kinds = {POLICIES[kind] for kind in policy.get("@type", ()) if kind in POLICIES}
    asked = []
    if PolicyKind.AGREEMENT in kinds:
        asked = [
            ("agreement.assigner", ASSIGNER, "assignerOf"),
            ("agreement.assignee", ASSIGNEE, "assigneeOf"),
        ]
    elif PolicyKind.OFFER in kinds:
        asked = [("offer.assigner", ASSIGNER, "assignerOf")]
    for name, key, link in asked:
        whole = any(key in one or document.linked(one, link) for one in document.ancestors(policy))
        lacking = [rule for rule in document.top(policy) if key not in rule.node]
        if not whole and lacking:
            yield Hit(name, lacking[0].where or place(policy))


def _profile(document: Document, policy: Node) -> Iterator[Hit]:
    profiles = iris(policy, ODRL + "profile")
    for profile in profiles:
        if profile not in PROFILES:
            yield Hit("profile.unknown", place(policy, ODRL + "profile"), {"profile": profile})
    if not document.profiled(policy) or set(profiles) == {CORE}:
        common = next(_common(document, policy), None)
        if common is not None:
            yield Hit("profile.missing", common[1], {"term": local(common[0])})


def _common(document: Document, policy: Node) -> Iterator[tuple[str, str]]:
    """Terms outside ODRL's core, with their places."""
    for rule in document.rules:
        if rule.policy is policy:
            yield from (
                (action, place(rule.node, ACTION)) for action in actions(document, rule) if action not in _CORE_ACTIONS
            )
    for member in document.members:
        if member.rule.policy is policy:
            yield from ((left, member.where) for left in iris(member.node, ODRL + "leftOperand"))


# --- rules ------------------------------------------------------------------------------------------------------------


def _rule(document: Document, rule: RuleNode) -> Iterator[Hit]:
    classes = {kind for kind in rule.node.get("@type", ()) if kind.startswith(ODRL)} - {ODRL + "Rule"}
    if classes - _CLASSES[rule.kind]:
        named = ", ".join(sorted(map(local, classes)))
        yield Hit("rule.classes", rule.where, {"classes": named, "kind": rule.kind.value})
    nested = [key for key in RULES if key in rule.node]
    for key in nested:
        yield Hit("rule.nested", place(rule.node, key), {"kind": local(key)})
    if REFINEMENT in rule.node:
        yield Hit("refinement.place", place(rule.node, REFINEMENT))
    if ODRL + "conflict" in rule.node:
        yield Hit("conflict.place", place(rule.node, ODRL + "conflict"))
    if not nested:
        yield from _action(document, rule)
        yield from _target(document, rule)
    for key in (TARGET, OUTPUT, *_PARTIES):
        for value in rule.node.get(key, ()):
            if "@value" in value:
                params = {"term": local(key), "value": text(value)}
                yield Hit("rule.literal", place(rule.node, key), params)


def _action(document: Document, rule: RuleNode) -> Iterator[Hit]:
    if ACTION not in rule.node:
        inside = [node for key in (TARGET, ASSIGNEE, ASSIGNER) for node in document.nodes(rule.node, key)]
        misplaced = [node for node in inside if ACTION in node]
        if misplaced:
            yield Hit("rule.misplaced", place(misplaced[0], ACTION), {"term": "action"})
        elif not any(ACTION in one for one in document.ancestors(rule.policy)):
            yield Hit("rule.action", rule.where)
    at = place(rule.node, ACTION)
    for value in rule.node.get(ACTION, ()):
        if "@value" in value:
            yield Hit("rule.literal", at, {"term": "action", "value": text(value)})
    for action in actions(document, rule):
        if action.startswith("_:"):
            yield Hit("rule.action", at)
            continue
        if action not in ACTIONS and not document.explained(rule.policy):
            yield Hit("action.unknown", at, {"action": action})
        elif action not in ACTIONS and action.startswith((ODRL, CC, OWN)):
            yield Hit("term.unknown", at, {"term": action})
        elif action in SAME_AS:
            yield Hit("action.deprecated", at, {"action": local(action), "instead": local(SAME_AS[action])})


def _target(document: Document, rule: RuleNode) -> Iterator[Hit]:
    """A permission and a prohibition are about an asset; a duty need not be."""
    if rule.kind not in (RuleKind.PERMISSION, RuleKind.PROHIBITION) or TARGET in rule.node:
        return
    if not any(TARGET in one or document.linked(one, "hasPolicy") for one in document.ancestors(rule.policy)):
        yield Hit("rule.target", rule.where)


def _duties(document: Document, rule: RuleNode) -> Iterator[Hit]:
    for key in BELOW:
        if key in rule.node and key not in _FITS[rule.kind]:
            yield Hit("duty.place", place(rule.node, key), {"term": local(key), "kind": rule.kind.value})
    consequence = ODRL + "consequence"
    if consequence in rule.node and rule.through in (consequence, ODRL + "remedy"):
        name = "remedy.consequence" if rule.through != consequence else "duty.consequence"
        yield Hit(name, place(rule.node, consequence))


def _collections(document: Document, rule: RuleNode) -> Iterator[Hit]:
    for key in (TARGET, OUTPUT, *_PARTIES):
        for node in document.nodes(rule.node, key):
            if REFINEMENT in node and ODRL + "source" not in node:
                yield Hit("collection.source", place(node) or place(rule.node, key))


def _terms(document: Document) -> Iterator[Hit]:
    """Properties in ODRL's namespace that it does not have, in what belongs to a policy. One that leads to something,
    and not to a text, was meant to say what counts."""
    seen: set[int] = set()
    for node, policy in (
        *((policy, policy) for policy in document.policies),
        *((rule.node, rule.policy) for rule in document.rules),
        *((member.node, member.rule.policy) for member in document.members),
    ):
        if id(node) not in seen:
            seen.add(id(node))
            for key in node:
                if key.startswith(ODRL) and key not in _TERMS:
                    leads = any("@value" not in value for value in unlisted(node[key]))
                    open_ = not leads or key in _DEPRECATED or document.explained(policy)
                    yield Hit("term.unknown" if open_ else "property.unknown", place(node, key), {"term": local(key)})
    for rule in document.rules:
        for node in document.nodes(rule.node, ACTION):
            if RDF + "value" in node:
                yield from (
                    Hit("rule.misplaced", place(node, key), {"term": local(key)}) for key in node if key in _PARTIES
                )
