"""Queries, shapes and splits as values.

Source: names and meaning of `properties`, `filter`, `datetime`, `bbox` and `limit` are those of OGC API - Features
(Part 1: 17-069r4, 7.15; Part 3: 19-079r2) and CQL2 (21-065r2); of the latter the subset that `Condition` shows.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from policies.transforms import Chain


class Kind(StrEnum):
    """What stands in a field."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    """RFC 3339 with an offset; a silo's own writing is changed to it, in UTC."""
    DATE = "date"
    GEOMETRY = "geometry"
    """GeoJSON (RFC 7946) in lines of JSON, WKT in tables; WGS 84, longitude first."""
    JSON = "json"


class Field(Struct, frozen=True):
    """A field of a shape."""

    name: str
    kind: Kind = Kind.TEXT
    nullable: bool = True


class Shape(Struct, frozen=True, kw_only=True):
    """What the rows of a collection are like, as its silo gives them. `media_type` is the form that its reader writes:
    `text/csv` (a heading, UTF-8, comma, decimal point) or `application/x-ndjson` (one object a line; with `features`
    each of them is a GeoJSON feature, and fields are members of its `properties`, or `id` and `geometry`).

    `key` are the fields that tell one row from any other and in whose order pages are read, `time` is when a row was
    measured or changed, `geometry` where it is; "" and () where nobody knows. `live`: it can be watched. `snapshot`:
    reading it twice within one access gives the same rows. `guessed`: kinds were told from a sample; what an asset was
    frozen with stands, and its reader looks whether each value is of its kind.
    """

    fields: tuple[Field, ...]
    media_type: str = "application/x-ndjson"
    features: bool = False
    key: tuple[str, ...] = ()
    time: str = ""
    geometry: str = ""
    crs: str = ""
    licence: str = ""
    title: str = ""
    live: bool = False
    snapshot: bool = False
    guessed: bool = False

    def field(self, name: str) -> Field | None:
        """The field of this name, or None."""
        return next((one for one in self.fields if one.name == name), None)


class Comparison(StrEnum):
    """How a value is compared."""

    EQ = "="
    NEQ = "<>"
    LT = "<"
    LTEQ = "<="
    GT = ">"
    GTEQ = ">="


Literal = str | int | float | bool
"""Instants are texts in RFC 3339, in UTC with Z."""


class Compare(Struct, frozen=True, tag="compare"):
    """A field compared with a value of its kind. A row without a value there does not hold, whatever the comparison."""

    field: str
    comparison: Comparison
    value: Literal


class OneOf(Struct, frozen=True, tag="in"):
    """A field is one of these values."""

    field: str
    values: tuple[Literal, ...]


class Like(Struct, frozen=True, tag="like"):
    """A text is so: `%` any number of signs, `_` one, `\\` takes the next one as it is. Upper and lower case differ."""

    field: str
    pattern: str


class Missing(Struct, frozen=True, tag="missing"):
    """A field has no value."""

    field: str


class Within(Struct, frozen=True, tag="within"):
    """A geometry has something in common with a box: west, south, east, north, degrees of WGS 84. West beyond east goes
    over the antimeridian."""

    field: str
    box: tuple[float, float, float, float]


class All(Struct, frozen=True, tag="and"):
    """All of these hold; none at all holds always."""

    parts: tuple[Condition, ...]


class Any_(Struct, frozen=True, tag="or"):
    """One of these holds; none at all never holds."""

    parts: tuple[Condition, ...]


class Not(Struct, frozen=True, tag="not"):
    """This does not hold. Of a row without a value neither it nor its opposite holds (three-valued, as in SQL)."""

    part: Condition


Condition = Compare | OneOf | Like | Missing | Within | All | Any_ | Not


class Query(Struct, frozen=True, kw_only=True):
    """What is asked, with `datetime` and `bbox` made conditions already.

    `properties` are the fields that are wanted, () for all; `limit` how many rows at most; `resolution` makes times or
    places coarser than they would leave ("": as they leave); `form` the media type that is wanted ("": the shape's
    own); `after` a watermark that the node gave out before: only rows behind it.
    """

    properties: tuple[str, ...] = ()
    where: Condition | None = None
    limit: int | None = None
    resolution: str = ""
    form: str = ""
    after: str = ""

    @property
    def is_whole(self) -> bool:
        """Is everything asked for, in whatever form?"""
        return not (self.properties or self.where or self.limit is not None or self.resolution or self.after)


EVERYTHING: Final = Query()


class Selection(Struct, frozen=True, kw_only=True):
    """What of a silo is shared as an asset: a collection (a table, a layer, a topic) and of its fields only these.
    INVARIANT: a field that is not named here is never asked of the silo. `where`, in CQL2, leaves rows out for good."""

    collection: str = ""
    fields: tuple[str, ...] = ()
    where: str = ""


class Work(Struct, frozen=True, kw_only=True):
    """What has to be done to the rows of a selection, in this order: `chain` (what the contract demands; None:
    nothing), then `query`. `now` is the time that both are done by (microseconds UTC)."""

    chain: Chain | None = None
    query: Query = EVERYTHING
    now: int = 0


class Pushed(Struct, frozen=True, kw_only=True):
    """What a silo is asked to do. `fields` are read and no others. `where` is about values as they stand in the silo.

    `chain`: the silo does these steps itself, and `then` (conditions about what comes out), `shown` (which of it, in
    this order; () for all) and `limit`; what it gives is what leaves, by the time `now` (microseconds UTC). Without it
    the silo gives rows as they are, of `fields` those that are `shown`.

    `twice`: it is read twice, one after the other, and of a silo whose shape has a `snapshot` the rows are the same.
    """

    fields: tuple[str, ...]
    where: Condition | None = None
    chain: Chain | None = None
    then: Condition | None = None
    shown: tuple[str, ...] = ()
    limit: int | None = None
    after: str = ""
    now: int = 0
    twice: bool = False


class Split(Struct, frozen=True, kw_only=True):
    """Who does which part. `left` is what the node does to what the silo gives; None where nothing is left."""

    pushed: Pushed
    left: Work | None


class Budget(Struct, frozen=True):
    """What one access may take of a silo; more ends it with `source.budget`."""

    rows: int = 50_000_000
    bytes: int = 16 << 30
    seconds: float = 3600.0
    """Without a byte from the silo: see `idle`."""
    idle: float = 30.0
    """Seconds that the silo may say nothing."""


class Event(Struct, frozen=True):
    """One row that came while it was watched, as one line of JSON, and the watermark behind it. `gap`: rows may be
    missing before this one. An empty row is none: only its watermark, and perhaps a gap, are told."""

    row: bytes
    watermark: str
    gap: bool = False


Settings = dict[str, Any]
