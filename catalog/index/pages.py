"""Where a page of hits ended: an opaque text, from which the next one goes on.

What lives here: writing and reading it. What does not: what its numbers mean (`searching`).
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Struct

from catalog.index.forms import Query


class PageError(ValueError):
    """`after` is not from an earlier page of the same question."""


class Place(Struct, frozen=True, array_like=True):
    """The last hit of a page: by what it was sorted, and its entry. `part` tells stretches of hits apart that are
    sorted in different ways."""

    question: bytes
    part: int
    value: float
    entry: int


_DECODER: Final = msgspec.msgpack.Decoder(Place)


def fingerprint(query: Query) -> bytes:
    """What makes questions the same, whenever they are asked and however many hits a page has."""
    asked = msgspec.structs.replace(query, now=0, limit=0, after="", facets=False, terms=None)
    return sha256(repr(asked).encode()).digest()[:8]


def write(place: Place) -> str:
    """The text of a place."""
    return urlsafe_b64encode(msgspec.msgpack.encode(place)).rstrip(b"=").decode()


def read(query: Query) -> Place | None:
    """Where the query goes on; None where it begins. Raises `PageError`."""
    if not query.after:
        return None
    try:
        place = _DECODER.decode(urlsafe_b64decode(query.after[:256].encode() + b"=="))
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise PageError("not the end of a page") from error
    if place.question != fingerprint(query) or not -(1 << 62) < place.entry < 1 << 62 or place.value != place.value:
        raise PageError("the end of a page of another question")
    return place
