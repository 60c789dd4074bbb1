"""Reading the rules of ODRL 2.2 in full: nodes -> rules as written.

What lives here: permissions, prohibitions, obligations and duties with their actions, assets and parties, and the
refusal by name and place of what is not understood about them. What does not: policies (`graph`), constraints
(`constraints`), spreading (`normalise`). Source: ODRL Information Model 2.2, 2.2 to 2.6.

A rule without an action is about every action, in a lenient reading; else it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from policies import notice
from policies.compact import DSPACE, FUNCTIONS
from policies.constraints import DEPTH, ConstraintReader, refuse
from policies.model import ODRL, Atomic, Constraint, PolicyKind, RuleKind, Scope
from policies.nodes import RDF, Graph, Node, metadata, place, spot, told
from policies.vocabulary import ACTIONS
from policies.vocabulary.actions import OWN
from policies.written import Doing, WrittenRule

INHERIT: Final = ODRL + "inheritFrom"
INHERITED: Final = "urn:allmende:inherited"
"""Our own: the policies whose rules are in this one already."""

ROOTS: Final = (ODRL + "use", ODRL + "transfer")
"""The two actions that every other one is a part of."""

UID, _VALUE, ACTION = ODRL + "uid", RDF + "value", ODRL + "action"
_CONSTRAINT, _REFINEMENT, _SOURCE, _PART_OF = ODRL + "constraint", ODRL + "refinement", ODRL + "source", ODRL + "partOf"
RULES: Final = {
    ODRL + one.value: one for one in (RuleKind.PERMISSION, RuleKind.PROHIBITION, RuleKind.OBLIGATION, RuleKind.DUTY)
}
KINDS: Final = {
    ODRL + "Permission": RuleKind.PERMISSION,
    ODRL + "Prohibition": RuleKind.PROHIBITION,
    ODRL + "Obligation": RuleKind.OBLIGATION,
    ODRL + "Duty": RuleKind.DUTY,
}
_RULE: Final = ODRL + "Rule"
POLICY_KINDS: Final = {ODRL + one.value: one for one in PolicyKind}
POLICY: Final = ODRL + "Policy"
PARTIES: Final = {ODRL + name: ODRL + name for name in FUNCTIONS}
ASSIGNER, ASSIGNEE = ODRL + "assigner", ODRL + "assignee"
TARGET, OUTPUT = ODRL + "target", ODRL + "output"
_COLLECTIONS: Final = frozenset({ODRL + "AssetCollection", ODRL + "PartyCollection"})
_THINGS: Final = frozenset({ODRL + "Asset", ODRL + "Party"}) | _COLLECTIONS
REPLACED: Final = tuple(
    base + "isReplacedBy" for base in ("http://purl.org/dc/terms/", "http://purl.org/dc/elements/1.1/")
)
_EFFECTIVE: Final = frozenset({INHERITED, *REPLACED, RDF + "value"})
BELOW: Final = {ODRL + "duty": "duties", ODRL + "remedy": "remedies", ODRL + "consequence": "consequences"}
_CONSEQUENCE: Final = ODRL + "consequence"
_LAST: Final = (ODRL + "remedy", _CONSEQUENCE)
_MAY: Final = {
    RuleKind.PERMISSION: frozenset({ODRL + "duty"}),
    RuleKind.PROHIBITION: frozenset({ODRL + "remedy"}),
    RuleKind.OBLIGATION: frozenset({_CONSEQUENCE}),
    RuleKind.DUTY: frozenset({_CONSEQUENCE}),
}
SHARED: Final = frozenset({UID, ACTION, TARGET, OUTPUT, *PARTIES})
TOP: Final = SHARED | {
    *(ODRL + name for name in ("profile", "conflict", "inheritFrom", "permission", "prohibition", "obligation")),
    DSPACE + "timestamp",
    INHERITED,
    *REPLACED,
}
LINKS: Final = ((TARGET, ODRL + "hasPolicy"), (ASSIGNER, ODRL + "assignerOf"), (ASSIGNEE, ODRL + "assigneeOf"))
THINGS: Final = 5_000
"""Mentions of assets and parties in one document."""
_OLD_WORDS: Final = frozenset({ODRL + "description", ODRL + "label", ODRL + "title"})


class RuleReader:
    """Reads rules of one document. `common` is the first term outside ODRL's core that was met, with its place;
    `notices` are the notice periods of the permissions that were read. Whoever reads a policy sets both anew."""

    def __init__(self, graph: Graph, lenient: bool) -> None:
        self._graph, self._lenient = graph, lenient
        self.constraints = ConstraintReader(graph, lenient, self.note, self.label)
        self.common: tuple[str, str] | None = None
        self.notices: set[str | None] = set()
        self._labels: dict[str, str] = {}
        self._counted = {"b": 0, "c": 0}
        self._things = 0

    def rule(self, value: dict[str, Any], kind: RuleKind, at: str, depth: int, *, last: bool = False) -> WrittenRule:
        """A rule with those below it; `last`: a remedy or a consequence, which has none of its own (2.6.6, 2.6.7)."""
        if "@id" not in value:
            raise refuse(at, "form.object")
        if depth > DEPTH:
            raise refuse(at, "constraint.depth", limit=str(DEPTH))
        node = self._graph.get(value["@id"])
        at = place(node) or at
        self.constraints.meet(at)
        self._typed(node, kind)
        id = self.label(node["@id"], "b")
        self.known(node, SHARED | {_CONSTRAINT} | _MAY[kind])
        if last and not self._lenient and _CONSEQUENCE in node:
            raise refuse(place(node, _CONSEQUENCE), "consequence.nested")
        below = {
            name: tuple(
                self.rule(one, RuleKind.DUTY, spot(node, key, one), depth + 1, last=key in _LAST)
                for one in node.get(key, ())
            )
            for key, name in BELOW.items()
        }
        return WrittenRule(
            kind=kind,
            id=id,
            actions=self._doing(node, kind),
            targets=self.scopes(node, TARGET),
            outputs=self.scopes(node, OUTPUT),
            assigners=self.scopes(node, ASSIGNER),
            assignees=self.scopes(node, ASSIGNEE),
            parties=(*self.parties(node), *self._misplaced(node)),
            constraints=self._without_notice(node, kind, depth),
            **below,
            remarks=remarks_of(node),
            place=at,
        )

    def _typed(self, node: Node, kind: RuleKind) -> None:
        expected = RuleKind.DUTY if kind is RuleKind.OBLIGATION else kind
        for one in node.get("@type", ()):
            fits = one == _RULE or KINDS.get(one) in (kind, expected)
            if not fits and (one.startswith(ODRL) or not self._lenient):
                raise refuse(spot(node, "@type", one), "rule.type", type=one)

    def _without_notice(self, node: Node, kind: RuleKind, depth: int) -> tuple[Constraint, ...]:
        """The constraints of a rule; the notice period is taken out of those of a permission."""
        found = self.constraints.constraints(node, _CONSTRAINT)
        periods = [one for one in found if isinstance(one, Atomic) and one.left == notice.NOTICE]
        if kind is RuleKind.PERMISSION and len(periods) <= 1:
            self.notices.add(periods[0].right[0] if periods else None)
        elif periods:
            raise refuse(place(node, _CONSTRAINT), "notice.unclear")
        return tuple(one for one in found if one not in periods)

    # --- actions ------------------------------------------------------------------------------------------------------

    def _doing(self, node: Node, kind: RuleKind) -> tuple[Doing, ...]:
        """The actions of a rule. It may leave them to its policy; in a lenient reading none means every action."""
        found = self.actions(node)
        if found or kind is RuleKind.DUTY or not self._lenient:
            if not found and not self._shared_action(node):
                raise refuse(place(node), "term.missing", term="action")
            return found
        return () if self._shared_action(node) else tuple(map(Doing, ROOTS))

    def _shared_action(self, node: Node) -> bool:
        """Does a policy that has this rule name an action for all of them?"""
        return any(
            ACTION in above for key in RULES for above in self._graph.referring(key, node["@id"]) if is_policy(above)
        )

    def actions(self, node: Node) -> tuple[Doing, ...]:
        return tuple(self._action(value, spot(node, ACTION, value)) for value in node.get(ACTION, ()))

    def _action(self, value: dict[str, Any], at: str) -> Doing:
        if "@id" not in value:
            raise refuse(at, "action.unknown", action=str(value.get("@value", "")))
        node = self._graph.get(value["@id"])
        if _VALUE not in node and _REFINEMENT not in node:
            return Doing(self._acting(value["@id"], at))
        self.known(node, {_VALUE, _REFINEMENT, UID, *PARTIES, ODRL + "includedIn", ODRL + "implies"})
        named = list(self.names(node, _VALUE)) if _VALUE in node else [node["@id"]]
        if len(named) != 1:
            raise refuse(place(node), "value.several", operand="action", operator="")
        acting = self._acting(named[0], spot(node, _VALUE, {"@id": named[0]}))
        return Doing(acting, self.constraints.constraints(node, _REFINEMENT))

    def _acting(self, iri: str, at: str) -> str:
        if iri not in ACTIONS and (iri.startswith((ODRL, OWN, "_:")) or not self._lenient):
            raise refuse(at, "action.unknown", action=iri)
        if iri not in ROOTS:
            self.note(iri, at)
        return iri

    # --- assets and parties -------------------------------------------------------------------------------------------

    def scopes(self, node: Node, key: str) -> tuple[Scope, ...]:
        return tuple(self.scope(value, spot(node, key, value), key) for value in node.get(key, ()))

    def scope(self, value: dict[str, Any], at: str, key: str) -> Scope:
        """An asset or a party by its name; a collection by its own, else by that of its source."""
        if "@id" not in value:
            raise refuse(at, "form.identifier", key=key.removeprefix(ODRL))
        self._things += 1
        if self._things > THINGS:
            raise refuse(at, "form.many", limit=str(THINGS))
        node = self._graph.get(value["@id"])
        self._about(node, key)
        refinements = self.constraints.constraints(node, _REFINEMENT)
        sources = list(self.names(node, _SOURCE))
        if len(sources) > 1:
            raise refuse(place(node, _SOURCE), "value.several", operand="source", operator="")
        named = next(iter(self.names(node, UID)), node["@id"])
        iri = sources[0] if named.startswith("_:") and sources else named
        if iri.startswith("_:") and not self._lenient:
            raise refuse(place(node) or at, "form.identifier", key=key.removeprefix(ODRL))
        collection = bool(refinements or sources or _COLLECTIONS & set(node.get("@type", ())))
        members = collection or next(self._graph.referring(_PART_OF, iri), None) is not None
        return Scope(iri, members, refinements, sources[0] if sources and sources[0] != iri else "")

    def _about(self, node: Node, key: str) -> None:
        """What is said of an asset or a party: nothing of ODRL but what makes it a collection, or links it. What other
        vocabularies say of it is about the thing and not about the policy."""
        known = {
            UID,
            _SOURCE,
            _REFINEMENT,
            _PART_OF,
            *(link for _, link in LINKS),
            *TOP,
            _CONSTRAINT,
            *_MAY[RuleKind.DUTY],
        }
        if not is_policy(node) and not any(kind in KINDS for kind in node.get("@type", ())):
            known = {UID, _SOURCE, _REFINEMENT, _PART_OF, *(link for _, link in LINKS)}
        for name in node:
            if name.startswith(ODRL) and name not in known:
                raise refuse(place(node, name), "term.unknown", term=name)
        if key not in (TARGET, OUTPUT):
            for kind in node.get("@type", ()):
                if kind.startswith(ODRL) and kind not in _THINGS:
                    raise refuse(spot(node, "@type", kind), "party.type", type=kind)

    def parties(self, node: Node) -> tuple[tuple[str, Scope], ...]:
        """The parties in functions other than the two of the core."""
        found = []
        for key in node:
            if key in PARTIES and key not in (ASSIGNER, ASSIGNEE):
                self.note(key, place(node, key))
                found += [(key, scope) for scope in self.scopes(node, key)]
        return tuple(found)

    def _misplaced(self, node: Node) -> tuple[tuple[str, Scope], ...]:
        """Parties that are named inside of an action: they can only be those of the rule."""
        inside = [self._graph.get(value["@id"]) for value in node.get(ACTION, ()) if "@id" in value]
        return tuple(party for one in inside for party in self.parties(one))

    # --- names --------------------------------------------------------------------------------------------------------

    def names(self, node: Node, key: str) -> Iterator[str]:
        for value in node.get(key, ()):
            if "@id" not in value:
                raise refuse(spot(node, key, value), "form.identifier", key=key.removeprefix(ODRL))
            yield value["@id"]

    def known(self, node: Node, keys: frozenset[str] | set[str]) -> None:
        """Every property is one of these, or one that tells people something."""
        for key in node:
            if key.startswith("@") or key in keys or metadata(key):
                continue
            if self._lenient and (not key.startswith(ODRL) or _wordy(key, node[key])):
                continue
            raise refuse(place(node, key), "term.unknown", term=key)
        for uid in self.names(node, UID):
            if uid != node["@id"] and not node["@id"].startswith("_:"):
                raise refuse(place(node, UID), "form.identifier", key="uid")

    def note(self, term: str, at: str) -> None:
        """A term outside ODRL's core, which needs a profile."""
        self.common = self.common or (term, at)

    def label(self, id: str, letter: str) -> str:
        """The IRI of a rule or constraint; of one without, its place in the order of the document."""
        if id and not id.startswith("_:"):
            return id
        if id and id in self._labels:
            return self._labels[id]
        label = f"_:{letter}{self._counted[letter]}"
        self._counted[letter] += 1
        if id:
            self._labels[id] = label
        return label


def is_policy(node: Node) -> bool:
    """A node of one of the classes of policies, or of no class at all that has rules."""
    kinds = node.get("@type", ())
    if any(kind in POLICY_KINDS or kind == POLICY for kind in kinds):
        return True
    return not kinds and any(
        ODRL + one.value in node for one in (RuleKind.PERMISSION, RuleKind.PROHIBITION, RuleKind.OBLIGATION)
    )


def _wordy(key: str, values: list[Any]) -> bool:
    """Words for people that foreign files put into ODRL's namespace."""
    return key in _OLD_WORDS and all("@value" in value for value in values)


def remarks_of(node: Node) -> tuple[tuple[str, str], ...]:
    """Words for people; what a foreign vocabulary says of a policy or a rule, where that is let pass, is no more."""
    keys = [key for key in node if not key.startswith(("@", ODRL, DSPACE)) or key in _OLD_WORDS]
    found = [(key, value) for key in keys if key not in _EFFECTIVE for value in node[key]]
    return tuple(one for one in (told(key, value) for key, value in found) if one is not None)
