"""A policy file as it is written, for the rules of lint: nodes with their places, whatever the form.

What lives here: which nodes are policies, rules and constraints, and the values of constraints. What does not: rules of
lint. Source: ODRL Information Model 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from msgspec import Struct

from policies.model import ODRL, Connective, PolicyKind, RuleKind
from policies.nodes import RDF, Graph, Node, place
from policies.normalise import ANCESTORS
from policies.vocabulary import PROFILES

POLICIES: Final = {ODRL + kind.value: kind for kind in PolicyKind} | {ODRL + "Policy": PolicyKind.SET}
RULES: Final = {ODRL + kind.value: kind for kind in (RuleKind.PERMISSION, RuleKind.PROHIBITION, RuleKind.OBLIGATION)}
BELOW: Final = tuple(ODRL + name for name in ("duty", "remedy", "consequence"))
LOGICAL: Final = {ODRL + one.value: one for one in Connective}
LEFT, OPERATOR, RIGHT = (ODRL + name for name in ("leftOperand", "operator", "rightOperand"))
REFERENCE: Final = ODRL + "rightOperandReference"
ACTION, TARGET, OUTPUT = (ODRL + name for name in ("action", "target", "output"))
ASSIGNER, ASSIGNEE = ODRL + "assigner", ODRL + "assignee"
CONSTRAINT, REFINEMENT = ODRL + "constraint", ODRL + "refinement"
INHERIT: Final = ODRL + "inheritFrom"


class RuleNode(Struct, frozen=True):
    """A rule as written, and what it stands in: its policy, and for a duty the rule around it."""

    node: Node
    kind: RuleKind
    policy: Node
    outer: Node | None = None
    through: str = ""
    where: str = ""


class Member(Struct, frozen=True):
    """A constraint as written; `narrows` for one that is a refinement."""

    node: Node
    rule: RuleNode
    narrows: bool
    where: str
    inside: str = ""
    """The connective that it stands in; empty where it stands alone."""


class Document:
    """The nodes of a file, and the policies, rules and constraints among them.

    INVARIANT: few nodes that name each other do not make many rules. Where there are more of anything than a reader
    takes, what is beyond is left out.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.graph = Graph(nodes)
        self.policies = [node for node in self.graph if is_policy(node)]
        rules = (rule for policy in self.policies for rule in self._rules(policy))
        self.rules = list(islice(rules, _MOST))
        members = (member for rule in self.rules for member in self._members(rule))
        self.members = list(islice(members, _MOST))

    def node(self, value: dict[str, Any]) -> Node:
        """What is said of a value; nothing of a literal."""
        return self.graph.get(value["@id"]) if "@id" in value else {"@id": ""}

    def nodes(self, node: Node, key: str) -> list[Node]:
        """The nodes under a property; those of a list in its place."""
        return [self.node(value) for value in unlisted(node.get(key, []))]

    def top(self, policy: Node) -> list[RuleNode]:
        """The rules of a policy that are no duties under others."""
        return [rule for rule in self.rules if rule.policy is policy and rule.outer is None]

    def ancestors(self, policy: Node) -> list[Node]:
        """The policy and those that it inherits from, in this file; each once."""
        found, todo = {policy["@id"]: policy}, [policy]
        while todo:
            for parent in self.nodes(todo.pop(), INHERIT):
                if is_policy(parent) and parent["@id"] not in found and len(found) <= ANCESTORS:
                    found[parent["@id"]] = parent
                    todo.append(parent)
        return list(found.values())

    def linked(self, policy: Node, link: str) -> bool:
        """Does an asset or a party say of itself that the policy is its own?"""
        return next(self.graph.referring(ODRL + link, policy["@id"]), None) is not None

    def profiled(self, policy: Node) -> bool:
        """Does the policy, or one that it inherits from, name a profile?"""
        return any(ODRL + "profile" in one for one in self.ancestors(policy))

    def explained(self, policy: Node) -> bool:
        """Does it name a profile that is not known here, which may say what else is not?"""
        named = (value for one in self.ancestors(policy) for value in one.get(ODRL + "profile", ()))
        return any(text(value) not in PROFILES for value in named)

    def _rules(self, policy: Node) -> Iterator[RuleNode]:
        for key, kind in RULES.items():
            for number, node in enumerate(self.nodes(policy, key)):
                where = place(node) or place(policy, key)
                yield from self._with(RuleNode(node, kind, policy, None, key, where), (number,))

    def _with(self, rule: RuleNode, path: tuple[int, ...]) -> Iterator[RuleNode]:
        """The rule and the duties below it. Ends also where duties go in circles."""
        yield rule
        if len(path) > _DEEPEST:
            return
        for key in BELOW:
            for number, node in enumerate(self.nodes(rule.node, key)):
                where = place(node) or place(rule.node, key)
                duty = RuleNode(node, RuleKind.DUTY, rule.policy, rule.node, key, where)
                yield from self._with(duty, (*path, number))

    def _members(self, rule: RuleNode) -> Iterator[Member]:
        yield from self._constraints(rule.node, CONSTRAINT, rule, False, "", 0)
        for key in (ACTION, TARGET, OUTPUT, ASSIGNER, ASSIGNEE):
            for node in self.nodes(rule.node, key):
                yield from self._constraints(node, REFINEMENT, rule, True, "", 0)

    def _constraints(
        self, node: Node, key: str, rule: RuleNode, narrows: bool, inside: str, depth: int
    ) -> Iterator[Member]:
        for member in self.nodes(node, key):
            yield Member(member, rule, narrows, place(member) or place(node, key), inside)
            for logical in LOGICAL if depth < _DEEPEST else ():
                if logical in member:
                    yield from self._constraints(member, logical, rule, narrows, logical, depth + 1)


_DEEPEST: Final = 8
_MOST: Final = 10_000
"""Rules, and constraints, that are looked at; no reader takes as many."""


def is_policy(node: Node) -> bool:
    """Does a node state a policy?"""
    kinds = node.get("@type", ())
    return any(kind in POLICIES for kind in kinds) or (not kinds and any(key in node for key in RULES))


def unlisted(values: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Values, with those of a list in its place."""
    return [item for value in values for item in value.get("@list", [value])]


def iris(node: Node, key: str) -> list[str]:
    """The IRIs under a property."""
    return [value["@id"] for value in unlisted(node.get(key, [])) if "@id" in value]


def text(value: dict[str, Any]) -> str:
    """A value as text: its IRI or its lexical form."""
    return str(value.get("@id") or value.get("@value", ""))


def actions(document: Document, rule: RuleNode) -> list[str]:
    """The actions that a rule names itself."""
    found = []
    for value in rule.node.get(ACTION, []):
        node = document.node(value)
        found += iris(node, RDF + "value") or ([value["@id"]] if "@id" in value else [])
    return found


def local(iri: str) -> str:
    """An IRI as people read it: without ODRL's namespace or our own."""
    return iri.removeprefix(ODRL).removeprefix("urn:allmende:")
