"""JSON-LD under the contexts that policies are written in -> nodes, without any library.

What lives here: the terms of ODRL's own context and of the Dataspace Protocol's, prefixes and plain terms of a
document's own context, nesting and lists. What does not: meaning (`graph`). Source: JSON-LD 1.1; ODRL JSON-LD context;
Dataspace Protocol 2025-1, ODRL profile. Nothing is ever fetched: an unknown context refuses the document.
"""

from __future__ import annotations

from typing import Any

from policies.nodes import Node


def to_nodes(document: Any) -> list[Node]:
    """The nodes of a document, in its order. Raises `PolicyError` with a place in the document as written."""
    raise NotImplementedError
