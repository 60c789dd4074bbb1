"""What a node or consumer answers to readings, read warily.

What lives here: the form of an answer (`connector.http.readings`). What does not: what follows from it (`sync`).
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from certs import cbor
from certs.cbor import CborError
from connector.data.readings.model import MOST_VALUE
from connector.data.readings.ranges import Ranges, joined
from edge_node.errors import LinkError

MOST: Final = 1 << 19
"""Bytes of an answer. What others answer is paid for by the device, too."""
MOST_PIECES: Final = 1 << 14
"""Ranges in an answer: a receiver knows no more of a device (`connector.data.readings.receiving`)."""
MOST_RECEIPT: Final = 1024


class Heard(Struct, frozen=True):
    """What is held there, by the numbers of series as they are known there; what was not taken, as (series, first
    reading, code); the newest legend that is known, and the receipt."""

    held: dict[int, Ranges]
    refused: tuple[tuple[int, int, str], ...] = ()
    legend: int = 0
    receipt: bytes | None = None


def read(body: bytes) -> Heard:
    """The answer in a body. Raises `LinkError` `sync.answer`: what is not understood takes no reading off the list."""
    try:
        found = cbor.loads(body, most=MOST)
        held = {_number(series): _ranges(ranges) for series, ranges in found["held"].items()}
        _number(MOST_PIECES - sum(map(len, held.values())))
        refused = tuple((_number(one[0]), _number(one[1]), _code(one[2])) for one in found.get("refused", ()))
        return Heard(held, refused, _number(found.get("legend", 0)), _bytes(found.get("receipt")))
    except (CborError, LookupError, TypeError, ValueError, AttributeError):
        raise LinkError("sync.answer") from None


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MOST_VALUE:
        raise ValueError
    return value


def _ranges(value: Any) -> Ranges:
    pairs = [(_number(first), _number(last)) for first, last in value]
    if any(first > last or first < 1 for first, last in pairs):
        raise ValueError
    return joined(pairs)


def _bytes(value: Any) -> bytes | None:
    if not isinstance(value, bytes | None) or len(value or b"") > MOST_RECEIPT:
        raise TypeError
    return value


def _code(value: Any) -> str:
    if type(value) is not str or not value.isprintable() or len(value) > 100:
        raise ValueError
    return value
