"""Keys of places: one form for each, and what lies in what."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import geo
from policies import places
from tests.standards import STANDARDS


@pytest.mark.parametrize(
    "same",
    [
        ["14612", "14612000", "146120000000", "DED21", "146120000"],
        ["14627140", "146270140140"],
        ["14", "DED", "DE-SN", "http://dcat-ap.de/def/politicalGeocoding/stateKey/14"],
        ["146", "DED2", "https://data.europa.eu/nuts/code/DED2/"],
        ["11", "11000", "11000000", "110000000000", "DE3", "DE30", "DE300", "DE-BE"],
        ["02", "02000000", "DE6", "DE600"],
        ["04011", "04011000", "DE501"],
    ],
)
def test_names_of_one_place_have_one_key(same: list[str]) -> None:
    assert {geo.key(one) for one in same} == {same[0]}


@pytest.mark.parametrize(
    "text", ["", "1", "1461", "1461200", "14612000000", "Dresden", "ded2", "DED2111", "١٤", "DE-XX"]
)
def test_what_is_no_key_has_none(text: str) -> None:
    assert geo.key(text) is None and geo.around(text) == ()


@pytest.mark.parametrize(
    ("place", "around"),
    [
        ("146270140140", ("14627140", "146270140", "14627", "146", "14", "DE")),
        ("14627140", ("14627140", "14627", "146", "14", "DE")),
        ("14612000", ("14612", "146", "14", "DE")),
        ("DED42", ("DED42", "145", "14", "DE")),
        ("DE300", ("11", "DE")),
        ("AT130", ("AT130", "AT13", "AT1", "AT")),
        ("DE", ("DE",)),
    ],
)
def test_a_place_lies_in_all_that_is_around_it(place: str, around: tuple[str, ...]) -> None:
    assert geo.around(place) == around


@given(st.from_regex(r"[01][0-9](?:[0-9]|[0-9]{3}|[0-9]{6}|[0-9]{7}|[0-9]{10})?", fullmatch=True))
def test_a_key_lies_in_each_key_that_it_begins_with_and_is_its_own_form(digits: str) -> None:
    key = geo.key(digits)
    assert key is not None and geo.key(key) == key
    around = geo.around(digits)
    assert around[0] == key
    for size in (2, 3, 5):
        if len(digits) > size:
            assert geo.key(digits[:size]) in around
    assert all(set(geo.around(one)) <= set(around) for one in around)


@given(st.text(max_size=40))
def test_any_text_is_read(text: str) -> None:
    geo.around(text)
    geo.named(text)


def test_names() -> None:
    assert geo.named("Dresden") == "14612" and geo.named(" baden-württemberg ") == "08"
    assert geo.named("Neustadt") is None
    assert geo.names("14612000") == ("Dresden", "Sachsen") and geo.names("053150000000") == (
        "Köln",
        "Nordrhein-Westfalen",
    )
    assert geo.names("11000000") == ("Berlin",) and geo.names("AT1") == () and geo.names("nowhere") == ()


def test_towns_lie_where_policies_say_that_they_lie() -> None:
    for code, key in geo.DISTRICTS.items():
        known = places.path(places.NUTS + code)
        assert known is not None
        steps = [step for step in known if step is not None and step.isdigit()]
        assert key.startswith("".join(steps)) and steps


def test_the_keys_of_towns_are_official() -> None:
    official = STANDARDS / "dcat" / "vocab" / "dcat-ap-de-geocoding-keys-2019.txt"
    if not official.exists():
        pytest.skip("no list of official keys here")
    found = set(re.findall(r"districtKey/(\d{5})", official.read_text()))
    assert set(geo.DISTRICTS.values()) <= found
