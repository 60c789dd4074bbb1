"""Kinds of operands: what operands of one sort have in common, and the making of an operand from its kind.

What lives here: datatypes, operators, reading, writing and cases for whole numbers, decimals, durations, places, terms,
names and the rest. What does not: the operands (`access`, `asset`, `municipal`, `parameters`, `parties`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Final

from msgspec import Struct

from policies import calendars, durations, grains, instants, names, numbers, places, rates
from policies.levels import Levels
from policies.model import ODRL, Operator
from policies.operands import phrases, reasons
from policies.operands.operand import (
    IDENTITY,
    ORDER,
    Assurance,
    Both,
    Fact,
    Operand,
    Origin,
    Phase,
    Place,
    Side,
    Values,
    Vector,
)
from policies.ordered import Ordered
from policies.places import GEOCODING, Places
from policies.taxonomy import Taxonomy, read_iri
from policies.vocabulary import OWN, XSD, lead, own

_STRING: Final = XSD + "string"
_IRI: Final = XSD + "anyURI"
_WHOLE: Final = frozenset(
    XSD + name for name in ("integer", "nonNegativeInteger", "positiveInteger", "int", "long", "short", "unsignedInt")
)
_DECIMAL: Final = _WHOLE | {XSD + "decimal", XSD + "double", XSD + "float"}

EQUAL: Final = frozenset({Operator.EQ, Operator.NEQ})
TREE: Final = IDENTITY | {Operator.IS_A, Operator.IS_PART_OF, Operator.HAS_PART, Operator.IS_ALL_OF}


class Kind(Struct, frozen=True):
    """What operands of one sort share. `fact` reads what is known of an access, `read` what a policy says."""

    datatypes: frozenset[str]
    operators: frozenset[Operator]
    read: Callable[[str], str]
    fact: Callable[[str], Fact]
    values: Values
    vectors: tuple[Vector, ...]
    datatype: str | None = None
    """With which a value is written; None: as a plain string."""


class Use(Struct, frozen=True):
    """Where the value comes from, who checks it, how surely and when."""

    origin: Origin
    side: Side
    assurance: Assurance
    phase: Phase = Phase.ACCESS


STATED: Final = Use(Origin.REQUEST, Side.BOTH, Assurance.DECLARED)
"""Whoever asks says so."""

AFTERWARDS: Final = Use(Origin.REQUEST, Side.CONSUMER, Assurance.DECLARED, Phase.AFTER)
"""Whoever asks promises so."""

PROVIDED: Final = Use(Origin.DATASET, Side.PROVIDER, Assurance.ENFORCED)
"""The provider knows so of the data that leave."""

PROVED: Final = Use(Origin.CREDENTIAL, Side.PROVIDER, Assurance.ATTESTED)
"""A third party says so in a credential."""

NODE: Final = Use(Origin.NODE, Side.PROVIDER, Assurance.ENFORCED, Phase.DURING)
"""The provider's operators say so of the world."""

CLOCK: Final = Use(Origin.CLOCK, Side.BOTH, Assurance.ENFORCED, Phase.DURING)

EVERYWHERE: Final = frozenset(Place)
IN_DUTIES: Final = frozenset({Place.DUTY, Place.REFINEMENT})


def make(
    iri: str,
    label: Both,
    meaning: Both,
    kind: Kind,
    use: Use,
    *,
    where: frozenset[Place] = EVERYWHERE,
    operators: frozenset[Operator] | None = None,
    around: Both = ("{}", "{}"),
    clauses: Mapping[Operator, Both] | None = None,
    vectors: tuple[Vector, ...] | None = None,
    units: Mapping[str, str] | None = None,
    manifold: bool = False,
) -> Operand:
    """An operand of a kind. `around` puts words around the values in each phrase, where `clauses` says none."""
    allowed = kind.operators if operators is None else operators
    datatype = kind.datatype
    return Operand(
        iri=iri,
        name=iri.removeprefix(ODRL).removeprefix(OWN),
        label=label,
        meaning=meaning,
        datatypes=kind.datatypes,
        operators=allowed,
        origin=use.origin,
        side=use.side,
        assurance=use.assurance,
        phase=use.phase,
        places=where,
        read=kind.read,
        write=lambda canonical: (canonical, datatype),
        fact=kind.fact,
        values=kind.values,
        unmet=reasons.fact(iri),
        clauses=clauses or phrases.said(iri, label, allowed, *around),
        vectors=tuple(one for one in (vectors or kind.vectors) if one.operator in allowed),
        units=units or {},
        manifold=manifold or use.origin is Origin.CREDENTIAL,
    )


# --- cases ------------------------------------------------------------------------------------------------------------


def line(low: str, middle: str, high: str) -> tuple[Vector, ...]:
    """Cases of values that have an order: below, at and above the one that is named."""
    expected: dict[Operator, tuple[bool, bool, bool]] = {
        Operator.LT: (True, False, False),
        Operator.LTEQ: (True, True, False),
        Operator.GT: (False, False, True),
        Operator.GTEQ: (False, True, True),
        Operator.EQ: (False, True, False),
        Operator.NEQ: (True, False, True),
    }
    single = tuple(
        Vector(operator, (middle,), fact, truth)
        for operator, truths in expected.items()
        for fact, truth in zip((low, middle, high), truths, strict=True)
    )
    return (*single, *_sets(low, middle, high))


def same(one: str, two: str, three: str) -> tuple[Vector, ...]:
    """Cases of values that are the same or are not."""
    return (
        Vector(Operator.EQ, (one,), one, True),
        Vector(Operator.EQ, (one,), two, False),
        Vector(Operator.NEQ, (one,), two, True),
        Vector(Operator.NEQ, (one,), one, False),
        *_sets(one, two, three),
        Vector(Operator.IS_ALL_OF, (one,), one, True),
        Vector(Operator.IS_ALL_OF, (one, two), one, False),
    )


def _sets(one: str, two: str, three: str) -> tuple[Vector, ...]:
    return (
        Vector(Operator.IS_ANY_OF, (one, two), two, True),
        Vector(Operator.IS_ANY_OF, (one, two), three, False),
        Vector(Operator.IS_NONE_OF, (one, two), three, True),
        Vector(Operator.IS_NONE_OF, (one, two), one, False),
    )


def tree(broad: str, narrow: str, apart: str) -> tuple[Vector, ...]:
    """Cases of values of which one may lie below another."""
    below = tuple(
        Vector(operator, (right,), fact, truth)
        for operator in (Operator.IS_A, Operator.IS_PART_OF)
        for right, fact, truth in (
            (broad, narrow, True),
            (broad, broad, True),
            (broad, apart, False),
            (narrow, broad, None),
        )
    )
    return (
        *same(broad, narrow, apart),
        *below,
        Vector(Operator.HAS_PART, (narrow,), broad, True),
        Vector(Operator.HAS_PART, (broad,), narrow, False),
        Vector(Operator.HAS_PART, (narrow,), apart, False),
    )


# --- kinds ------------------------------------------------------------------------------------------------------------


def whole(least: int, most: int | None, low: str, middle: str, high: str) -> Kind:
    """Whole numbers within bounds."""
    read = numbers.between(least, most)
    return Kind(
        _WHOLE,
        ORDER | EQUAL,
        read,
        lambda text: int(read(text)),
        Ordered(numbers.span, least, inf if most is None else most, given=False),
        line(low, middle, high),
        XSD + "integer",
    )


def decimal(least: str | None, most: str | None, low: str, middle: str, high: str) -> Kind:
    """Decimals within bounds."""
    values = numbers.Decimals(least, most)
    cases = line(low, middle, high)
    return Kind(_DECIMAL, ORDER | EQUAL, values.read, values.read, values, cases, XSD + "decimal")


def duration(low: str, middle: str, high: str) -> Kind:
    """Durations."""
    values, cases = durations.Durations(), line(low, middle, high)
    return Kind(durations.DATATYPES, ORDER | EQUAL, durations.read, durations.fact, values, cases, XSD + "duration")


def levels(kind: str) -> Kind:
    """Our own named levels of an operand, in their order; three of them at least."""
    known = tuple(own(kind))
    values = Levels(known)
    cases = line(*known[:3])
    return Kind(frozenset({_IRI, _STRING}), ORDER | IDENTITY, values.read, values.read, values, cases)


def terms(table: Mapping[str, tuple[str, ...]], namespace: str, cases: tuple[Vector, ...], prefix: str = "") -> Kind:
    """Terms of a table, known also by their local names; any other absolute IRI is known by identity."""
    values = Taxonomy(table)

    def read(text: str) -> str:
        if namespace + text in table:
            return namespace + text
        if prefix and text.startswith(prefix):
            return namespace + text.removeprefix(prefix)
        return read_iri(text)

    return Kind(frozenset({_IRI, _STRING}), TREE, read, read, values, cases)


def choices(kind: str) -> Kind:
    """Our own terms of an operand and no others."""
    table = own(kind)
    values, before = Taxonomy(table), lead(kind)

    def read(text: str) -> str:
        found = before + text.removeprefix(before)
        if found not in table:
            raise ValueError("not one of the terms")
        return found

    one, two, three = list(table)[:3]
    return Kind(frozenset({_IRI, _STRING}), IDENTITY, read, read, values, same(one, two, three))


def _names(read: Callable[[str], str], cases: tuple[Vector, ...]) -> Kind:
    values = names.Names(read)
    operators = IDENTITY | {Operator.IS_ALL_OF}
    return Kind(frozenset({_IRI, _STRING, XSD + "token"}), operators, read, read, values, cases)


TEXT: Final = _names(names.read_text, same("eins", "zwei", "drei"))
NAME: Final = _names(read_iri, same("urn:example:1", "urn:example:2", "urn:example:3"))
PARTY: Final = _names(read_iri, same("did:web:a.example", "did:web:b.example", "did:web:c.example"))

LANGUAGE: Final = Kind(
    frozenset({_IRI, _STRING, XSD + "language"}),
    TREE,
    names.read_language,
    names.read_language,
    names.Languages(),
    tree("de", "de-AT", "fr"),
)

PLACE: Final = Kind(
    frozenset({_IRI, _STRING}),
    TREE,
    places.read,
    places.name,
    Places(),
    tree(GEOCODING + "stateKey/05", GEOCODING + "districtKey/05515", GEOCODING + "stateKey/02"),
)

GRAIN: Final = Kind(
    _DECIMAL | {_STRING},
    ORDER | EQUAL,
    grains.read,
    grains.read,
    grains.Grains(),
    line("100", "250", "1000"),
)

RATE: Final = Kind(
    frozenset({_STRING}),
    frozenset({Operator.LT, Operator.LTEQ}),
    rates.read,
    rates.read,
    rates.Rates(),
    line("99/PT1H", "100/PT1H", "101/PT1H"),
)


def _recurring(values: calendars.Recurring, datatypes: frozenset[str], *more: Vector, ordered: bool) -> Kind:
    operators = IDENTITY | {Operator.IS_PART_OF} | (ORDER if ordered else frozenset())

    def fact(text: str) -> Fact:
        """An instant, or a value of the cycle."""
        try:
            return instants.instant(text)
        except ValueError:
            return values.fact(text)

    return Kind(datatypes | {_STRING}, operators, values.read, fact, values, more)


HOUR: Final = _recurring(
    calendars.HOURS,
    _WHOLE | {XSD + "time"},
    *line("07:59:59", "08:00", "08:00:01"),
    Vector(Operator.LTEQ, ("17",), "17:59:59", True),
    Vector(Operator.LTEQ, ("17",), "18:00", False),
    Vector(Operator.IS_PART_OF, ("22:00/06:00",), "23:30", True),
    Vector(Operator.IS_PART_OF, ("22:00/06:00",), "05:59", True),
    Vector(Operator.IS_PART_OF, ("22:00/06:00",), "06:00", False),
    Vector(Operator.IS_PART_OF, ("22:00/06:00",), "21:59", False),
    ordered=True,
)
WEEKDAY: Final = _recurring(
    calendars.WEEKDAYS,
    _WHOLE,
    *line("1", "3", "5"),
    Vector(Operator.IS_PART_OF, ("1/5",), "5", True),
    Vector(Operator.IS_PART_OF, ("1/5",), "6", False),
    Vector(Operator.IS_PART_OF, ("6/1",), "7", True),
    Vector(Operator.IS_PART_OF, ("6/1",), "2", False),
    ordered=True,
)
SEASON: Final = _recurring(
    calendars.SEASONS,
    frozenset({XSD + "gMonthDay"}),
    *same("12-24", "12-25", "12-26"),
    Vector(Operator.IS_PART_OF, ("11-01/03-31",), "12-24", True),
    Vector(Operator.IS_PART_OF, ("11-01/03-31",), "03-31", True),
    Vector(Operator.IS_PART_OF, ("11-01/03-31",), "04-01", False),
    Vector(Operator.IS_PART_OF, ("11-01/03-31",), "10-31", False),
    ordered=False,
)
