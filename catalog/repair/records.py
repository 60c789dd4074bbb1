"""One document of a portal -> its records: a graph for each dataset, mended, with what was done and what is left.

What lives here: taking a document apart, and a record for use as an asset's portrait. What does not: reading RDF
(`catalog.rdf.reading`, in the worker's process), fetching it, keeping it (the connector's harvests).
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Struct

from catalog.graph import Graph, Node, reached
from catalog.model import Form, Metadata
from catalog.portal.metadata import read
from catalog.profile.checks import check
from catalog.profile.findings import Finding, Severity
from catalog.repair.forms import Lack, Repair, named
from catalog.repair.mending import Told, mend, roots

_MOST_SLUG: Final = 40
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


class Record(Struct, frozen=True):
    """What a document tells of one dataset: `id` as the portal calls it; `before` and `after` are what rules found
    wrong, before it was mended and since."""

    id: str
    graph: Graph
    metadata: Metadata
    repairs: tuple[Repair, ...]
    left: tuple[Lack, ...]
    before: tuple[Finding, ...]
    after: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Would a portal take it?"""
        return not violations(self.after)


def records(graph: Graph, told: Told = Told(), *, repair: bool = True) -> list[Record]:  # noqa: B008 - immutable
    """The records of a document, in its order. What is wrong beyond the datasets (in the catalogue's own description)
    is nobody's record."""
    mended = mend(graph, told) if repair else None
    whole = graph if mended is None else mended.graph
    found = []
    for root in roots(whole):
        part = reached(whole, root)
        about = _about(part, root)
        repairs = tuple(one for one in mended.repairs if one.node in about) if mended else ()
        left = tuple(one for one in mended.left if one.node in about) if mended else ()
        before = check(reached(graph, root))
        found.append(Record(root, part, read(part, root), repairs, left, before, check(part) if mended else before))
    return found


def violations(findings: tuple[Finding, ...]) -> list[Finding]:
    """Those for which a portal would refuse a record: not what other documents than DCAT-AP.de demand besides."""
    return [one for one in findings if one.severity is Severity.VIOLATION and not one.part]


def _about(part: Graph, root: str) -> frozenset[str]:
    return frozenset({root, *part, *(id for node in part.values() for id in named(node))})


def adopted(record: Record, id: str) -> tuple[Node, ...]:
    """The nodes of a record when its dataset is called `id` from now on; what it was called before stays with it as an
    identifier."""
    root: dict[str, Node] = {}
    for node in record.graph.values():
        root[id if node["@id"] == record.id else node["@id"]] = _renamed(node, record.id, id)
    dataset = root[id]
    known = [one.get("@value") for one in dataset.get("dct:identifier", [])]
    if record.id != id and not record.id.startswith("_:") and record.id not in known:
        dataset["dct:identifier"] = [*dataset.get("dct:identifier", []), {"@value": record.id}]
    return tuple(root.values())


def _renamed(node: Node, old: str, new: str) -> Node:
    held: Node = {}
    for name, values in node.items():
        if name == "@id":
            held[name] = new if values == old else values
        elif name == "@type":
            held[name] = list(values)
        else:
            held[name] = [{"@id": new} if one.get("@id") == old else one for one in values]
    return held


def form(record: Record) -> Form | None:
    """The distribution that an asset is made of: one whose file can be had directly before one with an address, the
    first of its kind; None where none is on the web."""
    web = ("http://", "https://")
    files = [one for one in record.metadata.forms if one.download_url.startswith(web)]
    return next(iter(files or [one for one in record.metadata.forms if one.access_url.startswith(web)]), None)


def title(record: Record) -> str:
    """What people call it."""
    titles = record.metadata.title
    return titles.get("de") or titles.get("") or next(iter(titles.values()), "") or record.id


def name(record: Record, prefix: str) -> str:
    """A short name for an asset, from its title; the same for the same record, and another for another."""
    text = unicodedata.normalize("NFKD", title(record).lower().translate(_UMLAUTS)).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", text)[:_MOST_SLUG].strip("-")
    mark = sha256(record.id.encode()).hexdigest()[:6]
    return "-".join(part for part in (prefix[:12], slug, mark) if part)


def digest(nodes: tuple[Node, ...]) -> bytes:
    """By which two portraits are the same; the names of nodes without one do not count where they stay."""
    return sha256(msgspec.json.encode(nodes, order="deterministic")).digest()
