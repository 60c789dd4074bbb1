"""Reading ODRL 2.2 in full: nodes -> policies.

What lives here: what the classes and properties of ODRL say about a policy and its rules, and the refusal by name and
place of what is not understood. What does not: JSON-LD (`compact`), Turtle (`catalog.turtle`), constraints
(`constraints`), spreading and inheriting (`normalise`). Source: ODRL Information Model 2.2; ODRL Vocabulary 2.2.

Rules that stand without a policy are a Set each; in a lenient reading so are constraints that stand alone (a permission
under that constraint). A rule without an action is about every action, in a lenient reading; else it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec.structs import replace

from policies import notice
from policies.compact import DSPACE, FUNCTIONS
from policies.constraints import DEPTH, ConstraintReader, refuse
from policies.instants import instant
from policies.model import ODRL, Atomic, Constraint, Policy, PolicyError, PolicyKind, Reason, RuleKind, Scope, Strategy
from policies.nodes import RDF, Graph, Lookup, Node, metadata, place, told
from policies.normalise import normalise
from policies.vocabulary import ACTIONS, CORE, MUNICIPAL, PROFILES
from policies.written import Doing, WrittenPolicy, WrittenRule

_DSP: Final = DSPACE + "odrl-profile.jsonld"
_ROOTS: Final = (ODRL + "use", ODRL + "transfer")

INHERIT: Final = ODRL + "inheritFrom"
INHERITED: Final = "urn:allmende:inherited"
"""Our own: the policies whose rules are in this one already."""

_UID, _VALUE, _ACTION = ODRL + "uid", RDF + "value", ODRL + "action"
_CONSTRAINT, _REFINEMENT, _SOURCE, _PART_OF = ODRL + "constraint", ODRL + "refinement", ODRL + "source", ODRL + "partOf"
_RULES: Final = {
    ODRL + one.value: one for one in (RuleKind.PERMISSION, RuleKind.PROHIBITION, RuleKind.OBLIGATION, RuleKind.DUTY)
}
_KINDS: Final = {
    ODRL + "Permission": RuleKind.PERMISSION,
    ODRL + "Prohibition": RuleKind.PROHIBITION,
    ODRL + "Obligation": RuleKind.OBLIGATION,
    ODRL + "Duty": RuleKind.DUTY,
}
_RULE: Final = ODRL + "Rule"
_POLICY_KINDS: Final = {ODRL + one.value: one for one in PolicyKind}
_POLICY: Final = ODRL + "Policy"
_PLAIN_KINDS: Final = frozenset({PolicyKind.SET, PolicyKind.OFFER, PolicyKind.AGREEMENT})
_PARTIES: Final = {ODRL + name: ODRL + name for name in FUNCTIONS}
_ASSIGNER, _ASSIGNEE = ODRL + "assigner", ODRL + "assignee"
_TARGET, _OUTPUT = ODRL + "target", ODRL + "output"
_COLLECTIONS: Final = frozenset({ODRL + "AssetCollection", ODRL + "PartyCollection"})
_THINGS: Final = frozenset({ODRL + "Asset", ODRL + "Party"}) | _COLLECTIONS
_REPLACED: Final = tuple(
    base + "isReplacedBy" for base in ("http://purl.org/dc/terms/", "http://purl.org/dc/elements/1.1/")
)
_EFFECTIVE: Final = frozenset({INHERITED, *_REPLACED, RDF + "value"})
_BELOW: Final = {ODRL + "duty": "duties", ODRL + "remedy": "remedies", ODRL + "consequence": "consequences"}
_MAY: Final = {
    RuleKind.PERMISSION: frozenset({ODRL + "duty"}),
    RuleKind.PROHIBITION: frozenset({ODRL + "remedy"}),
    RuleKind.OBLIGATION: frozenset({ODRL + "consequence"}),
    RuleKind.DUTY: frozenset({ODRL + "consequence"}),
}
_SHARED: Final = frozenset({_UID, _ACTION, _TARGET, _OUTPUT, *_PARTIES})
_TOP: Final = _SHARED | {
    *(ODRL + name for name in ("profile", "conflict", "inheritFrom", "permission", "prohibition", "obligation")),
    DSPACE + "timestamp",
    INHERITED,
    *_REPLACED,
}
_LINKS: Final = ((_TARGET, ODRL + "hasPolicy"), (_ASSIGNER, ODRL + "assignerOf"), (_ASSIGNEE, ODRL + "assigneeOf"))
_STRATEGIES: Final = {ODRL + one.value: one for one in Strategy}
_OLD_WORDS: Final = frozenset({ODRL + "description", ODRL + "label", ODRL + "title"})


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
        self._constraints = ConstraintReader(graph, lenient, self._note, self._label)
        self._labels: dict[str, str] = {}
        self._counted = {"b": 0, "c": 0}
        self._common: tuple[str, str] | None = None
        self._written: dict[str, WrittenPolicy] = {}
        self._notices: set[str | None] = set()

    # --- policies -----------------------------------------------------------------------------------------------------

    def policies(self) -> Iterator[Policy]:
        """Every policy of the document, then what stands without one."""
        here = list(self._graph)
        named = [node for node in here if _is_policy(node)]
        used = {
            value.get("@id") for node in here for key in node if key in _RULES or key in _BELOW for value in node[key]
        }
        for node in named:
            if not self._replaced(node):
                yield self._policy(self._read(node))
        if not named:
            yield from self._bare([node for node in here if node["@id"] not in used])

    def _policy(self, written: WrittenPolicy) -> Policy:
        policy = normalise(written, self._find)
        if not self._lenient:
            _admit(written)
        return policy

    def _bare(self, nodes: list[Node]) -> Iterator[Policy]:
        """A Set for each rule that no policy has; for each constraint alone, where foreign files are read."""
        for node in nodes:
            kinds = [_KINDS[kind] for kind in node.get("@type", ()) if kind in _KINDS]
            if kinds:
                kind = RuleKind.OBLIGATION if kinds[0] is RuleKind.DUTY else kinds[0]
                yield self._alone(node, self._rule({"@id": node["@id"]}, kind, place(node), 0))
        if self._lenient and not any(kind in _KINDS for node in nodes for kind in node.get("@type", ())):
            for node in [one for one in nodes if ODRL + "leftOperand" in one and not one["@id"].startswith("_:")]:
                constraint = self._constraints.constraints({"@id": "", "": [{"@id": node["@id"]}]}, "")
                actions = tuple(map(Doing, _ROOTS))
                id = self._label("", "b")
                yield self._alone(node, WrittenRule(RuleKind.PERMISSION, id, actions, constraints=constraint))

    def _alone(self, node: Node, rule: WrittenRule) -> Policy:
        id = node["@id"] if not node["@id"].startswith("_:") else f"urn:allmende:rule:{rule.id[2:]}"
        common, self._common = self._common, None
        return self._policy(
            WrittenPolicy(id, PolicyKind.SET, (rule,), conflicts=(Strategy.INVALID,), place=place(node), common=common)
        )

    def _find(self, iri: str) -> WrittenPolicy | None:
        """A policy to inherit from: of this document, or of another that can be had."""
        if not _is_policy(self._graph.get(iri)) and self._lookup is not None:
            self._graph.add(self._lookup(iri) or ())
        node = self._graph.get(iri)
        return self._read(node) if _is_policy(node) else None

    def _replaced(self, node: Node) -> bool:
        """A policy that is replaced is void: its successor counts, if it can be had."""
        for key in _REPLACED:
            for value in node.get(key, ()):
                successor = str(value.get("@id", ""))
                if _is_policy(self._graph.get(successor)):
                    return True
                raise refuse(place(node, key), "policy.replaced", policy=node["@id"], by=successor)
        return False

    def _read(self, node: Node) -> WrittenPolicy:
        """A policy as written, with what is linked to it from outside."""
        named = [node["@id"], *self._names(node, _UID)]
        id = next((one for one in named if not one.startswith("_:")), "")
        if id in self._written:
            return self._written[id]
        outer, self._common, self._notices = (self._common, self._notices), None, set()
        kind = self._kind(node)
        self._known(node, _TOP)
        if not id:
            raise refuse(place(node), "term.missing", term="uid")
        profile = self._profile(node)
        rules = tuple(self._rules(node))
        told = {name: self._scopes(node, key) for name, key in (("targets", _TARGET), ("outputs", _OUTPUT))}
        written = WrittenPolicy(
            id=id,
            kind=kind,
            rules=rules,
            actions=self._actions(node),
            **told,
            assigners=self._scopes(node, _ASSIGNER),
            assignees=self._scopes(node, _ASSIGNEE),
            parties=self._parties(node),
            profile=profile,
            conflicts=self._conflicts(node, profile),
            inherits=tuple(self._names(node, INHERIT)),
            inherited=tuple(self._names(node, INHERITED)),
            timestamp=self._timestamp(node),
            notice=self._notice(node),
            remarks=_remarks(node),
            place=place(node),
            common=self._common,
        )
        self._common, self._notices = outer
        self._written[id] = self._linked(node, written)
        return self._written[id]

    def _linked(self, node: Node, written: WrittenPolicy) -> WrittenPolicy:
        """With the assets and parties that say of themselves that it is theirs."""
        found = {}
        for (key, link), name in zip(_LINKS, ("targets", "assigners", "assignees"), strict=True):
            linked = [
                self._scope({"@id": one["@id"]}, place(one), key) for one in self._graph.referring(link, node["@id"])
            ]
            found[name] = (*getattr(written, name), *(one for one in linked if one not in getattr(written, name)))
        return replace(written, **found)

    def _kind(self, node: Node) -> PolicyKind:
        """The class of a policy; a Set, where none is named."""
        found = []
        for one in node.get("@type", ()):
            if one in _POLICY_KINDS:
                found.append(_POLICY_KINDS[one])
            elif one != _POLICY and (one.startswith(ODRL) or not self._lenient):
                raise refuse(place(node), "policy.type", type=one, expected="Policy")
        if len(set(found) - {PolicyKind.SET}) > 1:
            raise refuse(place(node), "policy.types", types=" ".join(sorted(found)))
        kind = max(found, key=lambda one: one is not PolicyKind.SET, default=PolicyKind.SET)
        if kind not in _PLAIN_KINDS:
            self._note(ODRL + kind.value, place(node))
        return kind

    def _profile(self, node: Node) -> tuple[str, ...]:
        found = tuple(self._names(node, ODRL + "profile"))
        for profile in found:
            if profile not in PROFILES and not self._lenient:
                raise refuse(place(node, ODRL + "profile"), "profile.unknown", profile=profile)
        return found

    def _conflicts(self, node: Node, profile: tuple[str, ...]) -> tuple[Strategy, ...]:
        """The strategies that are named; `invalid`, where neither the policy nor its profile says one (3.2)."""
        key = ODRL + "conflict"
        found = list(self._names(node, key))
        for one in found:
            if one not in _STRATEGIES:
                raise refuse(place(node, key), "conflict.unknown", conflict=one)
        if not found and not {MUNICIPAL, _DSP} & set(profile) and INHERIT not in node:
            return (Strategy.INVALID,)
        return tuple(_STRATEGIES[one] for one in found)

    def _timestamp(self, node: Node) -> int | None:
        found = node.get(DSPACE + "timestamp", [])
        if not found:
            return None
        at, text = place(node, DSPACE + "timestamp"), str(found[0].get("@value", ""))
        try:
            return instant(text)
        except ValueError:
            raise refuse(at, "value.unreadable", operand="timestamp", value=text) from None

    def _notice(self, node: Node) -> str | None:
        """The notice period, which every permission has to name alike."""
        if len(self._notices) > 1:
            raise refuse(place(node), "notice.unclear")
        return next(iter(self._notices), None)

    # --- rules --------------------------------------------------------------------------------------------------------

    def _rules(self, node: Node) -> Iterator[WrittenRule]:
        for key in node:
            if key in _RULES and _RULES[key] is not RuleKind.DUTY:
                for value in node[key]:
                    yield self._rule(value, _RULES[key], place(node, key), 0)

    def _rule(self, value: dict[str, Any], kind: RuleKind, at: str, depth: int) -> WrittenRule:
        if "@id" not in value:
            raise refuse(at, "form.object")
        if depth > DEPTH:
            raise refuse(at, "constraint.depth", limit=str(DEPTH))
        node = self._graph.get(value["@id"])
        at = place(node) or at
        self._constraints.meet(at)
        self._typed(node, kind)
        id = self._label(node["@id"], "b")
        self._known(node, _SHARED | {_CONSTRAINT} | _MAY[kind])
        below = {
            name: tuple(self._rule(one, RuleKind.DUTY, place(node, key), depth + 1) for one in node.get(key, ()))
            for key, name in _BELOW.items()
        }
        return WrittenRule(
            kind=kind,
            id=id,
            actions=self._doing(node, kind),
            targets=self._scopes(node, _TARGET),
            outputs=self._scopes(node, _OUTPUT),
            assigners=self._scopes(node, _ASSIGNER),
            assignees=self._scopes(node, _ASSIGNEE),
            parties=(*self._parties(node), *self._misplaced(node)),
            constraints=self._without_notice(node, kind, depth),
            **below,
            remarks=_remarks(node),
            place=at,
        )

    def _typed(self, node: Node, kind: RuleKind) -> None:
        expected = RuleKind.DUTY if kind is RuleKind.OBLIGATION else kind
        for one in node.get("@type", ()):
            fits = one == _RULE or _KINDS.get(one) in (kind, expected)
            if not fits and (one.startswith(ODRL) or not self._lenient):
                raise refuse(place(node), "rule.type", type=one)

    def _without_notice(self, node: Node, kind: RuleKind, depth: int) -> tuple[Constraint, ...]:
        """The constraints of a rule; the notice period is taken out of those of a permission."""
        found = self._constraints.constraints(node, _CONSTRAINT)
        periods = [one for one in found if isinstance(one, Atomic) and one.left == notice.NOTICE]
        if kind is RuleKind.PERMISSION and len(periods) <= 1:
            self._notices.add(periods[0].right[0] if periods else None)
        elif periods:
            raise refuse(place(node, _CONSTRAINT), "notice.unclear")
        return tuple(one for one in found if one not in periods)

    # --- actions ------------------------------------------------------------------------------------------------------

    def _doing(self, node: Node, kind: RuleKind) -> tuple[Doing, ...]:
        """The actions of a rule. It may leave them to its policy; in a lenient reading none means every action."""
        found = self._actions(node)
        if found or kind is RuleKind.DUTY or not self._lenient:
            if not found and not self._shared_action(node):
                raise refuse(place(node), "term.missing", term="action")
            return found
        return () if self._shared_action(node) else tuple(map(Doing, _ROOTS))

    def _shared_action(self, node: Node) -> bool:
        """Does a policy that has this rule name an action for all of them?"""
        return any(
            _ACTION in above for key in _RULES for above in self._graph.referring(key, node["@id"]) if _is_policy(above)
        )

    def _actions(self, node: Node) -> tuple[Doing, ...]:
        return tuple(self._action(value, place(node, _ACTION)) for value in node.get(_ACTION, ()))

    def _action(self, value: dict[str, Any], at: str) -> Doing:
        if "@id" not in value:
            raise refuse(at, "action.unknown", action=str(value.get("@value", "")))
        node = self._graph.get(value["@id"])
        if _VALUE not in node and _REFINEMENT not in node:
            return Doing(self._acting(value["@id"], at))
        self._known(node, {_VALUE, _REFINEMENT, _UID, *_PARTIES, ODRL + "includedIn", ODRL + "implies"})
        named = list(self._names(node, _VALUE)) if _VALUE in node else [node["@id"]]
        if len(named) != 1:
            raise refuse(place(node), "value.several", operand="action", operator="")
        return Doing(self._acting(named[0], place(node)), self._constraints.constraints(node, _REFINEMENT))

    def _acting(self, iri: str, at: str) -> str:
        if iri not in ACTIONS and (iri.startswith((ODRL, "_:")) or not self._lenient):
            raise refuse(at, "action.unknown", action=iri)
        if iri not in _ROOTS:
            self._note(iri, at)
        return iri

    # --- assets and parties -------------------------------------------------------------------------------------------

    def _scopes(self, node: Node, key: str) -> tuple[Scope, ...]:
        return tuple(self._scope(value, place(node, key), key) for value in node.get(key, ()))

    def _scope(self, value: dict[str, Any], at: str, key: str) -> Scope:
        """An asset or a party by its name; a collection by its own, else by that of its source."""
        if "@id" not in value:
            raise refuse(at, "form.identifier", key=key.removeprefix(ODRL))
        node = self._graph.get(value["@id"])
        self._about(node, key)
        refinements = self._constraints.constraints(node, _REFINEMENT)
        sources = list(self._names(node, _SOURCE))
        if len(sources) > 1:
            raise refuse(place(node, _SOURCE), "value.several", operand="source", operator="")
        named = next(iter(self._names(node, _UID)), node["@id"])
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
            _UID,
            _SOURCE,
            _REFINEMENT,
            _PART_OF,
            *(link for _, link in _LINKS),
            *_TOP,
            _CONSTRAINT,
            *_MAY[RuleKind.DUTY],
        }
        if not _is_policy(node) and not any(kind in _KINDS for kind in node.get("@type", ())):
            known = {_UID, _SOURCE, _REFINEMENT, _PART_OF, *(link for _, link in _LINKS)}
        for name in node:
            if name.startswith(ODRL) and name not in known:
                raise refuse(place(node, name), "term.unknown", term=name)
        if key not in (_TARGET, _OUTPUT):
            for kind in node.get("@type", ()):
                if kind.startswith(ODRL) and kind not in _THINGS:
                    raise refuse(place(node), "party.type", type=kind)

    def _parties(self, node: Node) -> tuple[tuple[str, Scope], ...]:
        """The parties in functions other than the two of the core."""
        found = []
        for key in node:
            if key in _PARTIES and key not in (_ASSIGNER, _ASSIGNEE):
                self._note(key, place(node, key))
                found += [(key, scope) for scope in self._scopes(node, key)]
        return tuple(found)

    def _misplaced(self, node: Node) -> tuple[tuple[str, Scope], ...]:
        """Parties that are named inside of an action: they can only be those of the rule."""
        inside = [self._graph.get(value["@id"]) for value in node.get(_ACTION, ()) if "@id" in value]
        return tuple(party for one in inside for party in self._parties(one))

    # --- names --------------------------------------------------------------------------------------------------------

    def _names(self, node: Node, key: str) -> Iterator[str]:
        for value in node.get(key, ()):
            if "@id" not in value:
                raise refuse(place(node, key), "form.identifier", key=key.removeprefix(ODRL))
            yield value["@id"]

    def _known(self, node: Node, keys: frozenset[str] | set[str]) -> None:
        """Every property is one of these, or one that tells people something."""
        for key in node:
            if key.startswith("@") or key in keys or metadata(key):
                continue
            if self._lenient and (not key.startswith(ODRL) or _wordy(key, node[key])):
                continue
            raise refuse(place(node, key), "term.unknown", term=key)
        for uid in self._names(node, _UID):
            if uid != node["@id"] and not node["@id"].startswith("_:"):
                raise refuse(place(node, _UID), "form.identifier", key="uid")

    def _note(self, term: str, at: str) -> None:
        """A term outside ODRL's core, which needs a profile."""
        self._common = self._common or (term, at)

    def _label(self, id: str, letter: str) -> str:
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


def _is_policy(node: Node) -> bool:
    """A node of one of the classes of policies, or of no class at all that has rules."""
    kinds = node.get("@type", ())
    if any(kind in _POLICY_KINDS or kind == _POLICY for kind in kinds):
        return True
    return not kinds and any(
        ODRL + one.value in node for one in (RuleKind.PERMISSION, RuleKind.PROHIBITION, RuleKind.OBLIGATION)
    )


def _admit(policy: WrittenPolicy) -> None:
    """Terms outside ODRL's core need a profile that names them (4, Common Vocabulary). Raises `PolicyError`."""
    if policy.common is not None and not set(policy.profile) - {CORE}:
        raise PolicyError(Reason("profile.missing", {"term": policy.common[0][:200]}), policy.common[1])


def _wordy(key: str, values: list[Any]) -> bool:
    """Words for people that foreign files put into ODRL's namespace."""
    return key in _OLD_WORDS and all("@value" in value for value in values)


def _remarks(node: Node) -> tuple[tuple[str, str], ...]:
    """Words for people; what a foreign vocabulary says of a policy or a rule, where that is let pass, is no more."""
    keys = [key for key in node if not key.startswith(("@", ODRL, DSPACE)) or key in _OLD_WORDS]
    found = [(key, value) for key in keys if key not in _EFFECTIVE for value in node[key]]
    return tuple(one for one in (told(key, value) for key, value in found) if one is not None)
