"""Single values out of messages: by pointer, in the kind and unit of a field, and instants.

Pure. What lives here: what all formats of JSON share. What does not: any one format, ranges (`ingest.intake`).
Source: JSON Pointer (RFC 6901), timestamps (RFC 3339).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from connector.data.readings.model import Kind
from edge_node.config import FieldSettings
from edge_node.decode.found import Found
from edge_node.decode.units import converting
from edge_node.errors import DecodeError
from edge_node.ports import Measured

_NUMBER: Final = re.compile(r"[+-]?\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,3})?", re.ASCII)
_FLAGS: Final[Mapping[Any, bool]] = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}
_LONGEST_TEXT: Final = 256
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST: Final = 253_402_300_800_000_000
"""The year 10000, in microseconds."""

_POINTER: Final = "^(/[^/]*)*$"
Pointer = Annotated[str, Meta(pattern=_POINTER, max_length=256)]


class FieldPlace(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a field stands and in which unit; the value is multiplied and then added to."""

    at: str
    unit: str = ""
    scale: float = 1.0
    add: float = 0.0


Places = dict[str, str | FieldPlace]
"""Settings: where the fields of a series stand. One that is not named stands under its own name."""


class Column(Struct, frozen=True):
    """A field of a series and where in a message it is."""

    name: str
    kind: Kind
    path: Sequence[str]
    scale: float
    add: float


def columns(places: Mapping[str, str | FieldPlace], fields: Mapping[str, FieldSettings]) -> tuple[Column, ...]:
    """The fields of a series with their places. Raises `ValueError`: a field that the series has not, what is no
    pointer, a unit that cannot be brought into the field's."""
    for name in places:
        if name not in fields:
            raise ValueError(f"the series has no field {name} (at `$.fields.{name}`)")
    made = []
    for name, field in fields.items():
        given = places.get(name, "/" + name.replace("~", "~0").replace("/", "~1"))
        place = FieldPlace(given) if isinstance(given, str) else given
        if re.search(_POINTER, place.at) is None:
            raise ValueError(f"a JSON pointer begins with / (at `$.fields.{name}`)")
        scale, add = _factors(place, field, name)
        made.append(Column(name, field.kind, path(place.at), scale, add))
    return tuple(made)


def _factors(place: FieldPlace, field: FieldSettings, name: str) -> tuple[float, float]:
    """Of what stands there to what is wanted: the place's own factor first, then from unit to unit."""
    factors = converting(place.unit, field.unit) if place.unit and field.unit else (1.0, 0.0)
    if factors is None:
        raise ValueError(f"{place.unit} cannot be made {field.unit} (at `$.fields.{name}.unit`)")
    return place.scale * factors[0], place.add * factors[0] + factors[1]


def path(pointer: str) -> tuple[str, ...]:
    """The steps of a JSON pointer."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def at(value: Any, steps: Sequence[str]) -> Any:
    """What a pointer leads to, or None."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and len(step) < 6 and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def row(holder: Any, wanted: Sequence[Column], found: Found) -> dict[str, Measured]:
    """The fields that are there. A value that does not fit its field is left out and noted in `found`."""
    made: dict[str, Measured] = {}
    for one in wanted:
        given = at(holder, one.path)
        if given is None:
            continue
        try:
            made[one.name] = measured(one, given)
        except DecodeError as error:
            found.failed(error, _sample(given))
    return made


def measured(column: Column, given: Any) -> Measured:
    """A value as its field wants it. Raises `DecodeError` `decode.value`."""
    match column.kind:
        case Kind.NUMBER:
            number = _number(given)
            if number is not None and (column.scale != 1 or column.add):
                number = _number(number * column.scale + column.add)
            if number is None:
                raise wrong(column.name, given)
            return number
        case Kind.FLAG:
            flag = given if isinstance(given, bool) else _FLAGS.get(str(given).lower())
            if flag is None:
                raise wrong(column.name, given)
            return flag
        case Kind.TEXT:
            if not isinstance(given, str) or len(given) > _LONGEST_TEXT:
                raise wrong(column.name, given)
            return given


def wrong(field: str, given: Any) -> DecodeError:
    """The error for a value that does not fit its field."""
    return DecodeError("decode.value", field=field, found=_sample(given)[:40].decode(errors="replace"))


def _number(given: Any) -> float | int | None:
    """Numbers, also those that are written as text."""
    if isinstance(given, str) and _NUMBER.fullmatch(given.strip()):
        given = float(given)
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        return None
    try:
        return given if isfinite(given) else None
    except OverflowError:
        return None


def instant(given: Any) -> int:
    """Microseconds UTC of a text with an offset, or of seconds, milliseconds or microseconds since 1970, told apart by
    how many there are. Raises `DecodeError` `decode.time`."""
    try:
        if isinstance(given, str):
            moment = msgspec.convert(given, datetime)
            if moment.tzinfo is not None:
                return (moment - _EPOCH) // timedelta(microseconds=1)
        elif isinstance(given, (int, float)) and not isinstance(given, bool):
            made = round(given * (1 if given > 1e14 else 1_000 if given > 1e11 else 1_000_000))
            if 0 < made < LAST:
                return made
    except (ValueError, OverflowError):
        pass
    raise DecodeError("decode.time", found=_sample(given)[:40].decode(errors="replace"))


def json(body: bytes) -> Any:
    """A JSON document. Raises `DecodeError` `decode.json`."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise DecodeError("decode.json") from None


def _sample(given: Any) -> bytes:
    return msgspec.json.encode(given)[:256]
