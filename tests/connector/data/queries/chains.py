"""Contracts, rows and questions drawn at random, over one kind of data: counts by district, hour and place."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec
from hypothesis import strategies as st

from connector.data.queries.model import Field, Kind, Shape
from policies.model import Operator
from policies.transforms import Chain
from policies.transforms.chain import of_steps
from policies.transforms.steps import (
    Aggregate,
    CoarsenPlace,
    CoarsenTime,
    Delay,
    Keep,
    Pseudonymise,
    Replace,
    Step,
    Suppress,
    Threshold,
)

NOW = 1_790_000_000_000_000
"""2026-09-21T14:13:20Z."""
ZONE = "Europe/Berlin"
FIELDS = (
    Field("id", Kind.NUMBER),
    Field("district"),
    Field("ags"),
    Field("time", Kind.INSTANT),
    Field("day", Kind.DATE),
    Field("kwh", Kind.NUMBER),
    Field("name"),
    Field("place", Kind.GEOMETRY),
)
TABLE = Shape(fields=FIELDS, media_type="text/csv", key=("id",), time="time", geometry="place")
OBJECTS = Shape(fields=FIELDS, key=("id",), time="time", geometry="place")
SHAPES = {"text/csv": TABLE, "application/x-ndjson": OBJECTS}
NAMES = tuple(field.name for field in FIELDS)

DISTRICTS = ("05515", "05566", " 05515 ", "055", "")
TIMES = tuple(
    f"2026-{day}T{clock}Z"
    for day in ("07-01", "09-21", "10-25", "03-29")
    for clock in ("00:30:00", "01:15:30.5", "14:00:00", "14:13:20")
)
ROW = st.fixed_dictionaries(
    {
        "district": st.sampled_from(DISTRICTS),
        "ags": st.sampled_from(["05515000", "05566012", "055660120123"]),
        "time": st.sampled_from(TIMES),
        "day": st.sampled_from(["2026-07-01", "2026-09-20", "2026-09-21", "2026-09-22"]),
        "kwh": st.sampled_from([0, 1, 1.5, 2, 100, 0.1]),
        "name": st.sampled_from(["Anna", "Bernd", "Çiğdem", "05515"]),
        "place": st.tuples(st.integers(7600, 7640), st.integers(51900, 51930)),
    }
)
ROWS = st.lists(ROW, max_size=12).map(lambda rows: [{"id": n, **row} for n, row in enumerate(rows)])

KEEPS = st.one_of(
    st.builds(Keep, st.just("district"), st.just(Operator.EQ), st.sampled_from([("05515",), ("",)])),
    st.builds(Keep, st.just("district"), st.just(Operator.IS_ANY_OF), st.just(("05515", "05566"))),
    st.builds(Keep, st.just("district"), st.just(Operator.NEQ), st.sampled_from([("05515",), ("",)])),
    st.builds(Keep, st.just("district"), st.just(Operator.IS_NONE_OF), st.just(("05515", "055"))),
    st.builds(Keep, st.just("kwh"), st.sampled_from([Operator.GT, Operator.LTEQ]), st.sampled_from([("1",), ("1.5",)])),
    st.builds(Keep, st.just("kwh"), st.sampled_from([Operator.EQ, Operator.NEQ]), st.sampled_from([("1",), ("1.50",)])),
    st.builds(Keep, st.just("name"), st.just(Operator.EQ), st.just(("Anna",))),
)
DELAYS = st.one_of(
    st.builds(Delay, st.sampled_from(["PT1H", "P1D", "P1M"]), st.just("time"), st.just(ZONE)),
    st.builds(Delay, st.sampled_from(["PT1H", "P1D"]), st.just("day"), st.just(ZONE)),
)
GRIDS = st.sampled_from(["PT15M", "PT1H", "PT6H", "P1D", "P7D", "P1M"])
WINDOWS = st.builds(CoarsenTime, st.just(("time",)), GRIDS, st.just(ZONE))
AREAS = st.one_of(
    st.builds(CoarsenPlace, st.just(("ags",)), st.sampled_from(["district", "municipality"])),
    st.builds(CoarsenPlace, st.just(("place",)), st.sampled_from(["100", "1000"])),
)
SUPPRESSED = st.lists(st.sampled_from(["name", "Name", "id", "kwh", "day"]), min_size=1, max_size=2, unique=True)


@st.composite
def chains(draw: st.DrawFn, summaries: bool = True) -> Chain:
    """A chain in its fixed order."""
    steps: list[Step] = draw(st.lists(KEEPS, max_size=2))
    steps += draw(st.lists(DELAYS, max_size=1))
    if draw(st.booleans()):
        steps.append(Suppress(tuple(sorted(set(draw(SUPPRESSED)) & set(NAMES))) or ("name",)))
    gone = {name for step in steps if isinstance(step, Suppress) for name in step.fields}
    if draw(st.booleans()) and "name" not in gone:
        masks: list[Step] = [Replace(("name",), "-"), Pseudonymise(("name",), "P1M")]
        steps.append(draw(st.sampled_from(masks)))
    steps += draw(st.lists(WINDOWS, max_size=1))
    steps += draw(st.lists(AREAS, max_size=2, unique_by=lambda step: step.fields))
    if summaries and draw(st.booleans()):
        steps += draw(_summaries(gone))
    return of_steps(steps)


@st.composite
def _summaries(draw: st.DrawFn, gone: set[str]) -> list[Step]:
    groups = tuple(sorted(draw(st.sets(st.sampled_from(["district", "ags", "time"]), min_size=1, max_size=2))))
    least = draw(st.integers(2, 4))
    if draw(st.booleans()):
        return [Threshold(least, groups)]
    statistics = draw(st.sampled_from([("count",), ("count", "sum")]))
    fields = ("kwh",) if "sum" in statistics and "kwh" not in gone else ()
    made: list[Step] = [Aggregate(groups, fields, statistics if fields else ("count",))]
    return [*made, Threshold(least)] if draw(st.booleans()) else made


def plain(row: dict[str, Any], media_type: str) -> dict[str, Any]:
    """The row with its place as the form has it."""
    x, y = (one / 1000 for one in row["place"])
    place: Any = f"POINT ({x} {y})" if media_type == "text/csv" else {"type": "Point", "coordinates": [x, y]}
    return {**row, "place": place}


def body(rows: list[dict[str, Any]], media_type: str, names: tuple[str, ...] = NAMES) -> bytes:
    """The rows as a reader gives them."""
    made = [{name: plain(row, media_type)[name] for name in names} for row in rows]
    if media_type != "text/csv":
        return b"".join(msgspec.json.encode(row) + b"\n" for row in made)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows(row.values() for row in made)
    return out.getvalue().encode()


QUESTIONS = st.lists(
    st.sampled_from(
        [
            *("properties=district,time", "properties=kwh,id", "properties=name", "properties=count"),
            *("limit=1", "limit=3", "filter=day=DATE('2026-07-01')"),
            *("filter=kwh%20%3E%201", "filter=district='05515'", "filter=NOT%20district%20LIKE%20'055%25'"),
            *("filter=count%20%3E%202", "filter=name%20%3D%20'Anna'", "filter=id%20IN%20(1,2,3)"),
            *("filter=time%20%3E%3D%20TIMESTAMP('2026-09-21T14:00:00Z')", "filter=ags%20LIKE%20'05515%25'"),
            *("filter=time=TIMESTAMP('2026-07-01T14:00:00Z')%20OR%20kwh%3C1", "filter=district%20IS%20NULL"),
            *("datetime=2026-07-01", "datetime=../2026-09-01", "datetime=2026-10-25T00:00:00Z/.."),
            *("bbox=7.6,51.9,7.62,51.91", "bbox=7.61,51.90,7.63,51.925"),
            *("resolution=P1D", "resolution=1000", "resolution=state"),
        ]
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda part: part.split("=", 1)[0],
).map("&".join)  # fmt: skip
FORMS = st.sampled_from(["csv", "ndjson", "json", "geojson", "parquet"])
