"""Places that datasets are about: official keys of Germany and NUTS codes, and what lies in what.

What lives here: one form for each key, the keys that a place lies in, names of states and of towns that are a district
of their own. What does not: IRIs in policies (`policies.places`), boxes on the map (`index`). Sources: the official
municipality key (AGS, 8 digits) is the regional key (ARS, 12 digits) without its four association digits; Regulation
(EC) No 1059/2003 (NUTS, 2021 edition); ISO 3166-2:DE.

A key is 2 digits (state), 3 (government district), 5 (district), 8 (AGS), 9 (association of municipalities), or a NUTS
code. A town that is a district of its own has one key, that of the district, and Berlin and Hamburg have that of the
state: all their keys are names of the same place. An association is found by the keys that name it: an AGS does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from policies.places import KINDS
from policies.vocabulary import geography

_DIGITS: Final = frozenset(KINDS.values())
_CITY_STATES: Final = {"11": "Berlin", "02": "Hamburg"}
_NUTS: Final = re.compile("[A-Z]{2}[0-9A-Z]{0,3}")
_REGISTERS: Final = re.compile(
    r"https?://(?:(?:www\.)?dcat-ap\.de/def/politicalGeocoding/[A-Za-z]+/|data\.europa\.eu/nuts/code/"
    r"|publications\.europa\.eu/resource/authority/atu/)",
)
_LAENDER: Final = {f"DE-{code}": key for key, (code, _) in geography.STATES.items()}

_TOWNS: Final = """
    DED21:14612:Dresden DED51:14713:Leipzig DED41:14511:Chemnitz DE212:09162:München DE254:09564:Nürnberg
    DE271:09761:Augsburg DEA23:05315:Köln DEA22:05314:Bonn DEA11:05111:Düsseldorf DEA12:05112:Duisburg
    DEA13:05113:Essen DEA14:05114:Krefeld DEA15:05116:Mönchengladbach DEA17:05119:Oberhausen DEA18:05120:Remscheid
    DEA19:05122:Solingen DEA1A:05124:Wuppertal DEA24:05316:Leverkusen DEA31:05512:Bottrop DEA32:05513:Gelsenkirchen
    DEA33:05515:Münster DEA41:05711:Bielefeld DEA51:05911:Bochum DEA52:05913:Dortmund DEA53:05914:Hagen
    DEA54:05915:Hamm DEA55:05916:Herne DE712:06412:Frankfurt DE711:06411:Darmstadt DE713:06413:Offenbach
    DE714:06414:Wiesbaden DE731:06611:Kassel DE111:08111:Stuttgart DE122:08212:Karlsruhe DE126:08222:Mannheim
    DE125:08221:Heidelberg DEB35:07315:Mainz DE501:04011:- DE502:04012:Bremerhaven DE803:13003:Rostock
    DE804:13004:Schwerin DEG01:16051:Erfurt DEG02:16052:Gera DEG03:16053:Jena DEG05:16055:Weimar
    DEE03:15003:Magdeburg DEE02:15002:Halle DEE01:15001:- DE401:12051:- DE402:12052:Cottbus DE403:12053:-
    DE404:12054:Potsdam DEF01:01001:Flensburg DEF02:01002:Kiel DEF03:01003:Lübeck DEF04:01004:Neumünster
    DE911:03101:Braunschweig DE912:03102:Salzgitter DE913:03103:Wolfsburg DE941:03401:Delmenhorst DE942:03402:Emden
    DE943:03403:- DE944:03404:Osnabrück DE945:03405:Wilhelmshaven
"""
_ROWS: Final = [row.split(":") for row in _TOWNS.split()]
DISTRICTS: Final[Mapping[str, str]] = {nuts: key for nuts, key, _ in _ROWS}
"""NUTS code of a town that is a district of its own -> its key; other districts are known by their codes alone."""
_BY_NUTS: Final[Mapping[str, str]] = {**geography.NUTS, **DISTRICTS}

_BY_KEY: Final[Mapping[str, str]] = {
    **{key: name for _, key, name in _ROWS if name != "-"},
    **{key: name for key, (_, name) in geography.STATES.items()},
}
_NAMES: Final[Mapping[str, str]] = {name.casefold(): key for key, name in _BY_KEY.items()}


@lru_cache(maxsize=16_384)
def key(text: str) -> str | None:
    """The one form of a place's key: of digits, a NUTS code, `DE-SN`, or the IRI of one. None where it is none.

    An ARS becomes the AGS of the same municipality: `146120000000`, `14612000` and `DED21` are `14612`."""
    found = _REGISTERS.match(text)
    text = (text[found.end() :] if found else text).strip().rstrip("/")
    text = _LAENDER.get(text, text)
    if text.isascii() and text.isdigit():
        return _digits(text)
    return _BY_NUTS.get(text, text) if _NUTS.fullmatch(text) else None


def _digits(text: str) -> str | None:
    if len(text) not in _DIGITS:
        return None
    if len(text) == 12:
        text = text[:9] if text.endswith("000") and text[5:9] != "0000" else text[:5] + text[9:]
    return _town(text)


def _town(text: str) -> str:
    """The broadest key of the same place."""
    if len(text) in (8, 9) and not text[5:].strip("0"):
        text = text[:5]
    return text[:2] if text[:2] in _CITY_STATES and not text[2:].strip("0") else text


@lru_cache(maxsize=16_384)
def around(text: str) -> tuple[str, ...]:
    """The keys that a place lies in, its own first; none where it is no key."""
    found = key(text)
    if found is None:
        return ()
    if not found.isdigit():
        return tuple(dict.fromkeys(_around_code(found)))
    lead = [found]
    digits = _REGISTERS.sub("", text).strip().rstrip("/")
    if len(digits) == 12 and digits.isdigit() and len(found) == 8:
        lead.append(digits[:9])
    lead += [found[:size] for size in (5, 3, 2) if len(found) > size]
    return tuple(dict.fromkeys((*(_town(one) for one in lead), "DE")))


def _around_code(code: str) -> list[str]:
    """What a NUTS code lies in: the codes it begins with, and the places of Germany that these are."""
    found = [code]
    for size in (4, 3, 2):
        if size < len(code):
            known = _BY_NUTS.get(code[:size])
            found += [known, known[:2]] if known else [code[:size]]
    return found


@lru_cache(maxsize=16_384)
def names(text: str) -> tuple[str, ...]:
    """What people call a place and the state that it lies in, as far as that is known here."""
    return tuple(_BY_KEY[one] for one in around(text) if one in _BY_KEY)


def named(name: str) -> str | None:
    """The key of a state, or of a town that is a district of its own, by its name; None where no such name is known,
    or several places have it."""
    return _NAMES.get(" ".join(name.split()).casefold())
