"""The short form: a policy as a small TOML file that a person in a town hall can read and change.

What lives here: reading it, by turning it into nodes, so that everything is checked where ODRL in full is (`graph`).
What does not: writing it (`shortening`), values (`operands`). Source: TOML 1.0; the words are those of ODRL 2.2.

    policy = "urn:example:traffic"            # its IRI
    kind = "Offer"                            # where left out: Offer. Or Set, Agreement, Request, Assertion, Ticket ...
    profile = "municipal"                     # where left out: municipal. Or odrl, core, dsp, an IRI, or a list of them
    title = "Verkehrszählung"                 # words for people: title, description, creator, source, publisher ...
    target = "https://stadt.example/daten/verkehr"
    assigner = "did:web:stadt.example"
    assignee = "did:web:stadtwerke.example"
    conflict = "prohibit"                     # or perm, invalid
    notice = "P30D"                           # either party can end the contract with this notice
    timestamp = "2027-01-01T09:00:00Z"        # of an Agreement

    [[permission]]
    action = "use"                            # of ODRL or our own, by name; any other by its IRI; or a list of them
    purpose.isA = "PublicBenefit"             # OPERAND.OPERATOR = VALUE
    spatial.isPartOf = "05515"                # places by key, purposes and legal bases by name, all of them also by IRI
    dateTime = { gteq = 2027-01-01, lteq = 2027-12-31 }     # two constraints on one operand
    count.lteq = 3
    language = "de"                           # OPERAND = VALUE is `eq`, OPERAND = [VALUES] is `isAnyOf`
    "urn:example:operand".eq = "x"            # an operand that has no short name

    [[permission.duty]]                       # likewise prohibition.remedy; duty.consequence, obligation.consequence
    action = "coarsen"
    temporalResolution = "PT1H"               # a parameter is a constraint of the duty

    [[permission.any]]                        # at least one of these tables holds; in a table all that it says
    purpose.isA = "ScientificResearch"
    [[permission.any]]
    purpose.isA = "PublicBenefit"
    spatial.isPartOf = "05"

    [[prohibition]]
    action = "distribute"

    [[obligation]]
    action = "delete"
    dateTime.lt = 2028-01-01

- `any` (or), `all` (and), `one` (xone), `sequence` (andSequence) take a list of tables, also inside of one another.
- A list under `isA` or `isPartOf` means any of them: `purpose.isA = ["PublicBenefit", "ScientificResearch"]`.
- `constraint = [...]` takes what else there is, in its order: `{ any = [...] }`, a second one as well, and
  `{ left = "count", operator = "lteq", right = 3, unit = IRI, status = "1", id = IRI, datatype = IRI }`, or
  `reference = IRI` in the place of `right`.
- `refinement = { resolution.lteq = 300 }` narrows the action; with several actions: `action = [{ is = "print",
  refinement = { resolution.lteq = 300 } }, "display"]`.
- `target`, `output`, `assigner`, `assignee` of a rule: an IRI, or `{ collection = IRI, refinement = { ... }, source =
  IRI }`, or a list of these; parties in other functions: `parties = { informedParty = IRI }`. `id` names a rule.
- `inherits = [IRI]`: the rules of these policies count as well (where they can be had); `inherited = [IRI]`: they are
  in here already. `[remarks] "PREDICATE" = "text"` as the model holds them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from policies import notice, operands, places, slips, vocabulary
from policies.compact import DSPACE, FUNCTIONS
from policies.constraints import refuse
from policies.graph import from_nodes
from policies.model import ODRL, Connective, Operator, Policy, PolicyError, PolicyKind, Reason
from policies.nodes import RDF, XSD_STRING, Node, fit, lexical
from policies.operands import Operand
from policies.rules import INHERIT, INHERITED
from policies.vocabulary import ACTIONS, CORE, DPV, GDPR, LOC, MUNICIPAL, OWN, XSD

DCT: Final = "http://purl.org/dc/terms/"
PROFILES: Final[Mapping[str, str]] = {
    "municipal": MUNICIPAL,
    "odrl": ODRL,
    "core": CORE,
    "dsp": DSPACE + "odrl-profile.jsonld",
}
"""The profiles that have a short name."""
REMARKS: Final = ("title", "description", "creator", "publisher", "source", "issued", "modified", "license", "rights")
"""Words for people that have a short name: terms of Dublin Core."""
GROUPS: Final[Mapping[str, Connective]] = {
    "any": Connective.OR,
    "all": Connective.AND,
    "one": Connective.XONE,
    "sequence": Connective.AND_SEQUENCE,
}
ALTERNATIVES: Final = (Operator.IS_A, Operator.IS_PART_OF)
"""Operators whose list of values means any of them."""
NAMESPACES: Final = (DPV, GDPR, LOC, OWN)
"""Where a value's short name may be at home."""

_RULES: Final = ("permission", "prohibition", "obligation")
_BELOW: Final = ("duty", "remedy", "consequence")
_SCOPES: Final = ("target", "output", "assigner", "assignee")
_OPERATORS: Final = frozenset(one.value for one in Operator)
_GENERAL: Final = ("left", "operator", "right", "unit", "status", "id", "datatype", "reference")
_BITS: Final = 256
_LINES: Final = 10_000
"""How far down a line is looked at for what is wrong with it."""
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LINE = re.compile(r"at line (\d+)")
DEPTH: Final = 64
"""How deep tables and lists may nest, and how many parts a key may have."""
_PART: Final = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
_DOTTED = re.compile(rf"(?<![A-Za-z0-9_-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{DEPTH},}}+")


def read(text: str, *, lenient: bool = False) -> Policy:
    """The policy that the text states. Raises `PolicyError`; places are JSON pointers (`/permission/0/purpose`), or
    `line N` where the text is no TOML."""
    return from_nodes(to_nodes(text), lenient=lenient)[0]


def to_nodes(text: str) -> list[Node]:
    """The nodes that the text stands for; the first is the policy. Raises `PolicyError` as `read` does."""
    try:
        _undotted(text)
        document = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError, ArithmeticError) as error:
        found = _LINE.search(str(error))
        line = int(found[1]) if found else text.rstrip().count("\n") + 1
        written = text.split("\n", line)[line - 1] if line <= _LINES else ""
        raise PolicyError(Reason("form.toml", {"problem": slips.slip(written, str(error))}), f"line {line}") from None
    _shallow(document)
    _filled(document, "")
    return _Reader().policy(document)


def _undotted(text: str) -> None:
    """Return if no key has many parts: reading one takes time and room by the square of them. Raises `PolicyError`."""
    if found := _DOTTED.search(text):
        raise refuse(f"line {text.count(chr(10), 0, found.start()) + 1}", "form.deep", limit=str(DEPTH))


def _shallow(document: dict[str, Any]) -> None:
    """Return if tables and lists do not nest deeper than anybody writes them. Raises `PolicyError`."""
    level: list[Any] = [document]
    for _ in range(DEPTH):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
    if level:
        raise refuse("", "form.deep", limit=str(DEPTH))


def _filled(value: Any, at: str) -> None:
    """Return if no table and no list is empty: that is no way to say nothing. Raises `PolicyError`."""
    if not isinstance(value, dict | list):
        return
    if not value and at:
        raise refuse(at, "term.empty", term=at.rpartition("/")[2])
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        _filled(one, _at(at, key))


def operand_names() -> Mapping[str, str]:
    """Short name -> IRI of every operand; where two have one name, ODRL's has it."""
    found = {operand.name: iri for iri, operand in operands.OPERANDS.items() if not iri.startswith(ODRL)}
    return {**found, **{operand.name: iri for iri, operand in operands.OPERANDS.items() if iri.startswith(ODRL)}}


def meant(operand: Operand | None, text: str) -> str:
    """A value in full: a place by its key, a term by its name; anything else as it stands."""
    if operand is None or operand.takes(text):
        return text
    if isinstance(operand.values, places.Places) and text.isdigit():
        try:
            return places.from_digits(text)
        except ValueError:
            return text
    named = vocabulary.names()
    return next((space + text for space in NAMESPACES if space + text in named and operand.takes(space + text)), text)


def action_iri(name: str) -> str:
    """An action by its name: of ODRL, else our own; any other as it stands."""
    return next((space + name for space in (ODRL, OWN) if space + name in ACTIONS), name)


def _at(at: str, key: object) -> str:
    return f"{at}/{str(key).replace('~', '~0').replace('/', '~1')[:200]}"


def _table(value: Any, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise refuse(at, "form.object")
    return value


def _tables(value: Any, at: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The tables of a list; a single one is a list of one."""
    for number, one in enumerate(value if isinstance(value, list) else [value]):
        place = _at(at, number) if isinstance(value, list) else at
        yield _table(one, place), place


def _iri(value: Any, at: str) -> dict[str, str]:
    if not isinstance(value, str) or not value or " " in value:
        raise refuse(at, "form.identifier", key=at.rpartition("/")[2])
    if not _ABSOLUTE.match(value):
        raise refuse(at, "iri.relative", iri=value)
    if not fit(value):
        raise refuse(at, "iri.unfit", iri=value)
    return {"@id": value}


def _scalar(value: Any, at: str, name: str) -> str:
    """A value of TOML as text."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() if value.bit_length() < _BITS:
            return str(value)
        case Decimal():
            return lexical(value)
        case datetime() | date() | time():
            return value.isoformat().replace("+00:00", "Z")
        case _:
            raise refuse(at, "value.form", operand=name)


class _Reader:
    """Turns one document into nodes."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._names = operand_names()

    def policy(self, document: dict[str, Any]) -> list[Node]:
        """The nodes of the document; the first is the policy."""
        if "policy" not in document:
            raise refuse("/policy", "term.missing", term="policy")
        node = self._node("", _iri(document["policy"], "/policy")["@id"])
        node["@type"] = [ODRL + _kind(document.get("kind", PolicyKind.OFFER.value))]
        self._put(node, ODRL + "profile", [{"@id": one} for one in _profiles(document.get("profile", "municipal"))], "")
        notice_period = document.get("notice")
        for key, value in document.items():
            at = _at("", key)
            if key in _RULES:
                rules = [self._rule(one, place, notice_period, key) for one, place in _tables(value, at)]
                self._put(node, ODRL + key, rules, at)
            elif key not in ("policy", "kind", "profile", "notice"):
                self._part(node, key, value, at)
        if notice_period is not None and "permission" not in document:
            raise refuse("/notice", "notice.unclear")
        return self._nodes

    def _part(self, node: Node, key: str, value: Any, at: str) -> None:
        """What stands at the top beside rules."""
        if key in _SCOPES:
            self._put(node, ODRL + key, self._scopes(value, at), at)
        elif key == "conflict":
            self._put(node, ODRL + key, [{"@id": ODRL + _scalar(value, at, key)}], at)
        elif key == "timestamp":
            self._put(node, DSPACE + key, [{"@value": _scalar(value, at, key), "@type": XSD + "dateTime"}], at)
        elif key in ("inherits", "inherited"):
            self._put(node, INHERITED if key == "inherited" else INHERIT, [_iri(one, at) for one in _listed(value)], at)
        elif key == "remarks" or key in REMARKS:
            self._remarks(node, {key: value} if key in REMARKS else value, at)
        else:
            raise refuse(at, "term.unknown", term=key)

    def _rule(self, rule: dict[str, Any], at: str, period: Any, kind: str) -> dict[str, str]:
        node = self._node(at, rule.get("id"))
        constraints: list[dict[str, str]] = []
        for key, value in rule.items():
            place = _at(at, key)
            if key == "action":
                self._put(node, ODRL + key, self._actions(value, rule.get("refinement"), place), place)
            elif key in _SCOPES:
                self._put(node, ODRL + key, self._scopes(value, place), place)
            elif key == "parties":
                self._parties(node, _table(value, place), place)
            elif key in _BELOW:
                below = [self._rule(one, inner, None, key) for one, inner in _tables(value, place)]
                self._put(node, ODRL + key, below, place)
            elif key == "remarks" or key in REMARKS:
                self._remarks(node, {key: value} if key in REMARKS else value, place)
            elif key not in ("id", "refinement"):
                constraints += self._condition(key, value, place)
        if "refinement" in rule and "action" not in rule:
            raise refuse(_at(at, "refinement"), "term.missing", term="action")
        if period is not None and kind == "permission":
            text = _scalar(period, "/notice", "notice")
            constraints.append(self._atomic(notice.NOTICE, "eq", [_literal(text)], "/notice"))
        self._put(node, ODRL + "constraint", constraints, at)
        return {"@id": node["@id"]}

    # --- parts of a rule ----------------------------------------------------------------------------------------------

    def _actions(self, value: Any, refinement: Any, at: str) -> list[dict[str, str]]:
        found = []
        for one in _listed(value):
            narrowed = refinement
            if isinstance(one, dict):
                if one.keys() - {"is", "refinement"} or "is" not in one:
                    raise refuse(at, "term.unknown", term=next(iter(one), "is"))
                narrowed = one.get("refinement", refinement)
                one = one["is"]
            if not isinstance(one, str):
                raise refuse(at, "action.unknown", action=str(one))
            iri = action_iri(one)
            if ":" not in iri:
                raise refuse(at, "action.unknown", action=iri)
            if narrowed is None:
                found.append({"@id": iri})
            else:
                node = self._node(at, None)
                self._put(node, RDF + "value", [{"@id": iri}], at)
                self._refined(node, narrowed, f"{at.rpartition('/')[0]}/refinement")
                found.append({"@id": node["@id"]})
        return found

    def _scopes(self, value: Any, at: str) -> list[dict[str, str]]:
        return [self._scope(one, at) for one in _listed(value)]

    def _scope(self, value: Any, at: str) -> dict[str, str]:
        if not isinstance(value, dict):
            return _iri(value, at)
        for key in value:
            if key not in ("collection", "refinement", "source"):
                raise refuse(_at(at, key), "term.unknown", term=key)
        # A collection of its own for each place: one name may be narrowed in one place and not in another.
        named = _iri(value.get("collection"), _at(at, "collection"))
        node = self._node(at, None)
        function = at.rpartition("/")[2] if not at[-1].isdigit() else at.split("/")[-2]
        node["@type"] = [ODRL + ("AssetCollection" if function in ("target", "output") else "PartyCollection")]
        self._put(node, ODRL + "uid", [named], at)
        if "source" in value:
            self._put(node, ODRL + "source", [_iri(value["source"], _at(at, "source"))], at)
        if "refinement" in value:
            self._refined(node, value["refinement"], _at(at, "refinement"))
        return {"@id": node["@id"]}

    def _parties(self, node: Node, value: dict[str, Any], at: str) -> None:
        for key, one in value.items():
            if key not in FUNCTIONS:
                raise refuse(_at(at, key), "term.unknown", term=key)
            self._put(node, ODRL + key, self._scopes(one, _at(at, key)), _at(at, key))

    def _remarks(self, node: Node, value: Any, at: str) -> None:
        for key, text in _table(value, at).items():
            iri, mark, kind = re.fullmatch(r"(.*?)(?:(@|\^\^)([^@^]*))?", DCT + key if key in REMARKS else key).groups()  # type: ignore[union-attr]
            for one in _listed(text):
                said = _scalar(one, at, key)
                remark = {"@value": said, "@type": kind if mark == "^^" else XSD_STRING}
                if mark == "@":
                    remark = {"@id": said} if kind == "id" else {"@value": said, "@language": kind}
                self._put(node, iri, [remark], at)

    def _refined(self, node: Node, value: Any, at: str) -> None:
        self._put(node, ODRL + "refinement", list(self._conditions(_table(value, at), at)), at)

    # --- constraints --------------------------------------------------------------------------------------------------

    def _conditions(self, value: dict[str, Any], at: str) -> Iterator[dict[str, str]]:
        """All that a table says."""
        for key, one in value.items():
            yield from self._condition(key, one, _at(at, key))

    def _condition(self, key: str, value: Any, at: str) -> list[dict[str, str]]:
        """What one key says: a group, constraints in general, or an operand."""
        if key in GROUPS:
            members = [self._together(one, place) for one, place in _tables(value, at)]
            return [self._logical(GROUPS[key], members, at)]
        if key == "constraint":
            return [self._together(one, place) for one, place in _tables(value, at)]
        left = self._names.get(key, key)
        if left == key and ":" not in key:
            raise refuse(at, "term.unknown", term=key)
        return [one for operator, right in _pairs(value) for one in self._said(left, operator, right, at)]

    def _together(self, value: dict[str, Any], at: str) -> dict[str, str]:
        """A table as one constraint: in general form, or all that it says."""
        if "left" in value:
            return self._general(value, at)
        found = list(self._conditions(value, at))
        return found[0] if len(found) == 1 else self._logical(Connective.AND, found, at)

    def _said(self, left: str, operator: str, right: Any, at: str) -> list[dict[str, str]]:
        """One operand with one operator."""
        if operator not in _OPERATORS:
            raise refuse(_at(at, operator), "operator.unknown", operator=operator)
        if isinstance(right, list) and operator in ALTERNATIVES and len(right) > 1:
            members = [self._atomic(left, operator, self._values(left, [one], at), at) for one in right]
            return [self._logical(Connective.OR, members, at)]
        return [self._atomic(left, operator, self._values(left, _listed(right), at), at)]

    def _values(self, left: str, values: list[Any], at: str) -> list[dict[str, Any]]:
        operand = operands.find(left)
        return [_value(operand, _scalar(one, at, left)) for one in values]

    def _atomic(self, left: str, operator: str, right: list[dict[str, Any]], at: str) -> dict[str, str]:
        node = self._node(at, None)
        self._put(node, ODRL + "leftOperand", [{"@id": left}], at)
        self._put(node, ODRL + "operator", [{"@id": ODRL + operator}], at)
        self._put(node, ODRL + "rightOperand", right, at)
        return {"@id": node["@id"]}

    def _logical(self, connective: Connective, members: list[dict[str, str]], at: str) -> dict[str, str]:
        node = self._node(at, None)
        self._put(node, ODRL + connective.value, [{"@list": members}], at)
        return {"@id": node["@id"]}

    def _general(self, value: dict[str, Any], at: str) -> dict[str, str]:
        """A constraint with all that it may have."""
        for key in value:
            if key not in _GENERAL:
                raise refuse(_at(at, key), "term.unknown", term=key)
        left, datatype = str(value["left"]), value.get("datatype", "")
        left = self._names.get(left, left)
        right = [_scalar(one, _at(at, "right"), left) for one in _listed(value.get("right", []))]
        typed = [_literal(one, datatype) if datatype else _value(operands.find(left), one) for one in right]
        named = self._atomic(left, str(value.get("operator", "")), typed, at)
        node = self._nodes[-1]
        if "id" in value:
            node["@id"] = named["@id"] = _iri(value["id"], _at(at, "id"))["@id"]
        if "reference" in value:
            node[ODRL + "rightOperandReference"] = [_iri(value["reference"], _at(at, "reference"))]
        for key in ("unit", "status"):
            if key in value:
                node[ODRL + key] = [_literal(_scalar(value[key], _at(at, key), key))]
        return named

    # --- nodes --------------------------------------------------------------------------------------------------------

    def _node(self, at: str, id: Any) -> Node:
        name = _iri(id, _at(at, "id"))["@id"] if id is not None else f"_:n{len(self._nodes)}"
        node: Node = {"@id": name, "@at": {"": at}}
        self._nodes.append(node)
        return node

    def _put(self, node: Node, key: str, values: list[Any], at: str) -> None:
        if values:
            node.setdefault(key, []).extend(values)
            node["@at"].setdefault(key, at)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _literal(text: str, datatype: str = "") -> dict[str, str]:
    return {"@id": text} if datatype == XSD + "anyURI" else {"@value": text, "@type": datatype or XSD_STRING}


def _value(operand: Operand | None, text: str) -> dict[str, str]:
    """The value of an operand; of a point in time it is plain which datatype is meant, in quotes or without."""
    told = meant(operand, text)
    if operand is None or XSD + "dateTime" not in operand.datatypes:
        return _literal(told)
    return _literal(told, XSD + ("date" if _DAY.fullmatch(told) else "dateTime"))


def _pairs(value: Any) -> list[tuple[str, Any]]:
    """Operator and value, as a table says them; a bare value is `eq`, a list `isAnyOf`."""
    if isinstance(value, dict):
        return list(value.items())
    return [(Operator.IS_ANY_OF.value if isinstance(value, list) else Operator.EQ.value, value)]


def _kind(value: Any) -> str:
    if not isinstance(value, str) or value not in {one.value for one in PolicyKind}:
        raise refuse("/kind", "policy.type", type=str(value), expected="Offer")
    return value


def _profiles(value: Any) -> list[str]:
    return [PROFILES.get(str(one)) or _iri(one, "/profile")["@id"] for one in _listed(value)]
