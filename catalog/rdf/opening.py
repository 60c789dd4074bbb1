"""A document of a portal, in whatever form it came -> a graph.

What lives here: telling CKAN's own JSON from RDF, and media types by the names of files. What does not: RDF itself
(`reading`, in the process of a `worker`), CKAN's fields (`repair.ckan`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from catalog.graph import Graph
from catalog.rdf.worker import Worker
from catalog.repair import ckan

ENDINGS: Final = {
    "ttl": "text/turtle",
    "n3": "text/turtle",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "xml": "application/rdf+xml",
    "owl": "application/rdf+xml",
    "jsonld": "application/ld+json",
    "json": "application/ld+json",
    "jsonl": "application/ld+json",
}
"""Media types by the end of a file's name."""
_LINES: Final = msgspec.json.Decoder()


def open_document(worker: Worker, document: bytes, media_type: str, base: str = "") -> Graph:
    """What a document says: RDF in the forms that the worker reads, or answers of CKAN's action API. Blocks. `base` is
    the address that it came from, for CKAN that of the portal.

    Raises `WorkerError` as `Worker.graph` does.
    """
    if "json" in media_type and (packages := of_ckan(document)):
        return united(packages, base)
    return worker.graph(document, media_type, base)


def of_ckan(document: bytes) -> list[ckan.Package]:
    """The packages of an answer of CKAN, or of a dump of its command line with one in each line; none of what is
    none."""
    document = document.removeprefix(b"\xef\xbb\xbf")
    try:
        try:
            return ckan.packages(msgspec.json.decode(document))
        except msgspec.DecodeError:
            return [one for said in _LINES.decode_lines(document) for one in ckan.packages(said)]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return []


def united(packages: Iterable[ckan.Package], base: str) -> Graph:
    """One graph of many packages: nodes without a name are each package's own."""
    graph: Graph = {}
    for number, package in enumerate(packages):
        for id, node in ckan.read(package, base).items():
            graph[_own(id, number)] = {
                name: held if name.startswith("@") else [_of(one, number) for one in held]
                for name, held in node.items()
            } | {"@id": _own(id, number)}
    return graph


def _own(id: str, number: int) -> str:
    return f"{id}.{number}" if id.startswith("_:") else id


def _of(value: dict[str, str], number: int) -> dict[str, str]:
    return {"@id": _own(value["@id"], number)} if "@id" in value else value
