"""Graph -> RDF/XML, an element a node, as harvesters of older portals like it best.

What lives here: the text. What does not: choosing what is said. The graph is made fit first (`fitness`). Source: RDF
1.1 XML Syntax.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from catalog.graph import PREFIXES, Graph, Node, Value, full
from catalog.portal.fitness import divided, fit

MEDIA_TYPE: Final = "application/rdf+xml"
_BY_NAMESPACE: Final = {namespace: prefix for prefix, namespace in PREFIXES.items()}
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})


def write(graph: Graph) -> bytes:
    """The graph as text."""
    spaces = "".join(f'\n  xmlns:{prefix}="{iri}"' for prefix, iri in PREFIXES.items())
    body = "".join(line for node in fit(graph).values() for line in _element(node))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF{spaces}>\n{body}</rdf:RDF>\n'.encode()


def escaped(text: str) -> str:
    """A text for an element or an attribute."""
    return text.translate(_ESCAPES)


def _element(node: Node) -> Iterator[str]:
    """The first type that is a qualified name is the element's."""
    types = list(node["@type"])
    first = next((one for one in types if all(divided(full(one)))), "")
    if first:
        types.remove(first)
    tag, space = _qualified(first) if first else ("rdf:Description", "")
    lines = [f"    <rdf:type {_resource(full(one))}/>\n" for one in types]
    for name, held in node.items():
        if not name.startswith("@"):
            lines += [_property(name, one) for one in held]
    if first or lines:
        yield f"  <{tag}{space} {_subject(node['@id'])}>\n"
        yield from lines
        yield f"  </{tag}>\n"


def _qualified(name: str) -> tuple[str, str]:
    """A name as one with a prefix, and the declaration of that prefix where it is none of ours."""
    namespace, local = divided(full(name))
    prefix = _BY_NAMESPACE.get(namespace)
    return (f"{prefix}:{local}", "") if prefix else (f"n:{local}", f' xmlns:n="{escaped(namespace)}"')


def _subject(id: str) -> str:
    return f'rdf:nodeID="{id[2:]}"' if id.startswith("_:") else f'rdf:about="{escaped(id)}"'


def _resource(id: str) -> str:
    return f'rdf:nodeID="{id[2:]}"' if id.startswith("_:") else f'rdf:resource="{escaped(id)}"'


def _property(name: str, value: Value) -> str:
    tag, space = _qualified(name)
    if "@id" in value:
        return f"    <{tag}{space} {_resource(value['@id'])}/>\n"
    also = ""
    if "@language" in value:
        also = f' xml:lang="{value["@language"]}"'
    elif "@type" in value:
        also = f' rdf:datatype="{escaped(full(value["@type"]))}"'
    return f"    <{tag}{space}{also}>{escaped(value['@value'])}</{tag}>\n"
