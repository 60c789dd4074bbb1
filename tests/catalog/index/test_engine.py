"""The index as a whole: what goes in comes out, all at once, and a damaged file is begun anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.index.engine import Index
from catalog.index.forms import Standing
from tests.catalog.index.entries import CITY, NOW, UTILITY, ask, entry, filled, titles


def test_an_entry_comes_out_as_it_went_in(tmp_path: Path) -> None:
    one = entry("Ladesäulen", text="Alle öffentlichen Ladepunkte", places=("14612000",), score=70)
    index = filled(tmp_path, one)
    assert index.entry(CITY, one.id) == one
    assert index.entries(one.id) == [one]
    assert index.entry(UTILITY, one.id) is None
    hit = ask(index, "ladesäulen").hits[0]
    assert (hit.title, hit.score, hit.terms, hit.places) == ("Ladesäulen", 70, ("d1",), ("14612000",))


def test_a_crawl_is_visible_at_its_end_and_an_aborted_one_never(tmp_path: Path) -> None:
    index = filled(tmp_path, entry("Alt"))
    with index.crawl(CITY) as crawl:
        crawl.put(entry("Neu"))
        crawl.gone("urn:x:Alt", NOW)
        assert titles(index) == ["Alt"]
    assert titles(index) == ["Neu"]
    assert index.gone(CITY, "urn:x:Alt") == NOW
    with pytest.raises(KeyError), index.crawl(CITY) as crawl:
        crawl.put(entry("Nie"))
        raise KeyError
    assert titles(index) == ["Neu"]


def test_what_is_known_of_a_crawl_is_kept(tmp_path: Path) -> None:
    index = Index.open(tmp_path / "catalog.db")
    standing = Standing(participant=CITY, sequence=4, etag="x", seen=NOW + 5, params={"a": "b"})
    with index.crawl(CITY) as crawl:
        crawl.put(entry("Eins"))
        crawl.standing(standing)
    index.close()
    index = Index.open(tmp_path / "catalog.db")
    assert not index.new
    assert index.standing(CITY) == standing and index.standings() == [standing]
    assert index.standing(UTILITY) is None
    assert index.digests(CITY) == {"urn:x:Eins": entry("Eins").digest}
    assert ask(index).hits[0].seen == NOW + 5
