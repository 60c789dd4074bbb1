"""Concepts in an open world: what is stated to lie within what, and what is stated to have nothing in common.

What lives here: purposes and legal bases (Data Privacy Vocabulary), places (official keys, states, GeoNames), languages
(BCP 47), and names of which nothing is known. What does not: judging an access, where a fact is a fact (`operands`).

INVARIANT: two concepts are apart only where somebody states so: vocabularies of purposes do not, territories of states
do, and language tags are told apart by the registry. What is not stated is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Final

from policies.model import ODRL
from policies.places import GEOCODING, split
from policies.vocabulary import DPV, GDPR, LOC, PURPOSES, geography, law

LANGUAGE: Final = ODRL + "language"
SPATIAL: Final = ODRL + "spatial"

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_GEONAMES = re.compile(r"https?://(?:sws|www)\.geonames\.org/([0-9]+)/?(?:about\.rdf|[^/]*\.html)?")

_EUROPE: Final = "6255148"
_COUNTRIES: Final = """
    2782113:AT 2802361:BE 732800:BG 146669:CY 3077311:CZ 2921044:DE 2623032:DK 453733:EE 2510769:ES 660013:FI
    3017382:FR 390903:GR 3202326:HR 719819:HU 2963597:IE 3175395:IT 597427:LT 2960313:LU 458258:LV 2562770:MT
    2750405:NL 798544:PL 2264397:PT 798549:RO 2661886:SE 3190538:SI 3057568:SK 2629691:IS 3042058:LI 3144096:NO
    2658434:CH 2635167:GB
"""
_GERMAN: Final = """
    2838632:01 2911297:02 2862926:03 2944387:04 2861876:05 2905330:06 2847618:07 2953481:08 2951839:09 2842635:10
    2950157:11 2945356:12 2872567:13 2842566:14 2842565:15 2822542:16
"""
_REGIONS: Final = {
    "AT": "2781194 2774686 2770542 2769848 2766823 2764581 2763586 2762300 2761367",
    "FR": (
        "11071625 11071619 3030293 3027939 3023519 11071622 11071624 3012874 11071621 11071620 11071623 2988289 2985244"
    ),
}
"""The Länder of Austria and the regions of France in Europe, by GeoNames."""

Path = tuple[str, ...]
"""A place as what it lies in, from the outside inwards; two places that part on the way have no ground in common."""


class World:
    """Concepts of one kind."""

    def __init__(
        self,
        within: Callable[[str, str], bool],
        apart: Callable[[str, str], bool],
        known: Iterable[str] = (),
        closed: bool = False,
    ) -> None:
        """`closed`: what is not stated is not so; two different names are two different things."""
        self.within, self.apart, self.known, self.closed = within, apart, tuple(known), closed


def world(left: str, values: Iterable[str]) -> World:
    """The world in which the values of an operand (full IRI) are to be understood."""
    given = tuple(values)
    if left == LANGUAGE and all(_tag(value) for value in given):
        return LANGUAGES
    if left == SPATIAL:
        return PLACES
    if any(value.startswith((DPV, GDPR)) for value in given):
        return VOCABULARY
    return NAMES if any(_IRI.fullmatch(value) for value in given) else WORDS


# --- vocabularies of purposes and legal bases -------------------------------------------------------------------------


@cache
def _above() -> Mapping[str, frozenset[str]]:
    direct = {DPV + name: {DPV + above for above in purpose.broader} for name, purpose in PURPOSES.items()}
    direct |= {GDPR + name: {GDPR + above for above in basis.broader} for name, basis in law.LEGAL_BASES.items()}

    def closure(term: str) -> set[str]:
        return {term}.union(*(closure(above) for above in direct.get(term, ())))

    return {term: frozenset(closure(term)) for term in direct}


def _broader(first: str, second: str) -> bool:
    return first == second or second in _above().get(first, ())


# --- places -----------------------------------------------------------------------------------------------------------


@cache
def _named_places() -> Mapping[str, Path]:
    pairs = dict(pair.split(":") for pair in _COUNTRIES.split())
    states = dict(pair.split(":") for pair in _GERMAN.split())
    return {
        _EUROPE: ("150",),
        **{number: ("150", code) for number, code in pairs.items()},
        **{number: ("150", "DE", key) for number, key in states.items()},
        **{number: ("150", code, number) for code, regions in _REGIONS.items() for number in regions.split()},
    }


@cache
def place(name: str) -> Path | None:
    """Where a place lies, by GeoNames, by official key or as a state; None where nobody here knows."""
    if found := _GEONAMES.fullmatch(name):
        return _named_places().get(found[1])
    if name.startswith(LOC):
        return _by_code(name.removeprefix(LOC))
    if name.startswith(GEOCODING):
        try:
            kind, digits = split(name)
        except ValueError:
            return None
        return None if kind == "municipalityKey" else ("150", "DE", digits[:2], *digits[2:])
    return None


def _by_code(code: str) -> Path | None:
    country, _, part = code.partition("-")
    if country not in geography.UNION and country not in geography.EEA_ONLY:
        return None
    key = next((key for key, (short, _) in geography.STATES.items() if short == part), None)
    if part and (country != "DE" or key is None):
        return None
    return ("150", country, key) if key else ("150", country)


def _inside(first: str, second: str) -> bool:
    one, two = place(first), place(second)
    return first == second or (one is not None and two is not None and one[: len(two)] == two)


def _elsewhere(first: str, second: str) -> bool:
    one, two = place(first), place(second)
    return one is not None and two is not None and any(a != b for a, b in zip(one, two, strict=False))


# --- languages --------------------------------------------------------------------------------------------------------


@cache
def _tag(value: str) -> str:
    """The language tag that a value is or ends in, in lower case; empty where it is none."""
    tail = re.split(r"[/#]", value)[-1] if _IRI.fullmatch(value) else value
    return tail.lower() if _TAG.fullmatch(tail) else ""


def _narrower(first: str, second: str) -> bool:
    one, two = _tag(first), _tag(second)
    return one == two or one.startswith(two + "-")


def _same(first: str, second: str) -> bool:
    return first == second


VOCABULARY: Final = World(_broader, lambda first, second: False, sorted(_above()))
PLACES: Final = World(_inside, _elsewhere)
LANGUAGES: Final = World(
    _narrower, lambda first, second: not (_narrower(first, second) or _narrower(second, first)), closed=True
)
NAMES: Final = World(_same, lambda first, second: False)
WORDS: Final = World(_same, lambda first, second: first != second, closed=True)
