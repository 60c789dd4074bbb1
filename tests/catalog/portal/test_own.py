"""What a node says of a dataset of its own."""

from __future__ import annotations

from msgspec.structs import replace

from catalog.model import Agent, Box, Metadata
from catalog.portal.metadata import read, write
from catalog.portal.own import About, House, told

ABOUT = About(id="https://city.example/datasets/trees", title="Bäume", created=1_600_000_000_000_000)
HOUSE = House(id="did:web:city.example", name="Stadt", contributor="http://c.example/x", place="13003000")


def test_an_asset_without_a_portrait_has_what_a_portal_must_find() -> None:
    said = read(told(ABOUT, HOUSE), ABOUT.id)
    assert said == Metadata(
        title={"": "Bäume"},
        description={"": "Bäume"},
        publisher=Agent(id="did:web:city.example", name="Stadt"),
        issued=1_600_000_000_000_000,
        contributor="http://c.example/x",
        places=("13003000",),
    )


def test_what_a_portrait_says_stands() -> None:
    portrait = Metadata(
        title={"de": "Straßenbäume"},
        publisher=Agent(name="Grünamt"),
        contributor="http://c.example/y",
        places=("13",),
        issued=1,
        themes=("ENVI",),
    )
    said = read(told(ABOUT, HOUSE, write(portrait, ABOUT.id).values()), ABOUT.id)
    assert said == replace(portrait, description={"": "Bäume"})


def test_a_place_that_is_told_by_a_box_is_not_told_twice() -> None:
    portrait = Metadata(box=Box(west=1, south=2, east=3, north=4))
    assert read(told(ABOUT, HOUSE, write(portrait, ABOUT.id).values()), ABOUT.id).places == ()


def test_what_is_known_of_nobody_is_not_told() -> None:
    said = read(told(ABOUT, House(id="did:web:a.example", name="A")), ABOUT.id)
    assert (said.contributor, said.places) == ("", ())
