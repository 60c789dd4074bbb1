"""What people look for, as they write it: towns by name, distances in kilometres, themes in words.

What lives here: the form of a question, and reading it into the one that the index takes. What does not: asking
(`search`), keeping questions (`saved`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from catalog import geo, themes
from catalog.index.forms import Order, Query
from catalog.model import Box
from catalog.profile.vocabularies import LICENCES, OPEN
from connector.errors import InputError, UnknownError
from connector.ports import Reading
from connector.records import Participant
from policies import instants, meaning, terms
from policies.model import PolicyError

OURS: Final = "own"
"""How the node itself is named where a peer may be."""
_DAY: Final = 86_400_000_000
_LONGEST: Final = 40_000_000.0
"""Metres: farther than that is everywhere."""
_METRES: Final = re.compile(r"([0-9]{1,8}(?:[.,][0-9]{1,3})?) ?(m|km)")
_SINCE: Final = re.compile(r"([0-9]{1,4})([hdw])")
_LENGTHS: Final = {"h": _DAY // 24, "d": _DAY, "w": 7 * _DAY}


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody looks for, as people write it; empty parts ask for nothing, lists are divided by commas.

    `near` is latitude and longitude, `within` a distance from there (`20km`), `box` west, south, east, north. `place`:
    official keys (AGS, ARS), NUTS codes, names of states and towns. `theme`: codes or names. `licence`: codes, or
    `open`. `peer`: names or DIDs, `own` for this node. `since`: what has changed since a day, or in so long (`7d`).
    `purpose` and `used_at`: what the data are for and where, by which it is judged whether they could be used; `mine`:
    only what could be. `fresh`: only what is as new as it promises to be.
    """

    words: str = ""
    near: str = ""
    within: str = ""
    box: str = ""
    place: str = ""
    theme: str = ""
    format: str = ""
    licence: str = ""
    peer: str = ""
    since: str = ""
    purpose: str = ""
    used_at: str = ""
    mine: bool = False
    fresh: bool = False
    hvd: bool = False
    order: Order = Order.FITTING


def query(said: Question, participants: tuple[str, ...], now: int) -> Query:
    """The question in the words of the index. Raises `InputError`."""
    near, within = _near(said.near), _metres(said.within)
    if within and near is None:
        raise InputError("search.within")
    if said.order is Order.NEAREST and near is None:
        raise InputError("search.nearest")
    return Query(
        now=now,
        words=said.words,
        near=near,
        within=within,
        box=_box(said.box),
        places=tuple(dict.fromkeys(_place(one) for one in _several(said.place))),
        themes=tuple(dict.fromkeys(_theme(one) for one in _several(said.theme))),
        formats=tuple(dict.fromkeys(one.upper() for one in _several(said.format))),
        licences=tuple(dict.fromkeys(code for one in _several(said.licence) for code in _licences(one))),
        participants=participants,
        changed_since=_since(said.since, now),
        fresh=said.fresh,
        hvd=said.hvd,
        order=said.order,
    )


def _several(text: str) -> list[str]:
    return [part for one in text.split(",") if (part := one.strip())]


def _numbers(text: str, count: int) -> list[float] | None:
    try:
        found = [float(one) for one in text.split(",")]
    except ValueError:
        return None
    return found if len(found) == count and all(-1000 < one < 1000 for one in found) else None


def _near(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    found = _numbers(text, 2)
    if found is None or abs(found[0]) > 90 or abs(found[1]) > 180:
        raise InputError("search.near", near=text[:80])
    return found[0], found[1]


def _metres(text: str) -> float:
    if not text:
        return 0.0
    found = _METRES.fullmatch(text.strip().lower())
    metres = 0.0 if found is None else float(found[1].replace(",", ".")) * (1000 if found[2] == "km" else 1)
    if not 0 < metres <= _LONGEST:
        raise InputError("search.distance", within=text[:80])
    return metres


def _box(text: str) -> Box | None:
    if not text:
        return None
    found = _numbers(text, 4)
    if found is None or abs(found[1]) > 90 or abs(found[3]) > 90 or found[1] > found[3]:
        raise InputError("search.box", box=text[:80])
    if abs(found[0]) > 180 or abs(found[2]) > 180:
        raise InputError("search.box", box=text[:80])
    return Box(*found)


def _place(text: str) -> str:
    found = geo.key(text) or geo.named(text)
    if found is None:
        raise InputError("search.place", place=text[:80])
    return found


def _theme(text: str) -> str:
    found = themes.meant(text)
    if found is None:
        raise InputError("search.theme", theme=text[:80], known=", ".join(themes.NAMES))
    return found


def _licences(text: str) -> Sequence[str]:
    if text.casefold() in ("open", "offen"):
        return sorted(OPEN)
    known = {code.casefold(): code for code in LICENCES.known}
    return (known.get(text.casefold(), text),)


def _since(text: str, now: int) -> int | None:
    if not text:
        return None
    if (found := _SINCE.fullmatch(text)) is not None:
        return now - int(found[1]) * _LENGTHS[found[2]]
    try:
        return instants.span(instants.read(text))[0]
    except ValueError:
        raise InputError("search.since", since=text[:80]) from None


def purpose(text: str) -> str:
    """The IRI of a purpose. Raises `InputError` with what may have been meant."""
    try:
        return terms.purpose(text)
    except PolicyError:
        near = ", ".join(meaning.purposes(text)[:5])
        if not near:
            raise InputError("search.no_purpose", purpose=text[:80]) from None
        raise InputError("search.purpose", purpose=text[:80], near=near) from None


def participants(view: Reading, text: str, own: str) -> tuple[str, ...]:
    """The DIDs of those who are named. Raises `UnknownError`."""
    return tuple(dict.fromkeys(_did(view, one, own) for one in _several(text)))


def _did(view: Reading, text: str, own: str) -> str:
    if text == OURS:
        return own
    if text.startswith("did:"):
        return text
    found = view.find(Participant, name=text)
    if found is None:
        raise UnknownError("peer.unknown", peer=text[:256])
    return found.id
