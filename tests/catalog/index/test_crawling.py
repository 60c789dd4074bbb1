"""What a crawl tells becomes visible at once, whole, and in the name of who told it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from catalog.index import crawling
from catalog.index.engine import Index
from catalog.index.forms import Origin, Standing, Terms
from tests.catalog.index.entries import CITY, COUNTY, DAY, NOW, UTILITY, ask, entry, fill, filled, titles

BROKER = "did:web:broker.example"


@pytest.mark.parametrize("held", [crawling.HELD, 1])
def test_steps_wait_in_memory_or_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    monkeypatch.setattr(crawling, "HELD", held)
    index = filled(tmp_path, entry("Alt"), entry("Bleibt"))
    with index.crawl(CITY) as crawl:
        crawl.gone("urn:x:Alt", NOW)
        crawl.keep("urn:x:Bleibt", NOW + 7)
        for number in range(5):
            crawl.put(entry(f"Neu {number}"))
        assert set(titles(index)) == {"Alt", "Bleibt"}
    assert set(titles(index)) == {"Bleibt", *(f"Neu {number}" for number in range(5))}
    assert ask(index, "bleibt").hits[0].seen == NOW + 7
    assert staged(tmp_path) == 0


def staged(folder: Path) -> int:
    with sqlite3.connect(folder / "catalog.db") as connection:
        count: int = connection.execute("SELECT count(*) FROM staged").fetchone()[0]
    connection.close()
    return count


def test_an_aborted_crawl_leaves_nothing_also_where_its_process_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawling, "HELD", 1)
    index = filled(tmp_path, entry("Alt"))
    with pytest.raises(KeyError), index.crawl(CITY) as crawl:
        crawl.put(entry("Nie"))
        assert staged(tmp_path) == 1
        raise KeyError
    assert staged(tmp_path) == 0
    index.crawl(CITY).put(entry("Nie"))
    assert staged(tmp_path) == 1
    index.close()
    index = Index.open(tmp_path / "catalog.db")
    assert staged(tmp_path) == 0 and titles(index) == ["Alt"]


def test_a_reader_never_sees_half_a_crawl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "HELD", 2_000)
    index = filled(tmp_path, *(entry(f"Stand 0 Karte {number}") for number in range(30)))
    over = threading.Event()
    seen: list[set[str]] = []

    def read() -> None:
        while not over.is_set():
            hits = ask(index, "karte", limit=100).hits
            seen.append({hit.title.split()[1] for hit in hits})
            assert len(hits) == 30

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(1, 6):
        with index.crawl(CITY) as crawl:
            for number in range(30):
                crawl.put(entry(f"Stand {turn} Karte {number}", id=f"urn:x:Stand 0 Karte {number}"))
    over.set()
    reader.join()
    assert seen and all(len(stands) == 1 for stands in seen)


def test_a_changed_entry_is_found_by_what_it_says_now(tmp_path: Path) -> None:
    index = filled(tmp_path, entry("Bäume", id="urn:1", themes=("ENVI",), places=("14612",)))
    fill(index, entry("Straßen", id="urn:1", themes=("TRAN",), places=("05315",), terms=(Terms("o", "d2", b"{2}"),)))
    assert titles(index, "baum") == [] and titles(index, "strasse") == ["Straßen"]
    assert titles(index, places=("14",)) == [] and titles(index, places=("05",)) == ["Straßen"]
    assert ask(index).facets["themes"] == {"TRAN": 1}
    assert list(index.terms()) == [("d2", b"{2}", 1)]


def test_what_a_participant_says_stands_in_place_of_what_a_broker_says(tmp_path: Path) -> None:
    told = entry("Vom Makler", CITY, id="urn:1", origin=Origin.BROKER, via=BROKER)
    index = filled(tmp_path, told, entry("Anderes", UTILITY, origin=Origin.BROKER, via=BROKER))
    assert set(titles(index)) == {"Vom Makler", "Anderes"}
    assert set(index.digests(BROKER)) == {"urn:1", "urn:x:Anderes"} and index.digests(CITY) == {}
    fill(index, entry("Von der Stadt", CITY, id="urn:1"))
    fill(index, told)
    assert set(titles(index)) == {"Von der Stadt", "Anderes"}
    with index.crawl(BROKER) as crawl:
        crawl.gone("urn:1", NOW)
    assert set(titles(index)) == {"Von der Stadt", "Anderes"}


def test_the_same_id_of_two_participants_are_two_datasets(tmp_path: Path) -> None:
    index = filled(tmp_path, entry("Eins", CITY, id="urn:1"), entry("Zwei", UTILITY, id="urn:1"))
    assert [one.participant for one in index.entries("urn:1")] == [CITY, UTILITY]
    with index.crawl(UTILITY) as crawl:
        crawl.gone("urn:1", NOW)
    assert titles(index) == ["Eins"]
    assert (index.gone(UTILITY, "urn:1"), index.gone(CITY, "urn:1")) == (NOW, None)
    fill(index, entry("Zwei", UTILITY, id="urn:1"))
    assert index.gone(UTILITY, "urn:1") is None


def test_what_was_not_seen_for_long_is_swept(tmp_path: Path) -> None:
    index = filled(
        tmp_path, entry("Alt", seen=NOW - 40 * DAY), entry("Neu"), entry("Fern", COUNTY, seen=NOW - 40 * DAY)
    )
    with index.crawl(COUNTY) as crawl:
        crawl.standing(Standing(participant=COUNTY, seen=NOW - DAY))
    with index.crawl(CITY) as crawl:
        crawl.gone("urn:x:nie", NOW)
    assert index.sweep(NOW, 30 * DAY, 30 * DAY) == 1
    assert set(titles(index)) == {"Neu", "Fern"}
    assert index.suggest("alt") == () and index.suggest("ne") == ("Neu",)


def test_traces_of_what_is_gone_are_forgotten(tmp_path: Path) -> None:
    index = filled(tmp_path, entry("Alt"))
    with index.crawl(CITY) as crawl:
        crawl.gone("urn:x:Alt", NOW)
    index.sweep(NOW + DAY, 90 * DAY, 30 * DAY)
    assert index.gone(CITY, "urn:x:Alt") == NOW
    index.sweep(NOW + 31 * DAY, 90 * DAY, 30 * DAY)
    assert index.gone(CITY, "urn:x:Alt") is None


def test_a_participant_is_forgotten_whole(tmp_path: Path) -> None:
    index = filled(tmp_path, entry("Eins"), entry("Zwei", UTILITY))
    with index.crawl(CITY) as crawl:
        crawl.standing(Standing(participant=CITY, seen=NOW))
    assert index.forget(CITY) == 1
    assert titles(index) == ["Zwei"] and index.standings() == [] and index.digests(CITY) == {}
    assert index.forget("did:web:nobody.example") == 0


def test_terms_are_counted_once_whoever_offers_them(tmp_path: Path) -> None:
    index = filled(
        tmp_path,
        entry("Eins", terms=(Terms("o1", "d1", b'{"a": 1}'), Terms("o2", "d2", b'{"b": 2}'))),
        entry("Zwei", UTILITY, terms=(Terms("o3", "d1", b'{"a": 1}'),)),
        entry("Drei", UTILITY, terms=()),
    )
    assert list(index.terms()) == [("d1", b'{"a": 1}', 2), ("d2", b'{"b": 2}', 1)]
    assert titles(index, terms=frozenset({"d2"})) == ["Eins"]
    assert set(titles(index, terms=frozenset({"d1"}))) == {"Eins", "Zwei"}


def test_several_participants_are_crawled_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "HELD", 1)
    index = filled(tmp_path)

    def crawl(number: int) -> None:
        with index.crawl(f"did:web:{number}.example") as one:
            for each in range(10):
                one.put(entry(f"Karte {number} {each}", f"did:web:{number}.example"))

    threads = [threading.Thread(target=crawl, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask(index).total == 60
