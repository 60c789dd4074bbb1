"""What people in a town hall type, and what they want to find, the best first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.index import searching
from catalog.index.engine import Index
from catalog.index.forms import Entry, Order, Query, Trust
from catalog.index.pages import PageError
from catalog.model import Box
from tests.catalog.index.entries import CITY, COUNTY, DAY, NOW, UTILITY, ask, entry, filled, titles

DRESDEN = (51.0504, 13.7373)
TOWN: tuple[Entry, ...] = (
    entry("Ladesaeulen"),
    entry("Standorte der öffentlichen Ladesäulen im Stadtgebiet"),
    entry("Ladepunkte für E-Autos", UTILITY),
    entry("Schnellladestation am Bahnhof", UTILITY),
    entry("Energieversorgung", UTILITY, text="Netze, Zähler und eine Ladesäule"),
    entry("Baumkataster", themes=("ENVI",)),
    entry("Bäume an Straßen"),
    entry("Straßenverzeichnis", COUNTY),
    entry("Hauptstrasse: Verkehrszählung", themes=("TRAN",)),
    entry("Fahrradzählstellen", themes=("TRAN",), of=("CSV", "JSON")),
    entry("Haushaltsplan 2024", keywords=("Finanzen", "Kämmerei")),
    entry("Bebauungspläne (B-Pläne)", of=("WMS_SRVC",)),
    entry("Kindertagesstätten", by="Jugendamt Dresden"),
    entry("Wasserstände der Elbe", COUNTY, frequency="DAILY", modified=NOW - 40 * DAY),
    entry("Luftgütemessung", frequency="HOURLY", modified=NOW - DAY // 48),
    entry("Einwohnerzahlen nach Stadtteilen", place_names=("Pieschen", "Neustadt")),
    entry("Schulen", places=("14612000",), place_names=("Radebeul",)),
    entry("Schulen im Land", places=("05",)),
    entry("Gewässergüte", COUNTY, trust=Trust.DOUBTFUL),
    entry("Gewässergüte, gemessen", COUNTY),
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    index = filled(tmp_path_factory.mktemp("town"), *TOWN)
    yield index
    index.close()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("ladesäulen", "Ladesaeulen"),
        ("Ladesaeule", "Ladesaeulen"),
        ("LADESÄULE", "Ladesaeulen"),
        ("ladepunkt", "Ladepunkte für E-Autos"),
        ("ladestation", "Schnellladestation am Bahnhof"),
        ("e-auto", "Ladepunkte für E-Autos"),
        ("Elektroautos", "Ladepunkte für E-Autos"),
        ("chargepoints", "Ladesaeulen"),
        ("strassen", "Bäume an Straßen"),
        ("Straße", "Bäume an Straßen"),
        ("baum", "Bäume an Straßen"),
        ("tree", "Bäume an Straßen"),
        ("baumkataster", "Baumkataster"),
        ("verkehr", "Hauptstrasse: Verkehrszählung"),
        ("fahrrad", "Fahrradzählstellen"),
        ("bike", "Fahrradzählstellen"),
        ("haushalt", "Haushaltsplan 2024"),
        ("finanzen", "Haushaltsplan 2024"),
        ("kaemmerei", "Haushaltsplan 2024"),
        ("b-plan", "Bebauungspläne (B-Pläne)"),
        ("bebauungsplan", "Bebauungspläne (B-Pläne)"),
        ("kita", "Kindertagesstätten"),
        ("kindergarten", "Kindertagesstätten"),
        ("jugendamt dresden", "Kindertagesstätten"),
        ("pegel", "Wasserstände der Elbe"),
        ("luftqualität", "Luftgütemessung"),
        ("bevölkerung", "Einwohnerzahlen nach Stadtteilen"),
        ("einwohner pieschen", "Einwohnerzahlen nach Stadtteilen"),
        ("gewässer", "Gewässergüte, gemessen"),
        ("ladesaüeln", "Ladesaeulen"),
        ("charging stations", "Schnellladestation am Bahnhof"),
        ("superschnellladestation", "Schnellladestation am Bahnhof"),
        ("baumkatasterauszug", "Baumkataster"),
        ("schule sachsen", "Schulen"),
        ("schule radebeul dresden", "Schulen"),
        ("baumkatster", "Baumkataster"),
    ],
)
def test_what_is_typed_finds_what_is_meant_first(town: Index, words: str, wanted: str) -> None:
    assert titles(town, words)[:1] == [wanted]


def test_one_word_finds_all_that_is_called_differently_and_what_only_mentions_it_last(town: Index) -> None:
    assert titles(town, "ladesäulen") == [
        "Ladesaeulen",
        "Standorte der öffentlichen Ladesäulen im Stadtgebiet",
        "Ladepunkte für E-Autos",
        "Schnellladestation am Bahnhof",
        "Energieversorgung",
    ]
    assert "Ladepunkt" in ask(town, "ladesäulen").also
    assert set(titles(town, "baum")) == {"Bäume an Straßen", "Baumkataster"}
    assert set(titles(town, "strasse")) == {
        "Bäume an Straßen",
        "Straßenverzeichnis",
        "Hauptstrasse: Verkehrszählung",
    }


def test_all_words_count_and_where_none_has_all_of_them_any(town: Index) -> None:
    assert titles(town, "ladesäule bahnhof") == ["Schnellladestation am Bahnhof"]
    assert titles(town, "die Ladepunkte für das E-Auto") == ["Ladepunkte für E-Autos"]
    assert set(titles(town, "haushaltsplan baumkataster")) == {"Haushaltsplan 2024", "Baumkataster"}


@pytest.mark.parametrize("words", ["für", "!!!", '"', "🚗", "-", "zzzzqqqq", "\x00", "und der die"])
def test_what_is_no_word_of_anything_finds_nothing(town: Index, words: str) -> None:
    assert ask(town, words).total == 0


def test_filters(town: Index) -> None:
    assert titles(town, themes=("TRAN",), order=Order.NEWEST) == [
        "Fahrradzählstellen",
        "Hauptstrasse: Verkehrszählung",
    ]
    assert titles(town, formats=("JSON", "WMS_SRVC"), themes=("TRAN",)) == ["Fahrradzählstellen"]
    assert titles(town, "ladesäule", participants=(UTILITY,)) == [
        "Ladepunkte für E-Autos",
        "Schnellladestation am Bahnhof",
        "Energieversorgung",
    ]
    assert titles(town, fresh=True) == ["Luftgütemessung"]
    assert titles(town, licences=("cc-zero",)) == []
    assert ask(town, hvd=True).total == 0


def test_facets_count_what_was_found(town: Index) -> None:
    found = ask(town, "ladesäulen")
    assert found.total == 5 and not found.capped
    assert found.facets["participants"] == {UTILITY: 3, CITY: 2}
    assert found.facets["formats"] == {"CSV": 5}
    everything = ask(town)
    assert everything.total == len(TOWN)
    assert everything.facets["themes"] == {"TRAN": 2, "ENVI": 1}
    assert everything.facets["freshness"] == {"unknown": len(TOWN) - 2, "fresh": 1, "late": 1}
    assert everything.facets["trust"] == {"signed": len(TOWN) - 1, "doubtful": 1}
    assert everything.facets["formats"] == {"CSV": len(TOWN) - 1, "JSON": 1, "WMS_SRVC": 1}
    assert ask(town, facets=False).facets == {}


def pages(index: Index, **asked: object) -> list[str]:
    """The titles of all pages, one after the other."""
    found, after = [], ""
    while True:
        page = ask(index, after=after, limit=4, **asked)
        found += [hit.title for hit in page.hits]
        if not page.next:
            return found
        assert len(page.hits) == 4
        after = page.next


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("words", ["", "ladesäule", "baum haushalt"])
def test_pages_hold_every_hit_once(town: Index, order: Order, words: str) -> None:
    whole = titles(town, words, order=order, near=DRESDEN, limit=100)
    assert pages(town, words=words, order=order, near=DRESDEN) == whole
    assert len(set(whole)) == len(whole) == ask(town, words).total


def test_pages_go_on_beyond_what_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "RANKED", 6)
    index = filled(tmp_path, *(entry(f"Karte {number}", text="Baum " * (number % 2)) for number in range(20)))
    for words in ("karte", "karte baum"):
        assert sorted(pages(index, words=words)) == sorted(titles(index, words, limit=100))
    assert len(pages(index, words="karte")) == 20


def test_a_page_goes_on_though_others_write_in_between(tmp_path: Path) -> None:
    index = filled(tmp_path, *(entry(f"Karte {number}") for number in range(10)))
    first = ask(index, "karte", limit=5)
    with index.crawl(UTILITY) as crawl:
        crawl.put(entry("Karte der Werke", UTILITY))
    rest = ask(index, "karte", limit=20, after=first.next)
    assert len({hit.id for hit in (*first.hits, *rest.hits)}) == len(first.hits) + len(rest.hits)
    assert {hit.title for hit in (*first.hits, *rest.hits)} >= {f"Karte {number}" for number in range(10)}


@pytest.mark.parametrize("after", ["x", "AAAA", "ä", "=" * 400, "lMQIAAAAAAAAAAAAy3_4AAAAAAAAAQ"])
def test_the_end_of_no_page_is_refused(town: Index, after: str) -> None:
    with pytest.raises(PageError):
        ask(town, "baum", after=after)


def test_the_end_of_another_questions_page_is_refused(town: Index) -> None:
    page = ask(town, limit=2)
    with pytest.raises(PageError):
        ask(town, "baum", after=page.next)


def test_only_what_has_terms_of_these_digests(tmp_path: Path) -> None:
    many = frozenset(f"{number:064x}" for number in range(5_000))
    index = filled(tmp_path, *TOWN)
    assert ask(index, terms=many).total == 0
    assert ask(index, terms=many | {"d1"}).total == len(TOWN)
    assert ask(index, "baum", terms=many | {"d1"}).total == 2
    assert ask(index, terms=frozenset()).total == 0


def test_hits_beyond_the_bound_are_not_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "CAP", 10)
    monkeypatch.setattr(searching, "RANKED", 5)
    index = filled(tmp_path, *(entry(f"Karte {number}") for number in range(20)))
    for words in ("", "karte"):
        found = ask(index, words)
        assert (found.total, found.capped, len(found.hits)) == (10, True, 20)


def test_a_page_is_no_longer_than_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SHOWN", 3)
    index = filled(tmp_path, *(entry(f"Karte {number}") for number in range(5)))
    assert len(ask(index, limit=1_000_000).hits) == 3
    assert ask(index, limit=-1).hits == ()


def test_the_newest_come_first(tmp_path: Path) -> None:
    index = filled(
        tmp_path,
        entry("Alt", modified=NOW - 9 * DAY),
        entry("Neu", modified=NOW - DAY),
        entry("Mittel", modified=NOW - 4 * DAY),
    )
    assert titles(index, order=Order.NEWEST) == ["Neu", "Mittel", "Alt"]
    assert titles(index) == ["Neu", "Mittel", "Alt"]
    assert index.search(Query(now=NOW, changed_since=NOW + 1)).total == 0
    assert index.search(Query(now=NOW, seen_since=NOW)).total == 3


def test_a_word_of_the_title_counts_more_than_keywords_and_these_more_than_texts(tmp_path: Path) -> None:
    index = filled(
        tmp_path,
        entry("Liste", text="Friedhof"),
        entry("Orte", keywords=("Friedhof",)),
        entry("Lagepläne und andere Unterlagen zu jedem Friedhof"),
        entry("Friedhöfe"),
    )
    assert titles(index, "friedhof") == [
        "Friedhöfe",
        "Lagepläne und andere Unterlagen zu jedem Friedhof",
        "Orte",
        "Liste",
    ]


# --- places -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    index = filled(
        tmp_path_factory.mktemp("land"),
        entry("Dresden", places=("14612000",), box=Box(13.57, 50.97, 13.97, 51.18)),
        entry("Meißen", places=("146270140140",), box=Box(13.40, 51.10, 13.55, 51.20)),
        entry("Radebeul", places=("DED2E",), box=Box(13.58, 51.08, 13.70, 51.14)),
        entry("Sachsen", places=("14",), box=Box(11.87, 50.17, 15.04, 51.69)),
        entry("Köln", places=("053150000000",), box=Box(6.77, 50.83, 7.16, 51.08)),
        entry("Fidschi", box=Box(176.0, -21.0, -178.0, -12.0)),
        entry("Nirgends"),
        entry("Unsinn", places=("Mordor", "99"), box=Box(5.0, 95.0, 6.0, 96.0)),
    )
    yield index
    index.close()


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("14", {"Dresden", "Meißen", "Radebeul", "Sachsen"}),
        ("DED", {"Dresden", "Meißen", "Radebeul", "Sachsen"}),
        ("Sachsen", {"Dresden", "Meißen", "Radebeul", "Sachsen"}),
        ("DED2", {"Dresden", "Meißen", "Radebeul"}),
        ("14612", {"Dresden"}),
        ("146120000000", {"Dresden"}),
        ("DED21", {"Dresden"}),
        ("dresden", {"Dresden"}),
        ("http://dcat-ap.de/def/politicalGeocoding/municipalityKey/14612000", {"Dresden"}),
        ("14627", {"Meißen"}),
        ("14627140", {"Meißen"}),
        ("146270140", {"Meißen"}),
        ("05", {"Köln"}),
        ("DE", {"Dresden", "Meißen", "Radebeul", "Sachsen", "Köln"}),
        ("Mordor", set()),
    ],
)
def test_a_place_finds_what_lies_in_it(land: Index, place: str, found: set[str]) -> None:
    assert set(titles(land, places=(place,))) - {"Unsinn"} == found


@pytest.mark.parametrize("words", ["", "csv"])
def test_boxes(land: Index, words: str) -> None:
    around = Box(13.7, 51.0, 13.8, 51.1)
    assert set(titles(land, words, box=around)) == {"Dresden", "Radebeul", "Sachsen"}
    assert titles(land, words, box=Box(177, -18, 178, -17)) == ["Fidschi"]
    assert titles(land, words, box=Box(-179, -18, -178.5, -17)) == ["Fidschi"]
    assert titles(land, words, box=Box(179, -18, -179, -17)) == ["Fidschi"]
    assert titles(land, words, box=Box(-170, -18, 170, -17)) == []
    assert titles(land, words, box=Box(0, 50, 1, 40)) == []


@pytest.mark.parametrize("words", ["", "csv"])
def test_distances(land: Index, words: str) -> None:
    found = ask(land, words, near=DRESDEN, within=20_000.0, order=Order.NEAREST).hits
    assert [(hit.title, round((hit.metres or 0.0) / 1_000)) for hit in found] == [
        ("Dresden", 0),
        ("Sachsen", 0),
        ("Radebeul", 4),
        ("Meißen", 14),
    ]
    assert [hit.title for hit in ask(land, words, near=(-17.0, 179.9), within=10.0).hits] == ["Fidschi"]
    everything = ask(land, words, near=DRESDEN, order=Order.NEAREST).hits
    assert [hit.title for hit in everything][3:6] == ["Meißen", "Köln", "Fidschi"]
    assert [hit.metres for hit in everything][6:] == [None, None]


@pytest.mark.parametrize("near", [(90.0, 0.0), (-90.0, 180.0), (0.0, 180.0), (0.0, -180.0), (1e9, 1e9)])
def test_no_point_is_too_far(land: Index, near: tuple[float, float]) -> None:
    ask(land, near=near, within=1e12)
    ask(land, near=near, within=1.0, order=Order.NEAREST)
