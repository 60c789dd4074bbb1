"""Places in Germany by official key: state, government district, district, municipal association, municipality.

What lives here: the keys of the political geocoding of DCAT-AP.de as IRIs, and containment by key. What does not: maps,
names of places, other geographies; a place without such a key is refused. Source: DCAT-AP.de 3.0, politicalGeocoding;
the official municipality key (AGS, 8 digits) is the regional key (ARS, 12 digits) without its four association digits.

A key is read as a pattern over the 12 digits of a regional key; one place lies within another where its pattern does. A
municipality that is named without its association (AGS) is undecided against one (or against a full ARS): whoever needs
that names the ARS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Final

from policies.claims import Claim
from policies.model import Operator

GEOCODING: Final = "http://dcat-ap.de/def/politicalGeocoding/"
KINDS: Final[Mapping[str, int]] = {
    "stateKey": 2,
    "governmentDistrictKey": 3,
    "districtKey": 5,
    "municipalityKey": 8,
    "municipalAssociationKey": 9,
    "regionalKey": 12,
}
"""Kind of key -> number of digits; no two have the same."""
_AGS: Final = "municipalityKey"
_KEY = re.compile(re.escape(GEOCODING) + r"([A-Za-z]+)/([0-9]+)", re.ASCII)


class Relation(Enum):
    """How the first of two places lies to the second."""

    SAME = "same"
    INSIDE = "inside"
    APART = "apart"
    CROSSING = "crossing"
    """Broader, or not to be said."""


def split(iri: str) -> tuple[str, str]:
    """Kind and digits of a key. Raises `ValueError`."""
    found = _KEY.fullmatch(iri)
    if found is None or KINDS.get(found[1]) != len(found[2]):
        raise ValueError("not a key of the political geocoding of DCAT-AP.de")
    return found[1], found[2]


def read(text: str) -> str:
    """The IRI as it is, checked. Raises `ValueError`."""
    split(text)
    return text


def from_digits(digits: str) -> str:
    """The IRI of a key that is given by its digits alone. Raises `ValueError`."""
    for kind, length in KINDS.items():
        if len(digits) == length and digits.isascii() and digits.isdigit():
            return f"{GEOCODING}{kind}/{digits}"
    raise ValueError("keys have 2, 3, 5, 8 (AGS), 9 or 12 (ARS) digits")


@lru_cache(maxsize=4096)
def relate(first: str, second: str) -> Relation:
    """How two places lie to each other. Raises `ValueError` where one is no place."""
    one, two = _pattern(first), _pattern(second)
    if one == two:
        return Relation.SAME
    pairs = list(zip(one, two, strict=True))
    if all(b in ("?", a) for a, b in pairs):
        return Relation.INSIDE
    return Relation.APART if any(a != b and "?" not in (a, b) for a, b in pairs) else Relation.CROSSING


def _pattern(iri: str) -> str:
    kind, digits = split(iri)
    return f"{digits[:5]}????{digits[5:]}" if kind == _AGS else digits.ljust(12, "?")


class Places:
    """The values of `odrl:spatial`. A fact is the place where an access happens, as broad as the caller says."""

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said."""
        if not isinstance(fact, str):
            return None
        match operator:
            case Operator.EQ | Operator.IS_ANY_OF:
                return _any(_is(fact, place) for place in right)
            case Operator.NEQ | Operator.IS_NONE_OF:
                found = _any(_is(fact, place) for place in right)
                return None if found is None else not found
            case Operator.IS_PART_OF if len(right) == 1:
                return _within(fact, right[0])
            case _:
                return None

    def implies(self, premises: Sequence[Claim], claim: Claim) -> bool:
        """Does the claim hold wherever all premises hold? Each premise is tried alone: sound, not complete."""
        return any(_follows(premise, claim) for premise in premises)

    def possible(self, premises: Sequence[Claim]) -> bool:
        """Is there a place for which all premises hold? True also where that is not shown."""
        return not any(_follows(one, _denied(two)) for one in premises for two in premises)


    def witness(self, premises: Sequence[Claim]) -> str | None:
        """A place for which all premises hold; None where none of those that are tried does."""
        for place in _candidates(premises):
            if all(self.holds(one.operator, (one.right,), place) is one.holds for one in premises):
                return place
        return None


def _candidates(premises: Sequence[Claim]) -> Iterator[str]:
    """The places that are named, and one that none of them touches."""
    yield from dict.fromkeys(claim.right for claim in premises)
    named = {split(claim.right)[1][:2] for claim in premises}
    yield from (f"{GEOCODING}stateKey/{n:02d}" for n in range(1, 17) if f"{n:02d}" not in named)


def _denied(claim: Claim) -> Claim:
    return Claim(claim.left, claim.operator, claim.right, not claim.holds)


def _any(found: Iterable[bool | None]) -> bool | None:
    values = set(found)
    if True in values:
        return True
    return None if None in values else False


@lru_cache(maxsize=4096)
def _is(fact: str, place: str) -> bool | None:
    """Is the fact this very place? An AGS names the municipality of any ARS that it is part of."""
    match relate(fact, place):
        case Relation.SAME:
            return True
        case Relation.INSIDE:
            return split(place)[0] == _AGS
        case Relation.CROSSING if split(fact)[0] == _AGS and split(place)[0] == "regionalKey":
            return None
        case _:
            return False


@lru_cache(maxsize=4096)
def _within(fact: str, place: str) -> bool | None:
    match relate(fact, place):
        case Relation.SAME | Relation.INSIDE:
            return True
        case Relation.APART:
            return False
        case _:
            return None


def _follows(premise: Claim, claim: Claim) -> bool:
    """Does the claim follow from this one premise? See the cases in the module's tests."""
    exact, exact_claim = premise.operator is Operator.EQ, claim.operator is Operator.EQ
    if premise.holds and claim.holds:
        if exact_claim:
            return exact and _is(premise.right, claim.right) is True
        return _within(premise.right, claim.right) is True
    if premise.holds:
        if exact and exact_claim:
            return _is(premise.right, claim.right) is False
        return relate(premise.right, claim.right) is Relation.APART
    if claim.holds:
        return False
    if exact:
        return exact_claim and _is(claim.right, premise.right) is True
    return _within(claim.right, premise.right) is True
