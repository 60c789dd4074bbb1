"""Operands that nobody knows, in the analysis of foreign policies: judged by the datatype of the value alone.

What lives here: making such an operand. What does not: the operands that are known (`access` and the others). Numbers,
times and durations have their order; a name is itself, and whether it belongs to another nobody can say.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from policies import calendars, durations, moments, names, numbers, places
from policies.model import ODRL, Operator
from policies.operands import phrases, reasons
from policies.operands.operand import (
    IDENTITY,
    ORDER,
    Assurance,
    Fact,
    Operand,
    Origin,
    Phase,
    Place,
    Side,
    Values,
    Vector,
)
from policies.taxonomy import Taxonomy
from policies.vocabulary import XSD

_INTEGERS: Final = frozenset(
    XSD + sign + name
    for name in ("integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger")
    for sign in ("",)
) | {XSD + name for name in ("negativeInteger", "nonPositiveInteger", "unsignedInt", "unsignedLong", "gYear")}
_NUMBERS: Final = _INTEGERS | {XSD + name for name in ("decimal", "double", "float")}
_TIMES: Final = frozenset({XSD + "dateTime", XSD + "dateTimeStamp", XSD + "date"})
_WORDS: Final = frozenset({XSD + name for name in ("string", "token", "NMTOKEN", "normalizedString")})
_EQUAL: Final = frozenset({Operator.EQ, Operator.NEQ})
_TREE: Final = IDENTITY | {Operator.IS_A, Operator.IS_PART_OF, Operator.HAS_PART, Operator.IS_ALL_OF}

Reader = Callable[[str], str]


@lru_cache(maxsize=1024)
def operand(iri: str, datatype: str) -> Operand:
    """An operand with this IRI whose values are of this datatype; "" where they are names. Raises `ValueError`."""
    operators, read, fact, values, written = _kind(iri, datatype)
    name = iri.removeprefix(ODRL)
    return Operand(
        iri=iri,
        name=name,
        label=(name, name),
        meaning=(name, name),
        datatypes=frozenset({datatype} if datatype else ()),
        operators=operators,
        origin=Origin.CLOCK if iri == ODRL + "dateTime" else Origin.REQUEST,
        side=Side.CONSUMER,
        assurance=Assurance.DECLARED,
        phase=Phase.ACCESS,
        places=frozenset(Place),
        read=read,
        write=lambda canonical: (canonical, written) if written else (canonical, None),
        fact=fact,
        values=values,
        unmet=reasons.fact(iri),
        clauses=phrases.plain((name, name), operators),
        vectors=_NONE,
    )


_NONE: Final[tuple[Vector, ...]] = ()


def _kind(iri: str, datatype: str) -> tuple[frozenset[Operator], Reader, Callable[[str], Fact], Values, str]:
    if datatype in _NUMBERS:
        decimals = numbers.Decimals()
        return ORDER | IDENTITY, _number, _number, decimals, datatype
    if datatype in _TIMES:
        return ORDER | _EQUAL, moments.read, moments.read, moments.Moments(), datatype
    if datatype in durations.DATATYPES:
        return ORDER | _EQUAL, durations.read, durations.fact, durations.Durations(), datatype
    if datatype == XSD + "time":
        return ORDER | _EQUAL, calendars.HOURS.read, calendars.HOURS.fact, calendars.HOURS, datatype
    if datatype == XSD + "boolean":
        truths = names.Names()
        return IDENTITY, _truth, _truth, truths, datatype
    if datatype in _WORDS:
        words = names.Names()
        return IDENTITY | {Operator.IS_ALL_OF}, words.read, words.read, words, datatype
    if iri == ODRL + "spatial" and datatype == XSD + "anyURI":
        return _TREE, places.name, places.name, places.Places(), ""
    if datatype in ("", XSD + "anyURI"):
        terms = Taxonomy({})
        return _TREE, names.read_text, names.read_text, terms, ""
    raise ValueError("values of this datatype are not compared")


def _truth(text: str) -> str:
    """True or false, also where it is written as a digit. Raises `ValueError`."""
    found = {"true": "true", "1": "true", "false": "false", "0": "false"}.get(text.strip())
    if found is None:
        raise ValueError("neither true nor false")
    return found


def _number(text: str) -> str:
    """A decimal, also in the notation of floating point. Raises `ValueError`."""
    mantissa, _, exponent = text.lower().partition("e")
    if not exponent:
        return numbers.read_decimal(text)
    return numbers.scaled(numbers.read_decimal(mantissa), exponent)
