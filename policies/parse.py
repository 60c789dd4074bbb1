"""Reading policies: plain JSON in the form of the Dataspace Protocol -> the model.

What lives here: the shape of a policy, rule by rule, and the refusal of everything that is not understood, by name and
with its place as a JSON pointer. What does not: values (`operands`), the spelling of keys (a reader of messages has
normalised them), ODRL in full (`graph`). Source: Dataspace Protocol 2025-1, contract-schema.json and ODRL profile; ODRL
Information Model 2.2.

INVARIANT: every key and every term of the document is either understood or refuses the whole policy. There is no term
whose absence would mean more than its presence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn

from msgspec.structs import replace

from policies import notice
from policies.instants import instant
from policies.model import (
    ODRL,
    Atomic,
    Connective,
    Constraint,
    Logical,
    Operator,
    Policy,
    PolicyError,
    PolicyKind,
    Reason,
    Rule,
    RuleKind,
)
from policies.nodes import fit
from policies.operands import OPERANDS, SET_OPERATORS, Operand
from policies.vocabulary import ACTIONS, CONTEXTS, PROFILES, XSD

DEPTH: Final = 16
"""How deep logical constraints may nest."""
CONSTRAINTS: Final = 1000
"""How many constraints and values a policy may have."""

_PARTS = frozenset(
    {"@context", "@id", "@type", "profile", "target", "assigner", "assignee", "permission", "prohibition", "obligation"}
)
_AGREED = frozenset({"timestamp"})
_RULE = frozenset({"@id", "@type", "action", "constraint"})
_PERMISSION = _RULE | {"duty"}
_ATOMIC = frozenset({"leftOperand", "operator", "rightOperand"})
_EITHER = frozenset({"@id", "@type"})
# The protocol's context gives `andSequence` no list: a peer that expands it loses the order, so it is not for the wire.
_LOGICAL: Final = {one.value: one for one in Connective if one is not Connective.AND_SEQUENCE}
_OPERATORS: Final = {operator.value: operator for operator in Operator}
_RULE_TYPES: Final = {
    RuleKind.PERMISSION: frozenset({"Permission"}),
    RuleKind.PROHIBITION: frozenset({"Prohibition"}),
    RuleKind.OBLIGATION: frozenset({"Duty", "Obligation"}),
    RuleKind.DUTY: frozenset({"Duty"}),
}
_CONSTRAINT_TYPES = frozenset({"Constraint", "AtomicConstraint", "LogicalConstraint"})


def from_dsp(document: Mapping[str, Any], kind: PolicyKind = PolicyKind.OFFER, at: str = "") -> Policy:
    """The policy that a document states. `at` is the place of the document itself, in front of every place.

    Raises `PolicyError` with the name and the place of what is not understood.
    """
    return _Reader(at).policy(document, kind)


def _refuse(place: str, code: str, **params: str) -> NoReturn:
    raise PolicyError(Reason(code, {name: value[:200] for name, value in params.items()}), place)


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _refuse(place, "form.object")
    for key in value:
        if not isinstance(key, str):
            _refuse(place, "form.object")
    return value


def _known(value: dict[str, Any], keys: frozenset[str], place: str) -> None:
    for key in value:
        if key not in keys:
            _refuse(f"{place}/{_pointer(key)}", "term.unknown", term=key)


def _pointer(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")[:200]


def _several(value: Any) -> list[Any]:
    """An array; a single value is an array of one."""
    return value if isinstance(value, list) else [value]


def _local(value: Any, place: str, code: str) -> str:
    """A term by its local name, where it is of ODRL; any other as it stands."""
    if isinstance(value, dict) and value.keys() == {"@id"}:
        value = value["@id"]
    if not isinstance(value, str):
        _refuse(place, code)
    return value.removeprefix(ODRL) if value.startswith(ODRL) else value.removeprefix("odrl:")


def _name(document: dict[str, Any], key: str, at: str) -> str | None:
    """An identifier: text without blanks. None where there is none."""
    value = document.get(key)
    if value is None and key not in document:
        return None
    if isinstance(value, dict) and value.keys() == {"@id"}:
        value = value["@id"]
    if not isinstance(value, str) or not fit(value):
        _refuse(f"{at}/{key}", "form.identifier", key=key)
    return value


class _Reader:
    """Reads one policy; knows how many constraints it has met."""

    def __init__(self, at: str) -> None:
        self._at, self._met, self._rules_met = at, 0, 0
        self._notices: set[str | None] = set()

    def policy(self, value: Any, kind: PolicyKind) -> Policy:
        at = self._at
        document = _object(value, at)
        agreed = kind is PolicyKind.AGREEMENT
        _known(document, _PARTS | _AGREED if agreed else _PARTS, at)
        _context(document, at)
        if _local(document.get("@type"), f"{at}/@type", "policy.type") != kind.value:
            _refuse(f"{at}/@type", "policy.type", type=str(document["@type"]), expected=kind.value)
        required = ("@id", "target", "assigner", "assignee") if agreed else ("@id",)
        names = {key: _name(document, key, at) for key in ("@id", "target", "assigner", "assignee")}
        for key in required:
            if names[key] is None:
                _refuse(f"{at}/{key}", "term.missing", term=key)
        profile = _profile(document, at)
        rules = (*self._rules(document, RuleKind.PERMISSION), *self._rules(document, RuleKind.PROHIBITION))
        if not rules:
            _refuse(at, "rules.missing")
        rules += self._rules(document, RuleKind.OBLIGATION)
        self._once(rules)
        return Policy(
            id=names["@id"] or "",
            kind=kind,
            rules=rules,
            target=names["target"],
            assigner=names["assigner"],
            assignee=names["assignee"],
            profile=profile,
            timestamp=_timestamp(document, at),
            notice=self._notice(),
        )

    def _notice(self) -> str | None:
        """The notice period, which every permission has to name alike."""
        if len(self._notices) > 1:
            _refuse(f"{self._at}/permission", "notice.unclear")
        return self._notices.pop() if self._notices else None

    def _rules(self, document: dict[str, Any], kind: RuleKind) -> tuple[Rule, ...]:
        return self._listed(document, kind.value, kind, self._at)

    def _once(self, rules: tuple[Rule, ...]) -> None:
        """Rules of one name are one rule, in JSON-LD at least: then they differ in their actions alone."""
        named: dict[str, Rule] = {}
        for rule in (*rules, *(duty for one in rules for duty in one.duties)):
            if rule.id and replace(named.setdefault(rule.id, rule), action=rule.action) != rule:
                _refuse(self._at, "rule.twice", rule=rule.id)

    def _listed(self, within: dict[str, Any], key: str, kind: RuleKind, at: str) -> tuple[Rule, ...]:
        if key not in within:
            return ()
        found = _several(within[key])
        self._rules_met += len(found)
        if self._rules_met > CONSTRAINTS:
            _refuse(f"{at}/{key}", "rules.many", limit=str(CONSTRAINTS))
        return tuple(self._rule(rule, kind, f"{at}/{key}/{n}") for n, rule in enumerate(found))

    def _rule(self, value: Any, kind: RuleKind, at: str) -> Rule:
        rule = _object(value, at)
        permission = kind is RuleKind.PERMISSION
        _known(rule, _PERMISSION if permission else _RULE, at)
        if "@type" in rule and _local(rule["@type"], f"{at}/@type", "rule.type") not in _RULE_TYPES[kind]:
            _refuse(f"{at}/@type", "rule.type", type=str(rule["@type"]))
        if "action" not in rule:
            _refuse(f"{at}/action", "term.missing", term="action")
        constraints = _several(rule.get("constraint", []))
        if permission:
            constraints = self._without_notice(constraints, f"{at}/constraint")
        return Rule(
            kind,
            _action(rule["action"], f"{at}/action"),
            tuple(self._constraints(constraints, f"{at}/constraint", 0)),
            id=_label(rule, at),
            duties=self._listed(rule, "duty", RuleKind.DUTY, at),
        )

    def _without_notice(self, found: list[Any], at: str) -> list[Any]:
        """The constraints of a permission that are about an access; the notice period is taken out of them.

        Elsewhere than here nobody could say what it means, and it is an operand that is not known.
        """
        periods: list[str | None] = []
        others = []
        for n, one in enumerate(found):
            if isinstance(one, dict) and one.get("leftOperand") == notice.NOTICE:
                periods.append(_period(one, f"{at}/{n}"))
            else:
                others.append(one)
        if len(periods) > 1:
            _refuse(at, "notice.unclear")
        self._notices.add(periods[0] if periods else None)
        return others

    def _constraints(self, found: list[Any], at: str, depth: int) -> list[Constraint]:
        return [self._constraint(constraint, f"{at}/{n}", depth) for n, constraint in enumerate(found)]

    def _constraint(self, value: Any, at: str, depth: int) -> Constraint:
        if depth > DEPTH:
            _refuse(at, "constraint.depth", limit=str(DEPTH))
        self._meet(at)
        constraint = _object(value, at)
        type_ = constraint.get("@type")
        if type_ is not None and _local(type_, f"{at}/@type", "constraint.type") not in _CONSTRAINT_TYPES:
            _refuse(f"{at}/@type", "constraint.type", type=str(type_))
        for key in constraint:
            if key in _LOGICAL:
                _known(constraint, _EITHER | {key}, at)
                return self._logical(_LOGICAL[key], constraint, at, depth)
        _known(constraint, _ATOMIC | _EITHER, at)
        for key in sorted(_ATOMIC - constraint.keys()):
            _refuse(f"{at}/{key}", "term.missing", term=key)
        return self._atomic(constraint, at)

    def _logical(self, connective: Connective, constraint: dict[str, Any], at: str, depth: int) -> Logical:
        place = f"{at}/{connective.value}"
        members = self._constraints(_several(constraint[connective.value]), place, depth + 1)
        if not members:
            _refuse(place, "constraint.empty", term=connective.value)
        return Logical(connective, tuple(members), _label(constraint, at))

    def _atomic(self, constraint: dict[str, Any], at: str) -> Atomic:
        name = _local(constraint["leftOperand"], f"{at}/leftOperand", "operand.unknown")
        operand = OPERANDS.get(ODRL + name) or OPERANDS.get(name)
        if operand is None:
            _refuse(f"{at}/leftOperand", "operand.unknown", operand=name)
        name = _local(constraint["operator"], f"{at}/operator", "operator.unknown")
        operator = _OPERATORS.get(name)
        if operator is None:
            _refuse(f"{at}/operator", "operator.unknown", operator=name)
        if operator not in operand.operators:
            _refuse(f"{at}/operator", "operator.unfit", operand=operand.name, operator=name)
        right = self._right(operand, operator, constraint["rightOperand"], at)
        return Atomic(operand.iri, operator, right, _label(constraint, at))

    def _right(self, operand: Operand, operator: Operator, value: Any, at: str) -> tuple[str, ...]:
        place = f"{at}/rightOperand"
        found = _several(value)
        if operator not in SET_OPERATORS:
            if len(found) != 1:
                _refuse(place, "value.several", operand=operand.name, operator=operator.value)
            return (self._value(operand, found[0], place),)
        if not found:
            _refuse(place, "value.missing", operand=operand.name)
        return tuple(sorted({self._value(operand, one, f"{place}/{n}") for n, one in enumerate(found)}))

    def _value(self, operand: Operand, value: Any, at: str) -> str:
        self._meet(at)
        text = _text(operand, value, at)
        try:
            return operand.read(text)
        except ValueError:
            _refuse(at, "value.unreadable", operand=operand.name, value=text)

    def _meet(self, at: str) -> None:
        self._met += 1
        # One atomic constraint counts twice: itself and its value.
        if self._met > 2 * CONSTRAINTS:
            _refuse(at, "constraint.many", limit=str(CONSTRAINTS))


def _action(value: Any, at: str) -> str:
    """The full IRI of an action that is understood."""
    name = _local(value, at, "action.unknown")
    action = name if name in ACTIONS else ODRL + name
    if action not in ACTIONS:
        _refuse(at, "action.unknown", action=str(value))
    return action


def _label(document: dict[str, Any], at: str) -> str:
    """The IRI of a rule or constraint; a label that holds in this document alone is none."""
    name = _name(document, "@id", at) or ""
    return "" if name.startswith("_:") else name


def _period(constraint: dict[str, Any], at: str) -> str:
    """The period that a constraint names by `eq`, as text or as xsd:duration."""
    _known(constraint, _ATOMIC | _EITHER, at)
    operator, value = constraint.get("operator"), constraint.get("rightOperand")
    if _local(operator, f"{at}/operator", "operator.unknown") != Operator.EQ.value:
        _refuse(f"{at}/operator", "operator.unfit", operand=notice.NOTICE, operator=str(operator))
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        _known(value, frozenset({"@value", "@type"}), f"{at}/rightOperand")
        if "@type" in value and _datatype(value["@type"]) != notice.DATATYPE:
            _refuse(f"{at}/rightOperand", "value.datatype", operand=notice.NOTICE, datatype=str(value["@type"]))
        value = value.get("@value")
    try:
        return notice.read(str(value))
    except ValueError:
        _refuse(f"{at}/rightOperand", "value.unreadable", operand=notice.NOTICE, value=str(value))


def _text(operand: Operand, value: Any, at: str) -> str:
    """The text of a right operand: a string, `{"@value": ..., "@type": ...}` or `{"@id": ...}`."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        _refuse(at, "value.form", operand=operand.name)
    if "@id" in value:
        _known(value, frozenset({"@id"}), at)
        return value["@id"] if isinstance(value["@id"], str) else _refuse(at, "value.form", operand=operand.name)
    _known(value, frozenset({"@value", "@type"}), at)
    datatype = value.get("@type")
    if datatype is not None and _datatype(datatype) not in operand.datatypes:
        _refuse(f"{at}/@type", "value.datatype", operand=operand.name, datatype=str(datatype))
    text = value.get("@value")
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text) if abs(text) < 1 << 63 else None
    if not isinstance(text, str):
        _refuse(at, "value.form", operand=operand.name)
    return text


def _datatype(datatype: Any) -> str | None:
    if not isinstance(datatype, str):
        return None
    return XSD + datatype.removeprefix("xsd:") if datatype.startswith("xsd:") or ":" not in datatype else datatype


def _context(document: dict[str, Any], at: str) -> None:
    for context in _several(document.get("@context", [])):
        if not isinstance(context, str) or context not in CONTEXTS:
            _refuse(f"{at}/@context", "context.unknown", context=str(context))


def _profile(document: dict[str, Any], at: str) -> tuple[str, ...]:
    found = _several(document.get("profile", []))
    for profile in found:
        if not isinstance(profile, str) or profile not in PROFILES:
            _refuse(f"{at}/profile", "profile.unknown", profile=str(profile))
    return tuple(sorted(set(found)))


def _timestamp(document: dict[str, Any], at: str) -> int | None:
    value = document.get("timestamp")
    if value is None and "timestamp" not in document:
        return None
    if isinstance(value, dict) and value.keys() <= {"@value", "@type"}:
        value = value.get("@value")
    try:
        return instant(str(value))
    except ValueError:
        _refuse(f"{at}/timestamp", "value.unreadable", operand="timestamp", value=str(value))
