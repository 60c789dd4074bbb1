"""No sequence of questions of one consumer tells more than the whole that the contract lets out.

What is asked goes through everything that is pure: text to question, rows through the contract's chain, the question,
and a form of bytes. What comes out is looked at as its reader would.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.data import formats
from connector.data.formats import geometries, writing
from connector.data.queries import fitting, holding, reading, splitting
from connector.data.queries.model import Kind, Query, Shape, Work
from connector.errors import MessageError
from policies.model import PolicyError
from policies.transforms import Chain, Given, media, places, times
from policies.transforms.steps import Aggregate, CoarsenPlace, CoarsenTime, Suppress, Threshold
from tests.connector.data.queries.chains import FORMS, NOW, QUESTIONS, ROWS, SHAPES, ZONE, body, chains
from tests.policies.transforms.duties import Memory

Row = tuple[tuple[str, Any], ...]
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def released(rows: list[dict[str, Any]], media_type: str, chain: Chain, query: Query, memory: Memory) -> bytes:
    """What leaves, as bytes. Raises `PolicyError`."""
    shape = SHAPES[media_type]
    split = splitting.split(shape, Work(chain=chain, query=query, now=NOW), lambda part: False)
    text = media.body(media_type, lambda: iter([body(rows, media_type, split.pushed.fields)]))
    assert split.left is not None
    has = Given(now=NOW, key=b"k" * 32, settle=memory.settle)
    made = holding.over(text, splitting.given(split.pushed, shape), split.left, has)
    return b"".join(writing.written(query.form, made.shape, made.schema, made.rows))


def seen(data: bytes, form: str, shape: Shape) -> list[dict[str, Any]]:
    """The rows as whoever gets the bytes reads them; values in one way for all forms."""
    match form:
        case formats.CSV:
            heading, *lines = csv.reader(io.StringIO(data.decode(), newline=""))
            rows: list[dict[str, Any]] = [dict(zip(heading, line, strict=True)) for line in lines]
        case formats.NDJSON:
            rows = [_decode(line) for line in data.splitlines()]
        case formats.JSON:
            rows = _decode(data)
        case formats.GEOJSON:
            rows = [_flat(one, shape.geometry) for one in _decode(data)["features"]]
        case _:
            rows = pyarrow.parquet.read_table(io.BytesIO(data)).to_pylist()
    return [{name: alike(name, value, shape) for name, value in row.items()} for row in rows]


def _flat(feature: dict[str, Any], geometry: str) -> dict[str, Any]:
    assert set(feature) == {"type", "geometry", "properties"}
    return {**feature["properties"], geometry: feature["geometry"]}


def alike(name: str, value: Any, shape: Shape) -> Any:
    """One text for one value, whatever form it had."""
    if value is None or value == "":
        return ""
    field = shape.field(name)
    if isinstance(value, (bytes, dict)):
        place = geometries.of_binary(value) if isinstance(value, bytes) else value
        return "POINT ({} {})".format(*(format(Decimal(repr(float(one))), "f") for one in place["coordinates"]))
    if field is not None and field.kind is Kind.NUMBER:
        return str(Decimal(str(value)).normalize())
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text.replace("+00:00", "Z").replace(".500000Z", ".5Z")


def key(row: dict[str, Any]) -> Row:
    return tuple(sorted(row.items()))


@st.composite
def accesses(draw: st.DrawFn) -> list[str]:
    """Questions of one consumer, one after the other."""
    count = draw(st.integers(1, 4))
    return [f"{draw(QUESTIONS)}&f={draw(FORMS)}" for _ in range(count)]


def answers(
    rows: list[dict[str, Any]], media_type: str, chain: Chain, asked: list[str], memory: Memory
) -> Iterator[tuple[Query, list[dict[str, Any]]]]:
    """What each of the questions brings, without those that are refused."""
    left = fitting.released(SHAPES[media_type], chain)
    for text in asked:
        try:
            query = fitting.fit(reading.read(text), SHAPES[media_type], chain)
            data = released(rows, media_type, chain, query, memory)
        except (MessageError, PolicyError):
            continue
        yield query, seen(data, query.form, left)


def check(rows: list[dict[str, Any]], media_type: str, chain: Chain, asked: list[str]) -> int:
    """Everything that holds of a sequence of answers; how many there were."""
    left = fitting.released(SHAPES[media_type], chain)
    try:
        whole = seen(released(rows, media_type, chain, Query(form=formats.NDJSON), Memory()), formats.NDJSON, left)
    except PolicyError:
        whole = []
    names = {field.name for field in left.fields}
    gone = {name for step in chain.steps if isinstance(step, Suppress) for name in step.fields}
    count = 0
    for query, found in answers(rows, media_type, chain, asked, Memory()):
        count += 1
        assert all(set(row) <= names and gone.isdisjoint(row) for row in found)
        assert query.limit is None or len(found) <= query.limit
        coarse(found, chain, query)
        if not query.resolution:
            selected(found, whole, query, left.geometry)
    cells(chain, whole)
    return count


def selected(found: list[dict[str, Any]], whole: list[dict[str, Any]], query: Query, geometry: str) -> None:
    """Each row is one of the whole, as often at most, with what was asked for of it and no more."""
    there = Counter(key({name: row[name] for name in query.properties or row}) for row in whole)
    for row in found:
        if query.properties and geometry not in query.properties:
            assert row.pop(geometry, "") == ""  # a feature has the member, with nothing in it
    said = Counter(map(key, found))
    assert said <= there, (said - there, query)


def coarse(found: list[dict[str, Any]], chain: Chain, query: Query) -> None:
    """Every time and place lies on the contract's grid, or on that of what was asked for if it is coarser."""
    windows = [step.resolution for step in chain.steps if isinstance(step, CoarsenTime)]
    metres = [step.resolution for step in chain.steps if isinstance(step, CoarsenPlace) and "place" in step.fields]
    for row in found:
        for resolution in windows if row.get("time") and not query.resolution else ():
            assert times.Coarse(resolution, ZONE)(row["time"]) == row["time"]
        for resolution in metres if row.get("place") and not query.resolution else ():
            assert places.point(int(resolution))(row["place"]) == row["place"]


def cells(chain: Chain, whole: list[dict[str, Any]]) -> None:
    """Behind each cell of the whole there are at least as many as the contract says."""
    least = max((step.least for step in chain.steps if isinstance(step, Threshold)), default=0)
    groups = next((step.groups for step in chain.steps if isinstance(step, (Aggregate, Threshold))), ())
    if least and any(isinstance(step, Aggregate) for step in chain.steps):
        assert all("count" not in row or int(Decimal(row["count"])) >= least for row in whole)
    elif least:
        assert all(many >= least for many in Counter(tuple(row[name] for name in groups) for row in whole).values())


CASES = given(ROWS, st.sampled_from(sorted(SHAPES)), chains(), accesses())


@settings(max_examples=120)
@CASES
def test_no_sequence_of_questions_tells_more_than_the_whole(
    rows: list[dict[str, Any]], media_type: str, chain: Chain, asked: list[str]
) -> None:
    check(rows, media_type, chain, asked)


@pytest.mark.long("queries")
@settings(max_examples=20_000)
@CASES
def test_no_sequence_of_questions_tells_more_than_the_whole_for_long(
    rows: list[dict[str, Any]], media_type: str, chain: Chain, asked: list[str]
) -> None:
    check(rows, media_type, chain, asked)


def test_the_questions_of_these_tests_are_answered() -> None:
    """Most of what is drawn is answered: a test whose questions are all refused would say nothing."""
    outcome = Counter[bool]()

    @settings(max_examples=50, database=None, derandomize=True)
    @CASES
    def ask(rows: list[dict[str, Any]], media_type: str, chain: Chain, asked: list[str]) -> None:
        outcome[check(rows, media_type, chain, asked) > 0] += 1

    ask()
    assert outcome[True] > outcome[False]
