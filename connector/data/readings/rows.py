"""Readings as rows: objects with the same members, whoever asks.

What lives here: the columns that every row has, values as they are told, watermarks. What does not: which rows are
asked for (`connector.data.sources.readings`, `connector.data.consuming.arriving`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from connector.data.queries.model import Field, Kind
from connector.data.readings import model
from connector.data.readings.shelf import Known, Rows
from policies import instants

AT: Final = "at"
OWN: Final = (
    Field("n", Kind.NUMBER, nullable=False),
    Field("device", nullable=False),
    Field("thing", nullable=False),
    Field(AT, Kind.INSTANT, nullable=False),
    Field("unsure", Kind.BOOLEAN, nullable=False),
)
_KINDS: Final = {
    model.Kind.NUMBER: Kind.NUMBER,
    model.Kind.TEXT: Kind.TEXT,
    model.Kind.FLAG: Kind.BOOLEAN,
}
_encode = msgspec.json.Encoder().encode


def lines(rows: Rows, fields: Sequence[str], behind: int) -> Iterator[tuple[int, bytes]]:
    """The rows of a batch behind a number, as objects with these fields."""
    columns = [_column(rows, name) for name in fields]
    for place, values in enumerate(zip(*columns, strict=True)):
        if rows.n + place > behind:
            yield rows.n + place, _encode(dict(zip(fields, values, strict=True)))


def _column(rows: Rows, name: str) -> Sequence[Any]:
    count = len(rows.times)
    match name:
        case "n":
            return range(rows.n, rows.n + count)
        case "device":
            return [rows.device] * count
        case "thing":
            return rows.things
        case "at":
            return [instants.stamp(at) for at in rows.times]
        case "unsure":
            return [rows.unsure] * count
        case _:
            return _measured(rows, name)


def _measured(rows: Rows, name: str) -> Sequence[Any]:
    for field, column in zip(rows.series.fields, rows.columns, strict=True):
        if field.name == name:
            if field.kind is not model.Kind.NUMBER or not field.places:
                return column
            scale, places = 10**field.places, field.places
            return [None if one is None else round(one / scale, places) for one in column]
    return [None] * len(rows.times)


def fields_of(known: Known, collection: str, device: str) -> Sequence[Field]:
    """What devices have told of a series, each field once; one that two mean differently can be anything."""
    found: dict[str, Kind] = {}
    for did, said in known.said.items():
        if device and did != device:
            continue
        for series in said.series.values():
            if series.name == collection:
                for field in series.fields:
                    kind = _KINDS[field.kind]
                    found[field.name] = kind if found.get(field.name, kind) is kind else Kind.JSON
    return [Field(name, kind) for name, kind in found.items()]


def mark(known: Known, n: int) -> str:
    """The watermark behind reading `n` of a log."""
    return f"{known.log.epoch:x}:{n}"


def behind(known: Known, position: str) -> tuple[int, bool]:
    """The number of the last reading that was seen at a watermark, and whether some are missing since."""
    epoch, _, number = position.partition(":")
    first = known.log.files[0].first if known.log.files else 1
    if epoch != f"{known.log.epoch:x}" or not number.isdecimal() or int(number) >= known.log.next:
        return first - 1, True
    return int(number), int(number) + 1 < first
