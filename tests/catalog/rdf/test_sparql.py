"""Covers catalog/rdf/sparql.py: what queries find, and that they find nothing else, take no longer and say no more."""

from __future__ import annotations

import csv
import io
import os
import socket
from collections.abc import Iterator

import msgspec
import pytest

from catalog.portal.dcat_ap_de import Shelf
from catalog.portal.own import House
from catalog.rdf.sparql import Loaded, Sparql, admit
from catalog.rdf.worker import WorkerError

PREFIXES = "PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX dct: <http://purl.org/dc/terms/> "
TITLES = PREFIXES + "SELECT ?d ?t { ?d a dcat:Dataset ; dct:title ?t } ORDER BY ?d"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . FILTER(?a != ?l) }"


def _dataset(number: int) -> tuple[str, bytes]:
    id = f"https://a.example/d{number}"
    nodes = [
        {
            "@id": id,
            "@type": ["dcat:Dataset"],
            "dct:title": [{"@value": f"Bestand {number}", "@language": "de"}],
            "dcat:contactPoint": [{"@id": "_:k"}],
        },
        {"@id": "_:k", "@type": ["vcard:Kind"], "vcard:fn": [{"@value": f"Amt {number}"}]},
    ]
    return id, msgspec.json.encode(nodes)


def loaded(count: int) -> Loaded:
    shelf = Shelf(id="https://a.example/dcat/catalog", page="https://a.example/dcat", endpoint="https://a.example/dsp")
    return Loaded(shelf, House(id="did:web:a.example", name="Amt"), [_dataset(number) for number in range(count)])


@pytest.fixture(scope="module")
def asked() -> Iterator[Sparql]:
    made = Sparql(seconds=1.5, result=100_000)
    assert made.load(loaded(200)) > 1_000
    yield made
    made.close()


def _refused(asked: Sparql, query: str) -> tuple[str, str]:
    with pytest.raises(WorkerError) as error:
        asked.ask(query)
    assert asked.ask("ASK {}").body  # It goes on.
    return error.value.reason.code, str(error.value.reason.params["what"])


def test_select_finds_what_the_catalogue_says(asked: Sparql) -> None:
    answer = asked.ask(TITLES + " LIMIT 2")
    assert answer.media_type == "application/sparql-results+json"
    rows = msgspec.json.decode(answer.body)["results"]["bindings"]
    assert rows[0]["t"] == {"type": "literal", "xml:lang": "de", "value": "Bestand 0"}
    assert len(rows) == 2


def test_nodes_of_different_datasets_without_a_name_stay_different(asked: Sparql) -> None:
    query = PREFIXES + "SELECT (COUNT(DISTINCT ?k) AS ?n) { ?d dcat:contactPoint ?k }"
    assert asked.ask(query, ("text/csv",)).body.split() == [b"n", b"200"]


@pytest.mark.parametrize(
    ("accepted", "expected", "start"),
    [
        (("text/html", "text/csv"), "text/csv", b"d,t\r\n"),
        (("text/tab-separated-values",), "text/tab-separated-values", b"?d\t?t\n"),
        (("application/sparql-results+xml",), "application/sparql-results+xml", b"<?xml"),
        (("application/json",), "application/sparql-results+json", b"{"),
        (("text/turtle",), "application/sparql-results+json", b"{"),
        ((), "application/sparql-results+json", b"{"),
    ],
)
def test_rows_are_told_in_the_form_that_is_wished(
    asked: Sparql, accepted: tuple[str, ...], expected: str, start: bytes
) -> None:
    answer = asked.ask(TITLES, accepted)
    assert answer.media_type == expected
    assert answer.body.startswith(start)
    assert len(list(csv.reader(io.StringIO(answer.body.decode())))) > 0


def test_statements_are_made_and_truth_is_told(asked: Sparql) -> None:
    made = asked.ask(PREFIXES + "CONSTRUCT { ?d dct:title ?t } { ?d a dcat:Dataset ; dct:title ?t } LIMIT 1")
    assert made.media_type == "text/turtle"
    assert b"Bestand" in made.body
    assert asked.ask("DESCRIBE <https://a.example/d7>", ("application/n-triples",)).body.count(b"\n") >= 3
    assert b"true" in asked.ask(PREFIXES + "ASK { ?d a dcat:Catalog }").body
    assert b"false" in asked.ask("ASK { <urn:x> ?p ?o }").body


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("SELECT ?x {", "1:12"),
        ("", "1:1"),
        ("INSERT DATA { <urn:a> <urn:b> 1 }", "1:"),
        ("LOAD <http://127.0.0.1:1/>", "1:"),
        ("DROP ALL", "1:"),
    ],
)
def test_what_is_no_query_is_refused_at_its_place(asked: Sparql, query: str, place: str) -> None:
    code, what = _refused(asked, query)
    assert code == "sparql.syntax"
    assert what.startswith(place)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <URL> { ?s ?p ?o } }",
        "SELECT * { service silent <URL> { ?s ?p ?o } }",
        "SELECT * { {SERVICE<URL>{?s ?p ?o}} }",
        "SELECT * { # '\nSERVICE <URL> { ?s ?p ?o } }",
        "SELECT * { BIND('#' AS ?x) SERVICE <URL> { ?s ?p ?o } }",
        "SELECT * { BIND('''it's \"''' AS ?x) SERVICE <URL> { ?s ?p ?o } }",
        "SELECT * { FILTER(1<2)SERVICE<URL>{?s ?p ?o} }",
        "SELECT * { ?a ?b 1.SERVICE <URL> { ?s ?p ?o } }",
        "SELECT * { ?a ?b ?c.SERVICE <URL> { ?s ?p ?o } }",
        "SELECT * { ?a <urn:b> 'x'@de.SERVICE <URL> { ?s ?p ?o } }",
        "PREFIX a: <urn:a#> SELECT * { ?a a:b a:c.SERVICE <URL> { ?s ?p ?o } }",
        "PREFIX : <urn:a#> SELECT * { ?a :b :.SERVICE <URL> { ?s ?p ?o } }",
        "SELECT * { ?a ?b true.SERVICE <URL> { ?s ?p ?o } }",
        "SELECT * { ?a ?b 1e0SERVICE <URL> { ?s ?p ?o } }",
        "SELECT * { ?a ?b _:x.SERVICE <URL> { ?s ?p ?o } }",
        r"SELECT * { \u0053ERVICE <URL> { ?s ?p ?o } }",
        r"SELECT * { \U00000053ERVICE <URL> { ?s ?p ?o } }",
        "SELECT * { ?s ?p ?service SERVICE ?service { ?x ?y ?z } VALUES ?service { <URL> } }",
        "SELECT * { \ufeffSERVICE\u00a0<URL> { ?s ?p ?o } }",
    ],
)
def test_nobody_else_is_asked(asked: Sparql, query: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ear:
        ear.setblocking(False)
        code, _ = _refused(asked, query.replace("URL", f"http://127.0.0.1:{ear.getsockname()[1]}/"))
        # A name may have a full stop in it: in two of these the word is a part of one.
        assert code == "sparql.service" or ("x.S" in query or "c.S" in query)
        with pytest.raises(BlockingIOError):
            ear.accept()


def test_where_a_query_gets_past_the_door_the_system_opens_nothing(
    asked: Sparql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.rdf.sparql.admit", lambda query: query)
    with socket.create_server(("127.0.0.1", 0)) as ear:
        ear.setblocking(False)
        query = "SELECT * { SERVICE <http://127.0.0.1:%d/> { ?s ?p ?o } }"
        assert _refused(asked, query.replace("%d", str(ear.getsockname()[1])))[0] == "sparql.failed"
        with pytest.raises(BlockingIOError):
            ear.accept()


@pytest.mark.parametrize(
    "query",
    [
        PREFIXES + "SELECT ?service { ?service a dcat:DataService }",
        "PREFIX service: <urn:s#> SELECT * { ?s service:service ?o }",
        "SELECT * { ?s ?p 'SERVICE' , \"SERVICE\" , '''SERVICE''' , <urn:SERVICE> } # SERVICE",
        "PREFIX a: <urn:a#> SELECT * { ?s a:SERVICE ?o }",
    ],
)
def test_the_word_alone_is_no_reason_to_refuse(asked: Sparql, query: str) -> None:
    assert asked.ask(query).body


def test_a_query_that_never_ends_is_ended_and_the_catalogue_stays(asked: Sparql) -> None:
    before = asked.pid
    assert _refused(asked, ENDLESS) == ("sparql.time", "1.5")
    assert asked.pid == before


def test_an_answer_that_is_too_long_is_refused_and_not_cut(asked: Sparql) -> None:
    assert _refused(asked, "SELECT * { ?a ?b ?c . ?d ?e ?f }") == ("sparql.large", "100000 bytes")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (GROUP_CONCAT(?x) AS ?y) { ?a ?b ?x . ?c ?d ?e . ?f ?g ?h }",
        "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?i",
        "SELECT * { BIND(REPLACE(REPEAT('a', 1), 'a', 'b') AS ?x) }",
        'SELECT * { FILTER(REGEX("' + "a" * 5_000 + '!", "^(a+)+$")) }',
        "SELECT * { " + "{" * 3_000 + "}" * 3_000 + " }",
        "SELECT * { FILTER(" + "(" * 7_000 + "1" + ")" * 7_000 + ") }",
        "SELECT * { ?a " + "(" * 4_000 + "<urn:p>" + ")*" * 4_000 + " ?b }",
    ],
)
def test_what_takes_memory_or_depth_ends_a_child_alone(asked: Sparql, query: str) -> None:
    before = asked.pid
    try:
        asked.ask(query)
    except WorkerError as error:
        codes = ("sparql.time", "sparql.large", "sparql.syntax", "sparql.failed")
        assert error.reason.code in codes  # noqa: PT017 - some are answered
    assert asked.pid == before
    assert asked.ask("ASK {}").body


def test_a_query_is_no_longer_than_it_may_be() -> None:
    with pytest.raises(WorkerError) as error:
        admit("ASK {}" + " " * 20_000)
    assert error.value.reason.code == "sparql.long"


def test_a_new_process_says_that_it_knows_nothing_yet(asked: Sparql) -> None:
    fresh = Sparql()
    try:
        with pytest.raises(WorkerError) as error:
            fresh.ask("ASK {}")
        assert error.value.reason.code == "sparql.empty"
        fresh.load(loaded(1))
        assert fresh.pid is not None
        os.kill(fresh.pid, 9)
        with pytest.raises(WorkerError) as error:
            fresh.ask("ASK {}")
        assert error.value.reason.code in ("sparql.empty", "sparql.time")
    finally:
        fresh.close()


def test_children_leave_nothing_behind(asked: Sparql) -> None:
    for _ in range(20):
        asked.ask("ASK {}")
    with open(f"/proc/{asked.pid}/task/{asked.pid}/children") as file:
        assert file.read().split() == []
    assert len(os.listdir(f"/proc/{asked.pid}/fd")) < 12
