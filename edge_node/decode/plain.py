"""JSON of any form, by pointers (RFC 6901).

Pure. A message is a row, or holds a list of rows; each row is a reading. What a row does not have is looked for in the
whole message, so that one name can stand above many rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from edge_node.config import FieldSettings
from edge_node.decode import values
from edge_node.decode.found import MOST_READINGS, Found
from edge_node.decode.values import Column, Places, Pointer
from edge_node.errors import DecodeError
from edge_node.ports import Reading

_LEVEL: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Pairs(Struct, frozen=True, forbid_unknown_fields=True):
    """Values that stand in a list of objects, each with its name: `list` is where, `name` and `value` the members."""

    list: Pointer
    name: str = "name"
    value: str = "value"


class PlainSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rows`: where the list of rows is ("": the message). `thing`: a pointer, or a text with levels of the topic
    (`weather-{station}`). `at`: when it was measured; a row without it is of now. `id`: pointers to what tells a
    message from any other."""

    rows: Pointer = ""
    thing: str = "/thing"
    at: Pointer = "/at"
    fields: Places = {}
    id: tuple[Pointer, ...] = ()
    pairs: Pairs | None = None


def decoder(settings: Mapping[str, Any], fields: Mapping[str, FieldSettings]) -> PlainDecoder:
    """See `decode.FORMATS`."""
    read = msgspec.convert(dict(settings), PlainSettings)
    if not read.thing:
        raise ValueError("is empty (at `$.thing`)")
    return PlainDecoder(read, values.columns(read.fields, fields))


class PlainDecoder:
    """See `found.Decoder`."""

    def __init__(self, settings: PlainSettings, wanted: Sequence[Column]) -> None:
        self._wanted = wanted
        self._rows = values.path(settings.rows)
        self._thing = settings.thing
        self._at = values.path(settings.at)
        self._ids = [values.path(one) for one in settings.id]
        self._pairs = settings.pairs

    def read(self, body: bytes, levels: Mapping[str, str], now: int) -> Found:
        """As the port says."""
        message = values.json(body)
        held = values.at(message, self._rows)
        rows = held if isinstance(held, list) else [held]
        if len(rows) > MOST_READINGS:
            raise DecodeError("decode.many", most=str(MOST_READINGS))
        found = Found()
        for number, row in enumerate(rows):
            try:
                self._row(row, message, levels, found, str(number) if len(rows) > 1 else "")
            except DecodeError as error:
                found.failed(error, msgspec.json.encode(row)[:256])
        return found

    def _row(self, row: Any, message: Any, levels: Mapping[str, str], found: Found, number: str) -> None:
        if not isinstance(row, dict):
            raise DecodeError("decode.row")
        holder = row if self._pairs is None else _paired(row, self._pairs)
        made = values.row(holder, self._wanted, found)
        if not made:
            raise DecodeError("decode.nothing")
        thing = self._name(row, message, levels)
        given = _either(row, message, self._at)
        at = None if given is None else values.instant(given)
        found.readings.append(Reading(thing, made, at, self._id(row, message, number)))

    def _name(self, row: Any, message: Any, levels: Mapping[str, str]) -> str:
        if not self._thing.startswith("/"):
            if any(level not in levels for level in _LEVEL.findall(self._thing)):
                raise DecodeError("decode.thing", pointer=self._thing)
            return _LEVEL.sub(lambda level: levels[level[1]], self._thing)
        given = _either(row, message, values.path(self._thing))
        if isinstance(given, bool) or not isinstance(given, (str, int)) or given == "":
            raise DecodeError("decode.thing", pointer=self._thing)
        return str(given)

    def _id(self, row: Any, message: Any, number: str) -> str:
        """What tells it from any other; "" where a part of that is missing. What stands above many rows is the same
        for all of them, so their number is part of it."""
        parts = [_either(row, message, one) for one in self._ids]
        return "" if None in parts or not parts else " ".join((*(str(one) for one in parts), number)).strip()


def _either(row: Any, message: Any, steps: Sequence[str]) -> Any:
    given = values.at(row, steps)
    return values.at(message, steps) if given is None else given


def _paired(row: Any, pairs: Pairs) -> dict[str, Any]:
    """The values of a list by their names."""
    held = values.at(row, values.path(pairs.list))
    if not isinstance(held, list):
        raise DecodeError("decode.row")
    return {str(one.get(pairs.name)): one.get(pairs.value) for one in held if isinstance(one, dict)}
