"""Whatever is told in whatever order, the index finds what a plain dictionary would find."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.index.engine import Index
from catalog.index.forms import Entry, Origin, Terms
from tests.catalog.index.entries import NOW, ask, entry

WORDS = ("Ufer", "Tunnel", "Giraffe", "Zimt", "Quitte", "Xylophon")
SOURCES = ("did:web:a.example", "did:web:b.example", "did:web:broker.example")
PLACES = {"14612000": {"14612", "146", "14", "DE"}, "05315": {"05315", "053", "05", "DE"}, "DE4": {"12", "DE"}}

words = st.lists(st.sampled_from(WORDS), max_size=3, unique=True)
puts = st.tuples(
    st.just("put"),
    st.sampled_from(SOURCES),
    st.sampled_from(SOURCES[:2]),
    st.integers(0, 3),
    words,
    words,
    st.sampled_from([*PLACES, ""]),
    st.sampled_from(["d1", "d2"]),
)
gones = st.tuples(st.just("gone"), st.sampled_from(SOURCES), st.integers(0, 3))
forgets = st.tuples(st.just("forget"), st.sampled_from(SOURCES))
crawls = st.lists(st.one_of(puts, puts, puts, gones, forgets, st.just(("sweep",))), max_size=14)

Model = dict[tuple[str, str], tuple[str, Entry]]


def told(source: str, who: str, number: int, title: list[str], text: list[str], place: str, terms: str) -> Entry:
    if source in SOURCES[:2]:
        who = source
    return entry(
        " ".join(title),
        who,
        id=f"urn:{number}",
        text=" ".join(text),
        places=(place,) if place else (),
        origin=Origin.DIRECT if who == source else Origin.BROKER,
        via="" if who == source else source,
        terms=(Terms("urn:o", terms, b"{}"),),
        digest=repr((title, text, place, terms)).encode(),
    )


def act(index: Index, model: Model, step: tuple[object, ...]) -> None:
    """Do one step in both."""
    match step:
        case ("put", str() as source, *rest):
            one = told(source, *rest)
            with index.crawl(source) as crawl:
                crawl.put(one)
            old = model.get((one.participant, one.id))
            if old is None or old[0] == source or source == one.participant:
                model[one.participant, one.id] = (source, one)
        case ("gone", str() as source, number):
            with index.crawl(source) as crawl:
                crawl.gone(f"urn:{number}", NOW)
            for key in [key for key, (by, one) in model.items() if by == source and one.id == f"urn:{number}"]:
                del model[key]
        case ("forget", str() as source):
            index.forget(source)
            for key in [key for key, (by, _) in model.items() if by == source]:
                del model[key]
        case _:
            index.sweep(NOW, 1, 1)


def found(index: Index, words: str = "", **more: object) -> set[tuple[str, str]]:
    return {(hit.participant, hit.id) for hit in ask(index, words, **more).hits}


@given(crawls)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_index_finds_what_a_dictionary_would(steps: list[tuple[object, ...]]) -> None:
    model: Model = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalog.db"
        index = Index.open(path)
        for step in steps:
            act(index, model, step)
        for word in WORDS:
            said = {
                key
                for key, (_, one) in model.items()
                if word in f"{one.metadata.title['de']} {one.metadata.description.get('de', '')}".split()
            }
            assert found(index, word) == said
        for place in ("14", "14612", "05", "12", "DE", "DED"):
            inside = {
                key
                for key, (_, one) in model.items()
                if one.metadata.places and ("14" if place == "DED" else place) in PLACES[one.metadata.places[0]]
            }
            assert found(index, places=(place,)) == inside
        for digest in ("d1", "d2"):
            offered = {key for key, (_, one) in model.items() if one.terms[0].digest == digest}
            assert found(index, terms=frozenset({digest})) == offered
            assert {one: count for one, _, count in index.terms()}.get(digest, 0) == len(offered)
        for source in SOURCES:
            assert index.digests(source) == {one.id: one.digest for by, one in model.values() if by == source}
        assert found(index) == set(model)
        whole(path)
        index.close()


def whole(path: Path) -> None:
    """SQLite finds no fault, nor do the full-text tables, and nothing is left of what is gone."""
    connection = sqlite3.connect(path, isolation_level=None)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    for table in ("words", "pieces"):
        connection.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
    for table in ("known", "body", "said", "place", "offer"):
        left = connection.execute(
            f"SELECT count(*) FROM {table} WHERE entry NOT IN (SELECT entry FROM card)"
        ).fetchone()
        assert left == (0,)
    assert connection.execute("SELECT count(*) FROM area WHERE id / 2 NOT IN (SELECT entry FROM card)").fetchone() == (
        0,
    )
    connection.close()
