"""A harvester by the rules of CKAN's (`ckanext-dcat`, harvesters of RDF), stated anew: what a portal does to a node."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

import pyoxigraph as ox
from msgspec import Struct

from connector.http.exchange import Response

HYDRA = "http://www.w3.org/ns/hydra/core#"
DATASET = ox.NamedNode("http://www.w3.org/ns/dcat#Dataset")
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
MOST = 50 * 1024 * 1024
_FORMATS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
}
Fetch = Callable[[str, str], Awaitable[Response]]
"""Method and address to answer; gzip is taken off."""


class Harvest(Struct, frozen=True):
    """What came of one run: the datasets that are there now, those that the portal deletes, the pages; nothing is
    created or deleted where `failed` says why."""

    found: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()
    graphs: tuple[ox.Store, ...] = ()
    failed: str = ""


async def harvest(fetch: Fetch, url: str, known: frozenset[str] = frozenset()) -> Harvest:
    """One run over a source; `known` are the datasets of the run before."""
    found: list[str] = []
    graphs: list[ox.Store] = []
    form, first, address = "", b"", url
    while address:
        asked = await fetch("HEAD", address)
        answer = await fetch("GET", address)
        if asked.status >= 400 or answer.status >= 400:
            return Harvest(failed=str(answer.status))
        if len(answer.body) >= MOST or int(asked.headers.get("content-length", 0)) > MOST:
            return Harvest(failed="too big")
        text = answer.body.decode("utf-8")
        form = form or answer.headers["content-type"].split(";", 1)[0]
        digest = hashlib.sha256(text.encode()).digest()
        if first == digest:
            break
        first = first or digest
        graph = ox.Store()
        graph.load(text.encode(), _FORMATS[form])
        graphs.append(graph)
        found += [_named(one.subject) for one in graph.quads_for_pattern(None, TYPE, DATASET)]
        address = _next(graph)
    return Harvest(frozenset(found), known - frozenset(found), tuple(graphs))


def _next(graph: ox.Store) -> str:
    for kind in ("PartialCollectionView", "PagedCollection"):
        for page in graph.quads_for_pattern(None, TYPE, ox.NamedNode(HYDRA + kind)):
            for name in ("next", "nextPage"):
                for target in graph.quads_for_pattern(page.subject, ox.NamedNode(HYDRA + name), None):
                    return _named(target.object)
    return ""


def _named(term: object) -> str:
    assert isinstance(term, ox.NamedNode)
    return term.value
