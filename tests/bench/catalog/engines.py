"""The rows `vs_rdflib` and `vs_rdflib_ingest`: the same 10,000 datasets in our index, in rdflib and in pyoxigraph.

What lives here: those measurements. What does not: searching a hundred thousand (`searching`), crawling (`crawling`).

We are given pages of the protocol's JSON and do all that a crawl does with them: read them, clean their texts, judge
them by DCAT-AP.de, index them, on the disk. The two engines are given N-Triples, which they read fastest, and keep them
in memory. The question has three parts: a keyword, a constraint of the purpose in the terms, a file in CSV; ours finds
the word in titles and descriptions besides, ranks what it finds and counts facets.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec
import pyoxigraph
import rdflib
from msgspec.structs import replace

from catalog import dcat
from catalog.graph import Graph
from catalog.index.engine import Index
from catalog.index.forms import Entry, Query
from catalog.portal import ntriples
from connector.services.federation.datasets import Question, answer
from tests.bench.catalog import corpus
from tests.bench.rows import HOME, Goal, Row, rounds, say

DATASETS: Final = 10_000
_PAGE: Final = 500
_PEER: Final = "did:web:peer.example"
QUERY: Final = Goal("vs_rdflib", "keyword, purpose and CSV among 10,000 datasets, beside rdflib", "ms", 0.05)
INGEST: Final = Goal("vs_rdflib_ingest", "10,000 datasets read, judged and indexed, beside rdflib's reading", "ms", 2.0)
_ASKED: Final = """PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX dct: <http://purl.org/dc/terms/>
PREFIX odrl: <http://www.w3.org/ns/odrl/2/>
SELECT DISTINCT ?d ?t {
  ?d dcat:keyword "WORD"@de ; dct:title ?t ; dcat:distribution ?f ; odrl:hasPolicy ?o .
  ?f dct:format <http://publications.europa.eu/resource/authority/file-type/CSV> .
  ?o odrl:permission ?p . ?p odrl:constraint ?c . ?c odrl:leftOperand odrl:purpose ; odrl:rightOperand ?r
}"""
_ODRL: Final = "http://www.w3.org/ns/odrl/2/"


class Three:
    """The datasets as each of the three is given them, and the word that is asked for."""

    def __init__(self, count: int = DATASETS) -> None:
        entries = list(corpus.entries(count, nodes=1))
        self.pages = [_page(entries[at : at + _PAGE]) for at in range(0, count, _PAGE)]
        self.lines = b"".join(ntriples.write(_with_terms(entry, number)) for number, entry in enumerate(entries))
        self.word = _word(entries)

    def ours(self, folder: Path) -> Index:
        """An index of all pages."""
        index = Index.open(folder / f"{time.monotonic_ns()}.db")
        with index.crawl(_PEER) as crawl:
            for page in self.pages:
                for one in answer(Question(source=_PEER, body=page, now=corpus.NOW)).found:
                    if one.row is not None:
                        crawl.lay(one.row)
        return index

    def rdflib(self) -> rdflib.Graph:
        """A graph of all statements."""
        return rdflib.Graph().parse(data=self.lines, format="nt")

    def pyoxigraph(self) -> pyoxigraph.Store:
        """A store of all statements."""
        store = pyoxigraph.Store()
        store.bulk_load(self.lines, pyoxigraph.RdfFormat.N_TRIPLES)
        return store

    @property
    def question(self) -> str:
        """The question in SPARQL."""
        return _ASKED.replace("WORD", self.word)

    def asked(self, index: Index, limit: int = 20) -> set[str]:
        """The question to our index, with the terms judged anew each time: the ids on the first page."""
        fitting = frozenset(digest for digest, document, _ in index.terms() if b"urpose" in document)
        query = Query(now=corpus.NOW, words=self.word, formats=("CSV",), terms=fitting, limit=limit)
        return {hit.id for hit in index.search(query).hits}


def vs_rdflib(count: int) -> Row:
    """The question, to datasets that are there."""
    given = Three()
    HOME.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=HOME) as folder:
        index, graph, store = given.ours(Path(folder)), given.rdflib(), given.pyoxigraph()
        expected = {str(row[0].value) for row in _rows(store, given.question)}
        found = {str(row[0]) for row in _answers(graph, given.question)}
        assert expected == found <= given.asked(index, 500), "the engines do not find the same"
        beside = _ms(lambda: list(_rows(store, given.question)), 20)
        say(f"vs_rdflib: {len(expected)} found, pyoxigraph {beside:.2f} ms")
        row = rounds(
            QUERY,
            min(count, 3),
            lambda: _ms(lambda: given.asked(index), 20),
            lambda: _ms(lambda: list(_answers(graph, given.question)), 1),
        )
        index.close()
    return replace(row, goal=f"{row.goal}; pyoxigraph {beside:.2f} ms")


def vs_rdflib_ingest(count: int) -> Row:
    """All of them, from bytes."""
    given, beside = Three(), list[float]()
    HOME.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=HOME) as folder:

        def theirs() -> float:
            beside.append(_ms(given.pyoxigraph, 1))
            return _ms(given.rdflib, 1)

        row = rounds(INGEST, min(count, 2), lambda: _ms(lambda: given.ours(Path(folder)).close(), 1), theirs)
    return replace(row, goal=f"{row.goal}; pyoxigraph {min(beside):.0f} ms")


def _rows(store: pyoxigraph.Store, question: str) -> Any:
    return store.query(question)


def _answers(graph: rdflib.Graph, question: str) -> Any:
    return graph.query(question)


def _ms(call: Callable[[], object], times: int) -> float:
    """Milliseconds a call."""
    begun = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - begun) * 1_000 / times


def _page(entries: list[Entry]) -> bytes:
    """A page of a catalogue in the protocol's form."""
    service = dcat.service("https://peer.example/dsp", "urn:service")
    datasets = [
        {
            "@id": entry.id,
            "@type": "Dataset",
            **dcat.members(corpus.graph(entry), entry.id),
            "hasPolicy": [{"@id": one.offer, **msgspec.json.decode(one.document)} for one in entry.terms],
            "distribution": [dcat.distribution("HttpData-PULL", service)],
        }
        for entry in entries
    ]
    catalog = {"@type": "Catalog", "@id": "urn:catalog", "participantId": _PEER, "service": [service]}
    context = ["https://w3id.org/dspace/2025/1/context.jsonld"]
    return msgspec.json.encode({"@context": context, **catalog, "dataset": datasets})


def _with_terms(entry: Entry, number: int) -> Graph:
    """What is said of a dataset, with its terms, as statements; nodes without a name have one of their own."""
    graph = corpus.graph(entry)
    offers: list[dict[str, str]] = []
    for one in entry.terms:
        offers.append({"@id": one.offer})
        rule, held = f"_:p{number}", list[dict[str, str]]()
        for at, said in enumerate(msgspec.json.decode(one.document)["permission"][0]["constraint"]):
            held.append({"@id": f"_:c{number}x{at}"})
            graph[held[-1]["@id"]] = {
                "@id": held[-1]["@id"],
                "@type": [],
                "odrl:leftOperand": [{"@id": _ODRL + said["leftOperand"]}],
                "odrl:operator": [{"@id": _ODRL + said["operator"]}],
                "odrl:rightOperand": [{"@value": said["rightOperand"]}],
            }
        action = [{"@id": _ODRL + "use"}]
        graph[rule] = {"@id": rule, "@type": [], "odrl:action": action, "odrl:constraint": held}
        graph[one.offer] = {"@id": one.offer, "@type": ["odrl:Offer"], "odrl:permission": [{"@id": rule}]}
    graph[entry.id] = {**graph[entry.id], "odrl:hasPolicy": offers}
    return graph


def _word(entries: list[Entry]) -> str:
    """The keyword that most of those have that fit the rest of the question."""
    said = Counter(
        word
        for entry in entries
        if b"purpose" in entry.terms[0].document and any(form.format == "CSV" for form in entry.metadata.forms)
        for word in entry.metadata.keywords["de"]
    )
    return said.most_common(1)[0][0]


ROWS: Final = {"vs_rdflib": vs_rdflib, "vs_rdflib_ingest": vs_rdflib_ingest}
