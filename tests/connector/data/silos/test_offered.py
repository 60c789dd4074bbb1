"""connector/data/offered.py: what the catalogue says of rows is what leaves, and no more."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from connector.data.queries.fitting import released
from connector.data.queries.model import Field, Kind, Shape
from connector.data.silos import offered, shapes
from connector.records import Asset
from policies.transforms.chain import of_steps
from policies.transforms.steps import Aggregate, CoarsenTime, Pseudonymise, Suppress
from tests.connector.data import made

SHAPE = Shape(
    fields=(
        Field("id"), Field("at", Kind.INSTANT), Field("where", Kind.GEOMETRY), Field("owner"), Field("n", Kind.NUMBER),
    ),
    key=("id",), time="at", geometry="where", crs="EPSG:25832",
)  # fmt: skip


def asset(shape: Shape | None = SHAPE, *fields: str) -> Asset:
    names = list(fields or [one.name for one in SHAPE.fields])
    kept = {} if shape is None else {"shape": shapes.plain(shape)}
    return replace(made.asset(), settings={"silo": "s", "collection": "c", "fields": names, **kept})


def told(*steps: Any, of: Asset | None = None) -> dict[str, Any]:
    found = offered.rows(of or asset(), [of_steps(steps)])
    assert found is not None
    return found


def test_all_of_it() -> None:
    found = told()
    assert found["fields"][1:3] == [{"name": "at", "type": "instant"}, {"name": "where", "type": "geometry"}]
    assert (found["key"], found["time"], found["geometry"], found["live"]) == (["id"], "at", "where", True)
    assert found["crs"] == offered.CRS84, "as it leaves, not as it lies there"
    assert found["formats"] == ["csv", "ndjson", "json", "geojson", "parquet"]
    assert found["parameters"] == ["properties", "filter", "datetime", "bbox", "limit", "resolution", "f"]


@pytest.mark.parametrize("gone", ["owner", "at", "where", "id"])
def test_a_field_that_does_not_leave_is_not_named(gone: str) -> None:
    for found in (told(Suppress((gone,))), told(of=asset(SHAPE, *[f.name for f in SHAPE.fields if f.name != gone]))):
        named = [
            *(one["name"] for one in found["fields"]),
            *found.get("key", ()),
            found.get("time"),
            found.get("geometry"),
        ]
        assert gone not in named
        assert ("datetime" in found["parameters"]) == (gone != "at")
        assert ("bbox" in found["parameters"]) == ("geojson" in found["formats"]) == (gone != "where")


def test_each_offer_shows_what_it_lets_out() -> None:
    found = offered.rows(asset(), [of_steps([Suppress(("owner", "n"))]), of_steps([Suppress(("owner", "where"))])])
    assert found is not None
    assert [one["name"] for one in found["fields"]] == ["id", "at", "where", "n"]


def test_statistics_are_told_as_what_they_are() -> None:
    chain = of_steps([Aggregate(("owner",), ("n",), ("mean",))])
    found = offered.rows(asset(), [chain])
    assert found is not None
    assert [one["name"] for one in found["fields"]] == [one.name for one in released(SHAPE, chain).fields]
    assert "bbox" not in found["parameters"]


def test_names_are_no_texts_any_more() -> None:
    found = told(Pseudonymise(("n",)), CoarsenTime(("at",), "PT1H", "Europe/Berlin"))
    assert {"name": "n", "type": "text"} in found["fields"]
    assert found["time"] == "at"


def test_what_nobody_knows() -> None:
    assert offered.rows(asset(None), [None]) is None
    assert offered.rows(asset(SHAPE, "other"), [None]) is None
    assert offered.rows(replace(asset(), settings={"path": "/d"}), [None]) is None
    assert offered.rows(replace(asset(), settings={**asset().settings, "shape": 5}), [None]) is None
