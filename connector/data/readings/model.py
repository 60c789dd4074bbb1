"""What readings are: series of rows with a number each, and the legend that says what the numbers in a batch stand for.

What lives here: values that devices and nodes share. What does not: their bytes (`columns`, `legends`), seals
(`certs.cose`), who may have them.

A **series** is what is shared as one: readings of one shape ("air") from any number of **things** (sensors). Each
reading of a series has a number, counted from 1 without gaps by the device that took it: whoever has seen the numbers
m to n and n+2 knows that one is missing. A **batch** holds consecutive numbers. Readings may be put into other batches
later; their numbers stay.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

Value = int | str | bool | None
"""A number is a whole number of the field's smallest step (12.3 with one decimal place is 123). None: not measured."""
MEDIA_TYPE = "application/vnd.allmende.readings"
"""A CBOR sequence (RFC 8742) of COSE_Sign1 messages: legends, batches and reports of gaps, as `columns.FORM_*` tell."""
MOST_ROWS = 10_000
"""Readings in one batch."""


class Kind(StrEnum):
    """What the values of a field are."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"


class Field(Struct, frozen=True, array_like=True):
    """One column: `unit` as UCUM or SenML writes it, `places` decimal places that are kept (numbers alone)."""

    name: str
    unit: str = ""
    places: int = 0
    kind: Kind = Kind.NUMBER


class Series(Struct, frozen=True, array_like=True):
    """Readings of one shape. `done` says which steps the device has taken at collection, as the header
    `Allmende-Transforms` says it ("": none)."""

    name: str
    fields: tuple[Field, ...]
    done: str = ""


class Legend(Struct, frozen=True, array_like=True):
    """What the numbers in batches stand for. `number` counts legends of a device; with `after` = 0 it stands alone,
    else it adds to the one with that number. `series` and `things` are (number, meaning); a number keeps its meaning as
    long as its device lives: a series whose fields change gets another number under the same name."""

    number: int
    after: int = 0
    series: tuple[tuple[int, Series], ...] = ()
    things: tuple[tuple[int, str], ...] = ()


class Rows(Struct):
    """Readings in columns of equal length: `times` in microseconds UTC, `things` by number, one list a field."""

    times: list[int]
    things: list[int]
    columns: list[list[Value]]


class Batch(Struct, frozen=True):
    """Readings `first` to `first + len(rows.times) - 1` of a series, to be read with a legend of at least this number.
    `unsure`: taken before the device's clock was set; the times are no earlier than the truth allows, and may be too
    early."""

    series: int
    legend: int
    first: int
    rows: Rows
    unsure: bool = False
