"""A graph as every form of RDF can say it, so that all writers say the same.

What lives here: leaving out and replacing what one of the forms has no way to write. What does not: rules of profiles.
Sources: RDF 1.1 Concepts (IRIs are absolute), Turtle 1.1 (IRIREF), XML 1.0 (Char), RDF/XML (a property is a qualified
name), BCP 47 (language tags).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from catalog.graph import Graph, Node, Value, full
from catalog.portal.names import is_iri

_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?", re.ASCII)
_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z", re.ASCII)
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def fit(graph: Graph) -> Graph:
    """The graph with blank nodes named anew (`_:b0`, in their order), without IRIs that are none and without what
    would need one; characters that XML has none for are replaced, odd language tags left out.

    INVARIANT: ids are absolute IRIs or `_:b` with a number, names are IRIs that end in a name, texts are XML's.
    """
    blank = {id: f"_:b{at}" for at, id in enumerate(id for id in graph if id.startswith("_:"))}
    found: Graph = {}
    for id, node in graph.items():
        if (name := _id(id, blank)) is not None:
            found[name] = _node(name, node, blank)
    return found


def divided(iri: str) -> tuple[str, str]:
    """A property's IRI as namespace and local name. The local name is "" where it cannot be divided."""
    local = _LOCAL.search(iri)
    return (iri[: local.start()], local[0]) if local else (iri, "")


def _node(name: str, node: Node, blank: dict[str, str]) -> Node:
    types = [one for one in node.get("@type", ()) if is_iri(full(one))]
    result: Node = {"@id": name, "@type": list(dict.fromkeys(types))}
    for property, held in node.items():
        if property.startswith("@") or not _property(full(property)):
            continue
        kept = [value for one in held if (value := _value(one, blank)) is not None]
        if kept:
            result[property] = [one for at, one in enumerate(kept) if one not in kept[:at]]
    return result


def _property(iri: str) -> bool:
    return is_iri(iri) and all(divided(iri))


def _id(id: str, blank: Mapping[str, str]) -> str | None:
    """None for what is no IRI, and for a node without one that nothing is said of."""
    return blank.get(id) if id.startswith("_:") else id if is_iri(id) and not _UNFIT.search(id) else None


def _value(value: Value, blank: Mapping[str, str]) -> Value | None:
    if "@id" in value:
        id = _id(value["@id"], blank)
        return None if id is None else {"@id": id}
    result = {"@value": _UNFIT.sub(_REPLACEMENT, value["@value"])}
    language, datatype = value.get("@language", ""), value.get("@type", "")
    if _LANGUAGE.fullmatch(language):
        result["@language"] = language
    elif datatype and is_iri(full(datatype)):
        result["@type"] = datatype
    return result
