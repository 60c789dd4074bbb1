"""Places: by official key in Germany, by NUTS code, states and unions of states; any other place by its name alone.

What lives here: the keys of the political geocoding of DCAT-AP.de as IRIs, containment by key, one IRI for names of one
place. What does not: maps, what places are called (`vocabulary`). Sources: DCAT-AP.de 3.0, politicalGeocoding; the
official municipality key (AGS, 8 digits) is the regional key (ARS, 12 digits) without its four association digits;
Regulation (EC) No 1059/2003 (NUTS); ISO 3166-1.

Every place is a path from the outside inwards: union, state, Land, government district, district, association,
municipality. One place lies within another where its path goes on from that one's. A municipality that is named without
its association (AGS) is undecided against one (or against a full ARS): whoever needs that names the ARS. A district by
its NUTS code is undecided against keys of the same region. A place of another register (GeoNames) is itself, is not
another place of that register, and nothing else is known of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from itertools import chain, zip_longest
from typing import Final

from policies.claims import Claim
from policies.model import Operator
from policies.sampled import Sampled
from policies.taxonomy import read_iri
from policies.vocabulary import LOC, geography

GEOCODING: Final = "http://dcat-ap.de/def/politicalGeocoding/"
NUTS: Final = "http://data.europa.eu/nuts/code/"
GEONAMES: Final = "http://www.geonames.org/"
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
_SEGMENTS: Final = (2, 1, 2, 4, 3)
_KEY = re.compile(re.escape(GEOCODING) + r"([A-Za-z]+)/([0-9]+)", re.ASCII)
_NUTS = re.compile(r"https?://data\.europa\.eu/nuts/code/([A-Z]{2}[0-9A-Z]{0,3})", re.ASCII)
_GEONAMES = re.compile(r"https?://(?:www|sws)\.geonames\.org/(\d{1,10})(?:/.*)?", re.ASCII)
_STATE = re.compile(re.escape(LOC) + r"([A-Z]{2,3})(?:-([A-Z0-9]{1,3}))?", re.ASCII)
_LAENDER: Final = {code: key for key, (code, _) in geography.STATES.items()}
_GERMANY: Final = ("EEA", "EU", "DE")

Path = tuple[str | None, ...]
"""None: any."""


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
    """The one IRI of a place of a register that is known here: its key where it has one, checked. Raises `ValueError`
    for every other name: terms that name a place which nobody here can find are not understood."""
    if text.startswith(GEOCODING):
        split(text)
        return text
    if found := _NUTS.fullmatch(text):
        return _from_nuts(found[1])
    if found := _GEONAMES.fullmatch(text):
        return GEONAMES + found[1]
    if text.startswith(LOC):
        return _from_state(text)
    raise ValueError("not a place of a known register")


def name(text: str) -> str:
    """As `read`; a place of another register is its absolute IRI: what somebody states, and what a foreign policy
    names. Raises `ValueError`."""
    if text.startswith((GEOCODING, LOC)) or _NUTS.fullmatch(text) or _GEONAMES.fullmatch(text):
        return read(text)
    return read_iri(text)


def from_digits(digits: str) -> str:
    """The IRI of a key that is given by its digits alone. Raises `ValueError`."""
    for kind, length in KINDS.items():
        if len(digits) == length and digits.isascii() and digits.isdigit():
            return f"{GEOCODING}{kind}/{digits}"
    raise ValueError("keys have 2, 3, 5, 8 (AGS), 9 or 12 (ARS) digits")


def _from_nuts(code: str) -> str:
    if code in geography.NUTS:
        return from_digits(geography.NUTS[code])
    if len(code) == 2:
        return _from_state(LOC + {"EL": "GR", "UK": "GB"}.get(code, code))
    return NUTS + code


def _from_state(text: str) -> str:
    found = _STATE.fullmatch(text)
    if found is None:
        raise ValueError("not a state of ISO 3166")
    if found[1] == "DE" and found[2]:
        if found[2] not in _LAENDER:
            raise ValueError("not a Land of Germany")
        return from_digits(_LAENDER[found[2]])
    return text


# --- paths ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def path(iri: str) -> Path | None:
    """Where a place lies, from the outside inwards; None where nothing is known of it but its name."""
    if iri.startswith(GEOCODING):
        return _key_path(iri)
    if iri.startswith(NUTS):
        return _nuts_path(iri.removeprefix(NUTS))
    found = _STATE.fullmatch(iri)
    if found is None:
        return None
    part = (found[2],) if found[2] else ()
    return (*_state_path(found[1]), *part)


def _key_path(iri: str) -> Path:
    kind, digits = split(iri)
    if kind == _AGS:
        return (*_GERMANY, digits[:2], digits[2:3], digits[3:5], None, digits[5:])
    parts, at = [], 0
    for size in _SEGMENTS:
        if at < len(digits):
            parts.append(digits[at : at + size])
        at += size
    return (*_GERMANY, *parts)


def _state_path(code: str) -> Path:
    if code == "EEA":
        return ("EEA",)
    if code == "EU":
        return ("EEA", "EU")
    if code in geography.UNION:
        return ("EEA", "EU", code)
    return ("EEA", "", code) if code in geography.EEA_ONLY else ("", "", code)


def _nuts_path(code: str) -> Path:
    """A district of Germany lies below its region under a name of its own; elsewhere each sign leads further in."""
    for size in (4, 3):
        if code[:2] == "DE" and len(code) > size and code[:size] in geography.NUTS:
            known = _key_path(from_digits(geography.NUTS[code[:size]]))
            return (*known, NUTS + code)
    return (*_state_path({"EL": "GR", "UK": "GB"}.get(code[:2], code[:2])), *(NUTS + sign for sign in code[2:]))


@lru_cache(maxsize=8192)
def relate(first: str, second: str) -> Relation:
    """How two places lie to each other. Raises `ValueError` where one is no place."""
    one, two = path(name(first)), path(name(second))
    if one is None or two is None:
        return Relation.SAME if first == second else Relation.CROSSING
    if one == two:
        return Relation.SAME
    pairs = list(zip_longest(one, two))
    if any(_apart(a, b) for a, b in pairs):
        return Relation.APART
    return Relation.INSIDE if all(b is None or a == b for a, b in pairs) else Relation.CROSSING


def _apart(one: str | None, two: str | None) -> bool:
    """Do two steps of a path lead to different places? A district by code and one by key may be the same."""
    if one is None or two is None or one == two:
        return False
    return one.startswith(NUTS) == two.startswith(NUTS)


class Places(Sampled):
    """Places as values. A fact is the place where an access happens, as broad as the caller says.

    INVARIANT: exact, where every row of digits counts as a place.
    """

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
            case Operator.IS_ALL_OF:
                return _all(_is(fact, place) for place in right)
            case Operator.IS_PART_OF | Operator.IS_A if len(right) == 1:
                return _within(fact, right[0])
            case Operator.HAS_PART if len(right) == 1:
                return _includes(fact, right[0])
            case _:
                return None

    def samples(self, claims: Sequence[Claim]) -> Iterable[str]:
        """The places that are named, all that lie around them, and others beside, below and outside each of these."""
        named = list(dict.fromkeys(claim.right for claim in claims))
        return dict.fromkeys((*named, *_around([found for iri in named if (found := path(iri))]), *_elsewhere(named)))


def _any(found: Iterable[bool | None]) -> bool | None:
    values = set(found)
    if True in values:
        return True
    return None if None in values else False


def _all(found: Iterable[bool | None]) -> bool | None:
    values = set(found)
    if False in values:
        return False
    return None if None in values else True


@lru_cache(maxsize=8192)
def _is(fact: str, place: str) -> bool | None:
    """Is the fact this very place? An AGS names the municipality of any ARS that it is part of."""
    one, two = path(fact), path(place)
    if one is None or two is None:
        return True if fact == place else False if _register(fact) == _register(place) else None
    match relate(fact, place):
        case Relation.SAME:
            return True
        case Relation.INSIDE:
            return place.startswith(GEOCODING + _AGS)
        case Relation.CROSSING if len(one) == len(two) and None in one:
            return None
        case Relation.CROSSING if _by_code(one) != _by_code(two) and _deep(one) and _deep(two):
            return None
        case _:
            return False


def _by_code(place: Path) -> bool:
    return bool(place) and str(place[-1]).startswith(NUTS)


def _deep(place: Path) -> bool:
    """Is it, or may it be, a district or smaller?"""
    return _by_code(place) or len(place) >= len(_GERMANY) + 3


def _register(iri: str) -> str:
    """Who gives such names: scheme and host."""
    return "/".join(iri.split("/")[:3]) if "://" in iri else iri.partition(":")[0]


@lru_cache(maxsize=8192)
def _within(fact: str, place: str) -> bool | None:
    match relate(fact, place):
        case Relation.SAME | Relation.INSIDE:
            return True
        case Relation.APART:
            return False
        case _:
            return None


@lru_cache(maxsize=8192)
def _includes(fact: str, place: str) -> bool | None:
    """Does the fact include the place? A fact that lies strictly within it does not."""
    match relate(place, fact):
        case Relation.SAME | Relation.INSIDE:
            return True
        case Relation.APART:
            return False
        case _:
            return False if relate(fact, place) is Relation.INSIDE and not place.startswith(GEOCODING + _AGS) else None


# --- samples ----------------------------------------------------------------------------------------------------------

_COUNTRY: Final = len(_GERMANY)


def _around(named: Sequence[Path]) -> Iterator[str]:
    """Everything that the named places lie in, and one more place below each of these."""
    yield from (LOC + code for code in ("EU", "EEA"))
    taken = {place[2] for place in named if len(place) >= _COUNTRY}
    for countries in (geography.UNION, geography.EEA_ONLY, geography.ELSEWHERE):
        yield from (LOC + code for code in countries if code in taken)
        yield from (LOC + code for code in [code for code in countries if code not in taken][:1])
    german = [place[_COUNTRY:] for place in named if place[:_COUNTRY] == _GERMANY and len(place) > _COUNTRY]
    if german:
        yield LOC + "DE"
    keys = [tuple(step for step in place if step is None or not step.startswith(NUTS)) for place in german]
    yield from (_keys(keys or [()]))
    yield from _codes([place for place in named if _by_code(place)])


def _keys(named: Sequence[Path]) -> Iterator[str]:
    """Keys of every depth, from the digits that are named and others at each step."""
    for land in _steps({place[0] for place in named if place}, 2, [*geography.STATES]):
        yield from_digits(land)
        in_land = [place for place in named if place[:1] == (land,)]
        for district in _steps({place[1] for place in in_land if len(place) > 1}, 1):
            yield from_digits(land + district)
            in_region = [place for place in in_land if place[1:2] == (district,)]
            for circle in _steps({place[2] for place in in_region if len(place) > 2}, 2):
                yield from_digits(land + district + circle)
                yield from _municipalities(land + district + circle, [p for p in in_region if p[2:3] == (circle,)])


def _municipalities(lead: str, named: Sequence[Path]) -> Iterator[str]:
    associations = _steps({place[3] for place in named if len(place) > 3} - {None}, 4)
    numbers = _steps({place[4] for place in named if len(place) > 4}, 3)
    for number in numbers:
        yield from_digits(lead + number)
    for association in associations:
        yield from_digits(lead + association)
        for number in numbers:
            yield from_digits(lead + association + number)


def _steps(named: Iterable[str | None], size: int, known: Sequence[str] = ()) -> list[str]:
    """The digits that are named, and the first others."""
    taken = sorted(step for step in named if step is not None)
    numbers = (f"{number:0{size}d}" for number in range(1 if size > 1 else 0, 10**size))
    other = next((step for step in chain(known, numbers) if step not in taken), None)
    return [*taken, *([] if other is None else [other])]


def _codes(named: Sequence[Path]) -> Iterator[str]:
    """Codes beside, around and below those that are named."""
    for place in named:
        code = str(place[-1]).removeprefix(NUTS)
        if place[:_COUNTRY] == _GERMANY:
            yield from (NUTS + code[:-1] + sign for sign in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    for place in named:
        if place[:_COUNTRY] != _GERMANY:
            signs = [str(step).removeprefix(NUTS) for step in place[_COUNTRY:]]
            for size in range(1, len(signs) + 1):
                lead = NUTS + str(place[2]) + "".join(signs[:size])
                yield lead
                yield from (lead + sign for sign in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" if size < 3)


def _elsewhere(named: Sequence[str]) -> Iterator[str]:
    """Places of other registers of which no more than a name is known."""
    for register in dict.fromkeys(_register(iri) for iri in named if path(iri) is None):
        yield f"{register}{'/' if '://' in register else ':'}another-place"
    yield "urn:another-place"
