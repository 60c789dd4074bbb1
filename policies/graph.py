"""Reading ODRL 2.2 in full: nodes -> policies.

What lives here: what the classes and properties of ODRL say about a policy as a whole, policies that are replaced,
inherited from or linked from outside. What does not: JSON-LD (`compact`), Turtle (`catalog.rdf.turtle`), rules
(`rules`), constraints (`constraints`), spreading and inheriting (`normalise`). Source: ODRL Information Model 2.2; ODRL
Vocabulary 2.2.

Rules that stand without a policy are a Set each; in a lenient reading so are constraints that stand alone (a permission
under that constraint).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from policies.compact import DSPACE
from policies.constraints import refuse
from policies.instants import instant
from policies.model import ODRL, Policy, PolicyError, PolicyKind, Reason, RuleKind, Strategy
from policies.nodes import Graph, Lookup, Node, place, spot
from policies.normalise import normalise
from policies.rules import (
    ASSIGNEE,
    ASSIGNER,
    BELOW,
    INHERIT,
    INHERITED,
    KINDS,
    LINKS,
    OUTPUT,
    POLICY,
    POLICY_KINDS,
    REPLACED,
    ROOTS,
    RULES,
    TARGET,
    TOP,
    UID,
    RuleReader,
    is_policy,
    remarks_of,
)
from policies.vocabulary import CORE, MUNICIPAL, PROFILES
from policies.written import Doing, WrittenPolicy, WrittenRule

_DSP: Final = DSPACE + "odrl-profile.jsonld"
_TOP_RULES: Final = frozenset(RULES) - {ODRL + RuleKind.DUTY.value}
_PLAIN_KINDS: Final = frozenset({PolicyKind.SET, PolicyKind.OFFER, PolicyKind.AGREEMENT})
_STRATEGIES: Final = {ODRL + one.value: one for one in Strategy}


def from_nodes(nodes: Sequence[Node], *, lenient: bool = False, lookup: Lookup | None = None) -> tuple[Policy, ...]:
    """The policies that the nodes tell of, normalised, in the order of the document. Rules that stand without a policy
    are a Set each. Raises `PolicyError` with the name and the place of what is not understood.

    `lenient` keeps actions, operands and types of foreign vocabularies by their IRI, and lets terms of the Common
    vocabulary pass without a profile that names them.
    """
    reader = _Reader(Graph(nodes), lenient, lookup)
    found = tuple(reader.policies())
    if not found:
        raise PolicyError(Reason("policy.missing"))
    return found


class _Reader:
    """Reads the policies of one document, and of those that it inherits from."""

    def __init__(self, graph: Graph, lenient: bool, lookup: Lookup | None) -> None:
        self._graph, self._lenient, self._lookup = graph, lenient, lookup
        self._rules = RuleReader(graph, lenient)
        self._written: dict[str, WrittenPolicy] = {}

    # --- policies -----------------------------------------------------------------------------------------------------

    def policies(self) -> Iterator[Policy]:
        """Every policy of the document, then what stands without one."""
        here = list(self._graph)
        named = [node for node in here if is_policy(node)]
        used = {
            value.get("@id") for node in here for key in node if key in RULES or key in BELOW for value in node[key]
        }
        for node in named:
            if not self._replaced(node):
                yield self._policy(self._read(node))
        if not named:
            yield from self._bare([node for node in here if node["@id"] not in used])
            for node in here:
                # It has the rules of a policy, and says that it is something else.
                if node.keys() & _TOP_RULES and node["@id"] not in used:
                    self._kind(node)

    def _policy(self, written: WrittenPolicy) -> Policy:
        policy = normalise(written, self._find)
        if not self._lenient:
            _admit(written)
        return policy

    def _bare(self, nodes: list[Node]) -> Iterator[Policy]:
        """A Set for each rule that no policy has; for each constraint alone, where foreign files are read."""
        for node in nodes:
            kinds = [KINDS[kind] for kind in node.get("@type", ()) if kind in KINDS]
            if kinds:
                kind = RuleKind.OBLIGATION if kinds[0] is RuleKind.DUTY else kinds[0]
                yield self._alone(node, self._rules.rule({"@id": node["@id"]}, kind, place(node), 0))
        if self._lenient and not any(kind in KINDS for node in nodes for kind in node.get("@type", ())):
            for node in [one for one in nodes if ODRL + "leftOperand" in one and not one["@id"].startswith("_:")]:
                constraint = self._rules.constraints.constraints({"@id": "", "": [{"@id": node["@id"]}]}, "")
                actions = tuple(map(Doing, ROOTS))
                id = self._rules.label("", "b")
                yield self._alone(node, WrittenRule(RuleKind.PERMISSION, id, actions, constraints=constraint))

    def _alone(self, node: Node, rule: WrittenRule) -> Policy:
        id = node["@id"] if not node["@id"].startswith("_:") else f"urn:allmende:rule:{rule.id[2:]}"
        common, self._rules.common = self._rules.common, None
        return self._policy(
            WrittenPolicy(id, PolicyKind.SET, (rule,), conflicts=(Strategy.INVALID,), place=place(node), common=common)
        )

    def _find(self, iri: str) -> WrittenPolicy | None:
        """A policy to inherit from: of this document, or of another that can be had."""
        if not is_policy(self._graph.get(iri)) and self._lookup is not None:
            self._graph.join(self._lookup(iri) or ())
        node = self._graph.get(iri)
        return self._read(node) if is_policy(node) else None

    def _replaced(self, node: Node) -> bool:
        """A policy that is replaced is void: its successor counts, if it can be had."""
        for key in REPLACED:
            for value in node.get(key, ()):
                successor = str(value.get("@id", ""))
                if is_policy(self._graph.get(successor)):
                    return True
                raise refuse(place(node, key), "policy.replaced", policy=node["@id"], by=successor)
        return False

    def _read(self, node: Node) -> WrittenPolicy:
        """A policy as written, with what is linked to it from outside."""
        named = [node["@id"], *self._rules.names(node, UID)]
        id = next((one for one in named if not one.startswith("_:")), "")
        if id in self._written:
            return self._written[id]
        outer, self._rules.common, self._rules.notices = (self._rules.common, self._rules.notices), None, set()
        kind = self._kind(node)
        self._rules.known(node, TOP)
        if not id:
            raise refuse(place(node), "term.missing", term="uid")
        profile = self._profile(node)
        rules = tuple(self._top(node))
        told = {name: self._rules.scopes(node, key) for name, key in (("targets", TARGET), ("outputs", OUTPUT))}
        written = WrittenPolicy(
            id=id,
            kind=kind,
            rules=rules,
            actions=self._rules.actions(node),
            **told,
            assigners=self._rules.scopes(node, ASSIGNER),
            assignees=self._rules.scopes(node, ASSIGNEE),
            parties=self._rules.parties(node),
            profile=profile,
            conflicts=self._conflicts(node, profile),
            inherits=tuple(self._rules.names(node, INHERIT)),
            inherited=tuple(self._rules.names(node, INHERITED)),
            timestamp=self._timestamp(node),
            notice=self._notice(node),
            remarks=remarks_of(node),
            place=place(node),
            common=self._rules.common,
        )
        self._rules.common, self._rules.notices = outer
        self._written[id] = self._linked(node, written)
        return self._written[id]

    def _linked(self, node: Node, written: WrittenPolicy) -> WrittenPolicy:
        """With the assets and parties that say of themselves that it is theirs."""
        found = {}
        for (key, link), name in zip(LINKS, ("targets", "assigners", "assignees"), strict=True):
            named = self._graph.referring(link, node["@id"])
            linked = [self._rules.scope({"@id": one["@id"]}, place(one), key) for one in named]
            found[name] = tuple(dict.fromkeys((*getattr(written, name), *linked)))
        return replace(written, **found)

    def _kind(self, node: Node) -> PolicyKind:
        """The class of a policy; a Set, where none is named."""
        found = []
        for one in node.get("@type", ()):
            if one in POLICY_KINDS:
                found.append(POLICY_KINDS[one])
            elif one != POLICY and (one.startswith(ODRL) or not self._lenient):
                raise refuse(spot(node, "@type", one), "policy.type", type=one, expected="Policy")
        if len(set(found) - {PolicyKind.SET}) > 1:
            raise refuse(place(node), "policy.types", types=" ".join(sorted(found)))
        kind = max(found, key=lambda one: one is not PolicyKind.SET, default=PolicyKind.SET)
        if kind not in _PLAIN_KINDS:
            self._rules.note(ODRL + kind.value, place(node))
        return kind

    def _profile(self, node: Node) -> tuple[str, ...]:
        found = tuple(self._rules.names(node, ODRL + "profile"))
        for profile in found:
            if profile not in PROFILES and not self._lenient:
                at = spot(node, ODRL + "profile", {"@id": profile})
                raise refuse(at, "profile.unknown", profile=profile)
        return found

    def _conflicts(self, node: Node, profile: tuple[str, ...]) -> tuple[Strategy, ...]:
        """The strategies that are named; `invalid`, where neither the policy nor its profile says one (3.2)."""
        key = ODRL + "conflict"
        found = list(self._rules.names(node, key))
        for one in found:
            if one not in _STRATEGIES:
                raise refuse(spot(node, key, {"@id": one}), "conflict.unknown", conflict=one)
        if not found and not {MUNICIPAL, _DSP} & set(profile) and INHERIT not in node:
            return (Strategy.INVALID,)
        return tuple(_STRATEGIES[one] for one in found)

    def _timestamp(self, node: Node) -> int | None:
        found = node.get(DSPACE + "timestamp", [])
        if not found:
            return None
        at, text = spot(node, DSPACE + "timestamp", found[0]), str(found[0].get("@value", ""))
        try:
            return instant(text)
        except ValueError:
            raise refuse(at, "value.unreadable", operand="timestamp", value=text) from None

    def _notice(self, node: Node) -> str | None:
        """The notice period, which every permission has to name alike."""
        if len(self._rules.notices) > 1:
            raise refuse(place(node), "notice.unclear")
        return next(iter(self._rules.notices), None)

    def _top(self, node: Node) -> Iterator[WrittenRule]:
        for key in node:
            if key in _TOP_RULES:
                for value in node[key]:
                    yield self._rules.rule(value, RULES[key], spot(node, key, value), 0)


def _admit(policy: WrittenPolicy) -> None:
    """Terms outside ODRL's core need a profile that names them (4, Common Vocabulary). Raises `PolicyError`."""
    if policy.common is not None and not set(policy.profile) - {CORE}:
        raise PolicyError(Reason("profile.missing", {"term": policy.common[0][:200]}), policy.common[1])
