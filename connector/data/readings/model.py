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

from connector.data.readings.ranges import Ranges

Value = int | str | bool | None
"""A number is a whole number of the field's smallest step (12.3 with one decimal place is 123). None: not measured."""
MEDIA_TYPE = "application/vnd.allmende.readings"
"""A CBOR sequence (RFC 8742) of COSE_Sign1 messages: legends, batches and reports of gaps, as `columns.FORM_*` tell."""
MOST_ROWS = 10_000
"""Readings in one batch."""
MOST_FIELDS = 64
"""Fields of one series."""
MOST_VALUE = (1 << 53) - 1
"""The largest number, times and numbers of readings included; the smallest is its negative."""


class FormError(Exception):
    """Bytes or values that are no batch, legend or report. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


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
    early. `span` (0: as many as there are rows): the device had no room and has thinned them out; of its numbers from
    `first` on only these rows are left."""

    series: int
    legend: int
    first: int
    rows: Rows
    unsure: bool = False
    span: int = 0

    @property
    def last(self) -> int:
        """The last of its numbers."""
        return self.first + (self.span or len(self.rows.times)) - 1


class Gap(Struct, frozen=True, array_like=True):
    """Readings that a device had and that will never come: the how manieth report of the device it is, which readings
    of a series, `why` as a code, told at `at`."""

    number: int
    series: int
    ranges: Ranges
    why: str
    at: int


class Gaps(Struct, frozen=True, array_like=True):
    """A report of readings that were lost or forgotten."""

    gaps: tuple[Gap, ...]


class Part(Struct, frozen=True, array_like=True):
    """A sealed batch: which readings are in it, and the SHA-256 of the whole message."""

    series: int
    first: int
    count: int
    digest: bytes


class Manifest(Struct, frozen=True, array_like=True):
    """The batches of one delivery, so that one receipt is for all of them."""

    parts: tuple[Part, ...]
