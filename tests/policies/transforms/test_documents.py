"""policies/transforms/documents.py and tree.py: JSON, JSON lines and GeoJSON, fields at any depth."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from policies.model import PolicyError
from tests.policies.transforms.duties import at_least, duty, hourly, left, policy, summed, suppress

JSON, LINES, GEO = "application/json", "application/x-ndjson", "application/geo+json"


def rows(data: list[Any], *duties: Any, media_type: str = JSON, size: int = 1000) -> list[Any]:
    text = json.dumps(data) if media_type == JSON else "".join(json.dumps(one) + "\r\n" for one in data)
    made = left(text, media_type, policy(*duties), size=size)
    return json.loads(made) if media_type == JSON else [json.loads(line) for line in made.splitlines()]


def collection(*features: Any, **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", **more, "features": list(features)}


def feature(x: float, y: float, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": [x, y]}}


@pytest.mark.parametrize("media_type", [JSON, LINES])
@pytest.mark.parametrize("size", [1, 13, 1000])
def test_a_key_names_what_stands_under_it_at_every_depth(media_type: str, size: int) -> None:
    data = [{"name": "a", "in": {"name": ["b", {"c": 1}], "x": [[{"name": {"d": 2}, "y": 1}]]}, "names": "stays"}]
    wanted = [{"in": {"x": [[{"y": 1}]]}, "names": "stays"}]
    assert rows(data, suppress("name"), media_type=media_type, size=size) == wanted


def test_a_pointer_goes_through_every_array() -> None:
    data = [{"a": [{"b": [{"name": 1, "x": 2}, {"name": 3}]}, {"b": {"name": 4}}], "name": 5}]
    assert rows(data, suppress("/a/b/name")) == [{"a": [{"b": [{"x": 2}, {}]}, {"b": {}}], "name": 5}]
    assert rows([{"a/b": 1, "~": 2, "c": 3}], suppress("/a~1b", "/~0")) == [{"c": 3}]


def test_letters_that_look_the_same_are_the_same() -> None:
    composed, decomposed = "Straße Ä", "Straße A\u0308"
    for written, named in ((composed, decomposed), (decomposed, composed)):
        assert rows([{"x": {written: 1}, "y": 2}, {named: 1, "y": 2}], suppress(named)) == [{"x": {}, "y": 2}, {"y": 2}]
        assert rows([{written: 1, "y": 2}], suppress("/" + named)) == [{"y": 2}]
        assert left(f"{written},y\n1,2\n", "text/csv", policy(suppress(named))) == b"y\n2\n"


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "a", "b"]), inner, max_size=3),
    max_leaves=12,
)


def occurs(value: Any) -> bool:
    if isinstance(value, dict):
        return "name" in value or any(map(occurs, value.values()))
    return isinstance(value, list) and any(map(occurs, value))


@drawn(data=st.lists(st.dictionaries(st.sampled_from(["name", "a", "b"]), JSONS, max_size=3), max_size=4))
def test_what_is_suppressed_is_in_no_row_at_any_depth(data: list[Any]) -> None:
    made = rows([*data, {"name": "x"}], suppress("name"))
    assert len(made) == len(data) + 1
    assert not occurs(made)


def test_pseudonyms_and_times_in_arrays() -> None:
    data = [{"ids": ["a", "b", "a"], "time": ["2026-07-01T14:35:00Z", None]}]
    (made,) = rows(data, duty("pseudonymise", field="ids"), hourly())
    assert made["ids"][0] == made["ids"][2] != made["ids"][1]
    assert made["time"] == ["2026-07-01T14:00:00Z", None]
    with pytest.raises(PolicyError, match=r"transform\.row"):
        rows([{"ids": {"a": 1}}], duty("pseudonymise", field="ids"))


def test_numbers_keep_their_digits() -> None:
    text = '[{"a":1.10,"b":12345678901234567890.123,"c":1e3,"name":1}]'
    assert left(text, JSON, policy(suppress("name"))) == b'[{"a":1.10,"b":12345678901234567890.123,"c":1E+3}]\n'


@pytest.mark.parametrize(
    ("text", "media_type", "code"),
    [
        ("", JSON, "transform.shape"),
        ("12", JSON, "transform.shape"),
        ("null", JSON, "transform.shape"),
        ('{"a": [1]}', JSON, "transform.shape"),
        ('[{"name": 1}', JSON, "transform.row"),
        ('[{"name": 1},]', JSON, "transform.row"),
        ('[{"name": 1}] x', JSON, "transform.row"),
        ('[{"name": 1} {"name": 2}]', JSON, "transform.shape"),
        ('[{"name": 1}, {"name": 2} 3]', JSON, "transform.row"),
        ("[[1]]", JSON, "transform.row"),
        ('[{"nam": 1}]', JSON, "transform.column"),
        ('{"name": 1}\n{"name": ', LINES, "transform.row"),
        ("[1]\n", LINES, "transform.row"),
        ('{"type":"FeatureCollection"}', GEO, "transform.shape"),
        ('{"features":[{"type":"Feature","name":1}]}', GEO, "transform.row"),
        ('{"type":"FeatureCollection","features":[{"name":1}]}', GEO, "transform.shape"),
    ],
)
def test_what_is_no_such_text_refuses(text: str, media_type: str, code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        left(text, media_type, policy(suppress("name")))
    assert caught.value.reason.code == code


def test_depth_is_refused_and_not_a_crash() -> None:
    deep = '[{"name":1,"a":' + "[" * 5000 + "]" * 5000 + "}]"
    with pytest.raises(PolicyError):
        left(deep, JSON, policy(suppress("name"), hourly("a")))


def test_lines_may_begin_with_a_mark() -> None:
    assert left(b'\xef\xbb\xbf{"a":1,"b":2}\n\n', LINES, policy(suppress("a"))) == b'{"b":2}\n'


def test_features_leave_as_a_collection_without_what_was_made_of_all() -> None:
    data = collection(feature(7.1, 50.7, name="x", n=1), bbox=[7, 50, 8, 51], name="people", crs={
        "type": "name", "properties": {"name": "EPSG:4326", "secret": 1}})  # fmt: skip
    made = json.loads(left(json.dumps(data), GEO, policy(suppress("name"))))
    assert made == {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "EPSG:4326"}},
        "features": [feature(7.1, 50.7, n=1)],
    }


def test_a_shape_is_no_finer_than_the_level_and_its_box_is_gone() -> None:
    data = collection({**feature(7.09549, 50.73438, n=1), "bbox": [7.09549, 50.73438, 7.09549, 50.73438]})
    coarse = duty("coarsen", spatialResolution="1000", placeField="geometry")
    text = left(json.dumps(data), GEO, policy(coarse)).decode()
    assert "7.09549" not in text
    (point,) = json.loads(text)["features"]
    assert "bbox" not in point
    assert abs(point["geometry"]["coordinates"][0] - 7.09549) < 0.02
    gone = json.loads(left(json.dumps(data), GEO, policy(suppress("geometry"))))
    assert gone["features"][0]["geometry"] is None


def test_statistics_of_features_are_no_features() -> None:
    data = collection(*(feature(7, 50, district="Nord", kwh=1.5) for _ in range(3)))
    made = left(json.dumps(data), GEO, policy(summed("district"), at_least(3)))
    assert json.loads(made) == [{"district": "Nord", "count": 3, "sum_kwh": 4.5}]


def test_groups_of_json_are_told_by_kind_of_value() -> None:
    data = [{"g": one} for one in (True, 1, 1.0, "1", None, True, 1, "1", None)]
    made = rows(data, duty("aggregate", groupBy="g"))
    assert sorted((str(one["g"]), one["count"]) for one in made) == [("1", 2), ("1", 3), ("None", 2), ("true", 2)]
