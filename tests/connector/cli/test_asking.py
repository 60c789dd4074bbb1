"""Rows on a terminal, and refusals in the words of the options that somebody typed."""

from __future__ import annotations

from connector.cli import asking, words
from connector.cli.errors import CommandError
from connector.cli.output import table


def test_a_place_is_told_shortly() -> None:
    point = {"type": "Point", "coordinates": [9.945575527213652, 48.389302850776794]}
    assert asking.cells({"id": 1, "place": point})["place"] == "Point (9.94558 48.38930)"
    assert asking.cells({"place": {"type": "Polygon", "coordinates": [[[1, 2]]]}})["place"] == "Polygon"
    feature = {"type": "Feature", "id": 3, "geometry": point, "properties": {"name": "Brunnen"}}
    assert asking.cells(feature) == {"id": "3", "name": "Brunnen", "geometry": "Point (9.94558 48.38930)"}
    assert asking.cells({"owner": {"name": "x"}}) == {"owner": "name=x"}


def test_a_refusal_names_the_option() -> None:
    refused = CommandError("filter: these data have no field x.", "query.field", {"parameter": "filter"})
    assert asking.in_options(refused).sentence == "--where: these data have no field x."
    other = CommandError("filter: broken", "data.digest", {"parameter": "filter"})
    assert asking.in_options(other).sentence == "filter: broken"


def test_headings_of_data_are_not_translated() -> None:
    words.speak("de")
    assert table([{"name": "x"}], {"name": "name"}, "", as_they_are=True).splitlines()[0] == "name"
    assert table([{"name": "x"}], {"name": "name"}, "").splitlines()[0] == "Name"
