"""ONE registry of left operands: parse, evaluate, compare, terms and explain read it; nothing else says what one means.

What lives here: each operand's IRI, datatype, operators, where its value comes from, who can check it and how surely,
how values are read, written and judged, and why one is refused. What does not: sentences (`sentences`). Source: ODRL
Vocabulary 2.2, left operands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final, Protocol

from msgspec import Struct

from policies import instants, places
from policies.claims import ACTION, ASSIGNEE, TARGET, Claim
from policies.model import ODRL, Operator, Reason
from policies.ordered import Ordered
from policies.places import Places
from policies.taxonomy import Taxonomy
from policies.vocabulary import ACTIONS, DPV, PURPOSES, XSD

DATE_TIME: Final = ODRL + "dateTime"
COUNT: Final = ODRL + "count"
PURPOSE: Final = ODRL + "purpose"
SPATIAL: Final = ODRL + "spatial"

Fact = int | str


class Origin(StrEnum):
    """Where the value of an operand comes from."""

    REQUEST = "request"
    CLOCK = "clock"
    COUNTER = "counter"
    CREDENTIAL = "credential"


class Side(StrEnum):
    """Who can check it: the provider before data leaves, the consumer afterwards, or both."""

    PROVIDER = "provider"
    CONSUMER = "consumer"
    BOTH = "both"


class Assurance(StrEnum):
    """How surely it holds: this node enforces it, a third party attests it, the user declares it."""

    ENFORCED = "enforced"
    ATTESTED = "attested"
    DECLARED = "declared"


class Values(Protocol):
    """What can be said about the values of an operand."""

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None: ...

    def implies(self, premises: Sequence[Claim], claim: Claim) -> bool: ...

    def possible(self, premises: Sequence[Claim]) -> bool: ...


Unmet = Callable[[Operator, tuple[str, ...], tuple[Fact, ...], bool], Reason]
"""(operator, right, facts, is it definite) -> why the constraint is not satisfied."""


class Operand(Struct, frozen=True):
    """One left operand. `read` turns text into canonical text (raises `ValueError`), `write` into text and datatype
    (None: a plain string), `fact` what is known of an access into what `values` judges (raises `ValueError`)."""

    iri: str
    name: str
    datatypes: frozenset[str]
    operators: frozenset[Operator]
    origin: Origin
    side: Side
    assurance: Assurance
    read: Callable[[str], str]
    write: Callable[[str], tuple[str, str | None]]
    fact: Callable[[str], Fact]
    values: Values
    unmet: Unmet


SET_OPERATORS: Final = frozenset({Operator.IS_ANY_OF, Operator.IS_NONE_OF, Operator.IS_ALL_OF})
"""Operators that take several values; all others take exactly one."""

_ORDER = frozenset({Operator.LT, Operator.LTEQ, Operator.GT, Operator.GTEQ})
_IDENTITY = frozenset({Operator.EQ, Operator.NEQ, Operator.IS_ANY_OF, Operator.IS_NONE_OF})
_DENYING = frozenset({Operator.NEQ, Operator.IS_NONE_OF})
_LONGEST_COUNT = 15


def _read_count(text: str) -> str:
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _LONGEST_COUNT:
        raise ValueError("not a whole number of uses")
    return str(int(digits))


def _count_span(canonical: str) -> tuple[int, int]:
    number = int(canonical)
    return number, number + 1


def _plain(canonical: str) -> tuple[str, None]:
    return canonical, None


def _time_unmet(operator: Operator, right: tuple[str, ...], facts: tuple[Fact, ...], definite: bool) -> Reason:
    bound, now = instants.write(right[0])[0], instants.stamp(int(facts[0]))
    match operator:
        case Operator.LT | Operator.LTEQ:
            return Reason("time.over", {"until": bound, "now": now})
        case Operator.GT | Operator.GTEQ:
            return Reason("time.before", {"from": bound, "now": now})
        case _:
            return Reason("time.outside", {"time": bound, "now": now})


def _count_unmet(operator: Operator, right: tuple[str, ...], facts: tuple[Fact, ...], definite: bool) -> Reason:
    bound, used = int(right[0]), int(facts[0]) - 1
    if operator in (Operator.LT, Operator.LTEQ):
        limit = max(bound - (operator is Operator.LT), 0)
        return Reason("count.exhausted", {"limit": str(limit), "used": str(used)})
    return Reason("count.early", {"before": str(bound - (operator is Operator.GTEQ)), "used": str(used)})


def _named_unmet(name: str) -> Unmet:
    """Reasons of operands whose values are named: `name`.unknown, .excluded, .unclear, .outside."""

    def unmet(operator: Operator, right: tuple[str, ...], facts: tuple[Fact, ...], definite: bool) -> Reason:
        asked, listed = " ".join(map(str, facts)), " ".join(right)
        if not facts:
            return Reason(f"{name}.unknown", {"allowed": "" if operator in _DENYING else listed})
        if not definite:
            return Reason(f"{name}.unclear", {"asked": asked, "named": listed})
        if operator in _DENYING:
            return Reason(f"{name}.excluded", {"asked": asked, "excluded": listed})
        return Reason(f"{name}.outside", {"asked": asked, "allowed": listed})

    return unmet


_PURPOSES = Taxonomy(
    {DPV + name: tuple(DPV + above for above in purpose.broader) for name, purpose in PURPOSES.items()},
    prefix=("dpv:", DPV),
)

OPERANDS: Final[Mapping[str, Operand]] = {
    operand.iri: operand
    for operand in (
        Operand(
            iri=DATE_TIME,
            name="dateTime",
            datatypes=frozenset({XSD + "dateTime", XSD + "dateTimeStamp", XSD + "date"}),
            operators=_ORDER | {Operator.EQ, Operator.NEQ},
            origin=Origin.CLOCK,
            side=Side.BOTH,
            assurance=Assurance.ENFORCED,
            read=instants.read,
            write=instants.write,
            fact=instants.instant,
            values=Ordered(instants.span),
            unmet=_time_unmet,
        ),
        Operand(
            iri=COUNT,
            name="count",
            datatypes=frozenset({XSD + name for name in ("integer", "nonNegativeInteger", "positiveInteger", "int")}),
            operators=_ORDER,
            origin=Origin.COUNTER,
            side=Side.PROVIDER,
            assurance=Assurance.ENFORCED,
            read=_read_count,
            write=lambda canonical: (canonical, XSD + "integer"),
            fact=int,
            values=Ordered(_count_span, least=1),
            unmet=_count_unmet,
        ),
        Operand(
            iri=PURPOSE,
            name="purpose",
            datatypes=frozenset({XSD + "anyURI", XSD + "string"}),
            operators=_IDENTITY | {Operator.IS_A},
            origin=Origin.REQUEST,
            side=Side.BOTH,
            assurance=Assurance.DECLARED,
            read=_PURPOSES.read,
            write=_plain,
            fact=_PURPOSES.read,
            values=_PURPOSES,
            unmet=_named_unmet("purpose"),
        ),
        Operand(
            iri=SPATIAL,
            name="spatial",
            datatypes=frozenset({XSD + "anyURI", XSD + "string"}),
            operators=_IDENTITY | {Operator.IS_PART_OF},
            origin=Origin.REQUEST,
            side=Side.BOTH,
            assurance=Assurance.DECLARED,
            read=places.read,
            write=_plain,
            fact=places.read,
            values=Places(),
            unmet=_named_unmet("spatial"),
        ),
    )
}
"""Every left operand that is understood, by IRI. `count` judges the number of the use that is asked for."""

ALWAYS_KNOWN: Final = frozenset(
    {ACTION, ASSIGNEE, TARGET}
    | {operand.iri for operand in OPERANDS.values() if operand.origin in (Origin.CLOCK, Origin.COUNTER)}
)
"""What no access can leave open."""

ACTION_VALUES: Final = Taxonomy(ACTIONS)
_NAMES: Final = Taxonomy({})

VALUES: Final[Mapping[str, Values]] = {
    **{iri: operand.values for iri, operand in OPERANDS.items()},
    ACTION: ACTION_VALUES,
    ASSIGNEE: _NAMES,
    TARGET: _NAMES,
}
"""Operands and the parts of a rule that are compared like them: action, assignee, target."""
