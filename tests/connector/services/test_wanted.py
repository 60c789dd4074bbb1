"""Questions as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from catalog import geo
from catalog.index.forms import Order
from catalog.model import Box
from catalog.profile.vocabularies import OPEN
from connector.errors import InputError
from connector.sentences import TEMPLATES
from connector.services.wanted import Question, query
from connector.services.wanted import purpose as purpose_of

NOW = 1_800_000_000_000_000


def read(**said: Any) -> Any:
    return query(Question(**said), (), NOW)


def test_what_people_write_is_understood() -> None:
    found = read(
        words="ladesäulen",
        near="51.05, 13.74",
        within="20km",
        place="Dresden, 05515000,DE-SN",
        theme="ENER, verkehr,Energie",
        format="csv,geojson",
        licence="open",
        since="7d",
    )
    assert (found.near, found.within) == ((51.05, 13.74), 20_000.0)
    assert found.places == (geo.key("14612000"), geo.key("05515000"), geo.key("14"))
    assert found.themes == ("ENER", "TRAN")
    assert found.formats == ("CSV", "GEOJSON")
    assert set(found.licences) == OPEN
    assert found.changed_since == NOW - 7 * 86_400_000_000


def test_distances_boxes_days() -> None:
    assert read(near="1,2", within="500 m").within == 500
    assert read(near="1,2", within="1,5km").within == 1500
    assert read(near="1,2", within="800m").within == 800
    assert read(box="13,50,14,52").box == Box(13, 50, 14, 52)
    assert read(licence="DL-BY-DE/2.0").licences == ("dl-by-de/2.0",)
    assert read(since="2027-01-01").changed_since is not None
    assert read(since="2027-01-01T00:00:00Z").changed_since is not None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("search.near", {"near": "51"}),
        ("search.near", {"near": "91,0"}),
        ("search.near", {"near": "nan,0"}),
        ("search.near", {"near": "Dresden"}),
        ("search.distance", {"near": "1,2", "within": "far"}),
        ("search.distance", {"near": "1,2", "within": "0m"}),
        ("search.distance", {"near": "1,2", "within": "20"}),
        ("search.distance", {"near": "1,2", "within": "99999km"}),
        ("search.within", {"within": "20km"}),
        ("search.nearest", {"order": Order.NEAREST}),
        ("search.box", {"box": "1,2,3"}),
        ("search.box", {"box": "1,52,3,50"}),
        ("search.box", {"box": "inf,50,3,51"}),
        ("search.place", {"place": "Atlantis"}),
        ("search.place", {"place": "123456"}),
        ("search.theme", {"theme": "und"}),
        ("search.theme", {"theme": "ZZZZ"}),
        ("search.since", {"since": "yesterday"}),
        ("search.since", {"since": "2027-13-01"}),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(code: str, said: dict[str, Any]) -> None:
    with pytest.raises(InputError) as refused:
        read(**said)
    assert refused.value.reason.code == code
    assert code in TEMPLATES


def test_a_purpose_that_is_none_names_those_that_may_be_meant() -> None:
    assert purpose_of("ScientificResearch") == "https://w3id.org/dpv#ScientificResearch"
    with pytest.raises(InputError) as refused:
        purpose_of("Forschung")
    assert "Research" in refused.value.reason.params["near"]


@pytest.mark.parametrize("text", ["", "\x00", "💥" * 500, "'\"*:^(", "x" * 10_000])
def test_hostile_words_are_passed_on_as_they_are(text: str) -> None:
    assert read(words=text).words == text
