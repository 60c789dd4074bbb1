"""Writing policies in full ODRL 2.2: the model -> JSON-LD and Turtle, which `graph` reads back to the same policy.

What lives here: the tree that a policy is in RDF, and its two spellings. What does not: reading. Sources: ODRL
Information Model 2.2; JSON-LD 1.1; RDF 1.1 Turtle. Members of logical constraints are lists, so that no reader loses
their order.

Values of a tree: `Ref` (an IRI), a literal (`@value`, `@type` or `@language`), a list (`@list`), or a node.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from policies import compact, notice, operands
from policies.compact import DSPACE
from policies.gathering import framed, gathered, placed, settle
from policies.instants import stamp
from policies.model import ODRL, Atomic, Constraint, Policy, PolicyError, Reason, RuleKind, Scope
from policies.nodes import RDF, fit
from policies.rules import INHERITED
from policies.vocabulary import DPV, XSD
from policies.written import Doing, WrittenRule

Tree = dict[str, Any]

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20]+")
_LOCAL = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*", re.ASCII)
_STRING: Final = XSD + "string"
_ANY_URI: Final = XSD + "anyURI"
_PREFIXES: Final[Mapping[str, str]] = {
    "odrl": ODRL,
    "xsd": XSD,
    "rdf": RDF,
    "dct": compact.PREFIXES["dct"],
    "dpv": DPV,
    "dspace": DSPACE,
}
_CONTEXT: Final = "http://www.w3.org/ns/odrl.jsonld"
_BELOW: Final = (("duties", "duty"), ("remedies", "remedy"), ("consequences", "consequence"))


class Ref(str):
    """The IRI of something."""

    __slots__ = ()


def to_jsonld(policy: Policy) -> dict[str, Any]:
    """The policy as JSON-LD under ODRL's own context. Raises `PolicyError` `form.carry`."""
    context = [_CONTEXT, {"dspace": DSPACE}] if policy.timestamp is not None else _CONTEXT
    return {"@context": context, **_jsonld(_Planter(policy).tree(), set())}


def to_turtle(policy: Policy) -> str:
    """The policy as Turtle. Raises `PolicyError` `form.carry`."""
    return _turtle(_Planter(policy).tree())


class _Planter:
    """Makes the tree of one policy; what has a name has it once."""

    def __init__(self, policy: Policy) -> None:
        settle(policy)
        self._policy = framed(policy)
        self._known: dict[str, Tree] = {}

    def tree(self) -> Tree:
        """The policy as a node with everything below it."""
        policy = self._policy
        tree: Tree = {"@id": policy.id, "@type": ODRL + policy.kind.value}
        _put(tree, ODRL + "profile", map(_ref, policy.profile))
        if policy.conflict is not None:
            _put(tree, ODRL + "conflict", [_ref(ODRL + policy.conflict.value)])
        _put(tree, INHERITED, map(_ref, policy.inherits))
        if policy.timestamp is not None:
            _put(tree, DSPACE + "timestamp", [_literal(stamp(policy.timestamp), XSD + "dateTime")])
        _tell(tree, policy.remarks)
        for field in ("target", "assigner", "assignee"):
            if (name := getattr(policy, field)) is not None:
                with placed(f"/{field}"):
                    _put(tree, ODRL + field, [_ref(name)])
        for rule in gathered(policy.rules):
            period = policy.notice if rule.kind is RuleKind.PERMISSION else None
            with placed(f"/{rule.kind}/{len(tree.get(ODRL + rule.kind.value, ()))}"):
                _put(tree, ODRL + rule.kind.value, [self._rule(rule, period)])
        return tree

    def _named(self, id: str, tree: Tree) -> Tree:
        """A node under its name. Raises `PolicyError`: the same name stands for something else already."""
        if not id or id.startswith("_:"):
            return tree
        named = {"@id": id, **tree}
        if self._known.setdefault(id, named) != named:
            raise PolicyError(Reason("form.carry", {"term": id[:200]}))
        return named

    def _rule(self, rule: WrittenRule, period: str | None) -> Tree:
        tree: Tree = {}
        _put(tree, ODRL + "action", [self._doing(one) for one in rule.actions])
        for field in ("target", "output", "assigner", "assignee"):
            _put(tree, ODRL + field, [self._scope(one, field) for one in getattr(rule, f"{field}s")])
        for function, scope in rule.parties:
            _put(tree, function, [self._scope(scope, function)])
        _tell(tree, rule.remarks)
        constraints = [self._constraint(one) for one in rule.constraints]
        if period is not None:
            constraints.append(_atomic(notice.NOTICE, "eq", [_literal(period, notice.DATATYPE)]))
        _put(tree, ODRL + "constraint", constraints)
        for field, word in _BELOW:
            _put(tree, ODRL + word, [self._rule(one, None) for one in getattr(rule, field)])
        return self._named(rule.id, tree)

    def _doing(self, doing: Doing) -> Any:
        if not doing.refinements:
            return _ref(doing.iri)
        tree: Tree = {RDF + "value": [_ref(doing.iri)]}
        _put(tree, ODRL + "refinement", [self._constraint(one) for one in doing.refinements])
        return tree

    def _scope(self, scope: Scope, function: str) -> Any:
        """A thing by its name. A collection is a node without one, of which the name is the source: what is said of it
        here is not said of it elsewhere."""
        if not (scope.collection or scope.refinements or scope.source):
            return _ref(scope.iri)
        kind = "AssetCollection" if function in ("target", "output") else "PartyCollection"
        tree: Tree = {"@type": ODRL + kind, ODRL + "source": [_ref(scope.source or scope.iri)]}
        _put(tree, ODRL + "refinement", [self._constraint(one) for one in scope.refinements])
        return self._named(scope.iri, tree) if scope.source else tree

    def _constraint(self, constraint: Constraint) -> Tree:
        if not isinstance(constraint, Atomic):
            members = {"@list": [self._constraint(one) for one in constraint.members]}
            return self._named(constraint.id, {ODRL + constraint.connective.value: [members]})
        values = [_right(constraint, one) for one in constraint.right]
        tree = _atomic(constraint.left, constraint.operator.value, values)
        key, _, value = constraint.reference.partition(" ")
        if value:
            _put(tree, key, [_ref(value) if _IRI.fullmatch(value) else _literal(value)])
        elif key:
            _put(tree, ODRL + "rightOperandReference", [_ref(key)])
        if constraint.unit:
            _put(
                tree,
                ODRL + "unit",
                [_ref(constraint.unit) if _IRI.fullmatch(constraint.unit) else _literal(constraint.unit)],
            )
        if constraint.status:
            _put(tree, ODRL + "status", [_literal(constraint.status)])
        return self._named(constraint.id, tree)


def _ref(iri: str) -> Ref:
    """The IRI as one. Raises `PolicyError` `form.carry`: no reader would take it for one."""
    if not _IRI.fullmatch(iri) or not fit(iri):
        raise PolicyError(Reason("form.carry", {"term": iri[:200]}))
    return Ref(iri)


def _put(tree: Tree, key: str, values: Iterable[Any]) -> None:
    if found := list(values):
        tree.setdefault(key, []).extend(found)


def _atomic(left: str, operator: str, right: list[Any]) -> Tree:
    tree: Tree = {ODRL + "leftOperand": [_ref(left)], ODRL + "operator": [_ref(ODRL + operator)]}
    _put(tree, ODRL + "rightOperand", right)
    return tree


def _literal(text: str, datatype: str = _STRING) -> Tree:
    return {"@value": text, "@type": datatype}


def _right(constraint: Atomic, canonical: str) -> Any:
    """A value: an IRI as such, where the operand has IRIs for values."""
    operand = None if constraint.datatype else operands.find(constraint.left)
    text, datatype = operand.write(canonical) if operand else (canonical, constraint.datatype)
    named = datatype == _ANY_URI or (not datatype and operand is not None and _ANY_URI in operand.datatypes)
    return _ref(text) if named and _IRI.fullmatch(text) else _literal(text, datatype or _STRING)


def _tell(tree: Tree, remarks: Iterable[tuple[str, str]]) -> None:
    """Words for people, with what stands behind the predicate."""
    for key, text in remarks:
        if "^^" in key:
            predicate, _, datatype = key.partition("^^")
            _put(tree, predicate, [_literal(text, datatype)])
        else:
            predicate, _, mark = key.partition("@")
            told = _ref(text) if mark == "id" else {"@value": text, "@language": mark} if mark else _literal(text)
            _put(tree, predicate, [told])


# --- JSON-LD ----------------------------------------------------------------------------------------------------------


def _jsonld(tree: Tree, told: set[str]) -> dict[str, Any]:
    """A node; what has been told of a name is not told again."""
    node: dict[str, Any] = {}
    if "@id" in tree:
        node["@id"] = tree["@id"]
        if tree["@id"] in told:
            return node
        told.add(tree["@id"])
    if "@type" in tree:
        node["@type"] = tree["@type"].removeprefix(ODRL)
    for key, values in tree.items():
        if not key.startswith("@"):
            term = compact.TERMS.get(key.removeprefix(ODRL)) if key.startswith(ODRL) else None
            written = [_compacted(value, term.kind if term else "", told) for value in values]
            single = len(written) == 1 and key.removeprefix(ODRL) not in _ARRAYS
            node[key.removeprefix(ODRL) if term else key] = written[0] if single else written
    return node


_ARRAYS: Final = ("permission", "prohibition", "obligation", *(word for _, word in _BELOW), "constraint", "refinement")


def _compacted(value: Any, kind: str, told: set[str]) -> Any:
    match value:
        case Ref():
            if kind == "@vocab" and value.startswith(ODRL):
                # ODRL's own context has no plain word for some terms, and a wrong one for two (`neq`, `industry`).
                return f"odrl:{value.removeprefix(ODRL)}"
            if kind == "@vocab":
                return str(value)
            return str(value) if kind == "@id" else {"@id": str(value)}
        case {"@list": members}:
            return {"@list": [_compacted(one, kind, told) for one in members]}
        case {"@value": text}:
            return text if value.get("@type") == _STRING else value
        case _:
            return _jsonld(value, told)


# --- Turtle -----------------------------------------------------------------------------------------------------------


def _turtle(tree: Tree) -> str:
    """The node, then those with a name of their own; only the prefixes that are used."""
    queue, done, blocks = [tree], {tree["@id"]}, list[str]()
    while queue:
        node = queue.pop(0)
        named: list[Tree] = []
        blocks.append(f"{_short(node['@id'])} {_pairs(node, 1, named)} .\n")
        for one in named:
            if one["@id"] not in done:
                done.add(one["@id"])
                queue.append(one)
    text = "\n".join(blocks)
    used = [name for name in _PREFIXES if re.search(rf"(?<![\w:<]){name}:", text)]
    return "\n".join([*(f"@prefix {name}: <{_PREFIXES[name]}> ." for name in used), "", text])


def _pairs(node: Tree, depth: int, named: list[Tree]) -> str:
    indent = "    " * depth
    pairs = [f"a {_short(node['@type'])}"] if "@type" in node else []
    pairs += [
        f"{_short(key)} {', '.join(_object(value, depth, named) for value in values)}"
        for key, values in node.items()
        if not key.startswith("@")
    ]
    return f" ;\n{indent}".join(pairs)


def _object(value: Any, depth: int, named: list[Tree]) -> str:
    match value:
        case Ref():
            return _short(value)
        case {"@list": members}:
            return f"( {' '.join(_object(one, depth + 1, named) for one in members)} )"
        case {"@value": text, "@language": language}:
            return f"{_quoted(text)}@{language}"
        case {"@value": text, "@type": datatype}:
            return _quoted(text) + ("" if datatype == _STRING else f"^^{_short(datatype)}")
        case {"@id": id}:
            named.append(value)
            return _short(id)
        case _:
            indent = "    " * depth
            return f"[\n{indent}    {_pairs(value, depth + 1, named)}\n{indent}]"


def _short(iri: str) -> str:
    """An IRI with its prefix, or in brackets. Raises `PolicyError`: no IRI that Turtle can hold."""
    for name, space in _PREFIXES.items():
        if iri.startswith(space) and _LOCAL.fullmatch(iri[len(space) :]):
            return f"{name}:{iri[len(space) :]}"
    if not _IRI.fullmatch(iri):
        raise PolicyError(Reason("form.carry", {"term": iri[:200]}))
    return f"<{iri}>"


def _quoted(text: str) -> str:
    # A JSON string is one of Turtle, too.
    return msgspec.json.encode(text).decode()
